"""Every cause comes first in its own stories and not in those that its page says rule it out."""

from __future__ import annotations

from typing import Any

from vpnaudit.diagnose import all_causes

OWNERS = {
    "normal-rekey": "nobody",
    "frequent-rekey": "both",
    "lifetime-mismatch": "both",
    "reset-not-detected": "sender",
    "delete-lost": "sender",
    "missing-ike-sa": "receiver",
    "unconfigured-source": "path",
    "misdelivery": "path",
    "address-shared": "path",
    "tunnel-flap": "both",
    "policy-mismatch": "both",
    "group-key-missed": "receiver",
    "low-memory": "receiver",
    "packet-loss": "path",
    "damaged-in-transit": "path",
    "suspected-defect": "vendor",
    "insufficient-evidence": "unknown",
}
"""DESIGN 8: names that exist never change."""


def test_the_registry_has_the_causes_of_the_design() -> None:
    assert {c.name: c.owner for c in all_causes()} == OWNERS


def test_every_cause_has_stories(stories: Any) -> None:
    assert set(stories.cases) == {c.name for c in all_causes()}
    for name, case in stories.cases.items():
        assert case.first, name
        assert case.ruled_out, name


def test_every_cause_has_a_page() -> None:
    for cause in all_causes():
        for heading in ("**Signature.**", "**Ruled out by.**", "**What to do.**"):
            assert heading in cause.page, cause.name


def test_it_comes_first(lab: Any, cause: str, first_story: Any) -> None:
    found = lab.diagnose(*first_story(lab))
    assert found
    assert {d.cause for d in found} == {cause}, [r.text for d in found for r in d.because]
    for diagnosis in found:
        assert diagnosis.owner == OWNERS[cause]
        assert diagnosis.title
        assert diagnosis.because
        assert all(r.text for r in diagnosis.because)


def test_its_rivals_are_named(lab: Any, cause: str, first_story: Any) -> None:
    """Every other cause is ruled out with words, or what would settle it is asked."""
    for diagnosis in lab.diagnose(*first_story(lab)):
        ruled_out = {r.cause for r in diagnosis.ruled_out}
        assert all(r.because for r in diagnosis.ruled_out)
        silent = set(OWNERS) - ruled_out - {cause, "insufficient-evidence"}
        assert not silent or diagnosis.would_settle


def test_what_rules_it_out_does(lab: Any, cause: str, ruled_out_story: Any) -> None:
    found = lab.diagnose(*ruled_out_story(lab))
    assert found
    assert cause not in {d.cause for d in found}, [r.text for d in found for r in d.because]
