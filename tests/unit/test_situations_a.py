"""Whole audits of captures written by hand: `expected.yaml` beside them says what must come out.

To add a case is to add a folder: `captures/<device>/<command>.txt` as the device prints it, and `expected.yaml`. The
folders' letters: `a` routers, `b` with an ASA at an end, `c` mechanisms, causes, topologies and real cases of the field
guide (its sections 3.2 and 7), with near misses. `withheld` in `expected.yaml` says what is left of the judgement when
evidence is taken away (`without`, or all but `only`: patterns of device or `device/command`). Less evidence than all
may name causes of `also_true`, which hold as well by their signature, and keys of `as_likely`, which print the same as
the cause behind them where what settles it is missing: as `possible`, with that one shown as open.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as limited
from hypothesis import strategies as st

from vpnaudit.cli.options import Severity
from vpnaudit.cli.output import status
from vpnaudit.diagnose import all_causes
from vpnaudit.model.audit import Audit
from vpnaudit.model.event import Mechanism
from vpnaudit.model.judgement import CONFIDENCES, SEVERITIES
from vpnaudit.pipeline.audit import audit_logs, audit_sources, is_incomplete
from vpnaudit.settings import Settings

SITUATIONS = Path(__file__).resolve().parents[1] / "fixtures" / "situations"
CASES = sorted(p.parent.name for p in SITUATIONS.glob("[a-z][0-9]*/expected.yaml"))
pytestmark = pytest.mark.usefixtures("each_text_once")
LOG = "show_logging*"
OPEN = "insufficient-evidence"
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
"""Later than every capture: no verdict may depend on it."""


@cache
def _expected(name: str) -> dict[str, Any]:
    """What must come out; nobody changes it."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (SITUATIONS / name / "expected.yaml").read_bytes()
    found: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe
    return found


def _audit(folder: Path, expected: dict[str, Any]) -> Audit:
    if "logs" in expected:
        return audit_logs([str(folder / name) for name in expected["logs"]], None, Settings(), NOW)
    names = expected.get("sources", ["captures"])
    return audit_sources([folder / name for name in names], Settings(), NOW)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Audit, dict[str, Any]]:
    expected = _expected(request.param)
    return _audit(SITUATIONS / request.param, expected), expected


def _withheld() -> list[Any]:
    """Every amount of evidence that an `expected.yaml` speaks of."""
    found = []
    for name in CASES:
        expected = _expected(name)
        for less in expected.get("withheld", ()):
            how = "only" if "only" in less else "without"
            found.append(pytest.param(name, less, id=f"{name}-{how}-{'-'.join(less[how])}"))
    return found


@pytest.mark.parametrize(("name", "less"), _withheld())
def test_what_less_evidence_leaves(name: str, less: dict[str, Any], tmp_path: Path) -> None:
    whole, kept = SITUATIONS / name / "captures", tmp_path / "captures"
    assert _copied(whole, kept, less)
    audit = audit_sources([kept], Settings(), NOW)
    assert [d.cause for d in audit.diagnoses] == [d["cause"] for d in less["diagnoses"]]
    _says_whose_and_how_sure(audit, less)


ALONE = [name for name in CASES if any((SITUATIONS / name / "captures").glob("*/*"))]


@pytest.mark.parametrize("name", ALONE)
def test_one_device_or_logs_alone_name_no_other_cause(name: str, tmp_path: Path) -> None:
    """Nor are they surer than the case allows."""
    whole = SITUATIONS / name / "captures"
    expected = _expected(name)
    devices = sorted(p.name for p in whole.iterdir() if p.is_dir())
    for only in (f"*/{LOG}", *(f"{device}/*" for device in devices)):
        kept = tmp_path / str(devices.index(only[:-2]) if only[:-2] in devices else "logs")
        if not _copied(whole, kept, {"only": [only]}):
            continue
        assert _wrong(audit_sources([kept], Settings(), NOW), expected) == [], only


@given(data=st.data())
@limited(max_examples=25, deadline=None)
def test_captures_taken_away_name_no_other_cause(data: st.DataObject) -> None:
    """What is not there claims nothing: least of all where all of it left the cause open."""
    name = data.draw(st.sampled_from(ALONE))
    whole = SITUATIONS / name / "captures"
    files = sorted(f.relative_to(whole).as_posix() for f in whole.glob("*/*"))
    gone = data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=6, unique=True))
    expected = _expected(name)
    with tempfile.TemporaryDirectory() as place:
        kept = Path(place, "captures")
        if _copied(whole, kept, {"without": gone}):
            assert _wrong(audit_sources([kept], Settings(), NOW), expected) == [], name


@given(data=st.data())
@limited(max_examples=20, deadline=None)
def test_logs_that_lost_their_beginning_name_no_other_cause(data: st.DataObject) -> None:
    """A buffer that wrapped: what began before its first line may have begun long before."""
    name = data.draw(st.sampled_from(ALONE))
    whole = SITUATIONS / name / "captures"
    lost = data.draw(st.integers(min_value=1, max_value=9))
    expected = _expected(name)
    with tempfile.TemporaryDirectory() as place:
        kept = Path(place, "captures")
        _copied(whole, kept, {"without": []})
        for log in kept.glob(f"*/{LOG}"):
            head, mark, body = log.read_text(encoding="utf-8").partition("Log Buffer")
            title, _, lines = body.partition("\n")
            left = lines.splitlines(keepends=True)
            left = left[len(left) * lost // 10 :]
            log.write_text("".join((head, mark, title, "\n", *left)), encoding="utf-8")
        assert _wrong(audit_sources([kept], Settings(), NOW), expected) == [], (name, lost)


def _wrong(audit: Audit, expected: dict[str, Any]) -> list[str]:
    """What is told by less evidence than all, and may not be."""
    surest = {d["cause"]: d.get("at_most", "proven") for d in reversed(expected["diagnoses"])}
    surest |= dict.fromkeys((OPEN, *expected.get("also_true", ())), "proven")
    wrong = []
    for told in audit.diagnoses:
        same = expected.get("as_likely", {}).get(told.cause)
        is_open = told.confidence == "possible" and any(same in w.causes for w in told.would_settle)
        known = told.cause in surest and _rank(told.confidence) >= _rank(surest[told.cause])
        if not known and not (same is not None and is_open):
            wrong.append(f"{told.cause} ({told.confidence})")
    return wrong


def _rank(confidence: str) -> int:
    return CONFIDENCES.index(confidence)


def _copied(whole: Path, kept: Path, less: dict[str, Any]) -> bool:
    """Copy the captures that are left; whether there are any."""
    left = sorted(f for f in whole.glob("*/*") if _is_kept(f.relative_to(whole).as_posix(), less))
    for file in left:
        target = kept / file.relative_to(whole)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return bool(left)


def _is_kept(path: str, less: dict[str, Any]) -> bool:
    """Whether a capture, as `device/command.txt`, is left."""
    patterns = less.get("only") or less["without"]
    return any(fnmatch(path, p) or path.startswith(f"{p}/") for p in patterns) == ("only" in less)


def test_causes_come_in_order(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, expected = case
    found = [d.cause for d in audit.diagnoses]
    assert found == [d["cause"] for d in expected["diagnoses"]]


def test_each_diagnosis_says_whose_and_how_sure(case: tuple[Audit, dict[str, Any]]) -> None:
    _says_whose_and_how_sure(*case)


def _says_whose_and_how_sure(audit: Audit, expected: dict[str, Any]) -> None:
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


def test_what_is_ruled_out_is_shown(case: tuple[Audit, dict[str, Any]]) -> None:
    """By a line, or by the whole answer that does not have it; what is unlikely says why."""
    audit, _ = case
    for diagnosis in audit.diagnoses:
        for rival in diagnosis.ruled_out:
            assert rival.because, (diagnosis.id, rival.cause)
            assert rival.evidence or rival.verdict == "unlikely", (diagnosis.id, rival.cause, rival.because)


def test_events_are_all_there_and_placed(case: tuple[Audit, dict[str, Any]]) -> None:
    audit, expected = case
    placed: Counter[str] = Counter()
    for event in audit.events:
        placed[event.mechanism] += event.count
    assert dict(placed) == expected.get("mechanisms", {})
    assert len(audit.episodes) == expected.get("episodes", len(audit.episodes))
    spis = {e.spi: e.mechanism for e in audit.events}
    assert {spi: spis[spi] for spi in expected.get("placed", {})} == expected.get("placed", {})
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


def test_every_cause_and_mechanism_has_a_situation() -> None:
    every = [_expected(name) for name in CASES]
    assert {d["cause"] for e in every for d in e["diagnoses"]} == {c.name for c in all_causes()}
    assert {m for e in every for m in e.get("mechanisms", {})} == set(get_args(Mechanism))


def test_the_table_of_situations_names_each() -> None:
    named = re.findall(r"\b[a-z]\d\d\b", (SITUATIONS / "README.md").read_text(encoding="utf-8"))
    assert set(named) == {name[:3] for name in CASES}
