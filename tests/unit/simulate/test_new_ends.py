"""What stands at the ends of simulated tunnels: firewalls, IPv6, a pair that fails over, two behind a NAT, a group."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from vpnaudit.simulate import Ends, SimFleet, build_fleet
from vpnaudit.simulate.faults import BACKUP_FAULTS, DMVPN_FAULTS, FIREWALL_ENDS, IPV6_FAULTS, VRF_FAULTS
from vpnaudit.simulate.fleet import CAPTURED_OF_ASA

NOW = datetime(2026, 5, 2, 3, 4, 5, tzinfo=UTC)
ASA_EVENT = re.compile(
    r"%ASA-4-402114: IPSEC: Received an ESP packet \(SPI= 0x([0-9A-F]{8}), sequence number= 0x([0-9A-F]+)\) "
    r"from (\S+) to (\S+) with an invalid SPI\."
)
IOS_EVENT = re.compile(r"INV_SPI: .* destaddr=(\S+), prot=50, spi=0x([0-9A-F]+)\(\d+\), srcaddr=([0-9A-Fa-f.:]+)")


def sources(fleet: SimFleet, device: str) -> set[str]:
    log = fleet.answer(device, "show logging")
    return {m[3].lower() for m in ASA_EVENT.finditer(log)} | {m[3].lower() for m in IOS_EVENT.finditer(log)}


@pytest.mark.parametrize("fault", sorted(set(FIREWALL_ENDS) - {"healthy"}))
def test_a_fault_between_firewalls_has_its_lines_and_its_cure_has_none(fault: str) -> None:
    for seed in range(2):
        ill, cured = (build_fleet(seed, [fault], NOW, cure=c, ends="firewalls") for c in (False, True))
        assert "cisco_asa" in {d.platform for d in ill.devices}
        truth = ill.truth[0]
        assert sources(ill, truth["receiver"]) == {truth["source"]}
        assert not [d.name for d in cured.devices if sources(cured, d.name)]


@pytest.mark.parametrize("fault", sorted(IPV6_FAULTS - {"healthy"}))
def test_a_fault_over_ipv6_has_its_lines_and_its_cure_has_none(fault: str) -> None:
    ill, cured = (build_fleet(3, [fault], NOW, cure=c, ends="ipv6") for c in (False, True))
    truth = ill.truth[0]
    assert ":" in truth["source"]
    assert sources(ill, truth["receiver"]) == {truth["source"]}
    assert not [d.name for d in cured.devices if sources(cured, d.name)]


def test_a_firewall_logs_a_line_in_five_seconds_and_the_packets_are_numbered() -> None:
    fleet = build_fleet(1, ["delete-lost", "stranger"], NOW, ends="firewalls")
    device = fleet.device("hub-fw")
    times = [when for when, text in device.log if "402114" in text]
    gaps = [b - a for a, b in pairwise(times)]
    assert min(gaps) >= 5
    assert sum(gap < 6.5 for gap in gaps) > len(gaps) / 2
    numbers = [int(m[2], 16) for m in ASA_EVENT.finditer(fleet.answer("hub-fw", "show logging"))]
    assert numbers == sorted(numbers)


def test_both_ends_of_a_tunnel_between_a_router_and_a_firewall_agree() -> None:
    fleet = build_fleet(1, ["healthy"], NOW, ends="firewalls")
    one, two = (end["device"] for end in fleet.truth[0]["ends"])
    held = [
        [
            set(re.findall(r"spi: 0x([0-9A-F]+) ?\(", part.partition("outbound esp")[where]))
            for part in fleet.answer(name, "show crypto ipsec sa").split("inbound esp sas:")[1:]
            for where in (0, 2)
        ]
        for name in (one, two)
    ]
    as_numbers = [[{int(x, 16) for x in spis} for spis in sides] for sides in held]
    assert as_numbers[0] == list(reversed(as_numbers[1]))
    assert as_numbers[0][0]


def test_a_firewall_speaks_as_one(tmp_path: Path) -> None:
    fleet = build_fleet(2, ["stranger"], NOW, hours=3, ends="firewalls")
    fleet.write_captures(tmp_path)
    assert len(list((tmp_path / "hub-fw").iterdir())) == len(CAPTURED_OF_ASA)
    assert fleet.device("hub-fw").prompt(privileged=True) == "hub-fw# "
    assert fleet.answer("hub-fw", "show ip route").endswith("ERROR: % Invalid input detected at '^' marker.\n\n")
    assert fleet.answer("hub-fw", "show crypto").startswith("ERROR: % Incomplete command.")
    assert fleet.answer("hub-fw", "terminal pager 0") == ""


def test_the_partner_takes_over_without_the_sas() -> None:
    fleet = build_fleet(4, ["failover-without-state"], NOW)
    assert "pair-1" not in {d.name for d in fleet.devices}
    assert "state Standby -> Active" in fleet.answer("pair-2", "show logging")
    assert not fleet.answer("pair-2", "show crypto ipsec sa | include ^ +spi:")
    assert fleet.answer(fleet.truth[0]["sender"], "show crypto ipsec sa | include ^ +spi:")


def test_the_boxes_behind_one_address_take_turns() -> None:
    fleet = build_fleet(5, ["two-behind-one-address"], NOW)
    log = fleet.answer("hub-open", "show logging")
    ports = re.findall(r"is UP\.  Peer \S+:(\d+) ", log)
    assert {"4500", "4501"} == set(ports)
    assert all(a != b for a, b in pairwise(ports))
    for end in fleet.truth[0]["behind"]:
        assert f"Id: {end}" in log


def test_lists_that_differ_kill_young_pairs() -> None:
    fleet = build_fleet(6, ["lists-differ"], NOW)
    receiver, sender = fleet.truth[0]["receiver"], fleet.truth[0]["sender"]
    assert "RECVD_PKT_INV_IDENTITY" in fleet.answer(receiver, "show logging")
    lines = [fleet.answer(d, "show running-config | include ^ permit ip") for d in (receiver, sender)]
    assert [text.count("permit") for text in lines] == [1, 2]
    assert fleet.answer(sender, "show crypto ipsec sa").count("local  ident") == 2
    counted = fleet.answer(receiver, "show crypto ipsec sa detail | include invalid identity")
    assert re.findall(r"#pkts invalid identity \(recv\) ([1-9]\d*)", counted)


def test_a_member_without_the_new_key_has_the_old_one_alone() -> None:
    fleet = build_fleet(7, ["group-key-missed"], NOW)
    victim, other = fleet.truth[0]["receiver"], fleet.truth[0]["sender"]
    keys = [re.findall(r"spi: 0x([0-9A-F]+)\(", fleet.answer(d, "show crypto gdoi")) for d in (victim, other)]
    assert [len(k) for k in keys] == [1, 2]
    assert keys[0][0] in keys[1]
    logged = {int(m[2], 16) for m in IOS_EVENT.finditer(fleet.answer(victim, "show logging"))}
    assert logged == {int(k, 16) for k in keys[1]} - {int(keys[0][0], 16)}
    assert "gdoi" not in fleet.answer("hub-a", "show running-config")


OTHER_ENDS = [
    *(("dmvpn", f) for f in sorted(DMVPN_FAULTS - {"healthy"})),
    *(("backup", f) for f in sorted(BACKUP_FAULTS - {"healthy"})),
    *(("vrfs", f) for f in sorted(VRF_FAULTS - {"healthy"})),
]


@pytest.mark.parametrize(("ends", "fault"), OTHER_ENDS)
def test_a_fault_has_its_lines_and_its_cure_has_none_whatever_the_ends(ends: Ends, fault: str) -> None:
    ill, cured = (build_fleet(3, [fault], NOW, cure=c, ends=ends, hours=6.0) for c in (False, True))
    truth = ill.truth[0]
    assert sources(ill, truth["receiver"]) == {truth["source"]}
    assert not [d.name for d in cured.devices if sources(cured, d.name)]


def test_a_hub_of_a_multipoint_tunnel_lists_the_spokes_that_it_has_sas_with() -> None:
    fleet = build_fleet(2, ["peer-reloaded-no-dpd"], NOW, ends="dmvpn")
    hub, lost, others = fleet.truth[0]["ends"][0], fleet.truth[0]["source"], [t["source"] for t in fleet.truth[1:]]
    assert others
    for command in ("show crypto ipsec sa", "show dmvpn", "show ip nhrp", "show crypto map"):
        text = fleet.answer(hub["device"], command)
        assert lost not in text
        assert all(address in text for address in others)
    config = fleet.answer(hub["device"], "show running-config")
    assert config.count("interface Tunnel") == 1
    assert lost not in config
    assert f"nbma {hub['address']}" in fleet.answer(fleet.truth[0]["sender"], "show running-config")


def test_a_branch_with_two_peers_has_sas_with_one() -> None:
    fleet = build_fleet(2, ["old-hub-sends-on"], NOW)
    branch, old = fleet.truth[0]["receiver"], fleet.truth[0]["source"]
    peers = re.findall(r"set peer (\S+)", fleet.answer(branch, "show running-config"))
    assert len(peers) == 2
    assert peers[0] == old
    (current,) = re.findall(r"current_peer (\S+)", fleet.answer(branch, "show crypto ipsec sa"))
    assert current == peers[1]
    assert fleet.answer(fleet.truth[0]["sender"], "show crypto ipsec sa | include ^ +spi:")


def test_two_vrfs_of_a_hub_have_one_pair_of_addresses() -> None:
    fleet = build_fleet(2, ["bits-flip"], NOW, ends="vrfs")
    hub = fleet.truth[0]["ends"][0]["device"]
    table = fleet.answer(hub, "show crypto ipsec sa")
    assert re.findall(r"protected vrf: (\w+)", table) == ["RED", "BLUE"]
    for name in ("local addr", "current_peer"):
        assert len(set(re.findall(rf"{name} (\S+)", table))) == 1
    assert "input interface=GigabitEthernet0/0/0.101" in fleet.answer(hub, "show logging")


def test_a_partners_device_is_none_of_the_fleet() -> None:
    fleet = build_fleet(2, ["peer-reloaded-no-dpd", "healthy"], NOW, ends="partners")
    assert all(t["theirs"] and t["sender"] not in {d.name for d in fleet.devices} for t in fleet.truth)
    assert sources(fleet, fleet.truth[0]["receiver"]) == {fleet.truth[0]["source"]}
