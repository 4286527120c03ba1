"""A run that is ended from outside keeps what it has, and another goes on with it: a real process, real signals."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.cli.fleet import LOGIN, write_inventory
from vpnaudit.simulate import build_fleet, running

NAMES = ("VPNAUDIT_USERNAME", "VPNAUDIT_PASSWORD", "VPNAUDIT_ENABLE_SECRET")
pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="signals")]


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    fleet = build_fleet(3, ("delete-lost", "healthy"), datetime.now(UTC), hours=2)
    folder = tmp_path_factory.mktemp("inventory")
    with running(fleet, *LOGIN, latency_s=0.005) as serving:
        write_inventory(fleet, serving, folder)
        yield folder


def _ended_by(number: int, inventory: Path, output: Path) -> tuple[int, list[str]]:
    """Send the signal when the first device is done; the exit status, and the command that is said to go on."""
    words = ("collect", "-i", str(inventory), "-o", str(output), "--workers", "2", "--log", "/dev/stderr")
    words = (*words, "--limit", "hub*,branch*")
    process = subprocess.Popen(
        [sys.executable, "-m", "vpnaudit", *words],
        env={**os.environ, **dict(zip(NAMES, LOGIN, strict=True))},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if '"event":"device-done"' in line:
            break
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    if number == signal.SIGKILL:
        return process.returncode, ["vpnaudit", "collect", "--resume", *words[1:5], *words[-2:]]
    assert f"vpnaudit: stopped; what there is stands in {output}" in said
    assert "Traceback" not in said
    (told,) = (line for line in said.splitlines() if line.startswith("go on with: "))
    return process.returncode, shlex.split(told.removeprefix("go on with: "))


def _manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)],
    ids=str,
)
def test_what_was_whole_is_kept_and_the_rest_is_collected_later(
    number: int, status: int, inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, (_, *words) = _ended_by(number, inventory, tmp_path / "out")
    assert ended == status
    assert words[-2:] == ["--limit", "hub*,branch*"]
    (partial,) = (tmp_path / "out").iterdir()
    assert partial.suffix == ".partial"
    before = [json.loads(line) for line in (partial / "journal.jsonl").read_text().splitlines()[1:]]
    whole = {d["name"]: d for d in before if d["status"] == "complete"}
    assert whole

    for name, value in zip(NAMES, LOGIN, strict=True):
        monkeypatch.setenv(name, value)
    log = tmp_path / "log.jsonl"
    result = CliRunner().invoke(app, [*words, "--log", str(log)])
    assert result.exit_code == 0, result.stderr
    (folder,) = (tmp_path / "out").iterdir()
    assert folder.name == partial.name.removesuffix(".partial")
    devices = {d["name"]: d for d in _manifest(folder)["devices"]}
    assert {d["status"] for d in devices.values()} == {"complete"}
    assert {name: devices[name] for name in whole} == whole
    asked = {json.loads(line).get("device") for line in log.read_text().splitlines()} - {None}
    assert asked == set(devices) - set(whole)
    files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert files == {"manifest.json", *(c["file"] for d in devices.values() for c in d["commands"])}


def test_there_must_be_something_to_resume(inventory: Path, tmp_path: Path) -> None:
    words = ["collect", "-i", str(inventory), "-o", str(tmp_path)]
    for more in (["--resume"], ["--resume", str(tmp_path / "none.partial")], [str(tmp_path)]):
        result = CliRunner().invoke(app, [*words, *more])
        assert (result.exit_code, type(result.exception).__name__) in {(1, "UsageError"), (1, "SourceError")}


@pytest.mark.parametrize("verb", ["collect", "run"])
def test_wrong_credentials_end_the_run_with_a_message(
    verb: str, inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(NAMES, ("vpnaudit", "wrong", ""), strict=True):
        monkeypatch.setenv(name, value)
    words = [verb, "-i", str(inventory), "-o", str(tmp_path / "out"), "--stop-after", "2"]
    result = CliRunner().invoke(app, words)
    if verb == "collect":
        assert result.exit_code == 3, result.output
    else:
        assert type(result.exception).__name__ == "SourceError"  # there is nothing to judge
    assert "the run was stopped: logins were refused" in result.stderr
    (folder,) = (tmp_path / "out").iterdir()
    errors = [d["error"] for d in _manifest(folder)["devices"]]
    assert sum(error == "the device refused the user name and password" for error in errors) == 2
    assert all(e.startswith(("not tried: the first 2 logins", "the device refused")) for e in errors)


def test_a_run_is_seen_while_it_goes_on(inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(NAMES, LOGIN, strict=True):
        monkeypatch.setenv(name, value)
    log = tmp_path / "log.jsonl"
    words = ["collect", "-i", str(inventory), "-o", str(tmp_path / "out"), "--log", str(log), "--profile"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in log.read_text().splitlines()]
    names = [e["event"] for e in events]
    devices = len(_manifest(next((tmp_path / "out").iterdir()))["devices"])
    for name in ("device-begins", "connected", "logged-in", "ready", "device-done", "profile-device"):
        assert names.count(name) == devices
    assert (names[0], events[0]["devices"]) == ("run-begins", devices)
    assert "run-ends" in names
    assert {e["status"] for e in events if e["event"] == "command"} <= {"answered", "refused"}
    assert not any(secret in log.read_text() for secret in LOGIN[1:])
    assert "median s" in result.stderr
    assert "show running-config" in result.stderr
    assert "collecting:" not in result.stderr
