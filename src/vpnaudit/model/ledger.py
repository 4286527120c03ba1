"""The SPI ledger: every SPI known, who received on it and who sent on it, from when to when, and how we know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from vpnaudit.model.evidence import Evidence

Role = Literal["receiver", "sender"]
LedgerSource = Literal["live table", "older table", "older snapshot", "event trace", "log", "IKE SA", "handed out"]
"""How an SPI is known. "older table": a live table, of a line that came after it was taken."""
RECORDED = frozenset({"log", "event trace"})
"""Records that date an SA's end; an older table only bounds it."""


class LedgerEntry(Struct, frozen=True, kw_only=True, gc=False):
    """One device's use of one SPI. Times are on the common clock, null where unknown; `live`: in the newest table.

    `peer` is the other end's address as the device sees it. `gone_at` is when it was deleted, at the latest (null where
    that is not known). `seen_at` is when the table that has it was taken, and `ends_at` when its lifetime ends by that
    table. `uncertainty_s` bounds the times; of it `zone_within_s` is that of all lines of the device's log.
    """

    spi: int
    device: str
    role: Role
    peer: str | None
    address: str | None
    live: bool
    how: LedgerSource
    evidence: Evidence
    installed_at: datetime | None = None
    gone_at: datetime | None = None
    seen_at: datetime | None = None
    ends_at: datetime | None = None
    uncertainty_s: float = 0.0
    zone_within_s: float = 0.0

    @property
    def only_negotiated(self) -> bool:
        """Whether IKE alone knows of it: handed out, with no word that the SA was ever installed."""
        return self.how in {"IKE SA", "handed out"}

    @property
    def only_bounded(self) -> bool:
        """Whether an older table has it: gone by its own end at the latest, and when before that nobody knows."""
        return self.how in {"older snapshot", "older table"}


class Ledger:
    """Entries by SPI. Looking one up costs the same for ten tunnels and a million."""

    def __init__(self, entries: Iterable[LedgerEntry]) -> None:
        self._entries = tuple(entries)
        self._found: dict[tuple[int, Role], tuple[LedgerEntry, ...]] = {}
        for entry in self._entries:
            key = (entry.spi, entry.role)
            self._found[key] = (*self._found.get(key, ()), entry)

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All entries, in the order of their SPIs' first mention."""
        by_spi: dict[int, list[LedgerEntry]] = {}
        for entry in self._entries:
            by_spi.setdefault(entry.spi, []).append(entry)
        return tuple(e for entries in by_spi.values() for e in entries)

    def find(self, spi: int, role: Role, *, device: str | None = None) -> tuple[LedgerEntry, ...]:
        """Who received, or sent, on `spi`; one device's entries alone where it is named."""
        found = self._found.get((spi, role), ())
        return tuple(e for e in found if e.device == device) if found and device is not None else found
