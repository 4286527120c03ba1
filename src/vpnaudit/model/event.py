"""Events: logged invalid-SPI lines; episodes: those of one flow that belong together."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from vpnaudit.model.evidence import Evidence
from vpnaudit.model.ledger import LedgerEntry

Mechanism = Literal["unknown-source", "rekey-race", "misdelivered", "stale-sa", "damaged", "unexplained"]
Confidence = Literal["proven", "likely", "possible"]


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """One logged line. `time` is the device's stamp in UTC; `at` the same on the common clock, good to `uncertainty_s`.

    Of that `zone_within_s` is what all lines of its log are off by together, because their zone is a guess.
    Addresses stay text: an anonymised log has letters. `found` is where the ledger has the SPI; `because` says in
    words why `mechanism` was named.
    """

    id: str
    device: str
    source: str | None
    destination: str | None
    spi: int
    time: datetime | None = None
    time_from: str = ""
    at: datetime | None = None
    uncertainty_s: float = 0.0
    zone_within_s: float = 0.0
    interface: str | None = None
    count: int = 1
    raw: str = ""
    packet_sequence: int | None = None
    tunnel: str | None = None
    episode: str = ""
    mechanism: Mechanism = "unexplained"
    confidence: Confidence = "possible"
    because: str = ""
    found: tuple[LedgerEntry, ...] = ()
    sender: str | None = None
    """A device of ours that is known to have sent on the SPI."""
    outdated: bool = False
    """Whether the sender's table that has the SPI was taken before the line: what it sent on then is not in it."""
    elsewhere: bool = False
    """Whether its destination is no address of the device, as far as these were read: the log may be another one's."""
    evidence: tuple[Evidence, ...] = ()


class Episode(Struct, frozen=True, kw_only=True, gc=False):
    """Events of one flow (receiver, source, SPI) without a gap longer than the log's rate limit explains."""

    id: str
    tunnel: str | None
    device: str
    source: str | None
    spi: int
    first: datetime | None
    last: datetime | None
    first_at: datetime | None
    last_at: datetime | None
    uncertainty_s: float
    lines: int
    mechanism: Mechanism
    confidence: Confidence
    events: tuple[Event, ...] = ()

    @property
    def duration_s(self) -> float:
        """From the first line to the last, in seconds; 0 where the times are not known."""
        first, last = (self.first_at, self.last_at) if self.first_at and self.last_at else (self.first, self.last)
        return (last - first).total_seconds() if first and last else 0.0
