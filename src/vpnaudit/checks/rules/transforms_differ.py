"""The two ends have no transform set in common.

## What it looks for

The transform sets that each end offers this peer. One that both offer is enough.

## Why it matters

Without a common one no new pair can be negotiated. A tunnel that still runs does so on SAs from before the change,
and fails at its next rekey.

## What it cannot see

A proposal that is written in another form than `esp-…` words cannot be compared: UNKNOWN. So is the offer of a peer
that was not collected.

## Example

    hub     crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac
    spoke1  crypto ipsec transform-set T esp-3des esp-sha-hmac

## What to do

Add the stronger of the two to the other end, wait for one rekey, then take the weaker out.

## How to check that it worked

Clear the peer once: the new SAs show the wanted transforms at both ends (`show crypto ipsec sa`).

## Source

RFC 4301 section 4.4.1; field guide 4 C12.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import (
    cite_config,
    place,
    place_parameters,
    settles_policy,
    tunnel_case,
)
from vpnaudit.model.device import CONFIG_COMMAND
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.transforms import algorithms
from vpnaudit.model.tunnel import Tunnel
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel."""
    return (_judge(fleet, t) for t in fleet.assessable_tunnels)


def _judge(fleet: Fleet, tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "a transform set that both ends offer")
    offers: list[set[frozenset[str]]] = []
    for end in (tunnel.local, tunnel.remote):
        sets = [algorithms(text) for text in end.transforms or ()]
        known = {s for s in sets if s is not None}
        if end.device is None or not sets or len(known) == 0:
            return case.unknown(place(end), settles_policy(end), "which transform sets that end offers")
        offers.append(known)
    local, remote = tunnel.local, tunnel.remote
    actual = f"{local.device}: {_words(local.transforms)}; {remote.device}: {_words(remote.transforms)}"
    evidence = (*cite_config(fleet, local), *cite_config(fleet, remote))
    if offers[0] & offers[1]:
        return case.passed(actual, "", evidence)
    return case.failed(
        actual,
        "No new pair can be negotiated; what still runs ends with its next rekey.",
        evidence,
        parameters={**place_parameters(tunnel, local), "other": remote.device},
    )


def _words(transforms: tuple[str, ...] | None) -> str:
    return ", ".join(transforms or ())


RULE = Rule(id="CFG-002", title="transforms-differ", severity="medium", needs=(CONFIG_COMMAND,), check=check)
