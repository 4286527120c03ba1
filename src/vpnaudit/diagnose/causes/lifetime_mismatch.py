"""The receiver's SA ended by its own, shorter lifetime while the sender keeps its own longer.

**Signature.** The lifetimes differ, the receiver's is the shorter one, and the lines begin when it ran out. IKEv2 does
not negotiate lifetimes: each end ends its SAs by its own clock, and where the shorter end lets its pair die without a
rekey and cannot tell the other, the longer one sends on for the difference.

**Ruled out by.** Equal lifetimes; IKEv1 between Ciscos, where the lower one is used by both; lines that began long
before the receiver's own lifetime of that SA ended (unlikely only, where the sender's is not known).

**What to do.** The same lifetimes at both ends. Source: field guide 2.1, C11; RFC 7296 2.8.
"""

from __future__ import annotations

from datetime import timedelta

from vpnaudit.diagnose.log_reach import begin_is_seen
from vpnaudit.diagnose.of_story import (
    NOT_OF_TWO,
    both_devices,
    clocks_are_known,
    deleted_by_its_own,
    is_its_own,
    on_group_interface,
    slack,
)
from vpnaudit.diagnose.proofs import first_and_last, lifetimes_of, placed
from vpnaudit.diagnose.signs import span, stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.model.ledger import RECORDED, LedgerEntry
from vpnaudit.model.tunnel import Lifetime, LiveSa
from vpnaudit.settings import Settings

BEFORE_S = 120.0
AFTER_S = 300.0
LIVED_S = 60.0
"""An SA that lived its lifetime may end so much earlier (field guide 2.4)."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism not in {"stale-sa", "unexplained"} or is_its_own(story):
        return out("the SPI is not one that the sender kept longer than the receiver", *placed(story))
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    here, there = story.receiver_end, story.sender_end
    mine, theirs = (end.lifetime if end is not None else None for end in (here, there))
    if mine is None or theirs is None or mine.ipsec_s is None or theirs.ipsec_s is None:
        who = story.source or "the peer"
        question = f"are the IPsec lifetimes of {story.receiver} and {who} the same?"
        return _gone_before_its_time(story, fleet, mine) or still_open(question, _command(story))
    sa = story.sent_sa
    if theirs.ipsec_s <= mine.ipsec_s:
        word = "the same" if theirs.ipsec_s == mine.ipsec_s else "longer at the receiver"
        return out(
            f"the IPsec lifetime is {word}: {mine.ipsec_s} s and {theirs.ipsec_s} s", *mine.evidence, *theirs.evidence
        )
    if story.tunnel is not None and story.tunnel.ike == "v1" and not _kept_longer(sa, mine):
        text = "IKEv1 between two Ciscos negotiates the lower lifetime, and the SA honours it"
        return out(text, *lifetimes_of(here, there), *((sa.evidence,) if sa is not None else ()))
    return _by_time(story, fleet, mine, theirs, sa)


def _gone_before_its_time(story: Story, fleet: Fleet, mine: Lifetime | None) -> Weighing | None:
    """Lines of an SA whose own lifetime at the receiver was to end much later: whatever the sender's lifetime is.

    No proof: volume may end an SA before its time.
    """
    begin, own_s = story.begins, mine.ipsec_s if mine is not None else None
    for entry in _own_records(story, fleet):
        lives_until = (entry.ends_at or entry.gone_at) if entry.only_bounded else None
        if entry.how in RECORDED and entry.installed_at is not None and own_s is not None:
            lives_until = entry.installed_at + timedelta(seconds=own_s)
        if begin is None or lives_until is None:
            continue
        if begin < lives_until - timedelta(seconds=BEFORE_S + entry.uncertainty_s):
            text = f"the lines began at {stamp(begin)}, long before {entry.device}'s lifetime of that SA ended"
            return unlikely(f"{text} ({stamp(lives_until)})", *first_and_last(story)[:1], entry.evidence)
    return None


def _own_records(story: Story, fleet: Fleet) -> list[LedgerEntry]:
    """What the receiver's logs, traces and older tables say of the SAs that the story is about."""
    spis = sorted({e.spi for e in story.episodes})
    known = [x for spi in spis for x in fleet.ledger.find(spi, "receiver", device=story.receiver)]
    older = [x for e in story.episodes for x in e.events[0].found if x.how == "older table" and x.role == "receiver"]
    return [*older, *(x for x in known if not x.live)]


def _command(story: Story) -> str:
    if story.sender:
        return f"{story.sender}: show running-config"
    return "on the peer: its IPsec lifetimes (seconds and kilobytes)"


def _kept_longer(sa: LiveSa | None, mine: Lifetime) -> bool:
    """The sender's SA has more left than the receiver's whole lifetime: nothing was negotiated down."""
    return sa is not None and sa.remaining_s is not None and mine.ipsec_s is not None and sa.remaining_s > mine.ipsec_s


def _by_time(story: Story, fleet: Fleet, mine: Lifetime, theirs: Lifetime, sa: LiveSa | None) -> Weighing:
    """Whether the lines began when the receiver's lifetime ran out."""
    begin, shorter, longer = story.begins, mine.ipsec_s or 0, theirs.ipsec_s or 0
    facts = [
        reason(
            f"{story.receiver} keeps an IPsec SA {shorter} s, {story.sender or story.source} {longer} s",
            *mine.evidence,
            *theirs.evidence,
        )
    ]
    if sa is not None and sa.installed_at is not None and clocks_are_known(story, fleet):
        ran_out = sa.installed_at + timedelta(seconds=shorter)
        if begin is None:
            past = ran_out <= fleet.collected_at
            early = out("the receiver's lifetime has not run out yet", sa.evidence, *mine.evidence)
            return _fits(story, facts, "likely") if past else early
        bound = timedelta(seconds=slack(story, fleet) + sa.uncertainty_s)
        if ran_out - timedelta(seconds=BEFORE_S) - bound <= begin <= ran_out + timedelta(seconds=AFTER_S) + bound:
            text = f"the lines began at {stamp(begin)}, when {story.receiver}'s lifetime ran out ({stamp(ran_out)})"
            return _fits(story, [*facts, *deleted_by_its_own(story, fleet), reason(text, sa.evidence)], "proven")
        if begin > ran_out and not begin_is_seen(story, fleet):
            question = f"when did the lines begin? {story.receiver}'s log begins with them, after its lifetime ran out"
            return still_open(question, f"{story.receiver}: show logging, as a syslog server has it")
        return out(
            f"the lines began at {stamp(begin)}, not when {story.receiver}'s lifetime ran out ({stamp(ran_out)})",
            *first_and_last(story)[:1],
            sa.evidence,
            *mine.evidence[:1],
        )
    traced = _own_end(story, fleet, shorter)
    if traced is not None:
        return _fits(story, [*facts, traced], "proven")
    longest = max((e.duration_s for e in story.episodes), default=0.0)
    difference = longer - shorter
    if story.episodes and abs(longest - difference) <= max(120.0, difference * 0.1):
        text = f"the lines went on for {span(longest)}, about the difference of the lifetimes ({span(difference)})"
        return _fits(story, [*facts, reason(text)], "likely")
    if longest > difference + 120.0:
        return out(
            f"the lines went on for {span(longest)}, longer than the difference of {span(difference)}",
            *first_and_last(story),
        )
    return still_open(
        f"when did {story.source or 'the sender'} install the SA that it sends on?",
        f"{story.sender}: show crypto ipsec sa",
    )


def _own_end(story: Story, fleet: Fleet, shorter: int) -> Reason | None:
    """The receiver's own record (trace or log) of that SA: it lived its lifetime, and the lines began when it ended."""
    begin = story.begins
    found = [x for e in story.episodes for ev in e.events for x in ev.found]
    entries = [x for x in found if x.role == "receiver" and x.how in RECORDED]
    for entry in entries:
        if begin is None or entry.installed_at is None or entry.gone_at is None:
            continue
        lived = (entry.gone_at - entry.installed_at).total_seconds()
        late = (begin - entry.gone_at).total_seconds()
        if abs(lived - shorter) <= LIVED_S and -slack(story, fleet) - 5.0 <= late <= AFTER_S:
            text = f"{entry.device} had that SA for {span(lived)}, its own lifetime, and the lines began as it ended"
            return reason(text, entry.evidence)
    return None


def _fits(story: Story, because: list[Reason], confidence: Confidence) -> Weighing:
    return Weighing(
        verdict="fits",
        confidence=confidence,
        because=tuple(because),
        owner_devices=both_devices(story),
        title=f"{story.receiver} ends its SAs earlier than {story.sender or story.source}, which sends on",
    )


CAUSE = Cause(name="lifetime-mismatch", order=60, owner="both", weigh=_weigh)
