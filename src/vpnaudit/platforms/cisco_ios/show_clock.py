"""`show clock` and `show clock detail`: the device's time as it shows it, and whether it vouches for it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.engine import Row, parse_answer

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse(text: str) -> Parsed:
    """Read the answer to `show clock`, plain or detailed."""
    return parse_answer("cisco_ios", "show_clock", text, clock_facts)


def clock_facts(rows: list[Row]) -> Facts:
    """Build the reading from a row of the clock template; none where the digits are no date."""
    return Facts(clock=next((c for row in rows if (c := _reading(row)) is not None), None))


def _reading(row: Row) -> ClockReading | None:
    month = row["MONTH"][:3].lower()
    if not row["HOUR"] or month not in _MONTHS:
        return None
    reading = ClockReading(
        line=row.line,
        year=int(row["YEAR"]),
        month=_MONTHS.index(month) + 1,
        day=int(row["DAY"]),
        hour=int(row["HOUR"]),
        minute=int(row["MINUTE"]),
        second=int(row["SECOND"]),
        microsecond=int(row["FRACTION"].ljust(6, "0") or "0"),
        zone=row.text("ZONE"),
        mark=_mark(row["MARK"]),
        source=row["SOURCE"].rstrip() or None,
    )
    return reading if _is_a_time(reading) else None


def _mark(printed: str) -> Literal["", ".", "*"]:
    if "*" in printed:
        return "*"
    return "." if "." in printed else ""


def _is_a_time(reading: ClockReading) -> bool:
    leap = min(reading.second, 59)
    try:
        datetime(reading.year, reading.month, reading.day, reading.hour, reading.minute, leap)  # noqa: DTZ001 - as shown
    except ValueError:
        return False
    return reading.second <= 59


COMMANDS = (CommandSpec(command="show clock", parse=parse, needed=True, other_forms=("show clock detail",)),)
