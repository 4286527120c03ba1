"""The loss question in an audit: each diagnosis by its own lines, lifetimes and DPD, and what the path shows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_logs, audit_sources
from vpnaudit.settings import Settings

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def mail() -> Audit:
    return audit_logs([str(FIXTURES / "loss" / "mail.txt")], None, Settings(), NOW)


@pytest.fixture(scope="module")
def outages() -> Audit:
    return audit_sources([FIXTURES / "situations" / "a13_outages_before_each_episode" / "captures"], Settings(), NOW)


def _said(audit: Audit, source: str) -> str:
    return " ".join(next(d for d in audit.diagnoses if d.subject.source == source).because)


def test_each_diagnosis_counts_its_own_lines(mail: Audit) -> None:
    one, two = _said(mail, "198.51.100.2"), _said(mail, "203.0.113.7")
    assert "1 line(s), 1 episode, in a log of 16.5 minutes" in one
    assert "2 line(s), 2 episodes, in a log of 16.5 minutes" in two
    assert "Seen: 1." in one
    assert "Seen: 2." in two
    assert "3 lines" not in one + two
    assert "(1 tunnel, 0.28 rekeys)" in one


def test_each_is_ruled_out_as_random_loss(mail: Audit) -> None:
    for source in ("198.51.100.2", "203.0.113.7"):
        assert "Random loss of 0.1 % to 0.3 % is ruled out" in _said(mail, source)
    assert "The default" not in _said(mail, "203.0.113.7")
    assert "No lifetime of this tunnel is known" in _said(mail, "203.0.113.7")


def test_the_tunnels_own_lifetime_and_dpd_are_used(outages: Audit) -> None:
    said = " ".join(outages.diagnoses[0].because)
    assert "rekeys every 59.5 minutes, decided by time" in said
    assert "metz-a 10/3 s periodic, waits 15 to 25 s, metz-b 60/5 s periodic, waits 25 to 85 s" in said
    assert "15 to 25 s with the DPD in force here" in said
    assert "As outages of about 20 s to 2 minutes the same average" in said


def test_outages_are_held_against_the_episodes(outages: Audit) -> None:
    said = " ".join(outages.diagnoses[0].because)
    assert "3 of 3 episodes had one within two minutes before it" in said
    assert "metz-a GigabitEthernet0/0/1: no input errors" in said
