"""Virtual time: the queue of what happens next, and the clock that each device believes in.

Times are seconds since 1970-01-01 UTC (float). Only the caller's `now` says when that is; nothing here reads a clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


class Timeline:
    """Events in time order; ties in the order in which they were planned."""

    def __init__(self, start: float) -> None:
        self.now = start
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Plan `action` for `when`, or for now where that is past."""
        self._planned += 1
        heapq.heappush(self._queue, (max(when, self.now), self._planned, action))

    def run_until(self, when: float) -> None:
        """Let everything happen that is planned up to `when`; time never goes back."""
        while self._queue and self._queue[0][0] <= when:
            self.now, _, action = heapq.heappop(self._queue)
            action()
        self.now = max(self.now, when)


@dataclass(frozen=True)
class Zone:
    """`clock timezone NAME`, and `clock summer-time SUMMER recurring` where there is one."""

    name: str = "UTC"
    offset_min: int = 0
    summer: str | None = None
    european: bool = False

    def local(self, moment: datetime) -> tuple[datetime, str]:
        """Wall time and zone name at `moment` (UTC)."""
        summer = self.summer if self.summer and self._is_summer(moment) else None
        offset = self.offset_min + (60 if summer else 0)
        return moment + timedelta(minutes=offset), summer or self.name

    def _is_summer(self, moment: datetime) -> bool:
        standard = (moment + timedelta(minutes=self.offset_min)).replace(tzinfo=None)
        if self.european:
            begin, end = _sunday(standard.year, 3, last=True), _sunday(standard.year, 10, last=True)
        else:
            begin, end = _sunday(standard.year, 3, nth=2), _sunday(standard.year, 11, nth=1)
        hour_end = 2 if self.european else 1  # 03:00 and 02:00 of summer time, said in standard time
        return begin + timedelta(hours=2) <= standard < end + timedelta(hours=hour_end)

    def summer_rule(self) -> str:
        """What the configuration says after the summer zone's name."""
        return "recurring last Sun Mar 2:00 last Sun Oct 3:00" if self.european else "recurring"


def _sunday(year: int, month: int, *, nth: int = 1, last: bool = False) -> datetime:
    first = datetime(year, month, 1)  # noqa: DTZ001 - a wall time by nature
    day = 1 + (6 - first.weekday()) % 7 + 7 * (nth - 1)
    if last:
        day += 7 * ((31 - day) // 7)  # March and October have 31 days
    return first.replace(day=day)


@dataclass
class DeviceClock:
    """How far a device's clock is off (`offset_s`, positive: ahead), and how it writes time."""

    offset_s: float = 0.0
    synchronized: bool = True
    zone: Zone = field(default_factory=Zone)
    localtime: bool = False
    show_timezone: bool = False
    year: bool = False
    unset_until: float = 0.0

    def is_synchronized(self, when: float) -> bool:
        """Whether NTP holds the clock at `when`: never right after a reload."""
        return self.synchronized and when >= self.unset_until

    def utc(self, when: float) -> datetime:
        """What the device holds for the time in UTC."""
        return datetime.fromtimestamp(when + self.offset_s, UTC)

    def mark(self, when: float) -> str:
        """`*` where the clock is not authoritative (field guide 1.8)."""
        return "" if self.is_synchronized(when) else "*"

    def shown(self, when: float) -> str:
        """`show clock`: `12:00:07.098 UTC Fri May 1 2026`."""
        local, zone = self.zone.local(self.utc(when))
        clock = f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
        return f"{self.mark(when)}{clock} {zone} {local:%a %b} {local.day} {local.year}"

    def long(self, when: float) -> str:
        """As `show version` writes a moment: `12:00:07 UTC Fri May 1 2026`."""
        local, zone = self.zone.local(self.utc(when))
        return f"{local:%H:%M:%S} {zone} {local:%a %b} {local.day} {local.year}"

    def stamp(self, when: float) -> str:
        """The head of a log line, without the colon."""
        moment = self.utc(when)
        local, zone = self.zone.local(moment) if self.localtime else (moment, "UTC")
        year = f" {local.year}" if self.year else ""
        name = f" {zone}" if self.show_timezone else ""
        clock = f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
        return f"{self.mark(when)}{local:%b} {local.day:2d}{year} {clock}{name}"

    def trace_stamp(self, when: float) -> str:
        """The head of an event-trace line: `*Apr  4 00:10:51.826`."""
        local, _ = self.zone.local(self.utc(when))
        return f"{self.mark(when)}{local:%b} {local.day:2d} {local:%H:%M:%S}.{local.microsecond // 1000:03d}"


def duration_words(seconds: float) -> str:
    """`1 week, 2 days, 3 hours, 4 minutes`, as `show version` says an uptime."""
    minutes = int(seconds // 60)
    parts = []
    for name, size in (("year", 525600), ("week", 10080), ("day", 1440), ("hour", 60)):
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    parts.append(f"{minutes} minute{'' if minutes == 1 else 's'}")
    return ", ".join(parts)


def duration_short(seconds: float) -> str:
    """`00:14:05`, `5d23h`, `2w3d`: how sessions say an uptime."""
    total = max(0, int(seconds))
    if total < 86400:
        return f"{total // 3600:02d}:{total // 60 % 60:02d}:{total % 60:02d}"
    days = total // 86400
    return f"{days}d{total // 3600 % 24:02d}h" if days < 7 else f"{days // 7}w{days % 7}d"
