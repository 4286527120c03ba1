"""IOS and IOS-XE (field guide 1.2, 1.5, 5.1)."""

from __future__ import annotations

from vpnaudit.simulate.messages.form import Misfit, SaLine, Session, UnknownSpi


class IosMessages:
    """One line a minute for each flow (field guide 1.3); SAs are traced, not logged."""

    line_every_s = 60.0
    limits_flows = True

    def __init__(self, *, names_input_interface: bool) -> None:
        self._names_input_interface = names_input_interface

    def unknown_spi(self, packet: UnknownSpi) -> str:
        """`RECVD_PKT_INV_SPI`."""
        tail = f", input interface={packet.interface}" if self._names_input_interface else ""
        return (
            "%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
            f"destaddr={packet.destination}, prot=50, spi=0x{packet.spi:X}({packet.spi}), srcaddr={packet.source}{tail}"
        )

    def misfit(self, packet: Misfit) -> str:
        """`RECVD_PKT_INV_IDENTITY`."""
        (own, own_mask), (theirs, mask) = packet.proxies
        return (
            "%CRYPTO-4-RECVD_PKT_INV_IDENTITY: identity doesn't match negotiated identity "
            f"(ip) dest_addr= {packet.inner_destination}, src_addr= {packet.inner_source}, prot= 6, "
            f"(ident) local={packet.destination}, remote={packet.source}, "
            f"local_proxy={own}/{own_mask}/0/0, remote_proxy={theirs}/{mask}/0/0"
        )

    def sa_trace(self, line: SaLine) -> list[str]:
        """Two SAs, each with a line of its facts and one of its ends."""
        what = "create" if line.created else "delete"
        equals = "= " if line.created else " = "
        entries = []
        for dest, spi, conn in ((line.local, line.inbound, 0), (line.remote, line.outbound, 1)):
            head = f"IPSEC-EVENT:IPSEC-{what.upper()}-SA:  SESSION ID:0, sa {what} : (sa)"
            entries.append(
                f"{head} sa_dest{equals}{dest}, sa_proto{equals}50, sa_spi{equals}0x{spi:X}({spi}), "
                f"sa_trans{equals}{line.transform} , sa_conn_id{equals}{line.connections[conn]}, "
                f"sa_lifetime(k/sec){equals}({line.lifetime_kb}/{line.lifetime_s})"
            )
            entries.append(
                f"{head},  loc: {line.local}, rem: {line.remote}, "
                f"l_proxy: {line.proxies[0]}/0/256, r_proxy: {line.proxies[1]}/0/256"
            )
        return entries

    def sa_log(self, line: SaLine) -> list[str]:  # noqa: ARG002 - one form for all systems
        """Nothing: only the trace knows."""
        return []

    def session(self, session: Session) -> list[str]:
        """`crypto logging session`."""
        word = "UP" if session.up else "DOWN"
        kind = "SESSION_STATUS: Crypto tunnel"
        if session.ike_version == 2:
            kind = "IKEV2_SESSION_STATUS: Crypto tunnel v2"
        return [f"%CRYPTO-5-{kind} is {word}.  Peer {session.remote}:{session.port}       Id: {session.identity}"]

    def line_protocol(self, interface: str, *, up: bool) -> str:
        """`LINEPROTO-5-UPDOWN`."""
        word = "up" if up else "down"
        return f"%LINEPROTO-5-UPDOWN: Line protocol on Interface {interface}, changed state to {word}"

    def given_up(self, local: str, remote: str) -> str:  # noqa: ARG002
        """`IKEV2-3-NEG_ABORT`, which names no peer."""
        return "%IKEV2-3-NEG_ABORT: Negotiation aborted due to ERROR: Maximum number of retransmissions reached"

    def no_ike_sa(self, source: str) -> str | None:
        """`IKMP_NO_SA`."""
        return f"%CRYPTO-4-IKMP_NO_SA: IKE message from {source} has no SA and is not an initialization offer"

    def no_memory(self, size: int, free: int, process: str, traceback: str) -> str:
        """`SYS-2-MALLOCFAIL`, four lines."""
        return (
            f"%SYS-2-MALLOCFAIL: Memory allocation of {size} bytes failed from 0x60A1B2C8, alignment 0 \n"
            f"Pool: Processor  Free: {free}  Cause: Memory fragmentation \n"
            "Alternate Pool: None  Free: 0  Cause: No Alternate pool \n"
            f' -Process= "{process}", ipl= 0, pid= {200 + len(process)}, -Traceback= {traceback}'
        )

    def started(self, interfaces: list[str], banner: list[str]) -> list[tuple[float, str]]:
        """Links, `SYS-5-RESTART` with the banner, ISAKMP."""
        said = []
        for name in interfaces:
            said.append((-8.0, f"%LINK-3-UPDOWN: Interface {name}, changed state to up"))
            said.append((-7.0, self.line_protocol(name, up=True)))
        said.append((0.0, "%SYS-5-RESTART: System restarted --\n" + "\n".join(banner)))
        said.append((0.4, "%CRYPTO-6-ISAKMP_ON_OFF: ISAKMP is ON"))
        return said
