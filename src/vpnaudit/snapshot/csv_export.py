"""Log lines in a table (CSV) that a log server exports: Splunk, Graylog, Kibana, Kiwi.

What a row says of time and host is put in front of its message, as a relay would have written it: the lines of
several devices in one export stay apart, and a message without a stamp of its own has one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from vpnaudit.snapshot.json_line import unwrapped
from vpnaudit.snapshot.sieve import Line

_TEXTS = frozenset({"_raw", "raw", "message", "msg", "text", "event.original", "full_message", "log", "event"})
_TIMES = frozenset({"_time", "time", "timestamp", "@timestamp", "date", "datetime"})
_HOSTS = ("host", "host.name", "host.hostname", "hostname", "observer.hostname", "observer.name", "device", "source")
"""In the order in which they are believed: what is named first is the device more often than the collector."""
_NAME = re.compile(r"[\w@][\w@. /-]{0,63}$")
_SEPARATORS = (",", ";", "\t")
_KIBANA = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2}), (?P<year>(?:19|20)\d\d) @ (?P<time>\d\d:\d\d:\d\d(?:\.\d{1,9})?)$"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Columns(Struct, frozen=True):
    separator: str
    names: list[str]


def without_columns(lines: Sequence[Line]) -> Sequence[Line]:
    """The rows of an export as lines of a log, without its head; any other lines as they are. Never raises."""
    columns = _columns(lines[0][1]) if lines else None
    if columns is None:
        return lines
    return [(number, _line(text, columns)) for number, text in lines[1:]]


def _columns(line: str) -> _Columns | None:
    """The names in a first line that is a head of columns: a message's among them, and a time's or a host's."""
    for separator in _SEPARATORS:
        names = [name.strip().lower() for name in _fields(line.lstrip("\ufeff"), separator)]
        known = set(names)
        if len(names) > 1 and all(map(_NAME.match, names)) and known & _TEXTS and known & {*_TIMES, *_HOSTS}:
            return _Columns(separator, names)
    return None


def _fields(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r")], delimiter=separator), [])
    except csv.Error:
        return []


def _line(text: str, columns: _Columns) -> str:
    """A row as a line; one that does not fit the columns (a message over several lines) as it is."""
    fields = _fields(text, columns.separator) if "%" in text else []
    last = len(columns.names) - 1
    if columns.names[last] in _TEXTS:  # a message that nobody quoted has commas of its own
        fields[last:] = [columns.separator.join(fields[last:])] if len(fields) > last else []
    if len(fields) != len(columns.names):
        return text
    row = dict(zip(columns.names, fields, strict=True))
    found = {name: value for name, value in row.items() if name in _TEXTS}
    host = next((row[name] for name in _HOSTS if row.get(name)), None)
    time = next((value for name, value in row.items() if name in _TIMES and value), None)
    found |= {"host": host} if host else {}
    found |= {"time": _iso(time)} if time else {}
    wrapped = msgspec.json.encode(found).decode()
    line = unwrapped(wrapped)
    return text if line == wrapped else line


def _iso(time: str) -> str:
    """Kibana's `Jun 15, 2025 @ 08:00:05.000` in numbers; other times as they are."""
    found = _KIBANA.match(time)
    if found is None or found["month"] not in _MONTHS:
        return time
    month = _MONTHS.index(found["month"]) + 1
    return f"{found['year']}-{month:02d}-{int(found['day']):02d}T{found['time']}"
