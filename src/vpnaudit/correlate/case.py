"""One event and everything that its placing looks at, with how far the times of both may be apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from vpnaudit.correlate.peers import PeerSet
from vpnaudit.correlate.rekeys import Rekey, Rekeys
from vpnaudit.model.device import Device
from vpnaudit.model.event import Confidence, Event, Mechanism
from vpnaudit.model.ledger import Ledger, LedgerEntry
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Thresholds

LATE_S = 60.0
"""A packet may come so long after its SA's end (DESIGN 7)."""
USABLE_CLOCK_S = 300.0
"""Clocks known worse than this cannot be compared."""
KEPT_S = 5.0
"""A sender that has no newer SA so long after a line goes on with that one: a DELETE and one repetition take less
(measured: late packets end within a second, field guide 11)."""


class Flow(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of all events of one receiver, source and SPI."""

    events: int
    first: datetime | None
    last: datetime | None
    starts: tuple[datetime, ...] = ()
    """When each stream of it began, in order: a silence ends one."""

    def began(self, at: datetime) -> datetime | None:
        """When the stream began that is going on at that time."""
        place = bisect_right(self.starts, at)
        return self.starts[place - 1] if place else None

    @property
    def span_s(self) -> float:
        """From the first to the last, seconds."""
        return (self.last - self.first).total_seconds() if self.first and self.last else 0.0


class Surroundings(Struct, frozen=True, kw_only=True, gc=False):
    """Everything that placing an event looks at."""

    ledger: Ledger
    devices: Mapping[str, Device]
    peers: Mapping[str, PeerSet]
    own: Mapping[str, frozenset[str]]
    former: Mapping[str, frozenset[str]]
    """By device, the peers that an earlier collection of it names or shows."""
    ours: frozenset[str]
    """The addresses of all devices."""
    tunnels: Mapping[str, Tunnel]
    rekeys: Mapping[str, Rekeys]
    clock_within_s: Mapping[str, float]
    """By device, how well its clock is known, seconds."""
    thresholds: Thresholds


class Case(Struct, frozen=True, kw_only=True, gc=False):
    """An event with its flow and tunnel, and the records that have its SPI: the receiver's own and its senders'.

    `receiver` is the end that logged it, `held` the inbound SAs with that SPI on any device. `live`: the receiver had
    one when the line came.
    """

    event: Event
    flow: Flow
    tunnel: Tunnel | None
    receiver: TunnelEnd | None
    held: tuple[LedgerEntry, ...]
    mine: tuple[LedgerEntry, ...]
    live: bool
    sent: tuple[LedgerEntry, ...]
    around: Surroundings

    @property
    def sender(self) -> TunnelEnd | None:
        """The other end."""
        return self.tunnel.other_end(self.event.device) if self.tunnel else None


Placement = tuple[Mechanism, Confidence, str, tuple[LedgerEntry, ...]]


def doubt(case: Case, record: LedgerEntry | Rekey) -> float:
    """How far the event and a record may be off by themselves; a guess at the zone of one log is off for both alike."""
    one_log = record.device == case.event.device and record.how in {"log", "handed out"}
    shared = min(case.event.zone_within_s, record.zone_within_s) if one_log else 0.0
    return case.event.uncertainty_s + record.uncertainty_s - 2 * shared


def between(case: Case, device: str) -> float:
    """How far the clocks of the event's device and of `device` may be apart; a device agrees with itself."""
    if device == case.event.device:
        return 0.0
    return case.around.clock_within_s[case.event.device] + case.around.clock_within_s[device]
