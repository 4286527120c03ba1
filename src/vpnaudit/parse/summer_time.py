"""`clock summer-time ZONE …`: whether a wall-clock time lies in it, and by how much it moves the clock.

Forms: `recurring` alone (the device's default: second Sunday of March to first Sunday of November, both
2:00, 60 minutes),
`recurring WEEK DAY MONTH HH:MM WEEK DAY MONTH HH:MM [MINUTES]` with WEEK 1 to 5, `first` or `last`, and
`date MONTH DAY YEAR HH:MM MONTH DAY YEAR HH:MM [MINUTES]` (or the day before the month).
"""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta

from msgspec import Struct

from vpnaudit.parse.stamps import MONTHS

_DEFAULT = "2 Sun Mar 2:00 1 Sun Nov 2:00"
_DAYS = {name: number for number, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))}
_DEFAULT_MINUTES = 60


class _Recurring(Struct, frozen=True):
    week: int
    weekday: int
    month: int
    hour: int
    minute: int

    def in_year(self, year: int) -> datetime:
        days = [
            day
            for day in range(1, calendar.monthrange(year, self.month)[1] + 1)
            if calendar.weekday(year, self.month, day) == self.weekday
        ]
        day = days[-1] if self.week >= len(days) or self.week < 1 else days[self.week - 1]
        return datetime(year, self.month, day, self.hour, self.minute)  # noqa: DTZ001 - a wall-clock time


class SummerRule(Struct, frozen=True):
    """A rule as read. `minutes` is what summer time adds."""

    minutes: int
    recurring: tuple[_Recurring, _Recurring] | None = None
    once: tuple[datetime, datetime] | None = None

    def holds(self, wall: datetime) -> bool:
        """Whether the wall-clock time `wall` is summer time; the hour that comes twice counts as such."""
        if self.once is not None:
            return self.once[0] <= wall < self.once[1]
        if self.recurring is None:
            return False
        start, end = (edge.in_year(wall.year) for edge in self.recurring)
        if start <= end:
            return start <= wall < end
        return wall >= start or wall < end

    def comes_again(self, wall: datetime) -> timedelta | None:
        """By how much later the wall-clock time `wall` comes a second time; None where it comes once."""
        end = self.once[1] if self.once else self.recurring[1].in_year(wall.year) if self.recurring else None
        back = timedelta(minutes=self.minutes)
        return back if end is not None and end - back <= wall < end else None


def summer_rule(rule: str) -> SummerRule | None:
    """Read the part of `clock summer-time ZONE …` after the zone, or None where it is not understood."""
    words = rule.split()
    if not words:
        return None
    try:
        if words[0] == "recurring":
            return _read_recurring(words[1:] or _DEFAULT.split())
        if words[0] == "date":
            return _read_dates(words[1:])
    except (ValueError, KeyError, IndexError, OverflowError):
        return None
    return None


def _read_recurring(words: list[str]) -> SummerRule:
    if len(words) < 8:
        return SummerRule(minutes=int(words[0]), recurring=(_edge(_DEFAULT.split()[:4]), _edge(_DEFAULT.split()[4:])))
    return SummerRule(minutes=_minutes(words[8:]), recurring=(_edge(words[:4]), _edge(words[4:8])))


def _edge(words: list[str]) -> _Recurring:
    week = {"first": 1, "last": 0}.get(words[0].lower())
    hour, minute = (int(part) for part in words[3].split(":"))
    edge = _Recurring(
        int(words[0]) if week is None else week, _DAYS[words[1][:3].title()], MONTHS[words[2][:3].title()], hour, minute
    )
    edge.in_year(2000)
    return edge


def _read_dates(words: list[str]) -> SummerRule:
    return SummerRule(minutes=_minutes(words[8:]), once=(_moment(words[:4]), _moment(words[4:8])))


def _moment(words: list[str]) -> datetime:
    first, second, year, clock = words
    month, day = (first, second) if first[:1].isalpha() else (second, first)
    hour, minute = (int(part) for part in clock.split(":"))
    midnight = datetime(int(year), MONTHS[month[:3].title()], int(day))  # noqa: DTZ001 - a wall-clock time
    return midnight + timedelta(hours=hour, minutes=minute)


def _minutes(words: list[str]) -> int:
    return int(words[0]) if words else _DEFAULT_MINUTES
