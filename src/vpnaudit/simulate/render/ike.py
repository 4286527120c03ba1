"""`show crypto isakmp sa`, `show crypto ikev2 sa`, `show crypto session` and their kin."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from vpnaudit.simulate.clock import duration_short
from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.render import getvpn
from vpnaudit.simulate.render.ipsec import ike_profile_name
from vpnaudit.simulate.render.views import View, in_use, views, with_ike
from vpnaudit.simulate.tunnel import End, IkeSa, Tunnel


def isakmp_sa(device: SimDevice, tunnels: Sequence[Tunnel]) -> str:
    """IKEv1 SAs; `src` is the end that began."""
    text = "IPv4 Crypto ISAKMP SA\ndst             src             state          conn-id status\n"
    for view, ike in with_ike(device, tunnels, 1):
        local, remote = view.local.own, view.remote.address
        src, dst = (local, remote) if ike.initiator else (remote, local)
        text += f"{dst:<15} {src:<15} {'QM_IDLE':<14} {ike.connection:>7} ACTIVE\n"
    if device.group:
        text += getvpn.isakmp_row(device, device.group)
    return text + "\nIPv6 Crypto ISAKMP SA\n\n"


def isakmp_sa_detail(device: SimDevice, tunnels: Sequence[Tunnel], when: float) -> str:
    """IKEv1 SAs with algorithms and remaining lifetime."""
    text = (
        "Codes: C - IKE configuration mode, D - Dead Peer Detection\n"
        "       K - Keepalives, N - NAT-traversal\n"
        "       T - cTCP encapsulation, X - IKE Extended Authentication\n"
        "       psk - Preshared key, rsig - RSA signature\n"
        "       renc - RSA encryption\n"
        "IPv4 Crypto ISAKMP SA\n\n"
        "C-id  Local           Remote          I-VRF  Status Encr Hash   Auth DH Lifetime Cap.\n\n"
    )
    for view, ike in with_ike(device, tunnels, 1):
        left = duration_short(min(ike.established + ike.lifetime_s - when, 86399))
        caps = _capabilities(view)
        text += (
            f"{ike.connection:<5} {view.local.own:<15} {view.remote.address:<15}        ACTIVE "
            f"aes  sha256 psk  14 {left} {caps:<4}\n       Engine-id:Conn-id =  SW:{ike.connection - 1000}\n\n"
        )
    return text + "IPv6 Crypto ISAKMP SA\n\n"


def _capabilities(view: View) -> str:
    """`D` for DPD, `N` for NAT traversal."""
    dpd = view.local.settings.dpd or view.remote.settings.dpd
    return ("D" if dpd else "") + ("" if view.tunnel.nat_port is None else "N")


def ikev2_sa(device: SimDevice, tunnels: Sequence[Tunnel], when: float, *, detail: bool) -> str:
    """IKEv2 SAs."""
    found = with_ike(device, tunnels, 2)
    if not found:
        return ""
    one, other = [f for f in found if not f[0].ipv6], [f for f in found if f[0].ipv6]
    text = " IPv4 Crypto IKEv2  SA \n\n" + _ikev2_rows(one, when, detail=detail)
    return text + " IPv6 Crypto IKEv2  SA \n\n" + _ikev2_rows(other, when, detail=detail)


def _ikev2_rows(found: list[tuple[View, IkeSa]], when: float, *, detail: bool) -> str:
    text = ""
    for view, ike in found:
        local, remote = f"{view.local.own}/{view.local_port}", f"{view.remote.address}/{view.remote_port}"
        if view.ipv6:
            text += "Tunnel-id    fvrf/ivrf              Status \n"
            text += f"{ike.connection - 1000:<12} {'none/none':<22} READY  \nLocal  {local}\nRemote  {remote}\n"
        else:
            text += "Tunnel-id Local                 Remote                fvrf/ivrf            Status \n"
            vrfs = f"{view.local.vrf}/{view.local.vrf}" if view.local.vrf else "none/none"
            text += f"{ike.connection - 1000:<9} {local:<21} {remote:<21} {vrfs:<20} READY  \n"
        text += (
            "      Encr: AES-CBC, keysize: 256, PRF: SHA256, Hash: SHA256, DH Grp:14, "
            "Auth sign: PSK, Auth verify: PSK\n"
            f"      Life/Active Time: {ike.lifetime_s}/{int(when - ike.established)} sec\n"
        )
        text += (_ikev2_detail(view, ike) if detail else "") + "\n"
    return text


def _ikev2_detail(view: View, ike: IkeSa) -> str:
    mine, theirs = ike.cookies if ike.initiator else reversed(ike.cookies)
    dpd = view.local.settings.dpd
    configured = f"{dpd.interval_s} seconds, retry {dpd.retry_s}" if dpd else "0 seconds, retry 0"
    return f"""\
      CE id: {ike.connection}, Session-id: {ike.connection - 1000}
      Status Description: Negotiation done
      Local spi: {mine:016X}       Remote spi: {theirs:016X}
      Local id: {view.local.own}
      Remote id: {view.remote.address}
      Local req msg id:  {ike.number:<14} Remote req msg id:  {ike.number + 2}
      Local next msg id: {ike.number:<14} Remote next msg id: {ike.number + 2}
      Local req queued:  {ike.number:<14} Remote req queued:  {ike.number + 2}
      Local window:      5              Remote window:      5
      DPD configured for {configured}
      Fragmentation not configured.
      Extended Authentication not configured.
      NAT-T is not detected
      Cisco Trust Security SGT is disabled
      Initiator of SA : {"Yes" if ike.initiator else "No"}
"""


def stats_timeout(device: SimDevice) -> str:
    """IKEv2 timers that ran out since boot."""
    rule = "-" * 41
    rows = (
        ("EXT SERVICE TIMER", 0),
        ("AUTH TIMER", 0),
        ("PACKET MAXIMUM RETRANS TIMER", device.retransmit_timeouts),
        ("DPD MAX RETRANS TIMER", device.dpd_timeouts),
    )
    body = "".join(f"{name:<31} {count:>9}\n" for name, count in rows)
    return f"{rule}\n{'IKEV2 TIMER':<32}TIMED OUT\n{rule}\n{body}"


def session_detail(device: SimDevice, tunnels: Sequence[Tunnel], when: float) -> str:
    """One session a tunnel."""
    text = (
        "Crypto session current status\n\n"
        "Code: C - IKE Configuration mode, D - Dead Peer Detection     \n"
        "K - Keepalives, N - NAT-traversal, T - cTCP encapsulation     \n"
        "X - IKE Extended Authentication, F - IKE Fragmentation\n"
        "R - IKE Auto Reconnect, U - IKE Dynamic Route Update\n\n"
    )
    return text + "".join(_session(view, when) for view in in_use(views(device, tunnels)) if view.is_known)


def _status(end: End) -> str:
    if end.pairs:
        return "UP-ACTIVE" if end.ike else "UP-NO-IKE"
    return "UP-IDLE" if end.ike else "DOWN"


def _session(view: View, when: float) -> str:
    local, remote, ike = view.local, view.remote, view.local.ike
    vrf = local.vrf or "(none)"
    text = f"Interface: {view.interface}\n"
    if view.tunnel.ike_version == 2:
        text += f"Profile: {ike_profile_name(view)}\n"
    if local.up_since is not None:
        text += f"Uptime: {duration_short(when - local.up_since)}\n"
    text += f"Session status: {_status(local)}     \n"
    text += f"Peer: {remote.address} port {view.remote_port} fvrf: {vrf} ivrf: {vrf}\n"
    text += f"      Phase1_id: {remote.own if ike else '(none)'}\n      Desc: (none)\n"
    if ike:
        name = "IKEv1" if view.tunnel.ike_version == 1 else "IKEv2"
        caps = _capabilities(view) or "(none)"
        left = duration_short(min(ike.established + ike.lifetime_s - when, 86399))
        text += f"  Session ID: {ike.connection - 1000}  \n"
        between = "\n          " if view.ipv6 else " "
        ends = f"local {local.own}/{view.local_port}{between}remote {remote.address}/{view.remote_port}"
        text += f"  {name} SA: {ends} Active \n"
        text += f"          Capabilities:{caps} connid:{ike.connection} lifetime:{left}\n"
    return text + "".join(_flow(one, when) for one in view.identities()) + "\n"


def _selector(end: End) -> str:
    if ":" in end.address:
        return "::/0"
    if end.style == "vti":
        return "0.0.0.0/0.0.0.0"
    if end.style == "gre":
        return f"host {end.address}"
    network = ipaddress.ip_network(end.network)
    return f"{network.network_address}/{network.netmask}"


def _protocol(view: View) -> str:
    if view.local.style == "gre":
        return "47"
    return "ipv6" if view.ipv6 else "ip"


def _flow(view: View, when: float) -> str:
    local = view.local
    pair = local.current
    life_in, life_out = "0/0", "0/0"
    if pair and pair.lifetime_kb is None:
        life_in = life_out = f"KB Vol Rekey Disabled/{pair.remaining_s(when)}"
    elif pair:
        life_in = f"{pair.remaining_kb(pair.bytes_in)}/{pair.remaining_s(when)}"
        life_out = f"{pair.remaining_kb(pair.bytes_out)}/{pair.remaining_s(when)}"
    return f"""\
  IPSEC FLOW: permit {_protocol(view)} {_selector(local)} {_selector(view.remote)}\x20
        Active SAs: {2 * len(local.pairs)}, origin: {"dynamic " if local.dynamic else ""}crypto map
        Inbound:  #pkts dec'ed {int(local.decaps)} drop 0 life (KB/Sec) {life_in}
        Outbound: #pkts enc'ed {int(local.encaps)} drop {int(local.no_sa)} life (KB/Sec) {life_out}
"""
