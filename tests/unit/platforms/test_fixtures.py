"""Every command of every platform against its cases in `tests/fixtures/<platform>/<command>/<case>/`.

A case is `input.txt` and `expected.json`; nothing here lists platforms, commands or cases.
`UPDATE_GOLDEN=1 pytest …` writes `expected.json` anew; what changed is then to be read in the diff.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vpnaudit.model.facts import Facts, Parsed, Parser, UnparsedLine
from vpnaudit.model.platform import CommandSpec, Platform
from vpnaudit.platforms.registry import all_platforms

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
HAS_UNKNOWN_LINES = re.compile(r"_(?:cut(?:_and_unknown)?|(?:truncated|damaged|unknown|lines_that)\w*|another_tongue)$")
"""Names of cases with lines that nobody can know; in all others each line is to be understood."""


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `expected.json` holds: what a parse says."""

    refused: bool = False
    lines: int = 0
    understood: int = 0
    unparsed: tuple[UnparsedLine, ...] = ()
    facts: Facts = Facts()


def told(parsed: Parsed) -> Told:
    coverage = parsed.coverage
    return Told(
        refused=parsed.refused,
        lines=coverage.lines,
        understood=coverage.understood,
        unparsed=coverage.unparsed,
        facts=parsed.facts,
    )


def written(value: Any) -> Any:
    """As JSON, without what a field holds anyway: null is told from false and from empty where a field knows both."""
    if isinstance(value, msgspec.Struct):
        fields = [(field.name, getattr(value, field.name), field) for field in msgspec.structs.fields(value)]
        return {name: written(inner) for name, inner, field in fields if field.required or inner != _default(field)}
    if isinstance(value, dict):
        return {str(key): written(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [written(inner) for inner in value]
    return msgspec.to_builtins(value)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def file_name(command: str) -> str:
    return command.replace(" ", "_")


def parsers(platform: Platform) -> dict[str, Parser]:
    return {file_name(name): spec.parse for spec in platform.commands for name in (spec.command, *spec.other_forms)}


PARSERS = {platform.name: parsers(platform) for platform in all_platforms()}
CASES = [case.parent for name in PARSERS for case in sorted((FIXTURES / name).glob("*/*/input.txt"))]
SPECS = [pytest.param(p, spec, id=f"{p.name}/{spec.command}") for p in all_platforms() for spec in p.commands]


def parser(case: Path) -> Parser:
    return PARSERS[case.parent.parent.name][case.parent.name]


def text_of(case: Path) -> str:
    return (case / "input.txt").read_text(encoding="utf-8")


def each(cases: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: "/".join(case.parts[-3:]))


@each(CASES)
def test_case(case: Path) -> None:
    found = told(parser(case)(text_of(case)))
    expected = case / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(written(found), indent=1) + "\n", encoding="utf-8")
    wanted = msgspec.json.decode(expected.read_bytes(), type=Told)
    assert written(found) == written(wanted)
    assert found == wanted


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_each_folder_of_cases_is_a_commands(name: str) -> None:
    assert {folder.name for folder in (FIXTURES / name).iterdir()} <= set(PARSERS[name])


@pytest.mark.parametrize(("platform", "spec"), SPECS)
def test_every_command_has_cases(platform: Platform, spec: CommandSpec) -> None:
    same_parser = [name for name, parse in PARSERS[platform.name].items() if parse is spec.parse]
    assert any(any((FIXTURES / platform.name / name).glob("*/input.txt")) for name in same_parser)


@each([case for case in CASES if not HAS_UNKNOWN_LINES.search(case.name)])
def test_each_line_of_a_sound_answer_is_understood(case: Path) -> None:
    assert parser(case)(text_of(case)).coverage.unparsed == ()


@each([case for case in CASES if case.parts[-3:-1] != ("cisco_ios", "show_logging")])
def test_carriage_returns_and_trailing_blanks_change_nothing(case: Path) -> None:
    """But in a router's log, which keeps its lines as they came."""
    text = text_of(case)
    assert parser(case)(text.replace("\n", "  \r\n")).facts == parser(case)(text).facts


@each([case for case in CASES if re.search(r"_sa(?:_detail)?$", case.parent.name)])
def test_a_cut_capture_invents_no_spi_and_no_sa(case: Path) -> None:
    text, parse = text_of(case), parser(case)
    spis, lines = _spis(parse(text).facts), _lines(parse(text).facts)
    for end in range(0, len(text), 17):
        cut = parse(text[:end]).facts
        assert _spis(cut) <= spis
        assert _lines(cut) <= lines


def test_an_answer_that_ends_early_is_cut() -> None:
    folder = FIXTURES / "cisco_asa" / "show_crypto_ipsec_sa"
    cut = {case.name for case in CASES if case.parent == folder and parser(case)(text_of(case)).facts.cut}
    assert cut == {
        "006_truncated_in_an_spi",
        "007_truncated_in_the_outbound_sa",
        "015_fragment_of_a_mail",
        "017_truncated_in_a_lifetime",
        "018_truncated_in_a_counter",
        "019_truncated_before_any_spi",
    }


def _spis(facts: Facts) -> set[tuple[str, int | None]]:
    own = {(sa.direction, sa.spi) for sa in facts.ipsec_sas}
    children = {(child.direction, child.spi) for ike in facts.ike_sas for child in ike.child_sas}
    shown = {("out", flow.current_outbound_spi) for flow in facts.ipsec_flows if flow.current_outbound_spi is not None}
    return {*own, *children, *shown}


def _lines(facts: Facts) -> set[tuple[int, str]]:
    return {(sa.line, sa.direction) for sa in facts.ipsec_sas} | {(sa.line, "ike") for sa in facts.ike_sas}


HOSTILE = (
    "",
    "\n\n",
    "\x00\x1b[31m\ufffd\u202e\n" * 50,
    "\x00\xff\n",
    "spi: 0x" + "F" * 5000,
    "A" * 1_000_000,
    " " * 4000 + "x",
    "=" * 4000,
    "x up \n",
    " " * 4000 + "x up 1 day",
    ("1.1.1.1 " * 250) + "\n" + ("0x" * 1000) + "\n" + ("-" * 2040),
    ("1.1.1.1 " * 500) + "\n" + ("0x" * 2000) + "\n" + ("-" * 4090),
    "     outbound esp sas:\n      spi: 0x1(1)\n" * 3,
    "interface: a\n inbound esp sas:\ninterface: a b\n spi: 0x00000001 (1)\ninterface: b\n spi: 0x00000001 (1)\n" * 3,
    "local ident (a): (" + "1" * 1900 + ") x\nlocal ident (a): (b)" + "1" * 1900 + " x\n",
    "current_peer  port 848\nCrypto map tag: x\n#pkts a: " + "9" * 400,
    "1   IKE Peer: x\n    Auth    : preshared       Lifetime: " + "9" * 400,
    "1  192.0.2.1/99999999999999999999  192.0.2.2/1  READY\n Life/Active Time: 99999999999999999999999/1 sec\n",
    "1  192.0.2.1/99999999999999999999  192.0.2.2/1  a/b READY\n Life/Active Time: 99999999999999999999999/1 sec\n",
    "10.0.0.1 10.0.0.2 QM_IDLE " + "9" * 300 + " ACTIVE",
    "Connection : a\nIKEv1 Tunnels: "
    + "9" * 1900
    + "\nEncryption : "
    + "IKE: " * 300
    + "\nDuration : 1d"
    + " 1h" * 300,
    "Free memory: " + "9" * 400 + " bytes\n MEMPOOL_X POOL STATS:\n Max contiguous free mem = " + "9" * 400,
    'Interface x "y", is up, line protocol is up\n IP address 1.1.1.1, subnet mask 999.1.1.1\n',
    ("Cisco IOS" + " " * 3900 + "x\n") * 20,
    ("x uptime is " + "1 day, " * 500 + "\n") * 5,
    "x uptime is 99999999999999999999 years\n",
    "99:99:99.999 UTC Thu Feb 31 0000\n",
    "99:99:99.999 UTC Tue Foo 99 9999\n",
    "00:00:60.0 UTC Tue Nov 24 0000\n",
    "Processor 7F00 " + "9" * 30 + " 1 1 1 1\n",
    "  1 0 " + "9" * 40 + " 1 1 1 1 x\n",
    "interface\ncrypto map\naccess-list\ncrypto map M 10\nip access-list extended\ncrypto ikev2 keyring\n",
    "interface Tunnel1\n ip address 999.1.1.1 255.0.255.0\n tunnel source\n tunnel destination\n standby\n",
    "interface\ninterface Tunnel1\n tunnel source interface\n nameif\n ip address x standby\n",
    "crypto isakmp key\ncrypto isakmp key 6\ncrypto isakmp keepalive\ncrypto isakmp policy x\nclock timezone Z -x\n",
    "isakmp policy\nisakmp policy x lifetime 1\nisakmp key k address\nisakmp policy 1\n",
    "crypto ikev2 policy\n lifetime seconds\n",
    "access-list 101 permit\naccess-list 101 permit tcp any eq\naccess-list 101 permit ip 1.1.1.1\n",
    "access-list ٣ permit any\n",
    "access-list\naccess-list A\naccess-list A extended\naccess-list A extended permit\naccess-list A line\n",
    "access-list A extended permit object\naccess-list A extended permit ip range 1 2\naccess-list A standard permit\n",
    "access-group A in interface\naccess-group A in interface o control-plane\n: end\n",
    "crypto map M ٣ ipsec-isakmp\nlogging buffered ²\nntp server vrf\nlogging host vrf\n",
    "crypto map M 10 ipsec-isakmp dynamic\n set peer\n set security-association lifetime seconds\n",
    "crypto map M ٣ set peer\ncrypto map M 10 set\ncrypto map M interface\n",
    "crypto dynamic-map D 1 set ikev2 ipsec-proposal\n",
    "tunnel-group\ntunnel-group X\ntunnel-group X type\ntunnel-group X ipsec-attributes\n isakmp keepalive threshold\n",
    "object network\nobject network x\n range 10.0.0.9 10.0.0.1\nobject network y\n range 10.0.0.1 2001:db8::1\n",
    "object-group network g\n network-object\n network-object object\n group-object\n",
    "name 10.0.0.1\nname 10.0.0.1 access-list\naccess-list access-list extended permit ip any any\n",
    "group-policy\ngroup-policy g attributes\n vpn-idle-timeout\nfailover lan unit\nlogging host\nip address a b\n",
    "nameif x\n",
    "banner motd ^C\n" + "no end\n" * 50,
)
"""Written against one command or another, and given to all."""

READERS = {spec.parse: f"{p.name}/{spec.command}" for p in all_platforms() for spec in p.commands}


@pytest.mark.parametrize("parse", list(READERS), ids=list(READERS.values()))
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_any_text_gives_a_result_that_can_be_written(parse: Parser, text: str) -> None:
    parsed = parse(text)
    assert parsed.coverage.lines == parsed.coverage.understood + len(parsed.coverage.unparsed)
    msgspec.json.encode(parsed)
