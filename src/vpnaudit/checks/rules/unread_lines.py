"""A device printed lines that were not understood.

## What it looks for

Lines of the answers that no template knows. They are counted for each command.

## Why it matters

A line that was not understood may be the one that matters: a new release that writes its SAs in another way would
look like a device without SAs.

## What it cannot see

Whether the lines have anything to do with the tunnels.

## Example

    edge1  show crypto ipsec sa    3 of 214 lines not understood, the first: "  quantum resistance: none"

## What to do

`vpnaudit parse --unparsed FILE` shows them all. Report the form, with addresses changed, or add it to the template.

## How to check that it worked

`vpnaudit parse --unparsed FILE` shows nothing.

## Source

How much of each answer was read stands in the audit document under `devices[].parse`.
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case
from vpnaudit.model.device import Device
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


def check(fleet: Fleet, _settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d) for d in fleet.assessable_devices)


def _judge(device: Device) -> Finding:
    case = device_case(RULE, device, "every line of every answer understood")
    answers = _answers(device)
    if not answers:
        return case.unknown(device.name, "show version", "whether its answers can be read; none was had")
    unread = [c for c in answers if c.parsed.coverage.unparsed]
    if not unread:
        lines = sum(c.parsed.coverage.lines for c in answers)
        return case.passed(f"all {lines} lines of {len(answers)} answers")
    cited = [device.cite(c, u.line) for c in unread for u in c.parsed.coverage.unparsed[:1]]
    return case.failed(
        "not understood: " + "; ".join(_words(c) for c in unread),
        "What these lines say is not known to the audit.",
        cited[:EVIDENCE_SHOWN],
        parameters={"device": device.name},
    )


def _answers(device: Device) -> list[ParsedCapture]:
    """Every answer once: a log may stand among the captures and among the logs."""
    both = {id(c): c for c in (*device.captures, *device.log_captures) if not c.parsed.refused}
    return list(both.values())


def _words(capture: ParsedCapture) -> str:
    coverage = capture.parsed.coverage
    name = " ".join(filter(None, (capture.capture.command, capture.capture.argument)))
    return f"{len(coverage.unparsed)} of {coverage.lines} lines of `{name}`"


RULE = Rule(id="COL-002", title="unread-lines", severity="low", needs=(), check=check)
