"""When the entries of an event trace were made: which zone, and clocks that were set in between."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vpnaudit.model.config import ConfigFacts, TimeStamps
from vpnaudit.model.sa import SaTrace
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.trace_times import date_traces

UPDATE = (
    "%SYS-6-CLOCKUPDATE: System clock has been updated from {} UTC Tue Nov 24 2026 to {} UTC Tue Nov 24 2026, by vty."
)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, second, tzinfo=UTC)


def setting(*, log_local: bool = False, trace: bool | None = None) -> ConfigFacts:
    return ConfigFacts(
        line=1,
        whole=True,
        clock_zone="PKT",
        clock_offset_min=300,
        timestamps=TimeStamps(line=1, kind="datetime", localtime=log_local),
        trace_timestamps=TimeStamps(line=1, kind="datetime", localtime=trace) if trace is not None else None,
    )


def traced(stamp: str | None, config: ConfigFacts | None, zone: str, *logged: str) -> SaTrace:
    clock = ClockReading(line=1, year=2026, month=11, day=24, hour=12, minute=0, second=0, zone=zone)
    context = TimeContext(clock=clock, config=config)
    trace = SaTrace(line=1, action="create", spi=1, destination=None, stamp=stamp)
    (found,) = date_traces([trace], context, [(scan("\n".join(logged)).facts.messages, context)])
    return found


@pytest.mark.parametrize(
    ("stamp", "config", "zone", "time", "other_s"),
    [
        pytest.param("Nov 24 09:00:00.456", None, "UTC", at(9), 0, id="one zone"),
        pytest.param("Nov 24 09:00:00.456", setting(), "PKT", at(9), -18_000, id="the log's, or the clock's"),
        pytest.param("Nov 24 09:00:00.456", setting(log_local=True), "PKT", at(4), 18_000, id="the log's, or UTC"),
        pytest.param("Nov 24 09:00:00.456", None, "PKT", at(9), -18_000, id="no configuration"),
        pytest.param("Nov 24 09:00:00.456", setting(trace=True), "PKT", at(4), 0, id="its own setting: local"),
        pytest.param("Nov 24 09:00:00.456", setting(log_local=True, trace=False), "PKT", at(9), 0, id="its own: UTC"),
        pytest.param("Nov 24 09:00:00.456 PKT", setting(), "PKT", at(4), 0, id="printed"),
        pytest.param("20w2d", setting(), "PKT", None, 0, id="since the boot"),
        pytest.param(None, setting(), "PKT", None, 0, id="no stamp"),
    ],
)
def test_zone(stamp: str | None, config: ConfigFacts | None, zone: str, time: datetime | None, other_s: float) -> None:
    found = traced(stamp, config, zone)
    assert (found.at.replace(microsecond=0) if found.at else None) == time
    assert (found.other_s, found.moved_s, found.within_s) == (other_s, 0.0, 0.0)


def test_a_clock_that_was_set_as_the_log_tells() -> None:
    update = f"Nov 24 10:00:00.000: {UPDATE.format('09:00:00', '10:00:00')}"
    assert traced("Nov 24 08:30:00.000", None, "UTC", update).moved_s == 3600
    assert traced("Nov 24 10:30:00.000", None, "UTC", update).moved_s == 0
