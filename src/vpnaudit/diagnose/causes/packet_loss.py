"""The path was gone long enough for an end to give up its peer.

**Signature.** Every episode has an outage (line protocol, session down, DPD or IKE given up) within two minutes before
it. What counts is the longest outage, not the average loss: random loss of 0.1 to 0.3 % can cause a line every few days
at most.

**Ruled out by.** More lines than the loss can cause, IKE SAs older than the lines at both ends, no outage near.

**What to do.** Find the outages on the path; DPD slower than them on lossy links. Source: field guide 6, 11.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vpnaudit.diagnose.signs import (
    Sign,
    Window,
    begins,
    logs_sessions_since,
    memory_failures,
    outages,
    receiver_end,
    receiver_of,
    sender_end,
    sender_of,
    stamp,
    state_losses,
)
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing
from vpnaudit.settings import Settings

LATE_S = 5.0
PATIENCE_S = 600.0
"""Longer than DPD is patient. Without a line that went down, and with lines for longer than that, a session's end or an
IKE message that nobody answered fits a lifetime that ran out and a lost DELETE as well as an outage."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("a lost packet does not make an SPI that nobody has")
    here = receiver_of(story, fleet)
    begin = begins(story)
    if begin is None:
        logged_by = here.words.sessions_logged_by
        return still_open("was there an outage before it began?", f"{logged_by}, and the path's own records")
    survived = _ike_survived(story)
    if survived is not None:
        return survived
    signs = outages(here, receiver_end(story), story.source)
    there = sender_of(story, fleet)
    if there is not None:
        end = receiver_end(story)
        signs += outages(there, sender_end(story), end.seen if end else None)
    signs = _without_other_reasons(signs, [d for d in (here, there) if d is not None], settings)
    before = {e.id: _before(e.first_at, signs, settings) for e in story.episodes if e.first_at}
    if all(before.values()):
        evidence = list({s.text + str(s.at): s for found in before.values() for s in found}.values())
        return Weighing(
            verdict="fits",
            confidence="likely",
            because=tuple(reason(f"{s.text} at {stamp(s.at)}", *s.evidence) for s in evidence[:6] if s.at),
            owner_devices=(),
            title=f"outages between {story.receiver} and {story.sender or story.source} preceded every episode",
            unless_open=("lifetime-mismatch", "delete-lost") if _outlasts_a_session_end(story, evidence) else (),
        )
    if any(before.values()):
        with_one = sum(1 for found in before.values() if found)
        return out(f"only {with_one} of {len(before)} episodes had an outage within two minutes before them")
    if story.mechanism == "rekey-race":
        return out("each line stands next to a rekey, which needs no loss to show one, and no outage was logged near")
    if logs_sessions_since(here, begin):
        return out(f"{here.name}'s log has no line, session or IKE failure within two minutes before the lines")
    words = here.words
    return still_open(
        "was there an outage of the path before it began, and how long was the longest?",
        f"{here.name}: {words.sessions_logged_by}; {words.interfaces_shown_by}; the path's own measurements",
    )


def _outlasts_a_session_end(story: Story, signs: list[Sign]) -> bool:
    """No line that went down, and a sender that went on for longer than DPD lets it."""
    return not any(s.is_line for s in signs) and max(e.duration_s for e in story.episodes) > PATIENCE_S


def _without_other_reasons(signs: list[Sign], devices: list[Device], settings: Settings) -> list[Sign]:
    """A session also goes down for a restart, a clear or want of memory: then it tells of no outage."""
    margin = timedelta(seconds=settings.thresholds.outage_before_s)
    reasons = [r for d in devices for r in (*state_losses(d), *memory_failures(d)) if r.at is not None]
    windows = [Window(low=r.at - margin, high=r.at + margin) for r in reasons if r.at is not None]
    return [s for s in signs if not (s.is_session and any(w.has(s) for w in windows))]


def _ike_survived(story: Story) -> Weighing | None:
    """IKE SAs older than the lines at both ends: an outage that cost SAs through DPD would have ended them."""
    begin = begins(story)
    ends = [e for e in (receiver_end(story), sender_end(story)) if e is not None and e.device is not None]
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


def _before(at: datetime, signs: list[Sign], settings: Settings) -> list[Sign]:
    window = Window(
        low=at - timedelta(seconds=settings.thresholds.outage_before_s), high=at + timedelta(seconds=LATE_S)
    )
    return [s for s in signs if window.has(s)]


CAUSE = Cause(name="packet-loss", order=80, owner="path", weigh=_weigh)
