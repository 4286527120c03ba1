"""A platform that stamps its log in the clock's zone: so it is where no configuration says anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vpnaudit.model.config import ConfigFacts, TimeStamps
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.times import date_messages

LINE = "Sep 20 2027 09:40:00: %ASA-4-411002: Line protocol on Interface GigabitEthernet1/1, changed state to down\n"
AT = datetime(2027, 9, 20, 4, 20, tzinfo=UTC)
IN_UTC = ConfigFacts(line=1, timestamps=TimeStamps(line=1, kind="datetime"), clock_zone="IST", clock_offset_min=330)
IN_IST = ConfigFacts(line=1, timestamps=TimeStamps(line=1, kind="datetime", localtime=True), clock_offset_min=330)
CASES = {
    "the clock's zone": (None, "IST", datetime(2027, 9, 20, 4, 10, tzinfo=UTC), "the platform stamps its log"),
    "no habit: UTC": (None, None, datetime(2027, 9, 20, 9, 40, tzinfo=UTC), "zone UTC (assumed)"),
    "a zone that nobody knows": (None, "XQZ", datetime(2027, 9, 20, 9, 40, tzinfo=UTC), "zone XQZ"),
    "the configuration says UTC": (IN_UTC, "IST", datetime(2027, 9, 20, 9, 40, tzinfo=UTC), "UTC (configuration)"),
    "the configuration says local": (IN_IST, "IST", datetime(2027, 9, 20, 4, 10, tzinfo=UTC), "localtime"),
}


@pytest.mark.parametrize("case", CASES)
def test_stamps_without_a_zone(case: str) -> None:
    config, log_zone, expected, words = CASES[case]
    context = TimeContext(config=config, log_zone=log_zone, collected_at=AT, now=AT)
    (message,) = date_messages(scan(LINE).facts.messages, context)
    assert message.time == expected
    assert words in message.time_from
