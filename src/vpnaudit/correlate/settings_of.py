"""The settings in force for one peer at one end: DPD, lifetimes, proxies, transforms, from the configuration first.

What a configuration does not say is the platform's default; where no configuration was read, what the show commands
state; else unknown.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

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
        """The isakmp and the IKEv2 profile that the map entry or IPsec profile names."""
        holder = self.entry or self.profile
        return (holder.isakmp_profile, holder.ikev2_profile) if holder else (None, None)

    @property
    def lifetime(self) -> LifetimeSetting | None:
        """The lifetime of the map entry or IPsec profile."""
        holder = self.entry or self.profile
        return holder.lifetime if holder else None


def bindings(config: ConfigFacts) -> tuple[Binding, ...]:
    """Every peer that a configuration names for IPsec, with the interface and entry that name it."""
    addresses = {i.name: _address(i) for i in config.interfaces}
    profiles = {p.name: p for p in config.ipsec_profiles}
    found: list[Binding] = []
    for interface in config.interfaces:
        if interface.crypto_map:
            local = addresses.get(config.map_local_address.get(interface.crypto_map, ""))
            local = local or _map_address(interface)
            found += [
                Binding(peer=peer, local=local, vrf=interface.vrf, interface=interface, entry=entry)
                for entry in config.map_entries
                if entry.name == interface.crypto_map and not entry.template
                for peer in entry.peers
            ]
        elif interface.ipsec_profile and interface.tunnel_destination:
            source = interface.tunnel_source or ""
            found.append(
                Binding(
                    peer=interface.tunnel_destination,
                    local=addresses.get(source, source) or None,
                    vrf=interface.tunnel_vrf,
                    interface=interface,
                    profile=profiles.get(interface.ipsec_profile),
                )
            )
    return tuple(found)


def open_binding(config: ConfigFacts, interface: str | None, peer: str) -> Binding | None:
    """Where a configuration takes, on `interface`, a peer that it does not name; null where that is not one place.

    A protected multipoint tunnel, the one virtual template, or the one entry of the dynamic map.
    """
    if (interface or "").lower().startswith("virtual-access"):
        holders = [i for i in config.interfaces if i.virtual_template and i.ipsec_profile]
    else:
        holders = [i for i in config.interfaces if interface in {i.name, i.known_as}]
    if len(holders) != 1:
        return None
    holder = holders[0]
    if holder.ipsec_profile and not holder.tunnel_destination:
        profile = next((p for p in config.ipsec_profiles if p.name == holder.ipsec_profile), None)
        return Binding(peer=peer, local=None, vrf=holder.tunnel_vrf, interface=holder, profile=profile)
    dynamic = {m.dynamic_map for m in config.map_entries if m.name == holder.crypto_map and m.kind == "dynamic"}
    entries = [m for m in config.map_entries if m.template and m.name in dynamic]
    if len(entries) != 1:
        return None
    return Binding(peer=peer, local=None, vrf=holder.vrf, interface=holder, entry=entries[0])


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


def _address(interface: ConfigInterface) -> str | None:
    return interface.addresses[0].partition("/")[0] if interface.addresses else None


def _map_address(interface: ConfigInterface) -> str | None:
    if interface.crypto_map_redundancy and interface.standby_addresses:
        return interface.standby_addresses[0]
    return _address(interface)


def ike_version(config: ConfigFacts | None, binding: Binding | None, live: tuple[LiveIke, ...]) -> IkeVersion | None:
    """The version in use (an established SA first), else the one configured for the peer."""
    used = {i.sa.version for i in live if i.live} or {i.sa.version for i in live}
    if len(used) == 1:
        return next(iter(used))
    if binding is None or config is None:
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

    Without a configuration an IKEv2 SA's listing gives the timers, but not the mode (0 seconds: off).
    """
    config = device.config
    if config is None or version is None:
        return _dpd_shown(live)
    capture, facts = config
    profile = ike_profile(facts, binding, version)
    setting = (profile.dpd if profile else None) or (facts.ikev2_dpd if version == "v2" else facts.isakmp_keepalive)
    if setting is not None:
        return _dpd_set(setting, device.cite(capture, setting.line))
    if binding is None and not facts.whole:
        return _dpd_shown(live)
    defaults = device.defaults
    mode = defaults.dpd_mode if defaults else None
    return Dpd(
        mode=mode,
        interval_s=defaults.dpd_interval_s if defaults else None,
        retry_s=defaults.dpd_retry_s if defaults else None,
        evidence=(device.cite(capture, None),),
    )


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
    """Lifetimes in force: the map entry's or profile's, else the global ones, else the platform's defaults."""
    if device.config is None:
        return _lifetime_shown(device, peer, live)
    capture, facts = device.config
    defaults = device.defaults
    settings = [s for s in (binding.lifetime if binding else None, facts.ipsec_lifetime) if s is not None]
    seconds = next((s.seconds for s in settings if s.seconds is not None), defaults.ipsec_s if defaults else None)
    volume = next((s for s in settings if s.volume_disabled or s.kilobytes is not None), None)
    disabled = volume is not None and volume.volume_disabled
    kilobytes = volume.kilobytes if volume is not None else (defaults.ipsec_kb if defaults else None)
    lines = [device.cite(capture, s.line) for s in settings]
    return Lifetime(
        ike_s=_ike_lifetime(facts, binding, version, live) or (defaults.ike_s if defaults else None),
        ipsec_s=seconds,
        ipsec_kb=None if disabled else kilobytes,
        volume_disabled=disabled,
        evidence=tuple(lines) or (device.cite(capture, None),),
        rekey_s=_rekey_s(defaults, seconds),
    )


def _rekey_s(defaults: Defaults | None, seconds: int | None) -> int | None:
    if defaults is None or defaults.rekey_share is None or seconds is None:
        return None
    return int(seconds * defaults.rekey_share)


def _ike_lifetime(
    config: ConfigFacts, binding: Binding | None, version: IkeVersion | None, live: tuple[LiveIke, ...]
) -> int | None:
    shown = next((i.sa.lifetime_s for i in live if i.sa.lifetime_s is not None), None)
    if shown is not None:
        return shown
    if version == "v2":
        profile = ike_profile(config, binding, version)
        return profile.lifetime_s if profile else None
    policies = sorted(config.isakmp_policies, key=lambda p: p.priority)
    return policies[0].lifetime_s if policies else None


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


def proxies(config: ConfigFacts, binding: Binding) -> tuple[Proxy, ...] | None:
    """What the map entry's access list protects; null for tunnel interfaces and where the list was not read."""
    if binding.entry is None or binding.entry.acl is None:
        return None
    entries = config.acls.get(binding.entry.acl)
    if entries is None:
        return None
    found = {
        Proxy(local=e.source, remote=e.destination, protocol=e.protocol)
        for e in entries
        if e.action == "permit" and e.source and e.destination
    }
    return tuple(sorted(found))


def transforms(config: ConfigFacts, binding: Binding, version: IkeVersion | None) -> tuple[str, ...] | None:
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
