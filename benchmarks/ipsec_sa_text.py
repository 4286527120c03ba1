"""Answers to `show crypto ipsec sa detail` as IOS-XE 17 prints them, of any number of tunnels.

No two tunnels have the same text: peers, SPIs, counters, lifetimes, connection and flow numbers are drawn for each, and
some have errors counted. The same number of tunnels always gives the same text.
"""

from __future__ import annotations

import random

IDENTITY = """   protected vrf: (none)
   local  ident (addr/mask/prot/port): ({local_net})
   remote ident (addr/mask/prot/port): ({remote_net})
   current_peer {peer} port {port}
     PERMIT, flags={{origin_is_acl,}}
    #pkts encaps: {sent}, #pkts encrypt: {sent}, #pkts digest: {sent}
    #pkts decaps: {received}, #pkts decrypt: {received}, #pkts verify: {received}
    #pkts compressed: 0, #pkts decompressed: 0
    #pkts not compressed: 0, #pkts compr. failed: 0
    #pkts not decompressed: 0, #pkts decompress failed: 0
    #pkts no sa (send) {no_sa}, #pkts invalid sa (rcv) {invalid_sa}
    #pkts encaps failed (send) 0, #pkts decaps failed (rcv) 0
    #pkts invalid prot (recv) 0, #pkts verify failed: 0
    #pkts invalid identity (recv) {invalid_identity}, #pkts invalid len (rcv) 0
    #pkts replay rollover (send): 0, #pkts replay rollover (rcv) 0
    ##pkts replay failed (rcv): {replayed}
    #pkts tagged (send): 0, #pkts untagged (rcv): 0
    #pkts not tagged (send): 0, #pkts not untagged (rcv): 0
    #pkts internal err (send): 0, #pkts internal err (recv) 0

     local crypto endpt.: 192.0.2.1, remote crypto endpt.: {peer}
     plaintext mtu {mtu}, path mtu 1500, ip mtu 1500, ip mtu idb {physical}
     current outbound spi: 0x{out_spi:X}({out_spi})
     PFS (Y/N): {pfs}, DH group: {group}

     inbound esp sas:
{inbound}
     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
{outbound}
     outbound ah sas:

     outbound pcp sas:
"""

SA = """      spi: 0x{spi:X}({spi})
        transform: {transform} ,
        in use settings ={{Tunnel{nat}, }}
        conn id: {conn_id}, flow_id: ESG:{flow_id}, sibling_flags FFFFFFFF80000048, crypto map: {map_tag}
        sa timing: remaining key lifetime (k/sec): ({kilobytes}/{seconds})
        IV size: {iv} bytes
        replay detection support: Y  replay window size: {window}
        Status: ACTIVE(ACTIVE)
"""

_TRANSFORMS = (("esp-256-aes esp-sha256-hmac", 16), ("esp-gcm 256", 8), ("esp-aes esp-sha-hmac", 16))
_ANY = "0.0.0.0/0.0.0.0/0/0"


def tunnel_interfaces(tunnels: int) -> str:
    """A hub with a virtual tunnel interface a tunnel: the one layout that every peer can read."""
    draw = random.Random(tunnels)
    return "".join(
        f"interface: Tunnel{n}\n"
        f"    Crypto map tag: Tunnel{n}-head-0, local addr 192.0.2.1\n\n"
        f"{_identity(draw, n, f'Tunnel{n}-head-0', _ANY, _ANY)}\n"
        for n in range(1, tunnels + 1)
    )


def crypto_map(tunnels: int) -> str:
    """A hub whose tunnels all hang on one crypto map of one interface."""
    draw = random.Random(tunnels)
    return "interface: GigabitEthernet0/0/0\n    Crypto map tag: VPN, local addr 192.0.2.1\n\n" + "\n".join(
        _identity(draw, n, "VPN", "10.0.0.0/255.0.0.0/0/0", f"10.{n // 250 % 250}.{n % 250}.0/255.255.255.0/0/0")
        for n in range(1, tunnels + 1)
    )


def _identity(draw: random.Random, n: int, map_tag: str, local_net: str, remote_net: str) -> str:
    out_spi = draw.getrandbits(32) | 0x10000000
    nat = draw.random() < 0.2
    transform, iv = draw.choice(_TRANSFORMS)
    seconds = draw.randint(100, 3_600)
    sa = {
        "transform": transform,
        "iv": iv,
        "nat": " UDP-Encaps" if nat else "",
        "map_tag": map_tag,
        "window": 1024 if n % 7 else 64,
    }
    return IDENTITY.format(
        local_net=local_net,
        remote_net=remote_net,
        peer=_peer(n),
        port=4500 if nat else 500,
        sent=draw.getrandbits(draw.randint(1, 40)),
        received=draw.getrandbits(draw.randint(1, 40)),
        no_sa=_seldom(draw),
        invalid_sa=_seldom(draw),
        invalid_identity=_seldom(draw),
        replayed=_seldom(draw),
        mtu=draw.choice((1422, 1438, 1446)),
        physical=f"GigabitEthernet0/0/{draw.randint(0, 3)}",
        out_spi=out_spi,
        pfs="Y" if n % 3 else "N",
        group="group19" if n % 3 else "none",
        inbound=_sa(draw, sa, draw.getrandbits(32) | 0x10000000, seconds, 2 * n),
        outbound=_sa(draw, sa, out_spi, seconds, 2 * n + 1),
    )


def _sa(draw: random.Random, common: dict[str, object], spi: int, seconds: int, flow_id: int) -> str:
    return SA.format(
        spi=spi,
        seconds=seconds,
        kilobytes=draw.randint(1_000_000, 4_608_000),
        conn_id=2000 + flow_id,
        flow_id=flow_id,
        **common,
    )


def _seldom(draw: random.Random) -> int:
    return draw.randint(1, 9_999) if draw.random() < 0.05 else 0


def _peer(n: int) -> str:
    """An address of the range for benchmarks (RFC 2544): those for documentation are too few."""
    return f"198.{18 + n // 62_500}.{n // 250 % 250}.{n % 250 + 1}"
