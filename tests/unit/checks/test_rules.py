"""Every rule: a case that passes, one that fails, one in which the evidence is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from vpnaudit.checks.registry import all_rules, page
from vpnaudit.model.config import IkeProfile, MapEntry, PeerMatch, TimeStamps
from vpnaudit.model.facts import Coverage, Facts, UnparsedLine
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding
from vpnaudit.model.logs import LogHeader
from vpnaudit.model.sa import Session
from vpnaudit.model.system import MemoryPool, VersionFacts
from vpnaudit.model.tunnel import Proxy, StaleOutbound
from vpnaudit.settings import Settings

Build = Callable[[Any], Fleet]
SECTIONS = (
    "What it looks for", "Why it matters", "What it cannot see", "Example", "What to do", "How to check that it worked",
    "Source",
)  # fmt: skip
CANNOT = {("COL-003", "FAIL"): "what cannot be judged has neither passed nor failed"}
"""Verdicts that a rule cannot give, and why."""


def healthy(make: Any) -> Fleet:
    return make.fleet()


def foreign(make: Any) -> Fleet:
    return make.fleet(remote=make.foreign)


def spoke(**changes: Any) -> Build:
    """The healthy fleet with changes of the spoke's end, or of the spoke itself."""
    return lambda make: make.fleet(remote={k: v(make) if callable(v) else v for k, v in changes.items()})


def hub_device(**changes: Any) -> Build:
    return lambda make: make.fleet(hub={k: v(make) if callable(v) else v for k, v in changes.items()})


def hub_without(*commands: str, **fields: Any) -> Build:
    return lambda make: make.fleet(hub={"without": commands, **fields})


def hub_config(**changes: Any) -> Build:
    return lambda make: make.fleet(hub={"answers": {"show running-config": Facts(config=make.config(**changes))}})


def hub_log(*messages: Callable[[Any], Any], **header: Any) -> Build:
    return lambda make: make.fleet(hub={"log": make.quiet_log(*(m(make) for m in messages), **header)})


def said(tag: str, **changes: Any) -> Callable[[Any], Any]:
    return lambda make: make.message(tag, **changes)


def pools(**changes: Any) -> dict[str, Facts]:
    pool = MemoryPool(**{"line": 1, "pool": "Processor", "total": 1000, "free": 500, "largest": 100_000, **changes})
    return {"show memory statistics": Facts(memory_pools=(pool,))}


def stale(make: Any) -> Fleet:
    lost = StaleOutbound(sender="spoke", receiver="hub", spi=0x1234, evidence=(make.evidence("spoke"),))
    return make.fleet(tunnel={"stale": (lost,), "state": "one-sided"})


def two_inbound(age_s: float | None) -> Build:
    def build(make: Any) -> Fleet:
        known = age_s is not None
        extra = make.sa(
            "spoke",
            "in",
            0x999,
            installed_at=make.at - timedelta(seconds=age_s) if age_s is not None else None,
            remaining_s=3600 - int(age_s) if age_s is not None else None,
        )
        base = make.tunnel().remote.sas
        sas = (
            base
            if known
            else tuple(make.sa("spoke", s.direction, s.spi, installed_at=None, remaining_s=None) for s in base)
        )
        return make.fleet(remote={"sas": (*sas, extra)})

    return build


def used(kilobytes: int, age_s: int = 900) -> Build:
    def build(make: Any) -> Fleet:
        changes = {
            "remaining_kb": 4_608_000 - kilobytes,
            "remaining_s": 3600 - age_s,
            "installed_at": make.at - timedelta(seconds=age_s),
        }
        return make.fleet(
            remote={"sas": tuple(make.sa("spoke", d, n, **changes) for d, n in (("in", 300), ("out", 301)))}
        )

    return build


def hub_version(version: str | None) -> Build:
    facts = Facts(version=VersionFacts(line=1, version=version, uptime_s=8_640_000))
    return lambda make: make.fleet(hub={"answers": {"show version": facts}})


def hub_before(*free: int, days_apart: float = 1.0) -> Build:
    """The hub had so many bytes free in earlier collections; the spoke as many as now."""

    def build(make: Any) -> Fleet:
        spoke = make.earlier(200_000_000, days_apart=7, name="spoke")
        return make.fleet(older=(*make.earlier(*free, days_apart=days_apart), *spoke))

    return build


def hub_interface(**changes: Any) -> Build:
    return lambda make: make.fleet(hub={"answers": {"show interfaces": Facts(interfaces=(make.interface(**changes),))}})


def hub_timers(packet: int, dpd: int, **fields: Any) -> Build:
    return lambda make: make.fleet(
        hub={"answers": {"show crypto ikev2 stats timeout": Facts(ike_timeouts=make.timers(packet, dpd))}, **fields}
    )


TIMEOUTS = "show crypto ikev2 stats timeout"
NOT_LIVE = {"ike_sas": ()}
NEGOTIATING = Session(line=4, status="DOWN-NEGOTIATING", peers=("192.0.2.1",))
ANY_PEER = (PeerMatch(line=7, any_peer=True),)
NAMED_PEER = (PeerMatch(line=7, address="198.51.100.7"),)

CASES: dict[str, dict[str, list[Build]]] = {
    "SPI-001": {"PASS": [healthy], "FAIL": [stale], "UNKNOWN": [foreign, spoke(sa_table_read=False, sas=())]},
    "SPI-002": {
        "PASS": [healthy, lambda make: make.fleet({"sas": ()}, {"sas": ()})],
        "FAIL": [
            spoke(sas=()),
            spoke(sas=lambda make: (make.sa("spoke", "out", 301),)),
            lambda make: make.fleet({"sas": (make.sa("hub", "in", 300),)}, make.foreign),
        ],
        "UNKNOWN": [foreign, spoke(sa_table_read=False, sas=())],
    },
    "SPI-003": {
        "PASS": [healthy, two_inbound(20)],
        "FAIL": [two_inbound(800)],
        "UNKNOWN": [two_inbound(None), spoke(sa_table_read=False, sas=())],
    },
    "LIFE-001": {
        "PASS": [healthy],
        "FAIL": [
            spoke(lifetime=lambda make: make.lifetime("spoke", ipsec_s=28_800)),
            spoke(lifetime=lambda make: make.lifetime("spoke", ipsec_kb=100_000)),
            spoke(lifetime=lambda make: make.lifetime("spoke", ipsec_kb=None, volume_disabled=True)),
        ],
        "UNKNOWN": [
            foreign,
            spoke(lifetime=None, config_read=False),
            spoke(lifetime=lambda make: make.lifetime("spoke", ipsec_kb=None)),
        ],
    },
    "LIFE-002": {
        "PASS": [healthy],
        "FAIL": [spoke(lifetime=lambda make: make.lifetime("spoke", ike_s=3000))],
        "UNKNOWN": [spoke(lifetime=lambda make: make.lifetime("spoke", ike_s=None))],
    },
    "LIFE-003": {
        "PASS": [
            healthy,
            used(0),
            spoke(lifetime=lambda make: make.lifetime("spoke", ipsec_kb=None, volume_disabled=True)),
        ],
        "FAIL": [used(3_456_000), used(4_608_000)],
        "UNKNOWN": [
            used(3_456_000, age_s=20),
            spoke(sas=()),
            spoke(sas=(), sa_table_read=False),
            spoke(lifetime=None),
        ],
    },
    "LIFE-004": {
        "PASS": [healthy],
        "FAIL": [spoke(lifetime=lambda make: make.lifetime("spoke", ike_s=28_800))],
        "UNKNOWN": [foreign, spoke(lifetime=None)],
    },
    "DPD-001": {
        "PASS": [healthy, spoke(dpd=lambda make: make.dpd("spoke", None, 10))],
        "FAIL": [spoke(dpd=lambda make: make.dpd("spoke", "off", None, None))],
        "UNKNOWN": [spoke(dpd=None), spoke(dpd=lambda make: make.dpd("spoke", None, None, None))],
    },
    "DPD-002": {
        "PASS": [healthy],
        "FAIL": [spoke(dpd=lambda make: make.dpd("spoke", "on-demand"))],
        "UNKNOWN": [spoke(dpd=None), spoke(dpd=lambda make: make.dpd("spoke", None))],
    },
    "DPD-003": {
        "PASS": [healthy],
        "FAIL": [
            spoke(dpd=lambda make: make.dpd("spoke", "periodic", 30)),
            spoke(dpd=lambda make: make.dpd("spoke", "off", None, None)),
        ],
        "UNKNOWN": [foreign, spoke(dpd=None)],
    },
    "DPD-004": {
        "PASS": [healthy],
        "FAIL": [
            spoke(dpd=lambda make: make.dpd("spoke", "periodic", 300)),
            spoke(
                dpd=lambda make: make.dpd("spoke", "periodic", 30),
                lifetime=lambda make: make.lifetime("spoke", ipsec_s=200),
            ),
        ],
        "UNKNOWN": [spoke(dpd=lambda make: make.dpd("spoke", "periodic", None))],
    },
    "IKE-001": {
        "PASS": [healthy],
        "FAIL": [spoke(**NOT_LIVE), spoke(**NOT_LIVE, ike_table_read=False, session_status="UP-NO-IKE")],
        "UNKNOWN": [
            spoke(**NOT_LIVE, ike_table_read=False),
            spoke(**NOT_LIVE, ike="v2"),
            spoke(sas=(), sa_table_read=False),
        ],
    },
    "IKE-002": {
        "PASS": [healthy, spoke(**NOT_LIVE), spoke(**NOT_LIVE, ike_table_read=False, session_status="DOWN")],
        "FAIL": [
            spoke(ike_sas=lambda make: (make.ike("spoke", live=False, state="MM_KEY_EXCH"),), sas=()),
            lambda make: make.fleet(
                remote={**NOT_LIVE, "session_status": "DOWN-NEGOTIATING"},
                spoke={"answers": {"show crypto session": Facts(sessions=(NEGOTIATING,))}},
            ),
        ],
        "UNKNOWN": [
            spoke(**NOT_LIVE, ike_table_read=False),
            spoke(
                ike_sas=lambda make: (make.ike("spoke", live=False, state="MM_NO_STATE", status="ACTIVE (deleted)"),),
                sas=(),
            ),
        ],
    },
    "IKE-003": {
        "PASS": [healthy, hub_config(invalid_spi_recovery=True, isakmp_keys=NAMED_PEER)],
        "FAIL": [
            hub_config(invalid_spi_recovery=True, invalid_spi_recovery_line=6, isakmp_keys=ANY_PEER),
            hub_config(
                invalid_spi_recovery=True,
                isakmp_keys=NAMED_PEER,
                map_entries=(MapEntry(line=8, name="DYN", sequence=10, kind="dynamic", template=True),),
            ),
            hub_config(invalid_spi_recovery=True, ike_profiles=(IkeProfile(line=8, name="P", version="v2"),)),
        ],
        "UNKNOWN": [hub_without("show running-config"), hub_config(whole=False)],
    },
    "MEM-001": {
        "PASS": [healthy],
        "FAIL": [hub_device(answers=pools(free=30)), hub_device(answers=pools(total=None, used=990, free=10))],
        "UNKNOWN": [
            hub_without("show memory statistics"),
            hub_device(answers=pools(pool="lsmpi_io", free=1)),
            hub_device(answers=pools(free=None)),
        ],
    },
    "MEM-002": {
        "PASS": [healthy],
        "FAIL": [hub_device(answers=pools(largest=20_480))],
        "UNKNOWN": [hub_without("show memory statistics"), hub_device(answers=pools(largest=None))],
    },
    "MEM-003": {
        "PASS": [healthy],
        "FAIL": [hub_log(said("SYS-2-MALLOCFAIL", details={"process": "Crypto IKMP", "pool": "Processor"}))],
        "UNKNOWN": [hub_without("show logging"), hub_log(buffer_enabled=False)],
    },
    "MEM-004": {
        "PASS": [
            healthy,
            hub_before(202_000_000, 196_000_000, 203_000_000),
            hub_before(150_000_000),
        ],
        "FAIL": [
            hub_before(230_000_000, 220_000_000, 210_000_000),
            hub_before(260_000_000, days_apart=7),
        ],
        "UNKNOWN": [
            lambda make: make.fleet(older=()),
            hub_before(260_000_000, days_apart=0.01),
            lambda make: make.fleet(older=make.earlier(260_000_000), hub={"booted_at": make.at - timedelta(hours=9)}),
            lambda make: make.fleet(older=make.earlier(260_000_000), hub={"without": ("show memory statistics",)}),
        ],
    },
    "REL-002": {
        "PASS": [healthy, hub_version("8.6(1)5"), hub_version("12.2(33)XNC2"), hub_version("8.6(1)12")],
        "FAIL": [hub_version("8.6(1)2"), hub_version("8.6(1)"), hub_version("12.2(33)XNB3")],
        "UNKNOWN": [hub_without("show version"), hub_version(None)],
    },
    "REL-001": {
        "PASS": [healthy],
        "FAIL": [
            lambda make: make.fleet(hub={"booted_at": make.at - timedelta(hours=2)}),
            lambda make: make.fleet(
                hub={"booted_at": make.at - timedelta(days=5)}, episodes=[make.episode(first_ago_s=4.5 * 86_400)]
            ),
            lambda make: make.fleet(hub={"booted_at": None, "log": make.quiet_log(make.message("SYS-5-RESTART"))}),
        ],
        "UNKNOWN": [hub_device(booted_at=None)],
    },
    "LOSS-001": {
        "PASS": [healthy],
        "FAIL": [
            hub_device(answers=lambda make: {"show interfaces": Facts(interfaces=(make.interface(input_errors=5000),))})
        ],
        "UNKNOWN": [
            hub_without("show interfaces"),
            hub_device(
                answers=lambda make: {"show interfaces": Facts(interfaces=(make.interface(input_packets=None),))}
            ),
            lambda make: make.fleet(
                {"interface": "Tunnel1", "vti": True, "address": "unknown"},
            ),
        ],
    },
    "LOSS-002": {
        "PASS": [
            healthy,
            hub_log(said("LINEPROTO-5-UPDOWN", interface="Tunnel1", details={"state": "down"})),
            hub_log(said("LINK-3-UPDOWN", interface="GigabitEthernet0/0", details={"state": "up"})),
        ],
        "FAIL": [hub_log(said("LINEPROTO-5-UPDOWN", interface="GigabitEthernet0/0", details={"state": "down"}))],
        "UNKNOWN": [hub_without("show logging"), hub_log(buffer_level="critical")],
    },
    "LOSS-003": {
        "PASS": [healthy, hub_interface(input_drops=900), hub_interface(output_drops=None)],
        "FAIL": [hub_interface(input_drops=2000), hub_interface(output_drops=50_000)],
        "UNKNOWN": [
            hub_without("show interfaces"),
            hub_interface(input_drops=None, output_drops=None),
            hub_interface(input_packets=None, output_packets=None),
            lambda make: make.fleet({"interface": "Tunnel1", "vti": True, "address": "unknown"}),
        ],
    },
    "LOSS-004": {
        "PASS": [
            healthy,
            hub_timers(100, 0),
            hub_without(TIMEOUTS, not_asked=(TIMEOUTS,)),
            hub_device(answers={TIMEOUTS: None}),
        ],
        "FAIL": [
            hub_timers(7736, 0),
            hub_timers(0, 300),
            hub_log(said("CRYPTO-4-IKMP_PEER_DEAD")),
            hub_log(said("ASA-3-713123")),
        ],
        "UNKNOWN": [
            hub_without(TIMEOUTS),
            hub_without("show logging"),
            hub_log(buffer_level="critical"),
            hub_timers(7, 0, booted_at=None),
        ],
    },
    "CFG-001": {
        "PASS": [healthy],
        "FAIL": [spoke(proxies=(Proxy(local="10.2.0.0/16", remote="10.1.8.0/21"),))],
        "UNKNOWN": [foreign, spoke(proxies=None)],
    },
    "CFG-002": {
        "PASS": [
            healthy,
            spoke(transforms=("esp-3des esp-md5-hmac", "esp-sha256-hmac esp-aes-256")),
        ],
        "FAIL": [spoke(transforms=("esp-3des esp-sha-hmac",))],
        "UNKNOWN": [foreign, spoke(transforms=None), spoke(transforms=("encryption aes-256 integrity sha-1",))],
    },
    "CFG-003": {
        "PASS": [healthy, spoke(pfs="Group 14")],
        "FAIL": [spoke(pfs=None), spoke(pfs="group2")],
        "UNKNOWN": [foreign, spoke(pfs=None, pfs_known=False)],
    },
    "CFG-004": {
        "PASS": [healthy],
        "FAIL": [spoke(configured=False)],
        "UNKNOWN": [
            spoke(configured=False, config_read=False),
            lambda make: make.fleet(
                remote={"configured": False},
                spoke={"answers": {"show running-config": Facts(config=make.config(whole=False))}},
            ),
        ],
    },
    "LOG-001": {
        "PASS": [healthy],
        "FAIL": [
            hub_config(timestamps=TimeStamps(line=2, kind="datetime")),
            hub_config(timestamps=TimeStamps(line=2, kind="uptime")),
            hub_config(timestamps=None),
        ],
        "UNKNOWN": [hub_without("show running-config"), hub_config(timestamps=None, whole=False)],
    },
    "LOG-002": {
        "PASS": [healthy],
        "FAIL": [
            hub_device(clock_synchronized=False),
            hub_device(clock_offset_s=-90.0),
            lambda make: make.fleet(
                hub={
                    "clock_synchronized": None,
                    "answers": {"show running-config": Facts(config=make.config(ntp_servers=()))},
                }
            ),
        ],
        "UNKNOWN": [
            hub_device(clock_synchronized=None),
            hub_without("show running-config", clock_synchronized=None),
        ],
    },
    "LOG-003": {
        "PASS": [
            healthy,
            hub_log(messages_logged=51_000),
            hub_device(log=Facts(log_header=LogHeader(line=1, messages_logged=0))),
        ],
        "FAIL": [
            hub_device(
                log=lambda make: Facts(
                    messages=(make.message("SYS-5-CONFIG_I", ago_s=2400),),
                    log_header=LogHeader(line=1, messages_logged=51_234),
                )
            )
        ],
        "UNKNOWN": [
            hub_without("show logging"),
            hub_device(log=Facts(log_header=LogHeader(line=1, messages_logged=51_234))),
            hub_device(log=Facts(log_header=LogHeader(line=1))),
        ],
    },
    "LOG-004": {
        "PASS": [healthy, hub_log(buffer_level="4")],
        "FAIL": [
            hub_log(buffer_level="errors"),
            hub_log(buffer_enabled=False),
            lambda make: make.fleet(
                hub={
                    "log": Facts(messages=()),
                    "answers": {"show running-config": Facts(config=make.config(logging_buffered_level="critical"))},
                }
            ),
        ],
        "UNKNOWN": [hub_without("show logging"), hub_log(buffer_level="surprising")],
    },
    "COL-001": {
        "PASS": [healthy],
        "FAIL": [hub_without("show crypto ipsec sa"), hub_device(status="unreachable", error="no route")],
        "UNKNOWN": [hub_device(platform=None)],
    },
    "COL-002": {
        "PASS": [healthy],
        "FAIL": [
            hub_device(
                unread={"show version": Coverage(lines=9, understood=8, unparsed=(UnparsedLine(line=4, text="?"),))}
            )
        ],
        "UNKNOWN": [lambda make: make.fleet(hub={"captures": (), "log_captures": ()})],
    },
    "COL-003": {
        "PASS": [healthy],
        "UNKNOWN": [hub_device(platform="cisco_nxos", assessable=False), hub_device(platform=None)],
    },
    "COL-004": {
        "PASS": [healthy],
        "FAIL": [hub_device(clock_offset_s=None), hub_device(clock_uncertainty_s=86_400.0)],
        "UNKNOWN": [hub_without("show clock", clock_offset_s=None, clock_uncertainty_s=None)],
    },
}
RULES = {r.id: r for r in all_rules()}
TABLE = [(rule, status, n) for rule, by in CASES.items() for status, builds in by.items() for n in range(len(builds))]


def findings(rule: str, fleet: Fleet) -> list[Finding]:
    return list(RULES[rule].check(fleet, Settings()))


@pytest.mark.parametrize(("rule", "status", "number"), TABLE)
def test_verdict(make: Any, rule: str, status: str, number: int) -> None:
    found = findings(rule, CASES[rule][status][number](make))
    assert found, "the rule did not apply"
    verdicts = {f.status for f in found}
    if status == "PASS":
        assert verdicts == {"PASS"}
    else:
        assert status in verdicts
        assert verdicts <= {status, "PASS"}


@pytest.mark.parametrize(("rule", "status", "number"), TABLE)
def test_says_why_and_by_what(make: Any, rule: str, status: str, number: int) -> None:
    for finding in findings(rule, CASES[rule][status][number](make)):
        assert (finding.rule, finding.title) == (rule, RULES[rule].title)
        assert finding.expected
        assert finding.actual
        if finding.status == "UNKNOWN":
            assert "`show " in finding.because
            assert any(name in finding.because for name in ("hub", "spoke", "198.51.100.7", "the other end"))
        if finding.status == "FAIL":
            assert finding.because.endswith(".")
            assert finding.evidence or rule == "COL-001"
            assert finding.parameters.get("device") in {"hub", "spoke"}
            assert all(finding.parameters.values())


@pytest.mark.parametrize("rule", RULES)
def test_has_all_cases(rule: str) -> None:
    for status in ("PASS", "FAIL", "UNKNOWN"):
        assert CASES.get(rule, {}).get(status) or (rule, status) in CANNOT, f"{rule} has no {status} case"


def test_has_no_case_of_a_rule_that_is_gone() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_page(rule: str) -> None:
    text = page(RULES[rule])
    places = [text.index(f"\n## {section}\n") for section in SECTIONS]
    assert places == sorted(places)
    assert text.startswith(f"# {rule} {RULES[rule].title}\n")
    example = text[places[3] : places[4]]
    assert "\n    " in example, "the example is not set off"


def test_restart_version_is_cited(make: Any) -> None:
    version = Facts(version=VersionFacts(line=5, reload_reason="power-on"))
    fleet = make.fleet(hub={"booted_at": make.at - timedelta(hours=1), "answers": {"show version": version}})
    (finding, _) = findings("REL-001", fleet)
    assert "power-on" in finding.actual
    assert finding.evidence[0].line == 5
