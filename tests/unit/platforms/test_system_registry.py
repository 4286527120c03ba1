"""Which platforms there are, which text is whose, and which command was typed (DESIGN 5)."""

from __future__ import annotations

import importlib
import re

import pytest

from vpnaudit.model.platform import Platform
from vpnaudit.platforms.gather import refuse_twins
from vpnaudit.platforms.registry import all_platforms, platform, resolve_command, tell_platform

NEEDED_OF_ALL = {
    "show clock",
    "show version",
    "show running-config",
    "show crypto isakmp sa",
    "show crypto ipsec sa",
    "show interfaces",
    "show logging",
}
NEEDED = {
    "cisco_asa": NEEDED_OF_ALL,
    "cisco_ios": NEEDED_OF_ALL | {"show crypto map", "show memory statistics"},
}
RESOLVED = [
    ("show crypto ipsec sa ipv6 interface Tunnel1", "show crypto ipsec sa", "ipv6 interface Tunnel1"),
    ("show crypto ipsec security-association", "show crypto ipsec security-association-lifetime", ""),
    ("show crypto session brief", "show crypto session brief", ""),
    (
        "show monitor event-trace crypto ipsec event from-boot detail",
        "show monitor event-trace crypto ipsec event from-boot detail",
        "",
    ),
    ("show running-config full", "show running-config", ""),
    ("more system:running-config", "show running-config", ""),
    ("more nvram:startup-config | i crypto", "show startup-config", "| i crypto"),
    ("sh cry ips sa pe 192.0.2.1 det", "show crypto ipsec sa detail", "peer 192.0.2.1"),
    ("show crypto ipsec sa detail", "show crypto ipsec sa detail", ""),
    ("show_crypto_ipsec_sa_detail", "show crypto ipsec sa detail", ""),
    ("show-crypto-ikev2-sa-detailed", "show crypto ikev2 sa detail", ""),
    ("Show_Crypto-IPSEC sa", "show crypto ipsec sa", ""),
    ("show_crypto_ipsec_sa_peer_192.0.2.1", "show crypto ipsec sa", "peer 192.0.2.1"),
    ("show crypto ipsec sa peer 2001:db8::1", "show crypto ipsec sa", "peer 2001:db8::1"),
    ("show crypto ipsec sa vrf INET-1 detail", "show crypto ipsec sa detail", "vrf INET-1"),
    ("show crypto ipsec sa interface Port-channel1", "show crypto ipsec sa", "interface Port-channel1"),
    ("show-crypto-session-local-detail", "show crypto session detail", "local"),
    ("sh cry isa sa", "show crypto isakmp sa", ""),
    ("sh log | i SPI", "show logging", "| i SPI"),
    ("show logging|include SPI", "show logging", "| include SPI"),
    ("sh run", "show running-config", ""),
    ("show run | section crypto", "show running-config", "| section crypto"),
    ("show running-config all", "show running-config", ""),
    ("show running-config interface Tunnel1", "show running-config", "interface Tunnel1"),
    ("sh int Gi0/1", "show interfaces", "Gi0/1"),
    ("sh ver", "show version", ""),
    ("show clock detail", "show clock detail", ""),
    ("show mem stat", "show memory statistics", ""),
    ("sh mon event-trace cry ips event all", "show monitor event-trace crypto ipsec event all", ""),
    ("show proc mem sorted", "show processes memory sorted", ""),
    ("sh mon event-trace cry merged back 20 detail", "show monitor event-trace crypto merged back detail", "20"),
    ("show-monitor-event-trace-crypto-merged", "show monitor event-trace crypto merged", ""),
    ("sh plat hard qfp act feat ipsec data drop", "show platform hardware qfp active feature ipsec datapath drops", ""),
    ("show crypto isakmp peer 192.0.2.1", "show crypto isakmp peers", "192.0.2.1"),
    ("sh cry isa pol", "show crypto isakmp policy", ""),
    ("sh cry eli all", "show crypto eli", "all"),
    ("show crypto ikev2 stats exchange detailed", "show crypto ikev2 stats exchange detail", ""),
    ("show sdwan ipsec local-sa 192.0.2.9", "show sdwan ipsec local-sa", "192.0.2.9"),
]
RESOLVED_ON_ASA = [
    ("more system:running-config", "show running-config", ""),
    ("show isakmp sa detail", "show isakmp sa detail", ""),
    ("sh cry ips sa entry", "show crypto ipsec sa entry", ""),
    ("sh int", "show interfaces", ""),
    ("show_interface", "show interfaces", ""),
    ("sh cry ips sa pe 192.0.2.1 det", "show crypto ipsec sa detail", "peer 192.0.2.1"),
    ("show cry isa sa det", "show crypto isakmp sa detail", ""),
    ("show_vpn-sessiondb_detail_l2l", "show vpn-sessiondb detail l2l", ""),
    ("show vpn-sessiondb l2l", "show vpn-sessiondb l2l", ""),
    ("show mem det", "show memory detail", ""),
]
NOT_RESOLVED = [
    "",
    "|",
    "show",
    "sh cry i sa",
    "show version detail",
    "show tech-support",
    "clear crypto sa",
    "configure terminal",
    "x" * 5000,
]
TOLD = [
    ("cisco_ios", "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.4(3)M6a, RELEASE SOFTWARE\n"),
    ("cisco_ios", "Cisco IOS XE Software, Version 17.09.04a\n"),
    ("cisco_ios", "\ninterface: Gi0/0\n    Crypto map tag: M, local addr 192.0.2.9\n"),
    ("cisco_ios", "Nov 24 14:01:07.098: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet\n"),
    ("cisco_ios", "hostname r1\ncrypto isakmp policy 10\n encr aes\n"),
    ("cisco_asa", "Cisco Adaptive Security Appliance Software Version 9.16(2)\n"),
    ("cisco_asa", "interface: outside\n    Crypto map tag: M, seq num: 1, local addr: 192.0.2.9\n"),
    ("cisco_asa", "Aug 15 2019 13:44:38: %ASA-4-402114: IPSEC: Received an ESP packet\n"),
    ("cisco_nxos", "Cisco Nexus Operating System (NX-OS) Software\n"),
    ("cisco_xr", "Tue Nov 24 10:00:00.000 UTC\nCisco IOS XR Software, Version 7.5.2\n"),
    (None, "Dear colleagues, please find attached the usual numbers.\n"),
    (None, ""),
]


def test_the_platforms() -> None:
    assert [each.name for each in all_platforms()] == ["cisco_asa", "cisco_ios", "cisco_nxos", "cisco_xr"]
    assert [each.name for each in all_platforms() if each.assessable] == ["cisco_asa", "cisco_ios"]


@pytest.mark.parametrize("name", ["cisco_ios", "cisco_xe", "CISCO-XE"])
def test_a_platform_by_name_and_alias(name: str) -> None:
    found = platform(name)
    assert found is not None
    assert found.name == "cisco_ios"


def test_no_platform_of_that_name() -> None:
    assert platform("juniper_junos") is None


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_needed_and_planned(name: str) -> None:
    """DESIGN 5. The clock first, so that the rest can be dated; the log last, so that it holds what happened since."""
    found = platform(name)
    assert found is not None
    planned = [spec.command for spec in found.commands if spec.collected]
    assert {spec.command for spec in found.commands if spec.needed} == NEEDED[name]
    assert set(planned) >= NEEDED[name]
    assert planned == list(importlib.import_module(f"vpnaudit.platforms.{name}.platform").PLAN)
    assert planned[0] == "show clock"
    assert planned[-1] == "show logging"


def test_a_command_that_the_device_knows_by_another_word() -> None:
    asa = platform("cisco_asa")
    assert asa is not None
    assert next(s.sent for s in asa.commands if s.command == "show interfaces") == "show interface"


@pytest.mark.parametrize("each", all_platforms(), ids=lambda each: each.name)
def test_commands_are_shows_in_canonical_words(each: Platform) -> None:
    for spec in each.commands:
        for name in (spec.command, *spec.other_forms):
            assert re.fullmatch(r"show( [a-z0-9-]+)+", name)
            assert "detailed" not in name


@pytest.mark.parametrize("each", all_platforms(), ids=lambda each: each.name)
def test_secrets_have_their_group(each: Platform) -> None:
    assert all("secret" in rule.pattern.groupindex for rule in each.secrets)


@pytest.mark.parametrize("each", all_platforms(), ids=lambda each: each.name)
def test_each_command_resolves_to_itself_or_to_what_it_filters(each: Platform) -> None:
    for spec in each.commands:
        assert resolve_command(each.name, spec.command) == (spec.command, "")
        assert resolve_command(each.name, spec.command.replace(" ", "_").replace("-", "_")) == (spec.command, "")
        for form in spec.other_forms:
            found = resolve_command(each.name, form)
            assert found is not None
            assert form.replace("-", " ").startswith(found[0].removesuffix(" detail").replace("-", " "))


@pytest.mark.parametrize(("typed", "command", "argument"), RESOLVED)
def test_what_was_typed(typed: str, command: str, argument: str) -> None:
    assert resolve_command("cisco_ios", typed) == (command, argument)


@pytest.mark.parametrize(("typed", "command", "argument"), RESOLVED_ON_ASA)
def test_what_was_typed_at_an_asa(typed: str, command: str, argument: str) -> None:
    assert resolve_command("cisco_asa", typed) == (command, argument)


@pytest.mark.parametrize("typed", NOT_RESOLVED, ids=lambda typed: typed[:20])
def test_what_is_no_command(typed: str) -> None:
    assert resolve_command("cisco_ios", typed) is None


def test_without_a_platform_the_platforms_must_agree() -> None:
    assert resolve_command(None, "sh ver") == ("show version", "")
    assert resolve_command(None, "sh cry ips sa") == ("show crypto ipsec sa", "")


@pytest.mark.parametrize(("name", "text"), TOLD)
def test_a_text_tells_its_platform(name: str | None, text: str) -> None:
    assert tell_platform([text]) == name


def test_the_most_texts_decide() -> None:
    ios = "Cisco IOS XE Software, Version 17.09.04a\n"
    relayed = "Aug 15 2019 13:44:38: %ASA-4-402114: IPSEC: Received an ESP packet\n"
    assert tell_platform([ios, ios, relayed]) == "cisco_ios"
    assert tell_platform([ios, relayed]) is None


def test_twins_are_refused() -> None:
    with pytest.raises(ValueError, match="declared twice: show version"):
        refuse_twins(["show version", "show clock", "show version"])
