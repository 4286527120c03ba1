"""The device's clock cannot be laid beside the others'.

## What it looks for

How far the device's clock is from true time, and how well that is known: `show clock`, asked for at a known moment,
or a clock that says it is synchronised.

## Why it matters

Events are laid beside installs and deletes at the other end. With half a minute of doubt or more, a packet just
before a rekey and one long after it look alike; windows are widened and confidence drops.

## What it cannot see

A clock that was set between the events and the collection.

## Example

    spoke1  show clock    *00:03:07.112 UTC Fri Mar 1 2002

## What to do

NTP on every device (LOG-002), and collect with `vpnaudit collect`, which notes when each answer came.

## How to check that it worked

The next collection shows an offset for the device, known to a second or two; `show ntp status` says synchronized.

## Source

Field guide 4 C16 (30 s).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import device_case
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings

CLOCK = "show clock"


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d, settings.thresholds.clock_known_s) for d in fleet.assessable_devices)


def _judge(device: Device, most_s: float) -> Finding:
    case = device_case(RULE, device, f"a clock known to {most_s:.0f} s")
    offset, doubt = device.clock_off_s, device.clock_uncertainty_s
    evidence = [device.cite(device.clock[0], device.clock[1].line)] if device.clock else []
    if offset is not None and doubt is not None and doubt <= most_s:
        return case.passed(f"{offset:+.1f} s, known to {doubt:.1f} s", "", evidence)
    if device.clock is None:
        return case.unknown(device.name, CLOCK, "how far its clock is off")
    actual = "how far it is off is not known" if offset is None or doubt is None else f"known to {doubt:.0f} s only"
    because = "Its events cannot be laid beside the other end's SAs with certainty."
    return case.failed(actual, because, evidence, parameters={"device": device.name})


RULE = Rule(id="COL-004", title="clock-unknown", severity="low", needs=(CLOCK,), check=check)
