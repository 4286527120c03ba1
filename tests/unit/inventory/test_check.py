"""`inventory check` as a person runs it: files with mistakes, and real SSH servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.cli.fleet import LOGIN, write_inventory
from vpnaudit.pipeline.schemas import schema_text
from vpnaudit.simulate import Serving, SimFleet, build_fleet, running


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("VPNAUDIT_USERNAME", "VPNAUDIT_PASSWORD", "VPNAUDIT_ENABLE_SECRET"):
        monkeypatch.delenv(name, raising=False)


def check(*words: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["inventory", "check", *words], env=env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return 2, "", str(result.exception)
    return result.exit_code, result.stdout, result.stderr


CREDENTIALS = {"VPNAUDIT_USERNAME": LOGIN[0], "VPNAUDIT_PASSWORD": LOGIN[1], "VPNAUDIT_ENABLE_SECRET": LOGIN[2]}


def test_every_reason_is_said_by_device(tmp_path: Path) -> None:
    (tmp_path / "hosts.csv").write_text(
        "name,hostname,platform,port,key_file\n"
        "good,192.0.2.1,cisco_ios,22,\n"
        "twin1,192.0.2.2,ios,22,\n"
        "twin2,192.0.2.2,ios,22,\n"
        "bad,192.0.2.3,ios,ssh,\n"
        "strange,192.0.2.4,junos,,\n"
        "unsaid,192.0.2.5,,,\n"
        "lost,no-such-name.invalid,ios,,\n"
        "key,192.0.2.7,ios,,/no/such/key\n"
    )
    status, out, _ = check("-i", str(tmp_path), env={"VPNAUDIT_USERNAME": "u"})
    assert status == 1
    lines = out.splitlines()

    def line(*words: str) -> str:
        found = [each for each in lines if all(word in each for word in words)]
        assert len(found) == 1, (words, lines)
        return found[0]

    assert line("hosts.csv, line 5", "port 'ssh'")
    assert "remove one of the entries" in line("twin1 (192.0.2.2)", "duplicate", "twin2")
    assert line("twin2 (192.0.2.2)", "twin1")
    assert line("strange", "platform 'junos' is not known", "--limit")
    assert line("unsaid", "no platform is given", "cisco_ios")
    assert line("lost", "no-such-name.invalid cannot be resolved")
    assert line("key (", "/no/such/key", "does not exist")
    assert line("good", "credentials: no VPNAUDIT_PASSWORD")
    assert lines[-1].startswith("7 devices: 0 ok")


def test_all_good_is_exit_0_with_a_warning_for_unknown_keys(tmp_path: Path) -> None:
    (tmp_path / "hosts.yaml").write_text("r1: {hostname: 192.0.2.1, platform: cisco_ios, password: canary}\n")
    status, out, _ = check("-i", str(tmp_path), env=CREDENTIALS)
    assert status == 0
    assert "r1 (192.0.2.1): warning: host-key: no host key of it is in known_hosts" in out
    assert "note: " in out
    assert "password in a file" in out
    assert "canary" not in out
    assert "1 with warnings" in out


def test_nothing_readable_is_exit_2(tmp_path: Path) -> None:
    assert check("-i", str(tmp_path / "none"))[0] == 2
    (tmp_path / "hosts.yaml").write_text("r1: {hostnam: x}\n")
    status, out, _ = check("-i", str(tmp_path))
    assert status == 2
    assert "hosts.yaml: r1: line 1: unknown key 'hostnam'" in out


def test_json_goes_alone_to_standard_output(tmp_path: Path) -> None:
    (tmp_path / "hosts.yaml").write_text("r1: {hostname: 192.0.2.1, platform: cisco_ios}\nr2: {port: x}\n")
    status, out, err = check("-i", str(tmp_path), "--json", "-", env=CREDENTIALS)
    document = json.loads(out)
    jsonschema.validate(document, json.loads(schema_text("inventory-check")))
    assert status == 1
    assert document["schema"] == "vpnaudit.inventory-check/1"
    assert [d["name"] for d in document["devices"]] == ["r1"]
    assert document["problems"][0]["problem"] == "line 2: port must be a number from 1 to 65535"
    assert "r1 (192.0.2.1)" in err


def test_a_limit_that_chooses_nothing_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "hosts.yaml").write_text("r1: {hostname: 192.0.2.1, platform: cisco_ios}\n")
    assert check("-i", str(tmp_path), "--limit", "other")[0] == 2


@pytest.fixture(scope="module")
def fleet() -> Iterator[tuple[SimFleet, Serving]]:
    made = build_fleet(1, ("delete-lost",), datetime(2026, 5, 1, tzinfo=UTC))
    with running(made, *LOGIN) as serving:
        yield made, serving


def change(folder: Path, name: str, **changes: Any) -> None:
    hosts = yaml.safe_load((folder / "hosts.yaml").read_text())
    hosts[name].update(changes)
    (folder / "hosts.yaml").write_text(yaml.safe_dump(hosts))


def test_devices_are_tried_and_nothing_is_asked_but_show_version(
    fleet: tuple[SimFleet, Serving], tmp_path: Path
) -> None:
    write_inventory(*fleet, tmp_path)
    status, out, _ = check("-i", str(tmp_path), "--connect", "--json", str(tmp_path / "out.json"), env=CREDENTIALS)
    assert status == 0, out
    document = json.loads((tmp_path / "out.json").read_text())
    for device in document["devices"]:
        steps = {step["check"]: step["detail"] for step in device["steps"]}
        assert steps["prompt"].lower().startswith(device["name"])
        assert steps["enable"] in {"granted", "the login is privileged"}
        assert steps["version"].startswith("cisco_ios: ")
        assert steps["connect"].startswith("SSH-2.0")
    assert LOGIN[1] not in out + (tmp_path / "out.json").read_text()


def test_each_kind_of_trouble_has_its_line(fleet: tuple[SimFleet, Serving], tmp_path: Path, unused_port: int) -> None:
    write_inventory(*fleet, tmp_path)
    first, second, *_ = [d.name for d in fleet[0].devices]
    change(tmp_path, first, platform="cisco_asa")
    change(tmp_path, second, port=unused_port)
    status, out, _ = check("-i", str(tmp_path), "--connect", "--limit", f"{first},{second}", env=CREDENTIALS)
    assert status == 1, out
    assert f"{first} (127.0.0.1): failed: platform: the device is cisco_ios, the inventory says cisco_asa" in out
    assert (
        f"{second} (127.0.0.1): failed: connect: 127.0.0.1 port {unused_port}: connection refused -> is SSH on" in out
    )

    only = ("-i", str(tmp_path), "--connect", "--limit", second)
    assert check(*only, env=CREDENTIALS)[0] == 3


@pytest.mark.parametrize(
    ("env", "keep_keys", "words"),
    [
        (
            {"VPNAUDIT_PASSWORD": "wrong"},
            True,
            "failed: login: the device refused the user name and password -> check user",
        ),
        ({}, False, "failed: host-key: the ssh-"),
        ({"VPNAUDIT_ENABLE_SECRET": ""}, True, "warning: enable: the login is not privileged and no enable secret"),
        ({"VPNAUDIT_ENABLE_SECRET": "wrong"}, True, "failed: enable: the enable secret was refused"),
    ],
)
def test_what_a_login_meets(
    env: dict[str, str], keep_keys: bool, words: str, fleet: tuple[SimFleet, Serving], tmp_path: Path
) -> None:
    write_inventory(*fleet, tmp_path)
    if not keep_keys:
        (tmp_path / "known_hosts").unlink()
    name = fleet[0].devices[0].name
    _, out, _ = check("-i", str(tmp_path), "--connect", "--limit", name, env={**CREDENTIALS, **env})
    assert words in out, out


@pytest.fixture
def unused_port() -> int:
    import socket  # noqa: PLC0415

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_wrong_password_is_not_sent_to_every_device(fleet: tuple[SimFleet, Serving], tmp_path: Path) -> None:
    write_inventory(*fleet, tmp_path)
    env = {**CREDENTIALS, "VPNAUDIT_PASSWORD": "wrong"}
    status, out, _ = check("-i", str(tmp_path), "--connect", "--stop-after", "1", env=env)
    refused = [line for line in out.splitlines() if "the device refused the user name and password" in line]
    left = [line for line in out.splitlines() if "not tried: the first 1 logins of the run were all refused" in line]
    assert (status, len(refused), len(left)) == (3, 1, len(fleet[0].devices) - 1)
    assert all(line.endswith("-> correct the user name and password first") for line in left)
