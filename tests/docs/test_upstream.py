"""What docs/upstream.md says of the installed ntc-templates holds; the proposed templates give the expected rows."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "docs") not in sys.path:
    sys.path.append(str(ROOT / "docs"))
upstream = importlib.import_module("upstream")
CASES = upstream.cases()
DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:", "10.", "0.", "255.")


def test_the_page_is_what_the_installed_ntc_templates_give() -> None:
    assert upstream.PAGE.read_text(encoding="utf-8") == upstream.page(), "run `python docs/upstream.py`"


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_proposed_template_gives_the_expected_rows(case: Any) -> None:
    assert case.expected
    assert case.proposed() == case.expected


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_case_is_worth_sending(case: Any) -> None:
    """Today's rows lack something that the expected ones have."""
    told = case.today if not isinstance(case.today, str) else []
    whole = case.keys_today() == len(case.keys()) and all(f in row for row in told for f in case.fields)
    assert isinstance(case.today, str) or not whole


@pytest.mark.parametrize("template", sorted(upstream.TEMPLATES.glob("*.textfsm")), ids=lambda p: p.stem)
def test_a_proposed_template_refuses_unknown_lines_and_is_used(template: Path) -> None:
    assert template.read_text(encoding="utf-8").endswith("\n  ^. -> Error\n")
    assert template.stem in {case.template for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_samples_hold_documentation_addresses_only(case: Any) -> None:
    words = [w.strip("(),;") for w in case.text.replace("/", " ").split()]
    addresses = [w for w in words if w.count(".") == 3 and w.replace(".", "").isdigit()]
    assert all(a.startswith(DOCUMENTATION) for a in addresses)
