"""DPD asks only while nothing is heard: a tunnel that is dead in one direction goes unnoticed.

## What it looks for

DPD in its on-demand form at an end of a tunnel.

## Why it matters

On-demand DPD asks only when there is something to send and nothing has been heard. If the peer has lost the SA on
which this end sends, but its own packets still arrive here, they answer for it: no question is ever asked, and this
end goes on sending into a hole.

## What it cannot see

Whether traffic in the other direction really flows. On a device with very many tunnels on-demand is the usual advice,
and where a platform knows no other form it is not counted.

## Example

    spoke1  crypto isakmp keepalive 10 3        (on-demand is the form that a line without a word for it means)

## What to do

Use the periodic form at both ends: `crypto isakmp keepalive 10 3 periodic`, or `dpd 10 3 periodic` in the IKEv2
profile.

## How to check that it worked

`show running-config` has the word `periodic`; the setting holds for IKE SAs made since then.

## Source

Field guide 4 C4 (periodic and on-demand, the trap) and 8.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.dpd_words import remedy_parameters, words
from vpnaudit.checks.finding import cite_config, end_case, settles_dpd
from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Settings


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding an end, but for ends without DPD (those are DPD-001's)."""
    for tunnel, end, device in fleet.assessable_ends:
        if end.dpd is None or end.dpd.mode != "off":
            yield _judge(fleet, tunnel, end, device, settings.thresholds.dpd_many_peers)


def _judge(fleet: Fleet, tunnel: Tunnel, end: TunnelEnd, device: Device, many: int) -> Finding:
    case = end_case(RULE, tunnel, end, "DPD that asks also while something is heard (periodic)")
    dpd = end.dpd
    if dpd is None or dpd.mode is None:
        return case.unknown(device.name, settles_dpd(end), "whether its DPD is periodic or on-demand")
    if dpd.mode == "periodic":
        return case.passed(words(dpd), "", dpd.evidence)
    if device.defaults is not None and device.defaults.dpd_mode == dpd.mode:
        return case.passed(words(dpd), "This is the platform's own form of DPD; it has no other.", dpd.evidence)
    tunnels = len(fleet.tunnels_of.get(device.name, ()))
    if tunnels >= many:
        return case.passed(words(dpd), f"With {tunnels} tunnels on one device this is the usual choice.", dpd.evidence)
    return case.failed(
        words(dpd),
        "While the peer's packets still arrive, on-demand DPD never asks whether the peer hears this end.",
        dpd.evidence or cite_config(fleet, end),
        parameters=remedy_parameters(tunnel, end),
    )


RULE = Rule(id="DPD-002", title="dpd-on-demand-cannot-see", severity="low", needs=(CONFIG_COMMAND,), check=check)
