"""From stamps to times: year, zone, and what is never dated."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpnaudit.model.config import ConfigFacts, SummerTime, TimeStamps
from vpnaudit.model.logs import LogMessage, Stamp
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.logs import scan
from vpnaudit.parse.mail_dates import read_date
from vpnaudit.parse.summer_time import summer_rule
from vpnaudit.parse.times import TimeContext, clock_to_utc, date_messages, parse_trace_stamp

TEXT = "%SYS-5-CONFIG_I: Configured from console by noc on console"
EUROPE = "recurring last Sun Mar 2:00 last Sun Oct 3:00"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def clock(*parts: int, zone: str | None = "UTC", mark: str = "") -> ClockReading:
    names = ("year", "month", "day", "hour", "minute", "second")
    return ClockReading(line=1, zone=zone, mark=mark, **dict(zip(names, parts, strict=True)))  # type: ignore[arg-type]


def config(zone: str, minutes: int, summer: tuple[str, str] | None = None, *, localtime: bool = True) -> ConfigFacts:
    return ConfigFacts(
        line=1,
        clock_zone=zone,
        clock_offset_min=minutes,
        summer_time=SummerTime(line=2, zone=summer[0], rule=summer[1]) if summer else None,
        timestamps=TimeStamps(line=3, kind="datetime", localtime=localtime),
    )


def dated(*heads: str, **context: object) -> tuple[LogMessage, ...]:
    text = "\n".join(f"{head} {TEXT}" for head in heads)
    return date_messages(scan(text).facts.messages, TimeContext(**context))  # type: ignore[arg-type]


NOW = {"now": utc(2026, 11, 25, 12)}


@pytest.mark.parametrize(
    ("head", "context", "time", "word"),
    [
        ("Nov 24 01:02:03.5:", NOW, utc(2026, 11, 24, 1, 2, 3, 500000), "present date"),
        ("Nov 26 01:02:03:", NOW, utc(2026, 11, 26, 1, 2, 3), "present date"),
        ("Nov 26 13:02:03:", NOW, utc(2025, 11, 26, 13, 2, 3), "present date"),
        ("Dec 31 23:59:59:", {"clock": clock(2026, 1, 1, 0, 5, 0)}, utc(2025, 12, 31, 23, 59, 59), "device's clock"),
        ("Jan  1 00:00:01:", {"clock": clock(2025, 12, 31, 23, 59, 0)}, utc(2026, 1, 1, 0, 0, 1), "device's clock"),
        ("Feb 29 01:00:00:", NOW, utc(2024, 2, 29, 1), "present date"),
        ("Nov 24 01:02:03:", NOW | {"modified_at": utc(2021, 12, 1)}, utc(2021, 11, 24, 1, 2, 3), "file's time"),
        (
            "Nov 24 01:02:03:",
            NOW | {"modified_at": utc(2021, 12, 1), "text": "Date: Fri, 1 Dec 2017 09:00:00 +0100\n\n"},
            utc(2017, 11, 24, 1, 2, 3),
            "same text",
        ),
        (
            "2017-11-24T01:02:04Z hub1 7: Nov 24 01:02:03:",
            NOW | {"clock": clock(2026, 11, 24, 9, 0, 0)},
            utc(2017, 11, 24, 1, 2, 3),
            "syslog server",
        ),
        ("Nov 24 2019 01:02:03 CET:", NOW, utc(2019, 11, 24, 0, 2, 3), "CET"),
        ("Nov 24 2019 01:02:03 UTC+05:30:", NOW, utc(2019, 11, 23, 19, 32, 3), "printed"),
        ("Nov 24 2019 01:02:03 QQT:", NOW, utc(2019, 11, 24, 1, 2, 3), "not known"),
        ("Nov 24 2019 01:02:03 CST:", NOW, utc(2019, 11, 24, 7, 2, 3), "several meanings"),
        (
            "Nov 24 2019 01:02:03 CST:",
            NOW | {"config": config("CST", 480)},
            utc(2019, 11, 23, 17, 2, 3),
            "configuration",
        ),
        (
            "Jul 24 2019 01:02:03:",
            {"config": config("CET", 60, ("CEST", EUROPE))},
            utc(2019, 7, 23, 23, 2, 3),
            "localtime",
        ),
        (
            "Jul 24 2019 01:02:03 CEST:",
            {"config": config("CET", 60, ("CEST", EUROPE))},
            utc(2019, 7, 23, 23, 2, 3),
            "CEST",
        ),
        (
            "Jul 24 2019 01:02:03:",
            {"config": config("CET", 60, ("CEST", EUROPE), localtime=False)},
            utc(2019, 7, 24, 1, 2, 3),
            "UTC (configuration)",
        ),
        ("Oct  3 2026 01:02:60:", NOW, utc(2026, 10, 3, 1, 3, 0), "stamp"),
        ("Oct  3 2026 01:02:03 hub1", NOW, utc(2026, 10, 3, 1, 2, 3), "stamp"),
        ("Oct  3 01:02:03 hub1", NOW | {"config": config("JST", 540)}, utc(2026, 10, 3, 1, 2, 3), "syslog server's"),
    ],
)
def test_dated(head: str, context: dict[str, object], time: datetime, word: str) -> None:
    (message,) = dated(head, **context)
    assert message.time == time
    assert word in message.time_from


@pytest.mark.parametrize(
    ("head", "context", "word"),
    [
        ("20w2d:", NOW, "uptime"),
        ("00:01:02:", NOW, "uptime"),
        ("", NOW, "no stamp"),
        ("Feb 30 01:00:00:", NOW, "no date"),
        ("Oct 13 2026 25:61:00:", NOW, "no date"),
        ("Nov 24 01:02:03:", {}, "without a year"),
        ("*Mar  1 00:42:09.431:", NOW, "never set"),
        ("*Mar  1 00:42:09.431:", {"clock": clock(2026, 11, 24, 9, 0, 0)}, "never set"),
        ("*Mar  2 10:42:09.431:", {"clock": clock(2002, 3, 2, 11, 0, 0, mark="*")}, "never set"),
        ("*Mar  1 1993 00:42:09:", NOW, "never set"),
    ],
)
def test_not_dated(head: str, context: dict[str, object], word: str) -> None:
    (message,) = dated(head, **context)
    assert message.time is None
    assert word in message.time_from


def test_the_first_of_march_is_a_day_like_any_other_where_the_clock_says_so() -> None:
    (message,) = dated("*Mar  1 00:42:09:", clock=clock(2026, 3, 1, 9, 0, 0, mark="*"))
    assert message.time == utc(2026, 3, 1, 0, 42, 9)


def test_a_clock_that_was_never_set_stays_so_until_it_is() -> None:
    times = [m.time for m in dated("*Mar  1 00:00:09:", "*Mar  2 09:00:00:", "Nov 24 09:00:00:", **NOW)]
    assert times == [None, None, utc(2026, 11, 24, 9)]


def test_a_log_that_runs_over_new_years_counts_back_from_the_clock() -> None:
    heads = ("Jun 30 12:00:00:", "Dec 31 23:59:58:", "Jan  1 00:00:01:", "Nov 24 09:00:00:")
    years = [m.time.year for m in dated(*heads, clock=clock(2026, 11, 24, 10, 0, 0)) if m.time]
    assert years == [2025, 2025, 2026, 2026]


def test_a_log_with_its_newest_line_first_keeps_its_year() -> None:
    heads = ("Nov 24 09:00:00:", "Nov 20 09:00:00:", "Aug  1 00:00:01:")
    years = [m.time.year for m in dated(*heads, clock=clock(2026, 11, 24, 10, 0, 0)) if m.time]
    assert years == [2026, 2026, 2026]


def test_each_mail_of_a_thread_dates_the_lines_below_it() -> None:
    text = (
        "Sent: Monday, January 14, 2019 9:03 PM\nAn old thread again.\n\n"
        f"> Date: Tue, 19 Dec 2017 21:03:00 -0600\n> Dec 18 00:12:07: {TEXT}\n"
    )
    (message,) = date_messages(scan(text).facts.messages, TimeContext(text=text, **NOW))
    assert message.time == utc(2017, 12, 18, 0, 12, 7)


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("Date: Tue, 19 Dec 2017 21:03:00 -0600", utc(2017, 12, 20, 3, 3)),
        ("Sent: Tuesday, December 19, 2017 9:03 PM", utc(2017, 12, 19, 21, 3)),
        ("Wed Dec 20 15:19:28 UTC 2017", utc(2017, 12, 20, 15, 19, 28)),
        ("On Dec 20, 2017, at 3:19 PM, N. N. wrote:", utc(2017, 12, 20, 15, 19)),
        ("Date: 2017-12-20", utc(2017, 12, 20, 23, 59)),
        ("Date: 31 Feb 2017", None),
        ("Date: soon", None),
    ],
)
def test_mail_date(line: str, time: datetime | None) -> None:
    assert read_date(line) == time


@pytest.mark.parametrize(
    ("rule", "wall", "holds"),
    [
        ("recurring", (2026, 3, 8, 1, 59), False),
        ("recurring", (2026, 3, 8, 2, 0), True),
        ("recurring", (2026, 11, 1, 1, 59), True),
        ("recurring", (2026, 11, 1, 2, 0), False),
        (EUROPE, (2026, 3, 29, 2, 0), True),
        (EUROPE, (2026, 10, 25, 3, 0), False),
        ("recurring 1 Sun Oct 2:00 1 Sun Apr 3:00", (2026, 1, 15, 12, 0), True),
        ("recurring 1 Sun Oct 2:00 1 Sun Apr 3:00 60", (2026, 7, 15, 12, 0), False),
        ("recurring first Sun Apr 2:00 last Sun Oct 2:00", (2026, 4, 5, 2, 0), True),
        ("date Mar 26 2026 2:00 Oct 29 2026 3:00", (2026, 7, 1, 0, 0), True),
        ("date 26 Mar 2026 2:00 29 Oct 2026 3:00 30", (2027, 7, 1, 0, 0), False),
    ],
)
def test_summer_time(rule: str, wall: tuple[int, ...], holds: bool) -> None:
    read = summer_rule(rule)
    assert read is not None
    assert read.holds(datetime(*wall)) is holds  # type: ignore[arg-type, misc]  # noqa: DTZ001


@pytest.mark.parametrize(
    "rule", ["", "recurring nonsense", "recurring 9 Xyz Mar 2:00 1 Sun Nov 2:00", "date Mar 99", "x"]
)
def test_a_rule_that_is_none(rule: str) -> None:
    assert summer_rule(rule) is None


def test_clock_to_utc() -> None:
    assert clock_to_utc(clock(2026, 7, 1, 12, 0, 0, zone="CEST"), config("CET", 60, ("CEST", EUROPE))) == utc(
        2026, 7, 1, 10
    )
    assert clock_to_utc(clock(2026, 7, 1, 12, 0, 0, zone=None), config("CET", 60, ("CEST", EUROPE))) == utc(
        2026, 7, 1, 10
    )
    assert clock_to_utc(clock(2026, 7, 1, 12, 0, 0, zone="EDT")) == utc(2026, 7, 1, 16)
    assert clock_to_utc(clock(2002, 3, 1, 0, 3, 0, mark="*")) is None
    assert clock_to_utc(clock(2026, 2, 31, 0, 3, 0)) is None


def test_trace_stamps_are_read_from_the_clock_backwards() -> None:
    assert parse_trace_stamp("Nov 24 01:02:03.456", utc(2026, 11, 24, 2)) == utc(2026, 11, 24, 1, 2, 3, 456000)
    assert parse_trace_stamp("Dec 24 01:02:03.456", utc(2026, 11, 24, 2)) == utc(2025, 12, 24, 1, 2, 3, 456000)
    assert parse_trace_stamp("no stamp", utc(2026, 11, 24, 2)) is None


@given(
    year=st.none() | st.integers(min_value=0, max_value=9999),
    numbers=st.tuples(*(st.integers(min_value=0, max_value=99) for _ in range(5))),
    zone=st.none() | st.text(max_size=5),
    offset=st.none() | st.integers(min_value=-1080, max_value=1080),
    mark=st.sampled_from(["", ".", "*"]),
)
@settings(deadline=None)
def test_no_stamp_raises(
    year: int | None, numbers: tuple[int, ...], zone: str | None, offset: int | None, mark: str
) -> None:
    month, day, hour, minute, second = numbers
    stamp = Stamp(
        text="", kind="datetime", year=year, month=month, day=day, hour=hour, minute=minute, second=second,
        zone=zone, utc_offset_min=offset, mark=mark,  # type: ignore[arg-type]
    )  # fmt: skip
    message = LogMessage(line=1, tag="SYS-5-X", text="", raw="", stamp=stamp)
    (found,) = date_messages([message], TimeContext(**NOW))  # type: ignore[arg-type]
    assert found.time_from
    assert found.time is None or found.time.tzinfo is UTC
