"""The forms in which IOS writes the settings that an audit needs (field guide 5.4)."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.model.config import ConfigFacts, DpdSetting, LifetimeSetting, PeerMatch, TimeStamps
from vpnaudit.platforms.cisco_ios import show_running_config
from vpnaudit.platforms.cisco_ios._config_access_lists import wildcard_network

KEEPALIVES = [
    ("10", DpdSetting(line=1, interval_s=10, mode="on-demand")),
    ("10 3", DpdSetting(line=1, interval_s=10, retry_s=3, mode="on-demand")),
    ("10 periodic", DpdSetting(line=1, interval_s=10, mode="periodic")),
    ("10 3 periodic", DpdSetting(line=1, interval_s=10, retry_s=3, mode="periodic")),
    ("30 5 on-demand", DpdSetting(line=1, interval_s=30, retry_s=5, mode="on-demand")),
    ("", None),
]
LIFETIMES = [
    (("seconds 28800",), LifetimeSetting(line=1, seconds=28800)),
    (("kilobytes 102400000",), LifetimeSetting(line=1, kilobytes=102400000)),
    (("kilobytes disable",), LifetimeSetting(line=1, volume_disabled=True)),
    (("days 2",), LifetimeSetting(line=1, seconds=172800)),
    (("seconds 3600", "kilobytes disable"), LifetimeSetting(line=1, seconds=3600, volume_disabled=True)),
    (("kilobytes 2560 seconds 120",), LifetimeSetting(line=1, seconds=120, kilobytes=2560)),
]
STAMPS = [
    ("service timestamps log datetime msec", TimeStamps(line=1, kind="datetime", msec=True)),
    (
        "service timestamps log datetime msec localtime show-timezone year",
        TimeStamps(line=1, kind="datetime", msec=True, localtime=True, show_timezone=True, year=True),
    ),
    ("service timestamps log uptime", TimeStamps(line=1, kind="uptime")),
    ("no service timestamps log", TimeStamps(line=1, kind="none")),
    ("service timestamps debug datetime msec", None),
]
KEYS = [
    ("<redacted> address 192.0.2.1", PeerMatch(line=1, address="192.0.2.1")),
    ("6 <redacted> address 192.0.2.0 255.255.255.0", PeerMatch(line=1, address="192.0.2.0", mask="255.255.255.0")),
    ("0 <redacted> hostname spoke.example.net", PeerMatch(line=1, identity="spoke.example.net")),
    ("<redacted> address 0.0.0.0 0.0.0.0 no-xauth", PeerMatch(line=1, any_peer=True)),
    ("<redacted> address 0.0.0.0", PeerMatch(line=1, any_peer=True)),
    ("6 address 192.0.2.6", PeerMatch(line=1, address="192.0.2.6")),
    ("<redacted> address ipv6 2001:db8::/32", PeerMatch(line=1, address="2001:db8::", mask="32")),
]
ZONES = [("CET 1", 60), ("CET 1 0", 60), ("IST 5 30", 330), ("NST -3 30", -210), ("PST -8 0", -480), ("X y", None)]
BUFFERS = [
    ("logging buffered", (None, None)),
    ("logging buffered 65536", (65536, None)),
    ("logging buffered informational", (None, "informational")),
    ("logging buffered 65536 debugging", (65536, "debugging")),
    ("logging buffered discriminator D 65536 warnings", (65536, "warnings")),
    ("logging buffered 65536 4", (65536, "warnings")),
]
WILDCARDS = [
    ("10.1.0.0", "0.0.255.255", "10.1.0.0/16"),
    ("10.1.2.3", "0.0.255.255", "10.1.0.0/16"),
    ("10.1.2.3", "0.0.0.0", "10.1.2.3/32"),  # noqa: S104 - a wildcard
    ("0.0.0.0", "255.255.255.255", "0.0.0.0/0"),  # noqa: S104 - a network
    ("10.1.0.0", "0.0.255.0", None),
    ("10.1.0.0", "bogus", None),
    ("bogus", "0.0.0.255", None),
]
INTERFACE = [
    ("ip address 192.0.2.1 255.255.255.0", {"addresses": ("192.0.2.1/24",)}),
    ("standby 3 ip 192.0.2.9", {"standby_addresses": ("192.0.2.9",)}),
    ("standby ip 192.0.2.9", {"standby_addresses": ("192.0.2.9",)}),
    ("standby 3 ip", {"standby_addresses": ()}),
    ("standby 3 ip 192.0.2.8 secondary", {"standby_addresses": ("192.0.2.8",)}),
    ("vrrp 1 address-family ipv4\n  address 192.0.2.7 primary", {"standby_addresses": ("192.0.2.7",)}),
    ("ip vrf forwarding A", {"vrf": "A"}),
    ("vrf forwarding B", {"vrf": "B"}),
    ("crypto map M", {"crypto_map": "M", "crypto_map_redundancy": None}),
    ("crypto map M redundancy HA stateful", {"crypto_map": "M", "crypto_map_redundancy": "HA"}),
    ("no crypto map", {"crypto_map": None}),
    ("shutdown", {"shutdown": True}),
    ("no shutdown", {"shutdown": False}),
    ("tunnel source Loopback1", {"tunnel_source": "Loopback1"}),
    ("tunnel source 192.0.2.1", {"tunnel_source": "192.0.2.1"}),
    ("tunnel mode gre multipoint", {"tunnel_mode": "gre multipoint"}),
    ("tunnel destination dynamic", {"tunnel_destination": None}),
    (
        "tunnel protection ipsec profile P isakmp-profile I shared",
        {"ipsec_profile": "P", "protection_shared": True, "protection_line": 2},
    ),
    ("ip nhrp map 10.0.0.1 192.0.2.5", {"nhrp_nbma": ("192.0.2.5",), "nhrp": True}),
    ("ip nhrp map multicast 192.0.2.5", {"nhrp_nbma": ("192.0.2.5",)}),
    ("ip nhrp map multicast dynamic", {"nhrp_nbma": (), "nhrp": True}),
    ("ip nhrp nhs 10.0.0.1 nbma 192.0.2.6 multicast", {"nhrp_nbma": ("192.0.2.6",)}),
]


def config(text: str) -> ConfigFacts:
    found = show_running_config.parse(text).facts.config
    assert found is not None
    return found


@pytest.mark.parametrize("command", ["crypto isakmp keepalive", "crypto ikev2 dpd"])
@pytest.mark.parametrize(("words", "setting"), KEEPALIVES)
def test_dpd(command: str, words: str, setting: DpdSetting | None) -> None:
    found = config(f"{command} {words}\n")
    assert (found.isakmp_keepalive or found.ikev2_dpd) == setting


@pytest.mark.parametrize(("statements", "lifetime"), LIFETIMES)
def test_lifetime(statements: tuple[str, ...], lifetime: LifetimeSetting) -> None:
    text = "\n".join(f"crypto ipsec security-association lifetime {words}" for words in statements)
    assert config(text).ipsec_lifetime == lifetime


@pytest.mark.parametrize(("statement", "stamps"), STAMPS)
def test_time_stamps(statement: str, stamps: TimeStamps | None) -> None:
    assert config(statement).timestamps == stamps


@pytest.mark.parametrize(("words", "match"), KEYS)
def test_keys(words: str, match: PeerMatch) -> None:
    assert config(f"crypto isakmp key {words}\n").isakmp_keys == (match,)


@pytest.mark.parametrize(("words", "minutes"), ZONES)
def test_zone(words: str, minutes: int | None) -> None:
    assert config(f"clock timezone {words}\n").clock_offset_min == minutes


@pytest.mark.parametrize(("statement", "buffer"), BUFFERS)
def test_log_buffer(statement: str, buffer: tuple[int | None, str | None]) -> None:
    found = config(statement)
    assert (found.logging_buffered_bytes, found.logging_buffered_level) == buffer


@pytest.mark.parametrize(("address", "wildcard", "network"), WILDCARDS)
def test_wildcards(address: str, wildcard: str, network: str | None) -> None:
    assert wildcard_network(address, wildcard) == network


@pytest.mark.parametrize(("statement", "expected"), INTERFACE)
def test_interface(statement: str, expected: dict[str, Any]) -> None:
    (found,) = config(f"interface Tunnel1\n {statement}\n").interfaces
    assert {name: getattr(found, name) for name in expected} == expected


def test_one_line_map_entries_are_one_entry() -> None:
    (entry,) = config("crypto map M 10 match address A\ncrypto map M 10 set peer 192.0.2.1 192.0.2.2\n").map_entries
    assert (entry.acl, entry.peers) == ("A", ("192.0.2.1", "192.0.2.2"))


@pytest.mark.parametrize(("text", "whole"), [("hostname a\nend\n", True), ("hostname a\n", False)])
def test_a_whole_configuration_ends_in_end(text: str, whole: bool) -> None:
    assert config(text).whole is whole


@pytest.mark.parametrize("delimiter", ["^C", "\x03", "#", "@", "%"])
def test_a_banner_is_no_configuration(delimiter: str) -> None:
    text = f"banner login {delimiter}\nhostname not-me\n{delimiter}\nhostname me\nend\n"
    parsed = show_running_config.parse(text)
    assert parsed.facts.config is not None
    assert parsed.facts.config.hostname == "me"
    assert parsed.coverage.unparsed == ()


def test_what_stands_under_an_unknown_statement_belongs_to_it() -> None:
    text = "crypto map M 10 ipsec-isakmp\n set peer 192.0.2.1\nfrobnicate\n set peer 192.0.2.2\n"
    parsed = show_running_config.parse(text)
    assert parsed.facts.config is not None
    assert parsed.facts.config.map_entries[0].peers == ("192.0.2.1",)
    assert [line.text for line in parsed.coverage.unparsed] == ["frobnicate"]


def test_an_empty_answer_is_no_configuration() -> None:
    assert show_running_config.parse("\n\n").facts.config is None


def test_a_comment_behind_a_statement_is_none_of_its_words() -> None:
    text = "crypto map M 10 ipsec-isakmp !like the others\n set peer 192.0.2.1 ! the hub\n description all! ! clear\n"
    assert config(text).map_entries[0].peers == ("192.0.2.1",)


APPLETS = [
    (
        ('event syslog pattern "RECVD_PKT_INV_SPI" ratelimit 60', 'action 1.0 cli command "clear crypto session"'),
        ("syslog", "RECVD_PKT_INV_SPI", ("clear crypto session",)),
    ),
    (
        ("event tag one syslog pattern RECVD occurs 3", "event tag two timer watchdog time 60"),
        ("syslog", "RECVD", ()),
    ),
    (
        ("event track 6 state down", "action 010 wait 5", "action 020 cli command enable", 'action 030 syslog msg "x"'),
        ("track", None, ("enable",)),
    ),
    ((), (None, None, ())),
]


@pytest.mark.parametrize(("statements", "wanted"), APPLETS)
def test_an_applet(statements: tuple[str, ...], wanted: tuple[Any, ...]) -> None:
    text = "\n".join(("hostname r1", "event manager applet MEND", *(f" {s}" for s in statements), "end"))
    (found,) = config(text).applets
    assert (found.name, found.event, found.pattern, tuple(c.text for c in found.commands)) == ("MEND", *wanted)


def test_sessions_of_which_version_are_logged() -> None:
    found = config("hostname r1\ncrypto logging ikev2\nend")
    assert (found.logging_session, found.logging_session_v2) == (False, True)
