"""A scattered fleet: names, addresses and partners are drawn, no two devices share any, and the seed repeats it."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest

from vpnaudit.simulate import FAULTS, SimFleet, build_fleet

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
SEEDS = range(1, 9)


def scattered(seed: int) -> SimFleet:
    return build_fleet(seed, tuple(FAULTS), NOW, hours=3.0, scattered=True)


def addresses(fleet: SimFleet) -> list[str]:
    return [i.address for d in fleet.devices for i in d.interfaces()]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_devices_share_a_name_or_an_address(seed: int) -> None:
    fleet = scattered(seed)
    strangers = [t["source"] for t in fleet.truth if t["sender"] is None]
    shared = {d.hsrp.address for d in fleet.devices if d.hsrp}
    assert len(shared) == 2  # the hubs' and the pair's
    everything = [*addresses(fleet), *strangers, *shared]
    assert len(set(everything)) == len(everything)
    assert len({d.name for d in fleet.devices}) == len(fleet.devices)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_hubs_share_the_network_of_their_shared_address(seed: int) -> None:
    for device in scattered(seed).devices[:2]:
        assert device.shared is not None
        assert device.hsrp is not None
        network = ip_network(f"{device.shared.address}/{device.shared.prefix}", strict=False)
        assert ip_address(device.hsrp.address) in network
        assert ip_address(device.outside.address) not in network


def test_seeds_differ_and_repeat() -> None:
    assert addresses(scattered(1)) == addresses(scattered(1))
    assert len({tuple(addresses(scattered(seed))) for seed in SEEDS}) == len(SEEDS)


def test_both_hubs_serve_branches() -> None:
    served = {t["ends"][0]["device"] for seed in SEEDS for t in scattered(seed).truth}
    assert len(served) > 2


def test_usual_addresses_stay() -> None:
    fleet = build_fleet(1, ("healthy",), NOW)
    assert [d.name for d in fleet.devices] == ["hub-a", "hub-b", "branch-01"]
    assert [d.outside.address for d in fleet.devices] == ["192.0.2.1", "192.0.2.2", "203.0.113.11"]


def test_a_line_for_a_packet_under_way_is_told_from_a_stream() -> None:
    race = build_fleet(1, ("rekey-race",), NOW, scattered=True).truth[0]
    lost = build_fleet(1, ("delete-lost",), NOW, scattered=True).truth[0]
    assert race["late_lines"][race["receiver"]] > 5
    assert not lost["late_lines"].get(lost["receiver"])
