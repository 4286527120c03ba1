"""The decision table of mechanisms, row by row, each row with near misses that must go on to a later one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vpnaudit.model.config import ConfigInterface, IkeProfile, MapEntry, PeerMatch
from vpnaudit.model.event import Event
from vpnaudit.model.facts import Facts
from vpnaudit.model.sa import ChildSa, NbmaPeer

FOREIGN_SPI, SCAN_SPI, OLD_SPI = 0x12345678, 0x77B40000, 0x3344AA55
QUIET = 400.0
"""So long ago nothing of the healthy pair was rekeyed: its SAs are 900 s old."""
Routers = tuple[list[Any], list[Any]]
Situation = Callable[[Any], Routers]


def placed(lab: Any, situation: Situation) -> Event:
    """The first event of the situation."""
    routers, older = situation(lab)
    fleet = lab.fleet(*routers, older=older)
    assert fleet.events
    return fleet.events[0]


def check(lab: Any, situation: Situation, mechanism: str, confidence: str, words: str) -> None:
    event = placed(lab, situation)
    assert (event.mechanism, event.confidence) == (mechanism, confidence), event.because
    assert words in event.because


def stranger(spi: int = FOREIGN_SPI, **hub: Any) -> Situation:
    def build(lab: Any) -> Routers:
        one, two = lab.pair(hub=hub)
        one.line(spi, lab.stranger, QUIET)
        return [one, two], []

    return build


def with_hub(change: Callable[[Any, Any], object]) -> Situation:
    """A stranger's line at a hub that was changed."""

    def build(lab: Any) -> Routers:
        one, two = lab.pair()
        one.line(FOREIGN_SPI, lab.stranger, QUIET)
        change(one, lab)
        return [one, two], []

    return build


def crypto_map(**entry: Any) -> Callable[[Any, Any], object]:
    """The hub's map with one entry more."""

    def change(hub: Any, lab: Any) -> None:
        hub.config["map_entries"] = (
            MapEntry(line=6, name="M", sequence=10, peers=(lab.spoke,)),
            MapEntry(**{"line": 7, "name": "M", "sequence": 20, **entry}),
        )

    return change


def interface(**fields: Any) -> Callable[[Any, Any], object]:
    """The hub with one interface more."""

    def change(hub: Any, lab: Any) -> None:
        outside = ConfigInterface(line=12, name=lab.outside, addresses=(f"{lab.hub}/24",), crypto_map="M")
        hub.config["interfaces"] = (outside, ConfigInterface(**{"line": 20, "name": "Tunnel7", **fields}))

    return change


def key(**match: Any) -> Callable[[Any, Any], object]:
    def change(hub: Any, lab: Any) -> None:  # noqa: ARG001 - every change has one shape
        hub.config["isakmp_keys"] = (PeerMatch(line=8, **match),)

    return change


def group_map(on: str) -> Callable[[Any, Any], object]:
    def change(hub: Any, lab: Any) -> None:
        hub.config["map_entries"] = (
            MapEntry(line=6, name="M", sequence=10, peers=(lab.spoke,)),
            MapEntry(line=7, name="G", sequence=10, kind="gdoi"),
        )
        hub.config["interfaces"] = (
            ConfigInterface(line=12, name=lab.outside, addresses=(f"{lab.hub}/24",), crypto_map="M"),
            ConfigInterface(line=14, name="GigabitEthernet0/1", addresses=("10.9.9.1/24",), crypto_map="G"),
        )
        (line,) = hub.messages
        hub.messages = [lab.replace(line, interface={"group": "GigabitEthernet0/1", "none": None}.get(on, lab.outside))]

    return change


UNKNOWN_SOURCE = "neither its configuration nor its IKE table"


@pytest.mark.parametrize(
    ("situation", "confidence"),
    [
        pytest.param(stranger(), "likely", id="plain"),
        pytest.param(stranger(SCAN_SPI), "proven", id="low 16 bits zero as scans have"),
        pytest.param(with_hub(key(any_peer=True)), "likely", id="a wildcard key proves nothing"),
        pytest.param(stranger(SCAN_SPI, isakmp_keys=(PeerMatch(line=8, any_peer=True),)), "likely", id="key and scan"),
        pytest.param(
            with_hub(key(address="203.0.113.0", mask="255.255.255.192")), "likely", id="a key's other network"
        ),
        pytest.param(
            with_hub(crypto_map(name="DYN", kind="dynamic", template=True)), "likely", id="dynamic map not applied"
        ),
        pytest.param(with_hub(group_map("outside")), "likely", id="the group map is on another interface"),
        pytest.param(with_hub(interface(tunnel_mode="gre multipoint")), "likely", id="multipoint without protection"),
    ],
)
def test_a_source_that_is_nobody(lab: Any, situation: Situation, confidence: str) -> None:
    check(lab, situation, "unknown-source", confidence, UNKNOWN_SOURCE)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda hub, lab: hub.configure(lab.stranger), id="a configured peer"),
        pytest.param(lambda hub, lab: hub.ike(lab.stranger), id="an IKE peer"),
        pytest.param(
            lambda hub, lab: hub.ike(lab.hub, local=lab.stranger, ends_known=False), id="dst or src of an IKE table"
        ),
        pytest.param(lambda hub, lab: hub.pair(lab.stranger, 0x1001, 0x2002), id="an SA with it"),
        pytest.param(lambda hub, lab: hub.session(lab.stranger, "DOWN"), id="a session with it"),
        pytest.param(
            lambda hub, lab: hub.more.update(
                {"show ip nhrp": Facts(nbma_peers=(NbmaPeer(line=1, nbma=lab.stranger),))}
            ),
            id="learned by NHRP",
        ),
        pytest.param(interface(tunnel_destination="203.0.113.66"), id="a tunnel's destination"),
        pytest.param(interface(nhrp_nbma=("203.0.113.66",)), id="a next hop server's NBMA"),
        pytest.param(key(address="203.0.113.66"), id="a key of its own"),
        pytest.param(key(address="203.0.113.64", mask="255.255.255.192"), id="a key for its network"),
        pytest.param(crypto_map(kind="dynamic", dynamic_map="DYN"), id="a dynamic map"),
        pytest.param(crypto_map(peers=("branch.example.net",)), id="a peer that is known by name only"),
        pytest.param(interface(tunnel_destination="branch.example.net"), id="a tunnel to a name"),
        pytest.param(interface(tunnel_mode="gre multipoint", ipsec_profile="P"), id="a protected multipoint tunnel"),
        pytest.param(
            lambda hub, lab: hub.config.update(  # noqa: ARG005 - every change has one shape
                ike_profiles=(IkeProfile(line=9, name="R", version="v2", virtual_template="1"),)
            ),
            id="a virtual template",
        ),
        pytest.param(group_map("group"), id="on an interface with a group map"),
        pytest.param(group_map("none"), id="no interface told, and a group map is there"),
        pytest.param(lambda hub, lab: hub.without.add("show running-config"), id="configuration not read"),  # noqa: ARG005
        pytest.param(
            lambda hub, lab: hub.without.update({"show crypto isakmp sa", "show crypto ikev2 sa"}),  # noqa: ARG005
            id="IKE table not read",
        ),
    ],
)
def test_near_misses_of_an_unknown_source(lab: Any, change: Callable[[Any, Any], object]) -> None:
    assert placed(lab, with_hub(change)).mechanism == "unexplained"


@pytest.mark.parametrize("source", [None, "A.A.A.A", "X.X.X.X"])
def test_a_source_without_an_address_is_not_unknown(lab: Any, source: str | None) -> None:
    one, two = lab.pair()
    one.line(FOREIGN_SPI, source, QUIET)
    assert lab.fleet(one, two).events[0].mechanism == "unexplained"


@pytest.mark.parametrize("standby", [False, True])
def test_an_address_of_ours_is_not_unknown(lab: Any, standby: bool) -> None:
    one, two = lab.pair()
    other = lab.router("other", "203.0.113.9" if standby else lab.stranger)
    if standby:
        other.config["interfaces"] = (
            ConfigInterface(
                line=12, name=lab.outside, addresses=("203.0.113.9/24",), standby_addresses=(lab.stranger,)
            ),
        )
    one.line(FOREIGN_SPI, lab.stranger, QUIET)
    assert lab.fleet(one, two, other).events[0].mechanism == "unexplained"


def own_sa(offset_s: float, **given: Any) -> Situation:
    """A line for the hub's own live SA, `offset_s` after its install."""

    def build(lab: Any) -> Routers:
        one, two = lab.pair(hub=given)
        one.line(lab.into_hub, lab.spoke, 900 - offset_s)
        return [one, two], []

    return build


@pytest.mark.parametrize(
    ("situation", "mechanism"),
    [
        pytest.param(own_sa(-121), "rekey-race", id="two minutes before the install and a table's two seconds"),
        pytest.param(own_sa(-123), "unexplained", id="earlier"),
        pytest.param(own_sa(61), "rekey-race", id="a minute after"),
        pytest.param(own_sa(63), "unexplained", id="later"),
        pytest.param(own_sa(-179, manifest=False), "rekey-race", id="a table without its time widens by a minute"),
        pytest.param(own_sa(-181, manifest=False), "unexplained", id="and by no more"),
        pytest.param(own_sa(119, manifest=False), "rekey-race", id="the same after it"),
        pytest.param(own_sa(-100, ahead_s=7200, ntp=False, mark="*"), "rekey-race", id="a wrong clock, told"),
        pytest.param(
            own_sa(-100, ahead_s=7200, ntp=None, mark="*", manifest=False), "rekey-race", id="a wrong clock of its own"
        ),
    ],
)
def test_own_live_sa(lab: Any, situation: Situation, mechanism: str) -> None:
    race = mechanism == "rekey-race"
    words = "installed next to the event" if race else "installed long before"
    check(lab, situation, mechanism, "proven" if race else "possible", words)


def test_own_live_sa_and_a_line_without_a_time(lab: Any) -> None:
    one, two = lab.pair()
    one.line(lab.into_hub, lab.spoke, None)
    check(lab, lambda _: ([one, two], []), "unexplained", "possible", "installed long before")


VIRTUAL = "192.0.2.100"


def ha_pair(*, shares: bool = True, sender: bool = True, live: bool = True, held: bool = True) -> Situation:
    """The line comes to `mate`; the SA is the hub's."""

    def build(lab: Any) -> Routers:
        one, two = lab.pair()
        one.sas, one.flows, two.sas, two.flows = [], [], [], []
        if held and live:
            one.pair(lab.spoke, OLD_SPI, lab.into_spoke, local=VIRTUAL)
        elif held:
            one.trace("create", OLD_SPI, VIRTUAL, 4000).trace("delete", OLD_SPI, VIRTUAL, 500)
        if sender:
            two.pair(VIRTUAL, lab.into_spoke, OLD_SPI)
        mate = lab.router("mate", "192.0.2.3").configure(lab.spoke)
        addresses = (VIRTUAL,) if shares else ()
        for router in (one, mate):
            router.config["interfaces"] = (
                ConfigInterface(
                    line=12,
                    name=lab.outside,
                    addresses=(f"{router.address}/24",),
                    standby_addresses=addresses,
                    crypto_map="M",
                    crypto_map_redundancy="HA" if shares else None,
                ),
            )
        mate.line(OLD_SPI, lab.spoke, QUIET, destination=VIRTUAL if shares else mate.address)
        return [one, two, mate], []

    return build


@pytest.mark.parametrize(
    ("situation", "confidence", "words"),
    [
        pytest.param(ha_pair(), "proven", "both have", id="shares the address"),
        pytest.param(ha_pair(shares=False), "proven", "spoke sends on it", id="the sender holds it"),
        pytest.param(ha_pair(sender=False), "proven", "both have", id="the sender is not to be had"),
        pytest.param(ha_pair(live=False, sender=False), "likely", "both have", id="the SA is past"),
    ],
)
def test_misdelivered(lab: Any, situation: Situation, confidence: str, words: str) -> None:
    check(lab, situation, "misdelivered", confidence, words)


def same_spi_elsewhere(lab: Any) -> Routers:
    """The hub and another branch have an SA with the SPI that the mate's line from the spoke names."""
    one, two = lab.pair()
    one.sas, one.flows, two.sas, two.flows = [], [], [], []
    other = lab.router("other", "192.0.2.77").configure(one.address)
    one.pair(other.address, OLD_SPI, lab.into_spoke)
    other.pair(one.address, lab.into_spoke, OLD_SPI)
    mate = lab.router("mate", "192.0.2.3").configure(lab.spoke)
    mate.line(OLD_SPI, lab.spoke, QUIET, destination=mate.address)
    return [one, two, mate, other], []


@pytest.mark.parametrize(
    ("situation", "mechanism"),
    [
        pytest.param(ha_pair(shares=False, sender=False), "unexplained", id="the same number by chance"),
        pytest.param(same_spi_elsewhere, "unexplained", id="the same number by chance, at both ends of another tunnel"),
        pytest.param(ha_pair(held=False), "stale-sa", id="nobody of ours receives on it, the sender sends"),
    ],
)
def test_near_misses_of_misdelivered(lab: Any, situation: Situation, mechanism: str) -> None:
    assert placed(lab, situation).mechanism == mechanism


def test_a_misdelivered_packet_belongs_to_the_tunnel_of_the_holder(lab: Any) -> None:
    assert placed(lab, ha_pair()).tunnel == f"{VIRTUAL}-{lab.spoke}"


def sender_holds(ago_s: tuple[float, ...] = (QUIET,), **change: Any) -> Situation:
    """The spoke sends on an SPI that the hub has not."""

    def build(lab: Any) -> Routers:
        one, two = lab.out_of_step(hub=change.get("hub"))
        one.messages = []
        one.line(lab.lost, lab.spoke, *ago_s)
        if change.get("also_here"):
            one.pair(lab.spoke, lab.lost, lab.into_spoke, age_s=1200)
        return [one, two], []

    return build


@pytest.mark.parametrize("ago_s", [(QUIET,), (600.0, 540.0, 480.0)])
def test_senders_current_sa(lab: Any, ago_s: tuple[float, ...]) -> None:
    check(lab, sender_holds(ago_s), "stale-sa", "proven", "sends on it now")


NO_TABLE: dict[str, Any] = {"hub": {"without": {"show crypto ipsec sa"}}}


@pytest.mark.parametrize(
    ("situation", "mechanism", "confidence", "words"),
    [
        pytest.param(sender_holds(also_here=True), "unexplained", "possible", "own live", id="the receiver has it"),
        pytest.param(
            sender_holds((700.0, 640.0, 570.0), **NO_TABLE), "stale-sa", "likely", "for 130 s", id="no table, repeated"
        ),
        pytest.param(sender_holds(**NO_TABLE), "stale-sa", "likely", "as outbound SA", id="no table, single"),
        pytest.param(
            sender_holds((1195.0,), **NO_TABLE), "rekey-race", "likely", "next to a rekey", id="no table, at a rekey"
        ),
    ],
)
def test_near_misses_of_the_senders_current_sa(
    lab: Any, situation: Situation, mechanism: str, confidence: str, words: str
) -> None:
    check(lab, situation, mechanism, confidence, words)


@pytest.mark.parametrize(("line_ago_s", "mechanism"), [(20.0, "rekey-race"), (700.0, "stale-sa")])
def test_an_sa_younger_than_the_receivers_table_proves_nothing(lab: Any, line_ago_s: float, mechanism: str) -> None:
    """The hub's table was taken 40 s before the spoke's, and in between the pair was rekeyed."""
    one, two = lab.pair(hub={"taken_at": lab.ago(40)})
    two.sas, two.flows = [], []
    age_s = 22.0 if line_ago_s < 100 else 1200.0
    two.pair(lab.hub, 0x0BADCAFE, lab.lost, age_s=age_s)
    one.line(lab.lost, lab.spoke, line_ago_s)
    assert lab.fleet(one, two).events[0].mechanism == mechanism


def traced(offset_s: float, lines: int = 1, **hub: Any) -> Situation:
    """The hub traced an inbound SA that it deleted 700 s ago; the line comes `offset_s` after."""

    def build(lab: Any) -> Routers:
        one, two = lab.pair(hub=hub)
        one.trace("create", OLD_SPI, lab.hub, 4000).trace("delete", OLD_SPI, lab.hub, 700)
        one.line(OLD_SPI, lab.spoke, *(700 - offset_s - n for n in range(lines)))
        return [one, two], []

    return build


@pytest.mark.parametrize("offset_s", [-0.5, 0.0, 30.0, 60.5])
def test_one_late_packet(lab: Any, offset_s: float) -> None:
    check(lab, traced(offset_s), "rekey-race", "proven", "one late packet")


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(traced(62.0), id="more than a minute after the delete"),
        pytest.param(traced(-3.0), id="before the delete"),
        pytest.param(traced(30.0, lines=2), id="twice"),
        pytest.param(traced(62.0, manifest=False), id="the receiver's own clock agrees with itself"),
    ],
)
def test_near_misses_of_a_late_packet(lab: Any, situation: Situation) -> None:
    check(lab, situation, "stale-sa", "proven", "had that SA once (event trace)")


@pytest.mark.parametrize(
    ("offset_s", "mechanism"), [(30.0, "rekey-race"), (62.0, "stale-sa")], ids=["late packet", "too late for one"]
)
@pytest.mark.parametrize("told", ["by the direction", "by the address"])
def test_a_log_that_says_which_sas_came_and_went(lab: Any, told: str, offset_s: float, mechanism: str) -> None:
    one, two = lab.pair()
    details = {"direction": "inbound"} if told == "by the direction" else {}
    for tag, ago_s in (("ASA-6-602303", 4000), ("ASA-6-602304", 700)):
        one.says(tag, ago_s, spi=OLD_SPI, source=lab.spoke, destination=lab.hub, details=details)
    one.line(OLD_SPI, lab.spoke, 700 - offset_s)
    event = lab.fleet(one, two).events[0]
    assert (event.mechanism, event.confidence) == (mechanism, "proven")
    assert [(e.how, e.installed_at, e.gone_at) for e in event.found] == [("log", lab.ago(4000), lab.ago(700))]


@pytest.mark.parametrize(
    ("offset_s", "mechanism", "words"),
    [
        pytest.param(-0.02, "rekey-race", "a moment too early", id="a moment before"),
        pytest.param(-100.0, "rekey-race", "a moment too early", id="within two minutes"),
        pytest.param(-125.0, "stale-sa", "had that SA once", id="earlier"),
        pytest.param(1700.0, "stale-sa", "had that SA once", id="while the receiver had it"),
    ],
)
def test_used_before_its_install_by_an_sa_that_is_gone_by_now(
    lab: Any, offset_s: float, mechanism: str, words: str
) -> None:
    """The hub's trace has the SA from 2500 s ago until 700 s ago; the line comes `offset_s` after the install."""
    one, two = lab.pair()
    one.trace("create", OLD_SPI, lab.hub, 2500).trace("delete", OLD_SPI, lab.hub, 700)
    one.line(OLD_SPI, lab.spoke, 2500 - offset_s)
    check(lab, lambda _: ([one, two], []), mechanism, "proven", words)


@pytest.mark.parametrize(("ago_s", "mechanism"), [(905.0, "rekey-race"), (1500.0, "stale-sa")])
def test_a_record_that_has_only_the_end_of_an_sa(lab: Any, ago_s: float, mechanism: str) -> None:
    """A trace of bounded length: whether the line came before the install is told by the rekey beside it."""
    one, two = lab.pair()
    one.trace("delete", OLD_SPI, lab.hub, 700)
    one.line(OLD_SPI, lab.spoke, ago_s)
    event = lab.fleet(one, two).events[0]
    assert event.mechanism == mechanism, event.because
    assert [e.how for e in event.found] == ["event trace"]


def sender_kept(kept_s: float, *, newer: bool = False, known_here: bool = True) -> Situation:
    """The hub deleted an SA 700 s ago, a line came a second later, the spoke deleted its own `kept_s` after it."""

    def build(lab: Any) -> Routers:
        one = lab.router("hub", lab.hub).configure(lab.spoke).ike(lab.spoke)
        two = lab.router("spoke", lab.spoke).configure(lab.hub).ike(lab.hub)
        if known_here:
            one.trace("create", OLD_SPI, lab.hub, 4000).trace("delete", OLD_SPI, lab.hub, 700)
        two.trace("create", OLD_SPI, lab.hub, 4000).trace("delete", OLD_SPI, lab.hub, 699 - kept_s)
        if newer:
            two.trace("create", lab.into_hub, lab.hub, 700)
        one.line(OLD_SPI, lab.spoke, 699)
        return [one, two], []

    return build


@pytest.mark.parametrize("known_here", [True, False])
def test_an_sa_that_the_sender_went_on_with_is_no_late_packet(lab: Any, *, known_here: bool) -> None:
    """A stream of under a minute leaves one line, as a late packet does: the sender's record tells them apart."""
    check(lab, sender_kept(25, known_here=known_here), "stale-sa", "proven", "for 25 s after the event")


@pytest.mark.parametrize(("reaches_back_s", "mechanism"), [(5000, "stale-sa"), (300, "rekey-race")])
def test_an_sa_that_the_receiver_never_had_is_stale_beside_a_newer_one(
    lab: Any, reaches_back_s: float, mechanism: str
) -> None:
    """That it never had it, its trace says where that reaches back before the line."""
    (one, two), _ = sender_kept(25, newer=True, known_here=False)(lab)
    one.trace("create", lab.into_spoke, lab.spoke, reaches_back_s)
    assert lab.fleet(one, two).events[0].mechanism == mechanism


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(sender_kept(0.02), id="the sender was told at once"),
        pytest.param(sender_kept(7), id="within a repetition and the doubt of the clocks"),
        pytest.param(sender_kept(25, newer=True), id="the sender had a newer one by then"),
    ],
)
def test_near_misses_of_an_sa_that_the_sender_went_on_with(lab: Any, situation: Situation) -> None:
    check(lab, situation, "rekey-race", "proven", "one late packet")


def older(offset_s: float, lines: int = 1) -> Situation:
    """The last collection, 6000 s ago, showed the SA with 3000 s left."""

    def build(lab: Any) -> Routers:
        one, two = lab.pair()
        before = lab.router("hub", lab.hub, taken_at=lab.ago(6000)).configure(lab.spoke)
        before.pair(lab.spoke, OLD_SPI, 0x0101, remaining_s=3000)
        one.line(OLD_SPI, lab.spoke, *(3000 - offset_s - n for n in range(lines)))
        return [one, two], [before]

    return build


@pytest.mark.parametrize(
    ("offset_s", "lines", "mechanism", "confidence", "words"),
    [
        pytest.param(-30, 1, "rekey-race", "likely", "lifetime", id="at its rekey"),
        pytest.param(-300, 1, "stale-sa", "proven", "older snapshot", id="in the middle of its life"),
        pytest.param(500, 1, "stale-sa", "proven", "older snapshot", id="long after its end"),
        pytest.param(-30, 2, "stale-sa", "proven", "older snapshot", id="twice"),
    ],
)
def test_an_older_snapshot_had_it(
    lab: Any, offset_s: float, lines: int, mechanism: str, confidence: str, words: str
) -> None:
    check(lab, older(offset_s, lines), mechanism, confidence, words)


@pytest.mark.parametrize(
    ("ago_s", "mechanism"),
    [((600.0, 540.0, 479.9), "stale-sa"), ((600.0, 540.0, 480.0), "unexplained"), ((500.0,), "unexplained")],
)
def test_the_same_flow_and_spi_for_more_than_two_minutes(lab: Any, ago_s: tuple[float, ...], mechanism: str) -> None:
    one, two = lab.pair()
    one.line(OLD_SPI, lab.spoke, *ago_s)
    assert lab.fleet(one, two).events[0].mechanism == mechanism


def handed_out(ago_s: float, *, by: str = "receiver") -> Situation:
    def build(lab: Any) -> Routers:
        one, two = lab.pair(version="v2")
        if by == "receiver":
            child = (ChildSa(direction="in", spi=OLD_SPI),)
            one.ikes["v2"][0] = lab.replace(one.ikes["v2"][0], child_sas=child)
        else:
            two.trace("create", OLD_SPI, lab.hub, 5000)
        one.line(OLD_SPI, lab.spoke, ago_s)
        return [one, two], []

    return build


@pytest.mark.parametrize(
    ("situation", "mechanism", "words"),
    [
        pytest.param(handed_out(QUIET), "stale-sa", "handed that SPI out", id="named by the receiver's IKE SA"),
        pytest.param(handed_out(QUIET, by="sender"), "stale-sa", "as outbound SA", id="once in the sender's list"),
        pytest.param(handed_out(905), "rekey-race", "next to a rekey", id="but at a rekey"),
    ],
)
def test_handed_out_and_never_installed(lab: Any, situation: Situation, mechanism: str, words: str) -> None:
    check(lab, situation, mechanism, "likely", words)


def bits(flipped: int, *ago_s: float, source: str | None = None) -> Situation:
    def build(lab: Any) -> Routers:
        one, two = lab.pair()
        one.configure(lab.stranger)
        one.line(lab.into_hub ^ flipped, source or lab.spoke, *(ago_s or (QUIET,)))
        return [one, two], []

    return build


@pytest.mark.parametrize("flipped", [0x1, 0x80000000, 0x3, 0x80000001])
def test_damaged(lab: Any, flipped: int) -> None:
    check(lab, bits(flipped), "damaged", "likely", f"differs in {flipped.bit_count()} bit")


def test_damaged_again_many_minutes_later(lab: Any) -> None:
    check(lab, bits(0x1, QUIET, QUIET - 360), "damaged", "likely", "differs in 1 bit")


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(bits(0x7), id="three bits"),
        pytest.param(bits(0x1, QUIET, QUIET - 60), id="repeated"),
        pytest.param(bits(0x1, source="203.0.113.66"), id="near another source's SPI"),
    ],
)
def test_near_misses_of_damage(lab: Any, situation: Situation) -> None:
    assert placed(lab, situation).mechanism == "unexplained"


def set_up_anew(ago_s: float) -> Situation:
    """A line for an SPI that nobody has; the pair was set up 900 s ago, with the IKE SAs: nothing was rekeyed."""

    def build(lab: Any) -> Routers:
        one, two = lab.pair()
        for router, peer in ((one, lab.spoke), (two, lab.hub)):
            router.ikes["v1"].clear()
            router.ike(peer, age_s=900)
        return [one.line(OLD_SPI, lab.spoke, ago_s), two], []

    return build


@pytest.mark.parametrize(("ago_s", "mechanism"), [(940, "unexplained"), (901, "rekey-race"), (870, "rekey-race")])
def test_a_line_before_a_new_set_up_met_no_rekey(lab: Any, ago_s: float, mechanism: str) -> None:
    assert placed(lab, set_up_anew(ago_s)).mechanism == mechanism


def unknown_spi(*ago_s: float, hub: Any = None, spoke: Any = None, only: str = "both") -> Situation:
    """A line for an SPI that nobody has; `only`: whose SA table was had. The pair was installed 900 s ago."""

    def build(lab: Any) -> Routers:
        one, two = lab.pair(hub=hub, spoke=spoke)
        if only == "spoke":
            one.without.add("show crypto ipsec sa")
        if only == "hub":
            two.without.add("show crypto ipsec sa")
        one.line(OLD_SPI, lab.spoke, *ago_s)
        return [one, two], []

    return build


LOOSE = {"manifest": False}
LOST_CLOCK = {"manifest": False, "ntp": False, "mark": "*"}


@pytest.mark.parametrize(
    ("situation", "mechanism"),
    [
        pytest.param(unknown_spi(1021), "rekey-race", id="121 s before"),
        pytest.param(unknown_spi(1025), "unexplained", id="125 s before"),
        pytest.param(unknown_spi(839), "rekey-race", id="61 s after"),
        pytest.param(unknown_spi(835), "unexplained", id="65 s after"),
        pytest.param(unknown_spi(905, 904), "unexplained", id="twice"),
        pytest.param(unknown_spi(1075, hub=LOOSE, spoke=LOOSE), "rekey-race", id="tables without their time"),
        pytest.param(unknown_spi(1083, hub=LOOSE, only="hub"), "unexplained", id="own clock, not widened by another's"),
        pytest.param(unknown_spi(1083, hub=LOOSE, spoke=LOOSE), "rekey-race", id="widened by both clocks"),
        pytest.param(unknown_spi(1086, hub=LOOSE, spoke=LOOSE), "unexplained", id="and by no more"),
        pytest.param(unknown_spi(905, spoke=LOST_CLOCK), "rekey-race", id="the sender's clock is unknown: own table"),
        pytest.param(
            unknown_spi(905, spoke=LOST_CLOCK, only="spoke"), "unexplained", id="only the unknown clock's table"
        ),
        pytest.param(unknown_spi(900 + 3570 - 5), "rekey-race", id="one lifetime earlier"),
        pytest.param(unknown_spi(900 + 3570 - 90), "unexplained", id="not quite one lifetime earlier"),
        pytest.param(unknown_spi(900 + 2 * 3570 + 140), "rekey-race", id="two, each less certain"),
    ],
)
def test_unknown_and_single_next_to_a_rekey(lab: Any, situation: Situation, mechanism: str) -> None:
    event = placed(lab, situation)
    assert event.mechanism == mechanism, event.because
    if mechanism == "rekey-race":
        seen = "a rekey every" not in event.because
        assert event.confidence == ("likely" if seen else "possible")


@pytest.mark.parametrize(
    ("uptime_s", "mechanism"),
    [(960, "unexplained"), (1200, "unexplained"), (1270, "rekey-race"), (800, "rekey-race")],
    ids=["a minute before", "five minutes before", "longer before", "after it"],
)
def test_a_restart_before_the_line_explains_it_as_well_as_a_rekey(lab: Any, uptime_s: int, mechanism: str) -> None:
    """The line came 905 s ago, next to the SA of 900 s ago: it may be for one from before the restart."""
    check(
        lab,
        unknown_spi(905, hub={"uptime_s": uptime_s}),
        mechanism,
        "likely" if mechanism == "rekey-race" else "possible",
        "next to a rekey" if mechanism == "rekey-race" else "in no table",
    )


def test_without_a_tunnel_there_is_no_rekey_to_be_next_to(lab: Any) -> None:
    one, two = lab.pair(hub={"without": {"show running-config"}})
    one.line(OLD_SPI, lab.stranger, 905)
    event = lab.fleet(one, two).events[0]
    assert (event.mechanism, event.because) == (
        "unexplained",
        "the SPI is in no table, trace or log that was collected",
    )


def test_found_is_where_the_ledger_has_the_spi(lab: Any) -> None:
    event = placed(lab, sender_holds())
    assert [(e.device, e.role, e.how) for e in event.found] == [("spoke", "sender", "live table")]


def sessions(*changes: tuple[str, str, float]) -> Situation:
    """One line at the hub 400 s ago, its SPI nowhere, and who logged which change of the session, so long ago."""

    def build(lab: Any) -> Routers:
        one, two = lab.pair()
        one.line(FOREIGN_SPI, lab.spoke, QUIET)
        for who, state, ago_s in changes:
            router, peer = (one, lab.spoke) if who == "hub" else (two, lab.hub)
            router.says("CRYPTO-5-SESSION_STATUS", ago_s, details={"state": state, "peer": peer})
        return [one, two], []

    return build


@pytest.mark.parametrize(
    ("situation", "told"),
    [
        pytest.param(sessions(("hub", "down", 401)), ("rekey-race", "likely"), id="the hub's end alone is known"),
        pytest.param(
            sessions(("hub", "down", 401), ("spoke", "down", 400.5)), ("rekey-race", "likely"), id="both end at once"
        ),
        pytest.param(
            sessions(("hub", "down", 401), ("spoke", "down", 375)), ("stale-sa", "likely"), id="the sender went on"
        ),
        pytest.param(
            sessions(("hub", "down", 420), ("spoke", "down", 375)), ("stale-sa", "likely"), id="not next to the end"
        ),
        pytest.param(
            sessions(("hub", "down", 420), ("hub", "up", 410), ("spoke", "up", 410), ("spoke", "down", 375)),
            ("unexplained", "possible"),
            id="they had a new session by then",
        ),
        pytest.param(
            sessions(("hub", "down", 420), ("spoke", "down", 300)), ("unexplained", "possible"), id="another end"
        ),
        pytest.param(sessions(("spoke", "down", 375)), ("unexplained", "possible"), id="the hub's went on too"),
    ],
)
def test_whether_the_sender_kept_its_session(lab: Any, situation: Situation, told: tuple[str, str]) -> None:
    event = placed(lab, situation)
    assert (event.mechanism, event.confidence) == told, event.because
