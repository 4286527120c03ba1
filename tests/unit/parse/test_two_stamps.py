"""A server's stamps beside the device's: a clock that was set tells itself, what a queue held back does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.times import date_messages

BEGIN = datetime(2026, 3, 18, 2, 0, tzinfo=UTC)


def moved(lines: list[tuple[float, float]]) -> list[float | None]:
    """Each line: seconds after the begin by the server, and by how many its device's clock was slow."""
    text = "".join(
        f"{(BEGIN + timedelta(seconds=at)).isoformat(timespec='milliseconds')} fw-1 "
        f"{BEGIN + timedelta(seconds=at - slow):%b %d %Y %H:%M:%S}: %ASA-6-302013: Built outbound TCP connection {n}\n"
        for n, (at, slow) in enumerate(lines)
    )
    return [m.clock_moved_s for m in date_messages(scan(text).facts.messages, TimeContext(now=BEGIN))]


EACH_30_S = [30.0 * n for n in range(8)]


@pytest.mark.parametrize(
    ("slow", "told"),
    [
        pytest.param([0.0] * 8, [0.0] * 8, id="right all the time"),
        pytest.param([2220.0] * 8, [0.0] * 8, id="as slow at the end as at the begin: nobody set it"),
        pytest.param([2220.0] * 4 + [0.0] * 4, [2220.0] * 4 + [0.0] * 4, id="37 minutes slow, then set right"),
        pytest.param([-600.0] * 4 + [0.0] * 4, [-600.0] * 4 + [0.0] * 4, id="fast, then set back"),
        pytest.param([4.0] * 4 + [0.0] * 4, [0.0] * 8, id="no more than the way to the server differs"),
        pytest.param([90.0, 60.0, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0] * 8, id="what a queue held back"),
        pytest.param([0.0] * 3 + [500.0] + [0.0] * 4, [0.0] * 8, id="one line that came late"),
    ],
)
def test_a_clock_that_was_set(slow: list[float], told: list[float]) -> None:
    found = moved(list(zip(EACH_30_S, slow, strict=True)))
    assert [round(s or 0.0) for s in found] == told
