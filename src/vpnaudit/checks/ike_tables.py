"""Which command lists the IKE SAs of a tunnel, and whether it was answered."""

from __future__ import annotations

from vpnaudit.checks.finding import peer_of
from vpnaudit.model.device import IKE_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.tunnel import Tunnel, TunnelEnd

V2_COMMANDS = tuple(c for c in IKE_COMMANDS if "ikev2" in c)
V1_COMMANDS = tuple(c for c in IKE_COMMANDS if "ikev2" not in c)


def table_read(tunnel: Tunnel, end: TunnelEnd, device: Device) -> bool:
    """Whether the table was read in which an IKE SA of the tunnel's version would stand; of both where it is open.

    An ASA's `show crypto isakmp sa` lists IKEv2 too: where one such record was seen, that table counts for both.
    """
    v1 = device.read(*V1_COMMANDS)
    v2 = device.read(*V2_COMMANDS) or (v1 and any(s.version == "v2" for _, s in device.ike_sas))
    version = end.ike or tunnel.ike
    return (v1 or version == "v2") and (v2 or version == "v1")


def command_for(tunnel: Tunnel, end: TunnelEnd) -> str:
    """The command that would show the tunnel's IKE SA."""
    return V2_COMMANDS[0] if (end.ike or tunnel.ike) == "v2" else V1_COMMANDS[0]


def cite_session(tunnel: Tunnel, end: TunnelEnd, device: Device) -> list[Evidence]:
    """The session that the device shows with the tunnel's peer."""
    peer = peer_of(tunnel, end)
    return [device.cite(c, s.line) for c, s in device.sessions if peer in s.peers and s.status == end.session_status]
