"""An interface that carries tunnels drops packets in its queues.

## What it looks for

Drops of the input and the output queue of each interface over which the device's tunnels go, as a share of the packets
that went that way.

## Why it matters

A queue that is full drops IKE messages with the rest, and it is full when there is most traffic: when the volume
lifetime makes rekeys. A DELETE of IKEv1 that is dropped is never sent again.

## What it cannot see

When: the counters run since the last `clear counters` or boot. A shaper or policer counts for itself (`show policy-map
interface`). An ASA counts what its rules deny as dropped, so that its counts say nothing of queues: it is left out.

## Example

    edge1  GigabitEthernet0/0/1   Total output drops: 48211   9204551 packets output       (0.52 %)

## What to do

Compare two readings an hour apart. If the drops grow: put IKE (UDP 500 and 4500) in a class of its own that is not
dropped, like routing; then shape to the line's real rate, or buy a wider one.

## How to check that it worked

`show interfaces` twice, an hour of usual load apart: the drops stand still, or grow by less than 0.1 % of the
packets.

## Source

Field guide 4 C9 (interface drops; protect UDP 500 and 4500); a share of 0.1 % is the least that matters (section 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vpnaudit.checks.carriers import carriers
from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.system import InterfaceState
from vpnaudit.settings import Settings

INTERFACES = "show interfaces"


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device that has tunnels, and whose platform counts the drops of its queues."""
    for device in fleet.assessable_devices:
        counted = device.defaults is None or device.defaults.counts_queue_drops
        if counted and fleet.tunnels_of.get(device.name):
            yield _judge(fleet, device, settings.thresholds.drop_percent)


def _judge(fleet: Fleet, device: Device, most_percent: float) -> Finding:
    case = device_case(RULE, device, f"drops at most {most_percent:g} % of packets where tunnels go")
    if not device.interfaces:
        return case.unknown(device.name, INTERFACES, "whether packets are dropped")
    names = {n.lower() for n in carriers(fleet, device)}
    lines = [(s, device.cite(c, s.line)) for c, s in device.interfaces if s.name.lower() in names]
    if not lines:
        peer = fleet.tunnels_of[device.name][0].other_end(device.name).address
        return case.unknown(device.name, f"{device.words.route_shown_by} {peer}", "over which interface its tunnels go")
    shares = sorted((s for state, cited in lines for s in _shares(state, cited)), key=lambda s: (-s[0], s[1]))
    if not shares:
        question = "whether packets are dropped; this answer has no such counts"
        return case.unknown(device.name, INTERFACES, question, [cited for _, cited in lines[:1]])
    bad = [s for s in shares if s[0] > most_percent]
    if not bad:
        share, name, evidence = shares[0]
        return case.passed(f"{name}: {share:.3f} %", "", [evidence])
    return case.failed(
        "; ".join(f"{name}: {share:.2f} %" for share, name, _ in bad),
        "A full queue drops IKE messages with the rest, and most of all while the traffic makes rekeys.",
        [evidence for _, _, evidence in bad[:EVIDENCE_SHOWN]],
        parameters={"device": device.name, "interface": bad[0][1].partition(" ")[0]},
    )


def _shares(state: InterfaceState, cited: Evidence) -> Iterator[tuple[float, str, Evidence]]:
    """Drops in percent of what wanted to pass, by direction. A dropped packet counts in no other number."""
    for what, drops, passed in (
        ("input", state.input_drops, state.input_packets),
        ("output", state.output_drops, state.output_packets),
    ):
        if drops is not None and passed is not None:
            yield (100.0 * drops / (drops + passed) if drops else 0.0), f"{state.name} {what}", cited


RULE = Rule(id="LOSS-003", title="packets-dropped", severity="low", needs=(INTERFACES,), check=check)
