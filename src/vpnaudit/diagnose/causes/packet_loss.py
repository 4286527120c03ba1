"""The path was gone long enough for an end to give up its peer.

**Signature.** Every episode has an outage (line protocol, session down, DPD or IKE given up, no answer to an IP SLA
probe of the path) within two minutes before it, or one that ended then; or the receiver's session with the source had
ended together with others, and none was set up since. What counts is the longest outage, not the average loss: random
loss of 0.1 to 0.3 % can cause a line every few days at most.

**Ruled out by.** More lines than the loss can cause, IKE SAs older than the lines at both ends, an IKE SA older than
the session's end that would tell of an outage, a session that lasted just as long as its SA may, no outage near;
sessions that both ends end in the same second and set up again within ten (something ends them). Open where nothing
but sessions ended, at ends without DPD, and the lines went on for long.

**What to do.** Find the outages on the path; DPD slower than them on lossy links. Source: field guide 6, 11.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vpnaudit.diagnose.log_reach import begin_is_seen, logs_sessions_since, session_logging
from vpnaudit.diagnose.losses import state_losses
from vpnaudit.diagnose.of_story import NOT_OF_TWO, clocks_are_known, on_group_interface, receiver_of, sender_of, slack
from vpnaudit.diagnose.path_outages import (
    BACK_S,
    LATE_S,
    PathOutages,
    changes,
    just_before,
    one_within,
    path_outages,
    still_down,
)
from vpnaudit.diagnose.proofs import first_lines, logs, placed
from vpnaudit.diagnose.signs import InOrder, Sign, Window, stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.addresses import address_in
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing
from vpnaudit.model.printable import counted
from vpnaudit.settings import Settings

SAME_END_S = 2.0
"""Within this both ends log an end that one told the other: stamps of whole seconds, and the way."""
CLOCKS_S = 5.0
"""Clocks known worse than this hide the phases of both ends' DPD (10 s at the shortest in use)."""
PATIENCE_S = 600.0
"""Longer than DPD is patient. Without a line that went down, and with lines for longer than that, a session's end or an
IKE message that nobody answered fits a lifetime that ran out and a lost DELETE as well as an outage."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("a lost packet does not make an SPI that nobody has", *placed(story))
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    here = receiver_of(story, fleet)
    begin = story.begins
    if begin is None:
        logged_by = session_logging(here, story)
        return still_open("was there an outage before it began?", f"{here.name}: {logged_by}; the path's own records")
    survived = _ike_survived(story) if clocks_are_known(story, fleet) else None
    if survived is not None:
        return survived
    found = path_outages(story, fleet, settings)
    before = found.before
    ended = _ended_each_time(story, fleet, found.seen, settings)
    if all(before.values()):
        evidence = list({s.text + str(s.at): s for signs in before.values() for s in signs}.values())
        told_otherwise = _torn_down(story, fleet, evidence) or _without_dpd(story, evidence)
        return told_otherwise or _came_to_the_last(story, evidence) or _fits(story, evidence)
    if ended is not None and not any(before.values()):
        return ended
    if any(before.values()) and logs_sessions_since(here, begin, story):
        with_one = sum(1 for signs in before.values() if signs)
        without = [e for episode in story.episodes if not before.get(episode.id) for e in episode.events[0].evidence]
        text = f"only {with_one} of {len(before)} episodes had an outage within two minutes before them"
        return out(text, *without[:2], *logs(here))
    return _none_near(story, fleet, begin, found)


def _none_near(story: Story, fleet: Fleet, begin: datetime, found: PathOutages) -> Weighing:
    """Whether an outage near the lines would have been logged."""
    here = receiver_of(story, fleet)
    if story.mechanism == "rekey-race" and begin_is_seen(story, fleet):
        text = "each line stands next to a rekey, which needs no loss to show one, and no outage was logged near"
        return out(text, *placed(story), *logs(here))
    # However long before: a sender whose path is gone is not heard until it is back.
    down = next((s.at for s in still_down(begin, found.own_ends, here, story)), None)
    if down is not None:
        return still_open(
            f"was the path gone when the session ended at {stamp(down)}? None was set up from then until the lines",
            f"{story.sender or 'the peer'}: show logging; the path's own measurements",
        )
    if logs_sessions_since(here, begin, story):
        text = f"{here.name}'s log has no failure of this path, session or IKE within two minutes before the lines"
        return out(text, *first_lines(story)[:1], *logs(here))
    shown = f"{here.words.interfaces_shown_by}; " if not here.interfaces else ""
    return still_open(
        "was there an outage of the path before it began, and how long was the longest?",
        f"{here.name}: {shown}{session_logging(here, story)}; the path's own measurements",
    )


def _fits(story: Story, signs: list[Sign]) -> Weighing:
    return Weighing(
        verdict="fits",
        confidence="likely",
        because=tuple(reason(_when(s, s.at), *s.evidence) for s in signs[:6] if s.at),
        owner_devices=(),
        title=_title(story, signs),
        unless_open=("lifetime-mismatch", "delete-lost") if _outlasts_a_session_end(story, signs) else (),
    )


def _when(sign: Sign, at: datetime) -> str:
    return f"{sign.text} at {stamp(at)}" + (f", and was back at {stamp(sign.until)}" if sign.until is not None else "")


def _title(story: Story, signs: list[Sign]) -> str:
    """What was seen: that an outage is what ended a session is a conclusion."""
    ends = f"between {story.receiver} and {story.sender or story.source}"
    if all(s.is_session for s in signs):
        return f"the session {ends} went down before every episode"
    return f"outages {ends} preceded every episode"


def _torn_down(story: Story, fleet: Fleet, signs: list[Sign]) -> Weighing | None:
    """Sessions that are ended and stand again within seconds each time: the path was there.

    After an outage the new session waits for the path, and so not for seconds each time. Where both ends log the end in
    one second, a DELETE got through; ends that each give up by DPD do so in phases of their own.
    """
    here, there = receiver_of(story, fleet), sender_of(story, fleet)
    if not all(s.is_session for s in signs):
        return None
    end = story.receiver_end
    logged = [changes(here, story.source)]
    logged += [changes(there, end.seen if end is not None else None)] if there is not None else []
    logged.sort(key=lambda changes: len(changes[0]), reverse=True)
    downs, ups = logged[0]
    returned = all(one_within(ups, down, down + timedelta(seconds=BACK_S)) for down in downs)
    if not downs or not returned:
        return None
    theirs = logged[-1][0] if len(logged) > 1 else []
    bound = timedelta(seconds=SAME_END_S + slack(story, fleet))
    comparable = slack(story, fleet) <= CLOCKS_S
    if theirs and comparable and all(one_within(theirs, one - bound, one + bound) for one in downs):
        text = f"both ends ended the session in the same second and set it up again within {BACK_S:.0f} s"
        return out(f"{text}, {len(downs)} times: an outage leaves each end to its own DPD", *signs[0].evidence[:1])
    return still_open(
        "was the path gone each time the session went down, or did something end the session?",
        f"both ends ({story.receiver}, {story.sender or 'the peer'}): show logging; the path's own measurements",
    )


def _without_dpd(story: Story, signs: list[Sign]) -> Weighing | None:
    """Sessions that ended at ends without DPD, before a sender that went on for longer than any has patience.

    Nothing there gives a peer up for want of an answer, but for an IKE message of its own that nobody answers, as at a
    rekey in an outage (measured, field guide 11): an outage ends such a session, and so does anything else.
    """
    ends = [e for e in (story.receiver_end, story.sender_end) if e is not None]
    deaf = {e.device for e in ends if e.dpd is not None and e.dpd.mode == "off"}
    logged_by = {line.device for s in signs for line in s.evidence[:1]}
    if not all(s.is_session for s in signs) or not logged_by or not logged_by <= deaf:
        return None
    if not _outlasts_a_session_end(story, signs):
        return None
    who, at = " and ".join(sorted(logged_by)), signs[0].at
    when = f" at {stamp(at)}" if at is not None else ""
    return still_open(
        f"was the path gone when the session ended{when}? {who} has no DPD that would end one in an outage",
        f"{who}: show logging, as a syslog server has it; the path's own measurements",
    )


def _came_to_the_last(story: Story, signs: list[Sign]) -> Weighing | None:
    """Single packets that came as the session ended: what gives its peer up has heard nothing of it for a while."""
    ends = sorted(s.at for s in signs if s.is_session and s.at is not None)
    times = [e.first_at for e in story.episodes if e.first_at]
    moment = timedelta(seconds=LATE_S)
    if story.mechanism != "rekey-race" or len(ends) < len(signs):
        return None
    if not all(one_within(ends, at - moment, at) for at in times):
        return None
    return still_open(
        f"did an outage end the session with {story.source}, or one of its ends?",
        f"both ends ({story.receiver}, {story.sender or 'the peer'}): show logging; the path's own measurements",
    )


def _outlasts_a_session_end(story: Story, signs: list[Sign]) -> bool:
    """No line that went down, no probe without an answer, and a sender that went on for longer than DPD lets it."""
    return not any(s.is_line or s.is_probe for s in signs) and max(e.duration_s for e in story.episodes) > PATIENCE_S


def _clears(device: Device) -> InOrder:
    return InOrder([s for s in state_losses(device) if s.is_clear])


def _ended_each_time(story: Story, fleet: Fleet, signs: list[Sign], settings: Settings) -> Weighing | None:
    """Sessions of which each end before an episode goes with a clear of theirs: no outage ended them."""
    sessions_ended = InOrder([s for s in signs if s.is_session])
    before = [just_before(e.first_at, sessions_ended, settings) for e in story.episodes if e.first_at]
    ends = {s.at for found in before for s in found if s.at is not None}
    if not ends or not all(before):
        return None
    seen = [e.seen for e in story.tunnel.ends] if story.tunnel is not None else []
    peers = {None, *(address_in(peer) for peer in (story.source, *seen) if peer)}
    devices = [d for d in (receiver_of(story, fleet), sender_of(story, fleet)) if d is not None]
    moment = timedelta(seconds=LATE_S)
    near = [Window(low=at - moment, high=at + moment) for at in sorted(ends)]
    made = [[s for d in devices for s in d.once(_clears).within(w) if s.peer in peers] for w in near]
    if not all(made):
        return None
    times = counted(len({found[0].at for found in made}), "time")
    text = f"the session went down each time as it was cleared ({times}): {made[0][0].text}"
    return out(text, *made[0][0].evidence)


def _ike_survived(story: Story) -> Weighing | None:
    """IKE SAs older than the lines at both ends: an outage that cost SAs through DPD would have ended them."""
    begin = story.begins
    ends = [e for e in (story.receiver_end, story.sender_end) if e is not None and e.device is not None]
    if len(ends) < 2 or begin is None:
        return None
    margin = timedelta(seconds=120)
    old = [i for e in ends for i in e.live_ike[:1] if i.established_at and i.established_at < begin - margin]
    if len(old) < len(ends):
        return None
    return out(
        "the IKE SAs of both ends are older than the lines: no outage was long enough for an end to give up its peer",
        *(i.evidence for i in old),
    )


CAUSE = Cause(name="packet-loss", order=80, owner="path", weigh=_weigh)
