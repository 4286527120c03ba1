"""Which interfaces carry a tunnel, and which have an address to themselves."""

from __future__ import annotations

from vpnaudit.model.addresses import is_one_address, normal
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.tunnel import TunnelEnd


def carriers(device: Device, end: TunnelEnd | None) -> frozenset[str]:
    """The interfaces that carry a tunnel: its own, and the one that has its local address or is its source."""
    found: set[str] = set()
    if end is not None and end.interface:
        found.add(end.interface)
    for _, interface in device.interfaces:
        if end is not None and is_one_address(interface.address, end.address):
            found.add(interface.name)
    if device.config is not None and end is not None:
        for configured in device.config[1].interfaces:
            written = (*(a.partition("/")[0] for a in configured.addresses), *configured.standby_addresses)
            addresses = set(map(normal, written))
            mine = end.interface in {configured.name, configured.nameif}
            if normal(end.address) in addresses or (mine and (configured.tunnel_source or configured.nameif)):
                found |= {configured.name, configured.known_as}
            if mine and configured.tunnel_source:
                found.add(configured.tunnel_source)
    return frozenset(found)


def lines_of(device: Device, end: TunnelEnd | None, inputs: frozenset[str] = frozenset()) -> frozenset[str]:
    """The interfaces whose line a tunnel needs: its carriers, those of `inputs`, and what subinterfaces are part of.

    A router logs the line of a port, and of its subinterfaces only where it is told to.
    """
    found = carriers(device, end) | inputs
    return found | {name.partition(".")[0] for name in found}


def alone_with(device: Device, address: str) -> tuple[Evidence, ...]:
    """The interfaces that have the address by the device's configuration; none where it may share it with another.

    A partner by standby address; any router by a loopback, whose address routing may bring to several (anycast).
    """
    address = normal(address)
    interfaces = device.config[1].interfaces if device.config is not None else ()
    if device.config is None or any(address in map(normal, i.standby_addresses) for i in interfaces):
        return ()
    capture, config = device.config
    own = [i for i in config.interfaces if any(normal(a.partition("/")[0]) == address for a in i.addresses)]
    if any(i.name.startswith("Loopback") for i in own):
        return ()
    return tuple(device.cite(capture, i.line) for i in own)
