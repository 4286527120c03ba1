"""The device is of a kind that cannot be judged.

## What it looks for

Devices whose platform is not read far enough for a verdict on its tunnels, or is not known.

## Why it matters

No other check says anything of such a device. Silence about it is not health.

## What it cannot see

Everything else about the device. This check never fails: it passes or it does not know.

## Example

    core1  cisco_nxos: logs, version and memory are read, tunnels are not

## What to do

Judge its tunnels from the other end, which sees the same SPIs; or give its platform in the inventory if it was not
told from the text.

## How to check that it worked

The device stands in the next audit with its platform, or its tunnels with the other end's verdicts.

## Source

Field guide 1.7.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import device_case
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d) for d in fleet.devices)


def _judge(device: Device) -> Finding:
    case = device_case(RULE, device, "a platform whose tunnels can be judged")
    if device.platform is None:
        return case.unknown(device.name, "show version", "what kind of device it is")
    if not device.assessable:
        question = f"tunnels of {device.platform} are not read; the table of its peers shows the same SPIs"
        return case.unknown("the other end", "show crypto ipsec sa", question)
    return case.passed(device.platform)


RULE = Rule(id="COL-003", title="not-assessable", severity="low", needs=("show version",), check=check)
