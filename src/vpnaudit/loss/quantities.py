"""Shares, durations, rates and DPD settings as people write them. Every mistake is one clear line (ValueError)."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"\d{1,15}(?:[.,]\d{1,15})?|[.,]\d{1,15}", re.ASCII)
_WITH_UNIT = re.compile(
    r"(\d{1,15}(?:[.,]\d{1,15})?|[.,]\d{1,15})[ \u00a0]?([A-Za-z%\u2030/\u00b5\u03bc]{0,12})",
    re.ASCII,
)
_RANGE = re.compile(r"\.\.|\u2013|\u2014|(?<=[\d%\u2030 ])-| to ")
_AMBIGUOUS_FROM = 0.1
_PERCENT, _PER_MILLE = "%", "\u2030"
_SECONDS = {
    "ms": 0.001, "msec": 0.001,
    "": 1.0, "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86_400.0, "day": 86_400.0, "days": 86_400.0,
    "w": 604_800.0, "week": 604_800.0, "weeks": 604_800.0,
}  # fmt: skip
_MBIT = {"k": 0.001, "m": 1.0, "g": 1000.0, "t": 1_000_000.0, "": 0.000001}
_BITS = re.compile(r"([kmgt]?)(?:bps|bit/s|bits/s|bit/sec|b/s|bits|bit)?", re.IGNORECASE)
_BYTES = re.compile(r"[KMGTkmgt]?(?:Bps|B/s|Byte/s|Bytes/s)")
_MOST_TEXT = 60


def share(text: str) -> float:
    """A loss: `0.3%`, `0,3 %`, `3\u2030`, or a plain share below a tenth (`0.003`).

    A plain number from 0.1 up is refused, because 0.3 is written for 30 % and for 0.3 %.

    >>> share("0.3%"), share("0,3 %"), share("0.003")
    (0.003, 0.003, 0.003)
    """
    value, unit = _parts(text, "a loss such as 0.3% or 0.003")
    if unit == _PERCENT:
        found = value / 100.0
    elif unit == _PER_MILLE:
        found = value / 1000.0
    elif unit:
        raise _mistake(text, "a loss such as 0.3% or 0.003")
    elif value >= _AMBIGUOUS_FROM:
        message = (
            f"{_shown(text)}: write it with its sign, {value:g}% or {value * 100:g}%: without one it can be either"
        )
        raise ValueError(message)
    else:
        found = value
    if found > 1.0:
        message = f"{_shown(text)}: a loss is at most 100%"
        raise ValueError(message)
    return round(found, 15)


def shares(text: str) -> tuple[float, ...]:
    """One loss, or the two ends of a range (`0.1%-0.3%`, `0.1-0.3%`: the sign holds for both).

    >>> shares("0.1-0.3%")
    (0.001, 0.003)
    """
    parts = [p.strip() for p in _RANGE.split(text[: _MOST_TEXT + 1].strip())]
    if len(parts) != 2 or not all(parts):
        return (share(text),)
    low, high = parts
    if _NUMBER.fullmatch(low) and high[-1] in {_PERCENT, _PER_MILLE}:
        low += high[-1]
    return (share(low), share(high))


def seconds(text: str, *, zero: bool = False) -> float:
    """A duration: `30s`, `16.5m`, `1h`, `1h30m`, `2d`, `500ms`; a plain number is seconds. Zero only where allowed.

    >>> seconds("16.5m"), seconds("1h30m"), seconds("3600")
    (990.0, 5400.0, 3600.0)
    """
    rest = text.strip()
    wanted = "a duration such as 30s, 16.5m or 1h"
    if not rest or len(rest) > _MOST_TEXT:
        raise _mistake(text, wanted)
    total, found = 0.0, 0
    while rest:
        match = _WITH_UNIT.match(rest)
        unit = match.group(2).lower() if match else "?"
        if match is None or unit not in _SECONDS or (unit == "" and (found or match.end() < len(rest))):
            raise _mistake(text, wanted)
        total += _value(match.group(1)) * _SECONDS[unit]
        rest, found = rest[match.end() :].lstrip(), found + 1
    if total <= 0 and not zero:
        message = f"{_shown(text)}: a duration must be longer than nothing"
        raise ValueError(message)
    return total


def mbit_s(text: str) -> float:
    """A rate of traffic in Mbit/s: `75Mbps`, `75 Mbit/s`, `1.5G`, `300kbps`, bytes as `9MB/s`. The unit is needed.

    >>> mbit_s("75Mbps"), mbit_s("1.5 Gbit/s"), mbit_s("10MB/s")
    (75.0, 1500.0, 80.0)
    """
    wanted = "a rate such as 75Mbps or 1Gbps, with its unit"
    value, unit = _parts(text, wanted)
    if _BYTES.fullmatch(unit):
        prefix = unit[0].lower() if unit[0].lower() in "kmgt" and len(unit) > 2 and unit[0] != "B" else ""
        found = value * 8.0 * _MBIT[prefix]
    else:
        bits = _BITS.fullmatch(unit)
        if not unit or bits is None:
            raise _mistake(text, wanted)
        found = value * _MBIT[bits.group(1).lower()]
    if found <= 0:
        message = f"{_shown(text)}: a rate must be more than nothing; leave it out where it is not known"
        raise ValueError(message)
    return found


def dpd(text: str) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """DPD of both ends, interval and retry in seconds; null: off. `10/3`, `10/3,off`, `10/3,30/5`, `off`.

    One setting holds for both ends.

    >>> dpd("10/3")
    ((10.0, 3.0), (10.0, 3.0))
    """
    parts = text.strip().split(",")
    if len(parts) > 2:
        raise _mistake(text, _DPD_WANTED)
    ends = [_one_dpd(p.strip(), text) for p in parts]
    return ends[0], ends[-1]


_DPD_WANTED = "DPD as interval/retry such as 10/3, or off; with a comma for two ends that differ (10/3,off)"


def _one_dpd(part: str, text: str) -> tuple[float, float] | None:
    if part.lower() in {"off", "none", "no"}:
        return None
    numbers = [n for n in re.split(r"[/ ]", part[:_MOST_TEXT]) if n]
    if len(numbers) != 2 or not all(re.fullmatch(r"\d{1,6}s?", n, re.ASCII) for n in numbers):
        raise _mistake(text, _DPD_WANTED)
    interval, retry = (float(n.rstrip("s")) for n in numbers)
    if interval <= 0 or retry <= 0:
        message = f"{_shown(text)}: DPD's interval and retry must be longer than nothing; write off where it is off"
        raise ValueError(message)
    return interval, retry


def _parts(text: str, wanted: str) -> tuple[float, str]:
    match = _WITH_UNIT.fullmatch(text.strip()) if len(text) <= _MOST_TEXT else None
    if match is None:
        raise _mistake(text, wanted)
    return _value(match.group(1)), match.group(2)


def _value(number: str) -> float:
    found = float(number.replace(",", "."))
    return found if math.isfinite(found) else 0.0


def _mistake(text: str, wanted: str) -> ValueError:
    return ValueError(f"{_shown(text)}: not {wanted}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…")
