"""What an audit document says of itself is true: ids, references, counts, order, times, and each line of evidence."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vpnaudit.model.audit import Audit
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.judgement import CONFIDENCES, SEVERITIES
from vpnaudit.pipeline import document
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.report import render
from vpnaudit.settings import Settings
from vpnaudit.simulate import FAULTS, build_fleet

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
SPI = re.compile(r"0x[0-9A-F]{8}$")
TIMES = frozenset({"time", "first", "last", "from", "to", "generated_at", "installed_at"})
LISTS = ("tunnels", "events", "episodes", "diagnoses", "findings", "remediations")
SITUATIONS = Path(__file__).resolve().parents[1] / "fixtures" / "situations"


def walk(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    yield key, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, key)


def check(audit: Audit, root: Path) -> None:
    """Raise AssertionError where the document is not true. `root`: the folder that was audited."""
    document = msgspec.json.decode(render("json", audit))
    msgspec.json.decode(render("json", audit), type=Audit)
    _ids(document)
    _references(document)
    _counts(document)
    _order(document)
    for key, value in walk(document):
        if key in TIMES and value is not None:
            assert TIME.match(value), (key, value)
        if key == "spi":
            assert SPI.match(value), value
        if isinstance(value, dict) and {"file", "line", "text"} == set(value) - {"device", "command"}:
            _evidence(value, root)


def _ids(document: dict[str, Any]) -> None:
    for name in LISTS:
        twice = [i for i, n in Counter(entry["id"] for entry in document[name]).items() if n > 1]
        assert not twice, (name, twice)
    names = [d["name"] for d in document["devices"]]
    assert names == sorted(set(names))


def _references(document: dict[str, Any]) -> None:
    known = {name: {entry["id"] for entry in document[name]} for name in LISTS}
    devices = {d["name"] for d in document["devices"]}
    offered = set()
    for entry in (*document["diagnoses"], *document["findings"]):
        offered |= set(entry["remediations"])
        assert entry["subject"]["tunnel"] in {None, *known["tunnels"]}
        assert set(entry["subject"]["devices"]) <= devices
    assert offered == known["remediations"]
    for diagnosis in document["diagnoses"]:
        assert set(diagnosis["episodes"]) <= known["episodes"]
        assert set(diagnosis["owner_devices"]) <= devices
        assert diagnosis["because"]
        assert diagnosis["cause"] not in {r["cause"] for r in diagnosis["ruled_out"]}
    assert {e["episode"] for e in document["events"]} == known["episodes"]
    explained = Counter(e for d in document["diagnoses"] for e in d["episodes"])
    assert set(explained) == known["episodes"]
    assert set(explained.values()) <= {1}
    assert {e["tunnel"] for e in document["episodes"]} <= {None, *known["tunnels"]}


def _counts(document: dict[str, Any]) -> None:
    summary = document["summary"]
    for name in ("devices", "tunnels", "events", "diagnoses"):
        assert summary[name] == len(document[name]), name
    assert summary["complete"] == sum(d["status"] == "complete" for d in document["devices"])
    open_ones = [f for f in document["findings"] if f["waived"] is None]
    failed = Counter(f["severity"] for f in open_ones if f["status"] == "FAIL")
    assert summary["findings"] == {s: failed[s] for s in SEVERITIES}
    assert summary["unknown"] == sum(f["status"] == "UNKNOWN" for f in open_ones)
    lines = Counter[str]()
    for event in document["events"]:
        lines[event["episode"]] += event["count"]
    assert lines == {e["id"]: e["events"] for e in document["episodes"]}
    for device in document["devices"]:
        assert all(0 <= c["understood"] <= c["lines"] for c in device["parse"].values())


def _order(document: dict[str, Any]) -> None:
    times = [e["time"] for e in document["events"] if e["time"]]
    assert times == sorted(times)
    first = [e["first"] for e in document["episodes"] if e["first"]]
    assert first == sorted(first)
    last = {e["id"]: e["last"] or "" for e in document["episodes"]}
    ranks = [
        (
            SEVERITIES.index(d["severity"]),
            CONFIDENCES.index(d["confidence"]),
            max((last[e] for e in d["episodes"]), default=""),
        )
        for d in document["diagnoses"]
    ]
    assert [r[:2] for r in ranks] == sorted(r[:2] for r in ranks)
    for one, two in itertools.pairwise(ranks):
        assert one[:2] != two[:2] or one[2][:19] >= two[2][:19], (one, two)
    assert [r["id"] for r in document["remediations"]] == sorted(r["id"] for r in document["remediations"])
    for episode in document["episodes"]:
        assert episode["duration_s"] >= 0
        assert (episode["first"] or "") <= (episode["last"] or "")


def _evidence(evidence: dict[str, Any], root: Path) -> None:
    """The text stands in that line; a message that was folded over several is joined by blanks.

    A pager's carriage returns end no line.
    """
    lines = (root / evidence["file"]).read_bytes().decode("utf-8").split("\n")
    if evidence["line"] is None:
        assert evidence["text"] == ""
        return
    wanted = " ".join(evidence["text"].split())
    found = " ".join(" ".join(lines[evidence["line"] - 1 : evidence["line"] + 7]).split())
    assert wanted
    assert wanted in found, (evidence, found[:200])


def sources() -> Iterable[Path]:
    return sorted(f for f in SITUATIONS.glob("*/captures") if not (f / "manifest.json").exists())


@pytest.mark.parametrize("place", sources(), ids=lambda p: p.parent.name)
def test_of_every_situation(place: Path) -> None:
    check(audit_sources([place], Settings(), NOW), place)


def test_of_a_fleet_with_all_faults(tmp_path: Path) -> None:
    build_fleet(1, tuple(FAULTS), NOW, hours=8).write_captures(tmp_path)
    audit = audit_sources([tmp_path], Settings(), NOW)
    check(audit, tmp_path)
    assert len(audit.diagnoses) >= len(FAULTS) - 1


def test_of_sessions_with_many_captures_in_a_file(tmp_path: Path) -> None:
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    build_fleet(4, ("delete-lost", "peer-reloaded-no-dpd"), NOW, hours=8).write_captures(folder)
    kept.mkdir()
    for device in sorted(folder.iterdir()):
        text = "".join(
            f"{device.name}#{f.stem.replace('_', ' ')}\n{f.read_text(encoding='utf-8')}\n" for f in device.iterdir()
        )
        (kept / f"{device.name}.log").write_text(text, encoding="utf-8")
    check(audit_sources([kept], Settings(), NOW), kept)


def test_what_is_cited_as_evidence_is_masked() -> None:
    text = "%PARSER-5-CFGLOG_LOGGEDCMD: User:x  logged command:crypto isakmp key Gehe1m address 192.0.2.1"
    cited = Evidence(device="hub", command="show logging", file="hub/show_logging.txt", line=3, text=text)
    (shown,) = document._unique([cited, cited])
    assert "Gehe1m" not in shown.text
    assert shown.text.startswith("%PARSER-5-CFGLOG_LOGGEDCMD: User:x  logged command:crypto isakmp key")
