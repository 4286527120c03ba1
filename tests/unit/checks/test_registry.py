"""Rules are found and ordered; waivers mark and run out."""

from __future__ import annotations

import datetime
import inspect
import pkgutil
import random
from typing import Any

import pytest
from msgspec import structs

from vpnaudit.checks import rules
from vpnaudit.checks.registry import all_rules, in_order, run, unknown_waivers
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding
from vpnaudit.settings import Settings, Waiver

TODAY = datetime.date(2026, 5, 1)


def test_one_file_a_rule_named_as_its_title() -> None:
    files = {m.name for m in pkgutil.iter_modules(rules.__path__)}
    assert files == {r.title.replace("-", "_") for r in all_rules()}
    for rule in all_rules():
        assert inspect.unwrap(rule.check).__module__.endswith("." + rule.title.replace("-", "_"))


def test_ids_are_area_and_number() -> None:
    for rule in all_rules():
        area, _, number = rule.id.partition("-")
        assert area in {"SPI", "LIFE", "DPD", "IKE", "MEM", "REL", "LOSS", "CFG", "LOG", "COL"}
        assert len(number) == 3
        assert number.isdigit()


@pytest.mark.parametrize("field", ["id", "title"])
def test_two_with_one_name_are_an_error(field: str) -> None:
    one, two = all_rules()[:2]
    twin = structs.replace(two, **{field: getattr(one, field)})
    with pytest.raises(ValueError, match=getattr(one, field)):
        in_order([one, twin])


def dpd_off(make: Any) -> Fleet:
    off = make.dpd("spoke", "off", None, None)
    return make.fleet(remote={"dpd": off})


def the_finding(make: Any, *waivers: Waiver) -> Finding:
    found = run(dpd_off(make), Settings(waivers=waivers))
    return next(f for f in found if f.rule == "DPD-001" and f.status == "FAIL")


@pytest.mark.parametrize("subject", [None, "spoke", "192.0.2.1-198.51.100.7"])
@pytest.mark.parametrize("until", [None, TODAY, TODAY + datetime.timedelta(days=1)])
def test_a_waiver_marks_and_keeps(make: Any, subject: str | None, until: datetime.date | None) -> None:
    waiver = Waiver(rule="DPD-001", reason="peer is replaced in June", until=until, subject=subject, owner="net")
    waived = the_finding(make, waiver).waived
    assert waived is not None
    assert (waived.reason, waived.owner) == ("peer is replaced in June", "net")
    assert waived.until == (until.isoformat() if until else None)


@pytest.mark.parametrize(
    "waiver",
    [
        Waiver(rule="DPD-002", reason="another rule"),
        Waiver(rule="DPD-001", reason="another subject", subject="hub"),
    ],
)
def test_a_waiver_of_something_else_does_nothing(make: Any, waiver: Waiver) -> None:
    finding = the_finding(make, waiver)
    assert finding.waived is None
    assert "waiver" not in finding.because


def test_a_waiver_that_has_run_out_is_said_aloud(make: Any) -> None:
    ended = Waiver(rule="DPD-001", reason="until the move", until=TODAY - datetime.timedelta(days=1))
    finding = the_finding(make, ended)
    assert finding.waived is None
    assert "A waiver of this ended on 2026-04-30 (until the move)." in finding.because
    assert the_finding(make, ended, Waiver(rule="DPD-001", reason="moved later")).waived is not None


def test_what_passes_is_not_waived(make: Any) -> None:
    settings = Settings(waivers=tuple(Waiver(rule=r.id, reason="all") for r in all_rules()))
    assert all(f.waived is None for f in run(make.fleet(), settings))


def test_waivers_of_rules_that_do_not_exist_are_named() -> None:
    settings = Settings(waivers=(Waiver(rule="DPD-01", reason="x"), Waiver(rule="SPI-001", reason="y")))
    assert unknown_waivers(settings) == ("DPD-01",)


def test_order_of_findings_does_not_depend_on_order_of_devices(make: Any) -> None:
    fleet = dpd_off(make)
    shuffled = list(fleet.devices)
    random.Random(7).shuffle(shuffled)  # noqa: S311 (an order, no secret)
    assert run(structs.replace(fleet, devices=tuple(shuffled)), Settings()) == run(fleet, Settings())
    keys = [(f.rule, f.subject.tunnel or "", f.subject.devices) for f in run(fleet, Settings())]
    assert keys == sorted(keys)
