"""Nothing is wrong: packets met a rekey.

**Signature.** Only rekey races, each over in seconds, and no more SPIs than twice the rekeys that time and volume allow
(each rekey can show the old and the new one); or a single packet as the session ended.

**Ruled out by.** The same SPI again a minute later; more distinct SPIs than rekeys allow. Open while nothing tells when
the tunnel was rekeyed, or whether the receiver was reloaded just before an SPI that nobody knows, or the same SPI came
before it, where the log begins with that line; or what ended an SA early, and its IKE SA with it; or whose the other
lines of its source are, which several may share.

**What to do.** Nothing. Longer lifetimes make it rarer. Source: field guide C1, 3.3; Cisco 115801.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from vpnaudit.diagnose.log_reach import begin_is_seen, session_logging
from vpnaudit.diagnose.of_story import dated_sas, no_race, receiver_of, rekey_budget
from vpnaudit.diagnose.outages import sessions
from vpnaudit.diagnose.path_outages import BACK_S, changes, one_within
from vpnaudit.diagnose.proofs import first_and_last, first_lines, lifetimes_of
from vpnaudit.diagnose.session_ages import life_s, lived_their_life
from vpnaudit.diagnose.signs import EARLIEST, span
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import Device
from vpnaudit.model.event import Confidence, Event
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import CONFIDENCES, Cause, Story, Weighing
from vpnaudit.model.ledger import LedgerEntry
from vpnaudit.model.printable import counted
from vpnaudit.settings import Settings

OVER_S = 60.0
COLLISION_S, EARLY_SHARE = 5.0, 0.5
LEAST_SESSIONS = 2
"""So many sessions that are set up again at once tell of a habit."""
ENDED_S = 5.0
"""A late packet of a session that ended comes within this (as the mechanism has it)."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism != "rekey-race":
        return no_race(story)
    if any(e.duration_s > OVER_S for e in story.episodes):
        return out("the same SPI came again a minute later", *first_and_last(story))
    doubt = _of_their_number(story, fleet) or _of_what_ended(story, fleet)
    if doubt is not None:
        return doubt
    spis, budget, period = _spis(story), _budget(story, fleet), _period(story, fleet)
    events, device = [ev for e in story.episodes for ev in e.events], receiver_of(story, fleet)
    worst: Confidence = max((ev.confidence for ev in events), key=CONFIDENCES.index)
    allowed = f"; rekeys every {span(period)} allow up to {budget:.0f}" if period and budget else ""
    closed = all(not ev.found and _shown(ev, device) for ev in events)
    what = "as the session ended" if closed else f"next to a rekey{allowed}"
    who = story.sender or story.source
    shown = f"{counted(len(spis), 'SPI')}," + (" each" if len(spis) > 1 else "")
    return Weighing(
        verdict="fits",
        confidence=worst,
        because=(
            reason(f"{shown} over at once, {what}", *events[0].evidence),
            *(reason(ev.because, *(_shown(ev, device) or dated_sas(story))) for ev in events[:3]),
        ),
        title=f"packets of {who} {'came late, as its session ended' if closed else 'met a rekey'}: normal",
    )


def _spis(story: Story) -> set[int]:
    return {e.spi for e in story.episodes}


def _period(story: Story, fleet: Fleet) -> float | None:
    if story.tunnel is not None:
        return story.tunnel.period_of_lines_s
    logged = fleet.rekeyed_with(story.receiver, story.source)
    return logged.period_s if logged is not None else None


def _length_s(story: Story) -> float:
    """From its first line to its last."""
    times = [e.first_at for e in story.episodes if e.first_at]
    return (max(times) - min(times)).total_seconds() if times else 0.0


def _budget(story: Story, fleet: Fleet) -> float | None:
    period = _period(story, fleet)
    return rekey_budget(period, _length_s(story)) if period else None


def _of_their_number(story: Story, fleet: Fleet) -> Weighing | None:
    """More SPIs than rekeys can show."""
    spis, budget, length = _spis(story), _budget(story, fleet), _length_s(story)
    if budget is not None and len(spis) > budget + 1:
        paced = lifetimes_of(*story.tunnel.ends) if story.tunnel else ()
        text = (
            f"{len(spis)} SPIs in {span(length)} are more than rekeys every {span(_period(story, fleet) or 0)} can show"
        )
        return out(text, *first_lines(story), *paced)
    if budget is None and len(spis) > 2:
        return still_open(
            f"do lifetimes and traffic allow {len(spis)} SPIs in {span(length)}?",
            f"{story.receiver}: show crypto ipsec sa, twice 10 minutes apart; show running-config",
        )
    loose = fleet.of_no_tunnel.get((story.receiver, story.source), frozenset()) if story.tunnel else frozenset()
    if budget is not None and len(spis) + len(loose) > budget + 1:
        return still_open(
            f"whose are the other {len(loose)} SPIs from {story.source}, which are no tunnel's that is known?",
            f"the devices behind {story.source}: show crypto ipsec sa; show monitor event-trace crypto ipsec event all",
        )
    return None


def _of_what_ended(story: Story, fleet: Fleet) -> Weighing | None:
    """What may have ended the SA, but for a rekey."""
    events = [ev for e in story.episodes for ev in e.events]
    device = receiver_of(story, fleet)
    if device.booted_at is None and not any(ev.found for ev in events):
        # What a reload leaves is an SPI that nobody knows next to a new SA, too.
        return still_open(f"was {device.name} reloaded just before?", f"{device.name}: show version")
    if len(story.episodes) == 1 and not events[0].found and not begin_is_seen(story, fleet):
        question = f"did the same SPI come before? {device.name}'s log begins with that line"
        return still_open(question, f"{device.name}: show logging, as a syslog server has it")
    anew = _set_up_anew_each_time(story, device)
    if anew is not None:
        return anew
    torn = _torn_down(story, events, _period(story, fleet))
    if torn is not None:
        lived = span(((torn.gone_at or EARLIEST) - (torn.installed_at or EARLIEST)).total_seconds())
        question = f"what ended 0x{torn.spi:08X} after {lived}, long before its time, and the IKE SA that made it?"
        return still_open(question, f"{device.name}: {session_logging(device, story)}")
    return None


def _set_up_anew_each_time(story: Story, device: Device) -> Weighing | None:
    """Sessions that ended as old as their SAs, with traffic that set up others at once: no rekey was made."""
    life, changed = life_s(story.receiver_end, story.sender_end), sessions(device, story.source)
    if life is None or not lived_their_life(changed, life):
        return None
    downs, ups = changes(device, story.source)
    back = timedelta(seconds=BACK_S)
    again = [down for down in downs if one_within(ups, down, down + back)]
    if len(again) < LEAST_SESSIONS or 2 * len(again) < len(downs):
        return None
    who = story.sender or story.source
    question = (
        f"why was none of these SAs rekeyed? {len(again)} sessions ended as old as their SAs, and others were set up "
        "at once: do both ends ask for the same PFS?"
    )
    return still_open(question, f"{story.receiver}, {who}: show running-config; show logging")


def _torn_down(story: Story, events: Sequence[Event], period_s: float | None) -> LedgerEntry | None:
    """An SA that the receiver's record has from begin to end, and that no rekey replaced.

    It ended long before one was due, and the IKE SA that it was made over is gone too; of two that a collision makes
    one lives for less than a second (field guide 2.3).
    """
    end = story.receiver_end
    ages = [i.established_at for i in end.live_ike if i.established_at is not None] if end is not None else []
    if period_s is None or not ages or (story.tunnel is not None and story.tunnel.rekey_by_volume):
        return None
    for entry in (x for e in events for x in e.found if x.role == "receiver" and not x.live):
        if entry.installed_at is None or entry.gone_at is None:
            continue
        lived_s = (entry.gone_at - entry.installed_at).total_seconds()
        if COLLISION_S < lived_s < EARLY_SHARE * period_s and min(ages) > entry.gone_at:
            return entry
    return None


def _shown(event: Event, device: Device) -> tuple[Evidence, ...]:
    """The SA's lines, or that of the session's end."""
    if event.found or event.at is None:
        return tuple(x.evidence for x in event.found)
    ended = [s for state, s in sessions(device, event.source) if state == "down" and s.at is not None]
    near = [
        s for s in ended if s.at is not None and abs((event.at - s.at).total_seconds()) <= ENDED_S + s.uncertainty_s
    ]
    return near[-1].evidence if near else ()


CAUSE = Cause(name="normal-rekey", order=150, owner="nobody", weigh=_weigh)
