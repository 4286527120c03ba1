"""Which interfaces carry a tunnel, and which have an address to themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from vpnaudit.model.addresses import normal
from vpnaudit.model.config import ConfigInterface
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.tunnel import TunnelEnd


class _Interfaces(Struct, frozen=True, kw_only=True, gc=False):
    """A device's interfaces, found without a look at all: the hub of a star has one for each of its tunnels."""

    shown: Mapping[str, Sequence[str]]
    """Names, by the address that `show interfaces` has."""
    at: Mapping[str, Sequence[ConfigInterface]]
    """As configured, by each address, those of standby groups among them."""
    named: Mapping[str, Sequence[ConfigInterface]]
    """As configured, by name and by `nameif`."""


def _interfaces(device: Device) -> _Interfaces:
    shown: dict[str, list[str]] = {}
    at: dict[str, list[ConfigInterface]] = {}
    named: dict[str, list[ConfigInterface]] = {}
    for _, interface in device.interfaces:
        if interface.address is not None:
            shown.setdefault(normal(interface.address), []).append(interface.name)
    for own in device.config[1].interfaces if device.config is not None else ():
        written = (*(a.partition("/")[0] for a in own.addresses), *own.standby_addresses)
        for address in set(map(normal, written)):
            at.setdefault(address, []).append(own)
        for name in {own.name, own.nameif} - {None}:
            named.setdefault(name or "", []).append(own)
    return _Interfaces(shown=shown, at=at, named=named)


def configured(device: Device, name: str) -> Sequence[ConfigInterface]:
    """The interfaces that the configuration, or a firewall's `nameif`, calls so."""
    return device.once(_interfaces).named.get(name, ())


def carriers(device: Device, end: TunnelEnd | None) -> frozenset[str]:
    """The interfaces that carry a tunnel: its own, and the one that has its local address or is its source."""
    if end is None:
        return frozenset()
    known, address = device.once(_interfaces), normal(end.address)
    found = {name for name in (end.interface, *known.shown.get(address, ())) if name}
    own = known.named.get(end.interface or "", ())
    for interface in (*known.at.get(address, ()), *(i for i in own if i.tunnel_source or i.nameif)):
        found |= {interface.name, interface.known_as}
    found |= {i.tunnel_source for i in own if i.tunnel_source}
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
    if device.config is None or address in device.standby_addresses:
        return ()
    capture, config = device.config
    own = [i for i in config.interfaces if any(normal(a.partition("/")[0]) == address for a in i.addresses)]
    if any(i.name.startswith("Loopback") for i in own):
        return ()
    return tuple(device.cite(capture, i.line) for i in own)
