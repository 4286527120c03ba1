"""The settings in force for one peer at one end: DPD, lifetimes, proxies, transforms, from the configuration first.

What a configuration does not say is the platform's default; where no configuration was read, what the show commands
state; else unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct, structs

from vpnaudit.model.addresses import normal
from vpnaudit.model.config import (
    ConfigFacts,
    ConfigInterface,
    DpdSetting,
    IkeProfile,
    IpsecProfile,
    LifetimeSetting,
    MapEntry,
)
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.platform import Defaults
from vpnaudit.model.tunnel import Dpd, Lifetime, LiveIke, Proxy

IkeVersion = Literal["v1", "v2"]


class Binding(Struct, frozen=True, kw_only=True, gc=False):
    """Where a configuration names a peer: a crypto map entry on an interface, or a protected tunnel interface."""

    peer: str
    local: str | None
    vrf: str | None
    interface: ConfigInterface
    entry: MapEntry | None = None
    profile: IpsecProfile | None = None

    @property
    def ike_profile_names(self) -> tuple[str | None, str | None]:
        """The isakmp and the IKEv2 profile that the tunnel's protection names, else the map entry or IPsec profile."""
        holder = self.entry or self.profile
        named = (holder.isakmp_profile, holder.ikev2_profile) if holder else (None, None)
        own = (self.interface.isakmp_profile, self.interface.ikev2_profile)
        return own if any(own) else named

    @property
    def lifetime(self) -> LifetimeSetting | None:
        """The lifetime of the map entry or IPsec profile."""
        holder = self.entry or self.profile
        return holder.lifetime if holder else None


def bindings(config: ConfigFacts) -> tuple[Binding, ...]:
    """Every peer that a configuration names for IPsec, with the interface and entry that name it.

    An interface that is shut down carries no tunnel.
    """
    interfaces = {i.name: i for i in config.interfaces}
    profiles = {p.name: p for p in config.ipsec_profiles}
    found: list[Binding] = []
    for interface in config.interfaces:
        if interface.shutdown:
            continue
        if interface.crypto_map:
            named = interfaces.get(config.map_local_address.get(interface.crypto_map, ""))
            found += [
                Binding(
                    peer=peer,
                    local=_map_address(named, interface, peer),
                    vrf=interface.vrf,
                    interface=interface,
                    entry=entry,
                )
                for entry in config.map_entries
                if entry.name == interface.crypto_map and not entry.template
                for peer in entry.peers
            ]
        elif interface.ipsec_profile and interface.tunnel_destination:
            peer, source = interface.tunnel_destination, interface.tunnel_source or ""
            found.append(
                Binding(
                    peer=peer,
                    local=_source_address(source, interfaces, peer),
                    vrf=interface.tunnel_vrf,
                    interface=interface,
                    profile=profiles.get(interface.ipsec_profile),
                )
            )
    return tuple(found)


def open_bindings(config: ConfigFacts, interface: str | None, peer: str) -> tuple[Binding, ...]:
    """Every place where a configuration may take, on `interface`, a peer that it does not name.

    A protected multipoint tunnel, the virtual templates, or the entries of the dynamic map.
    """
    if (interface or "").lower().startswith("virtual-access"):
        templates = (i for i in config.interfaces if i.virtual_template and i.ipsec_profile)
        return tuple(_of_profile(config, i, peer) for i in templates)
    holders = [i for i in config.interfaces if interface in {i.name, i.known_as}]
    if len(holders) != 1:
        return ()
    holder = holders[0]
    if holder.ipsec_profile and not holder.tunnel_destination:
        return (_of_profile(config, holder, peer),)
    dynamic = {m.dynamic_map for m in config.map_entries if m.name == holder.crypto_map and m.kind == "dynamic"}
    return tuple(
        Binding(peer=peer, local=None, vrf=holder.vrf, interface=holder, entry=m)
        for m in config.map_entries
        if m.template and m.name in dynamic
    )


def _of_profile(config: ConfigFacts, holder: ConfigInterface, peer: str) -> Binding:
    profile = next((p for p in config.ipsec_profiles if p.name == holder.ipsec_profile), None)
    return Binding(peer=peer, local=None, vrf=holder.tunnel_vrf, interface=holder, profile=profile)


def open_interface(config: ConfigFacts, local: str) -> str | None:
    """The one interface on which peers come to the address `local`: it has a crypto map, or is a multipoint tunnel."""
    here = {i.name for i in config.interfaces if local in {a.partition("/")[0] for a in i.addresses}}
    here |= {i.name for i in config.interfaces if local in i.standby_addresses}
    found = [i.known_as for i in config.interfaces if i.crypto_map and i.name in here]
    found += [
        i.known_as
        for i in config.interfaces
        if i.ipsec_profile and not i.tunnel_destination and i.tunnel_source in {*here, local}
    ]
    return found[0] if len(found) == 1 else None


def crypto_addresses(config: ConfigFacts, peer: str) -> frozenset[str]:
    """Every address to which `peer` may come: those of crypto maps on interfaces, and the sources of tunnels."""
    interfaces = {i.name: i for i in config.interfaces}
    found: set[str | None] = set()
    for interface in (i for i in config.interfaces if not i.shutdown):
        if interface.crypto_map:
            named = interfaces.get(config.map_local_address.get(interface.crypto_map, ""))
            found.add(_map_address(named, interface, peer))
        elif interface.ipsec_profile and interface.tunnel_source:
            found.add(_source_address(interface.tunnel_source, interfaces, peer))
    return frozenset(normal(address) for address in found if address)


def _source_address(source: str, interfaces: Mapping[str, ConfigInterface], peer: str) -> str | None:
    """The address of a tunnel's source, which is an interface or an address."""
    return _address(interfaces[source], peer) if source in interfaces else source or None


def _address(interface: ConfigInterface, peer: str) -> str | None:
    """The interface's first address of the family of the peer's; where it has none of that, its first."""
    addresses = [a.partition("/")[0] for a in interface.addresses]
    of_family = [a for a in addresses if (":" in a) == (":" in peer)]
    return next(iter(of_family or addresses), None)


def _map_address(named: ConfigInterface | None, interface: ConfigInterface, peer: str) -> str | None:
    """The address of a crypto map on `interface`: of the one that `local-address` names, the group's, its own."""
    local = _address(named, peer) if named is not None else None
    if local is not None:
        return local
    if interface.crypto_map_redundancy and interface.standby_addresses:
        return interface.standby_addresses[0]
    return _address(interface, peer)


def ike_version(config: ConfigFacts | None, entries: Sequence[Binding], live: tuple[LiveIke, ...]) -> IkeVersion | None:
    """The version in use (an established SA first), else the one configured for the peer, in all its places."""
    used = {i.sa.version for i in live if i.live} or {i.sa.version for i in live}
    if len(used) != 1:
        used = {v for b in entries if (v := _ike_version(config, b)) is not None}
    return next(iter(used)) if len(used) == 1 else None


def _ike_version(config: ConfigFacts | None, binding: Binding) -> IkeVersion | None:
    if config is None:
        return None
    holder = binding.entry or binding.profile
    if holder is not None and holder.ike_version is not None:
        return holder.ike_version
    isakmp, ikev2 = binding.ike_profile_names
    if ikev2 is not None:
        return "v2"
    return "v1" if isakmp is not None or config.isakmp_keys or config.isakmp_policies else None


def ike_profile(config: ConfigFacts | None, binding: Binding | None, version: IkeVersion | None) -> IkeProfile | None:
    """The IKE profile in force for the binding: the one that it names, or one that holds for the peer by itself."""
    if config is None or binding is None or version is None:
        return None
    name = binding.ike_profile_names[1 if version == "v2" else 0]
    return next((p for p in config.ike_profiles if p.version == version and _holds(p, name, binding.peer)), None)


def _holds(profile: IkeProfile, name: str | None, peer: str) -> bool:
    if profile.by_peer:
        return any(peer in {m.address, m.identity} for m in profile.matches)
    return profile.name == name


def dpd(device: Device, binding: Binding | None, version: IkeVersion | None, live: tuple[LiveIke, ...]) -> Dpd | None:
    """DPD in force: the IKE profile's, else the global one, else the platform's default.

    A part of a configuration tells what it says, not what it leaves out. Without one an IKEv2 SA's listing gives the
    timers, but not the mode (0 seconds: off).
    """
    config = device.config
    if config is None or version is None:
        return _dpd_shown(live)
    capture, facts = config
    profile = ike_profile(facts, binding, version)
    setting = (profile.dpd if profile else None) or (facts.ikev2_dpd if version == "v2" else facts.isakmp_keepalive)
    if setting is not None:
        return _dpd_set(setting, device.cite(capture, setting.line))
    elsewhere = binding is None and any(p.dpd for p in facts.ike_profiles if p.version == version)
    if not facts.whole or elsewhere:
        return _dpd_shown(live)
    defaults = device.defaults
    mode = defaults.dpd_mode if defaults else None
    return Dpd(
        mode=mode,
        interval_s=defaults.dpd_interval_s if defaults else None,
        retry_s=defaults.dpd_retry_s if defaults else None,
        evidence=(device.cite(capture, None),),
    )


def common_dpd(each: Sequence[Dpd | None], live: tuple[LiveIke, ...]) -> Dpd | None:
    """Of several places for one peer what they have in common; where they differ, what its IKE SA shows."""
    told = {(d.mode, d.interval_s, d.retry_s) if d else None for d in each}
    return each[0] if len(told) == 1 else _dpd_shown(live)


def _dpd_set(setting: DpdSetting, evidence: Evidence) -> Dpd:
    return Dpd(
        interval_s=setting.interval_s,
        retry_s=setting.retry_s,
        mode=setting.mode or "on-demand",
        evidence=(evidence,),
    )


def _dpd_shown(live: tuple[LiveIke, ...]) -> Dpd | None:
    for ike in live:
        if ike.sa.dpd is not None:
            timers = ike.sa.dpd
            off = timers.interval_s == 0
            return Dpd(
                interval_s=timers.interval_s or None,
                retry_s=timers.retry_s or None,
                mode="off" if off else None,
                evidence=(ike.evidence,),
            )
    return None


def lifetime(
    device: Device, binding: Binding | None, version: IkeVersion | None, peer: str, live: tuple[LiveIke, ...]
) -> Lifetime | None:
    """Lifetimes in force: the map entry's or profile's, else the global ones, else the platform's defaults.

    Of a part of a configuration what it leaves out is what the device shows, if it does. Where the peer's place is not
    known, what some place sets for itself is not known either.
    """
    shown = _lifetime_shown(device, peer, live)
    if device.config is None:
        return shown
    capture, facts = device.config
    if not facts.whole and shown is not None:
        return shown
    defaults = device.defaults if facts.whole else None
    settings = [s for s in (binding.lifetime if binding else None, facts.ipsec_lifetime) if s is not None]
    holders: tuple[MapEntry | IpsecProfile, ...] = () if binding else (*facts.map_entries, *facts.ipsec_profiles)
    elsewhere = [h.lifetime for h in holders if h.lifetime is not None]
    seconds = next((s.seconds for s in settings if s.seconds is not None), defaults.ipsec_s if defaults else None)
    if any(s.seconds is not None for s in elsewhere):
        seconds = None
    volume = next((s for s in settings if _has_volume(s)), None)
    disabled = volume is not None and volume.volume_disabled
    kilobytes = volume.kilobytes if volume is not None else (defaults.ipsec_kb if defaults else None)
    lines = [device.cite(capture, s.line) for s in settings]
    return Lifetime(
        ike_s=_ike_lifetime(facts, binding, version, live, defaults.ike_s if defaults else None),
        ipsec_s=seconds,
        ipsec_kb=None if disabled or any(map(_has_volume, elsewhere)) else kilobytes,
        volume_disabled=disabled and not any(map(_has_volume, elsewhere)),
        evidence=tuple(lines) or (device.cite(capture, None),),
        rekey_s=_rekey_s(device.defaults, seconds),
    )


def _has_volume(setting: LifetimeSetting) -> bool:
    return setting.volume_disabled or setting.kilobytes is not None


def common_lifetime(each: Sequence[Lifetime | None]) -> Lifetime | None:
    """Of several entries for one peer what they have in common; null where they differ."""
    first, *others = each
    if first is None or all(o == first for o in others):
        return first
    told = [o for o in (first, *others) if o is not None]
    volumes = {(o.ipsec_kb, o.volume_disabled) for o in told}
    seconds = {o.ipsec_s for o in told}
    return structs.replace(
        first,
        ipsec_s=first.ipsec_s if len(seconds) == 1 else None,
        rekey_s=first.rekey_s if len(seconds) == 1 else None,
        ipsec_kb=first.ipsec_kb if len(volumes) == 1 else None,
        volume_disabled=first.volume_disabled and len(volumes) == 1,
        evidence=tuple(dict.fromkeys(e for o in told for e in o.evidence)),
    )


def _rekey_s(defaults: Defaults | None, seconds: int | None) -> int | None:
    if defaults is None or defaults.rekey_share is None or seconds is None:
        return None
    return int(seconds * defaults.rekey_share)


def _ike_lifetime(
    config: ConfigFacts,
    binding: Binding | None,
    version: IkeVersion | None,
    live: tuple[LiveIke, ...],
    default_s: int | None,
) -> int | None:
    """What the IKE SA shows, else what is configured; null where the peer's choice among several decides."""
    shown = next((i.sa.lifetime_s for i in live if i.sa.lifetime_s is not None), None)
    if shown is not None:
        return shown
    if version == "v2":
        profile = ike_profile(config, binding, version)
        if profile is None or profile.lifetime_open:
            return None if profile else default_s
        return profile.lifetime_s or default_s
    lifetimes = {None if p.lifetime_open else p.lifetime_s or default_s for p in config.isakmp_policies} or {default_s}
    return lifetimes.pop() if len(lifetimes) == 1 else None


def _lifetime_shown(device: Device, peer: str, live: tuple[LiveIke, ...]) -> Lifetime | None:
    for capture, entry in device.crypto_maps:
        if peer in entry.peers and entry.lifetime_s is not None:
            return Lifetime(
                ike_s=next((i.sa.lifetime_s for i in live if i.sa.lifetime_s is not None), None),
                ipsec_s=entry.lifetime_s,
                ipsec_kb=None if entry.volume_disabled else entry.lifetime_kb,
                volume_disabled=entry.volume_disabled,
                evidence=(device.cite(capture, entry.line),),
            )
    return None


def proxies(config: ConfigFacts, entries: Sequence[Binding]) -> tuple[Proxy, ...] | None:
    """What the access lists of the map entries for one peer protect.

    Null for tunnel interfaces, and where a list was not read whole.
    """
    lists = [config.acls.get(b.entry.acl) if b.entry is not None and b.entry.acl is not None else None for b in entries]
    if not lists or None in lists or not config.whole:
        return None
    found = {
        Proxy(local=e.source, remote=e.destination, protocol=e.protocol)
        for entry_list in lists
        for e in entry_list or ()
        if e.action == "permit" and e.source and e.destination
    }
    return tuple(sorted(found))


def transforms(config: ConfigFacts, entries: Sequence[Binding], version: IkeVersion | None) -> tuple[str, ...] | None:
    """What the entries for one peer, or its profile, offer; null where it is not known, or not the same in all."""
    offers = {_transforms(config, b, version) for b in entries}
    return offers.pop() if len(offers) == 1 else None


def _transforms(config: ConfigFacts, binding: Binding, version: IkeVersion | None) -> tuple[str, ...] | None:
    """The transform sets that the entry or profile offers, each as its words in order of the configuration.

    Where proposals of their own stand for IKEv2, each combination of algorithms that they allow.
    """
    holder = binding.entry or binding.profile
    if holder is not None and version == "v2" and holder.ipsec_proposals:
        return _offered(config, holder.ipsec_proposals)
    if holder is None or not holder.transform_sets:
        return None
    sets = {t.name: t for t in config.transform_sets}
    if any(name not in sets for name in holder.transform_sets):
        return None
    return tuple(" ".join(sets[name].transforms) for name in holder.transform_sets)


def _offered(config: ConfigFacts, names: tuple[str, ...]) -> tuple[str, ...] | None:
    proposals = {p.name: p for p in config.ipsec_proposals}
    if any(name not in proposals for name in names):
        return None
    return tuple(dict.fromkeys(offer for name in names for offer in proposals[name].offers)) or None


def binding_evidence(device: Device, config: ParsedCapture, binding: Binding) -> Evidence:
    """The configuration line that names the peer."""
    line = binding.entry.line if binding.entry else binding.interface.protection_line or binding.interface.line
    return device.cite(config, line)
