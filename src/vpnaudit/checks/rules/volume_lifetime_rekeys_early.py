"""Traffic uses up the volume lifetime long before the seconds run out.

## What it looks for

For each live SA of an end: the kilobytes used since it was installed, divided by its age, give a rate; the volume
lifetime divided by that rate gives the time between two rekeys. Shorter than the lifetime in seconds, and the volume
rules.

## Why it matters

Each rekey can show a few invalid SPIs. The default volume of 4,608,000 kB lasts an hour at 10 Mbit/s, 37 seconds at 1
Gbit/s: a busy tunnel then rekeys hundreds of times a day, and every lost IKE message has as many chances.

## What it cannot see

Traffic at other hours: it is the mean since the last rekey. An SA of less than a minute, or one whose volume the
device does not print, gives no rate: UNKNOWN. With IKEv1 a peer that was not collected may have asked for a lower
volume; then the rate is overstated.

## Example

    hub  remaining key lifetime (k/sec): (1152000/2700)
         3,456,000 kB in 900 s of 3600 s: a rekey every 1200 s

## What to do

Set a volume that lasts a working day at the peak rate, or switch the volume lifetime off where the platform can and
the packet rate stays below 2^32 packets in one lifetime. The same at both ends.

## How to check that it worked

After the next rekey `show crypto ipsec sa` begins with the new volume at both ends, and at the next look the age of
the SAs follows the seconds.

## Source

Field guide 2.4, 2.5 and 4 C11.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct

from vpnaudit.checks.finding import end_case, place_parameters
from vpnaudit.checks.sa_age import age_s, agreed_kilobytes, agreed_seconds
from vpnaudit.model.device import CONFIG_COMMAND, SA_COMMANDS, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import LiveSa, Tunnel, TunnelEnd
from vpnaudit.settings import Settings

WORKING_DAY_S = 28_800
"""The recommended volume lasts so long at the measured rate (field guide C11)."""
VOLUME_RANGE_KB = (2_560, 536_870_912)
"""What the devices accept, in kB (field guide 2.4)."""


class Use(Struct, frozen=True, kw_only=True, gc=False):
    """What one SA has carried: kB in `age_s` seconds. `interval_s`: seconds from rekey to rekey at this rate."""

    sa: LiveSa
    used_kb: int
    age_s: float
    interval_s: float


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding an end."""
    shortest_s = settings.thresholds.rate_measure_s
    return (_judge(t, e, d, shortest_s) for t, e, d in fleet.assessable_ends)


def _judge(tunnel: Tunnel, end: TunnelEnd, device: Device, shortest_s: float) -> Finding:
    case = end_case(RULE, tunnel, end, "SAs that rekey when their seconds run out, not their kilobytes")
    life = end.lifetime
    if life is not None and life.volume_disabled:
        return case.passed("no volume lifetime", "", life.evidence)
    seconds, volume = agreed_seconds(tunnel, end), agreed_kilobytes(tunnel, end)
    if life is None or seconds is None or not volume:
        return case.unknown(device.name, CONFIG_COMMAND, "which volume and time its SAs last")
    if not end.sa_table_read:
        return case.unknown(device.name, SA_COMMANDS[0], "how much of the volume has been used")
    uses = [u for sa in end.sas if (u := _use(tunnel, end, sa, volume, shortest_s)) is not None]
    if not uses:
        question = "how fast the volume is used; read it while the tunnel carries traffic, over a minute after a rekey"
        return case.unknown(device.name, f"{SA_COMMANDS[0]} peer {_peer(tunnel, end)}", question)
    fastest = min(uses, key=lambda u: u.interval_s)
    actual = f"{fastest.used_kb} of {volume} kB used in {fastest.age_s:.0f} s, lifetime {seconds} s"
    if fastest.interval_s >= seconds:
        return case.passed(actual, "", [fastest.sa.evidence])
    return case.failed(
        f"{actual}: a rekey every {fastest.interval_s:.0f} s",
        f"At this rate the volume runs out {seconds / fastest.interval_s:.1f} times in one lifetime.",
        [fastest.sa.evidence, *life.evidence],
        parameters={
            **place_parameters(tunnel, end),
            "seconds": str(seconds),
            "kilobytes": str(_recommended_kb(tunnel, shortest_s)),
            "interval_s": str(round(fastest.interval_s)),
        },
    )


def _peer(tunnel: Tunnel, end: TunnelEnd) -> str:
    return place_parameters(tunnel, end)["peer"] or ""


def _use(tunnel: Tunnel, end: TunnelEnd, sa: LiveSa, volume: int, shortest_s: float) -> Use | None:
    age = age_s(tunnel, end, sa)
    if sa.remaining_kb is None or sa.remaining_kb > volume or age is None or age < shortest_s:
        return None
    used = volume - sa.remaining_kb
    return Use(sa=sa, used_kb=used, age_s=age, interval_s=volume * age / used if used else math.inf)


def _recommended_kb(tunnel: Tunnel, shortest_s: float) -> int:
    """One value for both ends, by the busiest SA of either: lifetimes that differ are a fault of their own."""
    volumes = [(end, agreed_kilobytes(tunnel, end)) for end in tunnel.ends]
    uses = [
        use
        for end, volume in volumes
        if volume
        for sa in end.sas
        if (use := _use(tunnel, end, sa, volume, shortest_s)) is not None
    ]
    wanted = math.ceil(max(u.used_kb / u.age_s for u in uses) * WORKING_DAY_S / 1000) * 1000
    return max(VOLUME_RANGE_KB[0], min(VOLUME_RANGE_KB[1], wanted))


RULE = Rule(
    id="LIFE-003",
    title="volume-lifetime-rekeys-early",
    severity="medium",
    needs=(SA_COMMANDS[0], CONFIG_COMMAND),
    check=check,
)
