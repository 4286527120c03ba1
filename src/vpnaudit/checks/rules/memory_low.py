"""A memory pool is nearly used up.

## What it looks for

Free bytes of each pool as a share of its total, from `show memory statistics` (ASA: `show memory`). Pools that are
full by design or kept in reserve are left out.

## Why it matters

A device that finds no memory when it has to install an SA may lose that SA, while the peer, who was told its SPI,
sends on it. Low memory is an occasional cause of invalid SPIs, and a cause of much else.

## What it cannot see

On IOS-XE the pool is the IOS process, not the box and not the forwarding processor, which has memory of its own
(`show platform resources`). The mechanism itself is not proven: the diagnosis asks for failures near the events.

## Example

    hub  Processor   7F2A1C0010   412345678   398000000   14345678   9000000   8000000      (3.5 % free)

## What to do

Find the holder (`show processes memory sorted`), compare with last week, upgrade or add memory, and let unused SAs
end (`crypto ipsec security-association idle-time`). A reload hides the evidence: keep this output first.

## How to check that it worked

`show memory statistics` twice, days apart: more than 5 % is free and the share does not fall (MEM-004).

## Source

Field guide 4 C8 (free below 5 %; `lsmpi_io` is always full).
"""

from __future__ import annotations

from collections.abc import Iterable

from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case, settling
from vpnaudit.checks.pools import COMMANDS, free_percent, pools
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    return (_judge(d, settings.thresholds.memory_free_percent) for d in fleet.assessable_devices)


def _judge(device: Device, least_percent: float) -> Finding:
    case = device_case(RULE, device, f"at least {least_percent:g} % of each memory pool free")
    shares = _shares(device)
    if not shares:
        return case.unknown(device.name, settling(device, *COMMANDS), "how much memory is free")
    low = [s for s in shares if s[0] < least_percent]
    if not low:
        share, name, evidence = shares[0]
        return case.passed(f"{name}: {share:.1f} % free", "", [evidence])
    return case.failed(
        "; ".join(f"{name}: {share:.1f} % free" for share, name, _ in low),
        "A device that finds no memory for an SA loses it, and the peer goes on sending on it.",
        [evidence for _, _, evidence in low[:EVIDENCE_SHOWN]],
        parameters={"device": device.name, "pool": low[0][1]},
    )


def _shares(device: Device) -> list[tuple[float, str, Evidence]]:
    """Free memory of each pool in percent, the least first. Of a pool that two commands show, the lower reading."""
    lowest: dict[str, tuple[float, str, Evidence]] = {}
    for capture, pool in pools(device):
        share = free_percent(pool)
        if share is not None and (pool.pool not in lowest or share < lowest[pool.pool][0]):
            lowest[pool.pool] = (share, pool.pool, device.cite(capture, pool.line))
    return sorted(lowest.values(), key=lambda s: s[:2])


RULE = Rule(id="MEM-001", title="memory-low", severity="high", needs=COMMANDS, check=check)
