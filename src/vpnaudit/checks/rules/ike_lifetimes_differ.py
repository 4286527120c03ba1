"""The two ends give their IKE SA different lifetimes.

## What it looks for

The IKE lifetime in force at each end of a tunnel of which both ends were collected.

## Why it matters

The end with the shorter lifetime always starts anew. When its DELETE is lost the other end keeps an IKE SA that
nobody answers on, until DPD ends it.

## What it cannot see

With several IKEv1 policies, which of them was chosen: a live SA's own lifetime is taken where the device shows it.
The lifetime of a peer that was not collected: UNKNOWN.

## Example

    hub     crypto ikev2 profile SPOKES / lifetime 28800
    spoke1  crypto ikev2 profile HUB, without a lifetime (default 86400 s)

## What to do

Give both ends the same IKE lifetime, longer than the IPsec lifetime.

## How to check that it worked

The next IKE SA shows the same lifetime at both ends (`show crypto isakmp sa detail`, `show crypto ikev2 sa
detailed`).

## Source

RFC 7296 section 2.8 (lifetimes are not negotiated); field guide 8.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import place, place_parameters, settles_policy, tunnel_case
from vpnaudit.model.device import CONFIG_COMMAND
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel."""
    return (_judge(t) for t in fleet.assessable_tunnels)


def _judge(tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "the same IKE lifetime at both ends")
    seconds: list[int] = []
    evidence: list[Evidence] = []
    for end in (tunnel.local, tunnel.remote):
        if end.device is None or end.lifetime is None or end.lifetime.ike_s is None:
            return case.unknown(place(end), settles_policy(end), "which IKE lifetime that end uses")
        seconds.append(end.lifetime.ike_s)
        evidence += end.lifetime.evidence
    actual = f"{tunnel.local.device} {seconds[0]} s, {tunnel.remote.device} {seconds[1]} s"
    if seconds[0] == seconds[1]:
        return case.passed(actual, "", evidence)
    shorter: TunnelEnd = tunnel.local if seconds[0] < seconds[1] else tunnel.remote
    return case.failed(
        actual,
        "The ends start their IKE SA anew at different times, and only one of them by its own clock.",
        evidence,
        parameters={**place_parameters(tunnel, shorter), "seconds": str(max(seconds))},
    )


RULE = Rule(id="LIFE-004", title="ike-lifetimes-differ", severity="low", needs=(CONFIG_COMMAND,), check=check)
