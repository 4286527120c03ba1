"""The IOS syntax, and the proof that every change can be taken back: running, change, rollback, no difference."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vpnaudit.model.platform import Change
from vpnaudit.platforms.cisco_ios.remedies import REMEDIES, driver
from vpnaudit.remedy.way_back import SECRET_MARK, fit_to_running

RUNNING = """\
Building configuration...
!
version 15.7
service timestamps log datetime msec
hostname edge1
crypto isakmp policy 10
 encr aes 256
 lifetime 3600
crypto isakmp key <redacted> address 198.51.100.2
crypto isakmp keepalive 30 5
crypto isakmp profile ISA
   keyring default
   match identity address 198.51.100.3 255.255.255.255
   keepalive 60 retry 5
crypto ikev2 profile V2
 match identity remote address 198.51.100.2 255.255.255.255
 dpd 60 10 on-demand
!
crypto ipsec profile VTI
 set transform-set T
crypto map OUTSIDE 10 ipsec-isakmp
 set peer 198.51.100.2
 set security-association lifetime seconds 28800
 match address TO-B
crypto map OUTSIDE 20 ipsec-isakmp
 set peer 198.51.100.3
crypto gdoi group G1
 identity number 7
event manager applet MEND
 event syslog pattern "RECVD_PKT_INV_SPI"
 action 1.0 syslog msg "seen"
 action 2.0 cli command "clear crypto session"
interface GigabitEthernet0/0
 ip address 192.0.2.1 255.255.255.0
 ip access-group EDGE in
 crypto map OUTSIDE
interface GigabitEthernet0/1.100
 ip address 192.0.2.129 255.255.255.128
ip access-list extended EDGE
 permit tcp any any established
 remark "the rest"
 permit ip any any
access-list 101 permit udp any any
access-list 101 permit ip any any
logging buffered 8192
banner motd ^C
 no crypto isakmp keepalive
^C
end
"""
PEERS = ("198.51.100.2", "198.51.100.3")

CHANGES: dict[str, Change | None] = {
    "dpd, IKEv1, other timers stand": REMEDIES.dpd("v1", None, 10, 3),
    "dpd, isakmp profile": REMEDIES.dpd("v1", "ISA", 10, 3),
    "dpd, IKEv2 profile": REMEDIES.dpd("v2", "V2", 10, 3),
    "dpd, IKEv2 global": REMEDIES.dpd("v2", None, 30, 5),
    "lifetime, both parts, map": REMEDIES.lifetime("map OUTSIDE 10", 3600, None),
    "lifetime, seconds, map without one": REMEDIES.lifetime_seconds("map OUTSIDE 20", 7200),
    "lifetime, volume, profile": REMEDIES.lifetime_volume("profile VTI", 360_000_000),
    "lifetime, global": REMEDIES.lifetime(None, 7200, None),
    "filter, none there": REMEDIES.permit_peers_only("GigabitEthernet0/1.100", "192.0.2.129", PEERS, "any"),
    "filter, named list": REMEDIES.extend_filter("EDGE", 10, "192.0.2.1", PEERS, "any"),
    "filter, numbered list": REMEDIES.extend_filter("101", 10, "192.0.2.1", PEERS, "203.0.113.9"),
    "filter, many peers": REMEDIES.extend_filter("EDGE", 10, "192.0.2.1", (*PEERS, "198.51.100.4"), "any"),
    "recovery on": REMEDIES.invalid_spi_recovery(on=True),
    "NAT keepalive": REMEDIES.nat_keepalive(20),
    "group": REMEDIES.group_recovery_check("G1", 300),
    "log stamps": REMEDIES.log_stamps(),
    "log buffer": REMEDIES.log_buffer(262_144),
    "log sessions": REMEDIES.log_sessions(),
    "log sessions, IKEv2": REMEDIES.log_sessions("v2"),
    "an applet's clear": REMEDIES.drop_actions("MEND", ('action 2.0 cli command "clear crypto session"',)),
}


def assert_goes_back(running: str, change: Change) -> None:
    """Apply to the model, apply the rollback, and demand the start again; and that the change did something."""
    before = REMEDIES.fit(running, change.commands)
    assert before is not None
    after = apply(running, before.commands)
    assert REMEDIES.fit(after, change.commands) is None, "what was applied stands"
    assert as_model(apply(after, before.rollback)) == as_model(running)


def apply(running: str, commands: tuple[str, ...]) -> str:
    """The configuration text after some lines were entered, by hier_config's own model of the whole of it."""
    from hier_config import get_hconfig  # noqa: PLC0415

    future = get_hconfig(driver(), named(running)).future(get_hconfig(driver(), "\n".join(commands)))
    return "\n".join(c.cisco_style_text() for c in future.all_children())


def as_model(running: str) -> set[str]:
    from hier_config import get_hconfig  # noqa: PLC0415

    config = get_hconfig(driver(), named(running))
    return {" / ".join(c.path()) for c in config.all_children()}


def named(running: str) -> str:
    """Numbered lists in the form that single entries are edited in."""
    lines = running.splitlines()
    entries = [" " + line.partition("101 ")[2] for line in lines if line.startswith("access-list 101 ")]
    rest = [line for line in lines if not line.startswith("access-list 101 ")]
    return "\n".join([*rest, *(["ip access-list extended 101", *entries] if entries else [])])


@pytest.mark.parametrize("name", CHANGES)
def test_change_and_rollback_leave_no_difference(name: str) -> None:
    change = CHANGES[name]
    assert change is not None
    assert change.verify
    assert_goes_back(RUNNING, change)


FITTED = [
    ("dpd, IKEv1, other timers stand", ["crypto isakmp keepalive 10 3 periodic"], ["crypto isakmp keepalive 30 5"]),
    (
        "dpd, IKEv2 profile",
        ["crypto ikev2 profile V2", " dpd 10 3 periodic"],
        ["crypto ikev2 profile V2", " dpd 60 10 on-demand"],
    ),
    (
        "lifetime, both parts, map",
        [
            "crypto map OUTSIDE 10 ipsec-isakmp",
            " set security-association lifetime seconds 3600",
            " set security-association lifetime kilobytes disable",
        ],
        [
            "crypto map OUTSIDE 10 ipsec-isakmp",
            " no set security-association lifetime kilobytes disable",
            " set security-association lifetime seconds 28800",
        ],
    ),
    (
        "filter, numbered list",
        [
            "ip access-list extended 101",
            " 3 permit esp host 198.51.100.2 host 192.0.2.1",
            " 4 permit udp host 198.51.100.2 host 192.0.2.1 eq isakmp",
            " 5 permit udp host 198.51.100.2 host 192.0.2.1 eq non500-isakmp",
            " 6 permit esp host 198.51.100.3 host 192.0.2.1",
            " 7 permit udp host 198.51.100.3 host 192.0.2.1 eq isakmp",
            " 8 permit udp host 198.51.100.3 host 192.0.2.1 eq non500-isakmp",
            " 9 deny esp host 203.0.113.9 host 192.0.2.1",
        ],
        ["ip access-list extended 101", *(f" no {n}" for n in range(3, 10))],
    ),
]


@pytest.mark.parametrize(("name", "commands", "rollback"), FITTED)
def test_fitted_lines(name: str, commands: list[str], rollback: list[str]) -> None:
    change = CHANGES[name]
    assert change is not None
    fitted = REMEDIES.fit(RUNNING, change.commands)
    assert fitted is not None
    assert (list(fitted.commands), list(fitted.rollback)) == (commands, rollback)


def test_a_filter_is_taken_off_the_interface_before_it_goes() -> None:
    change = CHANGES["filter, none there"]
    assert change is not None
    fitted = REMEDIES.fit(RUNNING, change.commands)
    assert fitted is not None
    assert fitted.commands[0].startswith("ip access-list")
    assert fitted.rollback[0].startswith("interface ")
    assert fitted.rollback[-1].startswith("no ip access-list")


NOTHING_LEFT = [
    ("stands", ("crypto isakmp keepalive 30 5",)),
    ("stands in a section", ("crypto map OUTSIDE 10", " set security-association lifetime seconds 28800")),
    ("no such map entry", ("crypto map OUTSIDE 30", " set security-association lifetime seconds 3600")),
    ("short for two entries", ("crypto map OUTSIDE", " set security-association lifetime seconds 3600")),
    ("undoes nothing", ("no crypto isakmp invalid-spi-recovery",)),
    ("nothing", ()),
]


@pytest.mark.parametrize(("_why", "wanted"), NOTHING_LEFT)
def test_nothing_is_proposed(_why: str, wanted: tuple[str, ...]) -> None:
    assert REMEDIES.fit(RUNNING, wanted) is None


def test_recovery_is_taken_out_where_it_stands() -> None:
    change = REMEDIES.invalid_spi_recovery(on=False)
    assert change is not None
    fitted = REMEDIES.fit(f"crypto isakmp invalid-spi-recovery\n{RUNNING}", change.commands)
    assert fitted is not None
    assert fitted.commands == ("no crypto isakmp invalid-spi-recovery",)
    assert fitted.rollback == ("crypto isakmp invalid-spi-recovery",)


def test_a_line_with_a_secret_is_never_proposed() -> None:
    running = f"crypto isakmp keepalive 30 {SECRET_MARK}\n"
    assert REMEDIES.fit(running, ("crypto isakmp keepalive 10 3 periodic",)) is None


def test_too_many_lines_for_the_room_in_front() -> None:
    assert REMEDIES.extend_filter("EDGE", 4, "192.0.2.1", PEERS, "any") is None


HOSTILE = [
    "",
    "\x00\x01\x02",
    " orphan\n  deeper\n",
    "banner motd #\nnever ends",
    "crypto isakmp keepalive 1 1\n" * 3,
    "interface X\n ip address\n ip address\n",
    "(((\n[a-z\n\\\n",
    "ip access-list extended EDGE\n permit\n 5\n \t\n",
    "\u2028\x85crypto",
]


@pytest.mark.parametrize("running", HOSTILE)
@pytest.mark.parametrize("name", CHANGES)
def test_any_text_gives_an_answer(running: str, name: str) -> None:
    change = CHANGES[name]
    assert change is not None
    fitted = REMEDIES.fit(running, change.commands)
    assert fitted is None or fitted.rollback


FORBIDDEN = ("clear crypto sa", "clear crypto isakmp", "clear crypto session", "reload", "clear crypto ipsec sa")


def test_a_clear_always_names_its_peer() -> None:
    for change in (REMEDIES.clear_peer("198.51.100.2"), REMEDIES.clear_spi("198.51.100.2", 0x1A2B)):
        assert change is not None
        for command in change.commands:
            assert command not in FORBIDDEN
            assert "198.51.100.2" in command
    assert REMEDIES.clear_peer("198.51.100.2").commands == ("clear crypto session remote 198.51.100.2",)


def test_looks_only_read() -> None:
    from vpnaudit.platforms.cisco_ios.remedies import _LOOKS  # noqa: PLC0415

    looks = [c for topic in _LOOKS for c in REMEDIES.look(topic, "198.51.100.2")]
    looks += [c for topic in ("sa", "session", "interface") for c in REMEDIES.look(topic, None)]  # type: ignore[arg-type]
    assert all(c.startswith("show ") for c in looks)


def test_hier_config_is_loaded_only_where_a_remedy_is_built() -> None:
    code = (
        "import sys, vpnaudit.remedy, vpnaudit.platforms.cisco_ios.remedies; "
        "sys.exit(any(m.split('.')[0] in {'hier_config', 'pydantic'} for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_fit_to_running_keeps_sections_of_its_own() -> None:
    """A new section is made only where its kind may be new."""
    wanted = ("ip access-list extended NEW", " 10 deny esp any any")
    assert fit_to_running(driver(), RUNNING, wanted) is None
    assert fit_to_running(driver(), RUNNING, wanted, new_sections=("ip access-list ",)) is not None
