"""Zones, summer time and the words for durations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vpnaudit.simulate.clock import DeviceClock, Zone, duration_short, duration_words

EUROPE = Zone("CET", 60, "CEST", european=True)
AMERICA = Zone("EST", -300, "EDT")


@pytest.mark.parametrize(
    ("zone", "moment", "shown"),
    [
        (EUROPE, datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), "01:59:59 CET"),
        (EUROPE, datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC), "03:00:00 CEST"),
        (EUROPE, datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), "02:59:59 CEST"),
        (EUROPE, datetime(2026, 10, 25, 1, 0, 0, tzinfo=UTC), "02:00:00 CET"),
        (AMERICA, datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC), "01:59:59 EST"),
        (AMERICA, datetime(2026, 3, 8, 7, 0, 0, tzinfo=UTC), "03:00:00 EDT"),
        (AMERICA, datetime(2026, 11, 1, 5, 59, 59, tzinfo=UTC), "01:59:59 EDT"),
        (AMERICA, datetime(2026, 11, 1, 6, 0, 0, tzinfo=UTC), "01:00:00 EST"),
        (Zone(), datetime(2026, 7, 1, 6, 0, 0, tzinfo=UTC), "06:00:00 UTC"),
    ],
)
def test_summer_time_begins_and_ends_where_the_rule_says(zone: Zone, moment: datetime, shown: str) -> None:
    local, name = zone.local(moment)
    assert f"{local:%H:%M:%S} {name}" == shown


def test_a_stamp_carries_what_the_device_is_set_to() -> None:
    when = datetime(2026, 7, 1, 22, 5, 6, 78000, tzinfo=UTC).timestamp()
    plain = DeviceClock(zone=EUROPE)
    full = DeviceClock(offset_s=1.0, synchronized=False, zone=EUROPE, localtime=True, show_timezone=True, year=True)
    assert plain.stamp(when) == "Jul  1 22:05:06.078"
    assert full.stamp(when) == "*Jul  2 2026 00:05:07.078 CEST"
    assert plain.shown(when) == "00:05:06.078 CEST Thu Jul 2 2026"


@pytest.mark.parametrize(
    ("seconds", "words", "short"),
    [
        (59, "0 minutes", "00:00:59"),
        (3660, "1 hour, 1 minute", "01:01:00"),
        (9 * 86400 + 7200, "1 week, 2 days, 2 hours, 0 minutes", "1w2d"),
        (5 * 86400 + 23 * 3600, "5 days, 23 hours, 0 minutes", "5d23h"),
    ],
)
def test_durations(seconds: float, words: str, short: str) -> None:
    assert duration_words(seconds) == words
    assert duration_short(seconds) == short
