"""`show running-config` of an ASA."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from vpnaudit.simulate.device import Interface, SimDevice
from vpnaudit.simulate.render.asa.ipsec import network_and_mask
from vpnaudit.simulate.render.asa.system import NAMES
from vpnaudit.simulate.render.config import secret
from vpnaudit.simulate.render.ipsec import acl_name
from vpnaudit.simulate.render.views import View, views
from vpnaudit.simulate.tunnel import DEFAULT_KB, IkeVersion, Tunnel

DEFAULT_S = 28800
"""An ASA's own IPsec lifetime (field guide 2.1)."""


def running(device: SimDevice, tunnels: Sequence[Tunnel]) -> str:
    """The whole configuration, `: Saved` to `: end`."""
    mine = views(device, tunnels)
    return "".join(
        (
            _opening(device),
            *(_interface(i, name) for i, name in zip(device.interfaces(), NAMES, strict=False)),
            _middle(device, mine),
            *(_crypto(mine) if mine else ()),
            _closing(device),
            *(_group(view) for view in mine),
            "!\nprompt hostname context \n: end\n",
        )
    )


def _opening(device: SimDevice) -> str:
    hw = device.hardware
    return (
        f": Saved\n\n: \n: Serial Number: {device.serial}\n"
        f": Hardware:   {hw.product}, {hw.memory_kb // 1024} MB RAM, CPU Atom C2000 series 2416 MHz, 1 CPU (8 cores)\n"
        f":\nASA Version {hw.release.partition(')')[0]}) \n!\nhostname {device.hostname}\n"
        f"enable password {secret(device.name, 'enable')} pbkdf2\nnames\n!\n"
    )


def _interface(interface: Interface, name: str) -> str:
    mask = ipaddress.ip_network(f"{interface.address}/{interface.prefix}", strict=False).netmask
    level = {"outside": 0, "inside": 100}.get(name, 50)
    return (
        f"interface {interface.name}\n description {interface.description}\n nameif {name}\n"
        f" security-level {level}\n ip address {interface.address} {mask} \n!\n"
    )


def _middle(device: SimDevice, mine: list[View]) -> str:
    zone = device.clock.zone
    text = "ftp mode passive\n"
    if zone.offset_min:
        hours, minutes = divmod(abs(zone.offset_min), 60)
        text += f"clock timezone {zone.name} {'-' if zone.offset_min < 0 else ''}{hours} {minutes}\n".replace(
            " 0\n", "\n"
        )
    if zone.summer:
        text += f"clock summer-time {zone.summer} {zone.summer_rule()}\n"
    for view in mine:
        for one in view.identities():
            networks = f"{network_and_mask(one.local)} {network_and_mask(one.remote)}"
            text += f"access-list {acl_name(view)} extended permit ip {networks} \n"
    network = ipaddress.ip_network(f"{device.outside.address}/{device.outside.prefix}", strict=False)
    return text + (
        f"pager lines 24\nlogging enable\nlogging timestamp\nlogging buffer-size {device.log_bytes}\n"
        "logging buffered warnings\nlogging class vpn buffered informational \n"
        "mtu outside 1500\nmtu inside 1500\nno failover\narp timeout 14400\n"
        f"route outside 0.0.0.0 0.0.0.0 {network.broadcast_address - 1} 1\ntimeout xlate 3:00:00\n"
    )


def _crypto(mine: list[View]) -> tuple[str, ...]:
    versions = {v.tunnel.ike_version for v in mine}
    text = ""
    if 1 in versions:
        text += "crypto ipsec ikev1 transform-set TS-AES256 esp-aes-256 esp-sha-hmac \n"
    if 2 in versions:
        text += "crypto ipsec ikev2 ipsec-proposal PROP-AES256\n protocol esp encryption aes-256\n"
        text += " protocol esp integrity sha-1\n"
    entries = "".join(_map_entry(view) for view in mine)
    return text, entries, f"crypto map {mine[0].map_name} interface outside\n", _policies(mine, versions)


def _map_entry(view: View) -> str:
    settings = view.local.settings
    head = f"crypto map {view.map_name} {view.local.sequence}"
    text = f"{head} match address {acl_name(view)}\n{head} set peer {view.remote.address} \n"
    if view.tunnel.ike_version == 1:
        text += f"{head} set ikev1 transform-set TS-AES256\n"
    else:
        text += f"{head} set ikev2 ipsec-proposal PROP-AES256\n"
    if settings.seconds != DEFAULT_S:
        text += f"{head} set security-association lifetime seconds {settings.seconds}\n"
    if settings.kilobytes != DEFAULT_KB:
        volume = "unlimited" if settings.kilobytes is None else settings.kilobytes
        text += f"{head} set security-association lifetime kilobytes {volume}\n"
    return text


def _policies(mine: list[View], versions: set[IkeVersion]) -> str:
    text = ""
    if 2 in versions:
        life = next(v.local.settings.ike_seconds for v in mine if v.tunnel.ike_version == 2)
        text += "crypto ikev2 policy 10\n encryption aes-256\n integrity sha256\n group 14\n prf sha256\n"
        text += f" lifetime seconds {life}\ncrypto ikev2 enable outside\n"
    if 1 in versions:
        life = next(v.local.settings.ike_seconds for v in mine if v.tunnel.ike_version == 1)
        text += "crypto ikev1 enable outside\ncrypto ikev1 policy 10\n authentication pre-share\n encryption aes-256\n"
        text += f" hash sha\n group 14\n lifetime {life}\n"
    return text


def _closing(device: SimDevice) -> str:
    text = "ssh timeout 5\nconsole timeout 0\n"
    if device.clock.synchronized:
        text += f"ntp server {device.ntp_server} source outside\n"
    return text


def _group(view: View) -> str:
    peer, dpd = view.remote.address, view.local.settings.dpd
    shared = secret(*(e.device.name for e in view.tunnel.ends))
    text = f"tunnel-group {peer} type ipsec-l2l\ntunnel-group {peer} ipsec-attributes\n"
    if view.tunnel.ike_version == 1:
        text += f" ikev1 pre-shared-key {shared}\n"
    else:
        text += f" ikev2 remote-authentication pre-shared-key {shared}\n"
        text += f" ikev2 local-authentication pre-shared-key {shared}\n"
    if dpd is None:
        text += " isakmp keepalive disable\n"
    elif (dpd.interval_s, dpd.retry_s) != (10, 2):
        text += f" isakmp keepalive threshold {dpd.interval_s} retry {dpd.retry_s}\n"
    return text
