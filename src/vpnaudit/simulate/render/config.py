"""`show running-config`."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Sequence

from vpnaudit.simulate.device import Interface, SimDevice
from vpnaudit.simulate.membership import MAP
from vpnaudit.simulate.render import getvpn
from vpnaudit.simulate.render.ipsec import DYNAMIC, DYNAMIC_SEQUENCE, acl_name, ike_profile_name, profile_name
from vpnaudit.simulate.render.nhrp import HOLD_S, cloud_address
from vpnaudit.simulate.render.system import tunnel_address
from vpnaudit.simulate.render.views import View, entries, map_name, views
from vpnaudit.simulate.tunnel import DEFAULT_KB, DEFAULT_S, End, Settings, Tunnel


def secret(*parts: str) -> str:
    """A secret that nobody wrote down: made of names, so that both ends have the same."""
    return "Sim" + hashlib.sha256("/".join(sorted(parts)).encode()).hexdigest()[:14]


ANYBODY = "any peer"
"""Stands for the other name in the secret of a hub that takes whoever comes."""


def running(device: SimDevice, tunnels: Sequence[Tunnel]) -> str:
    """The whole configuration, first statement to `end`."""
    mine = views(device, tunnels)
    blocks = [
        _opening(device),
        *(_vrf(name, interface) for name, interface in device.vrfs.items()),
        _isakmp(mine),
        _ikev2(mine),
        _ipsec(mine),
        *_maps(mine),
        getvpn.config(device.group, secret(device.name, "key server")) if device.group else "",
        *(_tunnel_interface(v) for v in _once(mine, lambda v: v.local.tunnel_interface)),
        *(_physical(device, i, mine) for i in device.interfaces()),
        _routing(device, mine),
        *(_acl(peers[0]) for peers in entries(mine) if peers[0].local.style == "map" and not peers[0].local.dynamic),
        _management(device),
    ]
    body = "!\n".join(block for block in blocks if block) + "!\nend\n\n"
    changed = device.clock.long(device.booted_at + 3600)
    head = f"!\n! Last configuration change at {changed} by netadmin\n!\n"
    return f"Building configuration...\n\n\nCurrent configuration : {len(head) + len(body)} bytes\n{head}{body}"


def _opening(device: SimDevice) -> str:
    clock = device.clock
    extra = " localtime" * clock.localtime + " show-timezone" * clock.show_timezone + " year" * clock.year
    zone = clock.zone
    short = device.hardware.release.partition("(")[0]
    text = f"version {'.'.join(short.split('.')[:2])}\n"
    text += "service timestamps debug datetime msec\n"
    text += f"service timestamps log datetime msec{extra}\nservice password-encryption\n"
    text += f"!\nhostname {device.hostname}\n!\nboot-start-marker\nboot-end-marker\n!\n!\n"
    text += f"logging buffered {device.log_bytes} informational\nno logging console\n"
    text += f"enable secret 9 $9${secret(device.name, 'enable')}$\n!\nno aaa new-model\n"
    if zone.offset_min:
        hours, minutes = divmod(abs(zone.offset_min), 60)
        text += f"clock timezone {zone.name} {'-' if zone.offset_min < 0 else ''}{hours} {minutes}\n"
    if zone.summer:
        text += f"clock summer-time {zone.summer} {zone.summer_rule()}\n"
    return text + (
        "!\nip domain name example.net\nno ip domain lookup\nip cef\nno ipv6 cef\n!\n"
        f"username netadmin privilege 15 secret 9 $9${secret(device.name, 'netadmin')}$\n"
        f"username monitor privilege 1 secret 9 $9${secret(device.name, 'monitor')}$\n"
        "!\nip ssh version 2\n!\ncrypto logging session\n" + ("crypto logging ikev2\n" if device.hardware.xe else "")
    )


def _vrf(name: str, interface: Interface) -> str:
    return f"vrf definition {name}\n rd 65000:{interface.vlan}\n !\n address-family ipv4\n exit-address-family\n"


def _isakmp(mine: list[View]) -> str:
    old = [v for v in mine if v.tunnel.ike_version == 1]
    if not old:
        return ""
    life = old[0].local.settings.ike_seconds
    text = "crypto isakmp policy 10\n encr aes 256\n hash sha256\n authentication pre-share\n group 14\n"
    text += f" lifetime {life}\n" if life != 86400 else ""
    for view in old:
        if not view.local.dynamic:
            text += f"crypto isakmp key {secret(*_names(view))} address {view.remote.address}\n"
    for hub in sorted({v.local.device.name for v in old if v.local.dynamic}):
        text += f"crypto isakmp key {secret(hub, ANYBODY)} address 0.0.0.0\n"
    asked = [v.local.settings.dpd for v in old]
    if asked[0] is not None and None not in asked:
        periodic = " periodic" if asked[0].mode == "periodic" else ""
        text += f"crypto isakmp keepalive {asked[0].interval_s} {asked[0].retry_s}{periodic}\n"
    return text


def _names(view: View) -> tuple[str, str]:
    one, other = view.tunnel.ends
    if one.dynamic:
        return one.device.name, ANYBODY
    return one.device.name, other.device.name


def _ikev2(mine: list[View]) -> str:
    new = [v for v in mine if v.tunnel.ike_version == 2]
    if not new:
        return ""
    text = "crypto ikev2 proposal PROP-AES256 \n encryption aes-cbc-256\n integrity sha256\n group 14\n!\n"
    text += "crypto ikev2 policy POL-AES256 \n proposal PROP-AES256\n!\ncrypto ikev2 keyring KEYRING\n"
    for view in _once(
        [v for v in new if not v.local.vrf], lambda v: "ANY" if v.local.is_multipoint else v.remote.device.hostname
    ):
        text += _ikev2_peer(view) + f"  pre-shared-key {secret(*_names(view))}\n !\n"
    for view in (v for v in new if v.local.vrf):
        text += f"!\ncrypto ikev2 keyring KEYRING-{view.local.vrf}\n{_ikev2_peer(view)}"
        text += f"  pre-shared-key {secret(*_names(view))}\n !\n"
    return text + "".join(_ikev2_profile(view) for view in _once(new, ike_profile_name))


def _ikev2_peer(view: View) -> str:
    if view.local.is_multipoint:
        return " peer ANY\n  address 0.0.0.0 0.0.0.0\n"
    return f" peer {view.remote.device.hostname}\n  address {view.remote.address}{'/128' if view.ipv6 else ''}\n"


def _once(mine: list[View], name: Callable[[View], str | None]) -> list[View]:
    """The first view of each name; none of those without one."""
    found: dict[str, View] = {}
    for view in mine:
        if (of := name(view)) is not None:
            found.setdefault(of, view)
    return list(found.values())


def _ikev2_profile(view: View) -> str:
    settings = view.local.settings
    text = f"!\ncrypto ikev2 profile {ike_profile_name(view)}\n"
    mask = "/128" if view.ipv6 else " 255.255.255.255 "
    whom = "0.0.0.0 " if view.local.is_multipoint else f"{view.remote.address}{mask}"
    text += f" match fvrf {view.local.vrf}\n" * bool(view.local.vrf)
    text += f" match identity remote address {whom}\n"
    text += f" identity local address {view.local.own}\n"
    text += " authentication remote pre-share\n authentication local pre-share\n"
    text += f" keyring local KEYRING{f'-{view.local.vrf}' if view.local.vrf else ''}\n"
    if settings.ike_seconds != 86400:
        text += f" lifetime {settings.ike_seconds}\n"
    if settings.dpd:
        text += f" dpd {settings.dpd.interval_s} {settings.dpd.retry_s} {settings.dpd.mode}\n"
    return text


def _ipsec(mine: list[View]) -> str:
    if not mine:
        return ""
    words = mine[0].tunnel.transform
    text = f"crypto ipsec transform-set TS-AES256 {words.replace('esp-256-aes', 'esp-aes 256')} \n mode tunnel\n"
    for view in _once([v for v in mine if v.local.style != "map"], profile_name):
        text += f"!\ncrypto ipsec profile {profile_name(view)}\n"
        text += _lifetimes(view.local.settings) + " set transform-set TS-AES256 \n"
        if view.tunnel.ike_version == 2:
            text += f" set ikev2-profile {ike_profile_name(view)}\n"
    return text


def _lifetimes(settings: Settings) -> str:
    text = ""
    if settings.kilobytes is None:
        text += " set security-association lifetime kilobytes disable\n"
    elif settings.kilobytes != DEFAULT_KB:
        text += f" set security-association lifetime kilobytes {settings.kilobytes}\n"
    if settings.seconds != DEFAULT_S:
        text += f" set security-association lifetime seconds {settings.seconds}\n"
    if settings.idle_s:
        text += f" set security-association idle-time {settings.idle_s}\n"
    return text


def _maps(mine: list[View]) -> list[str]:
    of_maps = [v for v in mine if v.local.style == "map"]
    names = sorted({map_name(v.local) for v in of_maps})
    return [_map([v for v in of_maps if map_name(v.local) == name], name) for name in names]


def _map(mine: list[View], name: str) -> str:
    text = "".join(_map_entry(peers, name) for peers in entries(mine) if not peers[0].local.dynamic)
    open_ = next((v for v in mine if v.local.dynamic), None)
    if open_ is None:
        return text
    template = f"crypto dynamic-map {DYNAMIC} 10\n{_lifetimes(open_.local.settings)} set transform-set TS-AES256 \n"
    return f"{template}!\n{text}crypto map {name} {DYNAMIC_SEQUENCE} ipsec-isakmp dynamic {DYNAMIC} \n"


def _map_entry(peers: list[View], name: str) -> str:
    view = peers[0]
    text = f"crypto map {name} {view.local.sequence} ipsec-isakmp \n description {view.remote.device.hostname}\n"
    text += "".join(
        f" set peer {v.remote.address}{' default' * (n == 0 < len(peers) - 1)}\n" for n, v in enumerate(peers)
    )
    text += f"{_lifetimes(view.local.settings)} set transform-set TS-AES256 \n"
    if view.tunnel.ike_version == 2:
        text += f" set ikev2-profile {ike_profile_name(view)}\n"
    return text + f" match address {acl_name(view)}\n"


def _tunnel_interface(view: View) -> str:
    if view.local.style == "gre":
        return _multipoint(view)
    vrf = view.local.vrf
    text = f"interface {view.local.tunnel_interface}\n description {view.remote.device.hostname}\n"
    text += f" vrf forwarding {vrf}\n" if vrf else ""
    text += f" {_inner_address(view)}\n tunnel source {view.local.interface.name}\n"
    text += f" tunnel mode ipsec {'ipv6' if view.ipv6 else 'ipv4'}\n tunnel destination {view.remote.address}\n"
    text += f" tunnel vrf {vrf}\n" if vrf else ""
    return text + f" tunnel protection ipsec profile {profile_name(view)}\n"


def _multipoint(view: View) -> str:
    hub, local = view.tunnel.ends[0], view.local
    text = f"interface {local.tunnel_interface}\n ip address {cloud_address(view, local)} 255.255.255.0\n"
    text += f" no ip redirects\n ip nhrp authentication {secret(hub.device.name, 'nhrp')[:8]}\n"
    if local is hub:
        text += " ip nhrp map multicast dynamic\n ip nhrp network-id 100\n"
    else:
        nhs = f"{cloud_address(view, hub)} nbma {hub.address} multicast"
        text += f" ip nhrp network-id 100\n ip nhrp holdtime {HOLD_S}\n ip nhrp nhs {nhs}\n"
    text += f" tunnel source {local.interface.name}\n tunnel mode gre multipoint\n tunnel key 100\n"
    return text + f" tunnel protection ipsec profile {profile_name(view)}\n"


def _inner_address(view: View) -> str:
    if view.ipv6:
        return f"ipv6 address 2001:DB8:FFFF:{view.tunnel.ends[0].sequence // 10:X}::{1 + view.side}/64"
    return f"ip address {tunnel_address(view).partition('/')[0]} 255.255.255.252"


def _physical(device: SimDevice, interface: Interface, mine: list[View]) -> str:
    mask = ipaddress.ip_network(f"{interface.address}/{interface.prefix}", strict=False).netmask
    text = f"interface {interface.name}\n description {interface.description}\n"
    if interface.vlan is not None:
        name = next(name for name, of in device.vrfs.items() if of is interface)
        text += f" encapsulation dot1Q {interface.vlan}\n vrf forwarding {name}\n"
        return f"{text} ip address {interface.address} {mask}\n"
    text += f" ip address {interface.address} {mask}\n"
    if interface.address6:
        text += f" ipv6 address {interface.address6}/64\n"
    hsrp = device.hsrp
    shared = hsrp is not None and hsrp.interface == interface.name
    if hsrp and shared:
        text += f" standby version 2\n standby 1 ip {hsrp.address}\n standby 1 priority {hsrp.priority}\n"
        text += f" standby 1 preempt\n standby 1 name {hsrp.name}\n"
    text += " negotiation auto\n" if device.hardware.xe else " duplex auto\n speed auto\n"
    if device.group and interface is device.outside:
        text += f" crypto map {MAP}\n"
    for name in sorted({map_name(v.local) for v in mine if v.local.style == "map"}):
        if name == "HA-MAP" and hsrp and shared:
            text += f" crypto map {name} redundancy {hsrp.name}\n"
        elif name == "OUTSIDE-MAP" and interface is device.outside:
            text += f" crypto map {name}\n"
    return text


def _routing(device: SimDevice, mine: list[View]) -> str:
    network = ipaddress.ip_network(f"{device.outside.address}/{device.outside.prefix}", strict=False)
    gateway = network.broadcast_address - 1
    text = f"ip forward-protocol nd\nno ip http server\nno ip http secure-server\nip route 0.0.0.0 0.0.0.0 {gateway}\n"
    for view in (v for v in mine if v.local.style == "vti"):
        if view.ipv6:
            text += (
                f"ipv6 route 2001:DB8:EEEE:{view.tunnel.ends[0].sequence // 10:X}::/64 {view.local.tunnel_interface}\n"
            )
            continue
        remote, vrf = ipaddress.ip_network(view.remote.network), f"vrf {view.local.vrf} " if view.local.vrf else ""
        text += f"ip route {vrf}{remote.network_address} {remote.netmask} {view.local.tunnel_interface}\n"
    return text


def _acl(view: View) -> str:
    lines = [f" permit ip {_wild(one.local)} {_wild(one.remote)}\n" for one in view.identities()]
    return f"ip access-list extended {acl_name(view)}\n" + "".join(lines)


def _wild(end: End) -> str:
    network = ipaddress.ip_network(end.network)
    return f"{network.network_address} {network.hostmask}"


def _management(device: SimDevice) -> str:
    text = "logging host 10.10.0.50\n!\n"
    text += f"snmp-server community {secret(device.name, 'snmp')} RO\nsnmp-server location Simulated\n"
    text += "!\ncontrol-plane\n!\nbanner login ^C\nAuthorised access only.\n^C\n"
    text += "!\nline con 0\n logging synchronous\n login local\n"
    text += "line vty 0 4\n exec-timeout 30 0\n login local\n transport input ssh\n"
    if device.clock.synchronized:
        text += f"!\nntp server {device.ntp_server}\nntp server 192.0.2.61\n"
    return text
