"""Whose a syslog server's lines are, and whose buffer they make needless."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vpnaudit.errors import SourceError
from vpnaudit.inventory import load_inventory
from vpnaudit.pipeline.audit import read_sources
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.pipeline.nightly import plans
from vpnaudit.pipeline.syslog import LineOwners, LogPlan, attach, read_syslog

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
VERSION = "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.7(3)M8, RELEASE SOFTWARE (fc1)\n"


def _line(host: str, *, ago: timedelta = timedelta(minutes=5)) -> str:
    at = NOW - ago
    return f"{at:%b %e %H:%M:%S} {host} 77: {at:%b %e %H:%M:%S}.123: %SYS-5-CONFIG_I: Configured from console by vty0\n"


def _captures(folder: Path) -> Path:
    """Three routers. `r2` and `r3` are both called SPARE and share 192.0.2.100."""
    for number, name in ((1, "EDGE-1"), (2, "SPARE"), (3, "SPARE")):
        home = folder / f"r{number}"
        home.mkdir(parents=True)
        (home / "show_version.txt").write_text(VERSION)
        shared = "" if number == 1 else " standby 1 ip 192.0.2.100\n"
        (home / "show_running-config.txt").write_text(
            f"hostname {name}\ninterface GigabitEthernet0/0\n ip address 192.0.2.{number} 255.255.255.0\n{shared}end\n"
        )
    return folder


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("r1", "r1"),
        ("R1", "r1"),
        ("r1.example.net", "r1"),
        ("edge-1", "r1"),
        ("EDGE-1.example.net", "r1"),
        ("192.0.2.2", "r2"),
        ("spare", None),
        ("192.0.2.100", None),
        ("192.0.2.77", None),
        ("printer7", None),
    ],
)
def test_a_line_is_the_devices_that_alone_has_its_name(host: str, owner: str | None, tmp_path: Path) -> None:
    read = read_devices(read_sources([_captures(tmp_path / "kept")]), NOW)
    (tmp_path / "log").write_text(_line(host) * 3)
    joined, owners = attach(read, read_syslog(tmp_path / "log"), NOW)
    assert {d.name for d in joined.devices if d.messages} == ({owner} if owner else set())
    assert (owners.judged, owners.others) == (({owner: {host: 3}}, {}) if owner else ({}, {host: 3}))
    assert owners.without == tuple(n for n in ("r1", "r2", "r3") if n != owner)
    assert [d.name for d in joined.devices] == ["r1", "r2", "r3"]


@pytest.mark.parametrize(
    ("owners", "told"),
    [
        (LineOwners(), []),
        (
            LineOwners(judged={"r1": {"R1": 1}}, without=tuple(f"b{n}" for n in range(7))),
            ["syslog: 1 line of 1 device judged; none of b0, b1, b2, b3, b4 and 2 more"],
        ),
        (
            LineOwners(judged={"r2": {"192.0.2.2": 1000, "r2": 1}, "r1": {"r1": 1}}, others={"printer": 1}),
            [
                "syslog: 1,002 lines of 2 devices judged (r2 as 192.0.2.2)",
                "syslog: 1 line of 1 other host not judged: printer",
            ],
        ),
        (
            LineOwners(others={"a": 2, "b": 1}, without=("r1",)),
            [
                "syslog: no line is of a device of this audit",
                "syslog: 3 lines of 2 other hosts not judged: a, b",
            ],
        ),
    ],
)
def test_whose_the_lines_are_is_told(owners: LineOwners, told: list[str]) -> None:
    assert owners.told == told


def _left_out(folder: Path, inventory: Path) -> dict[str, bool]:
    """Of which devices the plan leaves the buffer out before they are called."""
    nornir = load_inventory(inventory, workers=1)
    logged = LogPlan.of(read_syslog(folder), nornir, NOW)
    commands = plans()["cisco_ios"].commands
    return {
        name: any(c.left_out for c in logged.applied(host, commands) if c.command == "show logging")
        for name, host in nornir.inventory.hosts.items()
    }


def test_the_buffer_is_left_out_where_the_lines_are_of_today(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    (inventory / "hosts.yaml").write_text(
        "now: {platform: cisco_ios, hostname: 192.0.2.1}\n"
        "by-address: {platform: cisco_ios, hostname: 192.0.2.2}\n"
        "by-folder: {platform: cisco_ios, hostname: 192.0.2.3}\n"
        "long-ago: {platform: cisco_ios, hostname: 192.0.2.4}\n"
        "never: {platform: cisco_ios, hostname: 192.0.2.5}\n"
    )
    log = tmp_path / "log"
    (log / "by-folder").mkdir(parents=True)
    (log / "all").write_text(_line("long-ago", ago=timedelta(days=2)) + _line("now") + _line("192.0.2.2"))
    own = _line("x").partition(" x 77: ")[2]
    (log / "by-folder" / "messages").write_text(own)
    assert _left_out(log, inventory) == {
        "now": True,
        "by-address": True,
        "by-folder": True,
        "long-ago": False,
        "never": False,
    }


def test_a_folder_without_a_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no log in it can be read"):
        read_syslog(tmp_path)
