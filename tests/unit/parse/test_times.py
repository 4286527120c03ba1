"""From stamps to times: year, zone, and what is never dated."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpnaudit.model.config import ConfigFacts, SummerTime, TimeStamps
from vpnaudit.model.logs import LogMessage, Stamp
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.clock_reading import ClockTime, clock_to_utc, read_clock
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.mail_dates import read_date
from vpnaudit.parse.summer_time import summer_rule
from vpnaudit.parse.times import date_messages

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
PART = ConfigFacts(line=1)
LOCAL_PART = ConfigFacts(line=1, timestamps=TimeStamps(line=1, kind="datetime", localtime=True))


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
        ("Nov 24 2019 01:02:03 NPT:", NOW, utc(2019, 11, 23, 19, 17, 3), "UTC+05:45"),
        ("Jan 24 2019 01:02:03 CHADT:", NOW, utc(2019, 1, 23, 11, 17, 3), "UTC+13:45"),
        (
            "Jan 24 2019 01:02:03 AEDT:",
            {"config": config("AEDT", 600, ("AEDT", "recurring 1 Sun Oct 2:00 1 Sun Apr 3:00"))},
            utc(2019, 1, 23, 14, 2, 3),
            "configuration",
        ),
        (
            "Nov 24 2019 01:02:03 CST:",
            {"clock": clock(2019, 11, 24, 9, 0, 0, zone="CST"), "clock_zone_min": 480},
            utc(2019, 11, 23, 17, 2, 3),
            "as the collector's clock tells",
        ),
        (
            "Jan 24 2019 01:02:03 IST:",
            {"clock": clock(2019, 7, 24, 9, 0, 0, zone="IDT")},
            utc(2019, 1, 23, 23, 2, 3),
            "beside the clock's IDT",
        ),
        (
            "Jul 24 2019 01:02:03:",
            {"config": PART, "clock": clock(2019, 7, 24, 9, 0, 0, zone="CEST")},
            utc(2019, 7, 24, 1, 2, 3),
            "zone UTC (assumed; the clock shows CEST",
        ),
        (
            "Jul 24 2019 01:02:03:",
            {"config": LOCAL_PART, "clock": clock(2019, 7, 24, 9, 0, 0, zone="CEST")},
            utc(2019, 7, 23, 23, 2, 3),
            "the clock's; configuration: localtime",
        ),
        ("2019-11-24 01:02:03.250 CET hub1", NOW, utc(2019, 11, 24, 0, 2, 3, 250000), "CET"),
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
    ("head", "config", "shown", "within_s"),
    [
        pytest.param("Nov 24 2026 09:00:00:", None, "UTC", 0, id="the clock is in UTC: so is the log"),
        pytest.param("Nov 24 2026 09:00:00:", None, "PKT", 18_000, id="UTC, or the clock's zone"),
        pytest.param(
            "Nov 24 2026 09:00:00:", PART, "PKT", 18_000, id="a part without `service timestamps` says nothing"
        ),
        pytest.param("Nov 24 2026 09:00:00:", config("PKT", 300), "PKT", 0, id="the configuration says it"),
        pytest.param("Nov 24 2026 09:00:00:", PART, "XQZ", 50_400, id="a zone that nobody knows"),
        pytest.param("Nov 24 2026 09:00:00 CST:", None, "CST", 0, id="the same name: no further off than the clock"),
        pytest.param("Nov 24 2026 09:00:00 CST:", None, "PKT", 55_800, id="another name, of several meanings"),
        pytest.param("Nov 24 2026 09:00:00 UTC:", None, "PKT", 0, id="printed"),
        pytest.param("Mar 24 2026 09:00:00:", LOCAL_PART, "CET", 3600, id="months away: summer time or not"),
    ],
)
def test_how_far_a_zone_that_is_a_guess_may_be_off(
    head: str, config: ConfigFacts | None, shown: str, within_s: float
) -> None:
    (message,) = dated(head, config=config, clock=clock(2026, 11, 24, 10, 0, 0, zone=shown))
    assert message.zone_within_s == within_s


@pytest.mark.parametrize(
    ("zone", "asked_hour", "time", "zone_min", "others"),
    [
        pytest.param("UTC", None, utc(2026, 11, 24, 12), None, (), id="one meaning"),
        pytest.param("CST", None, utc(2026, 11, 24, 18), None, (-50_400, -3600, -55_800), id="several"),
        pytest.param("CST", 4, utc(2026, 11, 24, 4), 480, (), id="China, as the collector's clock tells"),
        pytest.param("CST", 18, utc(2026, 11, 24, 18), -360, (), id="America, as the collector's clock tells"),
        pytest.param("CST", 11, utc(2026, 11, 24, 18), None, (-50_400, -3600, -55_800), id="a clock hours off"),
        pytest.param("XQZ", 12, utc(2026, 11, 24, 12), None, (-50_400, 50_400), id="nobody knows it"),
    ],
)
def test_what_a_clocks_zone_may_mean(
    zone: str, asked_hour: int | None, time: datetime, zone_min: int | None, others: tuple[float, ...]
) -> None:
    asked_at = utc(2026, 11, 24, asked_hour, 1) if asked_hour is not None else None
    shown = read_clock(clock(2026, 11, 24, 12, 0, 0, zone=zone), None, asked_at)
    assert shown == ClockTime(at=time, zone_min=zone_min, others_s=others)
    told = config("CST", 480)
    assert read_clock(clock(2026, 11, 24, 12, 0, 0, zone="CST"), told) == ClockTime(at=utc(2026, 11, 24, 4))


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


NTP_STAMP = "Jun 10 2026 11:00:00.250"


@pytest.mark.parametrize(
    ("heads", "time", "by_relay", "within_s"),
    [
        pytest.param(
            [f"Jun 10 07:00:00 hub 11: {NTP_STAMP}:", "Jun 10 07:10:00 hub 12:"],
            utc(2026, 6, 10, 11, 10, 0, 250_000),
            False,
            0,
            id="a line with both stamps tells the server's zone",
        ),
        pytest.param(
            ["Dec 31 19:00:00 hub 11: Jan  1 2026 00:00:00:", "Dec 31 19:10:00 hub 12:"],
            utc(2026, 1, 1, 0, 10),
            False,
            0,
            id="over a New Year",
        ),
        pytest.param(["Jun 10 07:10:00 hub 12:"], utc(2026, 6, 10, 7, 10), True, 50_400, id="nothing tells it"),
        pytest.param(
            ["2026-06-10T07:10:00-04:00 hub 12: 1d03h:"],
            utc(2026, 6, 10, 11, 10),
            True,
            0,
            id="the device counts from its boot, the server does not",
        ),
        pytest.param(
            ["2026-06-10T11:10:00Z hub 12: *Mar  1 00:02:00:"],
            utc(2026, 6, 10, 11, 10),
            True,
            0,
            id="the device's clock was never set",
        ),
        pytest.param(
            ["Jun 10 07:10:00 hub 12: 1d03h:"], None, False, 0, id="from the boot, and a zone that is a guess"
        ),
        pytest.param(
            [f"Jun 10 07:00:00 hub 11: {NTP_STAMP}:", "Jun 10 07:10:00 spoke 12:"],
            utc(2026, 6, 10, 7, 10),
            True,
            50_400,
            id="another host's line tells nothing of this one's clock",
        ),
        pytest.param(
            [f"2026-06-10T07:00:00-04:00 hub 11: {NTP_STAMP}:", "2026-06-10T07:10:00-04:00 hub 12:"],
            utc(2026, 6, 10, 11, 10),
            True,
            0,
            id="the server prints its zone",
        ),
    ],
)
def test_a_syslog_servers_stamp(heads: list[str], time: datetime | None, by_relay: bool, within_s: float) -> None:
    found = dated(*heads, clock=clock(2026, 6, 10, 12, 0, 0))[-1]
    assert (found.time, found.by_relay, found.zone_within_s) == (time, by_relay, within_s)


def test_the_first_of_march_is_a_day_like_any_other_where_the_clock_says_so() -> None:
    (message,) = dated("*Mar  1 00:42:09:", clock=clock(2026, 3, 1, 9, 0, 0, mark="*"))
    assert message.time == utc(2026, 3, 1, 0, 42, 9)


def test_a_clock_that_was_never_set_stays_so_until_it_is() -> None:
    times = [m.time for m in dated("*Mar  1 00:00:09:", "*Mar  2 09:00:00:", "Nov 24 09:00:00:", **NOW)]
    assert times == [None, None, utc(2026, 11, 24, 9)]


@pytest.mark.parametrize(
    ("restart", "next_", "counts"),
    [
        pytest.param("*Jan  2 00:01:20.000:", "Mar 12 08:15:03.118:", 91.0, id="set in between"),
        pytest.param("*Jan  2 13:01:20.000:", "Mar 12 08:15:03.118:", None, id="a time of day, and a quiet log"),
        pytest.param("*Jan  2 00:01:20.000:", "Jan  2 00:09:03.118:", None, id="a restart at midnight"),
        pytest.param("*Jan  2 00:01:20.000:", "*Mar 12 08:15:03.118:", None, id="nobody says that it was set"),
    ],
)
def test_a_restart_at_the_first_minutes_of_another_day_is_of_an_unset_clock(
    restart: str, next_: str, counts: float | None
) -> None:
    line = restart.replace("01:20.000", "01:31.000")
    text = f"{restart} %SYS-5-RESTART: System restarted --\n{line} {TEXT}\n{next_} {TEXT}"
    _, behind, set_ = date_messages(scan(text).facts.messages, TimeContext(**NOW))  # type: ignore[arg-type]
    assert (behind.since_boot_s, behind.time is None) == (counts, counts is not None)
    assert set_.time is not None


def test_a_log_that_runs_over_new_years_counts_back_from_the_clock() -> None:
    heads = ("Jun 30 12:00:00:", "Dec 31 23:59:58:", "Jan  1 00:00:01:", "Nov 24 09:00:00:")
    years = [m.time.year for m in dated(*heads, clock=clock(2026, 11, 24, 10, 0, 0)) if m.time]
    assert years == [2025, 2025, 2026, 2026]


@pytest.mark.parametrize(("second", "counts"), [("Mar 07 2021 01:27:29:", False), ("01:27:29:", True)])
def test_what_is_left_of_a_stamp_where_a_buffer_wrapped_is_no_uptime(second: str, counts: bool) -> None:
    first, _ = dated("01:27:24:", second, in_order=True)
    assert first.time is None
    assert (first.since_boot_s is not None) is counts


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
