"""One end has SAs and the other none, or an end has them in one direction only.

## What it looks for

SAs come in pairs, and both ends hold them. The rule compares, for each proxy identity of each end, inbound with
outbound, and then whether one end holds SAs while the other end's table was read and is empty.

## Why it matters

The end that still has SAs goes on sending; the other drops every packet as an invalid SPI, or cannot answer. On the
end with SAs the tunnel looks up.

## What it cannot see

A tunnel that is set up or torn down between the two readings. SAs that the other end could not have had yet, or not
any more, at the moment of its own reading are left out. Where nobody knows when the tables were read: UNKNOWN. With
one end collected only its own directions can be judged: a missing direction fails, two directions leave it UNKNOWN.

## Example

    spoke1  show crypto ipsec sa    peer 192.0.2.1: 1 inbound, 1 outbound
    hub     show crypto ipsec sa    peer 198.51.100.7: none

## What to do

`clear crypto session remote 192.0.2.1` on the end that has the SAs. If the other end does not negotiate then, its
configuration or the path to its UDP ports 500 and 4500 is what is wrong.

## How to check that it worked

`show crypto ipsec sa peer …` at both ends has SAs in both directions, and encaps and decaps rise at both.

## Source

Field guide 2.1, 2.6 and appendix C.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from vpnaudit.checks.finding import EVIDENCE_SHOWN, peer_of, place, tunnel_case
from vpnaudit.model.device import SA_COMMANDS
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.tunnel import LiveSa, Tunnel, TunnelEnd
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a tunnel."""
    return (_judge(fleet, t) for t in fleet.assessable_tunnels)


def _judge(fleet: Fleet, tunnel: Tunnel) -> Finding:
    case = tunnel_case(RULE, tunnel, "both ends hold SAs in both directions, or none")
    for end in tunnel.ends:
        single = _single_direction(end)
        if end.sa_table_read and single:
            return case.failed(
                f"{end.device} has {single[0].direction}bound SAs without the other direction",
                "An IPsec SA without its other direction carries no conversation.",
                [s.evidence for s in single[:EVIDENCE_SHOWN]],
                parameters={"device": end.device, "peer": peer_of(tunnel, end), "version": tunnel.ike},
            )
    for end in (tunnel.local, tunnel.remote):
        if end.device is None or not end.sa_table_read:
            return case.unknown(place(end), SA_COMMANDS[0], "whether that end holds the SAs too")
    for end, other in ((tunnel.local, tunnel.remote), (tunnel.remote, tunnel.local)):
        lasting = [s for s in end.sas if _spans(s, end, other)]
        if lasting and not other.sas and _is_open(tunnel, end, other):
            question = (
                f"whether it holds SAs too; read both ends within the same minute, as {end.device} does hold some"
            )
            command = f"{SA_COMMANDS[0]} peer {peer_of(tunnel, other)}"
            return case.unknown(place(other), command, question, [s.evidence for s in lasting[:EVIDENCE_SHOWN]])
        if lasting and not other.sas:
            device = fleet.device_by_name.get(other.device or "")
            empty = device.cite_whole(*SA_COMMANDS) if device else ()
            return case.failed(
                f"{end.device} holds {len(lasting)} SAs, {other.device} none",
                f"{other.device}'s table was read and has no SA with {end.device}; what {end.device} sends is dropped.",
                [*(s.evidence for s in lasting[:EVIDENCE_SHOWN]), *empty],
                parameters={"device": end.device, "peer": peer_of(tunnel, end), "version": tunnel.ike},
            )
    held = [f"{e.device} {len(e.inbound)} in, {len(e.outbound)} out" for e in tunnel.ends]
    one_empty = any(e.sas for e in tunnel.ends) and not all(e.sas for e in tunnel.ends)
    because = "What one end alone shows came or went between the two readings." if one_empty else ""
    return case.passed("; ".join(held), because, [s.evidence for e in tunnel.ends for s in e.sas[:1]])


def _is_open(tunnel: Tunnel, end: TunnelEnd, other: TunnelEnd) -> bool:
    """Whether the two readings may lie so far apart that the other end held these SAs at some time."""
    if any(s.sender == end.device for s in tunnel.stale):
        return False
    undated = end.sa_table_at is None or other.sa_table_at is None
    return undated or any(s.sender == end.device for s in tunnel.undecided)


def _single_direction(end: TunnelEnd) -> list[LiveSa]:
    """The SAs of the first proxy identity that has one direction only."""
    groups: dict[tuple[str, str], list[LiveSa]] = {}
    for sa in end.sas:
        groups.setdefault((sa.local_identity or "", sa.remote_identity or ""), []).append(sa)
    return next((g for _, g in sorted(groups.items()) if len({s.direction for s in g}) == 1), [])


def _spans(sa: LiveSa, end: TunnelEnd, other: TunnelEnd) -> bool:
    """Whether the SA was there when the other end's table was read. Without times it may have been."""
    if other.sa_table_at is None:
        return True
    slack = timedelta(seconds=sa.uncertainty_s)
    if sa.installed_at is not None and sa.installed_at > other.sa_table_at - slack:
        return False
    if end.sa_table_at is None or sa.remaining_s is None:
        return True
    return end.sa_table_at + timedelta(seconds=sa.remaining_s) > other.sa_table_at


RULE = Rule(id="SPI-002", title="one-sided-sas", severity="high", needs=SA_COMMANDS[:1], check=check)
