"""The log's time stamps are too coarse to lay events beside rekeys.

## What it looks for

`service timestamps log` with date, time and milliseconds. Stamps of the uptime kind, or none, fail too.

## Why it matters

Whether a packet came just before or just after its SA was installed is a matter of milliseconds. An uptime stamp
older than a day is good to an hour only, and cannot be laid beside another device's log at all.

## What it cannot see

A platform that has no milliseconds in its log is not asked for them, only for date and time.

## Example

    hub  service timestamps log datetime        gives   Dec 18 00:12:07: %CRYPTO-4-RECVD_PKT_INV_SPI …

## What to do

`service timestamps log datetime msec localtime show-timezone year`.

## How to check that it worked

New lines of `show logging` begin with date and milliseconds (ASA: date and time).

## Source

Field guide 1.8 and 8 (timestamps).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import device_case
from vpnaudit.model.config import TimeStamps
from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d) for d in fleet.assessable_devices)


def _judge(device: Device) -> Finding:
    msec = device.defaults is None or device.defaults.log_milliseconds
    case = device_case(RULE, device, "log stamps with date and time" + (" to the millisecond" if msec else ""))
    if device.config is None:
        return case.unknown(device.name, CONFIG_COMMAND, "how its log is stamped")
    capture, config = device.config
    stamps = config.timestamps
    if stamps is None and not config.whole:
        return case.unknown(device.name, CONFIG_COMMAND, "how its log is stamped; only a part was read")
    evidence = [device.cite(capture, stamps.line if stamps else None)]
    if stamps is not None and stamps.kind == "datetime" and (stamps.msec or not msec):
        return case.passed(_words(stamps), "", evidence)
    because = "Events cannot be laid beside the rekeys of both ends to the millisecond."
    return case.failed(_words(stamps), because, evidence, parameters={"device": device.name})


def _words(stamps: TimeStamps | None) -> str:
    if stamps is None:
        return "no setting for log stamps"
    extras = [name for name, on in (("msec", stamps.msec), ("year", stamps.year)) if on]
    return " ".join([stamps.kind, *extras])


RULE = Rule(id="LOG-001", title="stamps-without-msec", severity="low", needs=(CONFIG_COMMAND,), check=check)
