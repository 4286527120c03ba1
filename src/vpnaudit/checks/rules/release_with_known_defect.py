"""The device runs a release with a defect that loses SAs, or hides that they were lost.

## What it looks for

The release of `show version`, looked up in a short list of defects with public text that names the releases: CSCtq57752
(ASA 8.6(1) before 8.6(1)5: the volume of the outbound SA runs out and nothing rekeys), and ASR 1000 before IOS XE 2.3.2
(12.2(33)XNC2: unknown SPIs are not logged).

## Why it matters

Settings at both ends can be right and the tunnel still fall out of step. Where the log is silent by a defect, its
silence proves nothing.

## What it cannot see

The list is short: it has only defects whose public text says which releases have them. For others that concern SPIs no
public text states the releases (CSCvx23833, CSCwc54984, CSCvd69373). A pass says that this list has nothing on the
release, not that the release is sound. A release that was not read: UNKNOWN.

## Example

    fw1  Cisco Adaptive Security Appliance Software Version 8.6(1)2

## What to do

Read the defect's text and upgrade to a release that has it repaired; until then the workaround: for CSCtq57752 a
lifetime in seconds that ends before the volume does.

## How to check that it worked

`show version` shows the new release, and the next collection passes this check.

## Source

Field guide 1.2 (releases without the line) and 4 C5 (CSCtq57752).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from vpnaudit.checks.finding import device_case
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule, Severity
from vpnaudit.settings import Settings

VERSION = "show version"


class Defect(Struct, frozen=True, kw_only=True, gc=False):
    """A defect: which releases have it (any of the spellings of `show version`), what it does, where it is repaired."""

    name: str
    releases: re.Pattern[str]
    what: str
    repaired: str
    severity: Severity


DEFECTS = (
    Defect(
        name="CSCtq57752",
        releases=re.compile(r"8\.6\(1\)[0-4]?"),
        what="the volume of an outbound SA runs out and nothing rekeys: the tunnel stays up and carries nothing",
        repaired="8.6(1)5",
        severity="medium",
    ),
    Defect(
        name="no invalid-SPI line on ASR 1000",
        releases=re.compile(r"12\.2\(33\)XN(?:[AB]\d*|C1?)"),
        what="unknown SPIs are dropped without a line in the log, so that its silence proves nothing",
        repaired="12.2(33)XNC2 (IOS XE 2.3.2)",
        severity="low",
    ),
)


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d) for d in fleet.assessable_devices)


def _judge(device: Device) -> Finding:
    case = device_case(RULE, device, "a release without a defect of the list")
    if device.version is None or device.version[1].version is None:
        return case.unknown(device.name, VERSION, "which release it runs")
    capture, facts = device.version
    evidence = [device.cite(capture, facts.line)]
    written = {facts.version or "", *facts.spellings}
    found = [d for d in DEFECTS if any(d.releases.fullmatch(w) for w in written)]
    if not found:
        return case.passed(f"{facts.version}: not in the list of {len(DEFECTS)} defects", "", evidence)
    first = found[0]
    return case.failed(
        f"{facts.version} has {', '.join(d.name for d in found)}",
        f"With {first.name} {first.what}; it is repaired in {first.repaired}.",
        evidence,
        severity=first.severity,
        parameters={"device": device.name, "defect": first.name, "repaired": first.repaired},
    )


RULE = Rule(id="REL-002", title="release-with-known-defect", severity="medium", needs=(VERSION,), check=check)
