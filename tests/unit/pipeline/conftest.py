"""Short answers of two routers, and snapshots made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vpnaudit.model.audit import Audit
from vpnaudit.model.snapshot import Capture, DeviceCaptures, Snapshot
from vpnaudit.pipeline.audit import audit_snapshots
from vpnaudit.settings import Settings

AT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
HUB, SPOKE = "192.0.2.1", "198.51.100.7"
INTO_HUB, INTO_SPOKE = 0x7711AB04, 0x5A0C11D2

CONFIG = """version 17.9
service timestamps log datetime msec
hostname {name}
!
crypto isakmp policy 10
crypto isakmp keepalive 10 3 periodic
crypto ipsec transform-set T esp-aes esp-sha-hmac
crypto map M 10 ipsec-isakmp
 set peer {peer}
 set transform-set T
!
interface GigabitEthernet0/0
 ip address {address} 255.255.255.0
 crypto map M
!
end
"""
SA_TABLE = """
interface: GigabitEthernet0/0
    Crypto map tag: M, local addr {address}

   protected vrf: (none)
   local  ident (addr/mask/prot/port): (10.1.0.0/255.255.0.0/0/0)
   remote ident (addr/mask/prot/port): (10.2.0.0/255.255.0.0/0/0)
   current_peer {peer} port 500
    #pkts encaps: 10, #pkts encrypt: 10, #pkts digest: 10
    #pkts decaps: 9, #pkts decrypt: 9, #pkts verify: 9

     local crypto endpt.: {address}, remote crypto endpt.: {peer}
     current outbound spi: 0x{out:X}({out})

     inbound esp sas:
      spi: 0x{into:X}({into})
        transform: esp-aes esp-sha-hmac ,
        sa timing: remaining key lifetime (k/sec): (4607985/{left})
        Status: ACTIVE(ACTIVE)

     inbound ah sas:

     inbound pcp sas:

     outbound esp sas:
      spi: 0x{out:X}({out})
        transform: esp-aes esp-sha-hmac ,
        sa timing: remaining key lifetime (k/sec): (4607985/{left})
        Status: ACTIVE(ACTIVE)

     outbound ah sas:

     outbound pcp sas:
"""
IKE_TABLE = """IPv4 Crypto ISAKMP SA
dst             src             state          conn-id status
{address}       {peer}    QM_IDLE           1001 ACTIVE

IPv6 Crypto ISAKMP SA
"""
VERSION = """Cisco IOS XE Software, Version 17.09.04a
Cisco IOS Software [Cupertino], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.9.4a, RELEASE
{name} uptime is 12 weeks, 1 day, 2 hours, 3 minutes
"""
LINE = (
    "{stamp}: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr={address}, prot=50, "
    "spi=0x{spi:X}({spi}), srcaddr={source}, input interface=GigabitEthernet0/0"
)


def clock(at: datetime) -> str:
    return at.strftime("%H:%M:%S.000 UTC %a %b %d %Y\n")


class Bench:
    """Answers, devices, snapshots, audits."""

    at = AT
    hub, spoke = HUB, SPOKE
    into_hub, into_spoke = INTO_HUB, INTO_SPOKE

    def ago(self, seconds: float) -> datetime:
        return AT - timedelta(seconds=seconds)

    def line(self, spi: int, ago_s: float, source: str = SPOKE, address: str = HUB) -> str:
        stamp = self.ago(ago_s).strftime("%b %d %H:%M:%S.") + "000"
        return LINE.format(stamp=stamp, spi=spi, source=source, address=address)

    def answers(
        self, name: str = "hub", *, lines: Sequence[str] = (), spis: tuple[int, int] | None = None, **given: Any
    ) -> dict[str, str]:
        """Everything that an audit needs of the hub or the spoke; `spis`: into it and out of it."""
        address, peer = (HUB, SPOKE) if name.lower().startswith("hub") else (SPOKE, HUB)
        both = (INTO_HUB, INTO_SPOKE) if address == HUB else (INTO_SPOKE, INTO_HUB)
        into, out = spis or both
        words = {
            "name": name,
            "address": address,
            "peer": peer,
            "into": into,
            "out": out,
            "left": given.get("left", 2700),
        }
        return {
            "show clock": clock(given.get("at", AT)),
            "show version": VERSION.format(**words),
            "show running-config": CONFIG.format(**words),
            "show crypto isakmp sa": IKE_TABLE.format(**words),
            "show crypto ipsec sa": SA_TABLE.format(**words),
            "show crypto map": "No crypto maps found.\n",
            "show memory statistics": (
                "                Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)\n"
                "Processor  7F2B5C10   400000000   200000000   200000000   190000000   100000000\n"
            ),
            "show interfaces": f"GigabitEthernet0/0 is up, line protocol is up\n  Internet address is {address}/24\n",
            "show logging": "Syslog logging: enabled (0 messages dropped)\n\nLog Buffer (8192 bytes):\n\n"
            + "".join(f"{line}\n" for line in lines),
        }

    def device(
        self, name: str = "hub", answers: dict[str, str] | None = None, *, at: datetime | None = AT, **fields: Any
    ) -> DeviceCaptures:
        """`at` null: captures without times, as a folder has them."""
        found = self.answers(name) if answers is None else answers
        times = {"asked_at": at, "answered_at": at} if at is not None else {}
        captures = tuple(
            Capture(device=name, command=c, text=t, file=f"{name}/{c.replace(' ', '_')}.txt", **times)
            for c, t in sorted(found.items())
        )
        return DeviceCaptures(**{"name": name, "platform": "cisco_ios", "captures": captures, **fields})

    def snapshot(self, *devices: DeviceCaptures, at: datetime | None = AT, **fields: Any) -> Snapshot:
        kind = "folder" if at is None else "snapshot"
        return Snapshot(
            **{"kind": kind, "path": "nights/x", "devices": devices, "started_at": at, "finished_at": at, **fields}
        )

    def logs(self, name: str, *lines: str, file: str = "router.log") -> Snapshot:
        text = "".join(f"{line}\n" for line in lines)
        capture = Capture(device=name, command="syslog", text=text, file=file, modified_at=AT)
        return Snapshot(kind="logs", path=file, devices=(DeviceCaptures(name=name, captures=(capture,)),))

    def audit(self, *snapshots: Snapshot, now: datetime = AT, settings: Settings | None = None) -> Audit:
        return audit_snapshots(snapshots, settings or Settings(), now)

    def pair(self, lines: Sequence[str] = ()) -> Snapshot:
        hub = self.device("hub", self.answers("hub", lines=lines))
        return self.snapshot(hub, self.device("spoke"))


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench()
