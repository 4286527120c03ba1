"""What was accepted is shown as such in every report, with the reason; waivers that ran out are said aloud."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from vpnaudit import report
from vpnaudit.model.audit import Audit, AuditWaiver
from vpnaudit.model.judgement import Waived

WAIVED = Waived(reason="the partner moves in May", until="2026-05-31", owner="netops")
ENDED = AuditWaiver(
    rule="DPD-001", subject=None, reason="old", owner=None, until="2026-04-01", state="expired", covers=1
)


@pytest.fixture
def accepted(typical: Audit) -> Audit:
    """The typical audit, its first diagnosis accepted, one waiver run out."""
    first, *others = typical.diagnoses
    return structs.replace(typical, diagnoses=(structs.replace(first, waived=WAIVED), *others), waivers=(ENDED,))


@pytest.mark.parametrize("name", ["html", "json", "markdown", "terminal"])
def test_an_accepted_diagnosis_says_why_and_until_when(accepted: Audit, name: str) -> None:
    text = " ".join(report.render(name, accepted).split())
    assert accepted.diagnoses[0].title.partition(",")[0] in text
    assert all(word in text for word in ("the partner moves in May", "2026-05-31", "netops"))


def test_an_accepted_diagnosis_is_told_in_the_table(accepted: Audit, tmp_path: Path) -> None:
    report.write_csv(accepted, tmp_path)
    rows = (tmp_path / "diagnoses.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0].endswith("waived_reason,waived_until,waived_owner")
    assert rows[1].endswith("the partner moves in May,2026-05-31,netops")
    assert rows[2].endswith(",,")


@pytest.mark.parametrize("name", ["html", "markdown", "terminal"])
def test_waivers_that_ran_out_are_said_at_the_top(accepted: Audit, name: str) -> None:
    text = " ".join(report.render(name, accepted).split())
    assert "Waivers have run out, and what they accepted counts again: DPD-001 (2026-04-01)." in text
    assert "2 accepted" in text
