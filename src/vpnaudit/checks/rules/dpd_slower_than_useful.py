"""DPD is on, but so slow that it hardly shortens an outage.

## What it looks for

The DPD interval of an end, compared with a minute and with a tenth of the IPsec lifetime there.

## Why it matters

A restarted peer is noticed one interval, and a few repetitions, after it has fallen silent. Until then this end sends
on the old SPI. An interval that is a good part of the SA's life saves nothing.

## What it cannot see

How quickly the application notices. An interval that the device does not show: UNKNOWN.

## Example

    spoke1  crypto isakmp keepalive 3600 60 periodic

## What to do

10 s and 3 s from site to site, 30 s and 5 s over a path with losses, the same at both ends.

## How to check that it worked

`show running-config`, or `show crypto ikev2 sa detailed` for an IKE SA made since then, shows the new interval.

## Source

Field guide 6.1, 8 and 11 (DPD 10 ends a stream after 13 to 22 s, DPD 30 after 31 to 42 s).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.dpd_words import remedy_parameters, words
from vpnaudit.checks.finding import cite_config, end_case, settles_dpd
from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Settings, Thresholds


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding an end, but for ends without DPD (those are DPD-001's)."""
    for tunnel, end, device in fleet.assessable_ends:
        if end.dpd is None or end.dpd.mode != "off":
            yield _judge(fleet, tunnel, end, device, settings.thresholds)


def _judge(fleet: Fleet, tunnel: Tunnel, end: TunnelEnd, device: Device, thresholds: Thresholds) -> Finding:
    limit = _limit_s(end, thresholds)
    case = end_case(RULE, tunnel, end, f"a DPD interval of at most {limit:.0f} s")
    dpd = end.dpd
    if dpd is None or dpd.interval_s is None:
        return case.unknown(device.name, settles_dpd(end), "how often its DPD asks")
    if dpd.interval_s <= limit:
        return case.passed(words(dpd), "", dpd.evidence)
    return case.failed(
        words(dpd),
        f"A silent peer is noticed after {dpd.interval_s} s at the earliest.",
        dpd.evidence or cite_config(fleet, end),
        parameters=remedy_parameters(tunnel, end, limit),
    )


def _limit_s(end: TunnelEnd, thresholds: Thresholds) -> float:
    life = end.lifetime.ipsec_s if end.lifetime else None
    share = life * thresholds.dpd_lifetime_share if life else thresholds.dpd_slow_s
    return min(thresholds.dpd_slow_s, share)


RULE = Rule(id="DPD-004", title="dpd-slower-than-useful", severity="low", needs=(CONFIG_COMMAND,), check=check)
