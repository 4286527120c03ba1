"""`show crypto ipsec sa` of an ASA (field guide 5.2)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.render.ipsec import acl_name
from vpnaudit.simulate.render.views import View, views
from vpnaudit.simulate.tunnel import End, Pair, Tunnel

_DETAIL = """\
      #pkts no sa (send): {no_sa}, #pkts invalid sa (rcv): 0
      #pkts encaps failed (send): 0, #pkts decaps failed (rcv): 0
      #pkts invalid prot (rcv): 0, #pkts verify failed: 0
      #pkts invalid identity (rcv): {misfits}, #pkts invalid len (rcv): 0
      #pkts invalid pad (rcv): 0,
      #pkts invalid ip version (send): 0, #pkts invalid ip version (rcv): 0
      #pkts invalid len (send): 0, #pkts invalid len (rcv): 0
      #pkts invalid ctx (send): 0, #pkts invalid ctx (rcv): 0
      #pkts invalid ifc (send): 0, #pkts invalid ifc (rcv): 0
      #pkts failed (send): 0, #pkts failed (rcv): 0
      #pkts replay rollover (send): 0, #pkts replay rollover (rcv): 0
      #pkts replay failed (rcv): 0
      #pkts min mtu frag failed (send): 0, bad frag offset (rcv): 0
      #pkts internal err (send): 0, #pkts internal err (rcv): 0
"""
TRANSFORMS = {1: "esp-aes-256 esp-sha-hmac", 2: "esp-aes-256 esp-sha-hmac"}


def sas(
    device: SimDevice, tunnels: Sequence[Tunnel], when: float, *, detail: bool = False, peer: str | None = None
) -> str:
    """All identities that have SAs, or those of one peer: an ASA lists no others."""
    mine = [v for v in views(device, tunnels) if v.local.pairs and peer in {None, v.remote.address}]
    if not mine:
        return "\nThere are no ipsec sas\n"
    return "interface: outside\n" + "\n".join(_identity(view, when, detail=detail) for view in mine)


def network_and_mask(end: End) -> str:
    """`10.1.0.0 255.255.0.0`, as access lists have it."""
    network = ipaddress.ip_network(end.network)
    return f"{network.network_address} {network.netmask}"


def _ident(end: End) -> str:
    return f"({network_and_mask(end).replace(' ', '/')}/0/0)"


def _identity(view: View, when: float, *, detail: bool) -> str:
    local, remote = view.local, view.remote
    out, back = int(local.encaps), int(local.decaps)
    current = local.current
    outbound, inbound = (current.outbound, current.inbound) if current else (0, 0)
    counted = _DETAIL.format(no_sa=int(local.no_sa), misfits=local.misfits) if detail else ""
    frag = "post-frag" if detail else "pre-frag"
    head = f"""\
    Crypto map tag: {view.map_name}, seq num: {local.sequence}, local addr: {local.own}

      access-list {acl_name(view)} extended permit ip {network_and_mask(local)} {network_and_mask(remote)}\x20
      local ident (addr/mask/prot/port): {_ident(local)}
      remote ident (addr/mask/prot/port): {_ident(remote)}
      current_peer: {remote.address}


      #pkts encaps: {out}, #pkts encrypt: {out}, #pkts digest: {out}
      #pkts decaps: {back}, #pkts decrypt: {back}, #pkts verify: {back}
      #pkts compressed: 0, #pkts decompressed: 0
      #pkts not compressed: {out}, #pkts comp failed: 0, #pkts decomp failed: 0
      #{frag} successes: 0, #{frag} failures: 0, #fragments created: 0
      #PMTUs sent: 0, #PMTUs rcvd: 0, #decapsulated frgs needing reassembly: 0
      #TFC rcvd: 0, #TFC sent: 0
      #Valid ICMP Errors rcvd: 0, #Invalid ICMP Errors rcvd: 0
{counted or "      #send errors: 0, #recv errors: 0" + chr(10)}
      local crypto endpt.: {local.own}/500, remote crypto endpt.: {remote.address}/500
      path mtu 1500, ipsec overhead 74(44), media mtu 1500
      PMTU time remaining (sec): 0, DF policy: copy-df
      ICMP error validation: disabled, TFC packets: disabled
      current outbound spi: {outbound:08X}
      current inbound spi : {inbound:08X}

"""
    newest = list(reversed(local.pairs))
    inwards = "".join(_sa(view, pair, when, outbound=False) for pair in newest)
    outwards = "".join(_sa(view, pair, when, outbound=True) for pair in newest if pair.enabled)
    return f"{head}    inbound esp sas:\n{inwards}    outbound esp sas:\n{outwards}"


def _sa(view: View, pair: Pair, when: float, *, outbound: bool) -> str:
    spi, used = (pair.outbound, pair.bytes_out) if outbound else (pair.inbound, pair.bytes_in)
    version = view.tunnel.ike_version
    rekeyed = "Rekeyed" if pair is not view.local.pairs[-1] else ""
    if pair.lifetime_kb is None:
        timing = f"(sec): {pair.remaining_s(when)}"
    else:
        timing = f"(kB/sec): ({pair.remaining_kb(used)}/{pair.remaining_s(when)})"
    return f"""\
      spi: 0x{spi:08X} ({spi})
         SA State: active
         transform: {TRANSFORMS[version]} no compression\x20
         in use settings ={{L2L, Tunnel, IKEv{version}, {rekeyed}}}
         slot: 0, conn_id: {4096 * (pair.connections[0] - 2000)}, crypto-map: {view.map_name}
         sa timing: remaining key lifetime {timing}
         IV size: 16 bytes
         replay detection support: Y
         Anti replay bitmap:\x20
          0xFFFFFFFF 0xFFFFFFFF
"""


def stats(device: SimDevice, tunnels: Sequence[Tunnel]) -> str:
    """`show crypto ipsec stats`: what matters of it. The counter of missing SAs is not claimed (field guide U8)."""
    mine = [v.local for v in views(device, tunnels)]
    out, back = int(sum(e.encaps for e in mine)), int(sum(e.decaps for e in mine))
    return f"""
IPsec Global Statistics
-----------------------
Active tunnels: {sum(bool(e.pairs) for e in mine)}
Previous tunnels: {sum(bool(e.pairs) for e in mine)}
Inbound
    Bytes: {back * 420}
    Decompressed bytes: {back * 420}
    Packets: {back}
    Dropped packets: 0
    Replay failures: 0
    Authentications: {back}
    Authentication failures: 0
    Decryptions: {back}
    Decryption failures: 0
Outbound
    Bytes: {out * 420}
    Uncompressed bytes: {out * 420}
    Packets: {out}
    Dropped packets: 0
    Authentications: {out}
    Authentication failures: 0
    Encryptions: {out}
    Encryption failures: 0
"""
