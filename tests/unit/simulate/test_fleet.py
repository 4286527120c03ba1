"""The simulated fleet: what follows from its facts, and that nothing else does."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from vpnaudit.errors import UsageError
from vpnaudit.simulate import DEMO_FAULTS, FAULTS, SimFleet, build_fleet
from vpnaudit.simulate.fleet import CAPTURED

NOW = datetime(2026, 5, 2, 3, 4, 5, tzinfo=UTC)
EVENT = re.compile(r"RECVD_PKT_INV_SPI: .* destaddr=(\S+), prot=50, spi=0x([0-9A-F]+)\((\d+)\), srcaddr=([\d.]+)")
FAULTY = sorted(set(FAULTS) - {"healthy"})


def events(fleet: SimFleet, device: str) -> list[tuple[str, int, str]]:
    """(destination, SPI, source) of each invalid-SPI line in the device's own answer."""
    text = fleet.answer(device, "show logging")
    return [(m[1], int(m[2], 16), m[4]) for m in EVENT.finditer(text)]


def all_events(fleet: SimFleet) -> list[tuple[str, int, str]]:
    return [e for d in fleet.devices for e in events(fleet, d.name)]


def spis(fleet: SimFleet, device: str, peer: str, direction: str) -> list[int]:
    text = fleet.answer(device, f"show crypto ipsec sa peer {peer}")
    part = text.partition(f"{direction} esp sas:")[2].partition(f"{direction} ah sas:")[0]
    return [int(x, 16) for x in re.findall(r"spi: 0x([0-9A-F]+)\(", part)]


def senders(truth: dict[str, Any]) -> list[str]:
    """All of a group send on the key that one of them missed."""
    return list(truth.get("sources", [truth["source"]]))


def uptime_s(fleet: SimFleet, device: str) -> float:
    return fleet.now - fleet.device(device).booted_at


def test_every_fault_has_a_description_and_the_demo_is_made_of_them() -> None:
    assert all(FAULTS.values())
    assert set(DEMO_FAULTS) <= set(FAULTS)
    assert 6 <= len(build_fleet(1, DEMO_FAULTS, NOW).devices) <= 8


@pytest.mark.parametrize("hours", [2.0, 24.0])
@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_has_its_lines_and_its_cure_has_none(fault: str, hours: float) -> None:
    for seed in range(4):
        ill, cured = (build_fleet(seed, [fault], NOW, hours=hours, cure=c) for c in (False, True))
        truth = ill.truth[0]
        found = events(ill, truth["receiver"])
        assert found, (fault, seed)
        assert {source for _, _, source in found} == {s for t in ill.truth for s in senders(t)}
        # Where a rekey fails, the other end may see one packet on the pair that ran out there 15 ms earlier.
        assert len(all_events(ill)) - len(found) <= (fault == "low-memory")
        assert not all_events(cured), (fault, seed)


@pytest.mark.parametrize("seed", range(4))
def test_healthy_tunnels_of_every_kind_log_nothing(seed: int) -> None:
    fleet = build_fleet(seed, ["healthy"] * 4, NOW)
    assert not all_events(fleet)


@pytest.fixture(scope="module")
def twins() -> tuple[SimFleet, SimFleet, SimFleet]:
    """Two of the same seed, and one of another."""
    one, two, other = (build_fleet(seed, DEMO_FAULTS, NOW) for seed in (5, 5, 6))
    return one, two, other


@pytest.mark.parametrize("command", ["show crypto ipsec sa", "show logging", "show running-config", "show interfaces"])
def test_the_same_seed_and_now_give_the_same_text(command: str, twins: tuple[SimFleet, SimFleet, SimFleet]) -> None:
    texts = [[f.answer(d.name, command) for d in f.devices] for f in twins]
    assert texts[0] == texts[1]
    assert command == "show running-config" or texts[0] != texts[2]


def test_combined_faults_do_not_disturb_each_other() -> None:
    fleet = build_fleet(2, [*FAULTY, "healthy"], NOW)
    sources = {(t["receiver"], s) for t in fleet.truth if t["cause"] for s in senders(t)}
    lines = Counter((d.name, source) for d in fleet.devices for _, _, source in events(fleet, d.name))
    assert {flow for flow, count in lines.items() if count > 1 or flow in sources} == sources


@pytest.mark.parametrize("seed", range(3))
def test_both_ends_of_a_healthy_tunnel_agree(seed: int) -> None:
    fleet = build_fleet(seed, ["healthy", "healthy", "healthy"], NOW)
    for truth in fleet.truth:
        one, two = truth["ends"]
        for a, b in ((one, two), (two, one)):
            inbound = spis(fleet, a["device"], b["address"], "inbound")
            assert inbound
            assert inbound == spis(fleet, b["device"], a["address"], "outbound")


def test_no_spi_is_held_twice() -> None:
    fleet = build_fleet(3, [*FAULTY, "healthy"], NOW)
    held = []
    for device in (d for d in fleet.devices if d.group is None):  # a group's members share theirs
        text = fleet.answer(device.name, "show crypto ipsec sa")
        for part in text.split("inbound esp sas:")[1:]:
            held += re.findall(r"spi: 0x([0-9A-F]+)\(", part.partition("outbound esp sas:")[0])
    assert len(held) == len(set(held))


def test_lines_of_one_flow_are_a_minute_apart() -> None:
    fleet = build_fleet(4, ["delete-lost"], NOW)
    times = [when for when, text in fleet.device("hub-a").log if "INV_SPI" in text]
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps
    assert all(60 <= gap < 62 for gap in gaps)


def _hole(fleet: SimFleet) -> tuple[dict[str, object], int]:
    truth = fleet.truth[0]
    return truth, events(fleet, truth["receiver"])[-1][1]


@pytest.mark.parametrize(
    "fault", ["peer-reloaded-no-dpd", "delete-lost", "lifetimes-differ", "low-memory", "wrong-ha-member"]
)
def test_a_hole_of_now_shows_in_the_tables_of_both_ends(fault: str) -> None:
    fleet = build_fleet(8, [fault], NOW)
    truth, spi = _hole(fleet)
    receiver, sender = str(truth["receiver"]), str(truth["sender"])
    destination = events(fleet, receiver)[-1][0]
    assert spi in spis(fleet, sender, destination, "outbound")
    assert spi not in spis(fleet, receiver, str(truth["source"]), "inbound")


def test_a_reload_is_younger_than_the_senders_sa_and_in_the_receivers_log() -> None:
    fleet = build_fleet(9, ["peer-reloaded-no-dpd"], NOW)
    truth = fleet.truth[0]
    assert "%SYS-5-RESTART: System restarted --" in fleet.answer(truth["receiver"], "show logging")
    text = fleet.answer(truth["sender"], "show crypto ipsec sa | include lifetime")
    left = int(re.findall(r"\(\d+/(\d+)\)", text)[0])
    assert 28800 - left > uptime_s(fleet, truth["receiver"])
    assert "DPD configured for 0 seconds" in fleet.answer(truth["sender"], "show crypto ikev2 sa detailed")


def test_a_lost_delete_leaves_both_ike_sas_older_than_the_hole() -> None:
    fleet = build_fleet(10, ["delete-lost"], NOW)
    for end in fleet.truth[0]["ends"]:
        assert "QM_IDLE" in fleet.answer(end["device"], "show crypto isakmp sa")
        text = fleet.answer(end["device"], "show crypto isakmp sa detail")
        hours, minutes = map(int, re.findall(r" (\d\d):(\d\d):\d\d D", text)[0])
        assert 24 - hours - minutes / 60 > 4


def test_the_shorter_lifetime_ran_out_where_the_lines_are() -> None:
    fleet = build_fleet(11, ["lifetimes-differ"], NOW)
    truth = fleet.truth[0]
    assert "lifetime seconds" not in fleet.answer(truth["receiver"], "show running-config | section crypto map")
    assert "lifetime seconds 28800" in fleet.answer(truth["sender"], "show running-config | section crypto map")


def test_short_memory_is_logged_and_shown() -> None:
    fleet = build_fleet(12, ["low-memory"], NOW)
    receiver = fleet.truth[0]["receiver"]
    assert "%SYS-2-MALLOCFAIL: Memory allocation of 65536 bytes failed" in fleet.answer(receiver, "show logging")
    row = fleet.answer(receiver, "show memory statistics | include Processor").split()
    assert int(row[4]) < 65536


def test_the_wrong_member_turned_active_and_has_no_sa() -> None:
    fleet = build_fleet(13, ["wrong-ha-member"], NOW)
    assert "state Standby -> Active" in fleet.answer("hub-b", "show logging")
    assert not fleet.answer("hub-b", "show crypto ipsec sa | include ^ +spi:")
    assert "standby 1 ip 192.0.2.131" in fleet.answer("hub-b", "show running-config")


def test_volume_makes_many_more_rekeys_than_time() -> None:
    busy = build_fleet(14, ["volume-runs-out"], NOW).answer("hub-a", "show monitor event-trace crypto ipsec event all")
    quiet = build_fleet(14, ["healthy"], NOW).answer("hub-a", "show monitor event-trace crypto ipsec event all")
    assert busy.count("sa create") > 4 * quiet.count("sa create")


def test_time_goes_on_after_now() -> None:
    fleet = build_fleet(15, ["healthy"], NOW)
    first = fleet.answer("hub-a", "show crypto ipsec sa | include lifetime")
    assert fleet.answer("hub-a", "show clock").startswith("03:04:0")
    later = fleet.answer("hub-a", "show crypto ipsec sa | include lifetime", elapsed_s=100)
    left = [int(re.findall(r"/(\d+)\)", text)[0]) for text in (first, later)]
    assert left[0] - left[1] == 100
    assert fleet.answer("hub-a", "show clock", elapsed_s=3600).startswith("04:04:0")


def test_clocks_differ_by_device() -> None:
    fleet = build_fleet(16, ["rekey-race", "healthy"], NOW)
    assert fleet.answer("branch-01", "show clock").startswith("*")
    assert "unsynchronized" in fleet.answer("branch-01", "show ntp status")
    assert abs(fleet.device("branch-01").clock.offset_s) >= 5
    assert " EDT " in fleet.answer("branch-02", "show clock")
    assert "Clock is synchronized" in fleet.answer("branch-02", "show ntp status")


def test_the_log_buffer_wraps_at_its_size() -> None:
    fleet = build_fleet(17, ["delete-lost"], NOW)
    fleet.device("hub-a").log_bytes = 4096
    text = fleet.answer("hub-a", "show logging")
    assert len(text.partition("Log Buffer (4096 bytes):\n\n")[2]) == 4096


def test_captures_are_written_as_people_keep_them(tmp_path: Path) -> None:
    fleet = build_fleet(18, ["healthy"], NOW, hours=3)
    fleet.write_captures(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["branch-01", "hub-a", "hub-b"]
    assert len(list((tmp_path / "hub-a").iterdir())) == len(CAPTURED)
    text = (tmp_path / "hub-a" / "show_crypto_ipsec_sa_detail.txt").read_text()
    assert text == fleet.answer("hub-a", "show crypto ipsec sa detail")


@pytest.mark.parametrize(
    ("faults", "now", "hours"),
    [(["no-such"], NOW, 24.0), (["healthy"], NOW.replace(tzinfo=None), 24.0), (["healthy"], NOW, 1.0)],
)
def test_what_cannot_be_built_is_said(faults: list[str], now: datetime, hours: float) -> None:
    with pytest.raises(UsageError):
        build_fleet(1, faults, now, hours=hours)


@pytest.mark.parametrize("now", [datetime(2027, 1, 1, 0, 20, tzinfo=UTC), NOW + timedelta(days=180)])
def test_other_days_work_as_well(now: datetime) -> None:
    fleet = build_fleet(19, DEMO_FAULTS, now)
    for truth in (t for t in fleet.truth if t["cause"]):
        assert events(fleet, truth["receiver"])


def test_a_day_costs_changes_not_packets() -> None:
    """A busy tunnel carries half a billion packets a day; what is computed is a few events for each rekey."""
    fleet = build_fleet(20, ["volume-runs-out"], NOW)
    planned = fleet._engine.timeline._planned
    assert planned < 20_000
