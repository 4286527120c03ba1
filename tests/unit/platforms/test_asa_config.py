"""The forms in which an ASA writes the settings that an audit needs (field guide 5.4)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from vpnaudit.model.config import ConfigFacts, DpdSetting, Failover, LifetimeSetting, TimeStamps
from vpnaudit.platforms.cisco_asa.show_running_config import parse
from vpnaudit.platforms.registry import resolve_command


def _config(*lines: str) -> ConfigFacts:
    config = parse("\n".join(lines)).facts.config
    assert config is not None
    return config


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
