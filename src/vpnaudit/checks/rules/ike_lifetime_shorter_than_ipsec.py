"""The IKE SA ends before the IPsec SAs that it made.

## What it looks for

The IKE lifetime in force at an end, compared with the IPsec lifetime in force there for this peer.

## Why it matters

A DELETE, DPD and the answer to an unknown SPI all travel over the IKE SA. Where it ends first, the device can hold
IPsec SAs for a while with no way to tell the peer that they are gone.

## What it cannot see

Whether the device sets the IKE SA up again at once. Where neither configuration nor show command gives both
lifetimes: UNKNOWN.

## Example

    hub  crypto isakmp policy 10 / lifetime 3600
    hub  crypto ipsec security-association lifetime seconds 28800

## What to do

Make the IKE lifetime longer than the IPsec lifetime at both ends; 86400 s is the default and a good value.

## How to check that it worked

`show crypto isakmp policy` or the IKEv2 profile has the new value; a new IKE SA begins with it (`show crypto isakmp
sa detail`, column Lifetime).

## Source

Field guide 8 (IKE lifetime) and 4.A.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import end_case, place_parameters, settles_policy
from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Settings

DEFAULT_IKE_S = 86_400
"""The default of the platforms, and the recommended value (field guide 2.1, 8)."""


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding an end."""
    return (_judge(t, e, d) for t, e, d in fleet.assessable_ends)


def _judge(tunnel: Tunnel, end: TunnelEnd, device: Device) -> Finding:
    case = end_case(RULE, tunnel, end, "an IKE lifetime at least as long as the IPsec lifetime")
    life = end.lifetime
    if life is None or life.ike_s is None or life.ipsec_s is None:
        return case.unknown(
            device.name,
            settles_policy(end),
            "which IKE and IPsec lifetimes it uses for this peer",
        )
    actual = f"IKE {life.ike_s} s, IPsec {life.ipsec_s} s"
    if life.ike_s < life.ipsec_s:
        because = "Between the end of the IKE SA and the next one, this end cannot tell its peer that an SPI is gone."
        seconds = str(max(DEFAULT_IKE_S, life.ipsec_s))
        parameters = {**place_parameters(tunnel, end), "seconds": seconds}
        return case.failed(actual, because, life.evidence, parameters=parameters)
    return case.passed(actual, "", life.evidence)


RULE = Rule(
    id="LIFE-002", title="ike-lifetime-shorter-than-ipsec", severity="low", needs=(CONFIG_COMMAND,), check=check
)
