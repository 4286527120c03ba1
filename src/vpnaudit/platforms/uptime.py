"""How long a device has been up, from the words in which Cisco's systems say it."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNIT_SECONDS = {
    "year": 365 * 86400,
    "week": 7 * 86400,
    "day": 86400,
    "hour": 3600,
    "minute": 60,
    "min": 60,
    "second": 1,
    "sec": 1,
}
_PART = re.compile(r"(\d{1,9})\s+(year|week|day|hour|minute|min|second|sec)(?:s|\(s\))?\b")


class Uptime(NamedTuple):
    """Seconds since boot, and the smallest step in which the text counts, in seconds."""

    seconds: int
    resolution: int


def read_uptime(text: str) -> Uptime | None:
    """Read "1 year, 22 weeks, 6 days, 9 hours, 38 minutes", "21 days 7 hours", "0 day(s), 1 hour(s), 4 second(s)".

    A year counts 365 days, as the devices count it. None where the text names no unit of time.

    >>> read_uptime("2 weeks, 1 day, 3 hours")
    Uptime(seconds=1306800, resolution=3600)
    """
    parts = [(int(number), _UNIT_SECONDS[unit]) for number, unit in _PART.findall(text)]
    if not parts:
        return None
    return Uptime(sum(number * unit for number, unit in parts), min(unit for _, unit in parts))
