"""The two ends watch each other differently, or only one of them does.

## What it looks for

Mode and interval of DPD at both ends of a tunnel.

## Why it matters

The end that notices first tears its SAs down; until the other has noticed too, it sends on SPIs that are gone. The
difference of the two patiences is how long that lasts. Where only one end asks, the other never notices by itself.

## What it cannot see

The setting of a peer that was not collected: UNKNOWN. Retry values are shown and not compared: platforms count them
differently.

## Example

    hub     crypto isakmp keepalive 10 3 periodic
    spoke1  crypto isakmp keepalive 60 5

## What to do

Use one setting for both ends of a tunnel.

## How to check that it worked

`show running-config` of both ends has the same line; `show crypto session detail` shows capability D at both. It
holds for IKE SAs made since then.

## Source

Field guide 6.1 (detection times) and 8 (one shared value per pair).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.dpd_words import remedy_parameters, words
from vpnaudit.checks.finding import place, settles_dpd, tunnel_case
from vpnaudit.model.device import CONFIG_COMMAND
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import Dpd, Tunnel
from vpnaudit.settings import Settings

ORDER = {"off": 0, "on-demand": 1, "periodic": 2}
"""From the form that sees least to the one that sees most."""


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel."""
    return (_judge(t) for t in fleet.assessable_tunnels)


def _judge(tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "the same DPD mode and interval at both ends")
    for end in (tunnel.local, tunnel.remote):
        if end.device is None or not _known(end.dpd):
            return case.unknown(place(end), settles_dpd(end), "how that end uses DPD")
    local, remote = tunnel.local.dpd or Dpd(), tunnel.remote.dpd or Dpd()
    actual = f"{tunnel.local.device} {words(local)}; {tunnel.remote.device} {words(remote)}"
    evidence = (*local.evidence, *remote.evidence)
    if _compared(local) == _compared(remote):
        return case.passed(actual, "", evidence)
    worse = tunnel.local if _blindness(local) <= _blindness(remote) else tunnel.remote
    return case.failed(
        actual,
        "The end that notices last goes on sending on SPIs that the other has already given up.",
        evidence,
        parameters=remedy_parameters(tunnel, worse),
    )


def _known(dpd: Dpd | None) -> bool:
    return dpd is not None and dpd.mode is not None and (dpd.mode == "off" or dpd.interval_s is not None)


def _compared(dpd: Dpd) -> tuple[str | None, int | None]:
    return (dpd.mode, None if dpd.mode == "off" else dpd.interval_s)


def _blindness(dpd: Dpd) -> tuple[int, int]:
    """Lower: sees less, or later."""
    return (ORDER.get(dpd.mode or "off", 0), -(dpd.interval_s or 0))


RULE = Rule(id="DPD-003", title="dpd-ends-differ", severity="low", needs=(CONFIG_COMMAND,), check=check)
