"""Two views become one tunnel, and what state it is in."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.model.config import ConfigInterface
from vpnaudit.model.tunnel import Tunnel

PUBLIC, PRIVATE = "203.0.113.50", "10.200.0.2"
VIRTUAL = "192.0.2.100"


def tunnels(lab: Any, *routers: Any) -> tuple[Tunnel, ...]:
    return tuple(lab.fleet(*routers).tunnels)


def the_tunnel(lab: Any, *routers: Any) -> Tunnel:
    (tunnel,) = tunnels(lab, *routers)
    return tunnel


def test_by_addresses(lab: Any) -> None:
    one, two = lab.pair()
    one.sas, one.flows, two.sas, two.flows = [], [], [], []
    tunnel = the_tunnel(lab, two, one)
    assert (tunnel.id, tunnel.joined_by) == (f"{lab.hub}-{lab.spoke}", "addresses")
    assert [e.device for e in tunnel.ends] == ["hub", "spoke"]


def behind_nat(lab: Any, *, agree: bool = True, logged: bool = False) -> list[Any]:
    """The spoke has a private address; the hub knows it by the NAT's."""
    one = lab.router("hub", lab.hub).configure(PUBLIC)
    two = lab.router("spoke", PRIVATE).configure(lab.hub)
    one.pair(PUBLIC, lab.into_hub, lab.into_spoke)
    two.pair(lab.hub, lab.into_spoke if agree else 0x0E0E0E01, lab.into_hub if agree else lab.lost)
    if logged:
        one.line(lab.lost, PUBLIC, 300, 240, 180)
    return [one, two]


def test_through_nat_by_the_spis(lab: Any) -> None:
    tunnel = the_tunnel(lab, *behind_nat(lab))
    assert tunnel.joined_by == "spis"
    assert {e.device: (e.address, e.seen_as) for e in tunnel.ends} == {
        "spoke": (PRIVATE, PUBLIC),
        "hub": (lab.hub, lab.hub),
    }
    assert tunnel.state == "up"


def test_through_nat_by_the_spi_that_one_logged_and_the_other_sends_on(lab: Any) -> None:
    fleet = lab.fleet(*behind_nat(lab, agree=False, logged=True))
    (tunnel,) = fleet.tunnels
    assert tunnel.joined_by == "spis"
    assert {(s.sender, s.spi) for s in tunnel.stale} == {("hub", lab.into_spoke), ("spoke", lab.lost)}
    assert fleet.events[0].tunnel == tunnel.id


def test_through_nat_without_a_shared_spi_they_stay_two(lab: Any) -> None:
    found = tunnels(lab, *behind_nat(lab, agree=False))
    assert [t.joined_by for t in found] == ["one end", "one end"]


def test_an_spi_alone_does_not_join(lab: Any) -> None:
    """The same number between ends of which neither has the other's address."""
    one = lab.router("hub", lab.hub).configure("203.0.113.1")
    two = lab.router("spoke", lab.spoke).configure("203.0.113.2")
    one.pair("203.0.113.1", 0x1001, 0x1002)
    two.pair("203.0.113.2", 0x1002, 0x1001)
    assert [t.joined_by for t in tunnels(lab, one, two)] == ["one end", "one end"]


def test_spis_join_what_stands_behind_two_nats(lab: Any) -> None:
    """Neither has the other's address, and each receives what the other sends."""
    one = lab.router("hub", "10.1.1.10").configure("203.0.113.1")
    two = lab.router("spoke", "10.77.0.2").configure("203.0.113.2")
    one.pair("203.0.113.1", 0x1001, 0x1002)
    two.pair("203.0.113.2", 0x1002, 0x1001)
    assert [(t.joined_by, t.state) for t in tunnels(lab, one, two)] == [("spis", "up")]


def with_virtual(router: Any, lab: Any) -> Any:
    router.config["interfaces"] = (
        ConfigInterface(
            line=12,
            name=lab.outside,
            addresses=(f"{router.address}/24",),
            standby_addresses=(VIRTUAL,),
            crypto_map="M",
            crypto_map_redundancy="HA",
        ),
    )
    return router


def ha(lab: Any, *, active_has: bool = True, reachable: bool = True) -> list[Any]:
    active = with_virtual(lab.router("hub-a", "192.0.2.2"), lab).configure(lab.spoke)
    standby = with_virtual(lab.router("hub-b", "192.0.2.3"), lab).configure(lab.spoke)
    two = lab.router("spoke", lab.spoke).configure(VIRTUAL)
    if active_has:
        active.pair(lab.spoke, lab.into_hub, lab.into_spoke, local=VIRTUAL)
        two.pair(VIRTUAL, lab.into_spoke, lab.into_hub)
    return [active, standby, two] if reachable else [active, standby]


@pytest.mark.parametrize("reachable", [True, False])
def test_the_standby_of_a_pair_is_no_tunnel_of_its_own(lab: Any, reachable: bool) -> None:
    tunnel = the_tunnel(lab, *ha(lab, reachable=reachable))
    assert "hub-a" in {e.device for e in tunnel.ends}
    assert tunnel.state == "up"


def test_a_pair_without_sas_is_one_idle_tunnel(lab: Any) -> None:
    assert the_tunnel(lab, *ha(lab, active_has=False)).state == "idle"


def test_both_members_with_sas_are_two_tunnels_with_ids_of_their_own(lab: Any) -> None:
    routers = ha(lab)
    routers[1].pair(lab.spoke, 0x0F01, 0x0F02, local=VIRTUAL)
    ids = [t.id for t in tunnels(lab, *routers)]
    assert len(ids) == 2 == len(set(ids))
    assert all(i.startswith(f"{VIRTUAL}-{lab.spoke}#") for i in ids)


def in_two_vrfs(lab: Any, name: str, address: str, peer: str) -> Any:
    router = lab.router(name, address)
    router.config["interfaces"] = tuple(
        ConfigInterface(
            line=10 + n, name=f"GigabitEthernet0/{n}", addresses=(f"{address}/24",), vrf=vrf, crypto_map="M"
        )
        for n, vrf in enumerate(("BLUE", "RED"))
    )
    return router.configure(peer)


def test_the_same_addresses_in_two_vrfs_are_two_tunnels(lab: Any) -> None:
    one = in_two_vrfs(lab, "hub", lab.hub, lab.spoke)
    two = in_two_vrfs(lab, "spoke", lab.spoke, lab.hub)
    for n, vrf in enumerate(("BLUE", "RED")):
        place = {"interface": f"GigabitEthernet0/{n}", "vrf": vrf}
        one.pair(lab.spoke, 0x1000 + n, 0x2000 + n, **place)
        two.pair(lab.hub, 0x2000 + n, 0x1000 + n, **place)
    found = tunnels(lab, one, two)
    assert [t.id for t in found] == [f"{lab.hub}-{lab.spoke}@BLUE", f"{lab.hub}-{lab.spoke}@RED"]
    assert [[s.spi for e in t.ends for s in e.inbound] for t in found] == [[0x1000, 0x2000], [0x1001, 0x2001]]
    assert {t.state for t in found} == {"up"}


def test_in_two_vrfs_without_sas_the_vrfs_still_pair(lab: Any) -> None:
    found = tunnels(lab, in_two_vrfs(lab, "hub", lab.hub, lab.spoke), in_two_vrfs(lab, "spoke", lab.spoke, lab.hub))
    assert [{e.vrf for e in t.ends} for t in found] == [{"BLUE"}, {"RED"}]


def test_several_identities_between_two_ends_are_one_tunnel(lab: Any) -> None:
    one, two = lab.pair()
    one.pair(lab.spoke, 0x1002, 0x2002, local_identity="10.5.0.0/255.255.0.0/0/0")
    two.pair(lab.hub, 0x2002, 0x1002, local_identity="10.6.0.0/255.255.0.0/0/0")
    tunnel = the_tunnel(lab, one, two)
    assert len(tunnel.local.inbound) == 2
    assert tunnel.state == "up"


def test_ids_are_in_the_order_of_addresses_and_unique(lab: Any) -> None:
    hub = lab.router("hub", lab.hub)
    for peer in ("203.0.113.9", "203.0.113.10", "2001:db8::2", "198.51.100.1"):
        hub.configure(peer)
    ids = [t.id for t in tunnels(lab, hub)]
    assert ids == [
        f"{lab.hub}-198.51.100.1",
        f"{lab.hub}-203.0.113.9",
        f"{lab.hub}-203.0.113.10",
        f"{lab.hub}-2001:db8::2",
    ]


@pytest.mark.parametrize("spelling", ["2001:DB8:0::2", "2001:db8::0002"])
def test_ipv6_spellings_join(lab: Any, spelling: str) -> None:
    one = lab.router("hub", "2001:db8::1").configure(spelling)
    two = lab.router("spoke", "2001:db8::2").configure("2001:DB8::1")
    assert the_tunnel(lab, one, two).joined_by == "addresses"


def state(lab: Any, hub: tuple[int | None, int | None], spoke: tuple[int | None, int | None] | None) -> str:
    one, two = lab.router().configure(lab.spoke), lab.router("spoke", lab.spoke).configure(lab.hub)
    if hub != (None, None):
        one.pair(lab.spoke, *hub)
    if spoke is None:
        return str(the_tunnel(lab, one).state)
    if spoke != (None, None):
        two.pair(lab.hub, *spoke)
    return str(the_tunnel(lab, one, two).state)


@pytest.mark.parametrize(
    ("hub", "spoke", "expected"),
    [
        ((1, 2), (2, 1), "up"),
        ((1, 2), None, "up"),
        ((1, 2), (None, None), "one-sided"),
        ((None, None), (2, 1), "one-sided"),
        ((1, 2), (2, 9), "one-sided"),
        ((1, None), (None, 1), "one-sided"),
        ((1, None), None, "one-sided"),
        ((None, None), (None, None), "idle"),
        ((None, None), None, "idle"),
    ],
)
def test_states(
    lab: Any, hub: tuple[int | None, int | None], spoke: tuple[int | None, int | None] | None, expected: str
) -> None:
    assert state(lab, hub, spoke) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda one, lab: one.session(lab.spoke, "DOWN-NEGOTIATING"), "down"),
        (lambda one, lab: one.ike(lab.spoke, state="MM_NO_STATE", status="ACTIVE", remark="deleted"), "down"),
        (lambda one, lab: one.ike(lab.spoke, version="v2", state=None, status="IN-NEG"), "down"),
        (lambda one, lab: one.session(lab.spoke, "DOWN"), "idle"),
        (lambda one, lab: one.ike(lab.spoke), "idle"),
    ],
)
def test_down_is_trying_in_vain(lab: Any, change: Any, expected: str) -> None:
    one = lab.router().configure(lab.spoke)
    two = lab.router("spoke", lab.spoke).configure(lab.hub)
    change(one, lab)
    assert the_tunnel(lab, one, two).state == expected
    assert the_tunnel(lab, one).state == expected


TABLE = {"show crypto ipsec sa"}


@pytest.mark.parametrize(
    ("hub", "spoke", "expected"),
    [
        (TABLE, TABLE, "unknown"),
        (TABLE, (), "up"),
        ((), TABLE, "up"),
    ],
)
def test_without_a_table(lab: Any, hub: set[str], spoke: set[str], expected: str) -> None:
    one, two = lab.pair(hub={"without": hub}, spoke={"without": spoke})
    tunnel = the_tunnel(lab, one, two)
    assert (tunnel.state, tunnel.stale) == (expected, ())


def test_without_a_table_and_one_end(lab: Any) -> None:
    one, _ = lab.pair(hub={"without": TABLE})
    assert the_tunnel(lab, one).state == "unknown"


@pytest.mark.parametrize(
    ("age_s", "stale"),
    [
        pytest.param(30.0, False, id="renewed between the two tables"),
        pytest.param(120.0, True, id="older than both tables"),
        pytest.param(900.0, True, id="much older"),
    ],
)
def test_a_rekey_between_the_two_captures_is_not_stale(lab: Any, age_s: float, stale: bool) -> None:
    """The hub was asked 60 s before the spoke, which shows a pair that the hub's table could not have."""
    one, two = lab.pair(hub={"taken_at": lab.ago(60)})
    two.sas, two.flows = [], []
    two.pair(lab.hub, 0x0C01, 0x0C02, age_s=age_s)
    tunnel = the_tunnel(lab, one, two)
    assert bool([s for s in tunnel.stale if s.sender == "spoke"]) is stale


def test_a_rekey_between_the_two_captures_the_other_way_round(lab: Any) -> None:
    """The spoke was asked first; the hub's newer table has the pair that followed."""
    one, two = lab.pair(spoke={"taken_at": lab.ago(60)})
    two.sas, two.flows = [], []
    two.pair(lab.hub, 0x0C01, 0x0C02, age_s=3500)
    one.sas, one.flows = [], []
    one.pair(lab.spoke, lab.into_hub, lab.into_spoke, age_s=30)
    assert not [s for s in the_tunnel(lab, one, two).stale if s.sender == "spoke"]


def test_during_a_rekey_one_end_may_have_both_pairs(lab: Any) -> None:
    one, two = lab.pair()
    one.pair(lab.spoke, 0x0D01, 0x0D02, age_s=5)
    tunnel = the_tunnel(lab, one, two)
    assert (tunnel.state, tunnel.stale) == ("up", ())


def test_each_identity_is_judged_by_itself(lab: Any) -> None:
    """One of two subnet pairs is out of step; the other is up."""
    one, two = lab.pair()
    two.pair(lab.hub, 0x0D01, 0x0D02, local_identity="10.6.0.0/255.255.0.0/0/0", age_s=1500)
    tunnel = the_tunnel(lab, one, two)
    assert (tunnel.state, [s.spi for s in tunnel.stale]) == ("one-sided", [0x0D02])


@pytest.mark.parametrize(
    ("version", "ages"),
    [
        pytest.param("v1", {"hub": 900, "spoke": 900}, id="IKEv1 took the lower of both"),
        pytest.param("v2", {"hub": 900, "spoke": 26_100}, id="IKEv2 has each end's own"),
    ],
)
def test_when_sas_were_installed(lab: Any, version: str, ages: dict[str, int]) -> None:
    """Both tables show 2700 s left; the hub's lifetime is 3600 s, the spoke's 28800 s."""
    one, two = lab.pair(version=version, spoke={"life_s": 28_800})
    two.sas, two.flows = [], []
    two.pair(lab.hub, lab.into_spoke, lab.into_hub, remaining_s=2700)
    found = {e.device: {s.installed_at for s in e.sas} for e in the_tunnel(lab, one, two).ends}
    assert found == {name: {lab.ago(age)} for name, age in ages.items()}


def test_more_left_than_the_lifetime_dates_nothing(lab: Any) -> None:
    one, _ = lab.pair()
    one.sas, one.flows = [], []
    one.pair(lab.spoke, 1, 2, remaining_s=3601)
    assert {s.installed_at for s in the_tunnel(lab, one).local.sas} == {None}


def test_an_sa_with_more_left_than_the_lower_lifetime_was_not_negotiated(lab: Any) -> None:
    """IKEv1 with a peer that keeps its own lifetime: the spoke's SA is dated by the spoke's."""
    one, two = lab.pair(spoke={"life_s": 28_800})
    two.sas, two.flows = [], []
    two.pair(lab.hub, lab.into_spoke, lab.into_hub, remaining_s=20_000)
    spoke = the_tunnel(lab, one, two).end_of("spoke")
    assert spoke is not None
    assert {s.installed_at for s in spoke.sas} == {lab.ago(8800)}


@pytest.mark.parametrize("live_at", ["hub", "spoke"])
def test_a_live_ike_sa_at_either_end_tells_the_version(lab: Any, live_at: str) -> None:
    """Both configurations have an IKEv1 policy that nobody uses."""
    one, two = lab.router().configure(lab.spoke), lab.router("spoke", lab.spoke).configure(lab.hub)
    (one if live_at == "hub" else two).ike(lab.spoke if live_at == "hub" else lab.hub, version="v2")
    assert {e.ike for e in the_tunnel(lab, one, two).ends} == {"v2"}


@pytest.mark.parametrize(
    ("logged", "states"),
    [
        pytest.param(False, {"up"}, id="the active member was not collected"),
        pytest.param(True, {"one-sided"}, id="but here the lines are"),
    ],
)
def test_a_standby_whose_partner_was_not_collected_has_lost_nothing(lab: Any, logged: bool, states: set[str]) -> None:
    _, standby, two = ha(lab)
    if logged:
        standby.line(lab.into_hub, lab.spoke, 300, destination=VIRTUAL)
    tunnel = the_tunnel(lab, standby, two)
    assert ({tunnel.state}, bool(tunnel.stale)) == (states, logged)
