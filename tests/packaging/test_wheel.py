"""The wheel holds all that an audit needs: built, installed elsewhere, run from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.simulate import build_fleet

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return target


def _run(site: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, "-m", "vpnaudit", *words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


def test_an_audit_works_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    build_fleet(3, ("delete-lost",), datetime(2026, 5, 1, tzinfo=UTC)).write_captures(tmp_path / "captures")
    program = "import vpnaudit, sys; print(vpnaudit.__file__)"
    env = {**os.environ, "PYTHONPATH": str(installed)}
    where = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert where.stdout.startswith(str(installed))
    done = _run(installed, tmp_path, "audit", "captures", "--json", "-", "--html", "report.html")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["diagnoses"][0]["cause"] == "delete-lost"
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_templates_are_in_the_wheel(installed: Path) -> None:
    packed = {p.relative_to(installed / "vpnaudit" / "templates") for p in installed.rglob("*.textfsm")}
    assert packed == {p.relative_to(ROOT / "templates") for p in (ROOT / "templates").rglob("*.textfsm")}
    assert (installed / "vpnaudit" / "py.typed").is_file()
