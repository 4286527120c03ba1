"""Waivers mark what they name, run out, and are told where they name nothing."""

from __future__ import annotations

import datetime
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Finding, Status, Subject
from vpnaudit.model.ledger import Ledger
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Judged, Waiver, lay_on

AT = datetime.datetime(2026, 5, 1, 23, 59, tzinfo=UTC)
TODAY = AT.date()
DAY = datetime.timedelta(days=1)
TUNNEL = Tunnel(
    id="192.0.2.1-10.9.9.9",
    local=TunnelEnd(address="192.0.2.1", device="hub"),
    remote=TunnelEnd(address="10.9.9.9", seen_as="198.51.100.7", device="spoke-7"),
)
FLEET = Fleet(devices=(), tunnels=(TUNNEL,), ledger=Ledger(()), events=(), episodes=(), collected_at=AT)


def finding(status: Status = "FAIL", **subject: Any) -> Finding:
    return Finding(
        rule="DPD-001", title="dpd-off", status=status, severity="medium", subject=Subject(**subject),
        expected="DPD on", actual="DPD off", because="So it is.",
    )  # fmt: skip


def diagnosis(cause: str, **subject: Any) -> Diagnosis:
    return Diagnosis(
        id=cause, cause=cause, severity="high", confidence="likely", owner="sender", owner_devices=(),
        subject=Subject(**subject), title=cause, because=(), ruled_out=(), would_settle=(), stories=(),
    )  # fmt: skip


def waiver(**changes: Any) -> Waiver:
    return Waiver(**{"rule": "DPD-001", "reason": "peer is replaced in June", "expires": TODAY, **changes})


def laid(*waivers: Waiver, status: Status = "FAIL") -> Judged:
    spoke = finding(status, devices=("spoke-7",), tunnel=TUNNEL.id)
    stranger = diagnosis("unconfigured-source", devices=("hub",), source="203.0.113.9")
    return lay_on(waivers, [spoke], [stranger], FLEET)


@pytest.mark.parametrize("rule", ["DPD-001", "dpd-001", "dpd-off", "DPD-off"])
@pytest.mark.parametrize(
    "subject",
    [None, "spoke-7", "SPOKE-7", "spoke-*", "spoke-[0-9]", TUNNEL.id, "192.0.2.1", "198.51.100.7", "10.9.9.?"],
)
def test_a_waiver_marks_what_it_names(rule: str, subject: str | None) -> None:
    judged = laid(waiver(rule=rule, subject=subject, owner="net"))
    waived = judged.findings[0].waived
    assert waived is not None
    assert (waived.reason, waived.until, waived.owner) == ("peer is replaced in June", "2026-05-01", "net")
    assert judged.diagnoses[0].waived is None
    assert [(u.state, u.covers) for u in judged.uses] == [("in-force", 1)]


@pytest.mark.parametrize("other", [{"rule": "DPD-002"}, {"subject": "hub"}, {"subject": "spoke"}, {"subject": ""}])
def test_a_waiver_of_something_else_does_nothing_and_is_told(other: dict[str, Any]) -> None:
    judged = laid(waiver(**other))
    assert judged.findings[0] == finding(devices=("spoke-7",), tunnel=TUNNEL.id)
    assert [(u.state, u.covers) for u in judged.uses] == [("unused", 0)]


@pytest.mark.parametrize("subject", [None, "203.0.113.9", "203.0.113.*", "hub"])
def test_a_cause_can_be_waived(subject: str | None) -> None:
    judged = laid(waiver(rule="unconfigured-source", subject=subject, reason="our own scanner"))
    assert judged.diagnoses[0].waived is not None
    assert judged.findings[0].waived is None


def test_what_is_not_known_is_waived_and_what_passes_is_not() -> None:
    assert laid(waiver(), status="UNKNOWN").findings[0].waived is not None
    judged = laid(waiver(), status="PASS")
    assert judged.findings[0].waived is None
    assert [(u.state, u.covers) for u in judged.uses] == [("passing", 0)]


def test_a_waiver_that_has_run_out_is_said_aloud() -> None:
    ended = waiver(expires=TODAY - DAY, reason="until the move")
    judged = laid(ended)
    assert judged.findings[0].waived is None
    assert judged.findings[0].because == "So it is. A waiver of this ended on 2026-04-30 (until the move)."
    assert [u.state for u in judged.uses] == ["expired"]
    scanner = laid(waiver(rule="unconfigured-source", expires=TODAY - DAY, reason="test week")).diagnoses[0]
    assert scanner.waived is None
    assert scanner.because[-1].text == "A waiver of this ended on 2026-04-30 (test week)."


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_the_one_that_holds_longest_counts(order: int) -> None:
    several = [
        waiver(expires=TODAY - DAY, reason="ended"),
        waiver(expires=TODAY + DAY, reason="longest"),
        waiver(reason="today"),
    ]
    judged = laid(*several[::order])
    assert judged.findings[0].waived is not None
    assert judged.findings[0].waived.reason == "longest"
    assert [u.state for u in judged.uses] == ["expired", "in-force", "in-force"][::order]


@given(days=st.integers(-1000, 1000), subject=st.text(max_size=12) | st.none())
def test_a_waiver_counts_until_its_last_day_and_changes_nothing_else(days: int, subject: str | None) -> None:
    judged = laid(waiver(expires=TODAY + days * DAY, subject=subject))
    (found,), (use,) = judged.findings, judged.uses
    assert (found.status, found.severity, found.actual) == ("FAIL", "medium", "DPD off")
    assert (found.waived is not None) == (use.state == "in-force")
    assert found.waived is None or days >= 0
