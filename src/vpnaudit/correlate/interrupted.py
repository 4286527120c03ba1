"""What came between a receiver and its SAs as a line was logged: a restart, a takeover, the end of its session."""

from __future__ import annotations

from datetime import datetime, timedelta

from vpnaudit.correlate.case import KEPT_S, LATE_S, USABLE_CLOCK_S, Case, Placement, between
from vpnaudit.correlate.rekeys import session_ends, session_starts
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import Device
from vpnaudit.model.takeovers import active_since, took_over

RESTARTED_S = 300.0
"""A single line so close after a restart of its receiver may be for an SA from before it."""


def with_its_session(case: Case) -> Placement | None:
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


def session_kept(case: Case) -> Placement | None:
    """The receiver's session with the source had ended, and the sender's went on: with it all that it sent on."""
    event = case.event
    if event.at is None or case.live:
        return None
    device, source = case.around.devices[event.device], normal(event.source or "")
    ended = device.once(session_ends).get(source, [])
    changes = [*ended, *device.once(session_starts).get(source, [])]
    last = max((at for at, within_s in changes if at <= event.at + timedelta(seconds=within_s)), default=None)
    if last is None or all(at != last for at, _ in ended):
        return None
    kept_s = _kept_session_s(case, last) if event.at - last <= timedelta(seconds=LATE_S) else None
    if kept_s is None or case.sender is None:
        return None
    why = (
        f"{case.sender.device}'s session with {event.device} ended {kept_s:.0f} s after the event, when that of "
        f"{event.device} was over: more than a late packet"
    )
    return ("stale-sa", "likely", why, ())


def _kept_session_s(case: Case, since: datetime) -> float | None:
    """For how long after the event the sender kept the session that the receiver ended at `since`; null: not longer.

    By the sender's own log: its next end, where it had not begun another session by the event. One that ended before
    the event, or as it came, is the one that goes with the receiver's.
    """
    here, there, at = case.receiver, case.sender, case.event.at
    device = case.around.devices.get(there.device or "") if there is not None else None
    if here is None or device is None or at is None:
        return None
    bound = between(case, device.name) + case.event.uncertainty_s
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


def just_restarted(case: Case) -> bool:
    """Whether the receiver came up shortly before the event: its SAs from before are gone, and senders go on."""
    device = case.around.devices[case.event.device]
    if device.booted_at is None or case.event.at is None:
        return False
    since_s = (case.event.at - device.booted_at).total_seconds()
    return -device.boot_uncertainty_s <= since_s <= RESTARTED_S + device.boot_uncertainty_s


def just_took_over(case: Case) -> bool:
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
    """When a device became the active one of a pair, by its log or by its word where its partner's SAs stay behind."""
    found = [device.logged_at(m) for _, m in device.other_messages if took_over(m)]
    if device.failover is not None and not device.failover[1].keeps_sas:
        since = active_since(device.failover[1])
        found.append(device.on_common_clock(since) if since is not None else None)
    return [at for at in found if at is not None]
