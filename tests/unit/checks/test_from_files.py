"""Every rule on what devices print, for IOS and for ASA: a healthy pair passes, one changed line fails, a gap is open.

The pairs are the simulated fleet's (IOS) and the situation of two ASAs with default settings. A change is a pattern and
what takes its place in one file of one device.
"""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vpnaudit.checks.registry import all_rules
from vpnaudit.model.audit import Audit
from vpnaudit.model.judgement import SEVERITIES
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings
from vpnaudit.simulate import build_fleet

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ASAS = Path(__file__).resolve().parents[2] / "fixtures" / "situations" / "b03_two_asas_with_defaults_healthy"
RULES = {r.id: r for r in all_rules()}

CONFIG, SAS, MAP = "show_running-config.txt", "show_crypto_ipsec_sa.txt", "show_crypto_map.txt"
LOG, INTERFACES, VERSION = "show_logging.txt", "show_interfaces.txt", "show_version.txt"
Change = tuple[str, str, str]
"""A file, a pattern (of which every hit is replaced) and what takes its place."""

INBOUND, NEW_SPI = r"(inbound esp sas:\s+spi: )0x[0-9A-F]+ ?\(\d+\)", r"\g<1>0x11223344(287454020)"
TWICE = r"(inbound esp sas:\n)(\s+spi:) (0x[0-9A-F]+ ?\(\d+\))((?:\n  .+)+?)(?=\n\n|\n *outbound)"
IOS_SA_TABLES = (SAS, "show_crypto_ipsec_sa_detail.txt")
IOS_IKE_TABLES = ("show_crypto_isakmp_sa.txt", "show_crypto_isakmp_sa_detail.txt", "show_crypto_session_detail.txt")
LIFE_SHOWN = r"Life/Active Time: 86400/50030"
IOS: dict[str, tuple[Change, ...]] = {
    "SPI-001": ((SAS, INBOUND, NEW_SPI), ("show_crypto_ipsec_sa_detail.txt", INBOUND, NEW_SPI)),
    "SPI-002": (
        (SAS, r"(?s)\A.*\Z", "No SAs found\n"),
        ("show_crypto_ipsec_sa_detail.txt", r"(?s)\A.*\Z", "No SAs found\n"),
    ),
    "LIFE-001": (
        (CONFIG, r"( set transform-set TS-AES256 *\n)", r"\1 set security-association lifetime seconds 28800\n"),
    ),
    "LIFE-002": ((CONFIG, r"( group 14\n)", r"\1 lifetime 1800\n"),),
    "LIFE-004": ((CONFIG, r"( group 14\n)", r"\1 lifetime 43200\n"),),
    "LIFE-003": tuple((table, r"\(k/sec\): \(\d+/", "(k/sec): (1000/") for table in IOS_SA_TABLES),
    "SPI-003": tuple((table, TWICE, r"\1\2\3\4\n\2 0x11223344(287454020)\4") for table in IOS_SA_TABLES),
    "DPD-001": ((CONFIG, r"crypto isakmp keepalive.*\n", ""),),
    "DPD-002": ((CONFIG, r"keepalive 10 3 periodic", "keepalive 10 3"),),
    "DPD-003": ((CONFIG, r"keepalive 10 3 periodic", "keepalive 30 5 periodic"),),
    "DPD-004": ((CONFIG, r"keepalive 10 3 periodic", "keepalive 600 10 periodic"),),
    "IKE-001": tuple(
        (table, r"(?s)\A.*\Z", "dst             src             state          conn-id status\n")
        for table in IOS_IKE_TABLES
    ),
    "IKE-002": tuple((table, r"QM_IDLE", "MM_KEY_EXCH") for table in IOS_IKE_TABLES[:1])
    + tuple(
        (table, r"(?s)\A.*\Z", "dst             src             state          conn-id status\n")
        for table in IOS_IKE_TABLES[1:]
    ),
    "IKE-003": ((CONFIG, r"(crypto isakmp key \S+ address) \S+", r"crypto isakmp invalid-spi-recovery\n\1 0.0.0.0"),),
    "MEM-001": (
        ("show_memory_statistics.txt", r"(Processor +\w+ +)(\d+) +\d+ +\d+ ", r"\g<1>\2  900000000  9000000 "),
    ),
    "MEM-002": (("show_memory_statistics.txt", r"(?m)^(Processor.* )\d+ *$", r"\g<1>20480"),),
    "MEM-003": (
        (
            LOG,
            r"\Z",
            "Nov 25 02:10:00.000: %SYS-2-MALLOCFAIL: Memory allocation of 65536 bytes failed from 0x1, alignment 0\n",
        ),
    ),
    "REL-001": ((VERSION, r"uptime is .*", "uptime is 2 hours, 14 minutes"),),
    "REL-002": ((VERSION, r"(?m)^(Cisco IOS Software.*?), Version [^,]+,", r"\1, Version 12.2(33)XNC1,"),),
    "LOSS-001": (
        (INTERFACES, r"\d+ packets input", "900000 packets input"),
        (INTERFACES, r"\d+ input errors", "5000 input errors"),
    ),
    "LOSS-002": ((LOG, r"\Z", "Nov 25 02:10:00.000: %LINK-3-UPDOWN: Interface {interface}, changed state to down\n"),),
    "LOSS-003": (
        (INTERFACES, r"\d+ packets output", "900000 packets output"),
        (INTERFACES, r"Total output drops: \d+", "Total output drops: 5000"),
    ),
    "LOSS-004": (("show_crypto_ikev2_stats_timeout.txt", r"(PACKET MAXIMUM RETRANS TIMER +)\d+", r"\g<1>90000"),),
    "CFG-001": ((CONFIG, r"( permit ip) 10\.\S+ \S+", r"\1 10.99.0.0 0.0.255.255"),),
    "CFG-002": ((CONFIG, r"esp-aes 256 esp-sha-hmac", "esp-3des esp-md5-hmac"),),
    "CFG-003": ((CONFIG, r"( set transform-set TS-AES256 *\n)", r"\1 set pfs group14\n"),),
    "CFG-004": ((CONFIG, r"(?s)crypto map OUTSIDE-MAP 10 .*?!", "!"), (CONFIG, r" crypto map OUTSIDE-MAP\n", "")),
    "LOG-001": ((CONFIG, r"service timestamps log .*", "service timestamps log uptime"),),
    "LOG-002": (("show_ntp_status.txt", r"Clock is synchronized", "Clock is unsynchronized"),),
    "LOG-003": (
        (LOG, r"level informational, \d+ messages logged", "level informational, 51234 messages logged"),
        (LOG, r"(?m)^(?:\*|\.)?[A-Z][a-z]{2} +\d+ .*\n(?=(?:.*\n)*.*%)", ""),
    ),
    "LOG-004": ((LOG, r"Buffer logging:  level \w+", "Buffer logging:  level errors"),),
    "COL-002": ((SAS, r"\A", "something new\n"),),
}
IKE_TABLES = ("show_crypto_isakmp_sa.txt", "show_crypto_ikev2_sa_detail.txt")
ASA: dict[str, tuple[Change, ...]] = {
    "SPI-001": ((SAS, INBOUND, NEW_SPI.replace("(287", " (287")),),
    "SPI-002": ((SAS, r"(?s)\A.*\Z", "There are no ipsec sas\n"),),
    "LIFE-001": (
        (
            CONFIG,
            r"(crypto map VPN 10 set ikev2 .*\n)",
            r"\1crypto map VPN 10 set security-association lifetime seconds 3600\n",
        ),
    ),
    "LIFE-003": ((SAS, r"\(kB/sec\): \(\d+/", "(kB/sec): (1000/"),),
    "SPI-003": ((SAS, TWICE, r"\1\2\3\4\n\2 0x11223344 (287454020)\4"),),
    "DPD-001": ((CONFIG, r"(tunnel-group \S+ ipsec-attributes\n)", r"\1 isakmp keepalive disable\n"),),
    "DPD-003": ((CONFIG, r"(tunnel-group \S+ ipsec-attributes\n)", r"\1 isakmp keepalive threshold 30 retry 5\n"),),
    "DPD-004": ((CONFIG, r"(tunnel-group \S+ ipsec-attributes\n)", r"\1 isakmp keepalive threshold 600 retry 5\n"),),
    "LIFE-002": tuple((table, LIFE_SHOWN, "Life/Active Time: 7200/100") for table in IKE_TABLES),
    "LIFE-004": tuple((table, LIFE_SHOWN, "Life/Active Time: 43200/100") for table in IKE_TABLES),
    "MEM-001": (("show_memory.txt", r"\d+ bytes \(72%\)", "85899345 bytes ( 1%)"),),
    "MEM-003": ((LOG, r"\Z", "Mar 14 2024 21:30:00: %ASA-3-211001: Memory allocation Error\n"),),
    "REL-001": ((VERSION, r"up 87 days 15 hours", "up 2 hours 14 mins"),),
    "REL-002": ((VERSION, r"Software Version 9\.16\(4\)14", "Software Version 8.6(1)2"),),
    "LOSS-001": (("show_interface.txt", r"0 input errors", "510000 input errors"),),
    "LOSS-004": (
        (
            LOG,
            r"\Z",
            (
                "Mar 14 2024 21:30:00: %ASA-3-713123: Group = 192.0.2.22, IP = 192.0.2.22, IKE lost contact with "
                "remote peer, deleting connection (keepalive type: DPD)\n"
            ),
        ),
    ),
    "IKE-001": tuple(
        (table, r"(?s)\A.*\Z", "There are no IKEv1 SAs\n\nThere are no IKEv2 SAs\n") for table in IKE_TABLES
    ),
    "CFG-001": ((CONFIG, r"(access-list far extended permit ip) 10\.\S+", r"\1 10.99.0.0"),),
    "CFG-002": ((CONFIG, r"esp encryption aes-256", "esp encryption 3des"),),
    "CFG-003": ((CONFIG, r"(crypto map VPN 10 set ikev2 .*\n)", r"crypto map VPN 10 set pfs group14\n\1"),),
    "CFG-004": ((CONFIG, r"crypto map VPN 10 .*\n", ""),),
    "LOG-001": ((CONFIG, r"logging timestamp *\n", ""),),
    "LOG-002": (("show_ntp_status.txt", r"Clock is synchronized", "Clock is unsynchronized"),),
    "LOG-003": ((LOG, r"2 messages logged", "51234 messages logged"),),
    "LOG-004": (
        (LOG, r"level warnings, class vpn", "level errors"),
        (CONFIG, r"logging buffered warnings\nlogging class vpn .*\n", "logging buffered errors\n"),
    ),
    "COL-002": ((SAS, r"\A", "something new\n"),),
}
CHANGES = {"ios": ("hub-a", IOS), "asa": ("fw-bern", ASA)}
GAPS: dict[str, tuple[str, ...]] = {
    "SPI": ("show_crypto_ipsec_sa*",),
    "LIFE": ("show_running-config*", "show_crypto_map*", "show_crypto_i[sk]*"),
    "DPD": ("show_running-config*", "show_crypto_i[sk]*"),
    "IKE": ("show_running-config*", "show_crypto_i[sk]*", "show_crypto_session*"),
    "MEM": ("show_memory*", "show_processes*", "show_logging*"),
    "REL": ("show_version*", "show_logging*"),
    "LOSS": ("show_interface*", "show_logging*"),
    "CFG": ("show_running-config*", "show_crypto_map*"),
    "LOG": ("show_logging*", "show_running-config*", "show_clock*", "show_ntp*"),
}
"""For each area what to take away from a device so that nothing of it can be decided there."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two healthy pairs as files."""
    place = tmp_path_factory.mktemp("pairs")
    build_fleet(1, ("healthy",), NOW).write_captures(place / "ios")
    shutil.copytree(ASAS / "captures", place / "asa")
    return {name: place / name for name in CHANGES}


def audited(folder: Path) -> Audit:
    return audit_sources([folder], Settings(), NOW)


def verdicts(audit: Audit, rule: str, device: str) -> set[str]:
    return {f.status for f in audit.findings if f.rule == rule and device in f.subject.devices}


@pytest.mark.parametrize("pair", CHANGES)
def test_default_settings_and_nothing_wrong_fail_nothing_above_low(places: dict[str, Path], pair: str) -> None:
    audit = audited(places[pair])
    assert {t.state for t in audit.tunnels} == {"up"}
    failed = {f.rule: f.severity for f in audit.findings if f.status == "FAIL"}
    assert not [r for r, s in failed.items() if SEVERITIES.index(s) < SEVERITIES.index("low")]
    passed = {f.rule for f in audit.findings if f.status == "PASS"}
    assert set(CHANGES[pair][1]) <= passed
    assert passed | {f.rule for f in audit.findings if f.status == "UNKNOWN"} >= set(RULES) - {"LOSS-003"}


def changed(folder: Path, device: str, changes: tuple[Change, ...], copy: Path) -> Path:
    shutil.copytree(folder, copy)
    config = (folder / device / CONFIG).read_text(encoding="utf-8")
    carrier = re.search(r"(?m)^interface (\S+)\n(?: .*\n)*? crypto map ", config)
    for name, pattern, instead in changes:
        path = copy / device / name
        text = path.read_text(encoding="utf-8")
        named = instead.replace("{interface}", carrier[1] if carrier else "outside")
        new, count = re.subn(pattern, named, text)
        assert count, f"{pattern} is not in {name}"
        path.write_text(new, encoding="utf-8")
    return copy


CASES = [(pair, rule) for pair, (_, changes) in CHANGES.items() for rule in changes]


@pytest.mark.parametrize(("pair", "rule"), CASES)
def test_a_changed_line_fails(places: dict[str, Path], pair: str, rule: str, tmp_path: Path) -> None:
    device, changes = CHANGES[pair]
    audit = audited(changed(places[pair], device, changes[rule], tmp_path / pair))
    assert "FAIL" in verdicts(audit, rule, device)


def test_a_level_of_the_vpn_class_keeps_the_events(places: dict[str, Path], tmp_path: Path) -> None:
    general = (LOG, r"level warnings, class vpn", "level errors, class vpn")
    in_config = (CONFIG, r"logging buffered warnings", "logging buffered errors")
    folder = changed(places["asa"], "fw-bern", (general, in_config), tmp_path / "asa")
    assert verdicts(audited(folder), "LOG-004", "fw-bern") == {"PASS"}
    (folder / "fw-bern" / CONFIG).unlink()
    assert verdicts(audited(folder), "LOG-004", "fw-bern") == {"UNKNOWN"}


@pytest.mark.parametrize(("free", "verdict"), [(2_000_000_000, "FAIL"), (1_400_000_000, "PASS")])
def test_memory_of_two_collections(places: dict[str, Path], tmp_path: Path, free: int, verdict: str) -> None:
    build_fleet(1, ("healthy",), NOW - timedelta(days=7)).write_captures(tmp_path / "before")
    memory = tmp_path / "before" / "hub-a" / "show_memory_statistics.txt"
    rest = r"(Processor +\w+ +\d+ +\d+ +)\d+ "
    text, count = re.subn(rest, rf"\g<1>{free} ", memory.read_text(encoding="utf-8"))
    assert count == 1
    memory.write_text(text, encoding="utf-8")
    audit = audit_sources([tmp_path / "before", places["ios"]], Settings(), NOW)
    assert verdicts(audit, "MEM-004", "hub-a") == {verdict}


def without(folder: Path, device: str, area: str, copy: Path) -> Audit:
    shutil.copytree(folder, copy)
    for pattern in GAPS[area]:
        for path in (copy / device).glob(pattern):
            path.unlink()
    return audited(copy)


@pytest.mark.parametrize("pair", CHANGES)
@pytest.mark.parametrize("area", GAPS)
def test_what_was_not_had_is_unknown(places: dict[str, Path], pair: str, area: str, tmp_path: Path) -> None:
    device, _ = CHANGES[pair]
    audit = without(places[pair], device, area, tmp_path / pair)
    found = {f.rule: verdicts(audit, f.rule, device) for f in audit.findings if f.rule.startswith(f"{area}-")}
    assert found
    assert not {rule for rule, said in found.items() if "FAIL" in said}
    assert "UNKNOWN" in set().union(*found.values())
