"""Lines with two stamps: a syslog server's tells by how much the device's clock was off (field guide 1.8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import structs

from vpnaudit.model.logs import LogMessage
from vpnaudit.parse.clock_reading import shift
from vpnaudit.parse.clock_sets import Moved, wall_time
from vpnaudit.parse.dated import Dated
from vpnaudit.parse.log_zones import Zones

JITTER_S = 10.0
"""By so much the way to a server differs from line to line."""
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
        at = _server_time(message)
        if at is not None and message.stamp is not None and entry.time is not None and not entry.unset:
            off_s = (at - entry.time).total_seconds()
            by_host.setdefault(message.host, []).append((at, off_s, number))
    for lines in by_host.values():
        steady = [run for run in _runs(sorted(lines)) if _is_steady(run)]
        if len(steady) < len(("before", "after")):
            continue
        last_s = steady[-1][-1][1]
        for _, off_s, number in (line for run in steady[:-1] for line in run):
            later_s = off_s - last_s
            known_s = found[number].seconds
            if abs(later_s) > JITTER_S and (known_s is None or abs(known_s - later_s) > JITTER_S):
                found[number] = structs.replace(found[number], seconds=later_s, within_s=JITTER_S)
    return found


def _server_time(message: LogMessage) -> datetime | None:
    """By the server's clock, where its stamp has a year and says its zone."""
    relay = message.relay_stamp
    if relay is None or relay.year is None or (relay.zone is None and relay.utc_offset_min is None):
        return None
    wall = wall_time(relay.year, relay)
    zone = Zones(None).printed(relay) if wall is not None else None
    return shift(wall, zone.minutes) if wall is not None and zone is not None else None


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
