"""Only what is needed: one tunnel's commands, a syslog server's files; over real SSH, and judged as by the whole."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import structs
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.cli.fleet import LOGIN, write_inventory
from vpnaudit.pipeline import nightly
from vpnaudit.simulate import SimFleet, build_fleet, running

pytestmark = pytest.mark.long

FAULTS = ("peer-reloaded-no-dpd", "delete-lost", "healthy", "stranger")


@pytest.fixture(scope="module")
def fleet() -> SimFleet:
    return build_fleet(7, FAULTS, datetime.now(UTC))


@pytest.fixture(scope="module")
def inventory(fleet: SimFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("inventory")
    with running(fleet, *LOGIN) as serving:
        write_inventory(fleet, serving, folder)
        hosts = yaml.safe_load((folder / "hosts.yaml").read_text())
        for device in fleet.devices:
            hosts[device.name]["data"] = {"addresses": [device.outside.address]}
        (folder / "hosts.yaml").write_text(yaml.safe_dump(hosts))
        yield folder


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(("USERNAME", "PASSWORD", "ENABLE_SECRET"), LOGIN, strict=True):
        monkeypatch.setenv(f"VPNAUDIT_{name}", value)


@pytest.fixture(scope="module")
def whole(inventory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the fleet for which every command of the plan was asked."""
    output = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patched:
        for name, value in zip(("USERNAME", "PASSWORD", "ENABLE_SECRET"), LOGIN, strict=True):
            patched.setenv(f"VPNAUDIT_{name}", value)
        plans = {
            name: structs.replace(plan, commands=tuple(structs.replace(c, needless=()) for c in plan.commands))
            for name, plan in nightly.plans().items()
        }
        patched.setattr(nightly, "plans", lambda: plans)
        _vpnaudit("collect", "-i", str(inventory), "-o", str(output), "--quiet")
    return output


def _vpnaudit(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def _audit(*words: str) -> dict[str, Any]:
    _, out, err = _vpnaudit("audit", *words, "--json", "-")
    assert out, err
    return dict(json.loads(out))


def _manifest(output: Path) -> dict[str, Any]:
    (file,) = output.glob("*/manifest.json")
    return {d["name"]: d for d in json.loads(file.read_text())["devices"]}


def _commands(device: dict[str, Any]) -> set[str]:
    return {c["command"] for c in device["commands"]}


def _judged(audit: dict[str, Any]) -> set[tuple[str, ...]]:
    told = {("diagnosis", d["id"], d["severity"], d["confidence"], d["owner"]) for d in audit["diagnoses"]}
    return told | {("finding", f["id"], f["severity"], f["status"]) for f in audit["findings"]}


def test_the_smaller_snapshot_is_judged_like_the_whole_one(inventory: Path, whole: Path, tmp_path: Path) -> None:
    assert _vpnaudit("collect", "-i", str(inventory), "-o", str(tmp_path), "--quiet")[0] == 0
    small, full = _manifest(tmp_path), _manifest(whole)
    assert {d["status"] for d in small.values()} == {"complete"}
    for name, device in small.items():
        assert not full[name]["not_asked"]
        left_out = {n["command"] for n in device["not_asked"]}
        assert left_out
        assert _commands(device) == _commands(full[name]) - left_out
    assert _judged(_audit(str(tmp_path))) == _judged(_audit(str(whole)))


@pytest.mark.parametrize("by_name", [True, False], ids=["by name", "by address"])
def test_tunnel_asks_for_its_peer_only_at_both_ends(
    by_name: bool, fleet: SimFleet, inventory: Path, whole: Path, tmp_path: Path
) -> None:
    truth = next(t for t in fleet.truth if t["fault"] == "delete-lost")
    address = {e["device"]: e["address"] for e in truth["ends"]}
    device, other = truth["receiver"], truth["sender"]
    peer = other if by_name else address[other]
    words = ("tunnel", device, peer, "-i", str(inventory), "-o", str(tmp_path), "--json", "-")
    status, out, err = _vpnaudit(*words)
    assert status == 1, err

    devices = _manifest(tmp_path)
    assert set(devices) == {device, other}
    for name, end in ((device, address[other]), (other, address[device])):
        asked = _commands(devices[name])
        assert {f"show crypto ipsec sa peer {end}", f"show crypto ipsec sa peer {end} detail"} <= asked
        assert not asked & {"show crypto ipsec sa", "show crypto ipsec sa detail", "show processes memory sorted"}
        assert devices[name]["status"] == "complete"
    audit = json.loads(out)
    assert [(d["cause"], d["owner"]) for d in audit["diagnoses"]] == [("delete-lost", "sender")]
    assert not [f for f in audit["findings"] if f["rule"].startswith("COL") and f["status"] == "FAIL"]
    tunnel = audit["tunnels"][0]["id"]
    of_whole = {f["rule"]: f["status"] for f in _audit(str(whole))["findings"] if f["subject"]["tunnel"] == tunnel}
    assert {f["rule"]: f["status"] for f in audit["findings"] if f["subject"]["tunnel"] == tunnel} == of_whole


def test_tunnel_knows_the_addresses_that_the_last_collection_shows(
    fleet: SimFleet, inventory: Path, whole: Path, tmp_path: Path
) -> None:
    truth = next(t for t in fleet.truth if t["fault"] == "delete-lost")
    address = {e["device"]: e["address"] for e in truth["ends"]}
    device, other = truth["receiver"], truth["sender"]
    shutil.copytree(inventory, tmp_path / "inventory")
    hosts = yaml.safe_load((inventory / "hosts.yaml").read_text())
    bare = {name: {key: value for key, value in host.items() if key != "data"} for name, host in hosts.items()}
    (tmp_path / "inventory" / "hosts.yaml").write_text(yaml.safe_dump(bare))
    shutil.copytree(whole, tmp_path / "out")
    before = set((tmp_path / "out").iterdir())
    log = tmp_path / "log.jsonl"
    words = ("-i", str(tmp_path / "inventory"), "-o", str(tmp_path / "out"), "--quiet", "--log", str(log))
    _vpnaudit("tunnel", device, other, *words)

    (made,) = set((tmp_path / "out").iterdir()) - before
    devices = {d["name"]: d for d in json.loads((made / "manifest.json").read_text())["devices"]}
    for name, end in ((device, address[other]), (other, address[device])):
        assert f"show crypto ipsec sa peer {end}" in _commands(devices[name])
        assert "show crypto ipsec sa" not in _commands(devices[name])
    assert json.loads(log.read_text().splitlines()[-1])["event"] == "run-ends"


def test_of_other_tunnels_a_filtered_table_proves_nothing(
    fleet: SimFleet, inventory: Path, whole: Path, tmp_path: Path
) -> None:
    truth = next(t for t in fleet.truth if t["fault"] == "delete-lost")
    other = next(t for t in fleet.truth if t["fault"] == "peer-reloaded-no-dpd")
    (address,) = (e["address"] for e in truth["ends"] if e["device"] != "hub-a")
    _vpnaudit("tunnel", "hub-a", address, "-i", str(inventory), "-o", str(tmp_path), "--quiet")
    (not_asked,) = (e["address"] for e in other["ends"] if e["device"] != "hub-a")

    about = [
        t for t in _audit(str(tmp_path))["tunnels"] if not_asked in (t["remote"]["address"], t["local"]["address"])
    ]
    assert {t["state"] for t in about} <= {"unknown"}
    both = _audit(str(whole), str(tmp_path))
    assert {(d["cause"], d["owner"]) for d in both["diagnoses"]} >= {
        (t["cause"], t["owner"]) for t in fleet.truth if t["cause"]
    }, "a newer collection about one tunnel does not take the place of a whole one"


def _syslog_of(fleet: SimFleet, name: str, host: str) -> list[str]:
    """The device's log as a relay writes it: its own stamp and the sender's name before each line."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    lines = fleet.answer(name, "show logging").splitlines()
    return [f"{at:%b %e %H:%M:%S} {host} {line}" for line in lines if "%" in line and line.count(":") > 3]


@pytest.fixture
def syslog(fleet: SimFleet, tmp_path: Path) -> Path:
    """hub-a by its name, branch-01 by its address, a stranger; of branch-02 only old lines, packed."""
    folder = tmp_path / "syslog"
    folder.mkdir()
    address = fleet.device("branch-01").outside.address
    lines = _syslog_of(fleet, "hub-a", "HUB-A.example.net") + _syslog_of(fleet, "branch-01", address)
    half = len(lines) // 2
    stranger = f"{datetime.now(UTC):%b %e %H:%M:%S} printer7 kernel: out of paper\n"
    (folder / "messages").write_text("\n".join(lines[half:]) + "\n" + stranger)
    with gzip.open(folder / "messages.1.gz", "wt") as packed:
        packed.write("\n".join(lines[:half]) + "\n")
    old = datetime.now(UTC) - timedelta(days=3)
    line = f"{old:%b %e %H:%M:%S} BRANCH-02 11: {old:%b %e %H:%M:%S}.000: %SYS-5-CONFIG_I: Configured from console\n"
    (folder / "messages.2").write_text(line)
    return folder


def test_run_takes_the_log_from_the_syslog_server(
    fleet: SimFleet, inventory: Path, whole: Path, syslog: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    words = ("run", "-i", str(inventory), "-o", str(output), "--syslog", str(syslog), "--json", "-")
    status, out, err = _vpnaudit(*words)
    assert status == 1, err
    assert "syslog: 1 line of 1 other host not judged: printer7" in err
    assert "branch-01 as 203.0.113.11, hub-a as HUB-A.example.net); none of branch-03, hub-b" in err

    devices = _manifest(output)
    assert {n for n, d in devices.items() if "show logging" not in _commands(d)} == {"hub-a", "branch-01"}
    assert {"command": "show logging", "because": "its lines are in the syslog server's files"} in devices["hub-a"][
        "not_asked"
    ]
    audit = json.loads(out)
    assert audit["summary"]["complete"] == len(fleet.devices)
    assert {(d["cause"], d["owner"]) for d in audit["diagnoses"]} >= {
        (t["cause"], t["owner"]) for t in fleet.truth if t["cause"]
    }
    assert {d["name"] for d in audit["devices"]} == {d.name for d in fleet.devices}
    assert any(e["file"].startswith("messages") for event in audit["events"] for e in event["evidence"])

    again = _audit(str(output), "--syslog", str(syslog))
    assert _judged(again) == _judged(audit)
    alone = {d["name"]: d for d in _audit(str(output))["devices"]}
    assert alone["hub-a"]["missing"] == ["show logging"], "without the files there is a gap, and it is told"
    assert alone["branch-02"]["missing"] == []
    with_buffer = _audit(str(whole), "--syslog", str(syslog))
    assert len(with_buffer["events"]) >= len(_audit(str(whole))["events"])


def test_a_line_in_buffer_and_syslog_is_one_event(whole: Path, fleet: SimFleet, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(whole, kept)
    (buffer,) = kept.glob("*/hub-a/show_logging.txt")
    lines = [line for line in buffer.read_text().splitlines() if "%" in line]
    file = tmp_path / "network.log"
    at = datetime.now(UTC)
    file.write_text("".join(f"{at:%b %e %H:%M:%S} {fleet.device('hub-a').outside.address} {x}\n" for x in lines))
    before, after = _audit(str(kept)), _audit(str(kept), "--syslog", str(file))
    assert before["events"]
    assert after["summary"]["events"] == before["summary"]["events"]
    assert any(len(e["evidence"]) > len(b["evidence"]) for e, b in zip(after["events"], before["events"], strict=True))


def test_a_folder_of_a_host_tells_whose_its_lines_are(whole: Path, tmp_path: Path) -> None:
    (buffer,) = whole.glob("*/hub-a/show_logging.txt")
    lines = [line for line in buffer.read_text().splitlines() if "RECVD_PKT_INV_SPI" in line]
    assert lines
    (tmp_path / "hub-a").mkdir()
    (tmp_path / "hub-a" / "messages").write_text("\n".join(lines) + "\n")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "blob.bin").write_bytes(bytes(range(256)) * 40)
    status, out, err = _vpnaudit("audit", str(whole), "--syslog", str(tmp_path), "--json", "-")
    assert status == 1
    assert "broken/blob.bin" in err
    assert any(e["file"] == "hub-a/messages" for event in json.loads(out)["events"] for e in event["evidence"])


def test_a_syslog_file_that_is_not_there_is_told_before_anything_is_asked(inventory: Path, tmp_path: Path) -> None:
    words = ["run", "-i", str(inventory), "-o", str(tmp_path / "out"), "--syslog", str(tmp_path / "none")]
    result = CliRunner().invoke(app, words)
    assert "none" in str(result.exception)
    assert not (tmp_path / "out").exists()
