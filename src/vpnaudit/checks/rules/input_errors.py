"""An interface that carries tunnels receives damaged packets.

## What it looks for

Input errors of each interface over which the device's tunnels go, as a share of the packets received there.

## Why it matters

A damaged packet is a lost one, and IKE messages are lost with the rest. Rarely a packet passes the line's checksum
with a bit turned over in its SPI: then it is logged as invalid.

## What it cannot see

When: the counters run since the last `clear counters` or boot. Loss further along the path. A tunnel sourced from a
loopback goes out wherever routing says.

## Example

    edge1  GigabitEthernet0/0/1   1204551 packets input   5310 input errors, 5290 CRC       (0.44 %)

## What to do

Compare two readings an hour apart. If the errors grow: cable, optics, duplex, then the provider.

## How to check that it worked

`show interfaces` twice, an hour apart: the input errors stand still while the packets rise.

## Source

Field guide 4 C9; a share of 0.1 % is the least that matters for IKE (section 6).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.carriers import carriers
from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.system import InterfaceState
from vpnaudit.settings import Settings

INTERFACES = "show interfaces"


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device that has tunnels."""
    for device in fleet.assessable_devices:
        if fleet.tunnels_of.get(device.name):
            yield _judge(fleet, device, settings.thresholds.input_error_percent)


def _judge(fleet: Fleet, device: Device, most_percent: float) -> Finding:
    case = device_case(RULE, device, f"input errors at most {most_percent:g} % of packets where tunnels arrive")
    if not device.interfaces:
        return case.unknown(device.name, INTERFACES, "whether packets arrive damaged")
    names = {n.lower() for n in carriers(fleet, device)}
    shares = [
        (share, s.name, device.cite_below(c, s.line, "input errors"))
        for c, s in device.interfaces
        if s.name.lower() in names and (share := _share(s)) is not None
    ]
    if not shares:
        peer = fleet.tunnels_of[device.name][0].other_end(device.name).address
        return case.unknown(device.name, f"{device.words.route_shown_by} {peer}", "over which interface its tunnels go")
    bad = sorted((s for s in shares if s[0] > most_percent), key=lambda s: (-s[0], s[1]))
    if not bad:
        share, name, evidence = max(shares, key=lambda s: s[:2])
        return case.passed(f"{name}: {share:.3f} %", "", [evidence])
    return case.failed(
        "; ".join(f"{name}: {share:.2f} %" for share, name, _ in bad),
        "Packets arrive damaged on an interface over which tunnels go; IKE messages are lost with the rest.",
        [evidence for _, _, evidence in bad[:EVIDENCE_SHOWN]],
        parameters={"device": device.name, "interface": bad[0][1]},
    )


def _share(state: InterfaceState) -> float | None:
    """Input errors in percent of packets; null where the counters were not read."""
    if state.input_errors is None or state.input_packets is None:
        return None
    received = max(state.input_packets, state.input_errors)
    return 100.0 * state.input_errors / received if received else 0.0


RULE = Rule(id="LOSS-001", title="input-errors", severity="medium", needs=(INTERFACES,), check=check)
