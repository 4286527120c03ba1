"""The registry, the golden files, and what all formats promise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vpnaudit import report
from vpnaudit.errors import UsageError
from vpnaudit.model.audit import Audit

SRC = Path(report.__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"

# The page's golden file would be mostly style; what it shows is read by a browser in test_browser.py instead.
WITHOUT_GOLDEN = {"html"}
GOLDEN_FILES = {
    "csv": ("tunnels.csv", "events.csv", "diagnoses.csv", "findings.csv"),
    "json": ("audit.json",),
    "markdown": ("audit.md",),
    "terminal": ("terminal.txt",),
}


def test_every_format_of_the_folder_is_known_and_has_its_golden_files() -> None:
    found = {f.name for f in report.formats()}
    assert found == {*GOLDEN_FILES, *WITHOUT_GOLDEN}
    assert all((GOLDEN / name).exists() for names in GOLDEN_FILES.values() for name in names)


def test_endings() -> None:
    endings = {f.name: f.ending for f in report.formats()}
    assert endings == {"csv": "", "html": ".html", "json": ".json", "markdown": ".md", "terminal": ".txt"}


@pytest.mark.parametrize("name", ["json", "markdown", "terminal"])
def test_golden_texts(name: str, typical: Audit, compare_golden: Callable[[str, str], None]) -> None:
    compare_golden(GOLDEN_FILES[name][0], report.render(name, typical))


def test_golden_tables(typical: Audit, compare_golden: Callable[[str, str], None], tmp_path: Path) -> None:
    written = report.write_csv(typical, tmp_path / "made" / "here")
    assert tuple(p.name for p in written) == GOLDEN_FILES["csv"]
    for path in written:
        compare_golden(path.name, path.read_bytes().decode())


def test_an_unknown_format_is_named_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"'pdf'; there are csv, html, json, markdown, terminal"):
        report.render("pdf", None)  # type: ignore[arg-type]


def test_csv_is_a_folder_and_no_text(empty: Audit) -> None:
    with pytest.raises(UsageError, match="folder"):
        report.render("csv", empty)


def test_importing_the_reports_loads_no_heavy_library() -> None:
    code = "import sys, vpnaudit.report; print(sorted({'rich', 'jinja2', 'markupsafe'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_surroundings_change_no_byte(typical: Audit) -> None:
    code = (
        "import sys, msgspec; from vpnaudit import report; from vpnaudit.model.audit import Audit;"
        "audit = msgspec.json.decode(sys.stdin.buffer.read(), type=Audit);"
        "sys.stdout.buffer.write(''.join(report.render(n, audit) for n in sys.argv[1:]).encode())"
    )
    names = ("html", "json", "markdown", "terminal")
    surroundings = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "COLUMNS": "53", "LC_ALL": "C", "FORCE_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *names],
        env={**os.environ, **surroundings, "PYTHONPATH": str(SRC)},
        input=report.render("json", typical).encode(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == "".join(report.render(n, typical) for n in names)


@pytest.mark.parametrize("name", ["html", "json", "markdown", "terminal"])
def test_nothing_read_is_never_called_healthy(name: str, empty: Audit) -> None:
    text = report.render(name, empty)
    assert "healthy" not in text.lower()
    if name != "json":
        assert "Nothing could be judged" in text
