"""Every crypto command against its cases in `tests/fixtures/cisco_ios/`.

`UPDATE_GOLDEN=1 pytest …` writes `expected.json` anew; what changed is then to be read in the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vpnaudit.model.facts import Facts, Parsed, Parser
from vpnaudit.model.platform import CommandSpec
from vpnaudit.platforms.cisco_ios import (
    show_crypto_eli,
    show_crypto_gdoi,
    show_crypto_ikev2_sa,
    show_crypto_ikev2_stats,
    show_crypto_ipsec_sa,
    show_crypto_ipsec_sa_count,
    show_crypto_ipsec_spi_lookup,
    show_crypto_isakmp_peers,
    show_crypto_isakmp_policy,
    show_crypto_isakmp_sa,
    show_crypto_map,
    show_crypto_session,
    show_crypto_sockets,
    show_dmvpn,
    show_ip_nhrp,
    show_monitor_event_trace,
    show_platform_hardware_qfp,
    show_platform_resources,
    show_sdwan_ipsec,
)

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "cisco_ios"
MODULES = (
    show_crypto_eli,
    show_crypto_gdoi,
    show_crypto_ikev2_sa,
    show_crypto_ikev2_stats,
    show_crypto_ipsec_sa,
    show_crypto_ipsec_sa_count,
    show_crypto_ipsec_spi_lookup,
    show_crypto_isakmp_peers,
    show_crypto_isakmp_policy,
    show_crypto_isakmp_sa,
    show_crypto_map,
    show_crypto_session,
    show_crypto_sockets,
    show_dmvpn,
    show_ip_nhrp,
    show_monitor_event_trace,
    show_platform_hardware_qfp,
    show_platform_resources,
    show_sdwan_ipsec,
)
SPECS: tuple[CommandSpec, ...] = tuple(spec for module in MODULES for spec in module.COMMANDS)
PARSERS: dict[str, Parser] = {spec.command.replace(" ", "_"): spec.parse for spec in SPECS}
CASES = [case for name in PARSERS for case in sorted((FIXTURES / name).glob("*")) if case.is_dir()]
EMPTY = msgspec.to_builtins(Facts())


def told(parsed: Parsed) -> dict[str, Any]:
    """What a parse says, without what it leaves empty."""
    facts = {key: value for key, value in msgspec.to_builtins(parsed.facts).items() if value != EMPTY[key]}
    return _without_nulls(
        {
            "refused": parsed.refused,
            "lines": parsed.coverage.lines,
            "understood": parsed.coverage.understood,
            "unparsed": msgspec.to_builtins(parsed.coverage.unparsed),
            "facts": facts,
        }
    )


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
    [case for case in CASES if "ipsec_sa" in case.parent.name],
    ids=lambda case: f"{case.parent.name}/{case.name}",
)
def test_a_cut_capture_invents_no_sa(case: Path) -> None:
    text = (case / "input.txt").read_text(encoding="utf-8")
    whole = {(sa.line, sa.direction, sa.spi) for sa in show_crypto_ipsec_sa.parse(text).facts.ipsec_sas}
    for end in range(0, len(text), 41):
        cut = show_crypto_ipsec_sa.parse(text[:end]).facts.ipsec_sas
        assert {(sa.line, sa.direction, sa.spi) for sa in cut} <= whole


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.command)
def test_every_command_has_a_case(spec: CommandSpec) -> None:
    same_parser = [name for name, parse in PARSERS.items() if parse is spec.parse]
    assert any((FIXTURES / name).is_dir() for name in same_parser)


def test_commands_are_canonical_and_unique() -> None:
    commands = [command for spec in SPECS for command in (spec.command, *spec.other_forms)]
    assert len(commands) == len(set(commands))
    assert all(command == " ".join(command.lower().split()) and "detailed" not in command for command in commands)


def test_what_an_audit_needs() -> None:
    """DESIGN 5."""
    assert {spec.command for spec in SPECS if spec.needed} == {
        "show crypto isakmp sa",
        "show crypto ipsec sa",
        "show crypto map",
    }


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
        "=" * 4000,
        ("1.1.1.1 " * 500) + "\n" + ("0x" * 2000) + "\n" + ("-" * 4090),
        "     outbound esp sas:\n      spi: 0x1(1)\n" * 3,
        "current_peer  port 848\nCrypto map tag: x\n#pkts a: " + "9" * 400,
        "1  192.0.2.1/99999999999999999999  192.0.2.2/1  a/b READY\n Life/Active Time: 99999999999999999999999/1 sec\n",
        "10.0.0.1 10.0.0.2 QM_IDLE " + "9" * 300 + " ACTIVE",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_any_text_gives_a_result_that_can_be_written(name: str, text: str) -> None:
    parsed = PARSERS[name](text)
    assert parsed.coverage.understood <= parsed.coverage.lines
    msgspec.json.encode(parsed)
