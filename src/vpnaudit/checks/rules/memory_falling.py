"""Free memory falls from one collection to the next.

## What it looks for

Free bytes of each memory pool in several collections of the device, given to the audit together; a straight line
through them since the device's last start. A line that comes down to the share that counts as low (MEM-001) within a
month fails.

## Why it matters

A pool that is emptied bit by bit is full some night. From then on SAs can be lost while they are installed, and the
peer sends on an SPI that this device has forgotten. Seen in time, the holder can be found without an outage.

## What it cannot see

With one collection: UNKNOWN, and so with readings that lie less than an hour apart. Daily waves (clients by day, none
by night) look like a trend when they are read at different hours. After a start memory falls for a while on its own:
readings of the first hour are left out.

## Example

    edge1  Processor: 41.0 % free on 1 May, 35.2 % on 8 May: 0.8 % a day, low in 36 days

## What to do

`show processes memory sorted` now and a day later: the process whose Holding grows is the holder. Then a release
without that leak, fewer SAs (idle timers), or more memory.

## How to check that it worked

Audit two collections of different days, both from after the change: `vpnaudit audit OLDER NEWER`. The share no longer
falls.

## Source

Field guide 4 C8 (free below 5 %; growth of Holding per day).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import linear_regression

from msgspec import Struct

from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case, settling
from vpnaudit.checks.pools import COMMANDS, free_percent, pools
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings, Thresholds

DAY_S = 86_400.0
SETTLED_S = 3_600.0
"""After a start memory falls for a while on its own; and readings closer together than this show no trend."""
LEAST_FALL_PERCENT = 1.0
"""What comes and goes with the traffic."""


class Reading(Struct, frozen=True, kw_only=True, gc=False):
    """The free share of a pool at one time, by the device's own clock or the collector's."""

    at: datetime
    free_percent: float
    evidence: Evidence


class Trend(Struct, frozen=True, kw_only=True, gc=False):
    """A pool's readings, the oldest first, and by how many percent a day they fall (negative: they rise)."""

    pool: str
    readings: tuple[Reading, ...]
    a_day: float

    @property
    def fall(self) -> float:
        """Percent between the first and the last reading."""
        return self.readings[0].free_percent - self.readings[-1].free_percent

    def days_until(self, percent: float) -> float:
        """Days from the last reading until so little is free, at this rate."""
        return (self.readings[-1].free_percent - percent) / self.a_day if self.a_day > 0 else float("inf")


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device."""
    older: dict[str, list[Device]] = {}
    for device in fleet.older:
        older.setdefault(device.name, []).append(device)
    return (_judge(d, older.get(d.name, ()), settings.thresholds) for d in fleet.assessable_devices)


def _judge(device: Device, older: Sequence[Device], thresholds: Thresholds) -> Finding:
    days = thresholds.memory_trend_days
    case = device_case(RULE, device, f"no memory pool that will be low within {days:.0f} days")
    trends = _trends(device, older)
    if not trends:
        command = next((c for c in COMMANDS if device.find(c)), settling(device, *COMMANDS))
        read = any(device.find(c) for c in COMMANDS)
        where = f"{device.name} on another day, audited together with this one," if read else device.name
        return case.unknown(where, command, "whether its memory falls")
    low = thresholds.memory_free_percent
    falling = [t for t in trends if t.fall >= LEAST_FALL_PERCENT and t.days_until(low) <= days]
    if not falling:
        steepest = min(trends, key=lambda t: (t.days_until(low), t.pool))
        return case.passed(_words(steepest), "", [r.evidence for r in _ends(steepest)])
    falling.sort(key=lambda t: (t.days_until(low), t.pool))
    return case.failed(
        "; ".join(f"{_words(t)}, low {_when(t.days_until(low))}" for t in falling),
        "A pool that goes on falling is used up some night, and SAs are lost with it.",
        [r.evidence for t in falling[:EVIDENCE_SHOWN] for r in _ends(t)],
        parameters={"device": device.name, "pool": falling[0].pool},
    )


def _trends(device: Device, older: Sequence[Device]) -> list[Trend]:
    readings: dict[str, dict[datetime, Reading]] = {}
    for each in (*older, device):
        for capture, pool in pools(each):
            at, share = capture.capture.answered_at or each.taken_at, free_percent(pool)
            same = capture.capture.command in COMMANDS  # other commands count the pools in another way
            if same and at is not None and share is not None and _is_settled(device, at):
                reading = Reading(at=at, free_percent=share, evidence=each.cite(capture, pool.line))
                readings.setdefault(pool.pool, {})[at] = reading
    found = (_trend(pool, known) for pool, known in sorted(readings.items()))
    return [t for t in found if t is not None]


def _is_settled(device: Device, at: datetime) -> bool:
    """Whether the device had been up for a while: memory from before its last start says nothing of now."""
    return device.booted_at is None or at >= device.booted_at + timedelta(seconds=SETTLED_S)


def _trend(pool: str, known: Mapping[datetime, Reading]) -> Trend | None:
    ordered = [known[at] for at in sorted(known)]
    if len(ordered) < 2 or ordered[-1].at - ordered[0].at < timedelta(seconds=SETTLED_S):
        return None
    days = [(r.at - ordered[0].at).total_seconds() / DAY_S for r in ordered]
    slope = linear_regression(days, [r.free_percent for r in ordered]).slope
    return Trend(pool=pool, readings=tuple(ordered), a_day=-slope)


def _ends(trend: Trend) -> tuple[Reading, Reading]:
    return trend.readings[0], trend.readings[-1]


def _words(trend: Trend) -> str:
    first, last = _ends(trend)
    span = last.at - first.at
    return (
        f"{trend.pool}: {first.free_percent:.1f} % free, {last.free_percent:.1f} % "
        f"{timedelta(seconds=round(span.total_seconds()))} later"
    )


def _when(days: float) -> str:
    return "now" if days <= 0 else f"in {days:.0f} days" if days >= 2 else f"in {days * 24:.0f} hours"


RULE = Rule(id="MEM-004", title="memory-falling", severity="medium", needs=COMMANDS, check=check)
