"""Every show command of an ASA against its cases in `tests/fixtures/cisco_asa/`.

`UPDATE_GOLDEN=1 pytest …` writes `expected.json` anew; what changed is then to be read in the diff.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vpnaudit.model.facts import Facts, Parsed, Parser
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IkeSa, IpsecSa
from vpnaudit.platforms.cisco_asa import (
    show_clock,
    show_crypto_ipsec_sa,
    show_crypto_ipsec_stats,
    show_crypto_isakmp_sa,
    show_failover,
    show_interfaces,
    show_logging,
    show_memory,
    show_ntp_status,
    show_version,
    show_vpn_sessiondb,
)
from vpnaudit.platforms.cisco_asa.platform import PLAN, PLATFORM
from vpnaudit.platforms.registry import resolve_command

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "cisco_asa"
CORPUS = Path(__file__).resolve().parents[3] / "../shared/corpus/cisco_asa"
MODULES = (
    show_clock,
    show_crypto_ipsec_sa,
    show_crypto_ipsec_stats,
    show_crypto_isakmp_sa,
    show_failover,
    show_interfaces,
    show_logging,
    show_memory,
    show_ntp_status,
    show_version,
    show_vpn_sessiondb,
)
SPECS: tuple[CommandSpec, ...] = tuple(spec for module in MODULES for spec in module.COMMANDS)
PARSERS: dict[str, Parser] = {spec.command.replace(" ", "_"): spec.parse for spec in SPECS}
CASES = [case for name in PARSERS for case in sorted((FIXTURES / name).glob("*")) if case.is_dir()]
EMPTY = msgspec.to_builtins(Facts())


def told(parsed: Parsed) -> dict[str, Any]:
    """What a parse says, without what it leaves empty."""
    facts = {key: value for key, value in msgspec.to_builtins(parsed.facts).items() if value != EMPTY[key]}
    return {
        "refused": parsed.refused,
        "lines": parsed.coverage.lines,
        "understood": parsed.coverage.understood,
        "unparsed": _without_nulls(msgspec.to_builtins(parsed.coverage.unparsed)),
        "facts": _without_nulls(facts),
    }


def _without_nulls(value: Any) -> Any:
    """As JSON has it: lists for tuples, and no key without a value."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(inner) for inner in value]
    return value


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path) -> None:
    found = told(PARSERS[case.parent.name]((case / "input.txt").read_text(encoding="utf-8")))
    expected = case / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_carriage_returns_and_trailing_blanks_change_nothing(case: Path) -> None:
    text = (case / "input.txt").read_text(encoding="utf-8")
    parse = PARSERS[case.parent.name]
    assert parse(text.replace("\n", "  \r\n")).facts == parse(text).facts


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.parent.name.endswith(("_sa", "_sa_detail"))],
    ids=lambda case: f"{case.parent.name}/{case.name}",
)
def test_a_cut_capture_invents_no_spi_and_no_peer(case: Path) -> None:
    text = (case / "input.txt").read_text(encoding="utf-8")
    parse = PARSERS[case.parent.name]
    spis, lines = _spis(parse(text).facts), _lines(parse(text).facts)
    for end in range(0, len(text), 17):
        cut = parse(text[:end]).facts
        assert _spis(cut) <= spis
        assert _lines(cut) <= lines


def _spis(facts: Facts) -> set[tuple[str, int | None]]:
    own = {(sa.direction, sa.spi) for sa in facts.ipsec_sas}
    children = {(child.direction, child.spi) for ike in facts.ike_sas for child in ike.child_sas}
    shown = {("out", flow.current_outbound_spi) for flow in facts.ipsec_flows if flow.current_outbound_spi is not None}
    return {*own, *children, *shown}


def _lines(facts: Facts) -> set[int]:
    return {sa.line for sa in facts.ipsec_sas} | {sa.line for sa in facts.ike_sas}


def test_an_answer_that_ends_early_is_cut() -> None:
    folder = FIXTURES / "show_crypto_ipsec_sa"
    cut = {case.name for case in folder.glob("*") if PARSERS[folder.name](_input(case)).facts.cut}
    assert cut == {
        "006_truncated_in_an_spi",
        "007_truncated_in_the_outbound_sa",
        "015_fragment_of_a_mail",
        "017_truncated_in_a_lifetime",
        "018_truncated_in_a_counter",
        "019_truncated_before_any_spi",
    }


def _input(case: Path) -> str:
    return (case / "input.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.command)
def test_every_command_has_cases(spec: CommandSpec) -> None:
    same_parser = [name for name, parse in PARSERS.items() if parse is spec.parse]
    assert any((FIXTURES / name).is_dir() for name in same_parser)


def test_what_an_audit_needs_is_collected() -> None:
    needed = {spec.command for spec in PLATFORM.commands if spec.needed}
    assert needed == {
        "show clock",
        "show version",
        "show running-config",
        "show crypto isakmp sa",
        "show crypto ipsec sa",
        "show interfaces",
        "show logging",
    }
    assert [spec.command for spec in PLATFORM.commands if spec.collected] == list(PLAN)
    assert next(s.sent for s in PLATFORM.commands if s.command == "show interfaces") == "show interface"


@pytest.mark.parametrize(
    ("typed", "command", "argument"),
    [
        ("sh int", "show interfaces", ""),
        ("show_interface", "show interfaces", ""),
        ("sh cry ips sa pe 192.0.2.1 det", "show crypto ipsec sa detail", "peer 192.0.2.1"),
        ("show cry isa sa det", "show crypto isakmp sa detail", ""),
        ("show_vpn-sessiondb_detail_l2l", "show vpn-sessiondb detail l2l", ""),
        ("show vpn-sessiondb l2l", "show vpn-sessiondb l2l", ""),
        ("show mem det", "show memory detail", ""),
    ],
)
def test_what_was_typed(typed: str, command: str, argument: str) -> None:
    assert resolve_command("cisco_asa", typed) == (command, argument)


@pytest.mark.parametrize("name", sorted(PARSERS))
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "\x00\x1b[31m\ufffd\u202e\n" * 50,
        "spi: 0x" + "F" * 5000,
        "A" * 1_000_000,
        " " * 4000 + "x",
        ("1.1.1.1 " * 250) + "\n" + ("0x" * 1000) + "\n" + ("-" * 2040),
        "interface: a\n inbound esp sas:\ninterface: a b\n spi: 0x00000001 (1)\ninterface: b\n spi: 0x00000001 (1)\n"
        * 3,
        "local ident (a): (" + "1" * 1900 + ") x\nlocal ident (a): (b)" + "1" * 1900 + " x\n",
        "1   IKE Peer: x\n    Auth    : preshared       Lifetime: " + "9" * 400,
        "1  192.0.2.1/99999999999999999999  192.0.2.2/1  READY\n Life/Active Time: 99999999999999999999999/1 sec\n",
        "Connection : a\nIKEv1 Tunnels: "
        + "9" * 1900
        + "\nEncryption : "
        + "IKE: " * 300
        + "\nDuration : 1d"
        + " 1h" * 300,
        "Free memory: " + "9" * 400 + " bytes\n MEMPOOL_X POOL STATS:\n Max contiguous free mem = " + "9" * 400,
        'Interface x "y", is up, line protocol is up\n IP address 1.1.1.1, subnet mask 999.1.1.1\n',
        "99:99:99.999 UTC Thu Feb 31 0000\n",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_any_text_gives_a_result_that_can_be_written(name: str, text: str) -> None:
    parsed = PARSERS[name](text)
    assert parsed.coverage.understood <= parsed.coverage.lines
    msgspec.json.encode(parsed)


def samples() -> list[Any]:
    known = {name.replace("_", "-"): parse for name, parse in PARSERS.items()}
    found = [
        pytest.param(path, known[path.parent.name], id=f"{path.parent.name}/{path.stem}")
        for path in sorted(CORPUS.glob("*/*.txt"))
        if path.parent.name in known
    ]
    skip = pytest.mark.skip(reason=f"no collected device output: {CORPUS} is missing")
    return found or [pytest.param(CORPUS, None, marks=skip)]


@pytest.mark.shared
@pytest.mark.parametrize(("path", "parse"), samples())
def test_every_fact_of_collected_output_is_found(path: Path, parse: Parser) -> None:
    parsed = parse(path.read_text(encoding="utf-8"))
    expected = json.loads(path.with_suffix(".expect.json").read_text(encoding="utf-8"))
    assert parsed.coverage.unparsed == ()
    assert Counter(map(_found_sa, parsed.facts.ipsec_sas)) == Counter(map(_given_sa, expected.get("sas", [])))
    assert [_found_v1(sa) for sa in parsed.facts.ike_sas if sa.version == "v1"] == expected.get("isakmp", [])
    assert [_found_v2(sa) for sa in parsed.facts.ike_sas if sa.version == "v2"] == expected.get("ikev2", [])
    spis = {flow.current_outbound_spi for flow in parsed.facts.ipsec_flows} - {None}
    assert spis == set(expected.get("current_outbound_spi", []))
    for pool in expected.get("pools", []):
        assert pool in [{key: getattr(found, key) for key in pool} for found in parsed.facts.memory_pools]


def _given_sa(sa: dict[str, Any]) -> tuple[Any, ...]:
    keys = ("spi", "direction", "proto", "interface", "peer", "local_endpt", "remote_endpt", "remaining_kb")
    return (*(sa.get(key) for key in keys), sa.get("remaining_sec"), sa.get("rekeyed", False))


def _found_sa(sa: IpsecSa) -> tuple[Any, ...]:
    ends = (sa.local_endpoint, sa.remote_endpoint)
    rekeyed = "Rekeyed" in (sa.settings or "")
    return (sa.spi, sa.direction, sa.protocol, sa.interface, sa.peer, *ends, sa.remaining_kb, sa.remaining_s, rekeyed)


def _found_v1(sa: IkeSa) -> dict[str, Any]:
    return {"peer": sa.remote, "state": sa.state}


def _found_v2(sa: IkeSa) -> dict[str, Any]:
    return {
        "tunnel_id": sa.conn_id,
        "local": sa.local,
        "local_port": sa.local_port,
        "remote": sa.remote,
        "remote_port": sa.remote_port,
        "child_spi": [
            {a.direction: a.spi, b.direction: b.spi} for a, b in zip(sa.child_sas[::2], sa.child_sas[1::2], strict=True)
        ],
        "status": sa.status,
        "life_sec": sa.lifetime_s,
        "active_sec": sa.active_s,
    }
