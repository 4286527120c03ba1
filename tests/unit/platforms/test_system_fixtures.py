"""Every other show command and the configuration against its cases in `tests/fixtures/cisco_ios/`.

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
    show_clock,
    show_interfaces,
    show_logging,
    show_memory_statistics,
    show_ntp_status,
    show_processes_memory,
    show_running_config,
    show_version,
)

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "cisco_ios"
MODULES = (
    show_clock,
    show_interfaces,
    show_logging,
    show_memory_statistics,
    show_ntp_status,
    show_processes_memory,
    show_running_config,
    show_version,
)
SPECS: tuple[CommandSpec, ...] = tuple(spec for module in MODULES for spec in module.COMMANDS)
PARSERS: dict[str, Parser] = {spec.command.replace(" ", "_"): spec.parse for spec in SPECS}
CASES = [case for name in PARSERS for case in sorted((FIXTURES / name).glob("*")) if case.is_dir()]
PARSED_WHOLE = [case for case in CASES if not any(word in case.name for word in ("damaged", "unknown", "tongue"))]
EMPTY = msgspec.to_builtins(Facts())


def told(parsed: Parsed) -> dict[str, Any]:
    """What a parse says, without what it leaves empty."""
    facts = {key: value for key, value in msgspec.to_builtins(parsed.facts).items() if value != EMPTY[key]}
    whole: dict[str, Any] = _without_nothing(
        {
            "refused": parsed.refused,
            "lines": parsed.coverage.lines,
            "understood": parsed.coverage.understood,
            "unparsed": msgspec.to_builtins(parsed.coverage.unparsed),
            "facts": facts,
        }
    )
    return whole


def _without_nothing(value: Any) -> Any:
    """As JSON has it: lists for tuples, and no key without a value (zero is one)."""
    if isinstance(value, dict):
        kept = {key: _without_nothing(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner is not None and inner is not False and inner != []}
    if isinstance(value, list | tuple):
        return [_without_nothing(inner) for inner in value]
    return value


def _named(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_case(case: Path) -> None:
    found = told(PARSERS[case.parent.name]((case / "input.txt").read_text(encoding="utf-8")))
    expected = case / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", PARSED_WHOLE, ids=_named)
def test_each_line_of_a_sound_answer_is_understood(case: Path) -> None:
    parsed = PARSERS[case.parent.name]((case / "input.txt").read_text(encoding="utf-8"))
    assert parsed.coverage.unparsed == ()


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_carriage_returns_and_trailing_blanks_change_nothing(case: Path) -> None:
    text = (case / "input.txt").read_text(encoding="utf-8")
    parse = PARSERS[case.parent.name]
    if case.parent.name != "show_logging":  # a log keeps its lines as they came
        assert parse(text.replace("\n", "  \r\n")).facts == parse(text).facts


def test_every_command_has_a_case() -> None:
    assert {case.parent.name for case in CASES} == set(PARSERS)


def test_what_an_audit_needs() -> None:
    """DESIGN 5."""
    assert {spec.command for spec in SPECS if spec.needed} == {
        "show clock",
        "show version",
        "show running-config",
        "show memory statistics",
        "show interfaces",
        "show logging",
    }


HOSTILE = (
    "",
    "\n\n",
    "\x00\x1b[31m\ufffd\u202e\n" * 50,
    "A" * 1_000_000,
    " " * 4000 + "x",
    ("Cisco IOS" + " " * 3900 + "x\n") * 20,
    ("x uptime is " + "1 day, " * 500 + "\n") * 5,
    "x uptime is 99999999999999999999 years\n",
    "99:99:99.999 UTC Tue Foo 99 9999\n",
    "00:00:60.0 UTC Tue Nov 24 0000\n",
    "Processor 7F00 " + "9" * 30 + " 1 1 1 1\n",
    "  1 0 " + "9" * 40 + " 1 1 1 1 x\n",
    "interface\ncrypto map\naccess-list\ncrypto map M 10\nip access-list extended\ncrypto ikev2 keyring\n",
    "interface Tunnel1\n ip address 999.1.1.1 255.0.255.0\n tunnel source\n tunnel destination\n standby\n",
    "crypto isakmp key\ncrypto isakmp key 6\ncrypto isakmp keepalive\ncrypto isakmp policy x\nclock timezone Z -x\n",
    "access-list 101 permit\naccess-list 101 permit tcp any eq\naccess-list 101 permit ip 1.1.1.1\n",
    "access-list ٣ permit any\n",
    "crypto map M ٣ ipsec-isakmp\nlogging buffered ²\nntp server vrf\nlogging host vrf\n",
    "crypto map M 10 ipsec-isakmp dynamic\n set peer\n set security-association lifetime seconds\n",
    "banner motd ^C\n" + "no end\n" * 50,
)


@pytest.mark.parametrize("name", sorted(PARSERS))
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_any_text_gives_a_result_that_can_be_written(name: str, text: str) -> None:
    parsed = PARSERS[name](text)
    assert parsed.coverage.understood <= parsed.coverage.lines
    msgspec.json.encode(parsed)
