"""What an ASA's log says of lost state, outages and sessions (field guide 1.6)."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose import losses, outages
from vpnaudit.parse.messages import read_message

SAID = [
    (
        "ASA-5-111008",
        "User 'ops' executed the 'clear crypto ipsec sa peer 198.51.100.7' command.",
        {"user": "ops", "command": "clear crypto ipsec sa peer 198.51.100.7"},
    ),
    (
        "ASA-5-111010",
        "User 'ops', running 'CLI' from IP 10.1.0.9, executed 'no isakmp keepalive'",
        {"user": "ops", "command": "no isakmp keepalive"},
    ),
    (
        "ASA-1-104001",
        "(Secondary) Switching to ACTIVE - Other unit wants me Active",
        {"state": "active"},
    ),
    (
        "ASA-1-104002",
        "(Primary) Switching to STANDBY (cause: bad/incomplete config)",
        {"state": "standby", "reason": "bad/incomplete config"},
    ),
]


@pytest.mark.parametrize(("tag", "text", "details"), SAID)
def test_messages_that_tell_of_commands_and_failovers(tag: str, text: str, details: dict[str, str]) -> None:
    assert read_message(tag, text).details == details


def test_a_line_that_goes_down() -> None:
    facts = read_message("ASA-4-411002", "Line protocol on Interface outside, changed state to down")
    assert (facts.interface, facts.details) == ("outside", {"state": "down"})


@pytest.mark.parametrize(
    ("tag", "details", "takeover"),
    [
        ("ASA-6-199002", {}, False),
        ("ASA-1-104001", {"state": "active"}, True),
        ("ASA-5-104001", {"state": "active"}, True),
        ("FTD-3-199002", {}, False),
        ("ASA-5-111008", {"command": "clear crypto ikev1 sa 198.51.100.7"}, False),
    ],
)
def test_state_losses(lab: Any, tag: str, details: dict[str, str], takeover: bool) -> None:
    device = lab.router(uptime_s=None).says(tag, 600, details=details).device()
    (loss,) = [s for s in losses.state_losses(device) if s.at == lab.ago(600)]
    assert loss.is_takeover == takeover


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("ASA-5-111008", "User 'ops' executed the 'clear crypto ipsec sa counters' command."),
        ("ASA-5-111008", "User 'ops' executed the 'clear crypto accelerator statistics' command."),
        ("PARSER-5-CFGLOG_LOGGEDCMD", "User:ops  logged command:no crypto map VPN 20"),
        ("CRYPTO-6-ISAKMP_ON_OFF", "ISAKMP is ON"),
    ],
)
def test_what_costs_no_sa(lab: Any, tag: str, text: str) -> None:
    device = lab.router(uptime_s=None).says(tag, 600, details=read_message(tag, text).details).device()
    assert list(losses.state_losses(device)) == []


@pytest.mark.parametrize(
    ("tag", "text", "peer"),
    [
        ("ASA-5-111008", "User 'ops' executed the 'clear ipsec sa peer 198.51.100.7' command.", "198.51.100.7"),
        ("PARSER-5-CFGLOG_LOGGEDCMD", "User:ops  logged command:do clear crypto session", None),
        ("PARSER-5-CFGLOG_LOGGEDCMD", "User:ops  logged command:no crypto map VPN", None),
        ("CRYPTO-6-ISAKMP_ON_OFF", "ISAKMP is OFF", None),
    ],
)
def test_whose_sas_are_lost(lab: Any, tag: str, text: str, peer: str | None) -> None:
    device = lab.router(uptime_s=None).says(tag, 600, details=read_message(tag, text).details).device()
    assert [s.peer for s in losses.state_losses(device)] == [peer]


@pytest.mark.parametrize(
    ("tag", "text", "outage"),
    [
        ("CRYPTO-6-IKMP_MODE_FAILURE", "Processing of Quick mode failed with peer at 198.51.100.7", False),
        ("IKEV2-3-NEG_ABORT", "Negotiation aborted due to ERROR: Failed to find a matching policy", False),
        ("IKEV2-3-NEG_ABORT", "Negotiation aborted due to ERROR: Maximum number of retransmissions reached", True),
        ("IKEV2-5-SA_DOWN", "SA DOWN", False),
    ],
)
def test_a_refusal_or_an_end_is_no_outage(lab: Any, tag: str, text: str, outage: bool) -> None:
    device = lab.router().says(tag, 600, details=read_message(tag, text).details).device()
    assert bool(outages.outages(device, None, lab.spoke)) == outage


@pytest.mark.parametrize(
    ("tag", "state"),
    [
        ("ASA-5-713119", "up"),
        ("ASA-5-750006", "up"),
        ("ASA-4-113019", "down"),
        ("ASA-5-713259", "down"),
        ("FTD-5-750007", "down"),
        ("ASA-2-113019", "down"),
        ("ASA-7-713119", "up"),
        ("ASA-5-713050", "down"),
    ],
)
def test_sessions(lab: Any, tag: str, state: str) -> None:
    device = lab.router().says(tag, 600, details={"peer": lab.spoke}).device()
    assert [s for s, _ in outages.sessions(device, lab.spoke)] == [state]
    assert outages.sessions(device, lab.stranger) == []
    assert bool(outages.outages(device, None, lab.spoke)) == (state == "down")


@pytest.mark.parametrize(
    ("given", "outage"),
    [
        ("Lost Service", True),
        ("Lost Service (DPD)", True),
        ("Session Error Terminated", True),
        ("IPSec SA Idle Timeout", False),
        ("IPSec SA Max Time Exceeded", False),
        ("Administrator Reset", False),
        ("User Requested", False),
        ("Peer Terminate", False),
        ("crypto map policy not found", False),
    ],
)
def test_a_session_that_an_end_took_down_tells_of_no_outage(lab: Any, given: str, outage: bool) -> None:
    text = f"Group = {lab.spoke}, IP = {lab.spoke}, Session is being torn down. Reason: {given}"
    device = lab.router().says("ASA-5-713259", 600, details=dict(read_message("ASA-5-713259", text).details)).device()
    assert [s for s, _ in outages.sessions(device, lab.spoke)] == ["down"]
    assert bool(outages.outages(device, None, lab.spoke)) == outage


@pytest.mark.parametrize(("given", "outage"), [("IPSec SA Idle Timeout", False), ("Lost Service", True)])
def test_a_connection_of_one_pair_of_proxies_ends_for_a_reason(lab: Any, given: str, outage: bool) -> None:
    text = f"IP = {lab.spoke}, Connection terminated for peer {lab.spoke}.  Reason: {given}  Remote Proxy 10.2.0.0"
    device = lab.router().says("ASA-5-713050", 600, details=dict(read_message("ASA-5-713050", text).details)).device()
    assert [why for why, _ in outages.why_sessions_ended(device, lab.spoke)] == [given]
    assert bool(outages.outages(device, None, lab.spoke)) == outage


def test_all_messages_of_one_end_are_one(lab: Any) -> None:
    router = lab.router()
    for ago_s in (600.0, 300.0):
        for tag in ("ASA-5-713259", "ASA-5-713050", "ASA-5-713050", "ASA-4-113019"):
            router.says(tag, ago_s, details={"peer": lab.spoke, "reason": "Peer Terminate"})
    ends = outages.why_sessions_ended(router.device(), lab.spoke)
    assert [s.at for _, s in ends] == [lab.ago(600.0), lab.ago(300.0)]


@pytest.mark.parametrize("severity", range(8))
def test_an_operator_may_have_changed_the_severity(lab: Any, severity: int) -> None:
    """`logging message 411002 level alerts`: the number says what happened."""
    line = lab.router().says(f"ASA-{severity}-411002", 600, interface=lab.outside, details={"state": "down"})
    assert [o.is_line for o in outages.outages(line.device(), None, None, frozenset({lab.outside}))] == [True]
    memory = lab.router().says(f"ASA-{severity}-211001", 600).device()
    assert len(losses.memory_failures(memory)) == 1
    unfit = lab.router().says(f"ASA-{severity}-402116", 600, source=lab.spoke).device()
    assert len(outages.identity_errors(unfit, lab.spoke)) == 1
