"""`show dmvpn` and `show ip nhrp`: whom a multipoint tunnel reaches."""

from __future__ import annotations

from collections.abc import Sequence

from vpnaudit.simulate.clock import duration_short
from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.render.views import View, views
from vpnaudit.simulate.tunnel import End, Tunnel

HOLD_S = 600
"""Seconds for which a registration holds."""
_LEGEND = """\
Legend: Attrb --> S - Static, D - Dynamic, I - Incomplete
\tN - NATed, L - Local, X - No Socket
\tT1 - Route Installed, T2 - Nexthop-override
\tC - CTS Capable, I2 - Temporary
\t# Ent --> Number of NHRP entries with same NBMA peer
\tNHS Status: E --> Expecting Replies, R --> Responding, W --> Waiting
\tUpDn Time --> Up or Down Time for a Tunnel
==========================================================================

"""


def cloud_address(view: View, end: End) -> str:
    """The inner address of an end: the hub's first."""
    hub = view.tunnel.ends[0]
    return "10.254.0.1" if end is hub else f"10.254.0.{10 + hub.sequence // 10}"


def dmvpn(device: SimDevice, tunnels: Sequence[Tunnel], when: float) -> str:
    """The peers of each multipoint tunnel."""
    mine = _known(device, tunnels)
    if not mine:
        return ""
    kind = "Hub" if mine[0].local.is_multipoint else "Spoke"
    text = f"{_LEGEND}Interface: {mine[0].interface}, IPv4 NHRP Details \nType:{kind}, NHRP Peers:{len(mine)}, \n\n"
    text += " # Ent  Peer NBMA Addr Peer Tunnel Add State  UpDn Tm Attrb\n"
    text += " ----- --------------- --------------- ----- -------- -----\n"
    for view in mine:
        since = duration_short(when - view.local.up_since) if view.local.up_since is not None else "never"
        state, kind = ("UP" if view.local.pairs else "IKE"), ("D" if view.local.is_multipoint else "S")
        peer = cloud_address(view, view.remote)
        text += f"     1 {view.remote.address:<15} {peer:>15} {state:>5} {since:>8} {kind:>5}\n"
    return text + "\n"


def nhrp(device: SimDevice, tunnels: Sequence[Tunnel], when: float) -> str:
    """What is registered at a hub, and the server that a spoke has by its configuration."""
    text = ""
    for view in _known(device, tunnels):
        peer, age = cloud_address(view, view.remote), when - (view.local.up_since or when)
        hub = view.local.is_multipoint
        expires = f"expire {duration_short(HOLD_S - age % (HOLD_S // 3))}" if hub else "never expire"
        kind = "Type: dynamic, Flags: registered used nhop" if hub else "Type: static, Flags: used"
        text += f"{peer}/32 via {peer}\n   {view.interface} created {duration_short(age)}, {expires}\n"
        text += f"   {kind} \n   NBMA address: {view.remote.address} \n"
    return text


def _known(device: SimDevice, tunnels: Sequence[Tunnel]) -> list[View]:
    return [v for v in views(device, tunnels) if v.local.style == "gre" and v.is_known]
