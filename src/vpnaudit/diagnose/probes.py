"""Which of a device's IP SLA operations probe the path of a tunnel, and when such a probe failed.

The path is what lies under a tunnel: the peer's crypto address, or the first hop on an interface that carries it. A
probe that goes through the tunnel fails with the tunnel as well as with the path, so it is no witness for either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network
from typing import Literal

from msgspec import Struct

from vpnaudit.model.config import ConfigInterface, IpSlaOperation
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.system import IpSlaResult
from vpnaudit.model.tunnel import TunnelEnd

Aim = Literal["peer", "first-hop", "tunnel", "elsewhere", "unknown"]

PROBE_TAGS = frozenset(
    {"TRACK-6-STATE", "TRACKING-5-STATE", "RTT-3-IPSLATHRESHOLD", "RTT-4-OPER_TIMEOUT", "RTT-4-OPER_CONNECTION_LOSS"}
)
UNANSWERED = ("timeout", "no connection", "noconnection", "not connected", "disconnected", "dropped")
"""Return codes that say that nothing came back. "Busy" is the device's own affair, "Over threshold" an answer that was
slow, "Socket connect error" a target that refused."""

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


class Probe(Struct, frozen=True, kw_only=True, gc=False):
    """An operation with what it probes, as seen from one tunnel. `target` null: the configuration does not tell."""

    number: int
    aim: Aim
    result: IpSlaResult
    target: str | None = None
    evidence: tuple[Evidence, ...] = ()


def probes_of(device: Device, end: TunnelEnd | None, peer: str | None, carriers: frozenset[str]) -> list[Probe]:
    """Every operation with a result, and what it is to the tunnel of `end` with `peer`, in order of numbers."""
    operations = operations_of(device)
    found = []
    for capture, result in sorted(device.ip_sla, key=lambda pair: pair[1].number):
        operation = operations.get(result.number)
        found.append(
            Probe(
                number=result.number,
                aim=aim_of(device, operation, end, peer, carriers),
                target=operation.target if operation is not None else result.target,
                result=result,
                evidence=(device.cite(capture, result.line), *_configured(device, operation)),
            )
        )
    return found


def operations_of(device: Device) -> dict[int, IpSlaOperation]:
    """The operations of the configuration, by number."""
    return {o.number: o for o in device.config[1].ip_sla} if device.config is not None else {}


def aim_of(
    device: Device,
    operation: IpSlaOperation | None,
    end: TunnelEnd | None,
    peer: str | None,
    carriers: frozenset[str],
) -> Aim:
    """What an operation's target is to a tunnel. `carriers`: the interfaces that carry it, by name."""
    target = _address(operation.target) if operation is not None else None
    if operation is None or target is None:
        return "unknown"
    interfaces = device.config[1].interfaces if device.config is not None else ()
    under = [i for i in interfaces if i.name in carriers and not _is_tunnel(i)]
    if not under or operation.vrf in {i.vrf for i in under}:
        if peer is not None and target == _address(peer):
            return "peer"
        if any(target in network for network in (*_networks(under), *_shown(device, {i.name for i in under}))):
            return "first-hop"
    return "tunnel" if _through(operation, target, end, interfaces) else "elsewhere"


def operation_of(message: LogMessage) -> int:
    """The number of the operation that a line is about; -1: of none."""
    return int(message.details.get("operation", "-1"))


def is_failure(message: LogMessage, operation: IpSlaOperation | None) -> bool:
    """Whether the line says that a probe got no answer any more; a slow answer is none.

    `track … ip sla N state` also goes down over the operation's threshold, which is as long as its time-out unless one
    is configured; `reachability` does not (Cisco, "Configuring Enhanced Object Tracking").
    """
    if message.tag not in PROBE_TAGS or message.details.get("state") != "down":
        return False
    of_state = message.details.get("tracked") == "state"
    return not (of_state and operation is not None and operation.threshold_ms is not None)


def failed(result: IpSlaResult) -> bool:
    """Whether the operation's latest run got no answer."""
    return (result.return_code or "").lower().startswith(UNANSWERED)


def _configured(device: Device, operation: IpSlaOperation | None) -> tuple[Evidence, ...]:
    if operation is None or device.config is None:
        return ()
    return (device.cite(device.config[0], operation.line),)


def _through(
    operation: IpSlaOperation, target: _Address, end: TunnelEnd | None, interfaces: Iterable[ConfigInterface]
) -> bool:
    """Whether the probe goes into the tunnel: by its interface, or as one of the networks behind the peer."""
    if end is None:
        return False
    own = [i for i in interfaces if i.name == end.interface and _is_tunnel(i)]
    if own and (operation.source_interface == end.interface or any(target in n for n in _networks(own))):
        return True
    identities = [*(p.remote for p in end.proxies or ()), *(s.remote_identity for s in end.sas if s.remote_identity)]
    networks = (_network(identity) for identity in identities)
    return any(n is not None and n.prefixlen > 0 and target in n for n in networks)


def _is_tunnel(interface: ConfigInterface) -> bool:
    return interface.tunnel_source is not None or interface.tunnel_destination is not None


def _networks(interfaces: Iterable[ConfigInterface]) -> Iterator[_Network]:
    """The configured networks; an address by itself has no first hop."""
    yield from (ip_interface(address).network for i in interfaces for address in i.addresses)


def _shown(device: Device, names: Collection[str]) -> Iterator[_Network]:
    """The networks of addresses that the interfaces were given (DHCP, PPP), as `show interfaces` has them."""
    for _, state in device.interfaces:
        if state.name in names and state.address and state.prefix_length:
            network = _network(f"{state.address}/{state.prefix_length}")
            if network is not None:
                yield network


def _address(text: str | None) -> _Address | None:
    try:
        return ip_address(text) if text is not None else None
    except ValueError:
        return None


def _network(identity: str) -> _Network | None:
    """An identity as tables and configurations print it: `address/mask or prefix length[/protocol/port]`."""
    try:
        return ip_network("/".join(identity.split("/")[:2]), strict=False)
    except ValueError:
        return None
