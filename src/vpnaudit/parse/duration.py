"""Spans of time as Cisco devices print them."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"(\d{1,6}):(\d\d):(\d\d)(?:\.\d+)?")
_UNIT_S = {
    "y": 31_536_000,
    "w": 604_800,
    "d": 86_400,
    "h": 3_600,
    "m": 60,
    "s": 1,
}
_PART = re.compile(r"(\d{1,9})\s*([a-z]+)")
_SPAN = re.compile(r"\d{1,9}\s*[a-z]+(?:,?\s*\d{1,9}\s*[a-z]+)*")


def duration_s(text: str) -> int | None:
    """Return seconds; None for what is no span of time ("never").

    Knows clocks ("22:03:24", hours may exceed a day), unit letters ("3d18h", "7w0d", "2y10w") and words
    ("4 hours, 2 mins"). Units below the smallest printed are taken as zero; a year is 365 days, as IOS counts.

    >>> duration_s("22:03:24"), duration_s("3d18h"), duration_s("4 hours, 2 mins"), duration_s("0"), duration_s("never")
    (79404, 324000, 14520, 0, None)
    """
    text = text.strip().lower()
    if text == "0":
        return 0
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups()
        return int(hours) * 3_600 + int(minutes) * 60 + int(seconds)
    if not _SPAN.fullmatch(text):
        return None
    parts = [(int(count), _UNIT_S.get(unit[0])) for count, unit in _PART.findall(text)]
    if any(unit is None for _, unit in parts):
        return None
    return sum(count * unit for count, unit in parts if unit is not None)
