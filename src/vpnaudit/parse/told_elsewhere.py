"""A clock that was set, told by one log of a device, among the lines of its other logs. Pure.

A syslog server may get no informational messages, and a buffer turns over: then one log has `%SYS-6-CLOCKUPDATE`, and
the other has lines of before it. Where the message belongs there is told by the lines' numbers, by the same lines in
both logs, by what the clock showed, and by a step in the stamps, best of all beside a syslog server's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct, structs

from vpnaudit.model.logs import RESTART_TAG, LogMessage, Stamp
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.clock_sets import BACK, ClockSet, clock_set, counts_to, never_set, wall_time

_STEP_SHARE = 4
"""A syslog server's stamps show the change where the step is no further off than this part of it."""
_STEP_LEAST_S = 5.0
_LEAP_YEAR = 2000

AsStamped = Callable[[ClockReading, Stamp], datetime | None]
"""How a stamp of the second's kind (local time or UTC) would read when the clock showed the first."""
_Key = tuple[str, str, str]


class Told(Struct, frozen=True, kw_only=True, gc=False):
    """A message that says that the clock was set; the lines above and below it that its log has once."""

    message: LogMessage
    change: ClockSet
    above: frozenset[_Key]
    below: frozenset[_Key]
    numbered: bool
    """Whether the numbers of the lines tell their order: no restart began them anew."""


class Mixed(Struct, frozen=True):
    """A log's messages with those of other logs among them: their places, and lines that may be of either side."""

    messages: tuple[LogMessage, ...]
    borrowed: frozenset[int]
    doubts: dict[int, float]
    """By place, seconds by which the clock was set before or after the line."""


def told_changes(messages: Sequence[LogMessage]) -> list[Told]:
    """The changes of the clock that a log tells."""
    changes = [(n, m, c) for n, m in enumerate(messages) if (c := clock_set(m)) is not None]
    if not changes:
        return []
    keys = [_key(m) for m in messages]
    counts = Counter(keys)
    numbered = not any(m.tag == RESTART_TAG for m in messages)
    return [
        Told(
            message=message,
            change=change,
            above=frozenset(k for k in keys[:n] if counts[k] == 1),
            below=frozenset(k for k in keys[n + 1 :] if counts[k] == 1),
            numbered=numbered,
        )
        for n, message, change in changes
    ]


def _key(message: LogMessage) -> _Key:
    return (message.stamp.text if message.stamp else "", message.tag, message.text)


def mix(messages: Sequence[LogMessage], told: Sequence[Told], as_stamped: AsStamped) -> Mixed | None:
    """Put the changes that others tell and this log does not where they belong; null where there are none.

    `messages` are dated, as far as that goes without the changes.
    """
    own = {c for m in messages if (c := clock_set(m)) is not None}
    missing = [t for t in told if t.change not in own]
    if not missing or not messages:
        return None
    before: dict[int, list[LogMessage]] = {}
    doubts: dict[int, float] = {}
    for host, indices in _by_host(messages).items():
        lines = [messages[i] for i in indices]
        for change in missing:
            place = _Place.of(lines, change, as_stamped)
            at = indices[place.at] if place.at < len(indices) else indices[-1] + 1
            before.setdefault(at, []).append(_of_host(change.message, host))
            for n in place.doubtful:
                doubts[indices[n]] = doubts.get(indices[n], 0.0) + place.seconds
    return _mixed(messages, before, doubts)


def _by_host(messages: Sequence[LogMessage]) -> dict[str | None, list[int]]:
    found: dict[str | None, list[int]] = {}
    for index, message in enumerate(messages):
        found.setdefault(message.host, []).append(index)
    return found


def _of_host(message: LogMessage, host: str | None) -> LogMessage:
    return structs.replace(message, host=host, relay_stamp=None)


def _mixed(messages: Sequence[LogMessage], before: dict[int, list[LogMessage]], doubts: dict[int, float]) -> Mixed:
    mixed: list[LogMessage] = []
    borrowed: set[int] = set()
    doubtful: dict[int, float] = {}
    for index in range(len(messages) + 1):
        for change in before.get(index, ()):
            borrowed.add(len(mixed))
            mixed.append(change)
        if index < len(messages):
            if index in doubts:
                doubtful[len(mixed)] = doubts[index]
            mixed.append(messages[index])
    return Mixed(tuple(mixed), frozenset(borrowed), doubtful)


class _Place(Struct, frozen=True, kw_only=True, gc=False):
    """Where a change belongs: in front of line `at`. `doubtful` lines may be of either side of it."""

    at: int
    seconds: float = 0.0
    doubtful: tuple[int, ...] = ()

    @classmethod
    def of(cls, lines: Sequence[LogMessage], told: Told, as_stamped: AsStamped) -> _Place:
        """The lines of one host, in the order of their log, which may have the newest first."""
        sides = [_is_before(line, told, as_stamped) for line in lines]
        if _newest_first(lines, sides):
            found = cls._forward(lines[::-1], sides[::-1], told, as_stamped)
            last = len(lines) - 1
            return cls(
                at=len(lines) - found.at, seconds=found.seconds, doubtful=tuple(last - n for n in found.doubtful)
            )
        return cls._forward(lines, sides, told, as_stamped)

    @classmethod
    def _forward(
        cls,
        lines: Sequence[LogMessage],
        sides: Sequence[bool | None],
        told: Told,
        as_stamped: AsStamped,
    ) -> _Place:
        low, high = _bounds(sides)
        moved = _moved(lines[min(low, len(lines) - 1)], told, as_stamped)
        if low == high or moved is None:
            return cls(at=low)
        steps = [n for n in range(max(low, 1), min(high, len(lines) - 1) + 1) if _steps(lines[n - 1], lines[n], moved)]
        if len(steps) == 1:
            return cls(at=steps[0])
        return cls(at=low, seconds=abs(moved.total_seconds()), doubtful=tuple(range(low, high)))


def _bounds(sides: Sequence[bool | None]) -> tuple[int, int]:
    """The first and last place that a change may have between the lines of before it and of after it.

    Where these are mixed, the place that puts the fewest on the wrong side.
    """
    low = next((n + 1 for n in range(len(sides) - 1, -1, -1) if sides[n] is True), 0)
    high = next((n for n, side in enumerate(sides) if side is False), len(sides))
    if low <= high:
        return low, high
    wrong = sum(side is True for side in sides)
    best = (wrong, 0)
    for n, side in enumerate(sides, 1):
        wrong += (side is False) - (side is True)
        best = min(best, (wrong, n))
    return best[1], best[1]


def _newest_first(lines: Sequence[LogMessage], sides: Sequence[bool | None]) -> bool:
    known = [side for side in sides if side is not None]
    if known and len(set(known)) > 1:
        return known[-1] and not known[0]
    times = [line.time for line in lines if line.time is not None]
    return len(times) > 1 and sum(_falls(times)) > len(times) // 2


def _falls(times: Sequence[datetime]) -> Iterator[bool]:
    return (later < earlier for earlier, later in pairwise(times))


def _is_before(line: LogMessage, told: Told, as_stamped: AsStamped) -> bool | None:
    """Whether a line was logged before the change; null where nothing says so."""
    if told.numbered and line.sequence is not None and told.message.sequence is not None:
        return line.sequence < told.message.sequence
    key = _key(line)
    if (key in told.above) != (key in told.below):
        return key in told.above
    stamp = line.stamp
    if stamp is None or stamp.kind != "datetime":
        return None
    before, after = as_stamped(told.change.before, stamp), as_stamped(told.change.after, stamp)
    if before is None or after is None:
        return None
    if never_set(told.change.before):
        return _was_unset(line, stamp, told.change.before) or _lies_before(line, stamp, after, after)
    return _lies_before(line, stamp, before, after)


def _was_unset(line: LogMessage, stamp: Stamp, shown: ClockReading) -> bool:
    return (stamp.mark == "*" or line.time is None) and counts_to(stamp, shown)


def _lies_before(line: LogMessage, stamp: Stamp, before: datetime, after: datetime) -> bool | None:
    """By what the clock showed; a time that a clock that was set back showed twice tells nothing."""
    at = wall_near(stamp, line.time or before)
    if at is None:
        return None
    if at <= min(before, after):
        return True
    return False if at >= max(before, after) else None


def _moved(line: LogMessage, told: Told, as_stamped: AsStamped) -> timedelta | None:
    if line.stamp is None:
        return None
    before, after = as_stamped(told.change.before, line.stamp), as_stamped(told.change.after, line.stamp)
    return after - before if before is not None and after is not None else None


def _steps(above: LogMessage, below: LogMessage, moved: timedelta) -> bool:
    """Whether the clock was set between two lines, as their stamps have it."""
    step = _step(above.stamp, below.stamp)
    if step is None:
        return False
    passed = _step(above.relay_stamp, below.relay_stamp)
    if passed is not None:
        off_s = abs((step - passed - moved).total_seconds())
        return off_s <= max(_STEP_LEAST_S, abs(moved.total_seconds()) / _STEP_SHARE)
    return moved < -BACK and step < -BACK


def _step(above: Stamp | None, below: Stamp | None) -> timedelta | None:
    """From one stamp to the next as they read, the shorter way over a New Year."""
    if above is None or below is None or {above.kind, below.kind} != {"datetime"}:
        return None
    first = wall_time(above.year or _LEAP_YEAR, above)
    then = wall_near(below, first) if first is not None else None
    return then - first if first is not None and then is not None else None


def wall_near(stamp: Stamp, near: datetime) -> datetime | None:
    """A stamp as it reads, in the year that it has or that brings it nearest to the other."""
    if stamp.year is not None:
        return wall_time(stamp.year, stamp)
    naive = near.replace(tzinfo=None)
    walls = [w for year in range(naive.year - 1, naive.year + 2) if (w := wall_time(year, stamp)) is not None]
    return min(walls, key=lambda w: abs(w - naive), default=None)
