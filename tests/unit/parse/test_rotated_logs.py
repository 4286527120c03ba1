"""Files of one log that a server rotates are dated as one: no year stands in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vpnaudit.model.logs import LogMessage
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.times import date_logs

CLOCK = ClockReading(line=1, year=2026, month=2, day=20, hour=12, minute=0, second=0, zone="UTC")
TEXT = "%SYS-5-CONFIG_I: Configured from console by noc on console"
UPDATE = (
    "%SYS-6-CLOCKUPDATE: System clock has been updated from 09:00:00 UTC Fri Feb 20 2026 to "
    "10:00:00 UTC Fri Feb 20 2026"
)


def days(*files: list[str], joined: bool = True, rotated_at: datetime | None = None) -> list[list[str]]:
    """The days of each file's lines, in their order; the oldest file comes first."""
    texts = ["\n".join(f"{head} 09:00:00.000: {TEXT}" for head in heads) for heads in files]
    context = TimeContext(clock=CLOCK, rotated_at=rotated_at)
    logs = [(scan(text).facts.messages, context) for text in texts]
    dated = date_logs(logs, [range(len(logs))] if joined else [])
    return [[m.time.date().isoformat() if m.time else "" for m in messages] for messages in dated]


def test_a_newer_file_says_of_which_year_an_older_one_is() -> None:
    """The oldest file alone would be of this year: its days are before the clock's."""
    files = (["Jan  5", "Feb 10"], ["Feb 22", "Nov  3"], ["Nov  4", "Feb 19"])
    expected = [["2025-01-05", "2025-02-10"], ["2025-02-22", "2025-11-03"], ["2025-11-04", "2026-02-19"]]
    assert days(*files) == expected
    assert days(*files, joined=False)[0] == ["2026-01-05", "2026-02-10"]


def test_a_leap_day_names_the_year_of_the_lines_around_it() -> None:
    """But for one that stands months later, or whose lines go on until now."""
    assert days(["Feb 28", "Feb 29", "Mar  1", "Mar 20"]) == [["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-20"]]
    assert days(["Feb 29", "Nov  3"]) == [["2024-02-29", "2025-11-03"]]
    assert days(["Feb 29", *(f"{m} 20" for m in ("Mar", "Apr", "May", "Jun"))])[0][-1] == "2024-06-20"
    until_now = ("Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan")
    assert days(["Feb 29", *(f"{m} 25" for m in until_now)])[0][1] == "2025-03-25"


def test_no_line_is_later_than_the_day_in_its_files_name() -> None:
    rotated_at = datetime(2025, 1, 12, tzinfo=UTC)
    assert days(["Dec 31", "Jan 11"], rotated_at=rotated_at) == [["2024-12-31", "2025-01-11"]]


@pytest.mark.parametrize("at_file", [0, 1])
def test_a_clock_that_was_set_is_told_once_for_all_files(at_file: int) -> None:
    """In the same log or in the device's buffer: the lines above it, in whichever file, were an hour slow."""
    texts = [f"Feb 20 08:00:00.000: {TEXT}", f"Feb 20 10:30:00.000: {TEXT}"]
    change = f"Feb 20 10:00:00.000: {UPDATE}"
    texts[at_file] = f"{texts[0]}\n{change}" if at_file == 0 else f"{change}\n{texts[1]}"
    for logs in ([*texts], [f"Feb 20 08:00:00.000: {TEXT}", f"Feb 20 10:30:00.000: {TEXT}", change]):
        read = [(scan(text).facts.messages, TimeContext(clock=CLOCK)) for text in logs]
        dated = date_logs(read, [(0, 1)])
        assert [len(messages) for messages in dated] == [len(messages) for messages, _ in read]
        assert [_configured(m) for messages in dated[:2] for m in messages if _configured(m)] == [(8, 3600), (10, 0)]


def _configured(message: LogMessage) -> tuple[int, float | None] | None:
    if message.tag != "SYS-5-CONFIG_I" or message.time is None:
        return None
    return message.time.hour, message.clock_moved_s
