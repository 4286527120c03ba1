"""Rules are found and ordered."""

from __future__ import annotations

import inspect
import pkgutil
import random
from typing import Any

import pytest
from msgspec import structs

from vpnaudit.checks import rules
from vpnaudit.checks.registry import all_rules, in_order, run
from vpnaudit.model.fleet import Fleet
from vpnaudit.settings import Settings


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


def test_order_of_findings_does_not_depend_on_order_of_devices(make: Any) -> None:
    fleet = dpd_off(make)
    shuffled = list(fleet.devices)
    random.Random(7).shuffle(shuffled)  # noqa: S311 (an order, no secret)
    assert run(structs.replace(fleet, devices=tuple(shuffled)), Settings()) == run(fleet, Settings())
    keys = [(f.rule, f.subject.tunnel or "", f.subject.devices) for f in run(fleet, Settings())]
    assert keys == sorted(keys)
