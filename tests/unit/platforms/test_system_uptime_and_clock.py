"""Rendered uptimes and clocks are read back as they were."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.platforms.cisco_ios import show_clock, show_version
from vpnaudit.platforms.uptime import Uptime, read_uptime

UNITS = (("year", 31536000), ("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60))
READ = [
    ("1 hour, 29 minutes", Uptime(5340, 60)),
    ("1 years, 2 weeks, 3 days, 4 hours, 5 minutes", Uptime(33019500, 60)),
    ("21 days 7 hours", Uptime(1839600, 3600)),
    ("2 hours 12 mins", Uptime(7920, 60)),
    ("0 day(s), 1 hour(s), 41 minute(s), 37 second(s)", Uptime(6097, 1)),
    ("never", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "uptime"), READ)
def test_uptime(text: str, uptime: Uptime | None) -> None:
    assert read_uptime(text) == uptime


def _as_ios_says(minutes: int) -> str:
    """Weeks restart with each year of 365 days; a unit that is zero is left out, except the last."""
    left = minutes * 60
    parts: list[str] = []
    for unit, seconds in UNITS:
        number, left = divmod(left, seconds)
        if number or (unit == "minute" and not parts):
            parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
    return ", ".join(parts)


@given(st.integers(min_value=0, max_value=20 * 365 * 24 * 60))
def test_an_uptime_reads_back(minutes: int) -> None:
    text = f"Cisco IOS Software, X (Y), Version 15.1(1)T, RELEASE\nr1 uptime is {_as_ios_says(minutes)}\n"
    version = show_version.parse(text).facts.version
    assert version is not None
    assert version.uptime_s == minutes * 60
    assert version.uptime_resolution_s == 60
    assert version.hostname == "r1"


@given(
    st.datetimes(min_value=datetime(1993, 1, 1), max_value=datetime(2099, 12, 31)),  # noqa: DTZ001 - a device's own
    st.sampled_from(["", ".", "*"]),
    st.sampled_from(["UTC", "CET", "EDT", "GMT+1", "UTC+07:30", "X"]),
    st.booleans(),
)
def test_a_clock_reads_back(at: datetime, mark: str, zone: str, padded: bool) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    day = f"{at.day:2}" if padded else str(at.day)
    time = f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"
    text = f"{mark}{time} {zone} {names[at.weekday()]} {months[at.month - 1]} {day} {at.year}\nTime source is NTP\n"
    clock = show_clock.parse(text).facts.clock
    assert clock is not None
    read = (clock.year, clock.month, clock.day, clock.hour, clock.minute, clock.second, clock.microsecond)
    assert datetime(*read) == at  # noqa: DTZ001 - a device's own
    assert (clock.mark, clock.zone, clock.source) == (mark, zone, "NTP")
