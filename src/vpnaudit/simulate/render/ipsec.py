"""`show crypto ipsec sa` and `show crypto map`."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from itertools import groupby

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.render import getvpn
from vpnaudit.simulate.render.views import View, entries, in_use, views
from vpnaudit.simulate.tunnel import End, Pair, Tunnel

_DETAIL = """\
    #pkts no sa (send) {no_sa}, #pkts invalid sa (rcv) 0
    #pkts encaps failed (send) 0, #pkts decaps failed (rcv) 0
    #pkts invalid prot (recv) 0, #pkts verify failed: 0
    #pkts invalid identity (recv) {misfits}, #pkts invalid len (rcv) 0
    #pkts replay rollover (send): 0, #pkts replay rollover (rcv) 0
    ##pkts replay failed (rcv): 0
    #pkts tagged (send): 0, #pkts untagged (rcv): 0
    #pkts not tagged (send): 0, #pkts not untagged (rcv): 0
    #pkts internal err (send): 0, #pkts internal err (recv) 0
"""


DYNAMIC, DYNAMIC_SEQUENCE = "BRANCHES", 65000
"""The template that takes whoever comes, and its place at the end of the map."""
CLOUD = "DMVPN"
"""The profiles of a multipoint tunnel, of IPsec and of IKEv2."""


def sas(
    device: SimDevice, tunnels: Sequence[Tunnel], when: float, *, detail: bool = False, peer: str | None = None
) -> str:
    """All identities of the device, or those of one peer, with their SAs."""
    mine = [v for v in in_use(views(device, tunnels)) if v.is_known and peer in {None, v.remote.address}]
    text = getvpn.sas(device, device.group, when) if device.group and peer is None else ""
    if not mine:
        return text or "No SAs found\n"
    for (interface, tag, local), group in groupby(mine, key=lambda v: (v.interface, v.map_name, v.local.own)):
        text += f"\ninterface: {interface}\n    Crypto map tag: {tag}, local addr {local}\n"
        text += "".join(_identity(one, when, detail=detail) for view in group for one in view.identities())
    return text


def _ident(end: End) -> str:
    if ":" in end.address:
        return "(::/0/0/0)"
    if end.style == "vti":
        return "(0.0.0.0/0.0.0.0/0/0)"
    if end.style == "gre":
        return f"({end.address}/255.255.255.255/47/0)"
    network = ipaddress.ip_network(end.network)
    return f"({network.network_address}/{network.netmask}/0/0)"


def _identity(view: View, when: float, *, detail: bool) -> str:
    local, remote = view.local, view.remote
    out, back = int(local.encaps), int(local.decaps)
    errors = (
        _DETAIL.format(no_sa=int(local.no_sa), misfits=local.misfits)
        if detail
        else f"    #send errors {int(local.no_sa)}, #recv errors 0\n"
    )
    current = local.current
    spi = current.outbound if current else 0
    ip, remote_begins = ("ipv6", "\n     ") if view.ipv6 else ("ip", " ")
    head = f"""
   protected vrf: {local.vrf or "(none)"}
   local  ident (addr/mask/prot/port): {_ident(local)}
   remote ident (addr/mask/prot/port): {_ident(remote)}
   current_peer {remote.address} port {view.remote_port}
     PERMIT, flags={{origin_is_acl,}}
    #pkts encaps: {out}, #pkts encrypt: {out}, #pkts digest: {out}
    #pkts decaps: {back}, #pkts decrypt: {back}, #pkts verify: {back}
    #pkts compressed: 0, #pkts decompressed: 0
    #pkts not compressed: 0, #pkts compr. failed: 0
    #pkts not decompressed: 0, #pkts decompress failed: 0
{errors}
     local crypto endpt.: {local.own},{remote_begins}remote crypto endpt.: {remote.address}
     plaintext mtu 1438, path mtu 1500, {ip} mtu 1500, {ip} mtu idb {local.interface.name}
     current outbound spi: 0x{spi:X}({spi})
     PFS (Y/N): N, DH group: none

"""
    newest = list(reversed(local.pairs))
    inbound = "".join(_sa(view, pair, when, outbound=False) for pair in newest if pair.inbound)
    outbound = "".join(_sa(view, pair, when, outbound=True) for pair in newest if pair.enabled)
    return head + _direction("inbound", inbound) + _direction("outbound", outbound)


def _direction(name: str, esp: str) -> str:
    return f"     {name} esp sas:\n{esp}\n     {name} ah sas:\n\n     {name} pcp sas:\n\n"


def _sa(view: View, pair: Pair, when: float, *, outbound: bool) -> str:
    spi, used = (pair.outbound, pair.bytes_out) if outbound else (pair.inbound, pair.bytes_in)
    number = pair.connections[1 if outbound else 0]
    device = view.local.device
    flow = f"{device.hardware.engine}:{number - 2000}"
    role = f", initiator : {pair.initiator}" if device.hardware.xe and device.hardware.release.startswith("17.") else ""
    encapsulation = "Tunnel" if view.tunnel.nat_port is None else "Tunnel UDP-Encaps"
    if pair.lifetime_kb is None:
        timing = (
            f"remaining key lifetime (sec): {pair.remaining_s(when)}\n        Kilobyte Volume Rekey has been disabled"
        )
    else:
        timing = f"remaining key lifetime (k/sec): ({pair.remaining_kb(used)}/{pair.remaining_s(when)})"
    return f"""\
      spi: 0x{spi:X}({spi})
        transform: {view.tunnel.transform} ,
        in use settings ={{{encapsulation}, }}
        conn id: {number}, flow_id: {flow}, sibling_flags 80004048, crypto map: {view.map_name}{role}
        sa timing: {timing}
        IV size: 16 bytes
        replay detection support: Y
        Status: ACTIVE(ACTIVE)
"""


def crypto_map(device: SimDevice, tunnels: Sequence[Tunnel]) -> str:
    """Every crypto map entry; those that VTIs make by themselves too."""
    mine = views(device, tunnels)
    if not mine:
        return "No crypto maps found.\n"
    text = ""
    for (name, interface), group in groupby(mine, key=lambda v: (v.map_name, v.interface)):
        found = list(group)
        if found[0].local.style == "gre":
            text += _profile_head(found[0], name)
            known = [v for v in found if v.is_known]
            text += "".join(_entry(view, name=name, sequence=65537 + n) for n, view in enumerate(known))
        else:
            text += "".join(_entry(*peers, name=name) for peers in entries(found) if not peers[0].local.dynamic)
        if any(view.local.dynamic and not view.local.is_multipoint for view in found):
            text += f'Crypto Map IPv4 "{name}" {DYNAMIC_SEQUENCE} ipsec-isakmp\n\tDynamic map template tag: {DYNAMIC}\n'
        text += f"\tInterfaces using crypto map {name}:\n\t\t{interface}\n\n"
    return text


def _profile_head(view: View, name: str) -> str:
    lines = [f'Crypto Map IPv4 "{name}" 65536 ipsec-isakmp', f"\tProfile name: {profile_name(view)}"]
    if view.tunnel.ike_version == 2:
        lines.append(f"\tIKEv2 Profile: {ike_profile_name(view)}")
    return "\n".join([*lines, *_settings(view)]) + "\n"


def _entry(view: View, *others: View, name: str, sequence: int | None = None) -> str:
    """An entry, with the other peers that it names; one with a `sequence` is an instance of a profile."""
    local, remote = view.local, view.remote
    if sequence is None:
        sequence = 65536 if local.style == "vti" else local.sequence
    opening = f'Crypto Map {"IPv6" if view.ipv6 else "IPv4"} "{name}" {sequence} ipsec-isakmp'
    lines = [opening]
    if local.style == "vti":
        lines += [f"\tProfile name: {profile_name(view)}"]
    elif local.style == "gre":
        lines += ["\tMap is a PROFILE INSTANCE."]
    lines += [f"\tPeer = {peer.remote.address}" for peer in (view, *others)]
    if view.tunnel.ike_version == 2:
        lines.append(f"\tIKEv2 Profile: {ike_profile_name(view)}")
    if view.ipv6:
        lines += ["\tIPv6 access list ", "\t    access-list  permit ipv6 any any"]
    elif local.style == "vti":
        lines += ["\tExtended IP access list ", "\t    access-list  permit ip any any"]
    elif local.style == "gre":
        hosts = f"host {local.address} host {remote.address}"
        lines += ["\tExtended IP access list ", f"\t    access-list  permit gre {hosts}"]
    else:
        lines += [
            f"\tExtended IP access list {acl_name(view)}",
            *(
                f"\t    access-list {acl_name(view)} permit ip {_acl(one.local)} {_acl(one.remote)}"
                for one in view.identities()
            ),
        ]
    lines.append(f"\tCurrent peer: {in_use((view, *others))[0].remote.address}")
    return "\n".join([*lines, *_settings(view)]) + "\n"


def _settings(view: View) -> list[str]:
    """How an entry ends."""
    settings = view.local.settings
    volume = "kilobytes disabled" if settings.kilobytes is None else f"{settings.kilobytes} kilobytes"
    lines = [f"\tSecurity association lifetime: {volume}/{settings.seconds} seconds"]
    if view.local.device.hardware.xe:
        lines.append("\tDualstack (Y/N): N\n")
    lines += ["\tResponder-Only (Y/N): N", "\tPFS (Y/N): N", "\tMixed-mode : Disabled", "\tTransform sets={ "]
    return [*lines, f"\t\tTS-AES256:  {{ {view.tunnel.transform}  }} , ", "\t}"]


def _acl(end: End) -> str:
    network = ipaddress.ip_network(end.network)
    return f"{network.network_address} {network.hostmask}"


def acl_name(view: View) -> str:
    """The crypto ACL of a map entry."""
    return f"VPN-{view.local.sequence}"


def profile_name(view: View) -> str:
    """The ipsec profile of a tunnel interface."""
    if view.local.style == "gre":
        return CLOUD
    return f"IPSEC-{view.remote.device.hostname}"


def ike_profile_name(view: View) -> str:
    """The ikev2 profile of a tunnel."""
    if view.local.style == "gre":
        return CLOUD
    return f"IKEV2-{view.remote.device.hostname}"
