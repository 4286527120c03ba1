"""Dates with a year that stand in a text around log lines: a mail's headers, a device's clock printed at a prompt."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import UTC, datetime, timedelta

from vpnaudit.parse.stamps import MONTHS

_TEXT_MAX = 4_000_000
_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)\b"
_DAY = r"\b(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_CLOCK = re.compile(
    r"\b(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:\.\d{1,6})?(?:\s?(?P<half>[AaPp])\.?[Mm]\b)?"
)
_OFFSET = re.compile(r"\d\s(?P<sign>[+-])(?P<hours>\d\d)(?P<minutes>\d\d)\b")
_FORMS = (
    re.compile(rf"{_DAY}[ -]{_MONTH}[ -,]{{1,2}}{_YEAR}"),
    re.compile(rf"\b{_MONTH}\s{{1,2}}{_DAY},?\s(?:(?:at )?[\d:.]{{4,15}}\s)?(?:[A-Z]{{1,5}}\s)?{_YEAR}"),
    re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"),
)
_LINE = re.compile(
    r"^[>| \t]{0,16}(?:\*{0,2}(?:Date|Sent|Datum|Gesendet|Received|Time source)\b|On\s|Am\s"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\s)"
    r"[^\n]{6,300}$",
    re.MULTILINE,
)


class TextDates:
    """The dates of a text by line."""

    def __init__(self, text: str) -> None:
        """Look for them in the first four million characters."""
        self._lines: list[int] = []
        self._dates: list[datetime] = []
        text = text[:_TEXT_MAX]
        at, number = 0, 1
        for match in _LINE.finditer(text):
            found = read_date(match[0])
            if found is None:
                continue
            number += text.count("\n", at, match.start())
            at = match.start()
            self._lines.append(number)
            self._dates.append(found)

    def nearest_above(self, line: int) -> datetime | None:
        """The date in force at `line`: the last one above it (the header of the mail that quotes it), else the next."""
        index = bisect_right(self._lines, line)
        if index:
            return self._dates[index - 1]
        return self._dates[0] if self._dates else None


def read_date(line: str) -> datetime | None:
    """Read a date with a year from one line; without a time of day the day's end; without an offset taken as UTC."""
    for form in _FORMS:
        found = form.search(line)
        if found is not None:
            return _date(found, line)
    return None


def _date(found: re.Match[str], line: str) -> datetime | None:
    month = found["month"]
    try:
        day = datetime(int(found["year"]), MONTHS.get(month[:3]) or int(month), int(found["day"]), tzinfo=UTC)
        return day + _time_of_day(line) - _zone(line)
    except (ValueError, OverflowError):
        return None


def _time_of_day(line: str) -> timedelta:
    clock = _CLOCK.search(line)
    if clock is None:
        return timedelta(hours=23, minutes=59)
    hour = int(clock["hour"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"] in "Pp" else 0)
    return timedelta(hours=hour, minutes=int(clock["minute"]), seconds=int(clock["second"] or 0))


def _zone(line: str) -> timedelta:
    offset = _OFFSET.search(line)
    if offset is None:
        return timedelta()
    length = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
    return -length if offset["sign"] == "-" else length
