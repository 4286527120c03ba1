"""The device has started anew within the time that this audit looks at.

## What it looks for

The time of the last start, from the uptime and from `%SYS-5-RESTART` in the log, compared with a window: from a day
before the first event of the device's tunnels, or before the collection, to the collection.

## Why it matters

A reload takes all SAs with it, without a word to the peers. A peer without DPD goes on sending on SPIs that the
device no longer knows: the plainest reason of all for a stream of invalid SPIs.

## What it cannot see

A failover to a mate without its state looks the same to the peers and leaves the uptime as it is. An uptime that is
printed in weeks is good to an hour or a day.

## Example

    hub  show version    hub uptime is 2 hours, 14 minutes
                         System returned to ROM by power-on

## What to do

If it was planned: nothing here, but switch periodic DPD on at the peers (DPD-001). If not: find the reason for the
reload (`show version`, crash files).

## How to check that it worked

The tunnels of the device are up at both ends (SPI-001 and SPI-002 pass), and the uptime grows from night to night.

## Source

Field guide 4 C3 and 2.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from vpnaudit.checks.finding import device_case
from vpnaudit.checks.log_reach import LOG_COMMAND, tagged, true_time
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.logs import of_firewalls
from vpnaudit.settings import Settings

VERSION = "show version"
STARTS = frozenset({"SYS-5-RESTART"}) | of_firewalls("199002")


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    window = timedelta(seconds=settings.thresholds.reload_window_s)
    first = _first_events(fleet)
    for device in fleet.assessable_devices:
        yield _judge(device, first.get(device.name, fleet.collected_at) - window)


def _judge(device: Device, since: datetime) -> Finding:
    case = device_case(RULE, device, f"no reload after {since:%Y-%m-%d %H:%M} UTC")
    start = _last_start(device)
    if start is None:
        return case.unknown(device.name, VERSION, "when it started")
    at, evidence = start
    if at < since:
        return case.passed(f"up since {at:%Y-%m-%d %H:%M} UTC", "", evidence)
    reason = device.version[1].reload_reason if device.version else None
    return case.failed(
        f"started {at:%Y-%m-%d %H:%M} UTC" + (f", reason given: {reason}" if reason else ""),
        "A reload takes all SAs along; a peer without DPD goes on sending on them.",
        evidence,
        parameters={"device": device.name},
    )


def _first_events(fleet: Fleet) -> dict[str, datetime]:
    """By device, the first event that it logged, or that was logged at the other end of one of its tunnels."""
    found: dict[str, datetime] = {}
    for episode in fleet.episodes:
        tunnel = fleet.tunnel_by_id.get(episode.tunnel or "")
        for name in {episode.device, *(e.device for e in (tunnel.ends if tunnel else ()))}:
            if name is not None and episode.first_at is not None:
                found[name] = min(episode.first_at, found.get(name, episode.first_at))
    return found


def _last_start(device: Device) -> tuple[datetime, list[Evidence]] | None:
    logged = [
        (at, device.cite(c, m.line)) for c, m in tagged(device, STARTS) if (at := true_time(device, m)) is not None
    ]
    evidence = [*device.cite_uptime(), *(e for _, e in logged[-1:])]
    if device.booted_at is not None:
        return device.booted_at, evidence
    return (max(at for at, _ in logged), evidence) if logged else None


RULE = Rule(id="REL-001", title="reloaded-in-window", severity="low", needs=(VERSION, LOG_COMMAND), check=check)
