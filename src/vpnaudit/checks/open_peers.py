"""What a configuration says of peers that it does not name."""

from __future__ import annotations

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.tunnel import TunnelEnd


def any_peer_lines(config: ConfigFacts) -> tuple[int, ...]:
    """The lines by which a device takes peers that nobody named: wildcard keys and profiles, dynamic maps, mGRE."""
    lines = {k.line for k in config.isakmp_keys if k.any_peer}
    lines |= {p.line for p in config.ike_profiles if p.version == "v1" and any(m.any_peer for m in p.matches)}
    return tuple(sorted(lines | set(open_binding_lines(config))))


def open_binding_lines(config: ConfigFacts) -> tuple[int, ...]:
    """The lines that bind IPsec to peers that nobody named: dynamic maps, virtual templates, multipoint tunnels."""
    lines = {e.line for e in config.map_entries if e.kind == "dynamic" or e.template}
    lines |= {p.line for p in config.ike_profiles if p.virtual_template}
    lines |= {i.line for i in config.interfaces if i.ipsec_profile and not i.tunnel_destination}
    return tuple(sorted(lines))


def takes_any(fleet: Fleet, end: TunnelEnd) -> bool:
    """Whether an end that does not name its peer is on a device that takes peers by such a line."""
    device = fleet.device_by_name.get(end.device or "")
    if end.configured or device is None or device.config is None:
        return False
    return bool(open_binding_lines(device.config[1]))
