"""An ASA's configuration: cases in `tests/fixtures/cisco_asa/`, the forms of its settings, hostile text.

`UPDATE_GOLDEN=1 pytest …` writes `expected.json` anew; what changed is then to be read in the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vpnaudit.model.config import ConfigFacts, DpdSetting, Failover, LifetimeSetting, TimeStamps
from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.platforms.cisco_asa.platform import PLAN, PLATFORM
from vpnaudit.platforms.cisco_asa.show_running_config import COMMANDS, parse
from vpnaudit.platforms.registry import resolve_command

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "cisco_asa"
CORPUS = Path(__file__).resolve().parents[3] / "../shared/corpus/cisco_asa"
NAMES = tuple(spec.command.replace(" ", "_") for spec in COMMANDS)
CASES = [case for name in NAMES for case in sorted((FIXTURES / name).glob("*")) if case.is_dir()]
SOUND = [case for case in CASES if "unknown" not in case.name]
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
    if isinstance(value, dict):
        kept = {key: _without_nothing(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in (None, [], {}) and inner is not False}
    if isinstance(value, list | tuple):
        return [_without_nothing(inner) for inner in value]
    return value


def _named(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def _config(*lines: str) -> ConfigFacts:
    config = parse("\n".join(lines)).facts.config
    assert config is not None
    return config


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_case(case: Path) -> None:
    found = told(parse((case / "input.txt").read_text(encoding="utf-8")))
    expected = case / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", SOUND, ids=_named)
def test_each_line_of_a_sound_configuration_is_understood(case: Path) -> None:
    assert parse((case / "input.txt").read_text(encoding="utf-8")).coverage.unparsed == ()


def test_carriage_returns_and_trailing_blanks_change_nothing() -> None:
    text = (FIXTURES / "show_running-config" / "001_ikev1_map_of_9_2" / "input.txt").read_text(encoding="utf-8")
    plain, other = parse(text).facts.config, parse(text.replace("\n", "  \r\n")).facts.config
    assert plain is not None
    assert plain == other


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the outputs of others are not beside this checkout")
@pytest.mark.parametrize("path", sorted(CORPUS.glob("show-running-config*/*.txt")), ids=lambda p: p.parent.name)
def test_what_others_collected_is_understood_to_the_last_line(path: Path) -> None:
    expected = json.loads(path.with_suffix("").with_suffix(".expect.json").read_text(encoding="utf-8"))["config"]
    parsed = parse(path.read_text(encoding="utf-8"))
    config = parsed.facts.config
    assert parsed.coverage.unparsed == ()
    assert config is not None
    assert {p for e in config.map_entries for p in e.peers} == set(expected.get("peer", ()))
    assert {f"{e.name} {e.sequence}" for e in config.map_entries} == set(expected.get("crypto_map_entry", ()))
    assert [str(p.priority) for p in config.isakmp_policies] == expected.get("ikev1_policy", [])
    assert [t.name for t in config.transform_sets] == expected.get("transform_set", [])


KEEPALIVES = [
    ("isakmp keepalive threshold 10 retry 2", DpdSetting(line=2, interval_s=10, retry_s=2, mode="periodic")),
    ("isakmp keepalive threshold 3600", DpdSetting(line=2, interval_s=3600, mode="periodic")),
    ("isakmp keepalive threshold infinite", DpdSetting(line=2, mode="off")),
    ("isakmp keepalive disable", DpdSetting(line=2, mode="off")),
    ("isakmp keepalive threshold x", None),
    ("peer-id-validate nocheck", None),
]


@pytest.mark.parametrize(("line", "setting"), KEEPALIVES)
def test_keepalive(line: str, setting: DpdSetting | None) -> None:
    own = _config("tunnel-group 192.0.2.1 ipsec-attributes", f" {line}")
    assert [(p.version, p.dpd, p.by_peer) for p in own.ike_profiles] == [("v1", setting, True), ("v2", setting, True)]
    default = _config("tunnel-group DefaultL2LGroup ipsec-attributes", f" {line}")
    assert (default.isakmp_keepalive, default.ikev2_dpd, default.ike_profiles) == (setting, setting, ())


STAMPS = [
    ("logging timestamp", TimeStamps(line=1, kind="datetime", localtime=True, year=True)),
    ("logging timestamp rfc5424", TimeStamps(line=1, kind="datetime", show_timezone=True, year=True)),
    ("no logging timestamp", TimeStamps(line=1, kind="none")),
    ("logging enable", None),
]


@pytest.mark.parametrize(("line", "stamps"), STAMPS)
def test_log_stamps_are_local_time_unless_they_are_in_the_form_of_rfc5424(line: str, stamps: TimeStamps | None) -> None:
    assert _config(line).timestamps == stamps


LIFETIMES = [
    ("seconds 28800", LifetimeSetting(line=1, seconds=28800)),
    ("kilobytes unlimited", LifetimeSetting(line=1, volume_disabled=True)),
    ("seconds 3600 kilobytes 4608000", LifetimeSetting(line=1, seconds=3600, kilobytes=4608000)),
]


@pytest.mark.parametrize(("words", "lifetime"), LIFETIMES)
def test_lifetimes(words: str, lifetime: LifetimeSetting) -> None:
    life = f"security-association lifetime {words}"
    config = _config(f"crypto ipsec {life}", f"crypto map M 10 set {life}")
    assert config.ipsec_lifetime == lifetime
    assert config.map_entries[0].lifetime == msgspec.structs.replace(lifetime, line=2)


FAILOVERS = [
    (("failover", "failover lan unit secondary", "failover link st Gi0/3"), (True, "secondary", "st")),
    (("no failover",), (False, None, None)),
    (("failover lan unit primary",), (False, "primary", None)),
]


@pytest.mark.parametrize(("lines", "expected"), FAILOVERS)
def test_failover(lines: tuple[str, ...], expected: tuple[Any, ...]) -> None:
    on, unit, link = expected
    assert _config(*lines).failover == Failover(line=1, on=on, unit=unit, link=link)


def test_a_list_of_many_combinations_is_kept_as_one_entry() -> None:
    group = ["object-group network big", *(f" network-object host 10.0.{n // 250}.{n % 250}" for n in range(100))]
    config = _config(*group, "access-list A extended permit ip object-group big object-group big")
    (entry,) = config.acls["A"]
    assert (entry.source, entry.destination) == (None, None)


def test_groups_that_hold_themselves_end() -> None:
    lines = ("object-group network a", " group-object b", "object-group network b", " group-object a")
    config = _config(*lines, "access-list A extended permit ip object-group a any")
    assert [e.source for e in config.acls["A"]] == [None]


TYPED = [
    ("sh run", "show running-config"),
    ("show running-config all", "show running-config"),
    ("show running-config all crypto map", "show running-config all crypto map"),
    ("show_running-config_crypto_ikev1", "show running-config crypto ikev1"),
    ("show run tunnel-group 192.0.2.1", "show running-config tunnel-group"),
    ("show running-config ipsec", "show running-config ipsec"),
]


@pytest.mark.parametrize(("typed", "command"), TYPED)
def test_parts_of_a_configuration_are_told_by_the_command(typed: str, command: str) -> None:
    found = resolve_command("cisco_asa", typed)
    assert found is not None
    assert found[0] == command


@pytest.mark.skipif(not PLATFORM.assessable, reason="an ASA's tables are not read yet")
def test_all_that_is_collected_can_be_read() -> None:
    assert tuple(spec.command for spec in PLATFORM.commands if spec.collected) == PLAN


HOSTILE = (
    "",
    "\n\n",
    "\x00\x1b[31m\ufffd\u202e\n" * 50,
    "A" * 1_000_000,
    (
        "crypto map M ٣ set peer\ncrypto map M 10 set\ncrypto map M interface\n"
        "crypto dynamic-map D 1 set ikev2 ipsec-proposal\n"
    ),
    "tunnel-group\ntunnel-group X\ntunnel-group X type\ntunnel-group X ipsec-attributes\n isakmp keepalive threshold\n",
    "access-list\naccess-list A\naccess-list A extended\naccess-list A extended permit\naccess-list A line\n",
    "access-list A extended permit object\naccess-list A extended permit ip range 1 2\naccess-list A standard permit\n",
    "object network\nobject network x\n range 10.0.0.9 10.0.0.1\nobject network y\n range 10.0.0.1 2001:db8::1\n",
    "object-group network g\n network-object\n network-object object\n group-object\n",
    "name 10.0.0.1\nname 10.0.0.1 access-list\naccess-list access-list extended permit ip any any\n",
    "interface\ninterface Tunnel1\n tunnel source interface\n nameif\n ip address x standby\n",
    (
        "isakmp policy\nisakmp policy x lifetime 1\nisakmp key k address\nisakmp policy 1\n"
        "crypto ikev2 policy\n lifetime seconds\n"
    ),
    (
        "group-policy\ngroup-policy g attributes\n vpn-idle-timeout\n"
        "failover lan unit\nlogging host\nip address a b\nnameif x\n"
    ),
    "access-group A in interface\naccess-group A in interface o control-plane\n: end\n",
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_any_text_gives_a_result(text: str) -> None:
    parsed = parse(text)
    assert parsed.coverage.lines == parsed.coverage.understood + len(parsed.coverage.unparsed)
