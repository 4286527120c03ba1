"""Small fleets built by hand: two routers and one tunnel, everything in order, and changes to that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from vpnaudit.model.config import ConfigFacts, ConfigInterface, DpdSetting, TimeStamps
from vpnaudit.model.device import Device
from vpnaudit.model.event import Episode
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import Coverage, Facts, Parsed, ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.ledger import Ledger
from vpnaudit.model.logs import LogHeader, LogMessage
from vpnaudit.model.platform import Defaults
from vpnaudit.model.sa import IkeSa, IkeTimeout
from vpnaudit.model.snapshot import Capture
from vpnaudit.model.system import ClockReading, InterfaceState, MemoryPool, VersionFacts
from vpnaudit.model.tunnel import Dpd, Lifetime, LiveIke, LiveSa, Proxy, Tunnel, TunnelEnd

AT = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
HUB, SPOKE = "192.0.2.1", "198.51.100.7"
IOS = Defaults(ipsec_s=3600, ipsec_kb=4_608_000, ike_s=86_400, dpd_mode="off")
FOREIGN: dict[str, Any] = {"device": None}
Changes = Mapping[str, Any]


class Make:
    """Builders. Every fact that a case does not mention is as it should be."""

    at = AT
    foreign = FOREIGN

    def evidence(self, device: str, command: str = "show running-config", line: int | None = 1) -> Evidence:
        return Evidence(device=device, command=command, file=f"{device}/{command.replace(' ', '_')}.txt", line=line)

    def capture(
        self, device: str, command: str, facts: Facts | None, coverage: Coverage | None = None
    ) -> ParsedCapture:
        """No facts: the device refused the command."""
        capture = Capture(
            device=device,
            command=command,
            text="\n".join(f"line {n} of {command}" for n in range(1, 20)),
            file=f"{device}/{command.replace(' ', '_')}.txt",
            asked_at=AT,
            answered_at=AT,
        )
        coverage = coverage or Coverage(lines=19, understood=19)
        return ParsedCapture(
            capture=capture, parsed=Parsed(facts=facts or Facts(), coverage=coverage, refused=facts is None)
        )

    def config(self, address: str = HUB, **changes: Any) -> ConfigFacts:
        base = ConfigFacts(
            line=1,
            whole=True,
            timestamps=TimeStamps(line=2, kind="datetime", msec=True),
            ntp_servers=("192.0.2.123",),
            isakmp_keepalive=DpdSetting(line=3, interval_s=10, retry_s=3, mode="periodic"),
            interfaces=(ConfigInterface(line=4, name="GigabitEthernet0/0", addresses=(f"{address}/24",)),),
        )
        return structs.replace(base, **changes)

    def message(self, tag: str, *, ago_s: float = 600.0, line: int = 3, **changes: Any) -> LogMessage:
        time = AT - timedelta(seconds=ago_s)
        return LogMessage(**{"line": line, "tag": tag, "text": tag, "raw": tag, "time": time, **changes})

    def quiet_log(self, *messages: LogMessage, **header: Any) -> Facts:
        """A buffer that has everything since two days ago."""
        first = self.message("SYS-5-CONFIG_I", ago_s=172_800, line=2)
        logged = {"messages_logged": 1 + sum(m.count for m in messages)}
        base = {"line": 1, "buffer_enabled": True, "buffer_level": "debugging", "buffer_bytes": 8192, **logged}
        return Facts(messages=(first, *messages), log_header=LogHeader(**{**base, **header}))

    def answers(self, address: str) -> dict[str, Facts | None]:
        return {
            "show clock": Facts(clock=ClockReading(line=1, year=2026, month=5, day=1, hour=12, minute=0, second=0)),
            "show version": Facts(version=VersionFacts(line=1, version="17.9.4a", uptime_s=8_640_000)),
            "show running-config": Facts(config=self.config(address)),
            "show crypto isakmp sa": Facts(),
            "show crypto ipsec sa": Facts(),
            "show memory statistics": Facts(
                memory_pools=(
                    MemoryPool(line=1, pool="Processor", total=400_000_000, free=200_000_000, largest=100_000_000),
                    MemoryPool(line=2, pool="lsmpi_io", total=6_295_128, free=824, largest=412),
                )
            ),
            "show interfaces": Facts(interfaces=(self.interface(address),)),
            "show crypto ikev2 stats timeout": Facts(ike_timeouts=self.timers(40, 2)),
        }

    def timers(self, packet: int, dpd: int) -> tuple[IkeTimeout, ...]:
        """IKEv2 timers: what was given up, and one that is no sign of it."""
        named = {"AUTH TIMER": 900, "PACKET MAXIMUM RETRANS TIMER": packet, "DPD MAX RETRANS TIMER": dpd}
        return tuple(IkeTimeout(line=n, name=name, count=c) for n, (name, c) in enumerate(named.items(), 3))

    def earlier(self, *free: int, days_apart: float = 1.0, name: str = "hub", **fields: Any) -> tuple[Device, ...]:
        """Collections of the days before, with so many bytes of 400 million free, the oldest first."""
        found = []
        for number, each in enumerate(free):
            at = AT - timedelta(days=days_apart * (len(free) - number))
            pool = MemoryPool(line=1, pool="Processor", total=400_000_000, free=each, largest=1_000_000)
            capture = self.capture(name, "show memory statistics", Facts(memory_pools=(pool,)))
            dated = structs.replace(capture, capture=structs.replace(capture.capture, asked_at=at, answered_at=at))
            found.append(Device(name=name, platform="cisco_ios", defaults=IOS, captures=(dated,), **fields))
        return tuple(found)

    def interface(self, address: str = HUB, **changes: Any) -> InterfaceState:
        base = InterfaceState(
            line=1,
            name="GigabitEthernet0/0",
            address=address,
            input_errors=0,
            input_packets=1_000_000,
            input_drops=0,
            output_drops=12,
            output_packets=1_000_000,
        )
        return structs.replace(base, **changes)

    def device(
        self,
        name: str = "hub",
        address: str = HUB,
        *,
        answers: Mapping[str, Facts | None] | None = None,
        without: Sequence[str] = (),
        log: Facts | None = None,
        unread: Mapping[str, Coverage] | None = None,
        **fields: Any,
    ) -> Device:
        """A device with all answers but `without`; `answers` replaces some (None: refused), `log` the log."""
        facts = {**self.answers(address), **(answers or {})}
        captures = tuple(
            self.capture(name, c, f, (unread or {}).get(c)) for c, f in sorted(facts.items()) if c not in without
        )
        logs = () if "show logging" in without else (self.capture(name, "show logging", log or self.quiet_log()),)
        base: dict[str, Any] = {
            "platform": "cisco_ios",
            "defaults": IOS,
            "address": address,
            "missing": tuple(without),
            "status": "partial" if without else "complete",
            "captures": captures,
            "log_captures": logs,
            "taken_at": AT,
            "clock_offset_s": 0.2,
            "clock_uncertainty_s": 1.0,
            "clock_synchronized": True,
            "booted_at": AT - timedelta(days=100),
        }
        return Device(name=name, **{**base, **fields})

    def sa(self, device: str, direction: str, spi: int, **changes: Any) -> LiveSa:
        """An SA of 900 s of age which has used 1 % of its volume."""
        base = {
            "device": device,
            "direction": direction,
            "protocol": "esp",
            "spi": spi,
            "evidence": self.evidence(device, "show crypto ipsec sa", spi % 19),
            "remaining_s": 2700,
            "remaining_kb": 4_562_000,
            "local_identity": "10.1.0.0/16",
            "remote_identity": "10.2.0.0/16",
            "installed_at": AT - timedelta(seconds=900),
        }
        return LiveSa(**{**base, **changes})

    def ike(self, device: str, *, live: bool = True, state: str = "QM_IDLE", status: str = "ACTIVE") -> LiveIke:
        sa = IkeSa(line=3, version="v1", local=HUB, remote=SPOKE, state=state, status=status)
        return LiveIke(sa=sa, live=live, evidence=self.evidence(device, "show crypto isakmp sa", 3))

    def dpd(self, device: str, mode: str | None, interval_s: int | None = 10, retry_s: int | None = 3) -> Dpd:
        return Dpd(mode=mode, interval_s=interval_s, retry_s=retry_s, evidence=(self.evidence(device),))

    def lifetime(self, device: str, **changes: Any) -> Lifetime:
        base = Lifetime(ike_s=86_400, ipsec_s=3600, ipsec_kb=4_608_000, evidence=(self.evidence(device),))
        return structs.replace(base, **changes)

    def end(self, name: str, spis: tuple[int, int], **changes: Any) -> TunnelEnd:
        inner = [Proxy(local="10.1.0.0/16", remote="10.2.0.0/16"), Proxy(local="10.2.0.0/16", remote="10.1.0.0/16")]
        address = HUB if name == "hub" else SPOKE
        base = TunnelEnd(
            address=address,
            device=name,
            seen_as=address,
            interface="GigabitEthernet0/0",
            ike="v1",
            dpd=self.dpd(name, "periodic"),
            lifetime=self.lifetime(name),
            sas=(self.sa(name, "in", spis[0]), self.sa(name, "out", spis[1])),
            ike_sas=(self.ike(name),),
            sa_table_read=True,
            sa_table_at=AT,
            ike_table_read=True,
            config_read=True,
            configured=True,
            proxies=(inner[0] if name == "hub" else inner[1],),
            transforms=("esp-aes 256 esp-sha256-hmac",),
            pfs="group14",
            pfs_known=True,
            map_entry="OUTSIDE 10",
            evidence=(self.evidence(name, line=9),),
        )
        return structs.replace(base, **changes)

    def tunnel(self, local: Changes | None = None, remote: Changes | None = None, **changes: Any) -> Tunnel:
        """Hub and spoke. `remote=make.foreign`: the spoke is not ours."""
        if remote is FOREIGN:
            far = TunnelEnd(address=SPOKE)
        else:
            far = self.end("spoke", (0x5A0C11D2, 0x7711AB04), **(remote or {}))
        near = self.end("hub", (0x7711AB04, 0x5A0C11D2), **(local or {}))
        base = Tunnel(id=f"{HUB}-{SPOKE}", local=near, remote=far, state="up", joined_by="addresses")
        return structs.replace(base, **changes)

    def fleet(
        self,
        local: Changes | None = None,
        remote: Changes | None = None,
        *,
        hub: Changes | None = None,
        spoke: Changes | None = None,
        tunnel: Changes | None = None,
        episodes: Sequence[Episode] = (),
        older: Sequence[Device] | None = None,
    ) -> Fleet:
        """The whole fleet. `local`, `remote`: changes of the ends; `hub`, `spoke`: of the devices."""
        devices = [self.device("hub", HUB, **(hub or {}))]
        if remote is not FOREIGN:
            devices.append(self.device("spoke", SPOKE, **(spoke or {})))
        return Fleet(
            devices=tuple(devices),
            tunnels=(self.tunnel(local, remote, **(tunnel or {})),),
            ledger=Ledger(()),
            events=(),
            episodes=tuple(episodes),
            collected_at=AT,
            older=tuple(older) if older is not None else self._week_before(),
        )

    def _week_before(self) -> tuple[Device, ...]:
        """Both devices a week ago, with as much memory free as now."""
        return tuple(d for name in ("hub", "spoke") for d in self.earlier(200_000_000, days_apart=7, name=name))

    def episode(self, *, first_ago_s: float) -> Episode:
        first = AT - timedelta(seconds=first_ago_s)
        return Episode(
            id="e",
            tunnel=f"{HUB}-{SPOKE}",
            device="hub",
            source=SPOKE,
            spi=0x7711AB04,
            first=first,
            last=first,
            first_at=first,
            last_at=first,
            uncertainty_s=1.0,
            lines=1,
            mechanism="unexplained",
            confidence="possible",
        )


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()
