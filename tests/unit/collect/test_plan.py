"""Only what a device can have is asked: decided in its session, from what it has answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from vpnaudit.model.platform import Platform
from vpnaudit.pipeline.nightly import plans
from vpnaudit.pipeline.one_peer import Peer, about_peer

Start = Callable[..., Any]

CLOCK = b"12:00:00.000 UTC Fri May 1 2026\r\n"
ISR2 = b"Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.7(3)M8, RELEASE SOFTWARE (fc1)\r\n"
OLD = b"IOS (tm) C2600 Software (C2600-IK9O3S3-M), Version 12.3(8)T5,  RELEASE SOFTWARE (fc2)\r\n"
XE3 = b"Cisco IOS Software, IOS-XE Software (PPC_LINUX_IOSD-ADVENTERPRISEK9-M), Version 12.2(33)XNF\r\n"
XE17 = (
    b"Cisco IOS XE Software, Version 17.03.04a\r\n"
    b"Cisco IOS Software [Amsterdam], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.3.4a, RELEASE\r\n"
)
V1_CONFIG = (
    b"hostname r1\r\ncrypto isakmp policy 10\r\ncrypto map OUT 10 ipsec-isakmp\r\n set peer 203.0.113.9\r\n"
    b"interface GigabitEthernet0/0\r\n ip address 198.51.100.1 255.255.255.0\r\n crypto map OUT\r\nend\r\n"
)
V2_CONFIG = V1_CONFIG.replace(b"end\r\n", b"crypto ikev2 profile P\r\nend\r\n")
DMVPN_CONFIG = V1_CONFIG.replace(b"end\r\n", b"interface Tunnel1\r\n ip nhrp network-id 1\r\nend\r\n")
PROBED_CONFIG = V1_CONFIG.replace(b"end\r\n", b"ip sla 7\r\n icmp-echo 203.0.113.9\r\nend\r\n")
OLD_PROBED_CONFIG = V1_CONFIG.replace(b"end\r\n", b"ip sla monitor 7\r\nend\r\n")
ANSWERING_CONFIG = V1_CONFIG.replace(b"end\r\n", b"ip sla responder\r\nip sla schedule 7 life forever\r\nend\r\n")
BARE_CONFIG = b"Building configuration...\r\n\r\nCurrent configuration : 70 bytes\r\n!\r\nend\r\n"
REFUSED = b"% Invalid input detected at '^' marker.\r\n"
QFP = {"show platform resources", "show platform hardware qfp active feature ipsec datapath drops"}
IKEV2 = {"show crypto ikev2 sa detailed", "show crypto ikev2 stats exchange", "show crypto ikev2 stats timeout"}
NHRP = {"show ip nhrp", "show dmvpn"}
IP_SLA, IP_SLA_MONITOR = {"show ip sla statistics"}, {"show ip sla monitor statistics"}
PROBES = IP_SLA | IP_SLA_MONITOR
CASES = {
    "classic, IKEv1": (ISR2, V1_CONFIG, QFP | IKEV2 | NHRP | PROBES),
    "classic, IKEv2": (ISR2, V2_CONFIG, QFP | NHRP | PROBES),
    "classic, DMVPN": (ISR2, DMVPN_CONFIG, QFP | IKEV2 | PROBES),
    "probes": (XE17, PROBED_CONFIG, IKEV2 | NHRP | IP_SLA_MONITOR),
    "probes in old words": (XE17, OLD_PROBED_CONFIG, IKEV2 | NHRP | IP_SLA),
    "answers probes of others": (XE17, ANSWERING_CONFIG, IKEV2 | NHRP | PROBES),
    "before IKEv2, configuration refused": (OLD, REFUSED, QFP | IKEV2),
    "IOS-XE": (XE17, V1_CONFIG, IKEV2 | NHRP | PROBES),
    "IOS-XE by an old number": (XE3, V1_CONFIG, IKEV2 | NHRP | PROBES),
    "a configuration cut to the user's privileges": (ISR2, BARE_CONFIG, QFP),
    "a configuration that did not end": (XE17, V1_CONFIG.removesuffix(b"end\r\n"), set()),
    "nothing told": (b"something else\r\n", REFUSED, set()),
}


def _router(serve: Start, plan: Platform, version: bytes, config: bytes, **more: Any) -> Any:
    answers = {c.command: b"an answer\r\n" for c in plan.commands if c.collected}
    told = {"show clock": CLOCK, "show version": version, "show running-config": config}
    return serve(**{"answers": {**answers, **told}, **more})


def _asked(router: Any) -> list[str]:
    return [line for line in bytes(router.received).decode().split("\n") if line.startswith("show ")]


@pytest.mark.parametrize(("version", "config", "left_out"), CASES.values(), ids=CASES.keys())
def test_what_a_router_cannot_have_is_not_asked(
    version: bytes, config: bytes, left_out: set[str], serve: Start, collected: Start
) -> None:
    plan = plans()["cisco_ios"]
    router = _router(serve, plan, version, config)
    got = collected(plan, router, timeout_s=60)

    planned = [c.command for c in plan.commands if c.collected]
    asked = _asked(router)
    assert set(asked) == set(planned) - left_out
    assert len(asked) == len(set(asked))
    assert asked[0] == "show clock"
    assert {n["command"] for n in got.device["not_asked"]} == left_out
    assert all(n["because"] for n in got.device["not_asked"])
    assert {c["command"] for c in got.device["commands"]} == set(asked)
    needed = [c.command for c in plan.commands if c.collected and c.needed]
    assert [c for c in asked if c in needed] == needed
    assert needed[-1] == "show logging"
    assert router.logins == 1


ASA = b"Cisco Adaptive Security Appliance Software Version 9.12(4)%s\r\n"
ASA_CONFIG = (
    b"hostname fw\r\ninterface GigabitEthernet0/0\r\n nameif outside\r\ncrypto ikev1 enable outside\r\n%s: end\r\n"
)


@pytest.mark.parametrize(
    ("version", "config", "left_out"),
    [
        (ASA % b"", ASA_CONFIG % b"no failover\r\n", {"show crypto ikev2 sa detail", "show failover"}),
        (ASA % b" <context>", ASA_CONFIG % b"", {"show crypto ikev2 sa detail", "show ntp status"}),
        (ASA % b"", ASA_CONFIG % b"failover\r\ncrypto ikev2 enable outside\r\n", set()),
        (ASA % b"", REFUSED, set()),
    ],
    ids=["no failover", "a context", "failover and IKEv2", "configuration refused"],
)
def test_what_a_firewall_cannot_have_is_not_asked(
    version: bytes, config: bytes, left_out: set[str], serve: Start, collected: Start
) -> None:
    plan = plans()["cisco_asa"]
    router = _router(serve, plan, version, config)
    got = collected(plan, router, timeout_s=60)
    assert {c.command for c in plan.commands if c.collected} - set(_asked(router)) == left_out
    assert got.device["status"] == ("partial" if config == REFUSED else "complete")


def _for_one_peer(platform: str, peer: Peer) -> Platform:
    plan = plans()[platform]
    commands = tuple(sorted(plan.commands, key=lambda c: not c.needed))
    return structs.replace(plan, for_device={"r1": about_peer(commands, peer)})


CERTAIN = Peer(addresses=("203.0.113.9",), certain=True)
TABLES = {"show crypto ipsec sa", "show crypto ipsec sa detail"}


def test_one_peer_alone_is_asked_for(serve: Start, collected: Start) -> None:
    plan = _for_one_peer("cisco_ios", CERTAIN)
    forms = {
        "show crypto ipsec sa peer 203.0.113.9",
        "show crypto ipsec sa peer 203.0.113.9 detail",
        "show crypto session remote 203.0.113.9 detail",
    }
    router = _router(serve, plan, ISR2, V1_CONFIG)
    router.answers.update(dict.fromkeys(forms, b"\r\n"))
    got = collected(plan, router, timeout_s=60)

    asked = set(_asked(router))
    assert forms <= asked
    assert not asked & (TABLES | {"show crypto session detail", "show processes memory sorted", *QFP, *IKEV2})
    assert got.device["status"] == "complete"
    assert got.device["error"] is None
    because = {n["command"]: n["because"] for n in got.device["not_asked"]}
    assert because["show crypto ipsec sa"] == "asked for 203.0.113.9 only"


def test_where_the_form_is_refused_the_table_is_asked_whole(serve: Start, collected: Start) -> None:
    plan = _for_one_peer("cisco_ios", CERTAIN)
    router = _router(serve, plan, ISR2, V1_CONFIG)
    router.answers["show crypto ipsec sa peer 203.0.113.9"] = REFUSED
    router.answers["show crypto ipsec sa peer 203.0.113.9 detail"] = b"\r\n"
    got = collected(plan, router, timeout_s=60)

    asked = _asked(router)
    assert asked.index("show crypto ipsec sa") > asked.index("show crypto ipsec sa peer 203.0.113.9")
    assert "show crypto ipsec sa detail" not in asked
    assert got.device["status"] == "complete"


@pytest.mark.parametrize(
    ("peer", "config"),
    [
        (Peer(addresses=("203.0.113.77",), certain=False), V1_CONFIG),
        (Peer(addresses=("198.51.100.1",), certain=False), V1_CONFIG),
        (Peer(addresses=(), certain=False), V1_CONFIG),
        (Peer(addresses=("2001:db8::9",), certain=True), V1_CONFIG),
        (CERTAIN, V1_CONFIG.replace(b" crypto map OUT\r\n", b" crypto map OUT\r\n vrf forwarding WAN\r\n")),
    ],
    ids=["no peer of it", "its own address", "no address known", "IPv6", "a front VRF"],
)
def test_where_the_form_may_miss_the_peer_the_table_is_asked_whole(
    peer: Peer, config: bytes, serve: Start, collected: Start
) -> None:
    plan = _for_one_peer("cisco_ios", peer)
    router = _router(serve, plan, ISR2, config)
    got = collected(plan, router, timeout_s=60)
    asked = _asked(router)
    assert set(asked) >= TABLES
    assert not [c for c in asked if " peer " in c or " remote " in c]
    assert got.device["status"] == "complete"


def test_an_address_of_the_configuration_is_asked_for(serve: Start, collected: Start) -> None:
    plan = _for_one_peer("cisco_ios", Peer(addresses=("10.9.9.9", "203.0.113.9"), certain=False))
    router = _router(serve, plan, ISR2, V1_CONFIG)
    shown = b"   current_peer 203.0.113.9 port 500\r\n"
    router.answers["show crypto ipsec sa peer 203.0.113.9"] = shown
    router.answers["show crypto ipsec sa peer 203.0.113.9 detail"] = shown
    collected(plan, router, timeout_s=60)
    asked = set(_asked(router))
    assert "show crypto ipsec sa peer 203.0.113.9" in asked
    assert not asked & TABLES
    assert not any("10.9.9.9" in c for c in asked)


def test_a_firewall_is_asked_for_one_peer(serve: Start, collected: Start) -> None:
    plan = _for_one_peer("cisco_asa", CERTAIN)
    forms = {
        "show crypto ipsec sa peer 203.0.113.9",
        "show crypto ipsec sa peer 203.0.113.9 detail",
        "show vpn-sessiondb detail l2l filter ipaddress 203.0.113.9",
    }
    router = _router(serve, plan, ASA % b"", ASA_CONFIG % b"no failover\r\n")
    router.answers.update(dict.fromkeys(forms, b"\r\n"))
    got = collected(plan, router, timeout_s=60)
    asked = set(_asked(router))
    assert forms <= asked
    assert not asked & {*TABLES, "show vpn-sessiondb detail l2l", "show crypto ipsec stats"}
    assert got.device["status"] == "complete"


def test_what_was_not_asked_stands_in_the_manifest(serve: Start, collected: Start) -> None:
    plan = plans()["cisco_ios"]
    got = collected(plan, _router(serve, plan, ISR2, V1_CONFIG), timeout_s=60)
    manifest = json.loads((got.folder / "manifest.json").read_text())
    assert {"command": "show dmvpn", "because": "the configuration has no NHRP"} in manifest["devices"][0]["not_asked"]
