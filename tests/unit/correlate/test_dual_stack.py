"""An interface with addresses of both families lends a tunnel the one of its peer's family."""

from __future__ import annotations

import pytest

from vpnaudit.correlate.settings_of import bindings
from vpnaudit.model.config import ConfigFacts
from vpnaudit.platforms.cisco_ios.show_running_config import parse

FIRST = "interface GigabitEthernet1\n ip address 192.0.2.1 255.255.255.0\n ipv6 address 2001:DB8:A::1/64\n"
OVER_6 = " tunnel mode ipsec ipv6\n tunnel destination 2001:DB8:B::2\n"
OVER_4 = " tunnel mode ipsec ipv4\n tunnel destination 198.51.100.2\n"
TUNNEL = "interface Tunnel1\n tunnel source GigabitEthernet1\n"
PROTECTED = " tunnel protection ipsec profile P\n"
MAP = "crypto map M 10 ipsec-isakmp \n set peer {peer}\n set transform-set T\n match address A\n"
CASES = {
    "a tunnel over IPv6": (FIRST + TUNNEL + OVER_6 + PROTECTED, "2001:db8:a::1"),
    "a tunnel over IPv4": (FIRST + TUNNEL + OVER_4 + PROTECTED, "192.0.2.1"),
    "a map whose peer speaks IPv6": (MAP.format(peer="2001:DB8:B::2") + FIRST + " crypto map M\n", "2001:db8:a::1"),
    "a map whose peer speaks IPv4": (MAP.format(peer="198.51.100.2") + FIRST + " crypto map M\n", "192.0.2.1"),
    "a map whose peer is a name": (MAP.format(peer="gw.example.net dynamic") + FIRST + " crypto map M\n", "192.0.2.1"),
}


def facts(text: str) -> ConfigFacts:
    parsed = parse(f"hostname r1\n!\n{text}end\n")
    assert parsed.facts.config is not None
    return parsed.facts.config


@pytest.mark.parametrize("case", CASES)
def test_the_local_address_is_of_the_peers_family(case: str) -> None:
    text, expected = CASES[case]
    (binding,) = bindings(facts(text))
    assert binding.local == expected
