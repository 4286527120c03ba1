"""The own address of an end whose records leave it out."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.model.config import ConfigInterface

OTHER, BRANCH = "192.0.2.77", "198.51.100.9"
WAN2 = "GigabitEthernet0/1"


def firewall(lab: Any, *, mapped: tuple[str, ...] = (), without_config: bool = False) -> Any:
    """Holds an IKE SA with the spoke that does not say from where; `mapped`: its interfaces with a crypto map."""
    interfaces = tuple(
        ConfigInterface(line=12 + n, name=f"GigabitEthernet0/{n}", addresses=(f"{a}/24",), crypto_map="M")
        for n, a in enumerate(mapped)
    )
    given = {"interfaces": interfaces} if mapped else {}
    without = ("show running-config", "show interfaces") if without_config else ()
    return lab.router("hub", lab.hub, without=without, **given).ike(lab.spoke, local=None, ends_known=True)


def other_end(lab: Any) -> Any:
    return lab.router("spoke", lab.spoke).configure(lab.hub).pair(lab.hub, lab.into_spoke, lab.into_hub).ike(lab.hub)


def with_table_of_another_peer(lab: Any) -> Any:
    return firewall(lab, without_config=True).pair(BRANCH, 0x1001, 0x1002)


def with_tables_from_two_addresses(lab: Any) -> Any:
    return with_table_of_another_peer(lab).pair("198.51.100.10", 0x1003, 0x1004, local=OTHER, interface=WAN2)


def test_two_views_of_one_tunnel_are_joined(lab: Any) -> None:
    fleet = lab.fleet(with_tables_from_two_addresses(lab), other_end(lab))
    tunnel = fleet.tunnel_by_id[f"{lab.hub}-{lab.spoke}"]
    assert [e.device for e in tunnel.ends] == ["hub", "spoke"]
    assert not [t for t in fleet.tunnels if "unknown" in t.id]


@pytest.mark.parametrize(
    ("build", "address"),
    [
        (with_table_of_another_peer, "192.0.2.1"),
        (lambda lab: firewall(lab, mapped=(lab.hub,)), "192.0.2.1"),
        (lambda lab: with_tables_from_two_addresses(lab).line(lab.lost, lab.spoke, 60), "192.0.2.1"),
        (with_tables_from_two_addresses, "unknown"),
        (lambda lab: firewall(lab, mapped=(lab.hub, OTHER)), "unknown"),
        (lambda lab: firewall(lab, without_config=True), "unknown"),
    ],
    ids=[
        "the only one of its table",
        "the only one with a crypto map",
        "where the peer's packets came",
        "one of two in the table",
        "one of two with a crypto map",
        "nothing tells",
    ],
)
def test_the_only_address_that_is_known(lab: Any, build: Any, address: str) -> None:
    tunnels = lab.fleet(build(lab)).tunnels
    assert {t.local.address for t in tunnels if lab.spoke in {t.remote.address, t.remote.seen}} == {address}


def test_an_address_of_another_family_is_none(lab: Any) -> None:
    six = "2001:db8::9"
    hub = lab.router("hub", lab.hub).configure(lab.spoke).ike(six, local=None, ends_known=True)
    assert {t.local.address for t in lab.fleet(hub).tunnels if t.remote.address == six} == {"unknown"}
