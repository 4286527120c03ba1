"""The tunnel goes down and up several times an hour; each new set-up leaves a line.

**Signature.** At least three session set-ups within an hour, and the lines stand next to them. A new negotiation shows
more unknown SPIs than a rekey does (measured, field guide 11).

**Ruled out by.** SAs and sessions that live their lifetime.

**What to do.** Find why it flaps: the path, DPD too eager, a peer that restarts. Source: field guide C9, 3.3.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vpnaudit.diagnose.signs import (
    Sign,
    logs_sessions_since,
    receiver_end,
    receiver_of,
    sender_end,
    sender_of,
    sessions,
)
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing
from vpnaudit.settings import Settings

NEXT_TO_S = 120.0


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("no session with this source")
    device, other = receiver_of(story, fleet), sender_of(story, fleet)
    here, there = receiver_end(story), sender_end(story)
    changes = sessions(device, story.source)
    if other is not None and here is not None:
        changes += sessions(other, here.seen)
    ups = sorted((s for state, s in changes if state == "up" and s.at), key=lambda s: s.at or datetime.min)  # noqa: DTZ901
    most = _most_in_an_hour(ups)
    times = [e.first_at for e in story.episodes if e.first_at]
    near = [t for t in times if any(_near(t, s) for _, s in changes)]
    if most >= settings.thresholds.flap_setups_an_hour and near and 2 * len(near) >= len(times):
        text = f"{most} set-ups within an hour; {len(near)} of {len(times)} episodes stand next to one"
        return Weighing(
            verdict="fits",
            confidence="likely",
            because=(reason(text, *(e for s in ups[:3] for e in s.evidence)),),
            owner_devices=tuple(sorted(d for d in (story.receiver, story.sender) if d)),
            title=f"the tunnel between {story.receiver} and {story.sender or story.source} flaps",
        )
    if changes:
        return out(f"at most {most} set-ups within an hour")
    uptimes = [e.session_uptime_s for e in (here, there) if e is not None and e.session_uptime_s is not None]
    if uptimes and times and all(fleet.collected_at - timedelta(seconds=u) < min(times) for u in uptimes):
        return out("the session is up since before the lines began")
    if uptimes or (here is not None and here.live_ike and any(i.established_at for i in here.live_ike)):
        return out("no session change in the log, and the session stands")
    if times and logs_sessions_since(device, min(times)):
        return out(f"{device.name} logs the changes of sessions, and logged none")
    words = device.words
    return still_open(
        "does the tunnel go down and up?",
        f"{device.name}: {words.sessions_shown_by}; configure {words.sessions_logged_by}",
    )


def _near(at: datetime, sign: Sign) -> bool:
    return sign.at is not None and abs((at - sign.at).total_seconds()) <= NEXT_TO_S


def _most_in_an_hour(signs: list[Sign]) -> int:
    times = [s.at for s in signs if s.at]
    most, start = 0, 0
    for index, at in enumerate(times):
        while at - times[start] > timedelta(hours=1):
            start += 1
        most = max(most, index - start + 1)
    return most


CAUSE = Cause(name="tunnel-flap", order=110, owner="both", weigh=_weigh)
