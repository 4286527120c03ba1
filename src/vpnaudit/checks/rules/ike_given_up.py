"""IKE messages are repeated until the device gives up on its peer.

## What it looks for

The IKEv2 timers that ran out after all repetitions (`PACKET MAXIMUM RETRANS TIMER`, `DPD MAX RETRANS TIMER`), per day
since the start, and lines in the log that say that a peer no longer answers.

## Why it matters

A single lost packet is repeated and costs nothing. A message that is given up means an outage longer than all
repetitions, or a peer or filter that does not answer at all; a rekey or DELETE that was under way then leaves the two
ends with different SAs.

## What it cannot see

Which peer: the timers count for the whole device, also the attempts to reach a peer that is switched off for good, and
they run since boot or clear. IKEv1 has no such counters on IOS, and logs little of it: there a pass rests on the log
alone.

## Example

    hub  show crypto ikev2 stats timeout    PACKET MAXIMUM RETRANS TIMER   7736      (up 30 days: 258 a day)

## What to do

Read the counters twice, some hours apart. If they grow: see which peers are down (`show crypto session`), whether UDP
500 and 4500 pass both ways, and whether queues on the path drop them (LOSS-003). Take peers that are gone out of the
configuration.

## How to check that it worked

`show crypto ikev2 stats timeout` twice, a day apart: the two counters stand still. No new line of a peer that does
not answer in the log.

## Source

RFC 7296 section 2.1 (a requester repeats until it gives up); field guide 4 C9 and 5.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case
from vpnaudit.checks.log_reach import LOG_COMMAND, could_show, tagged
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.logs import of_firewalls
from vpnaudit.settings import Settings, Thresholds

TIMEOUTS = "show crypto ikev2 stats timeout"
GIVEN_UP = {"MAX", "MAXIMUM"}
"""A word of the timers that run out after the last repetition; the others start one."""
TAGS = frozenset(
    {"CRYPTO-4-IKMP_PEER_DEAD", "CRYPTO-5-IKMP_PEER_DEAD", "CRYPTO-4-DPD", "CRYPTO-5-DPD", "CRYPTO-5-DPD_FAILURE"}
) | of_firewalls("713123")
LEAST_SEVERITY_LOGGED = 3
DAY_S = 86_400.0


class Timers(Struct, frozen=True, kw_only=True, gc=False):
    """What the timers say: how often one ran out, and the lines."""

    count: int
    evidence: tuple[Evidence, ...]


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device that has tunnels."""
    for device in fleet.assessable_devices:
        if fleet.tunnels_of.get(device.name):
            yield _judge(fleet, device, settings.thresholds)


def _judge(fleet: Fleet, device: Device, thresholds: Thresholds) -> Finding:
    most = thresholds.ike_given_up_a_day
    case = device_case(RULE, device, f"IKE given up at most {most:g} times a day, and no line of it in the log")
    lines = tagged(device, TAGS)
    timers, days = _timers(device), _days_up(fleet, device)
    rate = timers.count / days if timers is not None and days else None
    if lines or (timers is not None and rate is not None and rate > most):
        logged = sum(m.count for _, m in lines)
        return case.failed(
            "; ".join(filter(None, (_words(timers, rate), f"{logged} lines in the log" if logged else ""))),
            "An outage longer than all repetitions, or a silent peer, leaves the ends with different SAs.",
            [*(timers.evidence if timers else ()), *(device.cite(c, m.line) for c, m in lines[-EVIDENCE_SHOWN:])],
            severity="medium" if logged >= thresholds.line_flaps else "low",
            parameters={"device": device.name},
        )
    if not could_show(device, LEAST_SEVERITY_LOGGED):
        return case.unknown(device.name, LOG_COMMAND, "whether a peer stopped answering")
    if timers is None and _counts_them(device):
        return case.unknown(device.name, TIMEOUTS, "whether IKEv2 messages were given up")
    if timers is not None and timers.count and rate is None:
        return case.unknown(device.name, "show version", "over how many days IKE was given up", timers.evidence)
    cited = [*(timers.evidence if timers else ()), *(device.cite(c, None) for c in device.log_captures[:1])]
    return case.passed(_words(timers, rate) or "none in the log", "", cited)


def _timers(device: Device) -> Timers | None:
    """The timers, if the device showed them."""
    shown = [
        (c, t) for c in device.find(TIMEOUTS) for t in c.parsed.facts.ike_timeouts if GIVEN_UP & set(t.name.split())
    ]
    if not shown:
        return None
    return Timers(count=sum(t.count for _, t in shown), evidence=tuple(device.cite(c, t.line) for c, t in shown))


def _words(timers: Timers | None, rate: float | None) -> str:
    if timers is None:
        return ""
    return f"given up {timers.count} times" + (f", {rate:.1f} a day" if rate is not None and timers.count else "")


def _days_up(fleet: Fleet, device: Device) -> float | None:
    """At least an hour, so that a start is no rate."""
    if device.booted_at is None:
        return None
    return max((fleet.collected_at - device.booted_at).total_seconds(), 3600.0) / DAY_S


def _counts_them(device: Device) -> bool:
    """Whether the device has such timers: not where its platform has none, or its release or settings no IKEv2."""
    if device.defaults is not None and not device.defaults.counts_ike_timeouts:
        return False
    refused = any(c.capture.command == TIMEOUTS and c.parsed.refused for c in device.captures)
    return not refused and TIMEOUTS not in device.not_asked


RULE = Rule(id="LOSS-004", title="ike-given-up", severity="low", needs=(TIMEOUTS, LOG_COMMAND), check=check)
