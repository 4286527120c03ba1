"""The IKE negotiation with the peer does not get anywhere.

## What it looks for

No established IKE SA with the peer, and one that hangs in the middle of a negotiation: main mode before its end
(MM_NO_STATE, MM_SA_SETUP, MM_KEY_EXCH …), aggressive mode (AG_ or AM_ …), IKEv2 IN-NEG, or a session in
DOWN-NEGOTIATING.

## Why it matters

While it lasts nothing can be rekeyed or deleted; without IPsec SAs the tunnel is down (high). MM_NO_STATE: no answer,
or no common policy. MM_KEY_EXCH: usually the key, the identity or a NAT in between.

## What it cannot see

A negotiation takes a second or two: one reading may have caught a healthy one. An IKE SA that is only being deleted
is no proof either: UNKNOWN.

## Example

    spoke1  192.0.2.1  198.51.100.7  MM_KEY_EXCH  1004 ACTIVE

## What to do

Read the table again after a minute. Compare keys, policies and identities of both ends; check UDP 500 and 4500 in
both directions.

## How to check that it worked

`show crypto isakmp sa` shows QM_IDLE (ASA: MM_ACTIVE), or `show crypto ikev2 sa` READY, and still does a minute
later.

## Source

Field guide 4 C5 (CSCvd69373), 5.1 and 1.5 (IKE trouble in the log).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import end_case, place_parameters
from vpnaudit.checks.ike_tables import cite_session, command_for, table_read
from vpnaudit.model.device import IKE_COMMANDS, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import LiveIke, Tunnel, TunnelEnd
from vpnaudit.settings import Settings

NEGOTIATING = ("MM_", "AG_", "AM_", "IN-NEG", "NEGOTIATING")
GOING = ("DELETE", "DELETING", "REKEY")


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding an end."""
    return (_judge(t, e, d) for t, e, d in fleet.assessable_ends)


def _judge(tunnel: Tunnel, end: TunnelEnd, device: Device) -> Finding:
    case = end_case(RULE, tunnel, end, "no IKE SA that hangs in its negotiation")
    if end.live_ike:
        return case.passed("an established IKE SA", "", [i.evidence for i in end.live_ike[:1]])
    hanging = [i for i in end.ike_sas if _hangs(i)]
    session = (end.session_status or "").upper()
    if hanging or session == "DOWN-NEGOTIATING":
        states = sorted({_state(i) for i in hanging} | ({session} if session == "DOWN-NEGOTIATING" else set()))
        return case.failed(
            f"IKE in {', '.join(states)}" + (f", {len(end.sas)} IPsec SAs left" if end.sas else ", no IPsec SAs"),
            "No IKE SA with this peer is established, and the one under way has not come to its end.",
            [i.evidence for i in hanging] + cite_session(tunnel, end, device),
            severity="medium" if end.sas or not end.sa_table_read else "high",
            parameters=place_parameters(tunnel, end),
        )
    if end.ike_sas and not end.sas:
        question = "no IKE SA seen is established, and none is clearly under way; read it again after a minute"
        return case.unknown(device.name, command_for(tunnel, end), question, [i.evidence for i in end.ike_sas])
    if session or (end.ike_table_read and table_read(tunnel, end, device)):
        return case.passed("no negotiation under way", "", device.cite_whole(*IKE_COMMANDS))
    return case.unknown(device.name, command_for(tunnel, end), "in which state its IKE SA with this peer is")


def _state(ike: LiveIke) -> str:
    return (ike.sa.state or ike.sa.status or "an unnamed state").upper()


def _hangs(ike: LiveIke) -> bool:
    words = " ".join(filter(None, (ike.sa.state, ike.sa.status))).upper()
    return any(s in words for s in NEGOTIATING) and not any(s in words for s in GOING)


RULE = Rule(id="IKE-002", title="ike-sa-stuck", severity="high", needs=IKE_COMMANDS[:1], check=check)
