"""Which command lists the IKE SAs of a tunnel, and whether it was answered."""

from __future__ import annotations

from vpnaudit.checks.finding import peer_of
from vpnaudit.model.device import IKE_V1_COMMANDS, IKE_V2_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.tunnel import Tunnel, TunnelEnd


def table_read(tunnel: Tunnel, end: TunnelEnd, device: Device) -> bool:
    """Whether the table was read in which an IKE SA of the tunnel's version would stand; of both where it is open."""
    return device.ike_read(end.ike or tunnel.ike)


def command_for(tunnel: Tunnel, end: TunnelEnd) -> str:
    """The command that would show the tunnel's IKE SA."""
    return (IKE_V2_COMMANDS if (end.ike or tunnel.ike) == "v2" else IKE_V1_COMMANDS)[0]


def cite_session(tunnel: Tunnel, end: TunnelEnd, device: Device) -> list[Evidence]:
    """The session that the device shows with the tunnel's peer."""
    peer = peer_of(tunnel, end)
    return [device.cite(c, s.line) for c, s in device.sessions if peer in s.peers and s.status == end.session_status]
