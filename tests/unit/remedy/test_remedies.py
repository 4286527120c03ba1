"""What is proposed for every cause and every area of findings, and what never is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.model.config import (
    AclEntry,
    AppletCommand,
    ConfigFacts,
    ConfigInterface,
    DpdSetting,
    EventApplet,
    IkeProfile,
    LifetimeSetting,
    MapEntry,
    PeerMatch,
)
from vpnaudit.model.device import Device
from vpnaudit.model.event import Episode, Event, Mechanism
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import Facts, Parsed, ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Finding, Remediation, Severity, Story, Subject, WouldSettle
from vpnaudit.model.ledger import Ledger
from vpnaudit.model.platform import RemedySyntax
from vpnaudit.model.sa import IkeSa
from vpnaudit.model.snapshot import Capture
from vpnaudit.model.tunnel import Dpd, Lifetime, LiveIke, LiveSa, StaleOutbound, Tunnel, TunnelEnd
from vpnaudit.platforms.cisco_ios.remedies import REMEDIES
from vpnaudit.remedy import for_diagnosis, for_finding
from vpnaudit.remedy.registry import cause_names, finding_areas

CAUSES = (
    "normal-rekey",
    "frequent-rekey",
    "lifetime-mismatch",
    "reset-not-detected",
    "delete-lost",
    "missing-ike-sa",
    "unconfigured-source",
    "misdelivery",
    "address-shared",
    "tunnel-flap",
    "policy-mismatch",
    "group-key-missed",
    "low-memory",
    "packet-loss",
    "damaged-in-transit",
    "suspected-defect",
    "insufficient-evidence",
)
AREAS = ("SPI", "LIFE", "DPD", "IKE", "MEM", "REL", "LOSS", "CFG", "LOG", "COL")
SYNTAXES: dict[str, RemedySyntax] = {"cisco_ios": REMEDIES}
T0 = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
R1, R2, STRANGER = "192.0.2.1", "198.51.100.2", "203.0.113.66"
SPI = 0x1234ABCD
LINE = Evidence(device="r1", command="show logging", file="r1/show_logging.txt", line=1)

RUNNING = """\
hostname {name}
crypto isakmp policy 10
crypto isakmp key <redacted> address {peer}
{keepalive}crypto map OUT 10 ipsec-isakmp
 set peer {peer}
 match address PROTECT
interface GigabitEthernet0/0
 ip address {own} 255.255.255.0
 ip access-group EDGE in
 crypto map OUT
ip access-list extended EDGE
{edge}end
"""


def device(name: str, own: str, peer: str, **options: Any) -> Device:
    """A router with one crypto map entry. Options: keepalive, edge (entries), facts (replaced ones), platform."""
    keepalive = options.get("keepalive", "")
    edge: list[AclEntry] = options.get("edge", [permit("ip", "0.0.0.0/0")])
    running = RUNNING.format(
        name=name, own=own, peer=peer, keepalive=keepalive, edge="".join(f" {e.text}\n" for e in edge)
    )
    facts = ConfigFacts(
        line=1,
        whole=True,
        isakmp_keys=(PeerMatch(line=3, address=peer),),
        map_entries=(MapEntry(line=4, name="OUT", sequence=10, peers=(peer,), acl="PROTECT"),),
        interfaces=(
            ConfigInterface(
                line=7, name="GigabitEthernet0/0", addresses=(f"{own}/24",), crypto_map="OUT", acl_in="EDGE"
            ),
        ),
        acls={"EDGE": tuple(edge)},
        gdoi_groups=(),
    )
    facts = msgspec.structs.replace(facts, **options.get("facts", {}))
    capture = Capture(device=name, command="show running-config", text=options.get("running", running), file="c.txt")
    parsed = ParsedCapture(capture=capture, parsed=Parsed(facts=Facts(config=facts)))
    return Device(
        name=name,
        platform=options.get("platform", "cisco_ios"),
        defaults=None,
        captures=() if options.get("no_config") else (parsed,),
        clock_synchronized=True,
        missing=("show crypto map",),
    )


def permit(protocol: str, source: str) -> AclEntry:
    shown = "any" if source == "0.0.0.0/0" else f"host {source.partition('/')[0]}"
    return AclEntry(
        line=12, acl="EDGE", action="permit", protocol=protocol, source=source, text=f"permit {protocol} {shown} any"
    )


def deny(protocol: str, destination: str) -> AclEntry:
    to = "any" if destination == "0.0.0.0/0" else f"host {destination.partition('/')[0]}"
    return AclEntry(
        line=12,
        acl="EDGE",
        action="deny",
        protocol=protocol,
        source="0.0.0.0/0",
        destination=destination,
        text=f"deny {protocol} any {to}",
    )


def end(name: str | None, own: str, **options: Any) -> TunnelEnd:
    values: dict[str, Any] = {
        "address": own,
        "device": name,
        "interface": "GigabitEthernet0/0",
        "ike": "v1",
        "dpd": Dpd(mode="off"),
        "lifetime": Lifetime(ike_s=86400, ipsec_s=3600, ipsec_kb=4_608_000),
        "map_entry": "OUT 10",
        "sa_table_read": True,
        "configured": True,
        **options,
    }
    return TunnelEnd(**values)


def episode(spi: int = SPI, start: datetime = T0, lines: int = 5, source: str = R2) -> Episode:
    times = [start + timedelta(minutes=n) for n in range(lines)]
    events = tuple(
        Event(id=f"e{n}", device="r1", source=source, destination=R1, spi=spi, time=t, at=t)
        for n, t in enumerate(times)
    )
    return Episode(
        id="ep",
        tunnel="t",
        device="r1",
        source=source,
        spi=spi,
        first=times[0],
        last=times[-1],
        first_at=times[0],
        last_at=times[-1],
        uncertainty_s=1.0,
        lines=lines,
        mechanism="stale-sa",
        confidence="proven",
        events=events,
    )


class Case:
    """r1 receives; r2 sends, ours or not."""

    def __init__(self, cause: str = "reset-not-detected", **options: Any) -> None:
        ours: bool = options.get("ours", True)
        self.r1 = device("r1", R1, R2, **options.get("r1", {}))
        self.r2 = device("r2", R2, R1, **options.get("r2", {}))
        receiving = end("r1", R1, **options.get("receiver_end", {}))
        sending = end("r2" if ours else None, R2, **options.get("sender_end", {}))
        stale = (StaleOutbound(sender="r2", receiver="r1", spi=options.get("spi", SPI), evidence=()),) if ours else ()
        self.tunnel = Tunnel(id=f"{R1}-{R2}", local=receiving, remote=sending, stale=stale)
        devices = (self.r1, self.r2) if ours else (self.r1,)
        episodes = (episode(spi=options.get("spi", SPI), start=options.get("start", T0)),)
        self.fleet = Fleet(
            devices=devices, tunnels=(self.tunnel,), ledger=Ledger(()), events=(), episodes=episodes, collected_at=T0
        )
        mechanism: Mechanism = options.get("mechanism", "stale-sa")
        story = Story(
            mechanism=mechanism,
            receiver="r1",
            sender="r2" if ours else None,
            source=options.get("source", R2),
            tunnel=None if options.get("no_tunnel") else self.tunnel,
            episodes=episodes,
            ongoing=options.get("ongoing", True),
        )
        self.diagnosis = Diagnosis(
            id="d",
            cause=cause,
            severity="high",
            confidence="likely",
            owner="sender",
            owner_devices=("r2",),
            subject=Subject(devices=("r1",), tunnel=self.tunnel.id),
            title="",
            because=(),
            ruled_out=(),
            would_settle=options.get("would_settle", ()),
            stories=(story,),
            parameters=options.get("parameters", {}),
        )

    def remedies(self) -> tuple[Remediation, ...]:
        return for_diagnosis(self.diagnosis, self.fleet, SYNTAXES)

    def finding(self, rule: str, title: str, severity: Severity = "high", **options: Any) -> tuple[Remediation, ...]:
        subject = options.get("subject", Subject(devices=("r1", "r2"), tunnel=self.tunnel.id))
        found = Finding(
            rule=rule,
            title=title,
            status=options.get("status", "FAIL"),
            severity=severity,
            subject=subject,
            expected="this",
            actual="that",
            because="so.",
            parameters=options.get("parameters", {}),
        )
        return for_finding(found, self.fleet, SYNTAXES)


LIVE = LiveIke(sa=IkeSa(line=1, version="v1"), live=True, evidence=LINE)
BOTH_LIVE = {"receiver_end": {"ike_sas": (LIVE,)}, "sender_end": {"ike_sas": (LIVE,)}}
GUARDED = {"edge": [permit("esp", f"{R2}/32"), permit("tcp", "0.0.0.0/0")]}

VARIANTS: dict[str, dict[str, Any]] = {
    "both ours": {},
    "sender not ours": {"ours": False},
    "healed": {"ongoing": False},
    "both IKE live": BOTH_LIVE,
    "no tunnel": {"no_tunnel": True, "source": STRANGER, "mechanism": "unknown-source", "ours": False},
    "no configuration": {"r1": {"no_config": True}, "r2": {"no_config": True}},
    "other platform": {"r1": {"platform": "other"}, "r2": {"platform": "other"}},
    "guarded edge": {"r1": GUARDED},
    "lifetimes differ": {"sender_end": {"lifetime": Lifetime(ipsec_s=28800)}},
    "short lifetimes": {
        "sender_end": {"lifetime": Lifetime(ipsec_s=300)},
        "receiver_end": {"lifetime": Lifetime(ipsec_s=300)},
    },
    "IKEv2": {"sender_end": {"ike": "v2"}, "receiver_end": {"ike": "v2"}},
    "IKE version not known": {"sender_end": {"ike": None}, "receiver_end": {"ike": None}},
    "addresses not known": {"sender_end": {"address": "unknown"}, "source": None},
    "letters for addresses": {"source": "B.B.B.B"},
}
EVERYTHING = [(cause, name) for cause in CAUSES for name in VARIANTS]
BROAD = ("clear crypto sa", "clear crypto isakmp", "clear crypto session", "reload", "clear crypto ikev2 sa")


def test_every_cause_and_area_has_its_file() -> None:
    assert cause_names() == tuple(sorted(CAUSES))
    assert finding_areas() == tuple(sorted(AREAS))


@pytest.mark.parametrize(("cause", "variant"), EVERYTHING)
def test_promises_of_every_remedy(cause: str, variant: str) -> None:
    case = Case(cause, **VARIANTS[variant])
    remedies = case.remedies()
    assert len({r.id for r in remedies}) == len(remedies)
    for remedy in remedies:
        promises(remedy)
        if remedy.kind == "config":
            goes_back(case, remedy)


def promises(remedy: Remediation) -> None:
    assert remedy.title
    assert remedy.why
    assert remedy.disruption
    assert (remedy.device is None) == (remedy.kind == "ask")
    assert not any("<redacted>" in line for line in (*remedy.commands, *remedy.rollback))
    assert not any(command.strip() in BROAD for command in remedy.commands)
    assert all(v.startswith("show ") for v in remedy.verify)
    if remedy.kind == "config":
        assert remedy.rollback
        assert remedy.verify
        assert remedy.risk != "none"
    if remedy.kind == "exec":
        assert remedy.risk == "disruptive"
        assert remedy.verify
    if remedy.kind == "investigate":
        assert remedy.risk == "none"
        assert all(c.startswith("show ") for c in remedy.commands)


def goes_back(case: Case, remedy: Remediation) -> None:
    """Running, change, rollback, no difference, as hier_config models it; and the change does not stand afterwards."""
    from hier_config import get_hconfig  # noqa: PLC0415

    from vpnaudit.platforms.cisco_ios.remedies import driver  # noqa: PLC0415

    config = case.fleet.device_by_name[remedy.device or ""].config
    assert config is not None
    running = config[0].capture.text
    before = get_hconfig(driver(), running)
    after = before.future(get_hconfig(driver(), "\n".join(remedy.commands)))
    assert list(before.unified_diff(after))
    back = after.future(get_hconfig(driver(), "\n".join(remedy.rollback)), prune_empty_branches=True)
    assert not list(before.unified_diff(back))
    assert not list(back.unified_diff(before))


@pytest.mark.parametrize(("cause", "variant"), EVERYTHING)
def test_ids_are_made_of_what_stays(cause: str, variant: str) -> None:
    options = VARIANTS[variant]
    later = {**options, "spi": 0xCAFEF00D, "start": T0 + timedelta(days=3)}
    assert [r.id for r in Case(cause, **options).remedies()] == [r.id for r in Case(cause, **later).remedies()]


def commands(remedies: tuple[Remediation, ...], device: str | None = None) -> list[str]:
    return [c for r in remedies if device is None or r.device == device for c in r.commands]


def kinds(remedies: tuple[Remediation, ...]) -> list[tuple[str, str | None]]:
    return [(r.kind, r.device) for r in remedies]


def test_the_sender_is_cleared_first_then_made_to_notice() -> None:
    remedies = Case("reset-not-detected").remedies()
    assert kinds(remedies) == [("exec", "r2"), ("exec", "r1"), ("config", "r2")]
    assert [r.side for r in remedies] == ["sender", "receiver", "sender"]
    assert remedies[0].commands == (f"clear crypto session remote {R1}",)
    assert remedies[1].commands == (f"clear crypto session remote {R2}",)
    assert remedies[2].commands == ("crypto isakmp keepalive 10 3 periodic",)
    assert remedies[2].rollback == ("no crypto isakmp keepalive 10 3 periodic",)


@pytest.mark.parametrize(
    ("read", "configured", "first"), [(True, False, "investigate"), (True, True, "exec"), (False, False, "exec")]
)
def test_a_peer_that_the_receiver_no_longer_knows_gets_its_entry_back_first(
    read: bool, configured: bool, first: str
) -> None:
    case = Case("reset-not-detected", receiver_end={"config_read": read, "configured": configured})
    assert case.remedies()[0].kind == first


def test_a_sender_that_is_not_ours_is_asked_before_ours_is_cleared() -> None:
    assert kinds(Case("reset-not-detected", ours=False).remedies()) == [("ask", None), ("exec", "r1")]


def test_what_healed_is_not_cleared() -> None:
    assert kinds(Case("reset-not-detected", ongoing=False).remedies()) == [("config", "r2")]


def test_dpd_that_stands_is_not_proposed() -> None:
    periodic = {"dpd": Dpd(mode="periodic", interval_s=15, retry_s=2)}
    assert kinds(Case("reset-not-detected", ongoing=False, sender_end=periodic).remedies()) == []
    standing = {"keepalive": "crypto isakmp keepalive 10 3 periodic\n"}
    assert kinds(Case("reset-not-detected", ongoing=False, r2=standing).remedies()) == []


@pytest.mark.parametrize(
    ("theirs", "line", "outage"),
    [
        (Dpd(mode="periodic", interval_s=10, retry_s=2), "10 2", "10 to 20 s"),
        (Dpd(mode="periodic", interval_s=3600, retry_s=2), "10 3", "15 to 25 s"),
        (Dpd(mode="on-demand", interval_s=20, retry_s=2), "10 3", "15 to 25 s"),
        (Dpd(mode="off"), "10 3", "15 to 25 s"),
    ],
    ids=["periodic", "periodic, of no use", "on demand", "off"],
)
def test_periodic_dpd_has_the_timers_of_the_other_end(theirs: Dpd, line: str, outage: str) -> None:
    """One value for both ends (field guide 8), where the other's is one to have."""
    (remedy,) = Case("reset-not-detected", ongoing=False, receiver_end={"dpd": theirs}).remedies()
    assert remedy.commands == (f"crypto isakmp keepalive {line} periodic",)
    assert f"an outage longer than {outage} ends the tunnel" in remedy.disruption


def test_on_demand_dpd_is_replaced_and_comes_back() -> None:
    case = Case(
        "reset-not-detected",
        ongoing=False,
        r2={"keepalive": "crypto isakmp keepalive 30 5\n"},
        sender_end={"dpd": Dpd(mode="on-demand", interval_s=30, retry_s=5)},
    )
    (remedy,) = case.remedies()
    assert remedy.commands == ("crypto isakmp keepalive 10 3 periodic",)
    assert remedy.rollback == ("crypto isakmp keepalive 30 5",)


def test_ikev2_dpd_goes_into_the_profile() -> None:
    profile = IkeProfile(line=4, name="V2", version="v2", dpd=DpdSetting(line=5, interval_s=60, mode="on-demand"))
    case = Case(
        "reset-not-detected",
        ongoing=False,
        r2={"running": "crypto ikev2 profile V2\n dpd 60 10 on-demand\nend\n", "facts": {"ike_profiles": (profile,)}},
        sender_end={"ike": "v2", "ike_profile": "V2", "dpd": Dpd(mode="on-demand", interval_s=60, retry_s=10)},
    )
    (remedy,) = case.remedies()
    assert remedy.commands == ("crypto ikev2 profile V2", " dpd 10 3 periodic")
    assert remedy.rollback == ("crypto ikev2 profile V2", " dpd 60 10 on-demand")


def test_one_sa_is_cleared_before_the_peer_where_only_a_delete_was_lost() -> None:
    remedies = Case("delete-lost", **BOTH_LIVE).remedies()
    assert [r.commands[0] for r in remedies if r.kind == "exec"] == [
        f"clear crypto sa entry {R1} esp {SPI}",
        f"clear crypto session remote {R1}",
        f"clear crypto session remote {R2}",
    ]
    assert not any("keepalive" in c for c in commands(remedies)), "DPD is answered and is no cure"
    assert any("IKEv2" in r.why for r in remedies)


def test_recovery_only_behind_a_filter_for_a_static_ikev1_peer() -> None:
    line = "crypto isakmp invalid-spi-recovery"
    assert line in commands(Case("missing-ike-sa", r1=GUARDED).remedies(), "r1")
    without = [
        Case("missing-ike-sa"),
        Case("missing-ike-sa", r1=GUARDED, receiver_end={"ike": "v2"}, sender_end={"ike": "v2"}),
        Case("missing-ike-sa", r1=GUARDED, source=STRANGER),
        Case("missing-ike-sa", r1=GUARDED, mechanism="unexplained"),
        Case("missing-ike-sa", r1={"edge": [permit("esp", "0.0.0.0/0")]}),
    ]
    for case in without:
        assert line not in commands(case.remedies())


def test_lifetimes_become_equal_at_the_end_that_differs() -> None:
    case = Case("lifetime-mismatch", ongoing=False, sender_end={"lifetime": Lifetime(ipsec_s=28800), "dpd": None})
    changes = [r for r in case.remedies() if "lifetime" in r.id]
    assert kinds(tuple(changes)) == [("config", "r2")]
    assert changes[0].commands == ("crypto map OUT 10 ipsec-isakmp", " set security-association lifetime seconds 3600")


def test_a_short_lifetime_is_not_spread() -> None:
    case = Case("lifetime-mismatch", ongoing=False, sender_end={"lifetime": Lifetime(ipsec_s=300)})
    assert [r.device for r in case.remedies() if "lifetime" in r.id] == ["r2"]
    assert " set security-association lifetime seconds 3600" in commands(case.remedies(), "r2")


def test_volume_goes_off_where_it_ends_the_sas() -> None:
    remedies = Case("frequent-rekey", ongoing=False).remedies()
    assert commands(remedies).count(" set security-association lifetime kilobytes disable") == 2


def test_the_diagnosis_says_what_ends_the_sas() -> None:
    remedies = Case("frequent-rekey", **VARIANTS["short lifetimes"], parameters={"by": "volume"}).remedies()
    assert " set security-association lifetime kilobytes disable" in commands(remedies)


def test_short_seconds_go_up() -> None:
    remedies = Case("frequent-rekey", **VARIANTS["short lifetimes"]).remedies()
    assert commands(remedies).count(" set security-association lifetime seconds 3600") == 2


def test_strangers_are_filtered_in_the_list_that_is_there() -> None:
    (remedy,) = Case("unconfigured-source", **VARIANTS["no tunnel"]).remedies()
    assert (remedy.kind, remedy.device) == ("config", "r1")
    assert remedy.commands == (
        "ip access-list extended EDGE",
        f" 6 permit esp host {R2} host {R1}",
        f" 7 permit udp host {R2} host {R1} eq isakmp",
        f" 8 permit udp host {R2} host {R1} eq non500-isakmp",
        f" 9 deny esp any host {R1}",
    )
    assert remedy.rollback == ("ip access-list extended EDGE", " no 6", " no 7", " no 8", " no 9")


UNKNOWN_PEERS: list[dict[str, Any]] = [
    {"map_entries": (MapEntry(line=4, name="OUT", sequence=10, kind="dynamic", dynamic_map="DYN"),)},
    {"isakmp_keys": (PeerMatch(line=3, any_peer=True),)},
    {"ikev2_keyrings": {"K": (PeerMatch(line=3, any_peer=True),)}},
    {"interfaces": (ConfigInterface(line=7, name="Tunnel0", nhrp=True, ipsec_profile="P"),)},
    {"map_entries": (MapEntry(line=4, name="OUT", sequence=10, peers=("peer.example",)),)},
    {"whole": False},
]


@pytest.mark.parametrize("facts", UNKNOWN_PEERS)
def test_no_filter_where_the_list_of_peers_is_not_complete(facts: dict[str, Any]) -> None:
    (remedy,) = Case("unconfigured-source", **{**VARIANTS["no tunnel"], "r1": {"facts": facts}}).remedies()
    assert remedy.kind == "investigate"


ALREADY: list[list[AclEntry]] = [
    [permit("esp", f"{R2}/32"), permit("tcp", "0.0.0.0/0")],
    [deny("esp", f"{R1}/32"), permit("ip", "0.0.0.0/0")],
    [deny("ip", "0.0.0.0/0")],
]


@pytest.mark.parametrize("edge", ALREADY)
def test_a_filter_that_drops_strangers_is_not_proposed_again(edge: list[AclEntry]) -> None:
    assert Case("unconfigured-source", **{**VARIANTS["no tunnel"], "r1": {"edge": edge}}).remedies() == ()


def test_a_deny_for_another_address_does_not_count() -> None:
    edge = [deny("esp", "192.0.2.77/32"), permit("ip", "0.0.0.0/0")]
    (remedy,) = Case("unconfigured-source", **{**VARIANTS["no tunnel"], "r1": {"edge": edge}}).remedies()
    assert remedy.kind == "config"


def test_a_standard_list_is_not_extended() -> None:
    running = "interface GigabitEthernet0/0\n ip access-group EDGE in\nip access-list standard EDGE\n permit any\nend\n"
    (remedy,) = Case("unconfigured-source", **{**VARIANTS["no tunnel"], "r1": {"running": running}}).remedies()
    assert remedy.kind == "investigate"


def test_an_isakmp_profile_cannot_be_periodic() -> None:
    profile = IkeProfile(line=4, name="ISA", version="v1", dpd=DpdSetting(line=5, interval_s=10, retry_s=3))
    case = Case(
        "reset-not-detected",
        ongoing=False,
        r2={
            "running": "crypto isakmp profile ISA\n keepalive 10 retry 3\nend\n",
            "facts": {"ike_profiles": (profile,)},
        },
        sender_end={"ike_profile": "ISA", "dpd": Dpd(mode="on-demand", interval_s=10, retry_s=3)},
    )
    (remedy,) = case.remedies()
    assert remedy.kind == "investigate"


def test_a_list_that_is_applied_but_not_there_is_made_whole() -> None:
    case = Case("unconfigured-source", **{**VARIANTS["no tunnel"], "r1": {"facts": {"acls": {}}}})
    (remedy,) = case.remedies()
    assert " 50 permit ip any any" in remedy.commands


def test_the_owner_of_the_other_end_gets_a_letter_with_what_concerns_them() -> None:
    (letter,) = (r for r in Case("reset-not-detected", ours=False).remedies() if r.kind == "ask")
    text = "\n".join(letter.commands)
    assert letter.device is None
    for part in (R1, R2, "0x1234ABCD", "2026-03-01 02:00:00 UTC to 2026-03-01 02:04:00 UTC", "5 lines", "DPD", "dead"):
        assert part in text or part == "DPD"
    assert "r1" not in text, "our device names are ours"
    assert "synchronised by NTP" in text


def test_a_long_letter_says_how_much_it_leaves_out() -> None:
    case = Case("reset-not-detected", ours=False)
    many = tuple(episode(spi=SPI + n, start=T0 + timedelta(hours=n)) for n in range(30))
    story = msgspec.structs.replace(case.diagnosis.stories[0], episodes=many)
    case.diagnosis = msgspec.structs.replace(case.diagnosis, stories=(story,))
    (letter,) = (r for r in case.remedies() if r.kind == "ask")
    assert "- and 10 earlier" in letter.commands
    assert sum("SPI 0x" in line for line in letter.commands) == 20


def test_our_inbound_spis_help_them_to_compare() -> None:
    sa = LiveSa(device="r1", direction="in", protocol="esp", spi=0xABC, evidence=LINE)
    case = Case("suspected-defect", ours=False, receiver_end={"sas": (sa,)})
    (letter,) = (r for r in case.remedies() if r.kind == "ask")
    assert "0x00000ABC" in "\n".join(letter.commands)


@pytest.mark.parametrize(
    ("mechanism", "why"),
    [
        ("stale-sa", "The ends disagree on their SPIs"),
        ("unexplained", "r1 refuses packets on an SA that its own table"),
    ],
)
def test_why_a_suspected_defect_is_cleared(mechanism: str, why: str) -> None:
    remedies = Case("suspected-defect", mechanism=mechanism).remedies()
    assert any(r.why.startswith(why) for r in remedies if r.kind == "exec")


def test_a_lossy_path_gets_patient_dpd_at_both_ends() -> None:
    remedies = Case("packet-loss", ongoing=False).remedies()
    assert commands(remedies).count("crypto isakmp keepalive 30 5 periodic") == 2
    assert any("longest outage" in r.title for r in remedies)


def test_what_would_settle_it_is_proposed_where_it_belongs() -> None:
    questions = (
        WouldSettle(question="whether r2 sends on it", command="show crypto ipsec sa detail"),
        WouldSettle(question="what was logged", command="show logging"),
    )
    remedies = Case("insufficient-evidence", would_settle=questions).remedies()
    assert commands(remedies, "r1") == ["show logging"]
    assert commands(remedies, "r2") == ["show crypto ipsec sa detail", "show logging"]


def test_normal_rekeys_and_unknown_causes_need_nothing() -> None:
    assert Case("normal-rekey").remedies() == ()
    assert Case("a-cause-of-tomorrow").remedies() == ()


def test_the_holder_of_the_sa_is_looked_at_too() -> None:
    case = Case("misdelivery", parameters={"holder": "r3"}, mechanism="misdelivered")
    r3 = device("r3", "192.0.2.3", R2)
    case.fleet = msgspec.structs.replace(case.fleet, devices=(*case.fleet.devices, r3))
    assert {"r1", "r3"} <= {r.device for r in case.remedies() if r.kind == "investigate"}


def test_a_group_member_gets_its_recovery_check() -> None:
    running = "crypto gdoi group G1\n identity number 7\nend\n"
    case = Case("group-key-missed", r1={"running": running, "facts": {"gdoi_groups": ("G1",)}})
    assert " client recovery-check interval 300" in commands(case.remedies())


def test_a_nat_keeps_its_mapping() -> None:
    nat = {"ike_sas": (LiveIke(sa=IkeSa(line=1, version="v1", nat_t=True), live=True, evidence=LINE),)}
    remedies = Case("address-shared", receiver_end=nat).remedies()
    assert commands(remedies, "r1").count("crypto isakmp nat keepalive 20") == 1


FINDINGS: list[tuple[str, str, dict[str, Any], str]] = [
    ("DPD-001", "dpd-off", {"parameters": {"device": "r1"}}, "crypto isakmp keepalive 10 3 periodic"),
    (
        "DPD-004",
        "dpd-slower-than-useful",
        {"parameters": {"device": "r2", "interval_s": "30", "retry_s": "5"}},
        "crypto isakmp keepalive 30 5 periodic",
    ),
    (
        "LIFE-001",
        "ipsec-lifetimes-differ",
        {"parameters": {"device": "r2", "seconds": "1800"}},
        " set security-association lifetime seconds 1800",
    ),
    (
        "LIFE-001",
        "ipsec-lifetimes-differ",
        {"parameters": {"device": "r2", "seconds": "3600", "kilobytes": "1000000"}},
        " set security-association lifetime kilobytes 1000000",
    ),
    (
        "LIFE-001",
        "ipsec-lifetimes-differ",
        {"parameters": {"device": "r2", "seconds": "3600", "kilobytes": "disable"}},
        " set security-association lifetime kilobytes disable",
    ),
    (
        "LIFE-003",
        "volume-lifetime-rekeys-early",
        {"parameters": {"device": "r1", "interval_s": "400", "kilobytes": "360000000"}},
        " set security-association lifetime kilobytes 360000000",
    ),
    ("LIFE-004", "ike-lifetimes-differ", {"parameters": {"device": "r1"}}, "show crypto isakmp sa detail"),
    (
        "SPI-001",
        "ends-disagree-on-spis",
        {"parameters": {"device": "r2"}},
        f"clear crypto session remote {R1}",
    ),
    ("IKE-001", "ike-sa-missing", {}, "show crypto isakmp sa detail"),
    ("MEM-001", "memory-low", {"subject": Subject(devices=("r1",))}, "show memory statistics"),
    ("MEM-004", "memory-falling", {"subject": Subject(devices=("r1",))}, "show processes memory sorted"),
    ("REL-001", "reloaded-in-window", {"subject": Subject(devices=("r1",))}, "show version"),
    (
        "REL-002",
        "release-with-known-defect",
        {"subject": Subject(devices=("r1",)), "parameters": {"device": "r1", "repaired": "12.2(33)XNC2"}},
        "show version",
    ),
    ("LOSS-004", "ike-given-up", {"subject": Subject(devices=("r1",))}, "show crypto isakmp sa detail"),
    (
        "LOSS-003",
        "packets-dropped",
        {"subject": Subject(devices=("r1",)), "parameters": {"device": "r1", "interface": "GigabitEthernet0/0"}},
        "show interfaces GigabitEthernet0/0",
    ),
    (
        "LOSS-001",
        "input-errors",
        {"subject": Subject(devices=("r1",)), "parameters": {"device": "r1", "interface": "GigabitEthernet0/0"}},
        "show interfaces GigabitEthernet0/0",
    ),
    ("CFG-001", "proxy-identities-not-mirrored", {}, "show crypto map"),
    (
        "LOG-001",
        "stamps-without-msec",
        {"subject": Subject(devices=("r1",))},
        "service timestamps log datetime msec localtime show-timezone year",
    ),
    ("LOG-002", "no-ntp", {"subject": Subject(devices=("r1",))}, "show ntp status"),
    ("LOG-003", "buffer-wrapped", {"subject": Subject(devices=("r1",))}, "logging buffered 262144 informational"),
    ("LOG-004", "sessions-not-logged", {"subject": Subject(devices=("r1",))}, "crypto logging session"),
    ("COL-001", "answers-missing", {"subject": Subject(devices=("r1",))}, "show crypto map"),
]


@pytest.mark.parametrize(("rule", "title", "options", "line"), FINDINGS)
def test_findings(rule: str, title: str, options: dict[str, Any], line: str) -> None:
    case = Case()
    remedies = case.finding(rule, title, **options)
    assert line in commands(remedies)
    for remedy in remedies:
        promises(remedy)
        if remedy.kind == "config":
            goes_back(case, remedy)
    assert case.finding(rule, title, status="PASS", **options) == ()
    assert case.finding(rule, title, status="UNKNOWN", **options) == ()


def test_a_defect_names_the_release_that_repairs_it() -> None:
    (remedy,) = Case().finding(
        "REL-002",
        "release-with-known-defect",
        subject=Subject(devices=("r1",)),
        parameters={"device": "r1", "repaired": "12.2(33)XNC2"},
    )
    assert remedy.title == "Plan an upgrade of r1 to 12.2(33)XNC2 or later"


def test_recovery_goes_off_where_it_is_a_risk() -> None:
    line = "crypto isakmp invalid-spi-recovery"
    facts = {"invalid_spi_recovery": True}
    case = Case(r1={"facts": facts, "running": f"{line}\nend\n"})
    options = {"subject": Subject(devices=("r1",)), "parameters": {"device": "r1"}}
    (remedy,) = case.finding("IKE-003", "invalid-spi-recovery-risk", "low", **options)
    assert remedy.commands == (f"no {line}",)
    assert remedy.rollback == (line,)


BUFFERS = [
    ("buffer-wrapped", 4096, "logging buffered 262144 informational"),
    ("buffer-wrapped", 300_000, "logging buffered 600000 informational"),
    ("buffer-wrapped", 4_000_000, "logging buffered 4194304 informational"),
    ("level-hides-events", 1_000_000, "logging buffered 1000000 informational"),
    ("level-hides-events", 9_000_000, "logging buffered 9000000 informational"),
]


@pytest.mark.parametrize(("title", "standing", "line"), BUFFERS)
def test_a_log_buffer_is_never_made_smaller(title: str, standing: int, line: str) -> None:
    running = f"logging buffered {standing} warnings\nend\n"
    case = Case(r1={"running": running, "facts": {"logging_buffered_bytes": standing}})
    (remedy,) = case.finding("LOG-003", title, subject=Subject(devices=("r1",)))
    assert remedy.commands == (line,)
    assert remedy.rollback == (f"logging buffered {standing} warnings",)


def test_a_finding_of_low_severity_clears_nothing() -> None:
    assert not any(r.kind == "exec" for r in Case().finding("SPI-003", "leftover-sas", "low"))


def test_volume_that_is_off_is_not_proposed() -> None:
    off = {"lifetime": Lifetime(ipsec_s=3600, volume_disabled=True)}
    assert kinds(Case("frequent-rekey", sender_end=off, receiver_end=off).remedies()) == []


def test_one_change_for_several_tunnels_has_one_id() -> None:
    case = Case("reset-not-detected")
    by_finding = case.finding("DPD-001", "dpd-off", parameters={"device": "r2"})
    assert {r.id for r in by_finding} <= {r.id for r in case.remedies()}


@given(st.text(max_size=40), st.text(max_size=40))
def test_hostile_names_never_make_a_second_line(source: str, peer: str) -> None:
    case = Case("reset-not-detected", source=source, sender_end={"map_entry": peer}, receiver_end={"address": peer})
    for remedy in case.remedies():
        if remedy.kind in {"config", "exec"}:
            assert all("\n" not in c and "\r" not in c and "?" not in c for c in remedy.commands)


LIFETIME_HOLDERS = [
    ({"ipsec_profile": "VTI", "map_entry": None}, "crypto ipsec profile VTI\n set transform-set T\nend\n", {}),
    (
        {"map_entry": "DYN 5"},
        "crypto dynamic-map DYN 5\n set transform-set T\nend\n",
        {"map_entries": (MapEntry(line=1, name="DYN", sequence=5, template=True),)},
    ),
]


@pytest.mark.parametrize(("place", "running", "facts"), LIFETIME_HOLDERS)
def test_lifetime_goes_where_the_tunnel_has_it(place: dict[str, Any], running: str, facts: dict[str, Any]) -> None:
    case = Case(
        "lifetime-mismatch",
        ongoing=False,
        r2={"running": running, "facts": {**facts, "ipsec_lifetime": LifetimeSetting(line=1, seconds=7200)}},
        sender_end={**place, "lifetime": Lifetime(ipsec_s=7200), "dpd": Dpd(mode="periodic", interval_s=10)},
    )
    (remedy,) = case.remedies()
    assert remedy.commands == (running.partition("\n")[0], " set security-association lifetime seconds 3600")


APPLET = """\
event manager applet MEND
 event syslog pattern "RECVD_PKT_INV_SPI"
 action 1.0 syslog msg "seen"
 action 2.0 cli command "clear crypto session"
end
"""


@pytest.mark.parametrize(("running", "kind"), [(APPLET, "config"), ("hostname r1\nend\n", "investigate")])
def test_an_applet_of_ours_that_ends_the_sessions_is_what_has_to_change(running: str, kind: str) -> None:
    """And nobody else is asked."""
    typed = "clear crypto session"
    statement = f'action 2.0 cli command "{typed}"'
    applet = EventApplet(
        line=1,
        name="MEND",
        commands=(
            AppletCommand(line=3, text="show clock", statement='action 1.5 cli command "show clock"'),
            AppletCommand(line=4, text=typed, statement=statement),
        ),
    )
    case = Case(
        "tunnel-flap",
        ours=False,
        r1={"running": running, "facts": {"applets": (applet,)}},
        parameters={"applet": "MEND", "applet_of": "r1"},
    )
    (remedy,) = case.remedies()
    promises(remedy)
    assert (remedy.kind, remedy.device) == (kind, "r1")
    assert "MEND" in remedy.title
    if kind == "config":
        assert remedy.commands == ("event manager applet MEND", f" no {statement}")
        goes_back(case, remedy)
