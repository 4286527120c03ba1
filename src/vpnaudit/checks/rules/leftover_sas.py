"""An end holds more SAs for one proxy identity than a rekey explains.

## What it looks for

During a rekey an end holds the old pair and the new one for a short while. The rule looks for a proxy identity with
two or more SAs in one direction although the newest of them was installed longer ago than a rekey lasts.

## Why it matters

Leftover SAs come from rekeys that did not finish, from two devices behind one address, or from two tunnels between
the same ends. Each is one more SPI on which a peer may send to somebody who has forgotten it.

## What it cannot see

Whether the extra SA is harmful: some releases keep dead SAs without any effect on traffic. The age of an SA comes
from its remaining lifetime; where the device prints none, one reading cannot tell a rekey from a leftover.

## Example

    hub  show crypto ipsec sa   10.1.0.0/16 to 10.2.0.0/16, peer 198.51.100.7
         inbound esp sas:  0x7711AB04 (2900 s left)  0x0193C2F1 (1250 s left)

## What to do

Read the table again after a few minutes. If both stay: look for a second tunnel or a second device with the same
addresses, then `clear crypto session remote 198.51.100.7`.

## How to check that it worked

`show crypto ipsec sa peer …` shows one SA in each direction for the proxy identity, also a few minutes after the next
rekey.

## Source

Field guide 2.3 (simultaneous rekey), 4 C5 (two inbound SPIs are no fault by themselves) and C7.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import EVIDENCE_SHOWN, end_case, peer_of
from vpnaudit.checks.sa_age import age_s
from vpnaudit.model.device import SA_COMMANDS, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import LiveSa, Tunnel, TunnelEnd
from vpnaudit.settings import Settings


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding an end."""
    overlap_s = settings.thresholds.rekey_before_s + settings.thresholds.rekey_after_s
    return (_judge(t, e, d, overlap_s) for t, e, d in fleet.assessable_ends)


def _judge(tunnel: Tunnel, end: TunnelEnd, device: Device, overlap_s: float) -> Finding:
    case = end_case(RULE, tunnel, end, f"one SA a direction for each proxy identity, {overlap_s:.0f} s after a rekey")
    if not end.sa_table_read:
        return case.unknown(device.name, SA_COMMANDS[0], "which SAs it holds for this tunnel")
    ageless: list[LiveSa] = []
    for group in _several(end.sas):
        ages = [age_s(tunnel, end, sa) for sa in group]
        known = [a for a in ages if a is not None]
        if not known or (len(known) < len(ages) and min(known) > overlap_s):
            ageless = group
        elif min(known) > overlap_s:
            return case.failed(
                f"{len(group)} {group[0].direction}bound SAs for one proxy identity, the newest {min(known):.0f} s old",
                "A rekey leaves the old SA for seconds to a minute or two, not longer.",
                [s.evidence for s in group[:EVIDENCE_SHOWN]],
                parameters={"device": end.device, "peer": peer_of(tunnel, end), "version": tunnel.ike},
            )
    if ageless:
        command = f"{SA_COMMANDS[0]} peer {peer_of(tunnel, end)}"
        return case.unknown(
            device.name,
            command,
            "the SAs' age is not known, so this may be a rekey under way; read it again after a few minutes",
            [s.evidence for s in ageless[:EVIDENCE_SHOWN]],
        )
    return case.passed(f"{len(end.inbound)} inbound, {len(end.outbound)} outbound", "", device.cite_whole(*SA_COMMANDS))


def _several(sas: Iterable[LiveSa]) -> list[list[LiveSa]]:
    """Groups of two or more SAs with the same identity, protocol and direction."""
    groups: dict[tuple[str, str, str, str], list[LiveSa]] = {}
    for sa in sas:
        key = (sa.local_identity or "", sa.remote_identity or "", sa.protocol, sa.direction)
        groups.setdefault(key, []).append(sa)
    return [group for _, group in sorted(groups.items()) if len(group) > 1]


RULE = Rule(id="SPI-003", title="leftover-sas", severity="low", needs=SA_COMMANDS[:1], check=check)
