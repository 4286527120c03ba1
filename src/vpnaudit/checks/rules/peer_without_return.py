"""One end has the other as its peer, and the other has never heard of it.

## What it looks for

A tunnel between two devices of ours, both configurations read: one names the other's address as peer, the other
neither names it back nor takes peers that it does not name (dynamic map, virtual template, multipoint tunnel). A peer
on an interface that is shut down is as good as none.

## Why it matters

The end that names goes on calling, and gets nothing. If there was a tunnel before the other end's configuration
changed, what it still sends arrives as invalid SPIs.

## What it cannot see

A peer behind a NAT has another address from outside than from inside; a peer given by host name is not resolved. An
address that two devices of ours have (a pair, overlapping networks) is not told to be one of them.

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

from collections.abc import Iterable, Mapping

from vpnaudit.checks.finding import (
    Case,
    cite_config,
    peer_of,
    place,
    tunnel_case,
)
from vpnaudit.checks.open_peers import open_binding_lines, takes_any
from vpnaudit.model.addresses import is_name, is_private, normal
from vpnaudit.model.config import ConfigFacts, ConfigInterface
from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule, Subject
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Settings

EXPECTED = "each end names the other as peer, or takes any"


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel between two devices of ours."""
    owners = _owners(fleet)
    for tunnel in fleet.assessable_tunnels:
        if tunnel.both_ends:
            yield _judge(fleet, tunnel)
        elif (silent := _unaware(tunnel, owners)) is not None:
            yield _fail_unaware(fleet, tunnel, *silent)


def _owners(fleet: Fleet) -> dict[str, tuple[Device, ParsedCapture, ConfigFacts] | None]:
    """Devices whose whole configuration was read, by each address of theirs; null where two have it."""
    found: dict[str, tuple[Device, ParsedCapture, ConfigFacts] | None] = {}
    for device in fleet.assessable_devices:
        if device.config is None:
            continue
        capture, config = device.config
        shown = {a.partition("/")[0] for i in config.interfaces for a in (*i.addresses, *i.standby_addresses)}
        for address in map(normal, shown):
            found[address] = (device, capture, config) if config.whole and address not in found else None
    return found


def _unaware(
    tunnel: Tunnel, owners: Mapping[str, tuple[Device, ParsedCapture, ConfigFacts] | None]
) -> tuple[Device, ParsedCapture, ConfigFacts] | None:
    """The device of ours that has the peer's address and no tunnel with this end, which nobody answers."""
    end = tunnel.local
    owner = owners.get(normal(tunnel.remote.address))
    answered = end.sas or end.live_ike
    if owner is None or answered or not end.configured or owner[0].name == end.device:
        return None
    config = owner[2]
    return None if open_binding_lines(config) or (_is_translated(end) and _named(config) - owners.keys()) else owner


def _is_translated(end: TunnelEnd) -> bool:
    """Whether the end has a private address, or none that is known, so that its peer may know it by another."""
    return is_name(end.address) or is_private(end.address)


def _named(config: ConfigFacts) -> set[str]:
    peers = {p for e in config.map_entries for p in e.peers}
    return {normal(p) for p in peers | {i.tunnel_destination for i in config.interfaces if i.tunnel_destination}}


def _fail_unaware(fleet: Fleet, tunnel: Tunnel, device: Device, capture: ParsedCapture, config: ConfigFacts) -> Finding:
    end = tunnel.local
    case = Case(
        rule=RULE, subject=Subject(devices=(end.device or "", device.name), tunnel=tunnel.id), expected=EXPECTED
    )
    shut = next((i for i in config.interfaces if i.shutdown and normal(end.address) in _peers_on(i, config)), None)
    lacks = (
        f"{device.name}'s interface {shut.name} with peer {end.address} is shut down"
        if shut is not None
        else f"{device.name} has no peer {end.address}"
    )
    return case.failed(
        f"{end.device} has peer {peer_of(tunnel, end)}, {lacks}",
        f"{device.name} answers nothing of what {end.device} starts.",
        (*cite_config(fleet, end), device.cite(capture, shut.line if shut is not None else None)),
        parameters={"device": device.name, "peer": end.address, "other": end.device},
    )


def _peers_on(interface: ConfigInterface, config: ConfigFacts) -> set[str]:
    entries = (e for e in config.map_entries if e.name == interface.crypto_map and not e.template)
    return {normal(p) for p in (interface.tunnel_destination, *(p for e in entries for p in e.peers)) if p}


def _judge(fleet: Fleet, tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, EXPECTED)
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
    """Whether the end's configuration was read whole, so that absence means something."""
    device = fleet.device_by_name.get(end.device or "")
    return end.config_read and device is not None and device.config is not None and device.config[1].whole


def _words(fleet: Fleet, end: TunnelEnd) -> str:
    if end.configured:
        return f"{end.device} names its peer"
    return f"{end.device} takes any peer" if takes_any(fleet, end) else f"{end.device} does not name it"


RULE = Rule(id="CFG-004", title="peer-without-return", severity="high", needs=(CONFIG_COMMAND,), check=check)
