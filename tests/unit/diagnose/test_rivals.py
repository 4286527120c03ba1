"""Every rival of every diagnosis is ruled out, unlikely, or open with what would tell: none goes without a word."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose.registry import all_causes
from vpnaudit.diagnose.rivals import ruled_out, would_settle
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import Cause, Story, Weighing

NAMES = [c.name for c in all_causes()]
LINE = Evidence(device="hub", command="show version", file="hub/v.txt", line=7, text="hub uptime is 3 weeks")
FITS = Weighing(verdict="fits", because=(reason("it fits"),))
OUT = out("it cannot be", LINE)
STORY = Story(mechanism="stale-sa", receiver="hub", sender=None, source=None, tunnel=None)
WINNER, RIVAL, LATER = "delete-lost", "reset-not-detected", "suspected-defect"


def cause(name: str) -> Cause:
    return next(c for c in all_causes() if c.name == name)


def told(*of_rival: tuple[str, Weighing]) -> Any:
    """One story for each of the rival's weighings; all others are out."""
    return [(STORY, FITS, {**dict.fromkeys(NAMES, OUT), WINNER: FITS, name: w}) for name, w in of_rival]


def test_every_rival_has_its_word(lab: Any, stories: Any) -> None:
    """Over all stories of the table: of the causes beside the first, each is named with a verdict."""
    for case in stories.cases.values():
        for build in (*case.first.values(), *case.ruled_out.values()):
            for diagnosis in lab.diagnose(*build(lab)):
                against = {r.cause for r in diagnosis.ruled_out}
                still = {name for w in diagnosis.would_settle for name in w.causes} - {diagnosis.cause}
                assert against | still == set(NAMES) - {diagnosis.cause, "insufficient-evidence"}, diagnosis.id
                assert not against & still, diagnosis.id
                unproven = [r.cause for r in diagnosis.ruled_out if r.verdict == "ruled-out" and not r.evidence]
                assert not unproven, diagnosis.id


@pytest.mark.parametrize(
    ("weighings", "verdict"),
    [
        pytest.param(((RIVAL, OUT),), "ruled-out", id="by a line"),
        pytest.param(
            ((RIVAL, OUT), (RIVAL, still_open("was it?", "hub: show version"))), None, id="out here, open there"
        ),
        pytest.param(((RIVAL, unlikely("hardly", LINE)),), "unlikely", id="what was read speaks against it"),
        pytest.param(((RIVAL, OUT), (RIVAL, unlikely("hardly"))), "unlikely", id="out here, unlikely there"),
        pytest.param(((LATER, FITS),), "unlikely", id="it fits too, and explains less"),
        pytest.param(((RIVAL, FITS),), None, id="it fits, and waits for another to be ruled out"),
    ],
)
def test_what_is_said_against_a_rival(weighings: Any, verdict: str | None) -> None:
    name = weighings[0][0]
    found = {r.cause: r for r in ruled_out(cause(WINNER), told(*weighings))}
    assert (found[name].verdict if name in found else None) == verdict
    asked = {n for w in would_settle(cause(WINNER), told(*weighings)) for n in w.causes}
    assert (name in asked) is (verdict is None)


@pytest.mark.parametrize(
    ("mechanism", "words"),
    [
        ("stale-sa", "delete-lost explains why the receiver has no SA"),
        ("rekey-race", "delete-lost explains why the SAs changed then"),
        ("unexplained", "delete-lost explains more of it"),
    ],
)
def test_what_the_first_explains_better(mechanism: Any, words: str) -> None:
    """In a race the receiver has the SA."""
    ((_, own, weighings),) = told((LATER, FITS))
    story = Story(mechanism=mechanism, receiver="hub", sender=None, source=None, tunnel=None)
    found = {r.cause: r for r in ruled_out(cause(WINNER), [(story, own, weighings)])}
    assert found[LATER].because == f"it would fit too, but {words}"


def test_what_waits_names_all_that_go_before() -> None:
    waits = Weighing(verdict="fits", unless_open=("misdelivery", "low-memory", "reset-not-detected"))
    asked = would_settle(cause(WINNER), told((RIVAL, waits)))
    said = f"is it {RIVAL}? It fits once misdelivery, low-memory and reset-not-detected are ruled out"
    assert [w.question for w in asked] == [said]


def test_the_line_that_rules_out_is_cited() -> None:
    found = {r.cause: r for r in ruled_out(cause(WINNER), told((RIVAL, OUT)))}
    assert (found[RIVAL].because, found[RIVAL].evidence) == ("it cannot be", (LINE,))


def test_one_answer_for_several_rivals_is_asked_for_once() -> None:
    """The second question takes no command beyond the first's; the one question names both causes."""
    both = {
        RIVAL: still_open("was it reloaded?", "hub: show version; show logging"),
        "low-memory": still_open("was it short of memory?", "hub: show logging"),
    }
    story = [(STORY, FITS, {**dict.fromkeys(NAMES, OUT), WINNER: FITS, **both})]
    (asked,) = would_settle(cause(WINNER), story)
    assert (asked.question, set(asked.causes)) == ("was it reloaded?", {RIVAL, "low-memory"})
