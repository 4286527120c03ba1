"""Log lines that a collector wrapped in JSON, one object a line: Docker, GELF, Elastic, Loki, journald, Splunk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

import msgspec

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_TAG = re.compile(r"%[A-Z][A-Z0-9_]{1,60}(?:-[A-Za-z0-9_]{1,40}){0,3}-[0-7]-[A-Za-z0-9_]{1,80}")
_TEXT_KEYS = (
    "message",
    "log",
    "short_message",
    "full_message",
    "_raw",
    "line",
    "msg",
    "original",
    "body",
    "textPayload",
)
_HOST_KEYS = ("host", "hostname", "_HOSTNAME", "fromhost", "fromhost-ip", "source", "name", "ip", "address")
_TIME_KEYS = ("time", "@timestamp", "timestamp", "_time", "__REALTIME_TIMESTAMP", "ts")
_ISO = re.compile(
    r"(?P<day>(?:19|20)\d\d-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)"
    r"(?: ?(?P<zone>Z|[+-]\d\d(?::?\d\d)?|[A-Z]{2,5}))?(?![\w:.])"
)
_NAME = re.compile(r"[A-Za-z0-9][\w.:-]{0,252}$")
_PRI = re.compile(r"\s{0,9}<\d{1,3}>(?:1 )?")
_RELAYED = re.compile(
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,20}) "
    r"[A-Za-z0-9][\w.:-]{0,252} "
)
_EPOCHS = ((17, 9), (14, 6), (11, 3), (8, 0))
"""From which power of ten on a time counts nanoseconds, microseconds, milliseconds, seconds since 1970."""
_EPOCH = re.compile(r"\d{9,19}(?:\.\d{1,9})?$")
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_DEEPEST = 6
_LONGEST = 1 << 16


def unwrapped(line: str) -> str:
    """The message in a line of JSON, behind the time and the host that the object names; any other line as it is.

    Never raises. An object without a message of a Cisco device is left as it is.
    """
    start = line.find('{"')
    if start < 0 or "%" not in line or len(line) > _LONGEST or not line.rstrip(" \t\r,").endswith("}"):
        return line
    if line[:start].strip() and "\t" not in line[:start]:
        return line
    try:
        found = msgspec.json.decode(line[start:].rstrip(" \t\r,").encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return line
    texts = _messages(found)
    if not texts:
        return line
    text = " ".join(_clean(t) for t in texts)
    return text if _RELAYED.match(text) else f"{_head(_time(found), _host(found))}{text}"


def _clean(text: str) -> str:
    return " ".join(_PRI.sub("", text, count=1).split("\n")).strip()


def _head(time: str | None, host: str | None) -> str:
    """What a relay would have written in front of the message."""
    if time is None:
        return f"{host}: " if host else ""
    return f"{time} {host} " if host else f"{time} "


def _messages(found: Json) -> list[str]:
    """The texts under the key that is first in the list of keys of all that hold a message."""
    held: dict[str, list[str]] = {}
    for key, value in _strings(found, "", 0):
        if _TAG.search(value):
            held.setdefault(key.rpartition(".")[2].lower(), []).append(value)
    known = [key for key in _TEXT_KEYS if key in held]
    return held[known[0]] if known else next(iter(held.values()), [])


def _strings(found: Json, key: str, depth: int, host: str | None = None) -> Iterator[tuple[str, str]]:
    if isinstance(found, str):
        yield key, found
    elif depth < _DEEPEST and isinstance(found, dict):
        stream = _host(found) if "values" in found else host
        for name, value in found.items():
            yield from _strings(value, str(name), depth + 1, stream)
    elif depth < _DEEPEST and isinstance(found, list):
        if (stamped := _stamped(found, host)) is not None:
            yield key, stamped
            return
        for value in found:
            yield from _strings(value, key, depth + 1, host)


def _stamped(found: list[Json], host: str | None) -> str | None:
    """Loki's form of a line, `["1795482124123456789", "line"]`: each of a stream has a time of its own."""
    if len(found) < 2 or not isinstance(found[0], str) or not isinstance(found[1], str):
        return None
    time = _time_text(found[0])
    return f"{_head(time, host)}{_clean(found[1])}" if time is not None and _TAG.search(found[1]) else None


def _value(found: Json, keys: tuple[str, ...], depth: int = 0) -> Json:
    """What stands under the first of the keys, in the object or in one in it."""
    if not isinstance(found, dict) or depth > 2:
        return None
    for key in keys:
        if key in found and not isinstance(found[key], dict):
            return found[key]
    inner = (found[key] for key in (*keys, "result", "stream", "labels", "log", "_source") if key in found)
    return next((value for each in inner if (value := _value(each, keys, depth + 1)) is not None), None)


def _host(found: Json) -> str | None:
    host = _value(found, _HOST_KEYS)
    return host if isinstance(host, str) and _NAME.match(host) and not host.isdigit() else None


def _time(found: Json) -> str | None:
    return _time_text(_value(found, _TIME_KEYS))


def _time_text(value: Json) -> str | None:
    """A time as relays write it: ISO 8601, with the fraction and the zone that it came with."""
    iso = _ISO.match(value) if isinstance(value, str) else None
    if iso is not None:
        zone = iso["zone"] or ""
        return f"{iso['day']}T{iso['time']}{' ' if zone.isalpha() and zone != 'Z' else ''}{zone}"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        return _epoch_text(value) if _EPOCH.match(value) else None
    return _epoch_text(repr(value))


def _epoch_text(number: str) -> str | None:
    """Binary fractions would be off by a microsecond: a line's time is also its name."""
    try:
        value = Decimal(number)
        power = next((power for least, power in _EPOCHS if value >= Decimal(10) ** least), None)
        if power is None:
            return None
        at = _FIRST + timedelta(microseconds=int(value.scaleb(6 - power)))
    except (InvalidOperation, OverflowError, ValueError):
        return None
    fraction = f"{at.microsecond:06d}".rstrip("0")
    return f"{at:%Y-%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}Z"
