"""The device has logged that it could not get memory.

## What it looks for

Messages of a failed allocation in the log: `%SYS-2-MALLOCFAIL` and its kin, ASA's 211001.

## Why it matters

It is the proof that memory was short at that moment, whatever the pools look like now. If it happens to a crypto
process while an SA is being set up, the SA is lost and the peer does not know.

## What it cannot see

Messages that the buffer has lost, or whose level it does not keep. Small virtual machines log these lines without any
VPN trouble.

## Example

    %SYS-2-MALLOCFAIL: Memory allocation of 65536 bytes failed from 0x6015EC84, alignment 0
    Pool: Processor  Free: 20480  Cause: Memory fragmentation
    -Process= "Crypto IKMP", ipl= 0, pid= 152

## What to do

Keep the lines with their traceback, look at `show processes memory sorted`, and compare the time with that of the
events. More than one day old it counts as medium.

## How to check that it worked

`show logging | include MALLOCFAIL` has no new line after the change, and MEM-001 and MEM-002 pass in the next
collections.

## Source

Field guide 1.5 and 4 C8.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case
from vpnaudit.checks.log_reach import LOG_COMMAND, could_show, tagged, true_time
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule, Severity
from vpnaudit.model.logs import LogMessage, of_firewalls
from vpnaudit.settings import Settings

TAGS = frozenset({"SYS-2-MALLOCFAIL", "SYS-2-CHUNKEXPANDFAIL", "SYS-2-CFORKMEM"}) | of_firewalls("211001")
SEVERITY_LOGGED = 2


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(fleet, d, settings.thresholds.reload_window_s) for d in fleet.assessable_devices)


def _judge(fleet: Fleet, device: Device, recent_s: float) -> Finding:
    case = device_case(RULE, device, "no failed memory allocation in the log")
    failures = tagged(device, TAGS)
    if not failures:
        if not could_show(device, SEVERITY_LOGGED):
            return case.unknown(device.name, LOG_COMMAND, "whether an allocation failed")
        return case.passed("none in the log", "", [device.cite(c, None) for c in device.log_captures[:1]])
    count = sum(m.count for _, m in failures)
    last = failures[-1][1]
    process = last.details.get("process")
    return case.failed(
        f"{count} failed allocations, the last by {process or 'a process that is not named'}",
        "Memory was short at that moment, whatever the pools show now.",
        [device.cite(c, m.line) for c, m in failures[-EVIDENCE_SHOWN:]],
        severity=_severity(fleet, device, [m for _, m in failures], recent_s),
        parameters={"device": device.name, "pool": last.details.get("pool"), "process": process},
    )


def _severity(fleet: Fleet, device: Device, failures: list[LogMessage], recent_s: float) -> Severity:
    times = [true_time(device, m) for m in failures]
    since = fleet.collected_at - timedelta(seconds=recent_s)
    return "high" if any(t is None or t >= since for t in times) else "medium"


RULE = Rule(id="MEM-003", title="allocation-failed", severity="high", needs=(LOG_COMMAND,), check=check)
