"""The tunnel goes down and up several times an hour; each new set-up leaves a line.

**Signature.** At least three session set-ups within an hour, and the lines stand next to them. A new negotiation shows
more unknown SPIs than a rekey does (measured, field guide 11).

**Ruled out by.** SAs and sessions that live their lifetime.

**What to do.** Find why it flaps: the path, DPD too eager, a peer that restarts; an event manager applet that clears
sessions at every such line, which configuration and log tell, and which then is what has to go. Source: field guide
C9, 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from vpnaudit.diagnose.applets import applet_runs, clearing_applets, run_times
from vpnaudit.diagnose.log_reach import log_reaches, logs_sessions_since, session_logging
from vpnaudit.diagnose.of_story import NOT_OF_TWO, both_devices, on_group_interface, receiver_of, sender_of
from vpnaudit.diagnose.outages import sessions, why_sessions_ended
from vpnaudit.diagnose.path_outages import one_within
from vpnaudit.diagnose.proofs import ike_of, logs, placed
from vpnaudit.diagnose.session_ages import ONE_SETUP_S, life_s, lived_their_life
from vpnaudit.diagnose.signs import Sign, most_in_an_hour, span
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.addresses import address_in, normal
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.model.printable import counted
from vpnaudit.settings import Settings

NEXT_TO_S = 120.0
APPLET_S = 5.0
"""An applet that a line starts has ended the session by then."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("no session with this source", *placed(story))
    if on_group_interface(story, fleet):
        return out(NOT_OF_TWO, *placed(story))
    device, other = receiver_of(story, fleet), sender_of(story, fleet)
    here, there = story.receiver_end, story.sender_end
    logged = [sessions(device, story.source)]
    if other is not None and here is not None:
        logged.append(sessions(other, here.seen))
    changes = [change for mine in logged for change in mine]
    ups = _each_once(s for state, s in changes if state == "up" and s.at)
    most = most_in_an_hour([s.at for s in ups if s.at])
    times = [e.first_at for e in story.episodes if e.first_at]
    changed_at = sorted(s.at for _, s in changes if s.at is not None)
    near = [t for t in times if _is_near(t, changed_at)]
    if most >= settings.thresholds.flap_setups_an_hour and near and 2 * len(near) >= len(times):
        life = life_s(here, there)
        if life is not None and any(lived_their_life(mine, life) for mine in logged):
            text = f"the sessions ended as their SAs' lifetime of {span(life)} did, and nothing set up new ones before"
            return out(text, *(line for _, sign in changes[:4] for line in sign.evidence))
        text = f"{most} set-ups within an hour; {len(near)} of {len(times)} episodes stand next to one"
        return _fits(story, device, reason(text, *(e for s in ups[:3] for e in s.evidence)))
    if changes:
        return _too_few(device, changes, times, most)
    return _no_change_logged(story, fleet, times)


def _fits(story: Story, device: Device, flaps: Reason) -> Weighing:
    applet, why = _applet_that_ends_it(device, story.source)
    title = f"the tunnel between {story.receiver} and {story.sender or story.source} flaps"
    ended_by = f": applet {applet} of {device.name} ends its session at every such line" if applet else ""
    return Weighing(
        verdict="fits",
        confidence="likely",
        because=(flaps, *why, *_reasons_given(device, story.source)),
        owner_devices=both_devices(story),
        title=f"{title}{ended_by}",
        parameters={"applet": applet, "applet_of": device.name} if applet else {},
    )


def _no_change_logged(story: Story, fleet: Fleet, times: Sequence[datetime]) -> Weighing:
    """What the session's age says, and whether a change would have been logged."""
    device, here, there = receiver_of(story, fleet), story.receiver_end, story.sender_end
    uptimes = [e.session_uptime_s for e in (here, there) if e is not None and e.session_uptime_s is not None]
    if uptimes and times and all(fleet.collected_at - timedelta(seconds=u) < min(times) for u in uptimes):
        return out("the session is up since before the lines began", *_session_lines(story, fleet))
    if uptimes or (here is not None and here.live_ike and any(i.established_at for i in here.live_ike)):
        return unlikely("no change of this session in the log, and it stands", *ike_of(here, there), *logs(device))
    if times and logs_sessions_since(device, min(times), story):
        return out(f"{device.name} logs the changes of sessions, and none of this one", *logs(device))
    return still_open(
        "does the tunnel go down and up?",
        f"{device.name}: {device.words.sessions_shown_by}; {session_logging(device, story)}",
    )


def _applet_that_ends_it(device: Device, peer: str | None) -> tuple[str | None, tuple[Reason, ...]]:
    """The applet that ends the receiver's sessions with the peer in answer to lines like these, and what shows it.

    At least half of the sessions end as it runs, by the lines that it logs; where it logs none, right behind such a
    line.
    """
    wanted = address_in(peer) if peer is not None else None
    answering = [c for c in clearing_applets(device) if c.answers_lines and c.peers & {None, wanted}]
    downs = sorted(s.at for state, s in sessions(device, peer) if state == "down" and s.at) if answering else []
    for clearing in answering:
        name = clearing.applet.name
        runs = run_times(device).get(name)
        ran_at = runs or device.once(_event_times)
        early, late = timedelta(seconds=APPLET_S), timedelta(seconds=APPLET_S if runs else 0.0)
        ended = [at for at in downs if one_within(ran_at, at - early, at + late)]
        if ended and 2 * len(ended) >= len(downs):
            text = (
                f"{device.name} ends its sessions itself: every line with an invalid SPI starts its {clearing.words}, "
                f"and {len(ended)} of {counted(len(downs), 'end')} of this session go with it"
            )
            said = next((s.evidence[:1] for s in applet_runs(device) if s.applet == name), ())
            return name, (reason(text, *clearing.evidence, *said),)
    return None, ()


def _event_times(device: Device) -> list[datetime]:
    """When lines with an invalid SPI were logged, in order."""
    return sorted(at for _, m in device.messages_once if m.is_invalid_spi and (at := device.logged_at(m)) is not None)


def _reasons_given(device: Device, peer: str | None) -> list[Reason]:
    """What the receiver's own messages say of why sessions with the peer ended: the most frequent first."""
    found: dict[str, list[Sign]] = {}
    for why, sign in why_sessions_ended(device, peer):
        found.setdefault(why, []).append(sign)
    often = sorted(found.items(), key=lambda of: (-len(of[1]), of[0]))
    return [
        reason(
            f"{device.name} gives for {counted(len(signs), 'end')} of a session the reason `{why}`", *signs[-1].evidence
        )
        for why, signs in often[:2]
    ]


def _too_few(device: Device, changes: Sequence[tuple[str, Sign]], times: Sequence[datetime], most: int) -> Weighing:
    """Fewer set-ups than a flap has, in as much of the hour before the lines as the log still has."""
    if times and not log_reaches(device, min(times) - timedelta(hours=1)):
        question = f"how often does the tunnel go down and up? {device.name}'s log reaches back too short a time"
        return still_open(question, f"{device.name}: show logging, as a syslog server has it")
    text = f"at most {counted(most, 'set-up')} within an hour" if most else "the log has no set-up of this session"
    return out(text, *(line for _, s in changes[:4] for line in s.evidence))


def _session_lines(story: Story, fleet: Fleet) -> tuple[Evidence, ...]:
    """The sessions of both ends with each other, as each shows its own."""
    here = story.receiver_end
    sides = ((receiver_of(story, fleet), story.source), (sender_of(story, fleet), here.seen if here else None))
    return tuple(
        device.cite(capture, session.line)
        for device, peer in sides
        if device is not None
        for capture, session in device.sessions
        if peer is not None and normal(peer) in map(normal, session.peers) and session.uptime_s is not None
    )


def _each_once(ups: Iterable[Sign]) -> list[Sign]:
    """In order of time; what both ends log of one set-up is one."""
    found: list[Sign] = []
    dated = sorted(((sign.at, sign) for sign in ups if sign.at is not None), key=lambda pair: pair[0])
    for at, sign in dated:
        before = found[-1].at if found else None
        if before is None or at - before > timedelta(seconds=ONE_SETUP_S):
            found.append(sign)
    return found


def _is_near(at: datetime, times: Sequence[datetime]) -> bool:
    """Whether one of the times, which are in order, lies next to `at`."""
    return one_within(times, at - timedelta(seconds=NEXT_TO_S), at + timedelta(seconds=NEXT_TO_S))


CAUSE = Cause(name="tunnel-flap", order=110, owner="both", weigh=_weigh)
