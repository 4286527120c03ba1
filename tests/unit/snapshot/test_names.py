"""Whose a file is and what it answers, by the names that people give."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from vpnaudit.model.snapshot import Snapshot
from vpnaudit.platforms.registry import resolve_command, tell_platform
from vpnaudit.snapshot.read import read_source
from vpnaudit.snapshot.rotation import log_name, logging_device

CLOCK = "09:00:00.000 UTC Tue Nov 24 2026\n"
CONFIG = (
    "Current configuration : 1200 bytes\n!\nversion 15.7\nhostname hub1\n!\ncrypto isakmp keepalive 10 periodic\nend\n"
)


def read(root: Path, files: dict[str, str]) -> tuple[Snapshot, ...]:
    for name, text in files.items():
        (root / "captures" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "captures" / name).write_text(text, encoding="utf-8")
    return read_source(root / "captures", partial(resolve_command, None), tell_platform)


def found(snapshots: tuple[Snapshot, ...]) -> list[tuple[str, str]]:
    return [(d.name, c.command) for s in snapshots for d in s.devices for c in d.captures]


@pytest.mark.parametrize(
    "name",
    [
        "hub1/show_clock.txt",
        "hub1/clock.txt",
        "hub1/sh clo",
        "hub1-show_clock.txt",
        "hub1 - show clock.txt",
        "hub1__sh_clock.log",
        "show_clock.hub1.txt",
        "show clock@hub1.txt",
        "2026-11-24_hub1_show_clock.txt",
        "hub1_20261124_show_clock.txt",
        "hub1_2026-11-24T0900_show_clock.txt",
        "site/hub1/2026-11-24/show_clock.txt",
        "site/2026-11-24/hub1/clock.txt",
    ],
)
def test_device_and_command_of_a_name(name: str, tmp_path: Path) -> None:
    snapshots = read(tmp_path, {name: CLOCK})
    assert found(snapshots) == [("hub1", "show clock")]
    assert snapshots[0].problems == ()


@pytest.mark.parametrize("name", ["hub1.cfg", "backup/r1-confg", "configs/hub1", "2026-11-24/startup.txt"])
def test_a_configuration_is_told_by_its_text(name: str, tmp_path: Path) -> None:
    snapshots = read(tmp_path, {name: CONFIG})
    assert found(snapshots) == [("hub1", "show running-config")]
    assert snapshots[0].devices[0].platform == "cisco_ios"


def test_days_in_names_are_collections(tmp_path: Path) -> None:
    days = {f"hub1_2026112{n}_show_clock.txt": CLOCK.replace("24", f"2{n}") for n in (3, 4)}
    snapshots = read(tmp_path, days)
    assert [[c.text for d in s.devices for c in d.captures] for s in snapshots] == [[text] for text in days.values()]
    assert {d.name for s in snapshots for d in s.devices} == {"hub1"}


def test_what_lies_in_a_devices_folder_is_the_devices(tmp_path: Path) -> None:
    snapshots = read(tmp_path, {"hub1/show_clock.txt": CLOCK, "hub1/later/show_clock.txt": CLOCK})
    assert [[d.name for d in s.devices] for s in snapshots] == [["hub1"], ["hub1"]]


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "show_nothing_known.txt", "clocks.txt", "hub1-version-notes.txt", "show_clock.1", "show_clock.old"],
)
def test_other_names_say_nothing(name: str, tmp_path: Path) -> None:
    snapshots = read(tmp_path, {"hub1/show_clock.txt": CLOCK, name: "hello\n"})
    assert found(snapshots) == [("hub1", "show clock")]
    assert [p.file for p in snapshots[0].problems] == [name]


@pytest.mark.parametrize(
    ("name", "own", "number", "day"),
    [
        ("syslog", "syslog", 0, None),
        ("syslog.1", "syslog", 2, None),
        ("syslog.0.gz", "syslog", 1, None),
        ("syslog.old", "syslog", 1, None),
        ("hub1.log.old", "hub1", 1, None),
        ("hub1-syslog.3.gz", "hub1-syslog", 4, None),
        ("r1.2", "r1.2", 0, None),
        ("r1.old", "r1.old", 0, None),
        ("10.0.0.1", "10.0.0.1", 0, None),
        ("messages-20261101", "messages", 0, "2026-11-02"),
        ("log-2026-11-24.gz", "log", 0, "2026-11-25"),
        ("syslog-20261101-1793500000.gz", "syslog", 0, "2026-11-02"),
        ("hub1_2026-11-24_01-00.log", "hub1", 0, "2026-11-25"),
        ("messages-20261341", "messages-20261341", 0, None),
    ],
)
def test_log_names(name: str, own: str, number: int, day: str | None) -> None:
    told = log_name(name)
    assert (told.own, told.number) == (own, number)
    assert (told.day.date().isoformat() if told.day is not None else None) == day


@pytest.mark.parametrize(
    ("own", "device"), [("hub1-syslog", "hub1"), ("hub1_console-log", "hub1"), ("syslog", "syslog"), ("hub1", "hub1")]
)
def test_logging_device(own: str, device: str) -> None:
    assert logging_device(own) == device


def test_an_answer_by_name_is_judged_before_a_configuration_of_any_name(tmp_path: Path) -> None:
    names = ("hub1/a_backup.cfg", "hub1/show_running-config.txt", "hub1/startup-config.txt")
    snapshots = read(tmp_path, {name: CONFIG.replace("periodic", f"periodic {name}") for name in names})
    captures = [c for s in snapshots for d in s.devices for c in d.captures]
    assert [c.file for c in captures if c.command == "show running-config"][-1] == "hub1/show_running-config.txt"
    assert {c.device for c in captures} == {"hub1"}
