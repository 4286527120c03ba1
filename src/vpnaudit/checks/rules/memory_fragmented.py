"""Memory is there, but in pieces too small to use.

## What it looks for

The largest free block of each memory pool, compared with 64 KiB.

## Why it matters

An allocation fails when no single block is large enough, whatever the sum of the free ones. Installing an SA then
fails as if memory were full.

## What it cannot see

What size the next allocation will want. A platform that does not print the largest block: UNKNOWN.

## Example

    edge1  I/O    ...   Free 9000000   Lowest 40000   Largest 20480

## What to do

Look for `%SYS-2-MALLOCFAIL` with `Cause: Memory fragmentation` (MEM-003) and for the process whose holding grows.
Only a reload joins the pieces again: plan it, after the evidence is kept.

## How to check that it worked

`show memory statistics` (ASA: `show memory detail`) shows a largest block above 64 KiB, also days later.

## Source

Field guide 4 C8 (largest block below 64 KiB).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case
from vpnaudit.checks.pools import COMMANDS, pools
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings

DETAIL = "show memory detail"
"""Prints the largest block where `show memory` does not."""


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d, settings.thresholds.memory_largest_bytes) for d in fleet.assessable_devices)


def _judge(device: Device, least_bytes: int) -> Finding:
    case = device_case(RULE, device, f"a largest free block of at least {least_bytes} bytes in each memory pool")
    blocks = [(p.largest, p.pool, device.cite(c, p.line)) for c, p in pools(device) if p.largest is not None]
    if not blocks:
        command = DETAIL if device.find(COMMANDS[1]) or COMMANDS[1] in device.missing else COMMANDS[0]
        return case.unknown(device.name, command, "how large the largest free block is")
    small = sorted((b for b in blocks if b[0] < least_bytes), key=lambda b: b[:2])
    if not small:
        largest, name, evidence = min(blocks, key=lambda b: b[:2])
        return case.passed(f"{name}: largest block {largest} bytes", "", [evidence])
    return case.failed(
        "; ".join(f"{name}: largest block {largest} bytes" for largest, name, _ in small),
        "An allocation larger than the largest block fails, whatever else is free.",
        [evidence for _, _, evidence in small[:EVIDENCE_SHOWN]],
        parameters={"device": device.name, "pool": small[0][1]},
    )


RULE = Rule(id="MEM-002", title="memory-fragmented", severity="medium", needs=(*COMMANDS, DETAIL), check=check)
