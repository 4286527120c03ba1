"""Routers and tunnels made of typed values, for the tests of what joins, places and judges them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from vpnaudit.correlate import correlate
from vpnaudit.diagnose import diagnose
from vpnaudit.model.config import (
    ConfigFacts,
    ConfigInterface,
    DpdSetting,
    IsakmpPolicy,
    LifetimeSetting,
    MapEntry,
)
from vpnaudit.model.device import Device
from vpnaudit.model.facts import Coverage, Facts, Parsed, ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis
from vpnaudit.model.logs import LogHeader, LogMessage, Stamp
from vpnaudit.model.platform import Defaults
from vpnaudit.model.sa import IkeSa, IpsecFlow, IpsecSa, SaTrace, Session
from vpnaudit.model.snapshot import Capture
from vpnaudit.model.system import ClockReading, InterfaceState, MemoryPool, NtpStatus, VersionFacts
from vpnaudit.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "docs") not in sys.path:
    sys.path.append(str(ROOT / "docs"))
parse_once = importlib.import_module("parse_once")
AT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
HUB, SPOKE, STRANGER = "192.0.2.1", "198.51.100.7", "203.0.113.66"
INTO_HUB, INTO_SPOKE, LOST = 0x7711AB04, 0x5A0C11D2, 0x11D2C3B4
IOS = Defaults(ipsec_s=3600, ipsec_kb=4_608_000, ike_s=86_400, dpd_mode="off")
OUTSIDE = "GigabitEthernet0/0"
MONTH_S = 30 * 86_400


class Router:
    """A router whose facts are gathered by calls. What a test does not mention is in order."""

    def __init__(self, name: str, address: str, **given: Any) -> None:
        """`ahead_s`: its clock minus true time; `manifest` false: captures without times.

        `log_since_s`: how old its log's first line is, which is no event (None: it begins with the events); `logged`:
        how many lines `show logging` counts.
        """
        self.name, self.address = name, address
        self.ahead_s: float = given.pop("ahead_s", 0.0)
        self.manifest: bool = given.pop("manifest", True)
        self.mark: str = given.pop("mark", "")
        self.ntp: bool | None = given.pop("ntp", True)
        self.uptime_s: int | None = given.pop("uptime_s", MONTH_S)
        self.taken_at: datetime = given.pop("taken_at", AT)
        self.without: set[str] = set(given.pop("without", ()))
        self.life_s: int | None = given.pop("life_s", None)
        self.life_kb: int | None = given.pop("life_kb", None)
        self.dpd: str = given.pop("dpd", "periodic")
        self.log_since_s: float | None = given.pop("log_since_s", 3 * 86_400)
        self.logged: int | None = given.pop("logged", None)
        self.free: int = given.pop("free", 200_000_000)
        self.input_errors: int = given.pop("input_errors", 0)
        self.config: dict[str, Any] = given
        self.peers: list[str] = []
        self.sas: list[IpsecSa] = []
        self.flows: list[IpsecFlow] = []
        self.ikes: dict[str, list[IkeSa]] = {"v1": [], "v2": []}
        self.traces: list[SaTrace] = []
        self.sessions: list[Session] = []
        self.messages: list[LogMessage] = []
        self.more: dict[str, Facts] = {}

    def configure(self, *peers: str) -> Router:
        self.peers += peers
        return self

    def pair(self, peer: str, into: int | None, out: int | None, *, age_s: float = 900, **changes: Any) -> Router:
        """An inbound and an outbound SA; None: that direction is not there."""
        life = changes.pop("life_s", self.life_s or IOS.ipsec_s)
        local = changes.pop("local", self.address)
        base = {
            "interface": OUTSIDE,
            "peer": peer,
            "local_endpoint": local,
            "remote_endpoint": peer,
            "remaining_s": int(life - age_s),
            "remaining_kb": 4_607_000,
            "local_identity": "10.1.0.0/255.255.0.0/0/0",
        }
        for direction, spi in (("in", into), ("out", out)):
            if spi is not None:
                line = len(self.sas) + 2
                self.sas.append(
                    IpsecSa(**{"line": line, "direction": direction, "protocol": "esp", "spi": spi, **base, **changes})
                )
        flow = {k: v for k, v in {**base, **changes}.items() if k not in {"remaining_s", "remaining_kb"}}
        self.flows.append(IpsecFlow(line=1, **{k: flow[k] for k in flow if k in IpsecFlow.__struct_fields__}))
        return self

    def ike(self, peer: str, *, version: str = "v1", age_s: int = 5000, **changes: Any) -> Router:
        base: dict[str, Any] = {
            "line": 2,
            "version": version,
            "local": self.address,
            "remote": peer,
            "status": "ACTIVE" if version == "v1" else "READY",
            "state": "QM_IDLE" if version == "v1" else None,
            "active_s": age_s,
            "lifetime_s": 86_400,
        }
        self.ikes[version].append(IkeSa(**{**base, **changes}))
        return self

    def trace(self, action: str, spi: int, destination: str, ago_s: float) -> Router:
        line = len(self.traces) + 1
        at = self.own(ago_s)
        self.traces.append(SaTrace(line=line, action=action, spi=spi, destination=destination, stamp="set", at=at))
        return self

    def session(self, peer: str, status: str, uptime_s: int | None = None, **changes: Any) -> Router:
        base = {"line": 1, "interface": OUTSIDE, "status": status, "peers": (peer,), "uptime_s": uptime_s}
        self.sessions.append(Session(**{**base, **changes}))
        return self

    def own(self, ago_s: float) -> datetime:
        """What the router's clock said so long before the end of the collection."""
        return AT - timedelta(seconds=ago_s) + timedelta(seconds=self.ahead_s)

    def says(self, tag: str, ago_s: float | None, **changes: Any) -> Router:
        """A log message; no time: its stamp is uptime."""
        time = self.own(ago_s) if ago_s is not None else None
        text = time.strftime("%b %d %H:%M:%S.%f") if time else "20w2d"
        kind = "datetime" if time else "uptime"
        stamp = Stamp(text=text, kind=kind, resolution_s=0.001 if time else 86_400.0)
        raw = f"{text}: %{tag}"
        base = {"line": len(self.messages) + 2, "tag": tag, "text": raw, "raw": raw, "stamp": stamp, "time": time}
        self.messages.append(LogMessage(**{**base, **changes}))
        return self

    def line(self, spi: int, source: str | None, *ago_s: float | None, **changes: Any) -> Router:
        """Invalid-SPI lines, one for each age."""
        base = {"spi": spi, "source": source, "destination": self.address, "interface": OUTSIDE}
        for ago in ago_s:
            self.says("CRYPTO-4-RECVD_PKT_INV_SPI", ago, **{**base, **changes})
        return self

    def config_facts(self) -> ConfigFacts:
        life = None
        if self.life_s or self.life_kb:
            life = LifetimeSetting(line=5, seconds=self.life_s, kilobytes=self.life_kb)
        off = self.dpd == "off"
        base: dict[str, Any] = {
            "line": 1,
            "whole": True,
            "isakmp_policies": (IsakmpPolicy(line=2, priority=10),),
            "isakmp_keepalive": None if off else DpdSetting(line=3, interval_s=10, retry_s=3, mode=self.dpd),
            "ikev2_dpd": None if off else DpdSetting(line=4, interval_s=10, retry_s=3, mode=self.dpd),
            "ipsec_lifetime": life,
            "logging_session": True,
            "map_entries": tuple(
                MapEntry(line=6 + n, name="M", sequence=10 * (n + 1), peers=(p,)) for n, p in enumerate(self.peers)
            ),
            "interfaces": (ConfigInterface(line=12, name=OUTSIDE, addresses=(f"{self.address}/24",), crypto_map="M"),),
        }
        return ConfigFacts(**{**base, **self.config})

    def reading(self) -> datetime:
        return self.taken_at + timedelta(seconds=self.ahead_s)

    def answers(self) -> dict[str, Facts]:
        at = self.reading()
        clock = ClockReading(
            line=1,
            year=at.year,
            month=at.month,
            day=at.day,
            hour=at.hour,
            minute=at.minute,
            second=at.second,
            mark=self.mark,
        )
        answers = {
            "show clock": Facts(clock=clock),
            "show version": Facts(version=VersionFacts(line=1, uptime_s=self.uptime_s, uptime="some time")),
            "show running-config": Facts(config=self.config_facts()),
            "show crypto isakmp sa": Facts(ike_sas=tuple(self.ikes["v1"])),
            "show crypto ikev2 sa": Facts(ike_sas=tuple(self.ikes["v2"])),
            "show crypto ipsec sa": Facts(ipsec_sas=tuple(self.sas), ipsec_flows=tuple(self.flows)),
            "show crypto session": Facts(sessions=tuple(self.sessions)),
            "show monitor event-trace crypto ipsec event all": Facts(traces=tuple(self.traces)),
            "show interfaces": Facts(
                interfaces=(InterfaceState(line=1, name=OUTSIDE, address=self.address, input_errors=self.input_errors),)
            ),
            "show memory statistics": Facts(
                memory_pools=(
                    MemoryPool(line=1, pool="Processor", total=400_000_000, free=self.free, largest=100_000_000),
                )
            ),
            **self.more,
        }
        if self.ntp is not None:
            answers["show ntp status"] = Facts(ntp=NtpStatus(line=1, synchronized=self.ntp))
        return {c: f for c, f in answers.items() if c not in self.without}

    def capture(self, command: str, facts: Facts, file: str | None = None) -> ParsedCapture:
        times = {"asked_at": self.taken_at, "answered_at": self.taken_at} if self.manifest else {}
        text = "\n".join(f"line {n} of {command}" for n in range(1, 40))
        file = file or f"{self.name}/{command.replace(' ', '_')}.txt"
        capture = Capture(device=self.name, command=command, text=text, file=file, **times)
        return ParsedCapture(capture=capture, parsed=Parsed(facts=facts, coverage=Coverage(lines=39, understood=39)))

    def device(self, *log_captures: ParsedCapture) -> Device:
        first = LogMessage(line=1, tag="SYS-5-CONFIG_I", text="", raw="", time=self.own(self.log_since_s or 0.0))
        messages = (*((first,) if self.log_since_s is not None else ()), *self.messages)
        header = LogHeader(line=1, messages_logged=self.logged) if self.logged is not None else None
        buffer = self.capture("show logging", Facts(messages=messages, log_header=header))
        logs = log_captures or (() if "show logging" in self.without else (buffer,))
        return Device(
            name=self.name,
            platform="cisco_ios",
            defaults=IOS,
            address=self.address,
            captures=tuple(self.capture(c, f) for c, f in sorted(self.answers().items())),
            log_captures=logs,
        )


class Lab:
    """Builders and names that the tests share."""

    at = AT
    hub, spoke, stranger = HUB, SPOKE, STRANGER
    into_hub, into_spoke, lost = INTO_HUB, INTO_SPOKE, LOST
    defaults = IOS
    outside = OUTSIDE

    def ago(self, seconds: float) -> datetime:
        return AT - timedelta(seconds=seconds)

    def seconds(self, count: float) -> timedelta:
        return timedelta(seconds=count)

    def router(self, name: str = "hub", address: str = HUB, **given: Any) -> Router:
        return Router(name, address, **given)

    def pair(self, *, version: str = "v1", hub: Any = None, spoke: Any = None) -> tuple[Router, Router]:
        """Hub and spoke with one tunnel, everything in order."""
        one = Router("hub", HUB, **(hub or {})).configure(SPOKE)
        two = Router("spoke", SPOKE, **(spoke or {})).configure(HUB)
        one.pair(SPOKE, INTO_HUB, INTO_SPOKE).ike(SPOKE, version=version)
        two.pair(HUB, INTO_SPOKE, INTO_HUB).ike(HUB, version=version)
        return one, two

    def out_of_step(
        self, *, version: str = "v1", hub: Any = None, spoke: Any = None, ike: str = "both", ike_age_s: int = 50_000
    ) -> tuple[Router, Router]:
        """The hub has lost its SAs, the spoke still sends on 0x11D2C3B4; `ike` says which ends still hold IKE SAs."""
        one = Router("hub", HUB, **(hub or {})).configure(SPOKE)
        two = Router("spoke", SPOKE, **(spoke or {})).configure(HUB)
        two.pair(HUB, INTO_SPOKE, LOST, age_s=1200)
        if ike in {"both", "hub"}:
            one.ike(SPOKE, version=version, age_s=ike_age_s)
        if ike in {"both", "spoke"}:
            two.ike(HUB, version=version, age_s=ike_age_s)
        one.line(LOST, SPOKE, 600, 540, 480, 420, 360, 300, 240, 180, 120, 60)
        return one, two

    def fleet(self, *routers: Router, older: Sequence[Router] = (), settings: Settings | None = None) -> Fleet:
        devices = [r.device() for r in routers]
        return self.join(devices, routers, older=[r.device() for r in older], settings=settings)

    def join(
        self,
        devices: Sequence[Device],
        routers: Sequence[Router],
        *,
        older: Sequence[Device] = (),
        settings: Settings | None = None,
    ) -> Fleet:
        return correlate(
            devices,
            older=older,
            readings={r.name: r.reading() for r in routers if "show clock" not in r.without},
            collected_at=AT,
            started_at=None,
            settings=settings or Settings(),
        )

    def diagnose(self, *routers: Router, **more: Any) -> tuple[Diagnosis, ...]:
        settings = more.get("settings") or Settings()
        return diagnose(self.fleet(*routers, **more), settings)

    def facts(self, **records: Any) -> Facts:
        return Facts(**records)

    def replace(self, value: Any, **changes: Any) -> Any:
        return structs.replace(value, **changes)


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab()


@pytest.fixture(scope="module")
def each_text_once() -> Iterator[None]:
    """For tests that audit the same captures many times, with more of them and with fewer."""
    with parse_once.parsing_each_text_once():
        yield
