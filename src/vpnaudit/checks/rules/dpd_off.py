"""DPD is off: this end never asks whether its peer is still there.

## What it looks for

The DPD setting in force for the peer: the IKE profile's, else the global one, else the platform's default, which on
IOS and IOS-XE is off. An end without it still answers the other's probes.

## Why it matters

When the peer reloads or loses its SAs without a word, this end goes on sending on the old SPI until the SA's own end:
up to an hour with default lifetimes, eight with an ASA's. Every packet of it is an invalid SPI at the peer.

## What it cannot see

DPD asks the IKE peer. If the IKE SA is alive and only an IPsec SA is missing, DPD answers happily and heals nothing.
A changed setting applies to new IKE SAs only.

## Example

    spoke1  show running-config    no line "crypto isakmp keepalive"

## What to do

Switch periodic DPD on at both ends with the same values: 10 s and 3 s from site to site, 30 s and 5 s over a path
with losses, `crypto isakmp keepalive 10 3 periodic` (IKEv1) or `crypto ikev2 dpd 10 3 periodic` (IKEv2).

## How to check that it worked

`show crypto session detail` shows capability D, or `show crypto ikev2 sa detailed` the interval, for the IKE SA made
after the change. On an ASA `show running-config all tunnel-group PEER`.

## Source

RFC 3706; RFC 7296 section 2.4; field guide 4 C4, 5.4, 8 and 11 (a restart without DPD: a stream until the SA's own
end).
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


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding an end."""
    return (_judge(fleet, t, e, d) for t, e, d in fleet.assessable_ends)


def _judge(fleet: Fleet, tunnel: Tunnel, end: TunnelEnd, device: Device) -> Finding:
    case = end_case(RULE, tunnel, end, "DPD on")
    dpd = end.dpd
    if dpd is None or (dpd.mode is None and not dpd.interval_s):
        return case.unknown(device.name, settles_dpd(end), "whether it uses DPD with this peer")
    if dpd.mode != "off":
        return case.passed(f"DPD {words(dpd)}", "", dpd.evidence)
    return case.failed(
        "DPD off",
        f"If {case.subject.devices[0]}'s peer loses its SAs, this end sends on the old SPI until the SA's own end.",
        dpd.evidence or cite_config(fleet, end),
        parameters=remedy_parameters(tunnel, end),
    )


RULE = Rule(id="DPD-001", title="dpd-off", severity="medium", needs=(CONFIG_COMMAND,), check=check)
