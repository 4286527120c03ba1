"""Rotated logs: `syslog.1`, `syslog.2.gz`, `messages-20260101.gz` and `r1.log.0` belong with `syslog` and the like."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from vpnaudit.model.addresses import is_address
from vpnaudit.snapshot.text_file import stem

_LOG_NAMES = frozenset(
    {"syslog", "console-log", "log", "logs", "messages", "console", *(f"local{n}" for n in range(8))}
)
_NUMBERED = re.compile(r"(?P<family>.{1,200})\.(?:(?P<number>\d{1,4})|old)$")
_DATED = re.compile(
    r"(?P<family>.{1,200}?)[-_.](?P<year>(?:19|20)\d\d)-?(?P<month>[01]\d)-?(?P<day>[0-3]\d)"
    r"(?:[-_.T]?\d{2,10}(?:[-_.:h]\d\d){0,2}Z?)?$"
)
_OF_ONE = re.compile(r"(?P<device>.{1,100}?)[-_. ](?:syslog|logs?|messages|console(?:[-_ ]?log)?)$", re.IGNORECASE)
"""`hub1-syslog`: a device's log."""


class LogName(Struct, frozen=True):
    """A file's name without its endings, its number (how many rotations ago) and the day of its rotation."""

    own: str
    number: int = 0
    day: datetime | None = None


def log_name(name: str) -> LogName:
    """Take a file's name apart.

    A number is one of a rotation only behind a log's name (`r1.log.0`, `syslog.1`): `10.0.0.1` and `r1.2` are names.
    A rotated file is written no later than its day, which is that day's end in UTC.

    >>> log_name("r1.log.2.gz").own
    'r1'
    """
    own = stem(name)
    dated = _DATED.match(own)
    day = _day(dated) if dated is not None else None
    if dated is not None and day is not None:
        return LogName(stem(dated["family"]), day=day)
    numbered = _NUMBERED.match(own)
    if numbered is None or is_address(own):
        return LogName(own)
    family = stem(numbered["family"])
    if family == numbered["family"] and not is_log_name(family) and not _OF_ONE.match(family):
        return LogName(own)
    return LogName(family, number=int(numbered["number"] or 0) + 1)


def is_log_name(own: str) -> bool:
    """Whether a name, as `log_name` leaves it, is one that logs have."""
    return own.lower().replace("_", "-") in _LOG_NAMES


def logging_device(own: str) -> str:
    """Whose log a file is, by a name as `log_name` leaves it, where its lines do not say.

    >>> logging_device("hub1-syslog")
    'hub1'
    """
    found = _OF_ONE.match(own)
    return found["device"] if found is not None else own


def by_age(name: str) -> tuple[str, bool, float, int, str]:
    """Sort key: families by name, and in each the oldest file first, the one still written last."""
    found = log_name(name)
    day = found.day.timestamp() if found.day is not None else 0.0
    return (found.own, found.day is None and not found.number, day, -found.number, name)


def written_by(name: str, modified_at: datetime | None) -> datetime | None:
    """The latest time at which a file can have been written: its own, or the day that its name says, if earlier.

    A copy has the time of the copying, which would date lines without a year wrongly.
    """
    day = log_name(name).day
    return min(day, modified_at) if day is not None and modified_at is not None else day or modified_at


def _day(found: re.Match[str]) -> datetime | None:
    try:
        start = datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=UTC)
    except ValueError:
        return None
    return start + timedelta(days=1)
