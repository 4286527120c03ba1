"""What a member of a GETVPN group shows of it."""

from __future__ import annotations

from vpnaudit.simulate.clock import duration_short
from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.membership import IDENTITY, MAP, NAME, GroupKey, Membership


def gdoi(device: SimDevice, when: float) -> str:
    """`show crypto gdoi`: the group, the registration, the keys."""
    member = device.group
    if member is None:
        return ""
    keys = "".join(_key(key, when) for key in reversed(member.keys))
    return f"""\
GROUP INFORMATION

    Group Name               : {NAME}
    Group Identity           : {IDENTITY}
    Group Type               : GDOI (ISAKMP)
    Rekeys received          : {member.rekeys}
    IPSec SA Direction       : Both

     Group Server list       : {member.server}

    Group member             : {device.outside.address}   vrf: None
       Registration status   : Registered
       Registered with       : {member.server}
       Rekey Rcvd(hh:mm:ss)  : {duration_short(when - member.last_rekey)}

TEK POLICY for the current KS-Policy ACEs Downloaded:
  {device.outside.name}:
{keys}"""


def _key(key: GroupKey, when: float) -> str:
    return f"""\
    IPsec SA:
        spi: 0x{key.spi:X}({key.spi})
        transform: esp-256-aes esp-sha256-hmac
        sa timing:remaining key lifetime (sec): ({key.remaining_s(when)})

"""


def sas(device: SimDevice, member: Membership, when: float) -> str:
    """The group's identity in `show crypto ipsec sa`: the same SPI both ways, and no peer."""
    current = member.keys[-1]
    listed = "".join(_sa(key, when, device.hardware.engine) for key in reversed(member.keys))
    return f"""
interface: {device.outside.name}
    Crypto map tag: {MAP}, local addr {device.outside.address}

   protected vrf: (none)
   local  ident (addr/mask/prot/port): (10.0.0.0/255.0.0.0/0/0)
   remote ident (addr/mask/prot/port): (10.0.0.0/255.0.0.0/0/0)
   current_peer 0.0.0.0 port 848
     PERMIT, flags={{origin_is_acl,}}
    #pkts encaps: 41200, #pkts encrypt: 41200, #pkts digest: 41200
    #pkts decaps: 40180, #pkts decrypt: 40180, #pkts verify: 40180
    #pkts compressed: 0, #pkts decompressed: 0
    #pkts not compressed: 0, #pkts compr. failed: 0
    #pkts not decompressed: 0, #pkts decompress failed: 0
    #send errors 0, #recv errors 0

     local crypto endpt.: {device.outside.address}, remote crypto endpt.: 0.0.0.0
     plaintext mtu 1438, path mtu 1500, ip mtu 1500, ip mtu idb {device.outside.name}
     current outbound spi: 0x{current.spi:X}({current.spi})
     PFS (Y/N): N, DH group: none

     inbound esp sas:
{listed}
     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
{listed}
     outbound ah sas:

     outbound pcp sas:

"""


def _sa(key: GroupKey, when: float, engine: str) -> str:
    return f"""\
      spi: 0x{key.spi:X}({key.spi})
        transform: esp-256-aes esp-sha256-hmac ,
        in use settings ={{Tunnel, }}
        conn id: {2001 + key.spi % 90}, flow_id: {engine}:{1 + key.spi % 90}, sibling_flags 80000048, crypto map: {MAP}
        sa timing: remaining key lifetime (sec): {key.remaining_s(when)}
        Kilobyte Volume Rekey has been disabled
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE(ACTIVE)
"""


def isakmp_row(device: SimDevice, member: Membership) -> str:
    """The registration's IKE SA."""
    own = device.outside.address
    return f"{member.server:<15} {own:<15} {'GDOI_IDLE':<14} {member.connection:>7} ACTIVE\n"


def config(member: Membership, secret: str) -> str:
    """Policy, group and map."""
    return (
        "crypto isakmp policy 10\n encr aes 256\n hash sha256\n authentication pre-share\n group 14\n"
        f"crypto isakmp key {secret} address {member.server}\n!\n"
        f"crypto gdoi group {NAME}\n identity number {IDENTITY}\n server address ipv4 {member.server}\n!\n"
        f"crypto map {MAP} 10 gdoi \n set group {NAME}\n"
    )
