"""Commands as they are typed, pipes, and refusals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vpnaudit.simulate import SimFleet, build_fleet
from vpnaudit.simulate.fleet import CAPTURED

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def fleet() -> SimFleet:
    """branch-01 is a classic ISR, branch-02 runs IOS-XE."""
    return build_fleet(1, ["healthy", "healthy"], NOW, hours=4)


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("sh cry ips sa", "show crypto ipsec sa"),
        ("sho crypto isa sa det", "show crypto isakmp sa detail"),
        ("sh run", "show running-config"),
        ("SHOW  CLOCK", "show clock"),
        ("sh cry ips sa pe 192.0.2.1 d", "show crypto ipsec sa peer 192.0.2.1 detail"),
        ("sh proc mem so", "show processes memory sorted"),
        ("sh cry ike sa detail", "show crypto ikev2 sa detailed"),
    ],
)
def test_abbreviations_resolve(fleet: SimFleet, typed: str, full: str) -> None:
    assert fleet.answer("branch-02", typed) == fleet.answer("branch-02", full)


@pytest.mark.parametrize(
    ("typed", "column"),
    [("show nonsense", 5), ("reload", 0), ("show crypto ipsec sa foo", 21), ("configure terminal", 0)],
)
def test_an_unknown_word_gets_the_caret_below_it(fleet: SimFleet, typed: str, column: int) -> None:
    caret, marker, *_ = fleet.answer("branch-01", typed).splitlines()
    assert caret == " " * (len("BRANCH-01#") + column) + "^"
    assert marker == "% Invalid input detected at '^' marker."


def test_other_complaints(fleet: SimFleet) -> None:
    assert fleet.answer("branch-01", "show crypto").startswith("% Incomplete command.")
    assert fleet.answer("branch-01", "sh c").startswith("% Ambiguous command:")
    assert fleet.answer("branch-01", "") == ""


def test_the_classic_router_has_no_event_trace(fleet: SimFleet) -> None:
    command = "show monitor event-trace crypto ipsec event all"
    assert "% Invalid input" in fleet.answer("branch-01", command)
    assert "IPSEC-CREATE-SA" in fleet.answer("branch-02", command)


def test_without_enable_there_is_no_configuration(fleet: SimFleet) -> None:
    assert "% Invalid input" in fleet.answer("branch-01", "show running-config", privileged=False)
    assert "uptime is" in fleet.answer("branch-01", "show version", privileged=False)


def test_a_device_may_refuse(fleet: SimFleet) -> None:
    device = fleet.device("hub-b")
    device.refused = ("show crypto map", "sh mem")
    assert fleet.answer("hub-b", "sh crypto map").startswith("% Authorization failed.")
    assert fleet.answer("hub-b", "show clock").endswith("2026\n")


def test_pipes(fleet: SimFleet) -> None:
    whole = fleet.answer("branch-01", "show running-config").splitlines()
    included = fleet.answer("branch-01", "show running-config | include ^crypto|^hostname").splitlines()
    assert included == [x for x in whole if x.startswith(("crypto", "hostname"))]
    excluded = fleet.answer("branch-01", "show running-config | exc ^ ").splitlines()
    assert excluded == [x for x in whole if not x.startswith(" ")]
    begun = fleet.answer("branch-01", "show running-config | begin ^line con").splitlines()
    assert begun == whole[whole.index("line con 0") :]
    section = fleet.answer("branch-01", "show run | section crypto map OUTSIDE").splitlines()
    assert section[0] == "crypto map OUTSIDE-MAP 10 ipsec-isakmp "
    assert " set peer 192.0.2.1" in section
    assert "% Invalid input" in fleet.answer("branch-01", "show clock | nonsense x")
    assert "% Invalid input" in fleet.answer("branch-01", "show clock | include (")


@pytest.mark.parametrize("command", CAPTURED)
def test_every_command_answers_on_a_full_fleet(fleet: SimFleet, command: str) -> None:
    for device in fleet.devices:
        text = fleet.answer(device.name, command)
        refused = "% Invalid input" in text
        assert refused == (command.startswith("show monitor") and not device.hardware.xe)
        assert not text or text.endswith("\n")


def test_a_configuration_is_whole_and_holds_what_must_be_masked(fleet: SimFleet) -> None:
    text = fleet.answer("branch-01", "show running-config")
    assert text.startswith("Building configuration...")
    assert text.rstrip().endswith("\nend")
    for secret in ("crypto isakmp key Sim", "snmp-server community Sim", "enable secret 9 $9$", "username monitor"):
        assert secret in text
    assert "crypto isakmp keepalive 10 3 periodic" in text
    new = fleet.answer("branch-02", "show running-config")
    assert " dpd 10 3 periodic" in new
    assert "  pre-shared-key Sim" in new
    assert " tunnel protection ipsec profile IPSEC-HUB-A" in new


def test_keys_match_at_both_ends(fleet: SimFleet) -> None:
    def key(device: str, peer: str) -> str:
        return fleet.answer(device, f"show running-config | include key .* address {peer}").split()[3]

    assert key("branch-01", "192.0.2.1") == key("hub-a", fleet.device("branch-01").outside.address)
