"""Measured timelines of real IKE and ESP, shown as Cisco routers would and judged: what is told is what was measured.

How, is docs/lab.py; its result over every run is kept in docs/accuracy.md. `python docs/lab.py --only RUN` shows a run.
"""

from __future__ import annotations

import csv
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "docs") not in sys.path:
    sys.path.append(str(ROOT / "docs"))
lab = importlib.import_module("lab")
lab_runs = importlib.import_module("lab_runs")

pytestmark = [pytest.mark.long, pytest.mark.shared]
SETTINGS = ("delete_lost_for", "dpd", "version", "down", "life", "traffic", "case", "lost", "old_sa", "length", "rekey")


@pytest.fixture(scope="module")
def runs(shared: Path) -> dict[str, list[Any]]:
    folder = shared / "lab"
    if not folder.is_dir():
        pytest.skip(
            f"there is no {folder.name}/ in {shared.name}/ beside the checkout: what was measured cannot be judged"
        )
    return {name: lab_runs.read_runs(folder, name) for name in lab_runs.EXPERIMENTS}


def chosen(runs: list[Any]) -> list[Any]:
    """Of each thing that was done the first run of which all is known, with lines where any has some."""
    best: dict[str, tuple[tuple[bool, bool], Any]] = {}
    for run in runs:
        rank = (run.is_whole and bool(run.strays), bool(run.strays))
        if run.done not in best or rank > best[run.done][0]:
            best[run.done] = (rank, run)
    return [run for _, run in best.values()]


@pytest.mark.parametrize("experiment", lab_runs.EXPERIMENTS)
def test_mechanisms_and_first_causes_are_what_was_measured(runs: dict[str, list[Any]], experiment: str) -> None:
    """With all that routers with an event trace can show, nothing is open or wrong but a cause that is left open."""
    judged = [lab.judge(run, lab.TRACED, moment) for run in chosen(runs[experiment]) for moment in lab.moments(run)]
    assert sum(len(j.lines) for j in judged)
    assert [f"mechanism: {j}" for j in judged if any(line.is_wrong for line in j.lines)] == []
    assert [f"open: {j}" for j in judged if j.evidence == lab.WITH_TRACE and any(i.is_open for i in j.lines)] == []
    assert [f"first cause: {j}" for j in judged if j.is_wrong] == []


@pytest.mark.parametrize("experiment", ["onesided", "reload", "targeted"])
def test_without_an_event_trace_no_first_cause_is_wrong(runs: dict[str, list[Any]], experiment: str) -> None:
    judged = [lab.judge(run, lab.UNTRACED, lab.LATER) for run in chosen(runs[experiment]) if lab.logged(run)]
    assert judged
    assert [str(j) for j in judged if j.is_wrong] == []


@pytest.mark.parametrize("experiment", ["onesided", "reload", "targeted", "outage", "stranger"])
def test_the_routers_log_as_many_lines_as_the_lab_counted(
    runs: dict[str, list[Any]], shared: Path, experiment: str
) -> None:
    """The lab's own count at one line a minute of each flow, for each of its settings."""
    with (shared / "lab" / f"results-{experiment}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            named = [name for name in SETTINGS if name in row]
            mine = [r for r in runs[experiment] if all(str(r.settings.get(n, "")) == row[n] for n in named)]
            assert len(mine) == int(row["runs"]), row
            assert sum(len(lab.logged(r)) for r in mine) == int(row["lines_at_one_a_minute"]), row


def test_every_sa_of_a_run_is_played(runs: dict[str, list[Any]]) -> None:
    """At the end of a run the routers hold what the rows leave standing there."""
    for run in (r for found in runs.values() for r in found if r.is_whole):
        played = lab.Lab(run, lab.TRACED)
        played.play_until(run.end)
        standing: set[tuple[int, bool, int]] = set()
        for change in sorted((c for c in run.changes if c.at < run.end), key=lambda c: c.at):
            key = (change.side, change.inbound, change.spi)
            (standing.add if change.what == "install" else standing.discard)(key)
        held = {(n, True, p.inbound) for n, e in enumerate(played.tunnel.ends) for p in e.pairs if p.inbound}
        held |= {(n, False, p.outbound) for n, e in enumerate(played.tunnel.ends) for p in e.pairs if p.enabled}
        assert held == standing, run.name


def test_the_kept_section_is_of_these_runs(runs: dict[str, list[Any]]) -> None:
    every = [r for found in runs.values() for r in found]
    page = lab.PAGE.read_text(encoding="utf-8")
    assert page.count(lab.BEGIN) == page.count(lab.END) == 1
    assert f"{len(every)} runs under loss" in page
    assert f"{sum(len(lab.logged(r)) for r in every):,} lines" in page
    for run in every:
        if run.is_whole and lab.logged(run):
            assert f"| {run.done} |" in page


def test_a_new_section_takes_the_old_ones_place() -> None:
    new = f"{lab.BEGIN}\nnew\n{lab.END}\n"
    assert lab.keep_section("# Page\n", new) == f"# Page\n\n{new}"
    assert lab.keep_section(f"# Page\n\n{lab.BEGIN}\nold\n{lab.END}\n", new) == f"# Page\n\n{new}"
