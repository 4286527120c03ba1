"""`show crypto ipsec sa detail`, text to typed records: ours beside ntc-templates' `parse_output`, in one run.

    python benchmarks/parse_ipsec_sa.py [TUNNELS] [ROUNDS]

The text is one that ntc-templates can read (one identity an interface, window sizes printed). Prints each round's
seconds, the ratio of the medians and the spread.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from ntc_templates.parse import parse_output

from vpnaudit.platforms.cisco_ios.show_crypto_ipsec_sa import COMMANDS

BLOCK = """interface: Tunnel{n}
    Crypto map tag: Tunnel{n}-head-0, local addr 192.0.2.1

   protected vrf: (none)
   local  ident (addr/mask/prot/port): (0.0.0.0/0.0.0.0/0/0)
   remote ident (addr/mask/prot/port): (0.0.0.0/0.0.0.0/0/0)
   current_peer 198.51.{a}.{b} port 500
     PERMIT, flags={{origin_is_acl,}}
    #pkts encaps: {n}, #pkts encrypt: {n}, #pkts digest: {n}
    #pkts decaps: {n}, #pkts decrypt: {n}, #pkts verify: {n}
    #pkts compressed: 0, #pkts decompressed: 0
    #pkts not compressed: 0, #pkts compr. failed: 0
    #pkts not decompressed: 0, #pkts decompress failed: 0
    #pkts no sa (send) 0, #pkts invalid sa (rcv) 0
    #pkts encaps failed (send) 0, #pkts decaps failed (rcv) 0
    #pkts invalid prot (recv) 0, #pkts verify failed: 0
    #pkts invalid identity (recv) 0, #pkts invalid len (rcv) 0
    #pkts replay rollover (send): 0, #pkts replay rollover (rcv) 0
    ##pkts replay failed (rcv): 0
    #pkts tagged (send): 0, #pkts untagged (rcv): 0
    #pkts not tagged (send): 0, #pkts not untagged (rcv): 0
    #pkts internal err (send): 0, #pkts internal err (recv) 0

     local crypto endpt.: 192.0.2.1, remote crypto endpt.: 198.51.{a}.{b}
     plaintext mtu 1438, path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0/0
     current outbound spi: 0x{out:X}({out})
     PFS (Y/N): N, DH group: none

     inbound esp sas:
      spi: 0x{in_:X}({in_})
        transform: esp-256-aes esp-sha256-hmac ,
        in use settings ={{Tunnel, }}
        conn id: {n}, flow_id: ESG:{n}, sibling_flags FFFFFFFF80000048, crypto map: Tunnel{n}-head-0
        sa timing: remaining key lifetime (k/sec): (4607990/3000)
        IV size: 16 bytes
        replay detection support: Y  replay window size: 64
        Status: ACTIVE(ACTIVE)

     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
      spi: 0x{out:X}({out})
        transform: esp-256-aes esp-sha256-hmac ,
        in use settings ={{Tunnel, }}
        conn id: {n}, flow_id: ESG:{n}, sibling_flags FFFFFFFF80000048, crypto map: Tunnel{n}-head-0
        sa timing: remaining key lifetime (k/sec): (4607990/3000)
        IV size: 16 bytes
        replay detection support: Y  replay window size: 64
        Status: ACTIVE(ACTIVE)

     outbound ah sas:

     outbound pcp sas:
"""


def text(tunnels: int) -> str:
    """The answer of a device with so many tunnels."""
    return "".join(
        BLOCK.format(n=n, a=100 + n // 250, b=1 + n % 250, in_=0x10000000 + n * 77, out=0x20000000 + n * 91)
        for n in range(1, tunnels + 1)
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    tunnels = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    answer = text(tunnels)
    parse = next(c.parse for c in COMMANDS if c.command == "show crypto ipsec sa detail")
    if len(parse(answer).facts.ipsec_sas) != 2 * tunnels:
        raise SystemExit("not every SA was read: the times would mean nothing")
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(timed(lambda: parse(answer)))
        theirs.append(
            timed(lambda: parse_output(platform="cisco_ios", command="show crypto ipsec sa detail", data=answer))
        )
    ratios = [t / o for o, t in zip(ours, theirs, strict=True)]
    print(f"{tunnels} tunnels, {len(answer) / 1e6:.2f} MB, {rounds} rounds")
    print(f"vpnaudit       median {statistics.median(ours):.3f} s  ({min(ours):.3f} to {max(ours):.3f})")
    print(f"ntc-templates  median {statistics.median(theirs):.3f} s  ({min(theirs):.3f} to {max(theirs):.3f})")
    print(f"ratio          median {statistics.median(ratios):.1f}  ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
