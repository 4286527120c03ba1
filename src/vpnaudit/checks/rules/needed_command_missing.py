"""A command that the audit needs was not answered.

## What it looks for

The commands without which a device cannot be judged, and whether each of them was answered whole. A device that could
not be reached lacks them all.

## Why it matters

Whatever rests on the missing answer is UNKNOWN, and a fault there is not seen. If the SA tables are missing, nothing
can be said of the device's tunnels at all (medium).

## What it cannot see

Why a device refused, beyond the line that it gave.

## Example

    spoke1  show crypto ipsec sa    % Invalid input detected at '^' marker.

## What to do

Collect again, with an account that may run the command. `vpnaudit collect --limit` takes one device.

## How to check that it worked

The next collection has the device as `complete`.

## Source

The list of needed commands of the device's platform.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case
from vpnaudit.model.device import SA_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d) for d in fleet.assessable_devices)


def _judge(device: Device) -> Finding:
    case = device_case(RULE, device, "every needed command answered")
    if device.missing or device.status != "complete":
        return case.failed(
            _words(device),
            "What rests on these answers is not known.",
            _refusals(device),
            severity="low" if device.find(*SA_COMMANDS) else "medium",
            parameters={"device": device.name},
        )
    if device.platform is None:
        return case.unknown(
            device.name, "show version", "what kind of device it is, and so what it should have answered"
        )
    return case.passed("all answered")


def _words(device: Device) -> str:
    missing = "missing: " + ", ".join(device.missing) if device.missing else ""
    status = f"{device.status}" + (f" ({device.error})" if device.error else "") if device.status != "complete" else ""
    return "; ".join(filter(None, (status, missing)))


def _refusals(device: Device) -> list[Evidence]:
    refused = [c for c in device.captures if c.parsed.refused and c.capture.command in device.missing]
    return [device.cite(c, 1) for c in refused[:EVIDENCE_SHOWN]]


RULE = Rule(id="COL-001", title="needed-command-missing", severity="low", needs=(), check=check)
