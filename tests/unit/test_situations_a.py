"""Whole audits of captures written by hand: `expected.yaml` beside them says what must come out."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from vpnaudit.cli.options import Severity
from vpnaudit.cli.output import status
from vpnaudit.model.audit import Audit
from vpnaudit.model.judgement import CONFIDENCES, SEVERITIES
from vpnaudit.pipeline.audit import audit_logs, audit_sources, is_incomplete
from vpnaudit.platforms.registry import all_platforms
from vpnaudit.settings import Settings

JUDGED = frozenset(each.name for each in all_platforms() if each.assessable)
SITUATIONS = Path(__file__).resolve().parents[1] / "fixtures" / "situations"
CASES = sorted(p.name for p in SITUATIONS.glob("a[0-9]*"))
CASES += sorted(p.name for p in SITUATIONS.glob("b[0-9]*") if "cisco_asa" in JUDGED)
"""Those with `b` have an ASA at an end: they hold from when an ASA's tables are read."""
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
"""Later than every capture: no verdict may depend on it."""


def _audit(folder: Path, expected: dict[str, Any]) -> Audit:
    if "logs" in expected:
        return audit_logs([str(folder / name) for name in expected["logs"]], None, Settings(), NOW)
    names = expected.get("sources", ["captures"])
    return audit_sources([folder / name for name in names], Settings(), NOW)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Audit, dict[str, Any]]:
    folder = SITUATIONS / request.param
    expected = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    return _audit(folder, expected), expected


def test_causes_come_in_order(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, expected = case
    found = [d.cause for d in audit.diagnoses]
    assert found == [d["cause"] for d in expected["diagnoses"]]


def test_each_diagnosis_says_whose_and_how_sure(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, expected = case
    for found, wanted in zip(audit.diagnoses, expected["diagnoses"], strict=True):
        for key in ("severity", "owner"):
            assert getattr(found, key) == wanted.get(key, getattr(found, key)), (found.id, key)
        assert list(found.owner_devices) == wanted.get("owner_devices", list(found.owner_devices)), found.id
        assert found.subject.tunnel == wanted.get("tunnel", found.subject.tunnel)
        assert found.subject.source == wanted.get("source", found.subject.source)
        assert len(found.episodes) == wanted.get("episodes", len(found.episodes)), found.id
        rank = CONFIDENCES.index(found.confidence)
        assert rank <= CONFIDENCES.index(wanted.get("at_least", "possible")), (found.id, found.confidence)
        assert rank >= CONFIDENCES.index(wanted.get("at_most", "proven")), (found.id, found.confidence)
        ruled_out = {r.cause for r in found.ruled_out}
        assert ruled_out >= set(wanted.get("ruled_out", ())), found.id
        asked = " ".join(f"{w.question} {w.command}" for w in found.would_settle)
        for words in wanted.get("asks", ()):
            assert re.search(words, asked), (found.id, asked)


def test_events_are_all_there_and_placed(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, expected = case
    placed: Counter[str] = Counter()
    for event in audit.events:
        placed[event.mechanism] += event.count
    assert dict(placed) == expected.get("mechanisms", {})
    assert len(audit.episodes) == expected.get("episodes", len(audit.episodes))
    times = {e.time for e in audit.events}
    assert times >= set(expected.get("event_times", ()))


def test_tunnels_have_their_state(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, expected = case
    assert {t.id: t.state for t in audit.tunnels} == expected["tunnels"]


def test_facts_are_kept(case: tuple[Audit, dict[str, Any]]) -> None:
    """`facts`: a path into the document (`tunnels/<id>/local/dpd/mode`) and what must stand there."""
    import msgspec  # noqa: PLC0415

    audit, expected = case
    document = msgspec.to_builtins(audit)
    for path, wanted in expected.get("facts", {}).items():
        value = _at(document, path.split("|"))
        if isinstance(wanted, dict):
            assert abs(value - wanted["about"]) <= wanted["within"], (path, value)
        else:
            assert value == wanted, (path, value)


def _at(value: Any, keys: list[str]) -> Any:
    for key in keys:
        if isinstance(value, list | tuple):
            value = next(v for v in value if key in {v.get("id"), v.get("name"), v.get("spi"), v.get("time")})
        else:
            value = value[key]
    return value


def test_rules_fail_where_they_must_and_nowhere_else(case: tuple[Audit, dict[str, Any]]) -> None:
    """`fails`: every rule that must fail at or above medium; `may_fail`: those that may, and are not the point."""
    audit, expected = case
    failed = {
        f.rule
        for f in audit.findings
        if f.status == "FAIL" and SEVERITIES.index(f.severity) <= SEVERITIES.index("medium")
    }
    must = set(expected.get("fails", ()))
    assert must <= failed
    assert failed <= must | set(expected.get("may_fail", ()))


def test_ids_are_unique(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, _ = case
    for records in (audit.tunnels, audit.events, audit.episodes, audit.diagnoses, audit.findings, audit.remediations):
        ids = Counter(record.id for record in records)
        assert [i for i, count in ids.items() if count > 1] == []


def test_exit_status(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, expected = case
    assert status(audit, Severity.high, incomplete=is_incomplete(audit)) == expected["exit"]


def test_every_line_was_understood(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, expected = case
    lost = {
        f"{d.name}: {command}"
        for d in audit.devices
        for command, coverage in d.parse.items()
        if coverage.understood < coverage.lines
    }
    assert lost == set(expected.get("not_understood", ()))


def test_there_are_situations() -> None:
    assert CASES
