"""Where an event's SPI was found: the mechanism. The first row of DESIGN 7 that fits names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import structs

from vpnaudit.correlate.at_the_line import at_the_line, is_dated
from vpnaudit.correlate.case import KEPT_S, LATE_S, USABLE_CLOCK_S, Case, Flow, Placement, Surroundings, between, doubt
from vpnaudit.correlate.clocks import CAPTURE_SPREAD_S
from vpnaudit.correlate.interrupted import just_restarted, just_took_over, session_kept, with_its_session
from vpnaudit.correlate.rekeys import NO_REKEYS, Rekey, Rekeys
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import SA_COMMANDS
from vpnaudit.model.event import Confidence, Event
from vpnaudit.model.ledger import LedgerEntry
from vpnaudit.model.recorded_peers import recorded_peers

ISOLATED_S = 120.0
"""Lines of one SPI that lie so far apart, or farther, are no stream: that leaves one a minute (field guide 1.3)."""
NOWHERE: Placement = ("unexplained", "possible", "the SPI is in no table, trace or log that was collected", ())


def place(event: Event, flow: Flow, around: Surroundings) -> Event:
    """The event with its mechanism, how sure that is, and why."""
    held, tunnel = around.ledger.find(event.spi, "receiver"), around.tunnels.get(event.tunnel or "")
    own = tuple([e for e in held if e.device == event.device]) if held else ()
    mine = at_the_line(own, event, flow, around.clock_within_s)
    case = Case(
        event=event,
        flow=flow,
        tunnel=tunnel,
        receiver=tunnel.end_of(event.device) if tunnel is not None else None,
        held=held,
        mine=mine,
        live=any(e.live for e in mine),
        sent=at_the_line(_sent(event, around), event, flow, around.clock_within_s),
        around=around,
    )
    mechanism, confidence, because, entries = _first_that_fits(case)
    sender = case.sent[0].device if case.sent else None
    return structs.replace(
        event,
        mechanism=mechanism,
        confidence=confidence,
        because=because,
        found=entries,
        sender=sender,
        outdated=_is_outdated(case.sent),
        elsewhere=_is_elsewhere(event, around),
    )


def _is_outdated(sent: tuple[LedgerEntry, ...]) -> bool:
    """Whether the sender's table that has it is older than the line, and no other record says that it went on."""
    return any(e.how == "older table" for e in sent) and not any(e.live for e in sent)


def _first_that_fits(case: Case) -> Placement:
    for row in ROWS if case.mine or case.sent else ROWS_WITHOUT_RECORD:
        found = row(case)
        if found is not None:
            return found
    return NOWHERE


def _unknown_source(case: Case) -> Placement | None:
    event, peers = case.event, case.around.peers[case.event.device]
    if event.source is None or not peers.complete or peers.accepts_any:
        return None
    if event.interface in peers.group_interfaces or (peers.group_interfaces and event.interface is None):
        return None
    if peers.covers(event.source) or normal(event.source) in case.around.ours or not _is_address(event.source):
        return None
    if normal(event.source) in recorded_peers(case.around.devices[event.device]) or _is_elsewhere(event, case.around):
        return None
    if case.mine or _is_sent_to_it(case) or normal(event.source) in case.around.former.get(event.device, ()):
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


def _is_sent_to_it(case: Case) -> bool:
    """Whether one of ours sends to the receiver on that SPI: then the source is that one's, behind a NAT say."""
    own = case.around.own[case.event.device]
    return any(e.live and e.peer is not None and normal(e.peer) in own for e in case.sent)


def _is_elsewhere(event: Event, around: Surroundings) -> bool:
    """Whether the destination is no address of the device, whose interfaces and configuration were read.

    Not where a group's map is: there the headers are those of the packets inside (field guide C14). `show interfaces`
    has IPv4 addresses alone.
    """
    where = event.destination
    if where is None or normal(where) in around.own[event.device]:
        return False
    if ":" in where or not _is_address(where) or around.peers[event.device].group_interfaces:
        return False
    device = around.devices[event.device]
    return device.config is not None and any(i.address for _, i in device.interfaces)


def _is_address(text: str) -> bool:
    return all(c in "0123456789abcdefABCDEF.:" for c in text) and any(c.isdigit() for c in text)


def _new_sa_race(case: Case) -> Placement | None:
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


def _was_early(case: Case, installed_at: datetime, entry: LedgerEntry) -> bool:
    """Whether the line came before the install of an SA that is gone by now; both stamps are the receiver's own."""
    if case.event.at is None or (entry.gone_at is not None and entry.gone_at <= case.event.at):
        return False
    bound = doubt(case, entry)
    return (case.event.at - installed_at).total_seconds() <= bound


def _near(case: Case, at: datetime, entry: LedgerEntry, *, before: bool) -> bool:
    """Whether the event lies next to `at`: from 120 s before it to 60 s after, widened by the clocks' uncertainty."""
    if case.event.at is None:
        return False
    bound = between(case, entry.device) + doubt(case, entry)
    if bound > USABLE_CLOCK_S:
        return False
    low = case.around.thresholds.rekey_before_s if before else 0.0
    offset = (case.event.at - at).total_seconds()
    return -low - bound <= offset <= case.around.thresholds.rekey_after_s + bound


def _misdelivered(case: Case) -> Placement | None:
    event = case.event
    for entry in case.held:
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
    found = around.ledger.find(event.spi, "sender")
    if not found:  # what most lines come with
        return ()
    entries = tuple(e for e in found if e.device != event.device)
    source = normal(event.source or "")
    if source in around.ours:
        return tuple(e for e in entries if source in around.own.get(e.device, ()))
    own = around.own.get(event.device, frozenset())
    return tuple(e for e in entries if not _is_for_another(e, around.ours, own))


def _is_for_another(entry: LedgerEntry, ours: frozenset[str], own: frozenset[str]) -> bool:
    """Whether the sender's peer is an address of ours that is not the receiver's."""
    peer = normal(entry.peer) if entry.peer is not None else None
    return peer in ours and peer not in own


def _senders_current(case: Case) -> Placement | None:
    """The sender still sends on it, and the receiver's table, which was read, does not have it."""
    sent = tuple([e for e in case.sent if e.live])
    if not sent or case.live:
        return None
    receiver, device = case.receiver, case.around.devices[case.event.device]
    table_read = receiver.sa_table_read if receiver else device.read(*SA_COMMANDS)
    if not table_read or all(_younger_than_table(case, e) for e in sent):
        return None
    late = None if any(is_dated(e, case.event, case.around.clock_within_s) for e in sent) else _late_race(case)
    if late is not None:  # the receiver's own record, against a table of which nobody knows when it was taken
        return ("rekey-race", "likely", late[2], late[3])
    why = f"{sent[0].device} {_sends(case, sent[0])}, and {case.event.device} has no inbound SA with it"
    return ("stale-sa", "proven", why, sent)


def _sends(case: Case, sent: LedgerEntry) -> str:
    """That the sender has the SA, in the tense of its table: one taken while the lines came says nothing of now."""
    at = case.flow.last
    if sent.seen_at is None or at is None or at <= sent.seen_at + timedelta(seconds=CAPTURE_SPREAD_S):
        return "sends on it now"
    return f"sent on it at {sent.seen_at:%H:%M:%S UTC}, as its table has it"


def _younger_than_table(case: Case, sent: LedgerEntry) -> bool:
    """Whether the sender's SA was set up after the receiver's table was taken, which then cannot have it."""
    taken_at = case.receiver.sa_table_at if case.receiver else None
    bound = between(case, sent.device) + sent.uncertainty_s
    if taken_at is None or sent.installed_at is None or bound > USABLE_CLOCK_S:
        return False
    return sent.installed_at >= taken_at - timedelta(seconds=bound)


def _sender_went_on(case: Case) -> Placement | None:
    """The sender's record shows that this was its current SA at the line and for a while after it.

    The same as a sender's current SA, told when it is over: what a rekey leaves behind has a newer one beside it.
    """
    if case.event.at is None or case.live:
        return None
    for entry in case.sent:
        if entry.live or entry.gone_at is None or entry.only_bounded:
            continue
        bound = between(case, entry.device) + doubt(case, entry)
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


def _was_never_here(case: Case) -> bool:
    """Whether the receiver's trace reaches back before the event, and that SA is not in it."""
    at, device = case.event.at, case.event.device
    if case.mine or case.tunnel is None or at is None:
        return False
    return any(
        r.how == "event trace" and r.device == device and (at - r.at).total_seconds() > doubt(case, r)
        for r in _rekeys(case).seen
    )


def _has_newer(case: Case, entry: LedgerEntry, bound: float) -> bool:
    """Whether the sender installed or deleted another SA next to the event, until `KEPT_S` after it."""
    if case.tunnel is None or case.event.at is None:
        return True
    low = case.event.at - timedelta(seconds=case.around.thresholds.rekey_before_s + bound)
    if entry.installed_at is not None:
        low = max(low, entry.installed_at + timedelta(seconds=entry.uncertainty_s))
    high = case.event.at + timedelta(seconds=KEPT_S + bound)
    return any(r.device == entry.device and low < r.at <= high for r in _rekeys(case).seen)


def _rekeys(case: Case) -> Rekeys:
    return case.around.rekeys.get(case.tunnel.id, NO_REKEYS) if case.tunnel is not None else NO_REKEYS


def _late_race(case: Case) -> Placement | None:
    if case.flow.events != 1:
        return None
    for entry in case.mine:
        if entry.live or entry.gone_at is None:
            continue
        bound = doubt(case, entry)
        if bound > USABLE_CLOCK_S:
            continue
        if entry.only_bounded:
            if _near_own_end(case, entry.gone_at, bound):
                why = f"a single line as the lifetime of {entry.device}'s SA ({entry.how}) ended"
                return ("rekey-race", "likely", why, (entry,))
            continue
        if case.event.at and -bound <= (case.event.at - entry.gone_at).total_seconds() <= LATE_S + bound:
            why = f"{entry.device} had that SA and deleted it at most a minute before: one late packet"
            return ("rekey-race", "proven", why, (entry,))
    return None


def _near_own_end(case: Case, ends_at: datetime, bound: float) -> bool:
    """Next to the rekey that a lifetime's end brings: when exactly the SA went, an older table does not say."""
    if case.event.at is None:
        return False
    offset = (case.event.at - ends_at).total_seconds()
    return -case.around.thresholds.rekey_before_s - bound <= offset <= LATE_S + bound


def _undated(case: Case) -> Placement | None:
    """A single line for an SA of the past whose times cannot be set beside it: late packet or stale SA stays open."""
    if case.flow.events != 1 or any(e.live or e.only_negotiated or e.only_bounded for e in case.mine):
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


def _is_comparable(case: Case, entry: LedgerEntry) -> bool:
    """Whether the event's time and the SA's (its end, or for a sender's its install) can be set side by side."""
    at = entry.gone_at if entry.role == "receiver" else entry.gone_at or entry.installed_at
    bound = between(case, entry.device) + doubt(case, entry)
    return case.event.at is not None and at is not None and bound <= USABLE_CLOCK_S


def _past_or_repeated(case: Case) -> Placement | None:
    past = tuple(e for e in case.mine if not e.live and not e.only_negotiated)
    if past:
        open_end = all(_may_come_later(case, e) for e in past) or _has_no_end_yet(past)
        race = _unknown_race(case) if open_end else None
        if race is not None:
            return ("rekey-race", race[1], race[2], past)
        no_longer = "refused it later" if past[0].how == "older table" else "no longer has it"
        why = f"{case.event.device} had that SA once ({past[0].how}) and {no_longer}; its sender did not know"
        return ("stale-sa", "proven", why, past)
    if case.flow.span_s > case.around.thresholds.stale_after_s and not case.live:
        damaged = _damaged(case)
        if damaged is not None:
            return damaged
        why = f"the same source and SPI for {case.flow.span_s:.0f} s: the sender uses an SA that the receiver refuses"
        if case.sent:
            why += f"; {case.sent[0].device} had it as outbound SA ({case.sent[0].how})"
        return ("stale-sa", "likely", why, case.sent)
    return None


def _has_no_end_yet(past: tuple[LedgerEntry, ...]) -> bool:
    """Whether a table from before the line has it, and no record when it went since: perhaps just then."""
    return any(e.how == "older table" for e in past) and all(e.gone_at is None or e.only_bounded for e in past)


def _may_come_later(case: Case, entry: LedgerEntry) -> bool:
    """Whether the receiver's record has only the SA's end, after the event: the install may lie after it too."""
    if entry.installed_at is not None or entry.only_bounded:
        return False
    if entry.gone_at is None or case.event.at is None:
        return False
    return (entry.gone_at - case.event.at).total_seconds() > doubt(case, entry)


def _never_installed(case: Case) -> Placement | None:
    listed = tuple(e for e in case.mine if e.only_negotiated)
    sent = case.sent
    if case.live or not (listed or sent):
        return None
    race = _unknown_race(case)
    if race is not None:
        return ("rekey-race", race[1], race[2], (*listed, *sent))
    why = f"{case.event.device} handed that SPI out and has no SA with it: the set-up stopped half-way"
    if sent and not listed:
        why = f"{sent[0].device} had it as outbound SA ({sent[0].how}); {case.event.device} has no inbound SA with it"
    return ("stale-sa", "likely", why, (*listed, *sent))


def _damaged(case: Case) -> Placement | None:
    if case.receiver is None or not _is_isolated(case.flow):
        return None
    for sa in case.receiver.inbound:
        bits = (sa.spi ^ case.event.spi).bit_count()
        if 1 <= bits <= 2:
            why = f"it differs in {bits} bit{'s'[: bits - 1]} from the live inbound SPI 0x{sa.spi:08X} of that source"
            entries = case.around.ledger.find(sa.spi, "receiver", device=sa.device)
            return ("damaged", "likely", why, entries)
    return None


def _is_isolated(flow: Flow) -> bool:
    """Whether its lines stand alone: a stream leaves one a minute, a bit that flips now and then does not."""
    return flow.events == 1 or flow.span_s >= (flow.events - 1) * ISOLATED_S


def _unknown_race(case: Case) -> Placement | None:
    event = case.event
    if case.flow.events != 1 or event.at is None or case.live:
        return None
    if just_restarted(case) or just_took_over(case):
        return None
    before, after = case.around.thresholds.rekey_before_s, case.around.thresholds.rekey_after_s
    apart = {end.device: between(case, end.device) for end in case.tunnel.ends if end.device} if case.tunnel else {}
    widest_s = max(apart.values(), default=0.0) + event.uncertainty_s
    for rekey in _rekeys(case).near(event.at, before + widest_s, after + widest_s):
        later_s = (event.at - rekey.at).total_seconds()
        bound = apart[rekey.device] + doubt(case, rekey)
        vague = bound - (0.0 if rekey.seen else rekey.uncertainty_s) > USABLE_CLOCK_S
        if vague or not -before - bound <= later_s <= after + bound:
            continue
        anew = rekey.seen and later_s < -KEPT_S and _set_up_anew(case, rekey)
        if anew and later_s < -KEPT_S - bound:
            continue
        confidence: Confidence = "likely" if rekey.seen and not anew else "possible"
        return ("rekey-race", confidence, f"a single line next to a rekey of this tunnel: {rekey.why}", ())
    return with_its_session(case)


def _set_up_anew(case: Case, rekey: Rekey) -> bool:
    """Whether the install came with a new IKE SA: then nothing was rekeyed, and what was before it was gone."""
    end = case.tunnel.end_of(rekey.device) if case.tunnel is not None else None
    ages = [i.established_at for i in end.live_ike if i.established_at is not None] if end is not None else []
    margin = timedelta(seconds=KEPT_S + rekey.uncertainty_s)
    return bool(ages) and all(rekey.at - margin <= at <= rekey.at + timedelta(seconds=1) for at in ages)


def _own_and_old(case: Case) -> Placement | None:
    live = tuple(e for e in case.mine if e.live)
    if not live:
        return None
    why = (
        f"the SPI is {case.event.device}'s own live inbound SA, installed long before: its clock, a VRF, or a data "
        "plane that does not have what the table says"
    )
    return ("unexplained", "possible", why, live)


Row = Callable[[Case], Placement | None]
ROWS: tuple[Row, ...] = (
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
    session_kept,
    _own_and_old,
)
"""In the order in which they are asked."""
ROWS_WITHOUT_RECORD: tuple[Row, ...] = (
    _unknown_source,
    _misdelivered,
    _past_or_repeated,
    _damaged,
    _unknown_race,
    session_kept,
)
"""Those that can say something of an SPI of which neither the receiver nor a sender has a record: most are such."""
