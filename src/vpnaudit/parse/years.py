"""Years of a log whose stamps have none, told by the order of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from vpnaudit.model.logs import LogMessage
from vpnaudit.parse.dated import YEARS_BACK, Dated

_NEW_YEAR_STEP = timedelta(days=120)
"""In a log that runs forward a line this much later than the next one, once dated, is of the year before. Less is a log
put together from files in the wrong order."""
_LEAP_RUN = timedelta(days=31)


def turn_years(messages: Sequence[LogMessage], dated: list[Dated]) -> None:
    """Going back from the end of each host's log, set lines before a New Year that was passed one year back."""
    by_host: dict[str | None, list[Dated]] = {}
    for message, entry in zip(messages, dated, strict=True):
        if entry.time is not None and entry.year_assumed:
            by_host.setdefault(message.host, []).append(entry)
    for entries in by_host.values():
        if _runs_forward(entries):
            _count_back(entries)
            _follow_leap_days(entries)


def _runs_forward(entries: list[Dated]) -> bool:
    """Whether most lines are later than the one before; some exports have the newest line first."""
    return is_forward([(e.time, e.time) for e in entries])


def is_forward(shown: Sequence[tuple[datetime | None, datetime | None]]) -> bool:
    """The same, by what the clock showed before each line and at it."""
    steps = [(b - a) for (_, a), (b, _) in pairwise(shown) if a is not None and b is not None]
    return sum(s > timedelta(0) for s in steps) >= sum(timedelta(0) > s > -_NEW_YEAR_STEP for s in steps)


def _count_back(entries: list[Dated]) -> None:
    limit: datetime | None = None
    for entry in reversed(entries):
        while limit is not None and entry.time is not None and entry.time - limit > _NEW_YEAR_STEP:
            earlier = _year_before(entry.time)
            if earlier is None:
                break
            entry.time = earlier
        limit = entry.time


def _follow_leap_days(entries: list[Dated]) -> None:
    """29 February names its year, and that of the lines that follow it without a gap of more than a month.

    But for lines that go on without such a gap into a later year, or until the log was read.
    """
    for n, leap in enumerate(entries):
        if leap.time is None or (leap.time.month, leap.time.day) != (2, 29):
            continue
        run, last = [], leap.time
        for entry in entries[n + 1 :]:
            time = _in_year(entry.time, leap.time.year)
            if time is None or entry.time == time or not timedelta(0) <= time - last <= _LEAP_RUN:
                break
            run.append((entry, time))
            last = time
        rest = entries[n + 1 + len(run) :]
        then, after = run[-1][0].time if run else None, rest[0].time if rest else leap.anchor
        if then is not None and after is not None and abs(after - then) > _LEAP_RUN:
            for entry, time in run:
                entry.time = time
                entry.how += "; of the year of the leap day before it"


def _in_year(time: datetime | None, year: int) -> datetime | None:
    try:
        return time.replace(year=year) if time is not None else None
    except ValueError:
        return None


def _year_before(time: datetime) -> datetime | None:
    for years in range(1, YEARS_BACK):
        try:
            return time.replace(year=time.year - years)
        except ValueError:
            continue
    return None
