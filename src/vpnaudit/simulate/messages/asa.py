"""ASA (field guide 1.6), with the VPN class at the informational level: every SA is logged as it comes and goes."""

from __future__ import annotations

from vpnaudit.simulate.messages.form import Misfit, Reason, SaLine, Session, UnknownSpi

REASONS: dict[Reason, str] = {
    "new": "New Connection Established",
    "idle": "Idle Timeout",
    "expired": "IPsec SA Max Time Exceeded",
    "replaced": "Peer Terminate",
    "peer": "Peer Terminate",
    "lost": "Lost Service",
    "cleared": "Administrator Reset",
    "misfit": "Peer Terminate",
}


class AsaMessages:
    """One 402114 in five seconds, whatever the flow (field guide 1.3)."""

    line_every_s = 5.0
    limits_flows = False

    def unknown_spi(self, packet: UnknownSpi) -> str:
        """402114."""
        return (
            f"%ASA-4-402114: IPSEC: Received an ESP packet (SPI= 0x{packet.spi:08X}, "
            f"sequence number= 0x{packet.sequence:X}) from {packet.source} to {packet.destination} with an invalid SPI."
        )

    def misfit(self, packet: Misfit) -> str:
        """402116."""
        (own, own_mask), (theirs, mask) = packet.proxies
        return (
            f"%ASA-4-402116: IPSEC: Received an ESP packet (SPI= 0x{packet.spi:08X}, "
            f"sequence number= 0x{packet.sequence:X}) from {packet.source} (user= {packet.source}) to "
            f"{packet.destination}.  The decapsulated inner packet doesn't match the negotiated policy in the SA.  "
            f"The packet specifies its destination as {packet.inner_destination}, its source as "
            f"{packet.inner_source}, and its protocol as tcp.  The SA specifies its local proxy as "
            f"{own}/{own_mask}/ip/0 and its remote_proxy as {theirs}/{mask}/ip/0."
        )

    def sa_trace(self, line: SaLine) -> list[str]:  # noqa: ARG002 - one form for all systems
        """Nothing: an ASA keeps no such trace."""
        return []

    def sa_log(self, line: SaLine) -> list[str]:
        """602303 or 602304 for each of the two SAs."""
        number, word = ("602303", "created") if line.created else ("602304", "deleted")
        return [
            f"%ASA-6-{number}: IPSEC: An {direction} LAN-to-LAN SA (SPI= 0x{spi:08X}) between {line.local} and "
            f"{line.remote} (user= {line.remote}) has been {word}."
            for direction, spi in (("outbound", line.outbound), ("inbound", line.inbound))
        ]

    def session(self, session: Session) -> list[str]:
        """IKEv1: 713119, 713120; 713259. IKEv2: 750006; 750007. At the end 113019 of both."""
        peer = session.remote
        group = f"Group = {peer}, IP = {peer}"
        ends = f"Local:{session.local}:500 Remote:{peer}:{session.port} Username:{peer}"
        if session.up and session.ike_version == 1:
            return [f"%ASA-5-713119: {group}, PHASE 1 COMPLETED", f"%ASA-5-713120: {group}, PHASE 2 COMPLETED"]
        if session.up:
            return [f"%ASA-5-750006: {ends} IKEv2 SA UP. Reason: {REASONS['new']}"]
        why = REASONS[session.why]
        first = f"%ASA-5-713259: {group}, Session is being torn down. Reason: {why}"
        if session.ike_version == 2:
            first = f"%ASA-5-750007: {ends} IKEv2 SA DOWN. Reason: {why.lower()}"
        return [first, f"%ASA-4-113019: {_disconnected(session, why)}"]

    def line_protocol(self, interface: str, *, up: bool) -> str:
        """411001 or 411002."""
        number, word = ("411001", "up") if up else ("411002", "down")
        return f"%ASA-4-{number}: Line protocol on Interface {interface}, changed state to {word}"

    def given_up(self, local: str, remote: str) -> str:
        """750003."""
        return (
            f"%ASA-4-750003: Local:{local}:500 Remote:{remote}:500 Username:{remote} "
            "IKEv2 Negotiation aborted due to ERROR: Maximum number of retransmissions reached"
        )

    def no_ike_sa(self, source: str) -> str | None:  # noqa: ARG002
        """Nothing at this level."""
        return None

    def no_memory(self, size: int, free: int, process: str, traceback: str) -> str:  # noqa: ARG002
        """211001, which says no more than that."""
        return "%ASA-3-211001: Memory allocation Error"

    def started(self, interfaces: list[str], banner: list[str]) -> list[tuple[float, str]]:  # noqa: ARG002
        """Lines, and 199002."""
        return [*((-7.0, self.line_protocol(name, up=True)) for name in interfaces), (0.0, _STARTED)]


_STARTED = "%ASA-6-199002: Startup completed.  Beginning operation."


def _disconnected(session: Session, why: str) -> str:
    minutes, seconds = divmod(int(session.lasted_s), 60)
    lasted = f"{minutes // 60}h:{minutes % 60:02d}m:{seconds:02d}s"
    peer = session.remote
    return (
        f"Group = {peer}, Username = {peer}, IP = {peer}, Session disconnected. Session Type: LAN-to-LAN, "
        f"Duration: {lasted}, Bytes xmt: 0, Bytes rcv: 0, Reason: {why}"
    )
