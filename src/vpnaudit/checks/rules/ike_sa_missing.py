"""IPsec SAs are alive at this end, and no IKE SA stands behind them.

## What it looks for

An end with IPsec SAs, whose IKE table was read and has no established IKE SA with the peer, or whose session says
UP-NO-IKE.

## Why it matters

Everything that keeps two ends in step travels over the IKE SA: DELETEs, DPD, and the answer that a device gives to an
unknown SPI. Without it, an end that loses its IPsec SAs cannot say so.

## What it cannot see

IKE SAs come and go: with IKEv1 an IKE SA may end before the IPsec SAs and come back with the next rekey. A table that
lists IKEv1 only says nothing of IKEv2.

## Example

    hub  show crypto session    Session status: UP-NO-IKE   Peer: 198.51.100.7 port 500

## What to do

Look why the IKE SA went: an IKE lifetime shorter than the IPsec lifetime (LIFE-002), or UDP 500/4500 filtered one
way. If invalid SPIs are logged now, clear the session at the sender.

## How to check that it worked

`show crypto session remote PEER detail` says UP-ACTIVE at both ends, and stays so over one rekey.

## Source

Field guide 4.A and 5.1 (`show crypto session detail`).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import end_case, place_parameters, settling
from vpnaudit.checks.ike_tables import cite_session, command_for, table_read
from vpnaudit.model.device import IKE_COMMANDS, SA_COMMANDS, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import Tunnel, TunnelEnd
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding an end that has IPsec SAs, or of which that is not known."""
    for tunnel, end, device in fleet.assessable_ends:
        if end.sas or not end.sa_table_read:
            yield _judge(tunnel, end, device)


def _judge(tunnel: Tunnel, end: TunnelEnd, device: Device) -> Finding:
    case = end_case(RULE, tunnel, end, "an established IKE SA beside the IPsec SAs")
    if not end.sas:
        return case.unknown(device.name, settling(device, *SA_COMMANDS), "whether it has IPsec SAs with this peer")
    if end.live_ike:
        return case.passed(f"{len(end.live_ike)} established IKE SA", "", [i.evidence for i in end.live_ike[:1]])
    without = (end.session_status or "").upper() == "UP-NO-IKE"
    if not without and not (end.ike_table_read and table_read(tunnel, end, device)):
        return case.unknown(device.name, command_for(tunnel, end), "whether an IKE SA stands behind the IPsec SAs")
    return case.failed(
        f"{len(end.sas)} IPsec SAs, no established IKE SA" + (", session UP-NO-IKE" if without else ""),
        "Without an IKE SA this end can neither tell its peer of a lost SPI nor be told.",
        [*(s.evidence for s in end.sas[:1]), *cite_session(tunnel, end, device), *device.cite_whole(*IKE_COMMANDS)],
        parameters=place_parameters(tunnel, end),
    )


RULE = Rule(
    id="IKE-001", title="ike-sa-missing", severity="medium", needs=IKE_COMMANDS[:1] + SA_COMMANDS[:1], check=check
)
