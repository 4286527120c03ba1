"""One box under two names is one device, two boxes under one name are two; hardware that was exchanged is neither."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.pipeline.audit import is_incomplete

MINE, TWIN = "FTX0000AAAA", "FTX0000BBBB"


def version(serial: str | None, up: str = "12 weeks, 1 day, 2 hours, 3 minutes", name: str = "hub") -> str:
    board = f"Processor board ID {serial}\n" if serial else ""
    return f"Cisco IOS XE Software, Version 17.09.04a\n{name} uptime is {up}\n{board}"


def of(bench: Any, serial: str | None, *, at_s: float = 0.0, **given: Any) -> Any:
    """The hub's collection so long before the others; `given`: `up`, `name`, `more` answers, `spis`."""
    name = given.pop("name", "hub")
    answers = bench.answers("hub", spis=given.pop("spis", None), at=bench.ago(at_s))
    answers |= {"show version": version(serial, **{k: v for k, v in given.items() if k == "up"})} | given.get(
        "more", {}
    )
    at = bench.ago(at_s) if given.get("manifest", True) else None
    return bench.snapshot(bench.device(name, answers, at=at), at=at, path=given.get("path", f"night-{at_s:.0f}"))


def partner(serial: str) -> dict[str, str]:
    """What a member of one system prints of the other."""
    return {"show inventory": f'NAME: "Chassis 2", DESCR: "chassis"\nPID: X , VID: V01, SN: {serial}\n'}


LONG, SHORT = "12 weeks, 1 day", "20 minutes"


@pytest.mark.parametrize(
    ("then", "now", "names"),
    [
        ((MINE, {}), (TWIN, {}), ["night-0/hub", "night-3600/hub"]),
        ((MINE, {}), (TWIN, {"up": SHORT}), ["hub"]),
        ((MINE, {}), (MINE, {}), ["hub"]),
        ((None, {}), (TWIN, {}), ["hub"]),
        ((MINE, {}), (None, {}), ["hub"]),
        ((MINE, {"more": partner(TWIN)}), (TWIN, {}), ["hub"]),
        ((MINE, {}), (TWIN, {"more": {"show failover": "Failover On \n"}}), ["hub"]),
        ((MINE, {"manifest": False}), (TWIN, {"manifest": False, "up": "3 hours"}), ["hub"]),
        ((MINE, {"path": "x"}), (TWIN, {"path": "x"}), [f"hub {MINE}", f"hub {TWIN}"]),
    ],
    ids=[
        "both were running",
        "exchanged",
        "one box",
        "the older without a number",
        "the newer without one",
        "a stack",
        "a failover pair",
        "not sure by clocks that nobody vouches for",
        "in one source",
    ],
)
def test_two_serial_numbers_under_one_name(bench: Any, then: Any, now: Any, names: list[str]) -> None:
    older, newer = of(bench, then[0], at_s=3600, **then[1]), of(bench, now[0], **now[1])
    for snapshots in ((older, newer), (newer, older)):
        audit = bench.audit(*snapshots)
        assert [d.name for d in audit.devices] == names
        told = [p for p in audit.problems if "two boxes" in p.problem]
        assert len(told) == (len(names) > 1)
        assert not any(p.lost for p in told)


def test_a_box_that_was_there_before_and_came_back_is_no_twin(bench: Any) -> None:
    """A spare was put in for a day and taken out again: no two of the readings show both at once."""
    days = of(bench, MINE, at_s=9000), of(bench, TWIN, at_s=6000, up=SHORT), of(bench, MINE, up=SHORT)
    assert [d.name for d in bench.audit(*days).devices] == ["hub"]
    stayed = (*days[:2], of(bench, MINE))
    assert [d.name for d in bench.audit(*stayed).devices] == ["night-0/hub", "night-6000/hub"]


def test_the_twin_is_no_past_of_the_other(bench: Any) -> None:
    """What the older one had as its SA says nothing of the newer one's lines."""
    before = of(bench, MINE, at_s=3600, spis=(0x3344AA55, 0x0101))
    line = {"show logging": "Log Buffer (8192 bytes):\n\n" + bench.line(0x3344AA55, 600) + "\n"}
    same, other = (bench.audit(before, of(bench, serial, more=line)) for serial in (MINE, TWIN))
    assert "older snapshot" in same.events[0].because
    assert "older snapshot" not in other.events[0].because


def copy_of(bench: Any, serial: str | None, **changes: str) -> Any:
    """One snapshot with the hub and what is called `hub - Copy`, of which some answers may differ."""
    line = {"show logging": "Log Buffer (8192 bytes):\n\n" + bench.line(bench.into_spoke, 600) + "\n"}
    answers = bench.answers("hub") | {"show version": version(serial)} | line
    again = answers | {k.replace("_", " "): v for k, v in changes.items()}
    return bench.snapshot(bench.device("hub - Copy", again), bench.device("hub", answers))


@pytest.mark.parametrize("serial", [MINE, None], ids=["with a serial number", "by the answers alone"])
def test_a_copy_is_judged_once(bench: Any, serial: str | None) -> None:
    audit = bench.audit(copy_of(bench, serial))
    assert [d.name for d in audit.devices] == ["hub"]
    assert (len(audit.events), len(audit.tunnels)) == (1, 1)
    assert [(p.file, p.lost) for p in audit.problems] == [("hub - Copy", False)]
    assert not is_incomplete(audit)


@pytest.mark.parametrize(
    ("changes", "devices"),
    [
        ({"show_clock": "03:00:00.000 UTC Wed Mar 11 2026\n"}, ["hub"]),
        ({"show_version": version(TWIN)}, ["hub", "hub - Copy"]),
        (
            {"show_version": version(MINE, name="spare"), "show_running-config": "hostname spare\n"},
            ["hub", "hub - Copy"],
        ),
        (
            {"show_running-config": "hostname hub\n!\ninterface G0\n ip address 203.0.113.9 255.255.255.0\n!\nend\n"},
            None,
        ),
        ({"show_version": "Software Version 9.18(4) <context>\n" + version(MINE)}, ["hub", "hub - Copy"]),
    ],
    ids=["another time", "another serial number", "another host name", "other addresses", "a context"],
)
def test_what_makes_two_names_one_box(bench: Any, changes: dict[str, str], devices: list[str] | None) -> None:
    audit = bench.audit(copy_of(bench, MINE, **changes))
    assert [d.name for d in audit.devices] == (devices or ["hub", "hub - Copy"])


def test_of_a_box_under_two_names_the_newer_is_judged(bench: Any) -> None:
    old = of(bench, MINE, at_s=7200, name="hub.old", spis=(0x3344AA55, 0x0101))
    line = {"show logging": "Log Buffer (8192 bytes):\n\n" + bench.line(0x3344AA55, 600) + "\n"}
    audit = bench.audit(old, of(bench, MINE, more=line))
    assert [(d.name, len(audit.tunnels)) for d in audit.devices] == [("hub", 1)]
    assert "older snapshot" in audit.events[0].because


def test_tables_without_an_sa_are_nobodys_own(bench: Any) -> None:
    """Two idle routers answer alike; nothing in it is one box's alone."""
    empty = {"show crypto ipsec sa": "\nNo SAs found\n", "show clock": "10:00:00.000 UTC Tue Mar 10 2026\n"}
    one, two = (bench.device(name, empty) for name in ("a", "b"))
    assert [d.name for d in bench.audit(bench.snapshot(one, two)).devices] == ["a", "b"]


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "whole"])
def test_a_configuration_without_its_end_is_a_part(bench: Any, cut: bool) -> None:
    answers = bench.answers("hub", lines=[bench.line(0x12345678, s, source="203.0.113.66") for s in (600, 540)])
    config = answers["show running-config"]
    assert config.rstrip().endswith("end")
    answers["show running-config"] = config.rstrip().removesuffix("end") if cut else config
    audit = bench.audit(bench.snapshot(bench.device("hub", answers)))
    (device,) = audit.devices
    assert ("show running-config" in device.missing, device.status) == (
        (True, "partial") if cut else (False, "complete")
    )
    strangers = {e.mechanism == "unknown-source" for e in audit.events}
    assert strangers == {not cut}
