"""Every fact that others noted about collected device output is found, none is invented, every line is understood.

What is measured, and how, is docs/recall.py; its table is docs/recall.md.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

from vpnaudit.model.facts import Facts

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT / "docs") not in sys.path:
    sys.path.append(str(ROOT / "docs"))
recall = importlib.import_module("recall")
facts = importlib.import_module("recall_facts")

SAMPLES = recall.samples()
NOT_MEASURED = f"there is no collected device output in {recall.CORPUS}: recall was not measured"
IN_CORPUS = pytest.mark.skipif(not SAMPLES, reason=NOT_MEASURED)


def each(samples: list[Path]) -> pytest.MarkDecorator:
    """Run a test on each sample; where there is none, one test that says so."""
    nothing = [pytest.param(None, id="none", marks=pytest.mark.skip(reason=NOT_MEASURED))]
    ids = recall.name_of if samples else None
    return pytest.mark.parametrize("sample", samples or nothing, ids=ids)


EVENT = {"tag": "CRYPTO-4-IKMP_NO_SA", "src": "192.0.2.1"}


@pytest.mark.shared
@each(SAMPLES)
def test_a_sample_is_read_whole(sample: Path) -> None:
    score = recall.measure(sample)
    if not score.read and not score.expected:
        pytest.skip(f"no parser reads {sample.parent.name} of {sample.parts[-3]}")
    assert not score.problems, "\n".join(map(str, score.problems))
    assert score.found == score.expected


@pytest.mark.shared
@each([s for s in SAMPLES if "crypto" in s.parent.name])
def test_records_point_to_their_lines(sample: Path) -> None:
    text = sample.read_text(encoding="utf-8", errors="replace")
    parsed = recall.parse(sample, text)
    lines = text.split("\n")
    found = parsed.facts if parsed is not None else Facts()
    assert all(lines[sa.line - 1].strip().startswith("spi:") for sa in found.ipsec_sas if sa.spi != 0)
    assert all("local" in lines[flow.line - 1] for flow in found.ipsec_flows)
    assert all("Interface:" in lines[session.line - 1] for session in found.sessions if session.interface)


@pytest.mark.shared
@each([s for s in SAMPLES if s.parts[-3] == "cisco_asa" and "ipsec-sa" in s.parent.name])
def test_an_sa_that_was_rekeyed_says_so(sample: Path) -> None:
    found = recall.parse(sample, sample.read_text(encoding="utf-8", errors="replace")).facts.ipsec_sas
    notes = json.loads(sample.with_suffix(".expect.json").read_text(encoding="utf-8"))
    noted = {(sa["direction"], sa["spi"]) for sa in notes.get("sas", ()) if sa.get("rekeyed")}
    assert {(sa.direction, sa.spi) for sa in found if "Rekeyed" in (sa.settings or "")} == noted


@pytest.mark.shared
@each([s for s in SAMPLES if s.parent.name == "show-version"])
def test_every_version_says_how_long_its_device_is_up(sample: Path) -> None:
    version = recall.parse(sample, sample.read_text(encoding="utf-8", errors="replace")).facts.version
    assert version.uptime_s is not None


@pytest.mark.shared
@IN_CORPUS
def test_the_page_is_current() -> None:
    """Of the corpus that the page names; another one has another page."""
    page = recall.PAGE.read_text(encoding="utf-8")
    if recall.fingerprint(recall.CORPUS) not in page:
        pytest.skip(f"docs/recall.md was measured on another corpus than {recall.CORPUS}")
    assert page == recall.page(recall.CORPUS), "run `python docs/recall.py`"


def _compared(expected: list[tuple[str, dict[str, object]]], found: list[tuple[str, dict[str, object]]]) -> list[str]:
    sample = ROOT / "cisco_ios" / "show-logging" / "one.txt"
    wanted, have = ([facts.Record(kind, values) for kind, values in side] for side in (expected, found))
    hits, invented, problems = recall.compare(sample, "line\nfrom 192.0.2.1\n", wanted, have)
    return [f"{hits} found, {invented} invented", *map(str, problems)]


def test_what_agrees_is_found() -> None:
    assert _compared([("events", EVENT)], [("events", {**EVENT, "spi": None})]) == ["2 found, 0 invented"]


def test_a_missing_record_is_named_with_its_line() -> None:
    lines = _compared([("events", {"src": "192.0.2.1"})], [])
    assert lines == ["0 found, 0 invented", "cisco_ios/show-logging/one:2: missing events {'src': '192.0.2.1'}"]


def test_a_record_without_counterpart_is_invented() -> None:
    assert _compared([], [("events", EVENT)])[0] == "0 found, 1 invented"


def test_a_second_copy_of_a_record_is_invented() -> None:
    assert _compared([("events", EVENT)], [("events", EVENT), ("events", EVENT)])[0] == "2 found, 1 invented"


def test_another_value_is_missing_and_invented() -> None:
    wrong = {**EVENT, "src": "192.0.2.2"}
    assert _compared([("events", EVENT)], [("events", wrong)])[0] == "1 found, 1 invented"


def test_a_value_that_nobody_noted_is_invented_where_all_are_noted() -> None:
    more = {**EVENT, "dst": "192.0.2.9"}
    assert _compared([("events", EVENT)], [("events", more)])[0] == "2 found, 1 invented"
    assert _compared([("ikev2", {"status": "READY"})], [("ikev2", {"status": "READY", "local": "192.0.2.9"})]) == [
        "1 found, 0 invented"
    ]


def test_the_page_holds_no_line_of_a_sample() -> None:
    page = recall.PAGE.read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| ")]
    cells = [cell.strip(" `") for line in table[1:] for cell in line.strip("|").split("|")]
    assert all(c.isdigit() or c.replace("_", " ").replace("-", " ").replace(" ", "").isalnum() or not c for c in cells)
