"""The device's clock follows nobody.

## What it looks for

A time server in the configuration, a synchronised clock (`show ntp status`, the mark of `show clock`), and a clock
that is within half a minute of the collector's.

## Why it matters

ESP needs no clock, so a wrong one causes no invalid SPI. But to lay one end's log beside the other's SAs, their
clocks have to agree to a second or so; where they do not, every verdict is less certain.

## What it cannot see

Which of two clocks is wrong when only their difference is known.

## Example

    spoke1  show clock    *00:03:07.112 UTC Fri Mar 1 2002        (the asterisk: never set)

## What to do

Two time servers on every end, `ntp server 192.0.2.123`.

## How to check that it worked

`show ntp status` says `Clock is synchronized`; `show clock` has neither `*` nor `.` in front.

## Source

Field guide 4 C16 and 8 (NTP).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import device_case
from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings

CLOCK = "show clock"
NTP = "show ntp status"


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d, settings.thresholds.clock_known_s) for d in fleet.assessable_devices)


def _judge(device: Device, most_s: float) -> Finding:
    case = device_case(RULE, device, f"a clock that follows NTP, at most {most_s:.0f} s off")
    evidence = _evidence(device)
    offset = device.clock_off_s
    parameters: dict[str, str | None] = {"device": device.name}
    if device.clock_synchronized is False:
        because = "Its log cannot be laid beside another device's with certainty."
        return case.failed("not synchronised", because, evidence, parameters=parameters)
    if offset is not None and abs(offset) - (device.clock_uncertainty_s or 0.0) > most_s:
        where = "ahead" if offset > 0 else "behind"
        because = "Times are corrected by this difference; a clock that runs so far off is not looked after."
        return case.failed(f"{abs(offset):.0f} s {where}", because, evidence, parameters=parameters)
    if device.clock_synchronized:
        return case.passed("synchronised", "", evidence)
    if device.config is not None and device.config[1].whole and not device.config[1].ntp_servers:
        because = "Nothing keeps its clock with the others'."
        cited = [device.cite(device.config[0], None)]
        return case.failed("no time server configured", because, cited, parameters=parameters)
    command = NTP if device.config is not None else CONFIG_COMMAND
    return case.unknown(device.name, command, "whether its clock is kept by NTP", evidence)


def _evidence(device: Device) -> list[Evidence]:
    shown = [device.cite(device.ntp[0], device.ntp[1].line)] if device.ntp else []
    return [*shown, *([device.cite(device.clock[0], device.clock[1].line)] if device.clock else [])]


RULE = Rule(id="LOG-002", title="no-ntp", severity="low", needs=(CLOCK, NTP, CONFIG_COMMAND), check=check)
