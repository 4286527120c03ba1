"""A clock that was set is told by one log of a device, and moves the lines of its other logs too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpnaudit.model.config import ConfigFacts, TimeStamps
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.times import date_logs

AT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
CLOCK = ClockReading(line=1, year=2026, month=3, day=10, hour=2, minute=0, second=0, zone="UTC")
TEXT = "%SYS-5-CONFIG_I: Configured from console by noc on console"
LOCAL = ConfigFacts(
    line=1,
    clock_zone="CET",
    clock_offset_min=60,
    timestamps=TimeStamps(line=2, kind="datetime", localtime=True),
)


def ago(seconds: float) -> datetime:
    return AT - timedelta(seconds=seconds)


def stamp(at: datetime) -> str:
    return at.strftime("%b %d %H:%M:%S.000")


def line(ago_s: float, before: str = "") -> str:
    """A line that the clock, as it stood, stamped so many seconds before the collection."""
    return f"{before}{stamp(ago(ago_s))}: {TEXT}"


def shown(at: datetime, zone: str = "UTC") -> str:
    return at.strftime(f"%H:%M:%S {zone} %a %b %d %Y")


def update(before_s: float, after_s: float, before: str = "", zones: tuple[str, str] = ("UTC", "UTC")) -> str:
    said = f"from {shown(ago(before_s), zones[0])} to {shown(ago(after_s), zones[1])}"
    return (
        f"{before}{stamp(ago(after_s))}: %SYS-6-CLOCKUPDATE: System clock has been updated {said}, configured from vty."
    )


def logs(*texts: list[str], config: ConfigFacts | None = None, buffer: int | None = 0) -> list[tuple[LogMessage, ...]]:
    """Several logs of one device; the one numbered `buffer` is its own."""
    contexts = [
        TimeContext(clock=CLOCK, config=config, collected_at=AT, in_order=number == buffer)
        for number in range(len(texts))
    ]
    scanned = [scan("\n".join(text)).facts.messages for text in texts]
    return date_logs(list(zip(scanned, contexts, strict=True)))


def ages(messages: tuple[LogMessage, ...]) -> list[float | None]:
    """How long before the collection each line was logged, by the clock as it is now; null where that is not known."""
    return [
        None
        if shown_at is None or m.clock_moved_s is None
        else (AT - shown_at - timedelta(seconds=m.clock_moved_s)).total_seconds()
        for m in messages
        for shown_at in [m.time or m.unset_time]
    ]


BUFFER = [line(3840), update(3750, 150), line(60)]


@pytest.mark.parametrize(
    ("told_by", "other", "expected"),
    [
        pytest.param(BUFFER, [line(7000), line(3840), line(60)], [3400, 240, 60], id="set forward"),
        pytest.param(BUFFER, [line(100), line(60)], [100, 60], id="all after it"),
        pytest.param(BUFFER, [line(9000), line(7000)], [5400, 3400], id="all before it"),
        pytest.param(BUFFER, [line(60), line(3840)], [60, 240], id="the newest first"),
        pytest.param(
            [update(-7050, 150), line(60)], [line(-6960), line(100), line(60)], [240, 100, 60], id="set back: a step"
        ),
        pytest.param(
            [line(-6960), update(-7050, 150), line(60)],
            [line(-6960)],
            [240],
            id="set back: the same line stands above the change in the other log",
        ),
        pytest.param(
            [update(-450, 150, before="000120: "), line(60, "000121: ")],
            [line(-300, "000118: "), line(140, "000122: ")],
            [300, 140],
            id="set back: the lines' numbers",
        ),
        pytest.param(
            [update(-150, 150)],
            [line(100, f"{stamp(ago(400))} r1 7: "), line(20, f"{stamp(ago(20))} r1 8: ")],
            [400, 20],
            id="set back: the syslog server's clock",
        ),
        pytest.param(
            [update(10_800, 7200), line(7000), update(3750, 150), line(60)],
            [line(12_000), line(7000), line(60)],
            [12_000 - 3600 - 3600, 3400, 60],
            id="set twice",
        ),
    ],
)
def test_lines_of_another_log(told_by: list[str], other: list[str], expected: list[float]) -> None:
    for order in (0, 1):
        texts = (told_by, other) if order == 0 else (other, told_by)
        assert ages(logs(*texts, buffer=None)[1 - order]) == expected


def test_the_change_may_stand_in_the_syslog_file_alone() -> None:
    buffer, file = logs([line(3840), line(60)], [line(7000), update(3750, 150), line(60)])
    assert ages(buffer) == [240, 60]
    assert "set 3600 s forward after this line" in buffer[0].time_from
    assert [m.tag for m in file] == ["SYS-5-CONFIG_I", "SYS-6-CLOCKUPDATE", "SYS-5-CONFIG_I"]


def test_a_change_that_both_tell_moves_lines_once() -> None:
    buffer, file = logs(BUFFER, BUFFER)
    assert ages(buffer) == ages(file) == [240, 150, 60]


def test_on_which_side_of_a_small_step_back_a_line_stands_may_stay_open() -> None:
    """No step shows in the file, and no other log has the line: it may be of before or of after."""
    _, file = logs([update(-150, 150), line(20)], [line(100)])
    assert ages(file) == [100]
    assert file[0].clock_within_s == 300
    assert "whether the clock was set 300 s before or after this line is not known" in file[0].time_from


def test_a_clock_that_had_never_been_set() -> None:
    """Without the change the file's lines of 1 March pass for this March's."""
    start = f"from 00:03:30 UTC Fri Mar 1 2002 to {shown(ago(150))}"
    change = f"*Mar  1 00:03:30.000: %SYS-6-CLOCKUPDATE: System clock has been updated {start}, configured from vty."
    unset = [f"*Mar  1 00:0{minute}:00.000: {TEXT}" for minute in (2, 3)]
    _, file = logs([change, line(120)], [*unset, line(120)])
    assert [m.time for m in file] == [None, None, ago(120)]
    assert ages(file) == [240, 180, 120]


def test_a_zone_that_was_given_later() -> None:
    """Local time without a zone's name: the lines before the change are in the zone of then."""
    change = update(150, 150 - 3600, zones=("UTC", "CET"))
    _, file = logs([change], [line(240), line(60 - 3600)], config=LOCAL)
    assert [m.time for m in file] == [ago(240), ago(60)]


def test_each_name_that_a_server_has_for_the_device_counts() -> None:
    lines = [f"{stamp(ago(240))} {host} 7: {line(3840)}" for host in ("r1", "192.0.2.1")]
    _, file = logs(BUFFER, lines)
    assert ages(file) == [240, 240]


def test_one_log_alone_is_dated_as_before() -> None:
    (alone,) = logs(BUFFER)
    assert ages(alone) == [240, 150, 60]


@given(
    forward_s=st.integers(120, 7200),
    gaps=st.lists(st.integers(61, 1200), min_size=2, max_size=12),
    cut=st.integers(0, 12),
)
@settings(max_examples=60, deadline=None)
def test_wherever_a_clock_was_set_forward_a_file_without_the_message_is_dated_as_one_with_it(
    forward_s: int, gaps: list[int], cut: int
) -> None:
    times = [sum(gaps[n:]) for n in range(len(gaps))]
    cut = min(cut, len(times) - 1)
    lines = [line(t + (forward_s if n < cut else 0)) for n, t in enumerate(times)]
    change = update(times[cut] + 30 + forward_s, times[cut] + 30)
    whole = [*lines[:cut], change, *lines[cut:]]
    _, file = logs(whole, lines)
    assert ages(file) == times
