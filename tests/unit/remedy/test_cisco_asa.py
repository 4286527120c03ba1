"""The ASA syntax, and the proof that every change can be taken back: running, change, rollback, no difference."""

from __future__ import annotations

import pytest

from vpnaudit.model.platform import Change
from vpnaudit.platforms.cisco_asa.remedies import _LOOKS, REMEDIES

RUNNING = """\
: Saved
ASA Version 9.16(4)
!
hostname fw1
interface GigabitEthernet0/0
 nameif outside
 ip address 192.0.2.1 255.255.255.0
access-list CP extended permit esp host 198.51.100.2 host 192.0.2.1
access-list CP extended permit tcp any any
logging enable
logging buffer-size 4096
logging class vpn trap notifications buffered errors
access-group OTHER in interface outside
access-group CP in interface outside control-plane
crypto ipsec security-association lifetime seconds 28800
crypto ipsec profile VTI
 set ikev2 ipsec-proposal P
 set security-association lifetime kilobytes 4608000
crypto map OUTSIDE 10 set peer 198.51.100.2
crypto map OUTSIDE 10 set security-association lifetime seconds 28800
crypto map OUTSIDE 20 set peer 198.51.100.3
crypto map OUTSIDE 30 set peer 198.51.100.4
crypto map OUTSIDE 30 set security-association lifetime seconds 3600 kilobytes 4608000
crypto dynamic-map DYN 5 set ikev2 ipsec-proposal P
tunnel-group 198.51.100.2 type ipsec-l2l
tunnel-group 198.51.100.2 ipsec-attributes
 ikev1 pre-shared-key <redacted>
 isakmp keepalive disable
tunnel-group 198.51.100.3 type ipsec-l2l
tunnel-group 198.51.100.3 ipsec-attributes
 ikev2 remote-authentication pre-shared-key <redacted>
: end
"""
PEERS = ("198.51.100.2", "198.51.100.3")
LIFE = "set security-association lifetime"

CHANGES: dict[str, Change | None] = {
    "dpd, other setting stands": REMEDIES.dpd("v1", "198.51.100.2", 10, 3),
    "dpd, none stands": REMEDIES.dpd("v2", "198.51.100.3", 30, 5),
    "dpd, of all sites": REMEDIES.dpd("v2", None, 10, 3),
    "lifetime, both parts, map": REMEDIES.lifetime("map OUTSIDE 10", 3600, None),
    "lifetime, seconds, map without one": REMEDIES.lifetime_seconds("map OUTSIDE 20", 7200),
    "lifetime, one line for both parts": REMEDIES.lifetime_seconds("map OUTSIDE 30", 7200),
    "lifetime, dynamic map": REMEDIES.lifetime_volume("dynamic-map DYN 5", None),
    "lifetime, both parts, profile": REMEDIES.lifetime("profile VTI", 3600, 360_000_000),
    "lifetime, global": REMEDIES.lifetime(None, 7200, None),
    "filter, none there": REMEDIES.permit_peers_only("dmz", "192.0.2.129", PEERS, "any"),
    "filter, list there": REMEDIES.extend_filter("CP", 10, "192.0.2.1", PEERS, "any"),
    "log stamps": REMEDIES.log_stamps(),
    "log buffer": REMEDIES.log_buffer(262_144),
    "log sessions": REMEDIES.log_sessions(),
}


def entered(running: set[tuple[str, str]], commands: tuple[str, ...]) -> set[tuple[str, str]]:
    """What a device holds after some lines were entered, each with its section: a plain model, apart from the code."""
    held, section = set(running), ""
    for command in commands:
        text = command.strip()
        inside = section if command.startswith(" ") else ""
        if not inside:
            section = text
        if text.startswith("no access-list "):
            name, _, rest = text.removeprefix("no access-list ").partition(" ")
            held = {(s, t) for s, t in held if not (t.startswith(f"access-list {name} ") and t.endswith(f" {rest}"))}
        elif text.startswith("no "):
            held.discard((inside, text.removeprefix("no ")))
        elif not inside and text.startswith(("tunnel-group ", "crypto ipsec profile ")):
            held.add((inside, text))
        else:
            held = {(s, t) for s, t in held if s != inside or _kind(t) != _kind(text)}
            held.add((inside, text))
    return {(s, t) for s, t in held if t != "tunnel-group DefaultL2LGroup ipsec-attributes"}


def _kind(text: str) -> str:
    """What of a statement a device holds only once."""
    words = text.split()
    if "lifetime" in words:
        return " ".join(words[: words.index("lifetime") + 2])
    if words[:3] == ["logging", "class", "vpn"]:
        return "logging class vpn"
    if words[0] in {"isakmp", "logging"}:
        return " ".join(words[:2])
    return " ".join(words[2:]) if words[0] == "access-group" else text


def held(running: str) -> set[tuple[str, str]]:
    found, section = set(), ""
    for line in running.splitlines():
        section = section if line.startswith(" ") else line
        found.add((section if line.startswith(" ") else "", line.strip()))
    return found


def text_of(model: set[tuple[str, str]]) -> str:
    heads = sorted({t for s, t in model if not s} | {s for s, _ in model if s})
    return "\n".join(line for head in heads for line in (head, *(f" {t}" for s, t in sorted(model) if s == head)))


@pytest.mark.parametrize("name", CHANGES)
def test_change_and_rollback_leave_no_difference(name: str) -> None:
    change = CHANGES[name]
    assert change is not None
    assert change.verify
    fitted = REMEDIES.fit(RUNNING, change.commands)
    assert fitted is not None
    before = held(RUNNING)
    after = entered(before, fitted.commands)
    assert after != before
    assert REMEDIES.fit(text_of(after), change.commands) is None, "what was applied stands"
    assert entered(after, fitted.rollback) == before


FITTED = [
    (
        "dpd, other setting stands",
        ["tunnel-group 198.51.100.2 ipsec-attributes", " isakmp keepalive threshold 10 retry 3"],
        ["tunnel-group 198.51.100.2 ipsec-attributes", " isakmp keepalive disable"],
    ),
    (
        "dpd, of all sites",
        ["tunnel-group DefaultL2LGroup ipsec-attributes", " isakmp keepalive threshold 10 retry 3"],
        ["tunnel-group DefaultL2LGroup ipsec-attributes", " no isakmp keepalive threshold 10 retry 3"],
    ),
    (
        "lifetime, both parts, map",
        [f"crypto map OUTSIDE 10 {LIFE} seconds 3600", f"crypto map OUTSIDE 10 {LIFE} kilobytes unlimited"],
        [f"no crypto map OUTSIDE 10 {LIFE} kilobytes unlimited", f"crypto map OUTSIDE 10 {LIFE} seconds 28800"],
    ),
    (
        "lifetime, one line for both parts",
        [f"crypto map OUTSIDE 30 {LIFE} seconds 7200"],
        [f"crypto map OUTSIDE 30 {LIFE} seconds 3600 kilobytes 4608000"],
    ),
    (
        "filter, list there",
        [
            "access-list CP line 2 extended permit udp host 198.51.100.2 host 192.0.2.1 eq isakmp",
            "access-list CP line 3 extended permit udp host 198.51.100.2 host 192.0.2.1 eq 4500",
            "access-list CP line 4 extended permit esp host 198.51.100.3 host 192.0.2.1",
            "access-list CP line 5 extended permit udp host 198.51.100.3 host 192.0.2.1 eq isakmp",
            "access-list CP line 6 extended permit udp host 198.51.100.3 host 192.0.2.1 eq 4500",
            "access-list CP line 7 extended deny esp any4 host 192.0.2.1",
        ],
        [
            "no access-list CP extended deny esp any4 host 192.0.2.1",
            "no access-list CP extended permit udp host 198.51.100.3 host 192.0.2.1 eq 4500",
            "no access-list CP extended permit udp host 198.51.100.3 host 192.0.2.1 eq isakmp",
            "no access-list CP extended permit esp host 198.51.100.3 host 192.0.2.1",
            "no access-list CP extended permit udp host 198.51.100.2 host 192.0.2.1 eq 4500",
            "no access-list CP extended permit udp host 198.51.100.2 host 192.0.2.1 eq isakmp",
        ],
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
    assert fitted.commands[-1] == "access-group VPN-PEERS-ONLY in interface dmz control-plane"
    assert fitted.rollback[0] == "no access-group VPN-PEERS-ONLY in interface dmz control-plane"


NOTHING_LEFT = [
    ("stands", (f"crypto map OUTSIDE 10 {LIFE} seconds 28800",)),
    ("stands in a section", ("crypto ipsec profile VTI", f" {LIFE} kilobytes 4608000")),
    ("no such map entry", (f"crypto map OUTSIDE 40 {LIFE} seconds 3600",)),
    ("no such profile", ("crypto ipsec profile OTHER", f" {LIFE} seconds 3600")),
    ("no such tunnel group", ("tunnel-group 203.0.113.1 ipsec-attributes", " isakmp keepalive threshold 10 retry 3")),
    ("nothing", ()),
]


@pytest.mark.parametrize(("_why", "wanted"), NOTHING_LEFT)
def test_nothing_is_proposed(_why: str, wanted: tuple[str, ...]) -> None:
    assert REMEDIES.fit(RUNNING, wanted) is None


def test_what_an_asa_does_not_have() -> None:
    assert REMEDIES.clear_spi("198.51.100.2", 0x1A2B) is None
    assert REMEDIES.invalid_spi_recovery(on=True) is None
    assert REMEDIES.nat_keepalive(20) is None
    assert REMEDIES.group_recovery_check("G", 300) is None


def test_a_buffer_is_never_larger_than_an_asa_takes() -> None:
    assert "logging buffer-size 1048576" in REMEDIES.log_buffer(8_000_000).commands


def test_a_clear_always_names_its_peer() -> None:
    commands = REMEDIES.clear_peer("198.51.100.2").commands
    assert commands[0] == "clear crypto ipsec sa peer 198.51.100.2"
    assert all("198.51.100.2" in command for command in commands)


def test_looks_only_read() -> None:
    looks = [c for topic in _LOOKS for c in REMEDIES.look(topic, "198.51.100.2")]
    looks += [c for topic in (*_LOOKS, "sa", "session") for c in REMEDIES.look(topic, None)]
    assert all(c.startswith("show ") for c in looks)


HOSTILE = [
    "",
    "\x00\x01\x02",
    " orphan\n  deeper\n",
    "access-list\naccess-list CP\naccess-group\n",
    "crypto map\ncrypto map OUTSIDE 10 \n",
    "tunnel-group\n isakmp keepalive \n isakmp keepalive x\n",
    "(((\n[a-z\n\\\n",
    "\u2028\x85crypto",
]


@pytest.mark.parametrize("running", HOSTILE)
@pytest.mark.parametrize("name", CHANGES)
def test_any_text_gives_an_answer(running: str, name: str) -> None:
    change = CHANGES[name]
    assert change is not None
    fitted = REMEDIES.fit(running, change.commands)
    assert fitted is None or fitted.rollback


@pytest.mark.parametrize(
    ("running", "manager"),
    [
        (": Saved\n:\nNGFW Version 7.2.5 \n!\nhostname fw1\n", "its manager (FMC or FDM)"),
        (": Saved\n:\nASA Version 9.18(4)22 \n!\nhostname fw1\n", None),
    ],
    ids=["FTD", "ASA"],
)
def test_an_ftd_is_configured_by_its_manager(running: str, manager: str | None) -> None:
    assert REMEDIES.managed_by(running) == manager
