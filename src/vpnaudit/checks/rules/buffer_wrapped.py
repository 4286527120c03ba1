"""The log buffer no longer holds last night.

## What it looks for

A buffer that has lost its oldest messages (more were logged than it holds) and whose oldest one left is younger than
a day.

## Why it matters

What is not in the buffer counts here as not logged: events, reloads and outages of the time before are missing, and
the count of a day is too low.

## What it cannot see

What was lost. If the device does not say how many messages it logged, or its stamps are no dates: UNKNOWN. A log file
from a server that reaches further back makes up for it.

## Example

    hub  Log Buffer (8192 bytes), 51234 messages logged; the oldest line is 40 minutes old

## What to do

`logging buffered 262144 informational`, and a syslog server for the rest.

## How to check that it worked

`show logging` gives the new size, and a day later its oldest line is a day old. A change of the size empties the
buffer: save it first.

## Source

Field guide 8 (log) and 10.12 (never "healthy" from silence).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from vpnaudit.checks.finding import device_case
from vpnaudit.checks.log_reach import LOG_COMMAND, first_time
from vpnaudit.model.device import Device
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(fleet, d, settings.thresholds.log_window_s) for d in fleet.assessable_devices)


def _judge(fleet: Fleet, device: Device, window_s: float) -> Finding:
    case = device_case(RULE, device, f"a log that reaches back {window_s / 3600:.0f} hours, or to the start")
    oldest = first_time(device)
    reach = (fleet.collected_at - oldest).total_seconds() if oldest is not None else None
    whole = [device.cite(c, None) for c in device.log_captures[:1]]
    if reach is not None and reach >= window_s:
        return case.passed(f"reaches back {timedelta(seconds=round(reach))}", "", whole)
    if device.log_header is None:
        return case.unknown(device.name, LOG_COMMAND, "how far back its log reaches")
    capture, header = device.log_header
    held = _held(device, capture)
    evidence = [device.cite(capture, header.line)]
    if header.messages_logged is not None and header.messages_logged <= held:
        return case.passed(f"all {header.messages_logged} messages are still held", "", evidence)
    if header.messages_logged is None or reach is None:
        return case.unknown(
            device.name, LOG_COMMAND, "how far back its log reaches; this answer does not tell", evidence
        )
    return case.failed(
        f"{header.messages_logged} messages logged, {held} held, the oldest {timedelta(seconds=round(reach))} old",
        "What the buffer has lost counts here as not logged.",
        evidence,
        parameters={"device": device.name, "bytes": str(header.buffer_bytes) if header.buffer_bytes else None},
    )


def _held(device: Device, parsed: ParsedCapture) -> int:
    """How many messages a capture holds. Of a large one not all were read, and a line counts as a message."""
    messages = [m for c, m in device.messages if c is parsed]
    capture = parsed.capture
    if not messages or not capture.numbers:
        return sum(m.count for m in messages)
    lines = [capture.number_of(m.line) for m in messages]
    return max(lines) - min(lines) + 1


RULE = Rule(id="LOG-003", title="buffer-wrapped", severity="low", needs=(LOG_COMMAND,), check=check)
