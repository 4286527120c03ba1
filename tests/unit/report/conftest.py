"""Audit documents made by hand, and the comparison with golden files."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import pytest

from vpnaudit.model.audit import (
    Audit,
    AuditDevice,
    AuditDiagnosis,
    AuditDpd,
    AuditDpdPair,
    AuditEpisode,
    AuditEvent,
    AuditFinding,
    AuditLifetime,
    AuditLifetimePair,
    AuditLocal,
    AuditProblem,
    AuditRemediation,
    AuditRemote,
    AuditSa,
    AuditSource,
    AuditSummary,
    AuditTool,
    AuditTunnel,
    FindingCounts,
    ParseCount,
)
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import RuledOut, Subject, Waived, WouldSettle

GOLDEN = Path(__file__).parent / "golden"
SA_COMMAND = "show crypto ipsec sa detail"


def _device(name: str, address: str, **facts: object) -> AuditDevice:
    given: dict[str, object] = {
        "platform": "cisco_ios",
        "version": "17.9.4a",
        "addresses": (address,),
        "status": "complete",
        "missing": (),
        "clock_offset_s": 0.4,
        "clock_synchronized": True,
        "uptime_s": 8_640_000,
        "parse": {
            "show version": ParseCount(lines=52, understood=52),
            SA_COMMAND: ParseCount(lines=410, understood=409),
        },
    }
    return AuditDevice(name=name, **(given | facts))  # type: ignore[arg-type]


def _sa(device: str, direction: str, spi: int, remaining_s: int = 2210) -> AuditSa:
    return AuditSa(
        device=device,
        direction=direction,  # type: ignore[arg-type]
        spi=f"0x{spi:08X}",
        remaining_s=remaining_s,
        remaining_kb=4_101_337,
        transform="esp-gcm 256",
        installed_at="2026-05-01T11:36:57.000Z",
    )


def _pair(local: str, remote: str | None, base: int) -> tuple[AuditSa, ...]:
    here = (_sa(local, "in", base), _sa(local, "out", base + 1))
    return here if remote is None else (*here, _sa(remote, "in", base + 1), _sa(remote, "out", base))


def _tunnel(
    local: str, address: str, remote: str | None, remote_address: str, base: int, **facts: object
) -> AuditTunnel:
    end = AuditDpd(interval_s=10, retry_s=3, mode="periodic")
    life = AuditLifetime(ike_s=86_400, ipsec_s=3600, ipsec_kb=4_608_000)
    given: dict[str, object] = {
        "ike": "v2",
        "state": "up",
        "dpd": AuditDpdPair(local=end, remote=end if remote else None),
        "lifetime": AuditLifetimePair(local=life, remote=life if remote else None),
        "sas": _pair(local, remote, base),
    }
    return AuditTunnel(
        id=f"{address}--{remote_address}",
        local=AuditLocal(device=local, address=address, interface=f"Tunnel{base % 1000}", vrf=None),
        remote=AuditRemote(device=remote, address=remote_address),
        **(given | facts),  # type: ignore[arg-type]
    )


def _line(destination: str, source: str, spi: int, time: str) -> str:
    return (
        f"{time}: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr={destination},"
        f" prot=50, spi=0x{spi:08X}({spi}), srcaddr={source}, input interface=GigabitEthernet0/0/0"
    )


def _events(
    device: str, destination: str, source: str, spi: int, times: tuple[str, ...], **facts: object
) -> tuple[AuditEvent, ...]:
    episode = f"{device}/{source}/0x{spi:08X}/{times[0]}"
    given: dict[str, object] = {
        "time_from": "year from the device's clock, zone from the line",
        "mechanism": "stale-sa",
        "confidence": "proven",
        "count": 1,
        "interface": "GigabitEthernet0/0/0",
        "because": "the sender's outbound list has this SPI, the receiver's inbound list has not",
    }
    return tuple(
        AuditEvent(
            id=f"{episode}#{time}",
            time=time,
            device=device,
            destination=destination,
            source=source,
            spi=f"0x{spi:08X}",
            episode=episode,
            evidence=(
                Evidence(
                    device=device,
                    command="show logging",
                    file=f"{device}/show_logging.txt",
                    line=120 + number,
                    text=_line(destination, source, spi, time),
                ),
            ),
            raw=_line(destination, source, spi, time),
            **(given | facts),  # type: ignore[arg-type]
        )
        for number, time in enumerate(times)
    )


def _episode(events: tuple[AuditEvent, ...], tunnel: str | None, duration_s: float) -> AuditEpisode:
    first = events[0]
    return AuditEpisode(
        id=first.episode,
        tunnel=tunnel,
        device=first.device,
        source=first.source,
        spi=first.spi,
        first=first.time,
        last=events[-1].time,
        events=sum(e.count for e in events),
        duration_s=duration_s,
        mechanism=first.mechanism,
    )


def _minutes(hour: int, first: int, number: int, second: str = "07.098") -> tuple[str, ...]:
    return tuple(f"2026-05-01T{hour:02d}:{first + n:02d}:{second}Z" for n in range(number))


def _remedies() -> tuple[AuditRemediation, ...]:
    return (
        AuditRemediation(
            id="clear-peer:branch7:192.0.2.1",
            device="branch7",
            side="sender",
            kind="exec",
            title="Tear down the one tunnel that is out of step, at the end that sends on the lost SA",
            why="branch7 still sends on SPI 0x9E6D41B7, which hub1 lost; a new negotiation gives both the same SAs.",
            commands=("show crypto ipsec sa peer 192.0.2.1", "clear crypto session remote 192.0.2.1"),
            verify=("show crypto ipsec sa peer 192.0.2.1", "show logging | include RECVD_PKT_INV_SPI"),
            rollback=(),
            risk="disruptive",
            disruption="1 to 5 s without traffic to hub1; no other tunnel",
        ),
        AuditRemediation(
            id="dpd-periodic:branch7:192.0.2.1",
            device="branch7",
            side="sender",
            kind="config",
            title="Let branch7 notice by itself that the other end is gone",
            why="Without DPD the SA lives on until its lifetime ends, up to 1 h.",
            commands=("crypto ikev2 profile HUB", " dpd 10 3 periodic"),
            verify=("show crypto ikev2 sa detailed | include DPD",),
            rollback=("crypto ikev2 profile HUB", " no dpd 10 3 periodic"),
            risk="low",
            disruption="acts from the next negotiation of the IKE SA on",
        ),
        AuditRemediation(
            id="ask-source:203.0.113.77",
            device=None,
            side="sender",
            kind="ask",
            title="Ask the owner of 203.0.113.77 why it sends ESP here",
            why="It is no peer of ours.",
            commands=(
                "We see ESP packets from 203.0.113.77 to 192.0.2.1 with SPI 0x0BADF00D.\nWe have no tunnel with you.",
            ),
            verify=("show logging | include 203.0.113.77",),
            rollback=(),
            risk="none",
            disruption="",
        ),
    )


def _diagnoses(episodes: tuple[AuditEpisode, ...], tunnels: tuple[AuditTunnel, ...]) -> tuple[AuditDiagnosis, ...]:
    reset, foreign, unclear = episodes
    return (
        AuditDiagnosis(
            id=f"reset-not-detected:{tunnels[0].id}",
            cause="reset-not-detected",
            severity="high",
            confidence="proven",
            owner="sender",
            owner_devices=("branch7",),
            subject=Subject(devices=("hub1", "branch7"), tunnel=tunnels[0].id, source="198.51.100.7"),
            title="branch7 still sends on an SA that hub1 lost when it was reloaded",
            because=(
                "hub1 was reloaded at 2026-05-01 11:38:50 UTC, 82 s before the first line.",
                "SPI 0x9E6D41B7 is in branch7's outbound list and not in hub1's inbound list.",
                "branch7 has no DPD, so nothing told it that the other end is gone.",
            ),
            ruled_out=(
                RuledOut(cause="delete-lost", because="hub1 has no IKE SA with branch7 over which to have said so."),
                RuledOut(cause="normal-rekey", because="the same SPI came for 19 min; a rekey is over in seconds."),
            ),
            would_settle=(),
            episodes=(reset.id,),
            remediations=("clear-peer:branch7:192.0.2.1", "dpd-periodic:branch7:192.0.2.1"),
            evidence=(
                Evidence(
                    device="branch7",
                    command=SA_COMMAND,
                    file="branch7/show_crypto_ipsec_sa_detail.txt",
                    line=41,
                    text="      spi: 0x9E6D41B7(2657960375)",
                ),
                Evidence(
                    device="hub1",
                    command="show version",
                    file="hub1/show_version.txt",
                    line=17,
                    text="hub1 uptime is 22 minutes",
                ),
                Evidence(device="hub1", command=SA_COMMAND, file="hub1/show_crypto_ipsec_sa_detail.txt"),
            ),
        ),
        AuditDiagnosis(
            id="unconfigured-source:203.0.113.77",
            cause="unconfigured-source",
            severity="medium",
            confidence="likely",
            owner="path",
            owner_devices=(),
            subject=Subject(devices=("hub1",), source="203.0.113.77"),
            title="203.0.113.77 sends ESP to hub1 and is no peer of it",
            because=("No peer, keyring, dynamic map or interface that was read has the address 203.0.113.77.",),
            ruled_out=(RuledOut(cause="address-shared", because="no IKE SA of hub1 has this address."),),
            would_settle=(),
            episodes=(foreign.id,),
            remediations=("ask-source:203.0.113.77",),
            evidence=(
                Evidence(
                    device="hub1",
                    command="show logging",
                    file="hub1/show_logging.txt",
                    line=140,
                    text=_line("192.0.2.1", "203.0.113.77", 0x0BADF00D, "May  1 09:15:00.500 UTC"),
                ),
            ),
        ),
        AuditDiagnosis(
            id=f"insufficient-evidence:{tunnels[2].id}",
            cause="insufficient-evidence",
            severity="low",
            confidence="possible",
            owner="unknown",
            owner_devices=(),
            subject=Subject(devices=("hub2",), tunnel=tunnels[2].id, source="198.51.100.9"),
            title="One line on hub2 about 198.51.100.9; a rekey and a lost DELETE are both possible",
            because=("branch9 could not be reached, so its outbound list is not known.",),
            ruled_out=(RuledOut(cause="unconfigured-source", because="198.51.100.9 is a configured peer."),),
            would_settle=(
                WouldSettle(question="Does branch9 still send on 0x4400AA01?", command=SA_COMMAND),
                WouldSettle(question="Was there a maintenance on the line of branch9 that evening?"),
            ),
            episodes=(unclear.id,),
            remediations=(),
        ),
    )


def _finding(rule: str, title: str, status: str, severity: str, subject: Subject, **facts: object) -> AuditFinding:
    given: dict[str, object] = {
        "expected": "periodic",
        "actual": "off",
        "because": "an end without DPD does not notice that the other end is gone",
        "evidence": (),
        "remediations": (),
    }
    return AuditFinding(
        id=f"{rule}:{'+'.join(subject.devices)}:{subject.tunnel or ''}",
        rule=rule,
        title=title,
        status=status,  # type: ignore[arg-type]
        severity=severity,  # type: ignore[arg-type]
        subject=subject,
        **(given | facts),  # type: ignore[arg-type]
    )


def _findings(tunnels: tuple[AuditTunnel, ...]) -> tuple[AuditFinding, ...]:
    first, second = tunnels[:2]
    return (
        _finding(
            "DPD-001",
            "dpd-on-one-side-only",
            "FAIL",
            "medium",
            Subject(devices=("hub1", "branch7"), tunnel=first.id),
            remediations=("dpd-periodic:branch7:192.0.2.1",),
            evidence=(
                Evidence(
                    device="branch7",
                    command="show running-config",
                    file="branch7/show_running-config.txt",
                    line=88,
                    text="crypto ikev2 profile HUB",
                ),
            ),
        ),
        _finding(
            "LOG-001",
            "log-stamps-without-msec",
            "FAIL",
            "low",
            Subject(devices=("branch8",)),
            expected="datetime msec",
            actual="datetime",
            because="events within a second cannot be put in order",
        ),
        _finding(
            "IKE-003",
            "invalid-spi-recovery-is-on",
            "FAIL",
            "low",
            Subject(devices=("hub2",)),
            expected="off",
            actual="on",
            because="anyone can make the device answer",
            waived=Waived(reason="until the branches run IKEv2", until="2026-12-31", owner="netops"),
        ),
        _finding(
            "SPI-001",
            "spi-held-by-neither-end",
            "UNKNOWN",
            "high",
            Subject(devices=("branch9",)),
            expected="every outbound SPI is inbound at the other end",
            actual="",
            because="'show crypto ipsec sa detail' of branch9 was not had: the device was unreachable",
        ),
        _finding(
            "MEM-001",
            "memory-below-threshold",
            "UNKNOWN",
            "medium",
            Subject(devices=("branch8",)),
            expected="more than 10 % free",
            actual="",
            because="branch8 did not answer show memory statistics",
        ),
        _finding("DPD-001", "dpd-on-one-side-only", "PASS", "medium", Subject(devices=("hub1",), tunnel=second.id)),
    )


def typical_audit() -> Audit:
    """A night with one tunnel out of step, one foreign source and one question that stays open."""
    off = AuditDpd(interval_s=None, retry_s=None, mode="off")
    periodic = AuditDpd(interval_s=10, retry_s=3, mode="periodic")
    broken = _tunnel(
        "hub1",
        "192.0.2.1",
        "branch7",
        "198.51.100.7",
        0x3C117001,
        state="one-sided",
        dpd=AuditDpdPair(local=periodic, remote=off),
        sas=(_sa("branch7", "out", 0x9E6D41B7, 1104), _sa("branch7", "in", 0x51C00A11, 1104)),
    )
    healthy = _tunnel("hub1", "192.0.2.1", "branch8", "198.51.100.8", 0x4A100001)
    unclear = _tunnel("hub2", "192.0.2.2", None, "198.51.100.9", 0x5B200001, ike="v1")
    idle = _tunnel(
        "hub2",
        "192.0.2.2",
        None,
        "2001:db8:12::9",
        0x6C300001,
        ike=None,
        state="unknown",
        sas=(),
        dpd=AuditDpdPair(local=None, remote=None),
        lifetime=AuditLifetimePair(local=None, remote=None),
    )
    tunnels = (broken, healthy, unclear, idle)
    reset = _events("hub1", "192.0.2.1", "198.51.100.7", 0x9E6D41B7, _minutes(11, 40, 20))
    foreign = _events(
        "hub1",
        "192.0.2.1",
        "203.0.113.77",
        0x0BADF00D,
        _minutes(9, 15, 3, "00.500"),
        mechanism="unknown-source",
        because="no configured peer has this address",
    )
    single = _events(
        "hub2",
        "192.0.2.2",
        "198.51.100.9",
        0x4400AA01,
        ("2026-05-01T10:02:33.000Z",),
        mechanism="unexplained",
        confidence="possible",
    )
    episodes = (
        _episode(reset, broken.id, 1140.0),
        _episode(foreign, None, 120.0),
        _episode(single, unclear.id, 0.0),
    )
    return Audit(
        schema_="vpnaudit.audit/1",
        tool=AuditTool(name="vpnaudit", version="0.1.0"),
        generated_at="2026-05-01T12:00:07.098Z",
        source=AuditSource(
            kind="snapshot",
            path="20260501T120000Z",
            from_="2026-04-30T22:10:00.000Z",
            to="2026-05-01T12:00:07.098Z",
        ),
        summary=AuditSummary(
            devices=5,
            complete=3,
            tunnels=4,
            events=24,
            diagnoses=3,
            findings=FindingCounts(medium=1, low=1),
            unknown=2,
        ),
        devices=(
            _device("branch7", "198.51.100.7"),
            _device(
                "branch8",
                "198.51.100.8",
                status="partial",
                missing=("show memory statistics",),
                error="show memory statistics: % Invalid input detected at '^' marker.",
                clock_synchronized=False,
                clock_offset_s=-73.2,
            ),
            _device(
                "branch9",
                "198.51.100.9",
                platform=None,
                version=None,
                status="unreachable",
                missing=(SA_COMMAND, "show logging"),
                error="no route to host",
                clock_offset_s=None,
                clock_synchronized=None,
                uptime_s=None,
                parse={},
            ),
            _device("hub1", "192.0.2.1", uptime_s=1320),
            _device("hub2", "192.0.2.2"),
        ),
        tunnels=tunnels,
        events=(*foreign, *single, *reset),
        episodes=episodes,
        diagnoses=_diagnoses(episodes, tunnels),
        findings=_findings(tunnels),
        remediations=_remedies(),
        problems=(
            AuditProblem(file="branch8/show_notes.txt", line=None, problem="no command of that name is known"),
            AuditProblem(file="hub2/show_logging.txt", line=18, problem="not UTF-8; read as Latin-1"),
        ),
    )


def empty_audit() -> Audit:
    """Nothing was read."""
    return Audit(
        schema_="vpnaudit.audit/1",
        tool=AuditTool(name="vpnaudit", version="0.1.0"),
        generated_at="2026-05-01T12:00:07.098Z",
        source=AuditSource(kind="folder", path="captures", from_=None, to=None),
        summary=AuditSummary(
            devices=0, complete=0, tunnels=0, events=0, diagnoses=0, findings=FindingCounts(), unknown=0
        ),
        devices=(),
        tunnels=(),
        events=(),
        episodes=(),
        diagnoses=(),
        findings=(),
        remediations=(),
    )


def large_audit() -> Audit:
    """300 tunnels of one hub; every hundredth is one-sided."""
    tunnels = tuple(
        _tunnel(
            "hub1",
            "192.0.2.1",
            f"branch{n}",
            f"198.51.{100 + n // 200}.{n % 200}",
            0x10000000 + 16 * n,
            state="one-sided" if n % 100 == 0 else "up",
        )
        for n in range(300)
    )
    empty = empty_audit()
    summary = msgspec.structs.replace(empty.summary, devices=301, complete=301, tunnels=300)
    devices = (_device("hub1", "192.0.2.1"), *(_device(f"branch{n}", "198.51.100.1") for n in range(300)))
    return msgspec.structs.replace(empty, tunnels=tunnels, devices=devices, summary=summary)


@pytest.fixture(scope="session")
def typical() -> Audit:
    return typical_audit()


@pytest.fixture(scope="session")
def empty() -> Audit:
    return empty_audit()


@pytest.fixture(scope="session")
def large() -> Audit:
    return large_audit()


Record = TypeVar("Record", bound=msgspec.Struct)


def with_text(record: Record, text: str) -> Record:
    """The same record with `text` in every field that holds free text; times and closed sets stay."""
    changed = {
        name: _with_text(getattr(record, name), hint, text)
        for name, hint in _hints(type(record)).items()
        if name not in {"time", "first", "last", "generated_at", "from_", "to", "installed_at", "spi"}
    }
    return msgspec.structs.replace(record, **changed)


@cache
def _hints(record: type[msgspec.Struct]) -> dict[str, object]:
    return get_type_hints(record)


def _with_text(value: object, hint: object, text: str) -> object:
    if isinstance(value, msgspec.Struct):
        return with_text(value, text)
    if isinstance(value, tuple):
        inner = get_args(hint)[0]
        return tuple(_with_text(v, inner, text) for v in value)
    if isinstance(value, dict):
        return {f"{text}{n or ''}": counted for n, counted in enumerate(value.values())}
    closed = Literal in {get_origin(h) for h in (hint, *get_args(hint))}
    return text if isinstance(value, str) and not closed else value


@pytest.fixture(scope="session")
def filled(typical: Audit) -> Callable[[str], Audit]:
    """The typical document with one text in every free-text field."""
    return cache(lambda text: with_text(typical, text))


@pytest.fixture
def compare_golden() -> Callable[[str, str], None]:
    """Compare with a golden file; with UPDATE_GOLDEN=1 in the environment write it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8", newline="")
        assert path.exists(), f"there is no golden file {name}; make it with UPDATE_GOLDEN=1"
        assert text == path.read_bytes().decode()

    return compare
