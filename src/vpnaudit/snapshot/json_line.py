"""Log lines that a collector wrapped in JSON, one object a line: Docker, GELF, Elastic, Loki, journald, Splunk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
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
_ISO = re.compile(r"(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_NAME = re.compile(r"[A-Za-z0-9][\w.:-]{0,252}$")
_PRI = re.compile(r"\s{0,9}<\d{1,3}>(?:1 )?")
_RELAYED = re.compile(
    rf"(?:[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d|{_ISO.pattern}\S{{0,20}}) [A-Za-z0-9][\w.:-]{{0,252}} "
)
_EPOCHS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))
"""From which number on a time counts nanoseconds, microseconds, milliseconds, seconds since 1970."""
_DEEPEST = 5
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
    text = " ".join(" ".join(_PRI.sub("", t, count=1).split("\n")).strip() for t in texts)
    return text if _RELAYED.match(text) else f"{_head(_time(found), _host(found))}{text}"


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


def _strings(found: Json, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(found, str):
        yield key, found
    elif depth < _DEEPEST and isinstance(found, dict):
        for name, value in found.items():
            yield from _strings(value, str(name), depth + 1)
    elif depth < _DEEPEST and isinstance(found, list):
        for value in found:
            yield from _strings(value, key, depth + 1)


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
    value = _value(found, _TIME_KEYS)
    if isinstance(value, str) and _ISO.match(value):
        return value.replace(" ", "T", 1).split(" ")[0]
    if not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
        for least, unit in _EPOCHS:
            if seconds >= least:
                return datetime.fromtimestamp(seconds / unit, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None
    return None
