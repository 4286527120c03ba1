"""`show clock` and `show ntp status`, which many of Cisco's systems print alike: the device's time, and who vouches."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import structs

from vpnaudit.model.facts import Facts
from vpnaudit.model.system import ClockReading, NtpStatus
from vpnaudit.parse.engine import Row

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def clock_facts(rows: list[Row]) -> Facts:
    """Build the reading from the row of a clock template; none where the digits are no date.

    The template has MARK, HOUR, MINUTE, SECOND, FRACTION, ZONE, MONTH, DAY, YEAR and SOURCE.
    """
    found = ((row, reading) for row in rows if (reading := reading_of(row)) is not None)
    return Facts(clock=next((structs.replace(c, source=row["SOURCE"].rstrip() or None) for row, c in found), None))


def ntp_facts(rows: list[Row]) -> Facts:
    """Build the status from the row of an NTP template: STATE, STRATUM, REFERENCE and OFFSET (milliseconds)."""
    return Facts(ntp=next((_status(row) for row in rows), None))


def reading_of(row: Row) -> ClockReading | None:
    """A time as these systems print it: of MARK, HOUR, MINUTE, SECOND, FRACTION, ZONE, MONTH, DAY and YEAR."""
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
    )
    return reading if _is_a_time(reading) else None


def _mark(printed: str) -> Literal["", ".", "*"]:
    if "*" in printed:
        return "*"
    return "." if "." in printed else ""


def _is_a_time(reading: ClockReading) -> bool:
    try:
        datetime(reading.year, reading.month, reading.day, reading.hour, reading.minute, reading.second)  # noqa: DTZ001 - as shown
    except ValueError:
        return False
    return True


def _status(row: Row) -> NtpStatus:
    offset = row.text("OFFSET")
    return NtpStatus(
        line=row.line,
        synchronized=row["STATE"] == "synchronized",
        stratum=row.number("STRATUM"),
        reference=row.text("REFERENCE"),
        offset_ms=float(offset) if offset is not None else None,
    )
