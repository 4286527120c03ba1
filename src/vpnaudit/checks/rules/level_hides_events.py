"""The log does not keep messages of the level that invalid SPIs have.

## What it looks for

The level of the log buffer, in `show logging` or in the configuration. Invalid SPIs are logged at level 4, warnings:
a buffer at errors or above, or one that is off, has none of them.

## Why it matters

A quiet log is then no sign of a quiet tunnel.

## What it cannot see

What a syslog server receives has a level of its own. Old software has no such message at all. On an ASA a class of
messages may have its own level (`logging class vpn buffered informational`), which only the configuration tells: where
that was not read, UNKNOWN.

## Example

    hub  show logging    Buffer logging:  level errors, 12 messages logged

## What to do

`logging buffered 262144 informational`.

## How to check that it worked

`show logging` says `Buffer logging: level informational` (ASA: class vpn), and the next rekey or session leaves a
line.

## Source

Field guide 1.2, 5.1 (`show logging`) and appendix C (counter rises, no log lines).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import device_case
from vpnaudit.checks.log_reach import EVENT_LEVEL, LEVELS, LOG_COMMAND, vpn_level
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d) for d in fleet.assessable_devices)


def _judge(device: Device) -> Finding:
    case = device_case(RULE, device, "a log buffer that keeps warnings")
    level = vpn_level(device)
    if level is None:
        return case.unknown(device.name, LOG_COMMAND, "which level its log buffer keeps")
    actual = f"level {LEVELS[level]}" if level >= 0 else "the buffer is off"
    if level >= EVENT_LEVEL:
        return case.passed(actual, "", _evidence(device))
    because = "Invalid SPIs are warnings: this log has none of them, however many there are."
    return case.failed(actual, because, _evidence(device), parameters={"device": device.name})


def _evidence(device: Device) -> list[Evidence]:
    if device.log_header is not None:
        capture, header = device.log_header
        return [device.cite(capture, header.line)]
    return [device.cite(device.config[0], None)] if device.config else []


RULE = Rule(id="LOG-004", title="level-hides-events", severity="low", needs=(LOG_COMMAND,), check=check)
