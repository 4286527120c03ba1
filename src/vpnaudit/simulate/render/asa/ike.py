"""`show crypto ikev1 sa`, `show crypto ikev2 sa` and `show vpn-sessiondb` of an ASA (field guide 5.2)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.render.asa.ipsec import network_and_mask
from vpnaudit.simulate.render.views import View, with_ike
from vpnaudit.simulate.tunnel import End, IkeSa, Tunnel


def ikev1_sa(device: SimDevice, tunnels: Sequence[Tunnel], when: float, *, detail: bool) -> str:
    """IKEv1 SAs; with `detail` algorithms and what remains."""
    found = with_ike(device, tunnels, 1)
    if not found:
        return "\nThere are no IKEv1 SAs\n"
    text = (
        f"\nIKEv1 SAs:\n\n   Active SA: {len(found)}\n"
        "    Rekey SA: 0 (A tunnel will report 1 Active and 1 Rekey SA during rekey)\n"
        f"Total IKE SA: {len(found)}\n\n"
    )
    return text + "".join(_ikev1(n, view, ike, when, detail=detail) for n, (view, ike) in enumerate(found, 1))


def _ikev1(number: int, view: View, ike: IkeSa, when: float, *, detail: bool) -> str:
    role = "initiator" if ike.initiator else "responder"
    text = (
        f"{number:<3} IKE Peer: {view.remote.address}\n"
        f"    Type    : L2L             Role    : {role} \n"
        "    Rekey   : no              State   : MM_ACTIVE \n"
    )
    if detail:
        text += (
            "    Encrypt : aes-256         Hash    : SHA       \n"
            f"    Auth    : preshared       Lifetime: {ike.lifetime_s}\n"
            f"    Lifetime Remaining: {_left(ike, when)}\n"
        )
    return text


def _left(ike: IkeSa, when: float) -> int:
    return max(0, int(ike.established + ike.lifetime_s - when))


def isakmp_sa(device: SimDevice, tunnels: Sequence[Tunnel], when: float) -> str:
    """Both versions."""
    one, two = ikev1_sa(device, tunnels, when, detail=False), ikev2_sa(device, tunnels, when, detail=False)
    return one + two


def ikev2_sa(device: SimDevice, tunnels: Sequence[Tunnel], when: float, *, detail: bool) -> str:
    """IKEv2 SAs, each with its child SA and both of its SPIs."""
    found = with_ike(device, tunnels, 2)
    if not found:
        return "\nThere are no IKEv2 SAs\n"
    return "\nIKEv2 SAs:\n" + "".join(_ikev2(view, ike, when, detail=detail) for view, ike in found)


def _ikev2(view: View, ike: IkeSa, when: float, *, detail: bool) -> str:
    children = [p for p in view.local.pairs if p.enabled]
    session, number = ike.connection - 1000, 91000 + ike.connection
    local, remote = f"{view.local.own}/500", f"{view.remote.address}/500"
    role = "INITIATOR" if ike.initiator else "RESPONDER"
    text = f"\nSession-id:{session}, Status:UP-ACTIVE, IKE count:1, CHILD count:{len(children)}\n\n"
    text += f"Tunnel-id {'Local':<51} {'Remote':<55} Status         Role\n"
    text += f"{number:>9} {local:<51} {remote:<55} READY    {role}\n"
    text += "      Encr: AES-CBC, keysize: 256, Hash: SHA256, DH Grp:14, Auth sign: PSK, Auth verify: PSK\n"
    text += f"      Life/Active Time: {ike.lifetime_s}/{int(when - ike.established)} sec\n"
    text += _ikev2_detail(view, ike) if detail else ""
    for pair in reversed(children):
        text += (
            f"Child sa: local selector  {_selector(view.local)}\n          remote selector {_selector(view.remote)}\n"
        )
        text += f"          ESP spi in/out: 0x{pair.inbound:x}/0x{pair.outbound:x}  \n"
    return text


def _ikev2_detail(view: View, ike: IkeSa) -> str:
    mine, theirs = ike.cookies if ike.initiator else reversed(ike.cookies)
    dpd = view.local.settings.dpd
    configured = f"{dpd.interval_s} seconds, retry {dpd.retry_s}" if dpd else "0 seconds, retry 0"
    number = ike.number
    return f"""\
      Session-id: {ike.connection - 1000}
      Status Description: Negotiation done
      Local spi: {mine:016X}       Remote spi: {theirs:016X}
      Local id: {view.local.own}
      Remote id: {view.remote.address}
      Local req mess id: {number:<15} Remote req mess id: {number + 2}
      Local next mess id: {number:<14} Remote next mess id: {number + 2}
      Local req queued: {number:<16} Remote req queued: {number + 2}
      Local window: 1                    Remote window: 1
      DPD configured for {configured}
      NAT-T is not detected \x20
"""


def _selector(end: End) -> str:
    network = ipaddress.ip_network(end.network)
    return f"{network.network_address}/0 - {network.broadcast_address}/65535"


def sessions(device: SimDevice, tunnels: Sequence[Tunnel], when: float, *, peer: str | None = None) -> str:
    """`show vpn-sessiondb detail l2l`."""
    found = [*with_ike(device, tunnels, 1), *with_ike(device, tunnels, 2)]
    found = [(v, i) for v, i in found if v.local.up_since is not None and peer in {None, v.remote.address}]
    if not found:
        return "INFO: There are presently no active sessions of the type specified\n"
    return "\nSession Type: LAN-to-LAN Detailed\n" + "".join(_session(v, i, when) for v, i in found)


def _session(view: View, ike: IkeSa, when: float) -> str:
    local, remote, version = view.local, view.remote, view.tunnel.ike_version
    since = local.up_since if local.up_since is not None else when
    lasted = int(when - since)
    index, name = ike.connection - 1000, f"IKEv{version}"
    duration = f"{lasted // 3600}h:{lasted // 60 % 60:02d}m:{lasted % 60:02d}s"
    sent, got = int(local.encaps * 420), int(local.decaps * 420)
    text = f"""
Connection   : {remote.address}
Index        : {index:<22} IP Addr      : {remote.address}
Protocol     : {name} IPsec
Encryption   : {name}: (1)AES256  IPsec: (1)AES256
Hashing      : {name}: (1)SHA256  IPsec: (1)SHA1
Bytes Tx     : {sent:<22} Bytes Rx     : {got}
Login Time   : {local.device.clock.long(since)}
Duration     : {duration}

{name} Tunnels: 1
IPsec Tunnels: 1

{name}:
  Tunnel ID    : {index}.1
  UDP Src Port : 500                    UDP Dst Port : 500
  Encryption   : AES256                 Hashing      : SHA256
  Rekey Int (T): {ike.lifetime_s} Seconds          Rekey Left(T): {_left(ike, when)} Seconds

"""
    pair = local.current
    if pair is None:
        return text
    volume = f"{pair.lifetime_kb} K-Bytes" if pair.lifetime_kb is not None else "0 K-Bytes"
    left_kb = pair.remaining_kb(max(pair.bytes_in, pair.bytes_out))
    return (
        text
        + f"""\
IPsec:
  Tunnel ID    : {index}.2
  Local Addr   : {network_and_mask(local).replace(" ", "/")}/0/0
  Remote Addr  : {network_and_mask(remote).replace(" ", "/")}/0/0
  Encryption   : AES256                 Hashing      : SHA1
  Encapsulation: Tunnel
  Rekey Int (T): {pair.lifetime_s} Seconds           Rekey Left(T): {pair.remaining_s(when)} Seconds
  Rekey Int (D): {volume}        Rekey Left(D): {left_kb} K-Bytes
  Idle Time Out: 30 Minutes             Idle TO Left : 29 Minutes
  Bytes Tx     : {int(pair.bytes_out):<22} Bytes Rx     : {int(pair.bytes_in)}
  Pkts Tx      : {int(local.encaps):<22} Pkts Rx      : {int(local.decaps)}

"""
    )
