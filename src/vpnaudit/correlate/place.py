"""Where an event's SPI was found: the mechanism. The first row of DESIGN 7 that fits names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from vpnaudit.correlate.clocks import uncertainty
from vpnaudit.correlate.peers import PeerSet, normal
from vpnaudit.correlate.rekeys import Rekey
from vpnaudit.model.device import SA_COMMANDS, Device
from vpnaudit.model.event import Confidence, Event, Mechanism
from vpnaudit.model.ledger import Ledger, LedgerEntry
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Thresholds

LATE_S = 60.0
"""A packet may come so long after its SA's end (DESIGN 7)."""
USABLE_CLOCK_S = 300.0
"""Clocks known worse than this cannot be compared."""


class Flow(Struct, frozen=True, kw_only=True):
    """What is known of all events of one receiver, source and SPI."""

    events: int
    first: datetime | None
    last: datetime | None

    @property
    def span_s(self) -> float:
        """From the first to the last, seconds."""
        return (self.last - self.first).total_seconds() if self.first and self.last else 0.0


class Surroundings(Struct, frozen=True, kw_only=True):
    """Everything that placing an event looks at."""

    ledger: Ledger
    devices: Mapping[str, Device]
    peers: Mapping[str, PeerSet]
    own: Mapping[str, frozenset[str]]
    tunnels: Mapping[str, Tunnel]
    rekeys: Mapping[str, Sequence[Rekey]]
    thresholds: Thresholds


class _Case(Struct, frozen=True, kw_only=True):
    event: Event
    flow: Flow
    tunnel: Tunnel | None
    mine: tuple[LedgerEntry, ...]
    around: Surroundings

    @property
    def receiver(self) -> TunnelEnd | None:
        return self.tunnel.end_of(self.event.device) if self.tunnel else None

    @property
    def sender(self) -> TunnelEnd | None:
        return self.tunnel.other_end(self.event.device) if self.tunnel else None


Placement = tuple[Mechanism, Confidence, str, tuple[LedgerEntry, ...]]
NOWHERE: Placement = ("unexplained", "possible", "the SPI is in no table, trace or log that was collected", ())


def place(event: Event, flow: Flow, around: Surroundings) -> Event:
    """The event with its mechanism, how sure that is, and why."""
    case = _Case(
        event=event,
        flow=flow,
        tunnel=around.tunnels.get(event.tunnel or ""),
        mine=around.ledger.find(event.spi, device=event.device, role="receiver"),
        around=around,
    )
    rows = (
        _unknown_source,
        _new_sa_race,
        _misdelivered,
        _senders_current,
        _late_race,
        _undated,
        _past_or_repeated,
        _never_installed,
        _damaged,
        _unknown_race,
        _own_and_old,
    )
    found = next((p for row in rows if (p := row(case)) is not None), None)
    mechanism, confidence, because, entries = found or NOWHERE
    return structs.replace(event, mechanism=mechanism, confidence=confidence, because=because, found=entries)


def _unknown_source(case: _Case) -> Placement | None:
    event, peers = case.event, case.around.peers[case.event.device]
    if event.source is None or not peers.complete or peers.accepts_any or not _is_address(event.source):
        return None
    if event.interface in peers.group_interfaces or (peers.group_interfaces and event.interface is None):
        return None
    if peers.covers(event.source) or any(normal(event.source) in own for own in case.around.own.values()):
        return None
    wave = event.spi & 0xFFFF == 0
    confidence: Confidence = "proven" if wave and not peers.wildcard_key else "likely"
    because = (
        f"{event.source} is no peer of {event.device}: neither its configuration nor its IKE table, SA table or "
        "learned peers has that address, and nothing there accepts any peer"
    )
    if wave:
        because += "; an SPI whose low 16 bits are zero is typical of scans"
    return ("unknown-source", confidence, because, ())


def _is_address(text: str) -> bool:
    return all(c in "0123456789abcdefABCDEF.:" for c in text) and any(c.isdigit() for c in text)


def _new_sa_race(case: _Case) -> Placement | None:
    live = tuple(e for e in case.mine if e.live)
    for entry in live:
        if entry.installed_at is not None and _near(case, entry.installed_at, entry, before=True):
            why = f"the SPI is {entry.device}'s own inbound SA, installed next to the event (used a moment too early)"
            return ("rekey-race", "proven", why, (entry,))
    return None


def _near(case: _Case, at: datetime, entry: LedgerEntry, *, before: bool) -> bool:
    """Whether the event lies next to `at`: from 120 s before it to 60 s after, widened by the clocks' uncertainty."""
    if case.event.at is None:
        return False
    bound = _between(case, entry.device) + entry.uncertainty_s + case.event.uncertainty_s
    if bound > USABLE_CLOCK_S:
        return False
    low = case.around.thresholds.rekey_before_s if before else 0.0
    offset = (case.event.at - at).total_seconds()
    return -low - bound <= offset <= case.around.thresholds.rekey_after_s + bound


def _between(case: _Case, device: str) -> float:
    """How far the clocks of the event's device and of `device` may be apart; a device agrees with itself."""
    if device == case.event.device:
        return 0.0
    return uncertainty(case.around.devices[case.event.device]) + uncertainty(case.around.devices[device])


def _misdelivered(case: _Case) -> Placement | None:
    event = case.event
    for entry in case.around.ledger.find(event.spi, role="receiver"):
        if entry.device == event.device or entry.device not in case.around.devices:
            continue
        shares = normal(event.destination or "") in case.around.own[entry.device]
        sent = [e for e in case.around.ledger.find(event.spi, role="sender") if e.device != event.device]
        if shares or sent:
            why = f"the SPI is an inbound SA of {entry.device}, not of {event.device}"
            why += f": both have {event.destination}" if shares else f"; {sent[0].device} sends on it"
            return ("misdelivered", "proven" if entry.live else "likely", why, (entry, *sent))
    return None


def _senders_current(case: _Case) -> Placement | None:
    """The sender still sends on it, and the receiver's table, which was read, does not have it."""
    receiver, device = case.receiver, case.around.devices[case.event.device]
    table_read = receiver.sa_table_read if receiver else device.read(*SA_COMMANDS)
    if not table_read or any(e.live for e in case.mine):
        return None
    sent = tuple(
        e for e in case.around.ledger.find(case.event.spi, role="sender") if e.live and e.device != case.event.device
    )
    if not sent or all(_younger_than_table(case, e) for e in sent):
        return None
    why = f"{sent[0].device} sends on it now, and {case.event.device} has no inbound SA with it"
    return ("stale-sa", "proven", why, sent)


def _younger_than_table(case: _Case, sent: LedgerEntry) -> bool:
    """Whether the sender's SA was set up after the receiver's table was taken, which then cannot have it."""
    taken_at = case.receiver.sa_table_at if case.receiver else None
    bound = _between(case, sent.device) + sent.uncertainty_s
    if taken_at is None or sent.installed_at is None or bound > USABLE_CLOCK_S:
        return False
    return sent.installed_at >= taken_at - timedelta(seconds=bound)


def _late_race(case: _Case) -> Placement | None:
    if case.flow.events != 1:
        return None
    for entry in case.mine:
        if entry.live or entry.gone_at is None:
            continue
        bound = entry.uncertainty_s + case.event.uncertainty_s
        if bound > USABLE_CLOCK_S:
            continue
        if entry.how == "older snapshot":
            if _near_own_end(case, entry.gone_at, bound):
                why = f"a single line as the lifetime of {entry.device}'s SA (older snapshot) ended"
                return ("rekey-race", "likely", why, (entry,))
            continue
        if case.event.at and -bound <= (case.event.at - entry.gone_at).total_seconds() <= LATE_S + bound:
            why = f"{entry.device} had that SA and deleted it at most a minute before: one late packet"
            return ("rekey-race", "proven", why, (entry,))
    return None


def _near_own_end(case: _Case, ends_at: datetime, bound: float) -> bool:
    """Next to the rekey that a lifetime's end brings: when exactly the SA went, an older table does not say."""
    if case.event.at is None:
        return False
    offset = (case.event.at - ends_at).total_seconds()
    return -case.around.thresholds.rekey_before_s - bound <= offset <= LATE_S + bound


def _undated(case: _Case) -> Placement | None:
    """A single line for an SA of the past whose times cannot be set beside it: late packet or stale SA stays open."""
    if case.flow.events != 1 or any(e.live or e.how in {"older snapshot", "IKE SA"} for e in case.mine):
        return None
    sent = case.around.ledger.find(case.event.spi, role="sender")
    entries = case.mine or tuple(e for e in sent if e.device != case.event.device)
    if not entries or any(_is_comparable(case, e) for e in entries):
        return None
    race = _unknown_race(case)
    if race is not None:
        return ("rekey-race", race[1], race[2], entries)
    who = entries[0]
    why = f"{who.device} had that SA once ({who.how}), and when it went cannot be set beside the time of the line"
    return ("unexplained", "possible", why, entries)


def _is_comparable(case: _Case, entry: LedgerEntry) -> bool:
    """Whether the event's time and the SA's (its end, or for a sender's its install) can be set side by side."""
    at = entry.gone_at if entry.role == "receiver" else entry.gone_at or entry.installed_at
    bound = _between(case, entry.device) + case.event.uncertainty_s
    return case.event.at is not None and at is not None and bound <= USABLE_CLOCK_S


def _past_or_repeated(case: _Case) -> Placement | None:
    past = tuple(e for e in case.mine if not e.live and e.how != "IKE SA")
    if past:
        why = f"{case.event.device} had that SA once ({past[0].how}) and no longer has it; its sender did not know"
        return ("stale-sa", "proven", why, past)
    if case.flow.span_s > case.around.thresholds.stale_after_s and not any(e.live for e in case.mine):
        why = f"the same source and SPI for {case.flow.span_s:.0f} s: the sender uses an SA that the receiver refuses"
        return ("stale-sa", "likely", why, ())
    return None


def _never_installed(case: _Case) -> Placement | None:
    listed = tuple(e for e in case.mine if e.how == "IKE SA")
    sent = tuple(e for e in case.around.ledger.find(case.event.spi, role="sender") if e.device != case.event.device)
    if any(e.live for e in case.mine) or not (listed or sent):
        return None
    race = _unknown_race(case)
    if race is not None:
        return ("rekey-race", race[1], race[2], (*listed, *sent))
    why = f"{case.event.device} handed that SPI out and has no SA with it: the set-up stopped half-way"
    if sent and not listed:
        why = f"{sent[0].device} had it as outbound SA ({sent[0].how}); {case.event.device} has no inbound SA with it"
    return ("stale-sa", "likely", why, (*listed, *sent))


def _damaged(case: _Case) -> Placement | None:
    if case.flow.events != 1 or case.receiver is None:
        return None
    for sa in case.receiver.inbound:
        bits = (sa.spi ^ case.event.spi).bit_count()
        if 1 <= bits <= 2:
            why = f"it differs in {bits} bit{'s'[: bits - 1]} from the live inbound SPI 0x{sa.spi:08X} of that source"
            entries = case.around.ledger.find(sa.spi, device=sa.device, role="receiver")
            return ("damaged", "likely", why, entries)
    return None


def _unknown_race(case: _Case) -> Placement | None:
    event = case.event
    if case.flow.events != 1 or case.tunnel is None or event.at is None or any(e.live for e in case.mine):
        return None
    for rekey in case.around.rekeys.get(case.tunnel.id, ()):
        clocks = _between(case, rekey.device)
        if clocks + event.uncertainty_s > USABLE_CLOCK_S:
            continue
        bound = rekey.uncertainty_s + event.uncertainty_s + clocks
        thresholds = case.around.thresholds
        low = rekey.at - timedelta(seconds=thresholds.rekey_before_s + bound)
        high = rekey.at + timedelta(seconds=thresholds.rekey_after_s + bound)
        if low <= event.at <= high:
            confidence: Confidence = "likely" if rekey.seen else "possible"
            return ("rekey-race", confidence, f"a single line next to a rekey of this tunnel: {rekey.why}", ())
    return None


def _own_and_old(case: _Case) -> Placement | None:
    live = tuple(e for e in case.mine if e.live)
    if not live:
        return None
    why = (
        f"the SPI is {case.event.device}'s own live inbound SA, installed long before: its clock, a VRF, or a data "
        "plane that does not have what the table says"
    )
    return ("unexplained", "possible", why, live)
