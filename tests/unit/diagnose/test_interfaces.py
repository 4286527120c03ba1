"""Which interfaces carry a tunnel."""

from __future__ import annotations

import pytest

from vpnaudit.diagnose.interfaces import carriers, configured, lines_of
from vpnaudit.model.config import ConfigFacts, ConfigInterface
from vpnaudit.model.device import Device
from vpnaudit.model.facts import Facts, Parsed, ParsedCapture
from vpnaudit.model.snapshot import Capture
from vpnaudit.model.system import InterfaceState
from vpnaudit.model.tunnel import UNKNOWN_ADDRESS, TunnelEnd

PORT, SUB, LOOPBACK = "GigabitEthernet0/0", "GigabitEthernet0/1.200", "Loopback0"
CONFIGURED = (
    ConfigInterface(line=1, name=PORT, addresses=("192.0.2.1/24",), standby_addresses=("192.0.2.3",)),
    ConfigInterface(line=5, name=SUB, addresses=("198.51.100.1/24", "2001:DB8::1/64")),
    ConfigInterface(line=9, name=LOOPBACK, addresses=("203.0.113.9/32",)),
    ConfigInterface(line=13, name="Tunnel1", tunnel_source=PORT, tunnel_destination="203.0.113.1"),
    ConfigInterface(line=17, name="Tunnel2", tunnel_source=LOOPBACK, tunnel_destination="203.0.113.2"),
    ConfigInterface(line=21, name="Port-channel1.7", nameif="outside", addresses=("203.0.113.77/24",)),
)
SHOWN = (
    InterfaceState(line=1, name=PORT, address="192.0.2.1"),
    InterfaceState(line=9, name="Dialer1", address="198.51.100.200"),
)


def capture(command: str, facts: Facts) -> ParsedCapture:
    return ParsedCapture(
        capture=Capture(device="hub", command=command, text="", file="hub.txt"), parsed=Parsed(facts=facts)
    )


HUB = Device(
    name="hub",
    platform="cisco_ios",
    defaults=None,
    captures=(
        capture("show running-config", Facts(config=ConfigFacts(line=1, whole=True, interfaces=CONFIGURED))),
        capture("show interfaces", Facts(interfaces=SHOWN)),
    ),
)


@pytest.mark.parametrize(
    ("address", "interface", "expected"),
    [
        pytest.param("192.0.2.1", None, {PORT}, id="by its address"),
        pytest.param("192.0.2.3", PORT, {PORT}, id="by the address of a standby group"),
        pytest.param("2001:db8:0::1", None, {SUB}, id="by its second address, spelled otherwise"),
        pytest.param("198.51.100.200", None, {"Dialer1"}, id="by what it shows"),
        pytest.param("192.0.2.1", "Tunnel1", {"Tunnel1", PORT}, id="a tunnel interface and its source"),
        pytest.param("203.0.113.9", "Tunnel2", {"Tunnel2", LOOPBACK}, id="the source is a loopback"),
        pytest.param("203.0.113.77", "outside", {"outside", "Port-channel1.7"}, id="a firewall's own word"),
        pytest.param(UNKNOWN_ADDRESS, None, set(), id="nothing is known: not the interfaces of others"),
        pytest.param("192.0.2.77", "Tunnel9", {"Tunnel9"}, id="of neither is anything configured"),
    ],
)
def test_carriers(address: str, interface: str | None, expected: set[str]) -> None:
    assert carriers(HUB, TunnelEnd(address=address, device="hub", interface=interface)) == expected


def test_no_end_has_no_carrier() -> None:
    assert carriers(HUB, None) == frozenset()


def test_the_port_below_a_subinterface() -> None:
    end = TunnelEnd(address="198.51.100.1", device="hub")
    assert lines_of(HUB, end, frozenset({"Vlan7"})) == {SUB, "GigabitEthernet0/1", "Vlan7"}


def test_as_configured() -> None:
    assert [i.line for i in configured(HUB, "outside")] == [21]
    assert [i.line for i in configured(HUB, "Port-channel1.7")] == [21]
    assert configured(HUB, "Serial0") == ()
