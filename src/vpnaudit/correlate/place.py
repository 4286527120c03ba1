"""Where an event's SPI was found: the mechanism. The first row of DESIGN 7 that fits names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from vpnaudit.correlate.clocks import uncertainty
from vpnaudit.correlate.peers import PeerSet
from vpnaudit.correlate.rekeys import Rekey, session_ends, session_starts
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import SA_COMMANDS, Device
from vpnaudit.model.event import Confidence, Event, Mechanism
from vpnaudit.model.ledger import Ledger, LedgerEntry
from vpnaudit.model.takeovers import took_over
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Thresholds

LATE_S = 60.0
"""A packet may come so long after its SA's end (DESIGN 7)."""
USABLE_CLOCK_S = 300.0
"""Clocks known worse than this cannot be compared."""
KEPT_S = 5.0
"""A sender that has no newer SA so long after a line goes on with that one: a DELETE and one repetition take less
(measured: late packets end within a second, field guide 11)."""
ISOLATED_S = 120.0
"""Lines of one SPI that lie so far apart, or farther, are no stream: that leaves one a minute (field guide 1.3)."""
RESTARTED_S = 300.0
"""A single line so close after a restart of its receiver may be for an SA from before it."""


class Flow(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of all events of one receiver, source and SPI."""

    events: int
    first: datetime | None
    last: datetime | None

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
    ours: frozenset[str]
    """The addresses of all devices."""
    tunnels: Mapping[str, Tunnel]
    rekeys: Mapping[str, Sequence[Rekey]]
    thresholds: Thresholds


class _Case(Struct, frozen=True, kw_only=True, gc=False):
    event: Event
    flow: Flow
    tunnel: Tunnel | None
    mine: tuple[LedgerEntry, ...]
    sent: tuple[LedgerEntry, ...]
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
        sent=_sent(event, around),
        around=around,
    )
    rows = (
        _unknown_source,
        _new_sa_race,
        _misdelivered,
        _senders_current,
        _sender_went_on,
        _late_race,
        _undated,
        _past_or_repeated,
        _never_installed,
        _damaged,
        _unknown_race,
        _session_kept,
        _own_and_old,
    )
    found = next((p for row in rows if (p := row(case)) is not None), None)
    mechanism, confidence, because, entries = found or NOWHERE
    sender = case.sent[0].device if case.sent else None
    return structs.replace(
        event, mechanism=mechanism, confidence=confidence, because=because, found=entries, sender=sender
    )


def _unknown_source(case: _Case) -> Placement | None:
    event, peers = case.event, case.around.peers[case.event.device]
    if event.source is None or not peers.complete or peers.accepts_any or not _is_address(event.source):
        return None
    if event.interface in peers.group_interfaces or (peers.group_interfaces and event.interface is None):
        return None
    if peers.covers(event.source) or normal(event.source) in case.around.ours:
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
    for entry in case.mine:
        at = entry.installed_at
        if at is None or not _near(case, at, entry, before=True):
            continue
        if entry.live:
            why = f"the SPI is {entry.device}'s own inbound SA, installed next to the event (used a moment too early)"
            return ("rekey-race", "proven", why, (entry,))
        if _was_early(case, at, entry):
            why = f"{entry.device} installed that SA right after the event (used a moment too early); it is gone since"
            return ("rekey-race", "proven", why, (entry,))
    return None


def _was_early(case: _Case, installed_at: datetime, entry: LedgerEntry) -> bool:
    """Whether the line came before the install of an SA that is gone by now; both stamps are the receiver's own."""
    if case.event.at is None or (entry.gone_at is not None and entry.gone_at <= case.event.at):
        return False
    bound = _doubt(case, entry)
    return (case.event.at - installed_at).total_seconds() <= bound


def _near(case: _Case, at: datetime, entry: LedgerEntry, *, before: bool) -> bool:
    """Whether the event lies next to `at`: from 120 s before it to 60 s after, widened by the clocks' uncertainty."""
    if case.event.at is None:
        return False
    bound = _between(case, entry.device) + _doubt(case, entry)
    if bound > USABLE_CLOCK_S:
        return False
    low = case.around.thresholds.rekey_before_s if before else 0.0
    offset = (case.event.at - at).total_seconds()
    return -low - bound <= offset <= case.around.thresholds.rekey_after_s + bound


def _doubt(case: _Case, record: LedgerEntry | Rekey) -> float:
    """How far the event and a record may be off by themselves; a guess at the zone of one log is off for both alike."""
    one_log = record.device == case.event.device and record.how in {"log", "handed out"}
    shared = min(case.event.zone_within_s, record.zone_within_s) if one_log else 0.0
    return case.event.uncertainty_s + record.uncertainty_s - 2 * shared


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
        if shares or case.sent:
            why = f"the SPI is an inbound SA of {entry.device}, not of {event.device}"
            why += f": both have {event.destination}" if shares else f"; {case.sent[0].device} sends on it"
            return ("misdelivered", "proven" if entry.live else "likely", why, (entry, *case.sent))
    return None


def _sent(event: Event, around: Surroundings) -> tuple[LedgerEntry, ...]:
    """Who is known to have sent on the event's SPI: of those that have its source, where a device of ours has it.

    Each receiver draws its SPIs for itself, of 32 bits: in a large fleet others have the same one by chance. Where none
    of ours has the source, what one of them sends to another of ours is not the event's.
    """
    entries = tuple(e for e in around.ledger.find(event.spi, role="sender") if e.device != event.device)
    source = normal(event.source or "")
    if not entries:
        return entries
    if source in around.ours:
        return tuple(e for e in entries if source in around.own.get(e.device, ()))
    own = around.own.get(event.device, frozenset())
    return tuple(e for e in entries if not _is_for_another(e, around.ours, own))


def _is_for_another(entry: LedgerEntry, ours: frozenset[str], own: frozenset[str]) -> bool:
    """Whether the sender's peer is an address of ours that is not the receiver's."""
    peer = normal(entry.peer) if entry.peer is not None else None
    return peer in ours and peer not in own


def _senders_current(case: _Case) -> Placement | None:
    """The sender still sends on it, and the receiver's table, which was read, does not have it."""
    sent = tuple(e for e in case.sent if e.live)
    if not sent or any(e.live for e in case.mine):
        return None
    receiver, device = case.receiver, case.around.devices[case.event.device]
    table_read = receiver.sa_table_read if receiver else device.read(*SA_COMMANDS)
    if not table_read or all(_younger_than_table(case, e) for e in sent):
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


def _sender_went_on(case: _Case) -> Placement | None:
    """The sender's record shows that this was its current SA at the line and for a while after it.

    The same as a sender's current SA, told when it is over: what a rekey leaves behind has a newer one beside it.
    """
    if case.event.at is None or any(e.live for e in case.mine):
        return None
    for entry in case.sent:
        if entry.live or entry.gone_at is None:
            continue
        bound = _between(case, entry.device) + _doubt(case, entry)
        kept_s = (entry.gone_at - case.event.at).total_seconds()
        if bound > USABLE_CLOCK_S or kept_s <= KEPT_S + bound:
            continue
        never = _was_never_here(case)
        if never or not _has_newer(case, entry, bound):
            what = "never had it" if never else "no longer had it"
            why = (
                f"{entry.device} had it as outbound SA ({entry.how}) for {kept_s:.0f} s after the event, when "
                f"{case.event.device} {what}: more than a late packet"
            )
            return ("stale-sa", "proven", why, (*case.mine, entry))
    return None


def _was_never_here(case: _Case) -> bool:
    """Whether the receiver's trace reaches back before the event, and that SA is not in it."""
    at, device = case.event.at, case.event.device
    if case.mine or case.tunnel is None or at is None:
        return False
    rekeys = case.around.rekeys.get(case.tunnel.id, ())
    return any(
        r.how == "event trace" and r.device == device and (at - r.at).total_seconds() > _doubt(case, r) for r in rekeys
    )


def _has_newer(case: _Case, entry: LedgerEntry, bound: float) -> bool:
    """Whether the sender installed or deleted another SA next to the event, until `KEPT_S` after it."""
    if case.tunnel is None or case.event.at is None:
        return True
    low = case.event.at - timedelta(seconds=case.around.thresholds.rekey_before_s + bound)
    if entry.installed_at is not None:
        low = max(low, entry.installed_at + timedelta(seconds=entry.uncertainty_s))
    high = case.event.at + timedelta(seconds=KEPT_S + bound)
    rekeys = case.around.rekeys.get(case.tunnel.id, ())
    return any(r.seen and r.device == entry.device and low < r.at <= high for r in rekeys)


def _late_race(case: _Case) -> Placement | None:
    if case.flow.events != 1:
        return None
    for entry in case.mine:
        if entry.live or entry.gone_at is None:
            continue
        bound = _doubt(case, entry)
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
    if case.flow.events != 1 or any(e.live or e.only_negotiated or e.how == "older snapshot" for e in case.mine):
        return None
    entries = case.mine or case.sent
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
    bound = _between(case, entry.device) + _doubt(case, entry)
    return case.event.at is not None and at is not None and bound <= USABLE_CLOCK_S


def _past_or_repeated(case: _Case) -> Placement | None:
    past = tuple(e for e in case.mine if not e.live and not e.only_negotiated)
    if past:
        race = _unknown_race(case) if all(_may_come_later(case, e) for e in past) else None
        if race is not None:
            return ("rekey-race", race[1], race[2], past)
        why = f"{case.event.device} had that SA once ({past[0].how}) and no longer has it; its sender did not know"
        return ("stale-sa", "proven", why, past)
    if case.flow.span_s > case.around.thresholds.stale_after_s and not any(e.live for e in case.mine):
        damaged = _damaged(case)
        if damaged is not None:
            return damaged
        why = f"the same source and SPI for {case.flow.span_s:.0f} s: the sender uses an SA that the receiver refuses"
        if case.sent:
            why += f"; {case.sent[0].device} had it as outbound SA ({case.sent[0].how})"
        return ("stale-sa", "likely", why, case.sent)
    return None


def _may_come_later(case: _Case, entry: LedgerEntry) -> bool:
    """Whether the receiver's record has only the SA's end, after the event: the install may lie after it too."""
    if entry.installed_at is not None or entry.how == "older snapshot":
        return False
    if entry.gone_at is None or case.event.at is None:
        return False
    return (entry.gone_at - case.event.at).total_seconds() > _doubt(case, entry)


def _never_installed(case: _Case) -> Placement | None:
    listed = tuple(e for e in case.mine if e.only_negotiated)
    sent = case.sent
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
    if case.receiver is None or not _is_isolated(case.flow):
        return None
    for sa in case.receiver.inbound:
        bits = (sa.spi ^ case.event.spi).bit_count()
        if 1 <= bits <= 2:
            why = f"it differs in {bits} bit{'s'[: bits - 1]} from the live inbound SPI 0x{sa.spi:08X} of that source"
            entries = case.around.ledger.find(sa.spi, device=sa.device, role="receiver")
            return ("damaged", "likely", why, entries)
    return None


def _is_isolated(flow: Flow) -> bool:
    """Whether its lines stand alone: a stream leaves one a minute, a bit that flips now and then does not."""
    return flow.events == 1 or flow.span_s >= (flow.events - 1) * ISOLATED_S


def _unknown_race(case: _Case) -> Placement | None:
    event = case.event
    if case.flow.events != 1 or event.at is None or any(e.live for e in case.mine):
        return None
    if _just_restarted(case) or _just_took_over(case):
        return None
    before, after = case.around.thresholds.rekey_before_s, case.around.thresholds.rekey_after_s
    doubts: dict[str, float] = {}
    for rekey in case.around.rekeys.get(case.tunnel.id, ()) if case.tunnel is not None else ():
        if rekey.device not in doubts:
            doubts[rekey.device] = _between(case, rekey.device)
        later_s = (event.at - rekey.at).total_seconds()
        widest_s = doubts[rekey.device] + event.uncertainty_s + rekey.uncertainty_s
        if not -before - widest_s <= later_s <= after + widest_s:
            continue
        bound = doubts[rekey.device] + _doubt(case, rekey)
        vague = bound - (0.0 if rekey.seen else rekey.uncertainty_s) > USABLE_CLOCK_S
        if vague or not -before - bound <= later_s <= after + bound:
            continue
        anew = rekey.seen and later_s < -KEPT_S and _set_up_anew(case, rekey)
        if anew and later_s < -KEPT_S - bound:
            continue
        confidence: Confidence = "likely" if rekey.seen and not anew else "possible"
        return ("rekey-race", confidence, f"a single line next to a rekey of this tunnel: {rekey.why}", ())
    return _with_its_session(case)


def _with_its_session(case: _Case) -> Placement | None:
    """A single line as the session with its source ended: that deletes its SAs, whichever SPIs they had."""
    event = case.event
    ended = case.around.devices[event.device].once(session_ends).get(normal(event.source or ""), ())
    for at, within_s in ended:
        bound = within_s + event.uncertainty_s - event.zone_within_s
        if event.at is None or bound > USABLE_CLOCK_S:
            continue
        if -bound <= (event.at - at).total_seconds() <= KEPT_S + bound and _kept_session_s(case, at) is None:
            why = f"a single line as the session with {event.source} ended on {event.device}: one late packet"
            return ("rekey-race", "likely", why, ())
    return None


def _session_kept(case: _Case) -> Placement | None:
    """The receiver's session with the source had ended, and the sender's went on: with it all that it sent on."""
    event = case.event
    if event.at is None or any(e.live for e in case.mine):
        return None
    device, source = case.around.devices[event.device], normal(event.source or "")
    changes = (*device.once(session_ends).get(source, ()), *device.once(session_starts).get(source, ()))
    last = max((at for at, within_s in changes if at <= event.at + timedelta(seconds=within_s)), default=None)
    if last is None or last not in {at for at, _ in device.once(session_ends).get(source, ())}:
        return None
    kept_s = _kept_session_s(case, last) if event.at - last <= timedelta(seconds=LATE_S) else None
    if kept_s is None or case.sender is None:
        return None
    why = (
        f"{case.sender.device}'s session with {event.device} ended {kept_s:.0f} s after the event, when that of "
        f"{event.device} was over: more than a late packet"
    )
    return ("stale-sa", "likely", why, ())


def _kept_session_s(case: _Case, since: datetime) -> float | None:
    """For how long after the event the sender kept the session that the receiver ended at `since`; null: not longer.

    By the sender's own log: its next end, where it had not begun another session by the event. One that ended before
    the event, or as it came, is the one that goes with the receiver's.
    """
    here, there, at = case.receiver, case.sender, case.event.at
    device = case.around.devices.get(there.device or "") if there is not None else None
    if here is None or device is None or at is None:
        return None
    bound = _between(case, device.name) + case.event.uncertainty_s
    faces, ended, begun = (
        {normal(here.address), normal(here.seen)},
        device.once(session_ends),
        device.once(session_starts),
    )
    within = timedelta(seconds=bound)
    if bound > USABLE_CLOCK_S or any(since - within < t <= at + within for f in faces for t, _ in begun.get(f, ())):
        return None
    known = [(t - at).total_seconds() for f in faces for t, _ in ended.get(f, ())]
    kept_s = min((s for s in known if s >= -KEPT_S - bound), default=0.0)
    return kept_s if KEPT_S + bound < kept_s <= LATE_S else None


def _set_up_anew(case: _Case, rekey: Rekey) -> bool:
    """Whether the install came with a new IKE SA: then nothing was rekeyed, and what was before it was gone."""
    end = case.tunnel.end_of(rekey.device) if case.tunnel is not None else None
    ages = [i.established_at for i in end.live_ike if i.established_at is not None] if end is not None else []
    margin = timedelta(seconds=KEPT_S + rekey.uncertainty_s)
    return bool(ages) and all(rekey.at - margin <= at <= rekey.at + timedelta(seconds=1) for at in ages)


def _just_restarted(case: _Case) -> bool:
    """Whether the receiver came up shortly before the event: its SAs from before are gone, and senders go on."""
    device = case.around.devices[case.event.device]
    if device.booted_at is None or case.event.at is None:
        return False
    since_s = (case.event.at - device.booted_at).total_seconds()
    return -device.boot_uncertainty_s <= since_s <= RESTARTED_S + device.boot_uncertainty_s


def _just_took_over(case: _Case) -> bool:
    """Whether the receiver became active shortly before the event, and no SA of that tunnel is known from before.

    That its partner's SAs came along is not shown then; where they did not, the sender goes on with them.
    """
    here, at = case.receiver, case.event.at
    taken = case.around.devices[case.event.device].once(_takeovers)
    if at is None or not taken:
        return False
    installs = [s.installed_at for s in here.inbound if s.installed_at is not None] if here is not None else []
    bound = case.event.uncertainty_s
    near = [t for t in taken if -bound <= (at - t).total_seconds() <= RESTARTED_S]
    return any(all(i > t for i in installs) for t in near)


def _takeovers(device: Device) -> list[datetime]:
    """When a device became the active one of a pair, by its log."""
    found = (device.logged_at(m) for _, m in device.messages_once if took_over(m))
    return [at for at in found if at is not None]


def _own_and_old(case: _Case) -> Placement | None:
    live = tuple(e for e in case.mine if e.live)
    if not live:
        return None
    why = (
        f"the SPI is {case.event.device}'s own live inbound SA, installed long before: its clock, a VRF, or a data "
        "plane that does not have what the table says"
    )
    return ("unexplained", "possible", why, live)
