"""Two configurations as people write them, and what the checks say of the tunnel between them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from vpnaudit.model.audit import Audit, AuditFinding
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings

NOW = datetime(2026, 5, 2, tzinfo=UTC)
CASES = yaml.safe_load((Path(__file__).parent / "two_ends.yaml").read_text(encoding="utf-8"))
ONE, TWO = ("192.0.2.1", "10.1.0.0", "10.3.0.0"), ("198.51.100.7", "10.3.0.0", "10.1.0.0")
"""Address of an end, its network, the other's."""
IOS = """\
version 15.7
hostname {name}
{global}
crypto isakmp policy 10
 encryption aes 256
{ike_block}\
{crypto}\
{more}
interface GigabitEthernet0/0
 ip address {address} 255.255.255.0
{interface}\
ip access-list extended VPN
 {acl}
{end}
"""
MAP = """\
{sets}\
crypto map M 10 ipsec-isakmp
 set peer {peer}
 set transform-set T
 match address VPN
 {entry}
"""
DYNAMIC = """\
{sets}\
crypto dynamic-map D 10
 set transform-set T
 {entry}
crypto map M 10 ipsec-isakmp dynamic D
"""
V2 = """\
crypto ikev2 profile P
 match identity remote address {peer} 255.255.255.255
 {ike}
"""
PROFILE = """\
{sets}\
crypto ipsec profile V
 set transform-set T
 set ikev2-profile P
 {profile}
"""
TUNNEL = """\
interface Tunnel1
 tunnel source GigabitEthernet0/0
 tunnel mode ipsec ipv4
 tunnel destination {peer}
 tunnel protection ipsec profile V
 {tunnel}
"""
ASA = """\
ASA Version 9.16(4)
hostname {name}
interface GigabitEthernet0/0
 nameif outside
 ip address {address} 255.255.255.0
access-list VPN extended permit ip {own} 255.255.0.0 {other} 255.255.0.0
{global}
crypto ipsec ikev1 transform-set T esp-aes-256 esp-sha256-hmac
crypto map M 10 match address VPN
crypto map M 10 set peer {peer}
crypto map M 10 set ikev1 transform-set T
{entry}
crypto map M interface outside
crypto ikev1 policy 10
 lifetime 86400
tunnel-group {peer} type ipsec-l2l
tunnel-group {peer} ipsec-attributes
 {group}
{end}
"""
SETS = "crypto ipsec transform-set T esp-aes 256 esp-sha256-hmac\n"


def written(end: dict[str, Any], name: str, here: tuple[str, str, str], there: tuple[str, str, str]) -> str:
    like = end["like"]
    words = dict.fromkeys(("global", "entry", "ike", "profile", "tunnel", "group", "more"), "")
    words |= {"name": name, "address": here[0], "peer": there[0], "own": here[1], "other": here[2]}
    words |= {
        "acl": f"permit ip {here[1]} 0.0.255.255 {here[2]} 0.0.255.255",
        "end": ": end" if like == "asa" else "end",
    }
    words |= {key: str(value) for key, value in end.items() if isinstance(value, str)}
    words["sets"] = "" if "transform-set T" in words["global"] else SETS
    if end.get("end") is False:
        words["end"] = ""
    inner = {"map": MAP, "dynamic": DYNAMIC, "vti": PROFILE, "asa": ""}[like]
    words["crypto"] = inner.format(**words)
    words["ike_block"] = V2.format(**words) if like == "vti" else ""
    words["interface"] = TUNNEL.format(**words) if like == "vti" else " crypto map M\n"
    text = (ASA if like == "asa" else IOS).format(**words)
    return (
        text.partition("crypto ikev2 profile")[2].join(("crypto ikev2 profile", ""))
        if end.get("head") is False
        else text
    )


def audited(case: dict[str, Any], folder: Path) -> Audit:
    for name, end, here, there in (("edge1", case["one"], ONE, TWO), ("edge2", case["two"], TWO, ONE)):
        (folder / name).mkdir()
        (folder / name / "show_running-config.txt").write_text(written(end, name, here, there), encoding="utf-8")
    return audit_sources([folder], Settings(), NOW)


def of_tunnels(audit: Audit) -> list[AuditFinding]:
    return [
        f for f in audit.findings if f.subject.tunnel and f.rule[:3] in {"LIF", "DPD", "CFG"} and f.rule != "LIFE-003"
    ]


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_two_ends(case: dict[str, Any], tmp_path: Path) -> None:
    found = of_tunnels(audited(case, tmp_path))
    assert {f.rule: f.severity for f in found if f.status == "FAIL"} == case["fails"]
    assert {f.rule for f in found if f.status == "UNKNOWN"} >= set(case.get("open", ()))
    assert {f.rule for f in found if f.status == "PASS"} >= set(case.get("passes", ()))
    assert not {f.rule for f in found if f.status == "UNKNOWN"} & set(case.get("passes", ()))
    assert all(f.evidence for f in found if f.status == "FAIL")


def test_a_peer_behind_a_shut_interface_is_said_to_be_so(tmp_path: Path) -> None:
    case = next(c for c in CASES if c["name"] == "a tunnel interface that is shut down at one end")
    (finding,) = (f for f in audited(case, tmp_path).findings if f.rule == "CFG-004")
    assert "Tunnel1" in finding.actual
    assert "shut down" in finding.actual
    assert finding.evidence[-1].text.startswith("interface Tunnel1")


V6 = """\
version 15.7
hostname {name}
crypto ikev2 profile P
 match identity remote any
crypto ipsec profile V
 set ikev2-profile P
interface GigabitEthernet0/0
 ipv6 address 2001:DB8:0::{own}/64
interface Tunnel1
 tunnel source GigabitEthernet0/0
 tunnel mode ipsec ipv6
 tunnel destination 2001:DB8::{peer}
 tunnel protection ipsec profile V
end
"""


@pytest.mark.parametrize(("peer", "status"), [(1, "PASS"), (9, "FAIL")])
def test_addresses_of_ipv6_are_one_in_every_spelling(tmp_path: Path, peer: int, status: str) -> None:
    for name, own, other in (("edge1", 1, 2), ("edge2", 2, peer)):
        (tmp_path / name).mkdir()
        text = V6.format(name=name, own=own, peer=other)
        (tmp_path / name / "show_running-config.txt").write_text(text, encoding="utf-8")
    (finding,) = (f for f in audit_sources([tmp_path], Settings(), NOW).findings if f.rule == "CFG-004")
    assert finding.status == status


def test_of_a_part_the_whole_configuration_is_asked_for(tmp_path: Path) -> None:
    case = next(c for c in CASES if c["name"] == "a DPD line that the cut configuration does not reach")
    (finding,) = (f for f in audited(case, tmp_path).findings if f.rule == "DPD-001" and f.status == "UNKNOWN")
    assert "`show running-config` on edge1" in finding.because
