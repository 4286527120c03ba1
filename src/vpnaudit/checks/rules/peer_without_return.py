"""One end has the other as its peer, and the other has never heard of it.

## What it looks for

A tunnel between two devices of ours, both configurations read: one names the other's address as peer, the other
neither names it back nor takes peers that it does not name (dynamic map, virtual template, multipoint tunnel).

## Why it matters

The end that names goes on calling, and gets nothing. If there was a tunnel before the other end's configuration
changed, what it still sends arrives as invalid SPIs.

## What it cannot see

A peer behind a NAT has another address from outside than from inside; a peer given by host name is not resolved.

## Example

    spoke1  crypto map OUTSIDE 10 ipsec-isakmp / set peer 192.0.2.1
    hub     no crypto map entry, profile or tunnel for 198.51.100.7

## What to do

Add the peer at the end that lacks it, or take it out at the end that has it.

## How to check that it worked

`show crypto map` (or the tunnel interface) at the end that lacked the peer names it, and the tunnel comes up from
either side.

## Source

Field guide 4 C12 and appendix E.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import assessable_tunnels, cite_config, peer_of, place, tunnel_case
from vpnaudit.checks.open_peers import takes_any
from vpnaudit.model.device import CONFIG_COMMAND
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel between two devices of ours."""
    return (_judge(fleet, t) for t in assessable_tunnels(fleet) if t.both_ends)


def _judge(fleet: Fleet, tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "each end names the other as peer, or takes any")
    for end in tunnel.ends:
        if not end.configured and not _whole(fleet, end):
            return case.unknown(place(end), CONFIG_COMMAND, "whether that end knows this peer")
    for end, other in ((tunnel.local, tunnel.remote), (tunnel.remote, tunnel.local)):
        if other.configured and not end.configured and not takes_any(fleet, end):
            device = fleet.device_by_name.get(end.device or "")
            absent = device.cite_whole(CONFIG_COMMAND) if device else ()
            return case.failed(
                f"{other.device} has peer {peer_of(tunnel, other)}, {end.device} has no peer {peer_of(tunnel, end)}",
                f"{end.device} answers nothing of what {other.device} starts.",
                (*cite_config(fleet, other), *absent),
                parameters={"device": end.device, "peer": peer_of(tunnel, end), "other": other.device},
            )
    evidence = [e for end in tunnel.ends for e in cite_config(fleet, end)]
    return case.passed("; ".join(_words(fleet, e) for e in tunnel.ends), "", evidence)


def _whole(fleet: Fleet, end: TunnelEnd) -> bool:
    """Whether the end's configuration was read to its end, so that absence means something."""
    device = fleet.device_by_name.get(end.device or "")
    return end.config_read and device is not None and device.config is not None and device.config[1].whole


def _words(fleet: Fleet, end: TunnelEnd) -> str:
    if end.configured:
        return f"{end.device} names its peer"
    return f"{end.device} takes any peer" if takes_any(fleet, end) else f"{end.device} does not name it"


RULE = Rule(id="CFG-004", title="peer-without-return", severity="high", needs=(CONFIG_COMMAND,), check=check)
