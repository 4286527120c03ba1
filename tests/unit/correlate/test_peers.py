"""Whom a device has as peers."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.correlate.peers import own_addresses, peer_set
from vpnaudit.model.addresses import normal
from vpnaudit.model.config import ConfigInterface, IkeProfile, MapEntry, PeerMatch


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0::0001", "2001:db8::1"),
        ("Branch.Example.NET", "branch.example.net"),
        ("A.A.A.A", "a.a.a.a"),
        ("", ""),
    ],
)
def test_one_spelling_of_an_address(text: str, expected: str) -> None:
    assert normal(text) == expected


def test_peers_from_every_place(lab: Any) -> None:
    router = lab.router(
        isakmp_keys=(PeerMatch(line=1, address="203.0.113.1"), PeerMatch(line=1, address="203.0.113.2", mask="32")),
        ikev2_keyrings={"K": (PeerMatch(line=1, address="2001:DB8::5", mask="128"),)},
        ike_profiles=(IkeProfile(line=1, name="P", version="v2", matches=(PeerMatch(line=1, address="203.0.113.3"),)),),
        group_peers=(PeerMatch(line=1, address="203.0.113.4"),),
        interfaces=(
            ConfigInterface(line=1, name="Tunnel1", tunnel_destination="203.0.113.5"),
            ConfigInterface(line=1, name="Tunnel2", nhrp_nbma=("203.0.113.6",)),
        ),
        map_entries=(MapEntry(line=1, name="M", sequence=1, peers=("203.0.113.7", "203.0.113.8")),),
    )
    router.pair("203.0.113.9", 1, 2).ike("203.0.113.10").session("203.0.113.11", "DOWN")
    router.ike("203.0.113.12", local=lab.hub, ends_known=False)
    found = peer_set(router.device())
    expected = {f"203.0.113.{n}" for n in range(1, 13)} | {"2001:db8::5"}
    assert found.known == expected, "and the hub's own address is no peer"
    assert found.complete
    assert not found.accepts_any


@pytest.mark.parametrize(
    ("match", "inside", "outside"),
    [
        ({"address": "203.0.113.0", "mask": "255.255.255.192"}, "203.0.113.9", "203.0.113.99"),
        ({"address": "2001:DB8:2::", "mask": "64"}, "2001:db8:2::9", "2001:db8:3::9"),
        ({"address": "203.0.113.7", "mask": "255.255.255.0"}, "203.0.113.200", "203.0.112.7"),
    ],
)
def test_networks_that_keys_cover(lab: Any, match: dict[str, str], inside: str, outside: str) -> None:
    found = peer_set(lab.router(isakmp_keys=(PeerMatch(line=1, **match),)).device())
    assert found.covers(inside)
    assert not found.covers(outside)
    assert not found.covers("A.A.A.A")
    assert not found.wildcard_key


@pytest.mark.parametrize(
    "match",
    [
        {"any_peer": True},
        {"address": "0.0.0.0", "mask": "0.0.0.0"},  # noqa: S104 - a key for everybody
        {"address": "::", "mask": "0"},
    ],
)
def test_a_key_for_everybody_covers_nobody(lab: Any, match: dict[str, Any]) -> None:
    found = peer_set(lab.router(isakmp_keys=(PeerMatch(line=1, **match),)).device())
    assert found.wildcard_key
    assert not found.covers(lab.stranger)
    assert not found.accepts_any


@pytest.mark.parametrize("mask", ["255.0.255.0", "words", "999"])
def test_a_mask_that_is_none_covers_nobody(lab: Any, mask: str) -> None:
    found = peer_set(lab.router(isakmp_keys=(PeerMatch(line=1, address="203.0.113.0", mask=mask),)).device())
    assert not found.covers("203.0.113.1")


@pytest.mark.parametrize(
    "without", ["show running-config", ("show crypto isakmp sa", "show crypto ikev2 sa")], ids=["config", "IKE"]
)
def test_absence_means_something_only_where_both_were_read(lab: Any, without: str | tuple[str, ...]) -> None:
    names = {without} if isinstance(without, str) else set(without)
    assert not peer_set(lab.router(without=names).device()).complete


def test_own_addresses(lab: Any) -> None:
    router = lab.router(
        interfaces=(
            ConfigInterface(
                line=1, name="G", addresses=("192.0.2.1/24", "2001:DB8::1/64"), standby_addresses=("192.0.2.100",)
            ),
        )
    )
    router.pair(lab.spoke, 1, 2, local="192.0.2.50").ike(lab.spoke, local="192.0.2.60")
    router.ike(lab.spoke, local="192.0.2.70", ends_known=False)
    assert own_addresses(router.device()) == {
        "192.0.2.1",
        "2001:db8::1",
        "192.0.2.100",
        "192.0.2.50",
        "192.0.2.60",
    }
