"""The nightly job from end to end: simulated routers, real SSH on loopback, Nornir and netmiko, audit, report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.cli.fleet import LOGIN, write_inventory
from vpnaudit.simulate import DEMO_FAULTS, SimFleet, build_fleet, running

pytestmark = pytest.mark.long

FAULTS = ("peer-reloaded-no-dpd", "delete-lost", "healthy", "stranger")
CANARIES = (LOGIN[1], LOGIN[2])


@pytest.fixture(scope="module")
def fleet() -> SimFleet:
    return build_fleet(7, FAULTS, datetime.now(UTC))


@pytest.fixture(scope="module")
def inventory(fleet: SimFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("inventory")
    with running(fleet, *LOGIN) as serving:
        write_inventory(fleet, serving, folder)
        yield folder


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(("USERNAME", "PASSWORD", "ENABLE_SECRET"), LOGIN, strict=True):
        monkeypatch.setenv(f"VPNAUDIT_{name}", value)


def _vpnaudit(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("credentials")
def test_run_collects_audits_and_reports(fleet: SimFleet, inventory: Path, tmp_path: Path) -> None:
    status, out, err = _vpnaudit(
        "run", "-i", str(inventory), "-o", str(tmp_path / "out"), "--json", "-", "--html", str(tmp_path / "r.html")
    )
    assert status == 1, err
    audit = json.loads(out)
    told = {(d["cause"], d["owner"]) for d in audit["diagnoses"]}
    expected = {(t["cause"], t["owner"]) for t in fleet.truth if t["cause"]}
    assert expected <= told
    assert audit["summary"]["complete"] == audit["summary"]["devices"] == len(fleet.devices)
    assert audit["source"]["kind"] == "snapshot"
    assert "<html" in (tmp_path / "r.html").read_text(encoding="utf-8")
    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert not any(c.encode() in written for c in CANARIES)


@pytest.mark.usefixtures("credentials")
def test_the_same_snapshot_gives_the_same_bytes(inventory: Path, tmp_path: Path) -> None:
    assert _vpnaudit("collect", "-i", str(inventory), "-o", str(tmp_path), "--quiet")[0] == 0
    first = _vpnaudit("audit", str(tmp_path), "--json", "-")
    assert first == _vpnaudit("audit", str(tmp_path), "--json", "-")
    assert first[1]


@pytest.mark.usefixtures("credentials")
def test_tunnel_collects_the_ends_that_are_ours(fleet: SimFleet, inventory: Path, tmp_path: Path) -> None:
    truth = next(t for t in fleet.truth if t["fault"] == "delete-lost")
    words = ("tunnel", truth["receiver"], truth["sender"], "-i", str(inventory), "-o", str(tmp_path), "--json", "-")
    status, out, err = _vpnaudit(*words)
    assert status == 1, err
    audit = json.loads(out)
    assert [d["cause"] for d in audit["diagnoses"]] == ["delete-lost"]
    assert {d["name"] for d in audit["devices"]} == {truth["receiver"], truth["sender"]}


def test_missing_credentials_are_named(inventory: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["collect", "-i", str(inventory), "-o", str(tmp_path)])
    assert "VPNAUDIT_USERNAME" in str(result.exception)


@pytest.mark.usefixtures("credentials")
def test_a_dead_device_costs_only_itself(inventory: Path, tmp_path: Path) -> None:
    hosts = yaml.safe_load((inventory / "hosts.yaml").read_text())
    name = min(hosts)
    broken = tmp_path / "inventory"
    broken.mkdir()
    for file in inventory.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    hosts["dead"] = {**hosts[name], "port": 1}

    (broken / "hosts.yaml").write_text(yaml.safe_dump(hosts))
    words = ("-i", str(broken), "-o", str(tmp_path / "out"), "--timeout", "60", "--retries", "0")
    status, _, err = _vpnaudit("collect", *words)
    assert status == 3
    assert "dead: refused" in err or "dead: unreachable" in err
    assert f"{len(hosts) - 1} of {len(hosts)} devices complete" in err


def test_demo_shows_the_whole_job(tmp_path: Path) -> None:
    status, out, err = _vpnaudit("demo", "-o", str(tmp_path / "demo"))
    assert status == 0, err
    assert "reset-not-detected" in out
    assert str(tmp_path / "demo" / "report.html") in out
    assert len(DEMO_FAULTS) > 3


def test_simulate_writes_answers(tmp_path: Path) -> None:
    status, out, _ = _vpnaudit("simulate", "--fault", "healthy", "--captures", str(tmp_path / "c"))
    assert status == 0
    assert "2" in out or "3" in out
    assert _vpnaudit("audit", str(tmp_path / "c"), "--quiet")[0] == 0
    assert _vpnaudit("simulate", "--faults")[1].count("\n") >= 8
