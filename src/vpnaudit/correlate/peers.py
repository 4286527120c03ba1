"""Whom a device has as peers: configured, live, learned, and whether it takes anybody (field guide, appendix E)."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from msgspec import Struct

from vpnaudit.model.addresses import is_name, normal
from vpnaudit.model.config import ConfigFacts, PeerMatch
from vpnaudit.model.device import CONFIG_COMMAND, IKE_COMMANDS, Device


class PeerSet(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a device's peers.

    `known` are addresses of configured, live or learned peers; `networks` those that keys and profiles cover.
    `accepts_any`: a dynamic map, a virtual template or a multipoint tunnel takes peers that nobody configured.
    `wildcard_key`: a key for everybody, which proves nothing by itself but lowers confidence.
    `complete`: configuration and IKE table were both read to their end, and no peer is given by a name whose address is
    not known, so that absence means something.
    `group_interfaces` carry a GETVPN map: sources there are inner addresses.
    """

    known: frozenset[str]
    networks: tuple[str, ...]
    accepts_any: bool
    wildcard_key: bool
    complete: bool
    group_interfaces: frozenset[str]

    def covers(self, address: str) -> bool:
        """Whether `address` is a peer, or one whom a key or profile names by network."""
        if normal(address) in self.known:
            return True
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in ip_network(network, strict=False) for network in self.networks)


def peer_set(device: Device) -> PeerSet:
    """Everything a device's captures say about its peers."""
    config = device.config[1] if device.config else None
    known: set[str] = {s.peer for _, s in device.ipsec_sas if s.peer}
    known |= {f.peer for _, f in device.ipsec_flows if f.peer}
    for _, ike in device.ike_sas:
        known |= {a for a in (ike.remote, None if ike.ends_known else ike.local) if a}
    known |= {p for _, s in device.sessions for p in s.peers}
    known |= {n.nbma for _, n in device.nbma_peers}
    known |= {p for _, m in device.crypto_maps for p in m.peers}
    networks: tuple[str, ...] = ()
    if config is not None:
        known |= _configured(config)
        networks = _networks(config)
    own = own_addresses(device)
    return PeerSet(
        known=frozenset(normal(a) for a in known) - own - {"0.0.0.0", "::"},  # noqa: S104 - the device's "nobody"
        networks=networks,
        accepts_any=config is not None and _accepts_any(config),
        wildcard_key=config is not None and _wildcard(config),
        complete=(
            config is not None
            and device.read(CONFIG_COMMAND)
            and device.read(*IKE_COMMANDS)
            and not _named_peers(config)
        ),
        group_interfaces=_group_interfaces(config) if config else frozenset(),
    )


def own_addresses(device: Device) -> frozenset[str]:
    """Addresses of the device itself: interfaces, virtual addresses that it shares, and its crypto end points.

    A device of which there is nothing but log lines has the address by which these told it.
    """
    found = {i.address for _, i in device.interfaces if i.address}
    if device.address and not device.captures:
        found.add(device.address)
    if device.config is not None:
        for interface in device.config[1].interfaces:
            found |= {a.partition("/")[0] for a in interface.addresses} | set(interface.standby_addresses)
    found |= {f.local_endpoint for _, f in device.ipsec_flows if f.local_endpoint}
    found |= {f.local_address for _, f in device.ipsec_flows if f.local_address}
    found |= {s.local_endpoint for _, s in device.ipsec_sas if s.local_endpoint}
    found |= {i.local for _, i in device.ike_sas if i.ends_known and i.local}
    return frozenset(normal(a) for a in found)


def _configured(config: ConfigFacts) -> set[str]:
    found = {p for m in config.map_entries for p in m.peers}
    found |= {i.tunnel_destination for i in config.interfaces if i.tunnel_destination}
    found |= {n for i in config.interfaces for n in i.nhrp_nbma}
    found |= {m.address for m in _matches(config) if m.address and _is_host(m)}
    return found


def _named_peers(config: ConfigFacts) -> bool:
    """Whether a map or tunnel names a peer by host name: any address may be that peer's (field guide, appendix E)."""
    return any(is_name(p) for m in config.map_entries for p in m.peers) or any(
        i.tunnel_destination and is_name(i.tunnel_destination) for i in config.interfaces
    )


def _matches(config: ConfigFacts) -> list[PeerMatch]:
    matches = list(config.isakmp_keys)
    matches += [m for ring in config.ikev2_keyrings.values() for m in ring]
    matches += [m for p in config.ike_profiles for m in p.matches]
    return matches + list(config.group_peers)


def _is_host(match: PeerMatch) -> bool:
    return not match.any_peer and match.mask in {None, "255.255.255.255", "32", "128"}


def _networks(config: ConfigFacts) -> tuple[str, ...]:
    found = set()
    for match in _matches(config):
        if match.any_peer or match.address is None or _is_host(match):
            continue
        try:
            network = ip_network(f"{match.address}/{match.mask}", strict=False)
        except ValueError:
            continue
        if network.prefixlen > 0:
            found.add(str(network))
    return tuple(sorted(found))


def _wildcard(config: ConfigFacts) -> bool:
    return any(m.any_peer or (m.mask in {"0.0.0.0", "0"}) for m in _matches(config))  # noqa: S104 - a mask


def _accepts_any(config: ConfigFacts) -> bool:
    applied = {i.crypto_map for i in config.interfaces if i.crypto_map}
    dynamic = any(m.kind == "dynamic" and not m.template and m.name in applied for m in config.map_entries)
    multipoint = any(i.ipsec_profile and "multipoint" in (i.tunnel_mode or "") for i in config.interfaces)
    template = any(p.virtual_template for p in config.ike_profiles)
    return dynamic or multipoint or template


def _group_interfaces(config: ConfigFacts) -> frozenset[str]:
    group_maps = {m.name for m in config.map_entries if m.kind == "gdoi"}
    return frozenset(i.name for i in config.interfaces if i.crypto_map in group_maps)
