"""The networks that one end protects are not the mirror image of the other end's.

## What it looks for

The proxy identities of both ends, from the access lists of their crypto map entries: each (local, remote) of one end
has to be a (remote, local) of the other.

## Why it matters

A pair is negotiated for each line of the list. A line that the other end does not have is refused, or set up by
whoever starts and thrown away by the other, over and over: short-lived SAs, and invalid SPIs in between.

## What it cannot see

IKEv2 peers may narrow a wider list down, which works and is counted as different all the same. Lists with names or
objects that could not be resolved: UNKNOWN. Tunnel interfaces and maps that take any peer have no list to compare.

## Example

    hub     permit ip 10.1.0.0 0.0.255.255 10.2.0.0 0.0.255.255
    spoke1  permit ip 10.2.0.0 0.0.255.255 10.1.8.0 0.0.7.255

## What to do

Make the lists mirror images, line by line; or use a tunnel interface, which needs none.

## How to check that it worked

`show crypto ipsec sa` shows the same pairs at both ends, mirrored, and each pair lives as long as its lifetime.

## Source

Field guide 4 C12.
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
from vpnaudit.checks.open_peers import takes_any
from vpnaudit.model.device import CONFIG_COMMAND
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.printable import counted
from vpnaudit.model.tunnel import Proxy, Tunnel, TunnelEnd
from vpnaudit.settings import Settings

SHOWN = 4
"""So many differing lines are spelled out."""


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel, but for those whose ends have no list: tunnel interfaces, and maps that take any peer."""
    return (_judge(fleet, t) for t in fleet.assessable_tunnels if not any(_has_none(fleet, e) for e in t.ends))


def _has_none(fleet: Fleet, end: TunnelEnd) -> bool:
    return end.proxies is None and (end.vti or takes_any(fleet, end))


def _judge(fleet: Fleet, tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "proxy identities that mirror each other")
    for end in (tunnel.local, tunnel.remote):
        if end.device is None or not end.proxies:
            return case.unknown(
                place(end),
                settles_policy(end),
                "which networks that end protects towards this peer",
            )
    here = set(tunnel.local.proxies or ())
    there = {_mirrored(p) for p in tunnel.remote.proxies or ()}
    evidence = (*cite_config(fleet, tunnel.local), *cite_config(fleet, tunnel.remote))
    if here == there:
        return case.passed(f"{counted(len(here), 'line')}, mirrored", "", evidence)
    return case.failed(
        f"only at {tunnel.local.device}: {_words(here - there)}; only at {tunnel.remote.device}, as seen from "
        f"{tunnel.local.device}: {_words(there - here)}",
        "A pair that only one end wants is refused, or set up and thrown away again and again.",
        evidence,
        parameters={**place_parameters(tunnel, tunnel.local), "other": tunnel.remote.device},
    )


def _mirrored(proxy: Proxy) -> Proxy:
    return Proxy(local=proxy.remote, remote=proxy.local, protocol=proxy.protocol)


def _words(proxies: set[Proxy]) -> str:
    lines = [f"{p.protocol} {p.local} to {p.remote}" for p in sorted(proxies)]
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return ", ".join([*lines[:SHOWN], *more]) or "nothing"


RULE = Rule(id="CFG-001", title="proxies-not-mirrored", severity="high", needs=(CONFIG_COMMAND,), check=check)
