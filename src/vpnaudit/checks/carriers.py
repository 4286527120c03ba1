"""Which interfaces of a device carry its tunnels."""

from __future__ import annotations

from vpnaudit.model.addresses import normal
from vpnaudit.model.config import ConfigInterface
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.tunnel import TunnelEnd

VIRTUAL = ("tunnel", "virtual-access", "virtual-template", "loopback", "bvi", "nve")
"""Interfaces without a line of their own: their counters and states tell of the tunnel, not of the path."""


def carriers(fleet: Fleet, device: Device) -> tuple[str, ...]:
    """Names of the interfaces with a line of their own over which the device's tunnels go, as the device spells them.

    A sub-interface brings its parent, where the line's counters are. Empty where it cannot be told (a tunnel sourced
    from a loopback: routing decides).
    """
    names: set[str] = set()
    owners = _interfaces_by_address(device)
    sections = device.config[1].interfaces if device.config else ()
    configured = {name.lower(): i for i in sections for name in (i.name, i.known_as)}
    for tunnel in fleet.tunnels_of.get(device.name, ()):
        end = tunnel.end_of(device.name)
        if end is not None:
            names |= _names(end, owners, configured)
    names |= {n.partition(".")[0] for n in names}
    return tuple(sorted(n for n in names if not n.lower().startswith(VIRTUAL)))


def _names(end: TunnelEnd, owners: dict[str, str], configured: dict[str, ConfigInterface]) -> set[str]:
    found = {end.interface} if end.interface else set()
    if normal(end.address) in owners:
        found.add(owners[normal(end.address)])
    section = configured.get((end.interface or "").lower())
    if section is not None and section.nameif:
        found.add(section.name)
    if section is not None and section.tunnel_source:
        found.add(owners.get(normal(section.tunnel_source), section.tunnel_source))
    return {name for name in found if not _is_address(name)}


def _is_address(name: str) -> bool:
    return name[:1].isdigit() or ":" in name


def _interfaces_by_address(device: Device) -> dict[str, str]:
    found = {normal(s.address): s.name for _, s in device.interfaces if s.address}
    for section in device.config[1].interfaces if device.config else ():
        for address in (*section.addresses, *section.standby_addresses):
            found.setdefault(normal(address.partition("/")[0]), section.name)
    return found
