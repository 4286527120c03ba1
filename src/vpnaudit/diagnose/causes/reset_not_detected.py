"""The receiver lost its SAs (reload, clear, log-off, failover, crypto map taken off) and the sender did not notice.

**Signature.** The sender still has (or had) an SA from before the receiver came up, was cleared or took over, and the
lines begin after that. The sender has no DPD, or DPD on demand, which sees nothing while packets come in. A takeover is
told by the log or by `show failover`, where no state link carries the SAs; that a route processor took over by the log,
or by its uptime; a clear that an event manager applet types by the line that the applet logs.

**Ruled out by.** No reload, clear or failover before the lines began (unlikely only, where the log begins later than
the SA that the sender holds; open, where it begins with the lines); a record that the receiver had the SA for minutes
after it (a failover with state); unlikely, where a state link carries the SAs or an SA is older than the switchover;
open, where a unit of a pair without a state link logs nothing while it stands by; or the sender itself came up after
the loss and before them, or while they came. Open where a source that is no peer goes on with one SPI since the
receiver restarted: it may have been one, in a configuration that was not saved.

**What to do.** Clear the session at the sender; give the sender periodic DPD. Source: field guide C3, C4, section 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from vpnaudit.diagnose.log_reach import (
    begin_is_seen,
    log_begins,
    log_is_filtered,
    log_reaches,
    log_since,
    logs_nothing_on_standby,
    whole_log,
)
from vpnaudit.diagnose.losses import cost_it_its_sas, kept_over, losses_of, takeover_shown, unread_partner
from vpnaudit.diagnose.of_story import (
    LONGEST_SA_S,
    MOST_PROBES,
    clocks_are_known,
    goes_on,
    is_its_own,
    is_without_dpd,
    last_of_sa,
    receiver_of,
    repeated,
    sender_of,
    slack,
    where_it_stood,
)
from vpnaudit.diagnose.outages import outages, sessions
from vpnaudit.diagnose.proofs import first_and_last, logs, placed
from vpnaudit.diagnose.signs import EARLIEST, Sign, Window, stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.device import Device
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing, WouldSettle
from vpnaudit.model.ledger import LedgerEntry
from vpnaudit.model.tunnel import TunnelEnd
from vpnaudit.settings import Settings

LATE_SIGN_S = 90.0
SAME_LOSS_S = 300.0
"""Signs so close together tell of one loss: a restart is in the log and in the uptime."""
SET_UP_ANEW_S = 60.0
"""A session that stands so soon after the last line ended the stream: at one line a minute."""
SINGLE_S = 300.0
"""A single line is a stream of under a minute: the loss must lie close before it."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    former = _may_be_a_former_peer(story, fleet) if goes_on(story, settings) else None
    if former is not None:
        return former
    if story.mechanism not in {"stale-sa", "unexplained"} or is_its_own(story):
        return out("the SPI is not one that the sender kept after the receiver had lost it", *placed(story))
    device = receiver_of(story, fleet)
    begin = story.begins
    sender = sender_of(story, fleet)
    if sender is not None and begin and sender.booted_at and _came_up_meanwhile(story, sender.booted_at, begin):
        text = f"{sender.name} itself came up while the lines came, so it kept nothing from before"
        return out(text, *sender.cite_uptime(), *first_and_last(story)[:1])
    window = _window(story, fleet)
    if window is None:
        return still_open(f"was {device.name} reloaded or cleared before?", f"{device.name}: show version")
    before = [s for s in losses_of(story, fleet, window) if not _answers(s, begin)]
    if before:
        whose = _perhaps_of_others(story, fleet, before)
        return whose or _sender_came_later(story, fleet, before) or _of_losses(story, fleet, before)
    return _switched(story, fleet, window) or _none_found(story, fleet, window)


def _may_be_a_former_peer(story: Story, fleet: Fleet) -> Weighing | None:
    """A stranger that goes on with one SPI since the receiver came up: what was not saved is lost with a restart.

    A peer whose entry was in that looks the same from here: it sends on the SA from before.
    """
    device, begin = receiver_of(story, fleet), story.begins
    if story.mechanism != "unknown-source" or device.booted_at is None or begin is None:
        return None
    longest_s = SINGLE_S if begin_is_seen(story, fleet) else LONGEST_SA_S
    bound = timedelta(seconds=device.boot_uncertainty_s)
    if not device.booted_at - bound <= begin <= device.booted_at + bound + timedelta(seconds=longest_s):
        return None
    return still_open(
        f"was {story.source} a peer of {device.name} before it came up at {stamp(device.booted_at)}, in a "
        "configuration that was not saved?",
        f"{device.name}: a copy of its configuration from before, from an archive or a backup",
    )


def _answers(sign: Sign, begin: datetime | None) -> bool:
    """Whether a script ended the SAs as an answer to the lines: they were there before."""
    return sign.is_answer and begin is not None and sign.at is not None and begin <= sign.at


def _perhaps_of_others(story: Story, fleet: Fleet, losses: Sequence[Sign]) -> Weighing | None:
    """Clears of one crypto map, VRF, user or number, where nothing tells whether the source's SAs were."""
    device = receiver_of(story, fleet)
    if any(cost_it_its_sas(s, device, story) for s in losses):
        return None
    cleared = losses[-1].cleared
    what = cleared.limited_to if cleared is not None else None
    question = f"are the SAs with {story.source} of {what}? {losses[-1].text} before the lines"
    return still_open(question, f"{story.receiver}: show running-config; show crypto ipsec sa")


def _sender_came_later(story: Story, fleet: Fleet, losses: Sequence[Sign]) -> Weighing | None:
    """A sender that came up after the receiver's loss and before the lines: all its SAs are younger than the loss."""
    sender, begin = sender_of(story, fleet), story.begins
    if sender is None or sender.booted_at is None or begin is None or not clocks_are_known(story, fleet):
        return None
    newest = max(losses, key=lambda s: s.at or EARLIEST)
    bound = timedelta(seconds=sender.boot_uncertainty_s + newest.uncertainty_s + slack(story, fleet))
    if not (newest.at or EARLIEST) + bound < sender.booted_at <= begin:
        return None
    text = f"{sender.name} itself came up after that and before the lines: what it sends on is younger"
    return out(f"{newest.text} at {stamp(newest.at or EARLIEST)}; {text}", *newest.evidence, *sender.cite_uptime())


def _came_up_meanwhile(story: Story, booted_at: datetime, begin: datetime) -> bool:
    """Whether the sender came up while the lines came: a boot after the last one may be what ended them."""
    last = story.ends
    return booted_at > begin + timedelta(minutes=5) and (story.ongoing or last is None or booted_at <= last)


def _of_losses(story: Story, fleet: Fleet, before: list[Sign]) -> Weighing:
    """What the losses before the lines say: one that the SA outlived did not take it."""
    last = last_of_sa(story, fleet)
    found = [s for s in before if last is None or not _outlived(s, last)]
    if found or last is None:
        return _of_unknown_age(story, fleet, found) or _fits(story, fleet, found)
    newest = max(before, key=lambda s: s.at or EARLIEST)
    until, at = stamp(last.gone_at or EARLIEST), stamp(newest.at or EARLIEST)
    text = f"{newest.text} at {at}, and still held that SA after it, until {until}"
    return out(text, *newest.evidence, last.evidence)


def _outlived(sign: Sign, last: LedgerEntry) -> bool:
    """Whether the receiver still had the SA well after what makes a device forget its SAs: that did not cost it."""
    if sign.at is None or last.gone_at is None:
        return False
    margin = timedelta(seconds=LATE_SIGN_S + sign.uncertainty_s + last.uncertainty_s)
    return last.gone_at - sign.at > margin


def _switched(story: Story, fleet: Fleet, window: Window) -> Weighing | None:
    """What is left to say of a takeover that is known to have cost no SAs, or that no line tells of."""
    device = receiver_of(story, fleet)
    kept = [(sign, why) for sign, why in kept_over(story, fleet) if window.has(sign)]
    if kept:
        sign, why = kept[-1]
        return unlikely(f"{sign.text} at {stamp(sign.at or EARLIEST)}, and {why.text}", *why.evidence)
    shown = takeover_shown(device)
    if shown is not None and window.has(shown):
        question = f"did the SAs come along when {device.name} took over at {stamp(shown.at or EARLIEST)}?"
        return still_open(question, f"{device.name}: show failover")
    if device.failover is None and logs_nothing_on_standby(device):
        question = f"did {device.name} take over from its partner before the lines? It logs nothing while it stands by"
        return still_open(question, f"{device.name}: show failover")
    return None


def _none_found(story: Story, fleet: Fleet, window: Window) -> Weighing:
    """Whether what was read would show a loss."""
    device = receiver_of(story, fleet)
    if device.booted_at is None and not device.messages:
        return still_open(f"was {device.name} reloaded before the lines began?", f"{device.name}: show version")
    if not device.log_captures:
        return still_open(
            f"was {device.name} cleared, or did it take over from a partner?", f"{device.name}: show logging"
        )
    if device.booted_at is None:
        return still_open(f"how long is {device.name} up?", f"{device.name}: show version")
    return _not_lost(story, fleet, device.booted_at, window)


def _not_lost(story: Story, fleet: Fleet, booted_at: datetime, window: Window) -> Weighing:
    """What its uptime and its log say; a log that begins too late does not prove that nothing was cleared."""
    device, begin = receiver_of(story, fleet), story.begins
    up = f"{device.name} is up since {stamp(booted_at)}, and its log"
    if log_reaches(device, window.low):
        return out(
            f"{up} shows no failover, and no clear of these SAs, before the lines", *device.cite_uptime(), *logs(device)
        )
    seen = begin_is_seen(story, fleet) if begin is not None else log_reaches(device, None)
    if not seen or _begins_with_the_end(story, device):
        before = "the lines" if log_is_filtered(device) else "that"
        return still_open(
            f"was {device.name}, {log_since(device)}, cleared before {before}, or did it take over from a partner?",
            f"{device.name}: {whole_log(device)}",
        )
    since = f", which begins at {stamp(at)}," if (at := log_begins(device)) is not None else ""
    return unlikely(
        f"{up}{since} shows no failover, and no clear of these SAs, before the lines",
        *device.cite_uptime(),
        *logs(device),
    )


def _begins_with_the_end(story: Story, device: Device) -> bool:
    """Whether the log begins as the session with the source ends: what ended it may stand before that."""
    first = log_begins(device)
    ended = (s.at for s in outages(device, story.receiver_end, story.source) if s.is_session and s.at is not None)
    return first is not None and any(at - first <= timedelta(seconds=LATE_SIGN_S) for at in ended)


def _of_unknown_age(story: Story, fleet: Fleet, found: Sequence[Sign]) -> Weighing | None:
    """A loss long before the lines is their reason only if the SA that the sender holds is older than it.

    Where the log has lost the beginning of the lines, they may have begun with the loss.
    """
    begin, sa = story.begins, story.sent_sa
    newest = max(s.at for s in found if s.at is not None)
    dated = sa is not None and sa.installed_at is not None and clocks_are_known(story, fleet)
    if begin is None or dated or begin - newest <= timedelta(seconds=SAME_LOSS_S):
        return None
    if sa is None and not begin_is_seen(story, fleet):
        return None
    who = story.sender or "the sender"
    question = f"did {who} install the SA that it sends on before {story.receiver} lost its own, at {stamp(newest)}?"
    return still_open(question, f"{who}: show running-config; show crypto ipsec sa")


def _window(story: Story, fleet: Fleet) -> Window | None:
    """When the loss must lie: after the sender's SA was installed, before the first line."""
    begin, sa, bound = story.begins, story.sent_sa, timedelta(seconds=slack(story, fleet))
    dated = sa is not None and sa.installed_at is not None and clocks_are_known(story, fleet)
    low = sa.installed_at - bound if dated and sa is not None and sa.installed_at is not None else None
    if low is None and begin is not None and not repeated(story):
        low = begin - timedelta(seconds=SINGLE_S)
    if low is None and begin is not None:
        ends = [e for e in (story.receiver_end, story.sender_end) if e is not None and e.lifetime is not None]
        longest = max((e.lifetime.ipsec_s for e in ends if e.lifetime and e.lifetime.ipsec_s), default=LONGEST_SA_S)
        low = begin - timedelta(seconds=longest)
    if low is None:
        return None
    high = begin + timedelta(seconds=LATE_SIGN_S) if begin is not None else None
    return Window(low=low, high=high)


def _fits(story: Story, fleet: Fleet, found: list[Sign]) -> Weighing:
    device = receiver_of(story, fleet)
    end = story.sender_end
    newest = max(s.at for s in found if s.at is not None)
    told = [s for s in found if s.at is not None and newest - s.at <= timedelta(seconds=SAME_LOSS_S)]
    sa = story.sent_sa
    who = story.sender or story.source or "the sender"
    because = [reason(f"{s.text} at {stamp(s.at)}", *s.evidence) for s in told[:3] if s.at]
    if sa is not None:
        when = f", installed {stamp(sa.installed_at)}, before that" if sa.installed_at else ""
        because.append(
            reason(f"{who} still sends on 0x{sa.spi:08X}{when}; {device.name} no longer has it", sa.evidence)
        )
    because += where_it_stood(story)
    noticed = _is_over_in_time(story, end)
    answered = _answered_over_ike(story, newest)
    dpd_reason, dpd_explains = (answered, True) if answered else _dpd(who, end, noticed=noticed)
    because += dpd_reason
    partner = unread_partner(story, fleet) if all(s.is_takeover for s in found) else None
    settle = [] if answered or (end is not None and end.dpd is not None) else [_ask_dpd(who, story)]
    settle += [_ask_partner(partner, story)] if partner is not None else []
    before = sa is not None and sa.installed_at is not None and clocks_are_known(story, fleet)
    seen = before and dpd_explains and partner is None and not all(s.is_inferred for s in told)
    confidence: Confidence = "proven" if seen else "likely"
    return Weighing(
        verdict="fits",
        confidence=confidence,
        because=tuple(because),
        would_settle=tuple(settle),
        owner_devices=(story.sender,) if story.sender else (),
        title=f"{device.name} lost its SAs and {who} {_what_it_did(story, device, noticed=noticed)}",
        parameters={"ike": "stands"} if answered else {},
        unless_open=("misdelivery",) if all(s.is_takeover for s in found) else (),
    )


def _what_it_did(story: Story, device: Device, *, noticed: bool) -> str:
    last = story.ends
    if noticed:
        return "went on until its DPD noticed"
    if last is None or story.ongoing:
        return "did not notice"
    soon = last + timedelta(seconds=SET_UP_ANEW_S)
    anew = any(s.at is not None and last <= s.at <= soon for to, s in sessions(device, story.source) if to == "up")
    return "went on until a new session was set up" if anew else "did not notice"


def _answered_over_ike(story: Story, lost_at: datetime) -> list[Reason]:
    """That the IKE SA of both ends outlived the loss: DPD is answered over it, and does not see the hole."""
    ends_of = [e for e in (story.receiver_end, story.sender_end) if e is not None and e.live_ike]
    older = [i for e in ends_of for i in e.live_ike[:1] if i.established_at and i.established_at < lost_at]
    if len(older) < 2:
        return []
    text = "the IKE SAs of both ends are older than that: DPD is answered over them, and ends nothing"
    return [reason(text, *(i.evidence for i in older))]


def _is_over_in_time(story: Story, end: TunnelEnd | None) -> bool:
    """Whether the lines ended as soon as the sender's periodic DPD can have ended them: then nothing is left to do."""
    if end is None or end.dpd is None or end.dpd.mode != "periodic" or story.ongoing:
        return False
    waits_s = (end.dpd.interval_s or 0) + MOST_PROBES * (end.dpd.retry_s or 0)
    return bool(story.episodes) and all(e.duration_s <= waits_s for e in story.episodes)


def _dpd(who: str, end: TunnelEnd | None, *, noticed: bool) -> tuple[list[Reason], bool]:
    dpd = end.dpd if end is not None else None
    if end is None or dpd is None or dpd.mode is None:
        return [], False
    if dpd.mode == "off":
        return [reason(f"{who} has no DPD, so nothing tells it that its peer lost the SAs", *dpd.evidence)], True
    if dpd.mode == "on-demand":
        text = f"{who} has DPD on demand only: it asks nothing while packets come in or while it has none to send"
        return [reason(text, *dpd.evidence)], True
    bare = [i for i in end.live_ike if is_without_dpd(i)]
    if bare and len(bare) == len(end.live_ike):
        text = f"{who} is configured for periodic DPD ({dpd.interval_s} s), and its IKE SA was made without"
        return [reason(text, *dpd.evidence, bare[0].evidence)], False
    does = "ends" if noticed else "should end"
    return [reason(f"{who} has periodic DPD ({dpd.interval_s} s), which {does} this by itself", *dpd.evidence)], False


def _ask_dpd(who: str, story: Story) -> WouldSettle:
    command = f"{story.sender}: show running-config" if story.sender else "on the peer: its DPD or keepalive settings"
    return WouldSettle(question=f"has {who} DPD, and is it periodic?", command=command)


def _ask_partner(partner: str, story: Story) -> WouldSettle:
    question = f"does {partner}, from which {story.receiver} took over, still hold the SAs?"
    return WouldSettle(question=question, command=f"{partner}: show crypto ipsec sa")


CAUSE = Cause(name="reset-not-detected", order=50, owner="sender", weigh=_weigh)
