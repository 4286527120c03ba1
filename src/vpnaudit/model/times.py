"""Times: UTC-aware inside, one text outside."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=262_144)
def utc_text(time: datetime) -> str:
    """Turn a time inside into a time outside: UTC, with milliseconds.

    >>> utc_text(datetime(2026, 5, 1, 12, 0, 7, 98_000, tzinfo=UTC))
    '2026-05-01T12:00:07.098Z'
    """
    utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"
