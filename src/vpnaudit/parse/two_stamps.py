"""Lines with two stamps: a syslog server's tells by how much the device's clock was off (field guide 1.8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import structs

from vpnaudit.model.logs import LogMessage, Stamp
from vpnaudit.parse.clock_reading import shift
from vpnaudit.parse.clock_sets import Moved, wall_time
from vpnaudit.parse.dated import Dated
from vpnaudit.parse.log_zones import Zone, Zones

JITTER_S = 10.0
"""By so much the way to a server differs from line to line."""
_SERVERS_ZONES = Zones(None)
"""No configuration of a device tells of its server's zone: its stamps do."""
LEAST_LINES, LEAST_S = 3, 60.0
"""So many lines over so long a time, all as much off, are a clock that was: what a queue held back comes at once."""


def moved_by_server(messages: Sequence[LogMessage], dated: Sequence[Dated], moved: Sequence[Moved]) -> list[Moved]:
    """What was done to each line's clock later, where a server's stamps show that its clock was set in between.

    Each host's lines by themselves, in the order of the server's stamps. What other words tell is kept where the two
    agree, and where the server tells nothing.
    """
    found = list(moved)
    by_host: dict[str | None, list[tuple[datetime, float, int]]] = {}
    for number, (message, entry) in enumerate(zip(messages, dated, strict=True)):
        if message.relay_stamp is None or message.stamp is None or entry.time is None or entry.unset:
            continue
        told = server_time(message.relay_stamp)
        if told is not None:
            by_host.setdefault(message.host, []).append((told[0], (told[0] - entry.time).total_seconds(), number))
    for lines in by_host.values():
        steady = [run for run in _runs(sorted(lines)) if _is_steady(run)]
        if len(steady) < 2:  # one before and one after
            continue
        last_s = steady[-1][-1][1]
        for _, off_s, number in (line for run in steady[:-1] for line in run):
            later_s = off_s - last_s
            known_s = found[number].seconds
            if abs(later_s) > JITTER_S and (known_s is None or abs(known_s - later_s) > JITTER_S):
                found[number] = structs.replace(found[number], seconds=later_s, within_s=JITTER_S)
    return found


def server_time(relay: Stamp) -> tuple[datetime, Zone] | None:
    """By a server's clock, and its zone, where its stamp has a year and says its zone."""
    wall = wall_time(relay.year, relay) if relay.year is not None and states_zone(relay) else None
    zone = _SERVERS_ZONES.printed(relay) if wall is not None else None
    at = shift(wall, zone.minutes) if wall is not None and zone is not None else None
    return (at, zone) if at is not None and zone is not None else None


def states_zone(stamp: Stamp) -> bool:
    """Whether a stamp says its zone, by name or as an offset."""
    return stamp.zone is not None or stamp.utc_offset_min is not None


Run = list[tuple[datetime, float, int]]
"""Lines that follow each other and are as much off: the server's time, by how much, the line's number."""


def _runs(lines: Run) -> list[Run]:
    runs: list[Run] = [lines[:1]]
    for before, line in pairwise(lines):
        if abs(line[1] - before[1]) <= JITTER_S:
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _is_steady(run: Run) -> bool:
    return len(run) >= LEAST_LINES and run[-1][0] - run[0][0] >= timedelta(seconds=LEAST_S)
