"""One story for each cause in which it comes first, and one for each thing that rules it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from vpnaudit.model.config import ConfigInterface, MapEntry

Story = Callable[[Any], list[Any]]
FOREIGN_SPI, OLD_SPI = 0x12345678, 0x3344AA55
MINUTES = tuple(float(n) for n in range(600, 0, -60))
VIRTUAL = "192.0.2.100"


def met_a_rekey(lab: Any) -> list[Any]:
    one, two = lab.pair()
    return [one.line(OLD_SPI, lab.spoke, 905), two]


def met_a_rekey_twice(lab: Any) -> list[Any]:
    """The same SPI a minute later."""
    one, two = lab.pair()
    return [one.line(OLD_SPI, lab.spoke, 960, 890), two]


def many_spis_at_one_rekey(lab: Any) -> list[Any]:
    one, two = lab.pair()
    for n in range(8):
        one.line(OLD_SPI + n, lab.spoke, 905 - n)
    return [one, two]


def busy(lab: Any, *, used_kb: int = 3_750_000) -> list[Any]:
    """100 Mbit/s: a rekey every 332 s, and lines at some of them."""
    one, two = lab.pair()
    for router, peer, spis in (
        (one, lab.spoke, (lab.into_hub, lab.into_spoke)),
        (two, lab.hub, (lab.into_spoke, lab.into_hub)),
    ):
        router.sas, router.flows = [], []
        router.pair(peer, *spis, age_s=300, remaining_kb=4_608_000 - used_kb)
    for n in range(5):
        one.line(OLD_SPI + n, lab.spoke, 300 + 332 * n)
    return [one, two]


def not_busy(lab: Any) -> list[Any]:
    """The same lines where traffic and lifetime allow a rekey an hour."""
    return busy(lab, used_kb=1000)


def lifetimes(lab: Any, *, version: str = "v2", spoke_s: int = 28_800, remaining_s: int = 23_800) -> list[Any]:
    """The hub's lifetime ran out 1400 s ago, and the lines began."""
    one = lab.router("hub", lab.hub).configure(lab.spoke)
    two = lab.router("spoke", lab.spoke, life_s=spoke_s).configure(lab.hub)
    two.pair(lab.hub, lab.into_spoke, lab.lost, remaining_s=remaining_s).ike(lab.hub, version=version)
    return [one.line(lab.lost, lab.spoke, *range(1380, 0, -60)), two]


def own_record_of_the_end(lab: Any) -> list[Any]:
    """It is over: the hub's trace has the SA's hour, and the lines began as it ended."""
    one, two = lab.pair(version="v2", spoke={"life_s": 28_800})
    one.trace("create", OLD_SPI, lab.hub, 20_000).trace("delete", OLD_SPI, lab.hub, 20_000 - 3600)
    return [one.line(OLD_SPI, lab.spoke, *range(16_380, 15_000, -60)), two]


def as_long_as_the_difference(lab: Any) -> list[Any]:
    """It is over, and the lines went on for the difference of the lifetimes, an hour."""
    one, two = lab.pair(version="v2", spoke={"life_s": 7200})
    return [one.line(OLD_SPI, lab.spoke, *range(16_000, 12_399, -60)), two]


def longer_than_the_difference(lab: Any) -> list[Any]:
    one, two = lab.pair(version="v2", spoke={"life_s": 7200})
    return [one.line(OLD_SPI, lab.spoke, *range(22_000, 12_399, -60)), two]


def equal_lifetimes(lab: Any) -> list[Any]:
    return lifetimes(lab, spoke_s=3600, remaining_s=2000)


def negotiated_down(lab: Any) -> list[Any]:
    return lifetimes(lab, version="v1", remaining_s=2000)


def began_at_another_time(lab: Any) -> list[Any]:
    one, two = lifetimes(lab)
    one.messages = []
    return [one.line(lab.lost, lab.spoke, *MINUTES), two]


def reloaded(lab: Any, *, spoke_dpd: str = "off", **given: Any) -> list[Any]:
    """The hub came up 900 s ago, the spoke's SA is from before."""
    return list(
        lab.out_of_step(
            hub={"uptime_s": 900, **given.get("hub", {})},
            spoke={"dpd": spoke_dpd, **given.get("spoke", {})},
            ike="spoke",
        )
    )


def cleared(lab: Any) -> list[Any]:
    one, two = lab.out_of_step(spoke={"dpd": "on-demand"}, ike="spoke")
    return [one.says("PARSER-5-CFGLOG_LOGGEDCMD", 640, details={"command": "clear crypto sa"}), two]


def took_over(lab: Any) -> list[Any]:
    one, two = lab.out_of_step(spoke={"dpd": "off"}, ike="spoke")
    return [one.says("HSRP-5-STATECHANGE", 640, details={"state": "Active"}), two]


def sender_younger(lab: Any) -> list[Any]:
    """Both ends came up, the sender after the receiver and before the lines; they agree since."""
    one, two = lab.pair(hub={"uptime_s": 1500}, spoke={"dpd": "off", "uptime_s": 1200})
    for router, peer, spis in (
        (one, lab.spoke, (lab.into_hub, lab.into_spoke)),
        (two, lab.hub, (lab.into_spoke, lab.into_hub)),
    ):
        router.sas, router.flows, router.ikes["v1"] = [], [], []
        router.pair(peer, *spis, age_s=50).ike(peer, age_s=1100)
    return [one.line(lab.lost, lab.spoke, *range(800, 200, -60)), two]


def told_by_ike(lab: Any, **given: Any) -> list[Any]:
    return list(lab.out_of_step(**given))


def no_ike_at_the_receiver(lab: Any) -> list[Any]:
    return told_by_ike(lab, ike="spoke")


def no_ike_at_the_sender(lab: Any) -> list[Any]:
    return told_by_ike(lab, ike="hub")


def ike_younger_than_the_lines(lab: Any) -> list[Any]:
    return told_by_ike(lab, ike_age_s=120)


def stranger(lab: Any) -> list[Any]:
    one, two = lab.pair()
    return [one.line(FOREIGN_SPI, lab.stranger, 400), two]


def stranger_is_a_peer(lab: Any) -> list[Any]:
    one, two = stranger(lab)
    return [one.configure(lab.stranger), two]


def stranger_may_be_any_peer(lab: Any) -> list[Any]:
    one, two = stranger(lab)
    one.config["map_entries"] = (
        MapEntry(line=6, name="M", sequence=10, peers=(lab.spoke,)),
        MapEntry(line=7, name="M", sequence=20, kind="dynamic", dynamic_map="D"),
    )
    return [one, two]


def stranger_at_a_hub(lab: Any) -> list[Any]:
    one, two = stranger(lab)
    one.config["interfaces"] = (
        ConfigInterface(line=12, name=lab.outside, addresses=(f"{lab.hub}/24",), crypto_map="M"),
        ConfigInterface(line=13, name="Tunnel0", tunnel_mode="gre multipoint", ipsec_profile="P"),
    )
    return [one, two]


def wrong_member(lab: Any, *, own: bool = False) -> list[Any]:
    """The hub has the SA for the virtual address; the packet reaches its mate, or (`own`) the hub itself."""
    one = lab.router("hub", lab.hub).configure(lab.spoke)
    mate = lab.router("mate", "192.0.2.3").configure(lab.spoke)
    two = lab.router("spoke", lab.spoke).configure(VIRTUAL)
    for router in (one, mate):
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
    one.pair(lab.spoke, lab.into_hub, lab.into_spoke, local=VIRTUAL).ike(lab.spoke, local=VIRTUAL)
    two.pair(VIRTUAL, lab.into_spoke, lab.into_hub).ike(VIRTUAL)
    (one if own else mate).line(lab.into_hub, lab.spoke, 240, 180, 120, 60, destination=VIRTUAL)
    return [one, mate, two]


def right_member(lab: Any) -> list[Any]:
    return wrong_member(lab, own=True)


def one_address(lab: Any, *ports: int) -> list[Any]:
    """Several boxes behind the spoke's address; none of them is ours. They set up their IKE SAs as the lines began."""
    one = lab.router("hub", lab.hub).configure(lab.spoke)
    for n, port in enumerate(ports):
        one.pair(lab.spoke, 0x1001 + n, 0x2001 + n, peer_port=port)
        one.ike(lab.spoke, remote_port=port, age_s=MINUTES[0])
    return [one.line(OLD_SPI, lab.spoke, *MINUTES)]


def two_ports(lab: Any) -> list[Any]:
    return one_address(lab, 4500, 61_002)


def one_port(lab: Any) -> list[Any]:
    return one_address(lab, 4500)


def twin_tunnels(lab: Any, *, shared: bool = False) -> list[Any]:
    """Two tunnel interfaces with the same source and destination."""
    one = lab.router("hub", lab.hub)
    one.config["interfaces"] = (
        ConfigInterface(line=12, name=lab.outside, addresses=(f"{lab.hub}/24",)),
        *(
            ConfigInterface(
                line=13 + n,
                name=f"Tunnel{n}",
                tunnel_source=lab.outside,
                tunnel_destination=lab.spoke,
                ipsec_profile="P",
                protection_shared=shared,
            )
            for n in range(2)
        ),
    )
    one.pair(lab.spoke, 0x1001, 0x2001, interface="Tunnel0").ike(lab.spoke)
    return [one.line(OLD_SPI, lab.spoke, *MINUTES)]


def shared_protection(lab: Any) -> list[Any]:
    return twin_tunnels(lab, shared=True)


def flapping(lab: Any, times: int = 4) -> list[Any]:
    one, two = lab.pair()
    for n in range(times):
        at = 3000.0 - 700 * n
        one.says("CRYPTO-5-SESSION_STATUS", at + 15, details={"state": "down", "peer": lab.spoke})
        one.says("CRYPTO-5-SESSION_STATUS", at, details={"state": "up", "peer": lab.spoke})
        one.line(OLD_SPI + n, lab.spoke, at - 1, at - 62)
    return [one, two]


def flapped_once(lab: Any) -> list[Any]:
    return flapping(lab, 1)


def flapped_twice_at_both_ends(lab: Any) -> list[Any]:
    """Two set-ups, each logged by both ends."""
    one, two = flapping(lab, 2)
    for n in range(2):
        two.says("CRYPTO-5-SESSION_STATUS", 3000.2 - 700 * n, details={"state": "up", "peer": lab.hub})
    return [one, two]


def sessions_of_one_lifetime(lab: Any) -> list[Any]:
    """Nobody rekeys: each session ends with its SA's ten minutes, and traffic sets up the next a while later."""
    one, two = lab.pair(hub={"life_s": 600}, spoke={"life_s": 600})
    for n in range(4):
        at = 3000.0 - 700 * n
        one.says("CRYPTO-5-SESSION_STATUS", at, details={"state": "up", "peer": lab.spoke})
        one.says("CRYPTO-5-SESSION_STATUS", at - 600, details={"state": "down", "peer": lab.spoke})
        one.line(OLD_SPI + n, lab.spoke, at - 600.1, at - 661)
    return [one, two]


def long_lived(lab: Any) -> list[Any]:
    one, two = lab.pair()
    for n in range(4):
        one.line(OLD_SPI + n, lab.spoke, 2200 - 500 * n, 2140 - 500 * n)
    return [one, two]


def refused_identities(lab: Any) -> list[Any]:
    one, two = lab.pair()
    one.says("CRYPTO-4-RECVD_PKT_INV_IDENTITY", 420, source=lab.spoke)
    return [one.line(OLD_SPI, lab.spoke, *MINUTES), two]


def refused_of_another_peer(lab: Any) -> list[Any]:
    one, two = lab.pair()
    one.says("CRYPTO-4-RECVD_PKT_INV_IDENTITY", 420, source=lab.stranger)
    return [one.line(OLD_SPI, lab.spoke, *MINUTES), two]


def refused_long_before(lab: Any) -> list[Any]:
    one, two = lab.pair()
    one.says("CRYPTO-4-RECVD_PKT_INV_IDENTITY", 6000, source=lab.spoke)
    return [one.line(OLD_SPI, lab.spoke, *MINUTES), two]


def group_member(lab: Any, interface: str = "GigabitEthernet0/1") -> list[Any]:
    one, two = lab.pair()
    one.config["map_entries"] = (
        MapEntry(line=6, name="M", sequence=10, peers=(lab.spoke,)),
        MapEntry(line=7, name="G", sequence=10, kind="gdoi"),
    )
    one.config["interfaces"] = (
        ConfigInterface(line=12, name=lab.outside, addresses=(f"{lab.hub}/24",), crypto_map="M"),
        ConfigInterface(line=14, name="GigabitEthernet0/1", addresses=("10.9.9.1/24",), crypto_map="G"),
    )
    for source in ("10.20.0.9", "10.30.0.9", "10.40.0.9"):
        one.line(OLD_SPI, source, 240, 180, 120, interface=interface)
    return [one, two]


def no_group_map_there(lab: Any) -> list[Any]:
    return group_member(lab, lab.outside)


def short_of_memory(lab: Any, failed_ago_s: float | None = 420.0, free: int = 200_000_000) -> list[Any]:
    one, two = lab.out_of_step(hub={"free": free}, ike="spoke")
    if failed_ago_s is not None:
        one.says("SYS-2-MALLOCFAIL", failed_ago_s, details={"process": "Crypto IKMP", "pool": "Processor"})
    return [one, two]


def low_now(lab: Any) -> list[Any]:
    return short_of_memory(lab, None, free=4_000_000)


def memory_in_order(lab: Any) -> list[Any]:
    return short_of_memory(lab, None)


def failed_the_day_before(lab: Any) -> list[Any]:
    return short_of_memory(lab, 90_000.0)


def answered_elsewhere(lab: Any, capabilities: str = "D", *, loopback: bool = True) -> list[Any]:
    """The sender's IKE SA with periodic DPD outlives ten minutes of lines, and the receiver has none.

    The address is that of the receiver's loopback, where routing may bring it to others too, or of its line.
    """
    one, two = lab.out_of_step(ike="none")
    outside = ConfigInterface(line=12, name=lab.outside, addresses=("203.0.113.1/24",), crypto_map="M")
    own = ConfigInterface(line=15, name="Loopback1", addresses=(f"{lab.hub}/32",))
    if loopback:
        one.config.update(interfaces=(outside, own), map_local_address={"M": "Loopback1"})
    return [one, two.ike(lab.hub, age_s=50_000, capabilities=capabilities)]


def not_asked_whether_alive(lab: Any) -> list[Any]:
    return answered_elsewhere(lab, "")


def has_the_address_alone(lab: Any) -> list[Any]:
    return answered_elsewhere(lab, loopback=False)


def outages(lab: Any, before_s: float = 60.0, *, ike_age_s: int = 3000, of: tuple[int, ...] = (0, 1, 2)) -> list[Any]:
    """The hub's line went down before each stream (or before those of `of`)."""
    one, two = lab.pair()
    for n in range(3):
        at = 9000.0 - 2500 * n
        if n in of:
            one.says("LINEPROTO-5-UPDOWN", at + before_s, interface=lab.outside, details={"state": "down"})
        one.line(OLD_SPI + n, lab.spoke, at, at - 60, at - 130)
    one.ikes["v1"], two.ikes["v1"] = [], []
    return [one.ike(lab.spoke, age_s=ike_age_s), two.ike(lab.hub, age_s=ike_age_s)]


def cut_off_for_an_hour(lab: Any, *, back_s: float = 603.0) -> list[Any]:
    """The sender's line was down for an hour and came back as the lines began: its SA had outlived the receiver's."""
    one, two = lab.out_of_step(ike="none")
    for at, state in ((4200.0, "down"), (back_s, "up")):
        two.says("LINEPROTO-5-UPDOWN", at, interface=lab.outside, details={"state": state})
    return [one, two]


def cut_off_and_long_back(lab: Any) -> list[Any]:
    return cut_off_for_an_hour(lab, back_s=1000.0)


def given_up_with_others(lab: Any, other_s: float = 1105.0, *, up_again: bool = False) -> list[Any]:
    """The receiver's sessions with all its peers went down long before the lines, and this one did not come back."""
    one, two = lab.out_of_step(ike="none")
    one.says("CRYPTO-5-SESSION_STATUS", 1100, details={"state": "down", "peer": lab.spoke})
    one.says("CRYPTO-5-SESSION_STATUS", other_s, details={"state": "down", "peer": lab.stranger})
    if up_again:
        one.says("CRYPTO-5-SESSION_STATUS", 900, details={"state": "up", "peer": lab.spoke})
    return [one, two]


def given_up_alone(lab: Any) -> list[Any]:
    return given_up_with_others(lab, other_s=9000.0)


def given_up_and_set_up_again(lab: Any) -> list[Any]:
    return given_up_with_others(lab, up_again=True)


def no_outage_near(lab: Any) -> list[Any]:
    return outages(lab, before_s=400.0)


def ike_survived(lab: Any) -> list[Any]:
    return outages(lab, ike_age_s=50_000)


def session_ended_under_ike(lab: Any, *, at_sender: bool = False) -> list[Any]:
    """A session went down as its SA did, and the IKE SA of the device that says so is older than that."""
    one, two = lab.out_of_step(ike_age_s=630)
    who, peer = (two, lab.hub) if at_sender else (one, lab.spoke)
    who.says("CRYPTO-5-SESSION_STATUS", 601, details={"state": "down", "peer": peer})
    return [one, two]


def session_ended_under_the_senders_ike(lab: Any) -> list[Any]:
    return session_ended_under_ike(lab, at_sender=True)


def damaged(lab: Any, errors: int = 40, *ago_s: float) -> list[Any]:
    one, two = lab.pair(hub={"input_errors": errors})
    return [one.line(lab.into_hub ^ 0x3, lab.spoke, *(ago_s or (400.0,))), two]


def damaged_several(lab: Any) -> list[Any]:
    one, two = damaged(lab, 0)
    return [one.line(lab.into_hub ^ 0x100, lab.spoke, 300.0), two]


def damaged_repeatedly(lab: Any) -> list[Any]:
    return damaged(lab, 40, 400.0, 340.0)


def refuses_its_own(lab: Any, *ago_s: float, **hub: Any) -> list[Any]:
    one, two = lab.pair(hub=hub)
    return [one.line(lab.into_hub, lab.spoke, *(ago_s or (500.0, 440.0, 380.0))), two]


def refuses_its_own_once(lab: Any) -> list[Any]:
    return refuses_its_own(lab, 500.0)


def refuses_its_own_by_a_doubtful_clock(lab: Any) -> list[Any]:
    return refuses_its_own(lab, manifest=False, ntp=False, mark="*")


def a_log_alone(lab: Any) -> list[Any]:
    router = lab.router()
    router.without |= {c for c in router.answers() if c != "show logging"}
    return [router.line(0x9E6D41B7, lab.stranger, 1000).line(0x430A8C9C, lab.spoke, 480).line(0x8716502A, lab.spoke, 9)]


class Cases(NamedTuple):
    """`first`: stories that the cause explains; `ruled_out`: near ones that it must not, by what rules it out."""

    first: dict[str, Story]
    ruled_out: dict[str, Story]


CASES: dict[str, Cases] = {
    "normal-rekey": Cases(
        {"one line": met_a_rekey},
        {"the same SPI a minute later": met_a_rekey_twice, "more SPIs than rekeys": many_spis_at_one_rekey},
    ),
    "frequent-rekey": Cases({"volume": busy}, {"few rekeys": not_busy}),
    "lifetime-mismatch": Cases(
        {
            "IKEv2": lifetimes,
            "the receiver's own record": own_record_of_the_end,
            "as long as the difference": as_long_as_the_difference,
        },
        {
            "equal": equal_lifetimes,
            "negotiated down": negotiated_down,
            "began later": began_at_another_time,
            "too long": longer_than_the_difference,
        },
    ),
    "reset-not-detected": Cases(
        {"reload": reloaded, "clear": cleared, "failover": took_over},
        {"up since long": no_ike_at_the_receiver, "both ends younger": sender_younger},
    ),
    "delete-lost": Cases(
        {"IKE alive at both ends": told_by_ike},
        {
            "no IKE SA at the receiver": no_ike_at_the_receiver,
            "no IKE SA at the sender": no_ike_at_the_sender,
            "IKE SAs of later": ike_younger_than_the_lines,
            "a reload": reloaded,
        },
    ),
    "missing-ike-sa": Cases(
        {"no IKE SA at the receiver": no_ike_at_the_receiver},
        {"IKE SAs at both": told_by_ike, "a reload": reloaded, "a lifetime": lifetimes},
    ),
    "unconfigured-source": Cases(
        {"a stranger": stranger},
        {"a peer": stranger_is_a_peer, "a dynamic map": stranger_may_be_any_peer, "a hub": stranger_at_a_hub},
    ),
    "misdelivery": Cases(
        {"the mate": wrong_member, "one that answers": answered_elsewhere},
        {
            "the receiver's own": right_member,
            "DPD that is not in force": not_asked_whether_alive,
            "alone": has_the_address_alone,
        },
    ),
    "address-shared": Cases(
        {"two ports": two_ports, "twin tunnels": twin_tunnels},
        {"one port": one_port, "shared protection": shared_protection},
    ),
    "tunnel-flap": Cases(
        {"four an hour": flapping},
        {
            "once": flapped_once,
            "twice, at both ends": flapped_twice_at_both_ends,
            "sessions of one lifetime": sessions_of_one_lifetime,
            "SAs live on": long_lived,
        },
    ),
    "policy-mismatch": Cases(
        {"refused": refused_identities},
        {"of another peer": refused_of_another_peer, "long before": refused_long_before, "none": long_lived},
    ),
    "group-key-missed": Cases({"a member": group_member}, {"no group map there": no_group_map_there}),
    "low-memory": Cases(
        {"failures": short_of_memory, "low now": low_now},
        {"memory in order": memory_in_order, "the day before": failed_the_day_before},
    ),
    "packet-loss": Cases(
        {
            "outages": outages,
            "an outage that ended": cut_off_for_an_hour,
            "sessions that ended together": given_up_with_others,
        },
        {
            "no outage near": no_outage_near,
            "one that ended long before": cut_off_and_long_back,
            "a session that ended by itself": given_up_alone,
            "one that came back": given_up_and_set_up_again,
            "IKE survived": ike_survived,
            "IKE survived the session": session_ended_under_ike,
            "IKE survived the sender's session": session_ended_under_the_senders_ike,
        },
    ),
    "damaged-in-transit": Cases(
        {"two bits": damaged, "two packets": damaged_several}, {"repeated": damaged_repeatedly}
    ),
    "suspected-defect": Cases(
        {"its own table": refuses_its_own},
        {
            "a plainer cause": told_by_ike,
            "once": refuses_its_own_once,
            "a doubtful clock": refuses_its_own_by_a_doubtful_clock,
        },
    ),
    "insufficient-evidence": Cases({"a log alone": a_log_alone}, {"one cause that fits": told_by_ike}),
}


class Stories:
    """The stories by name, and the table."""

    cases = CASES
    busy, damaged, lifetimes, outages = map(staticmethod, (busy, damaged, lifetimes, outages))
    reloaded, told_by_ike, short_of_memory = map(staticmethod, (reloaded, told_by_ike, short_of_memory))
    stranger, flapping, met_a_rekey = map(staticmethod, (stranger, flapping, met_a_rekey))
    wrong_member, group_member = map(staticmethod, (wrong_member, group_member))


@pytest.fixture(scope="session")
def stories() -> type[Stories]:
    return Stories


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that asks for `story` each story of the table, by `cause` and what it is."""
    kind = "first" if "first_story" in metafunc.fixturenames else "ruled_out"
    name = f"{kind}_story"
    if name in metafunc.fixturenames:
        found = [(cause, story, word) for cause, c in CASES.items() for word, story in getattr(c, kind).items()]
        metafunc.parametrize(
            ("cause", name), [pytest.param(cause, story, id=f"{cause}: {word}") for cause, story, word in found]
        )
