"""Time stamps as devices, relays and mails print them, and the head that a log line has in front of its tag.

Forms: field guide 1.8. Nothing here knows what year or zone is meant: see `parse.dated`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Literal, cast

from msgspec import Struct

from vpnaudit.model.logs import Stamp
from vpnaudit.parse.zones import WORDS, ZONE_OFFSETS_MIN

_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {m: n for n, m in enumerate(_MONTH_NAMES, start=1)}

_STAMP = re.compile(
    r"""
    (?<![A-Za-z0-9])
    (?:
      (?P<mark>[*.])?
      (?:(?P<year_first>(?:19|20)\d\d)\ {1,2})?
      (?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:[a-z]{1,6})?\.?\ {1,3}(?P<day>\d{1,2}),?\ {1,2}
      (?:(?P<year>(?:19|20)\d\d),?\ {1,2})?
      (?P<time>\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?)
    |
      (?P<iso_date>(?:19|20)\d\d(?:-\d\d-|/\d\d/)\d\d)[T\ \t]
      (?P<iso_time>\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)
      \ ?(?P<iso_zone>Z|[+-]\d\d(?::?\d\d)?)?(?![\d:])
    |
      (?P<up_mark>[*.])?(?<![\d:.][*.])(?<![\d:.])(?P<up_clock>\d{1,3}:\d\d:\d\d(?:\.\d{1,6})?)(?=:(?:\s|$))
    |
      (?<![:.])(?P<up_words>\d{1,4}[ywd]\d{1,3}[wdh])(?=:(?:\s|$))
    |
      (?:(?<=>)|(?<=>1\ )|^)(?P<epoch>\d{10}(?:\.\d{1,9})?)(?=\ )
    )
    """,
    re.VERBOSE,
)
_ZONE = re.compile(
    r"(?P<gap> ?)(?P<zone>[A-Za-z]{1,7}(?:[+-]\d{1,2}(?::?\d\d)?|-[Dd][Ss][Tt])?|[+-]\d\d:?\d\d)"
    r"(?=(?P<after>\s*:|\s|$))"
)
_ZONE_NUMBER = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?$", re.IGNORECASE)
_YEAR_LAST = re.compile(r" (?P<year>(?:19|20)\d\d)(?=\s|$)")
_UNITS_S = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600}
Mark = Literal["", ".", "*"]


class Found(Struct, frozen=True, gc=False):
    """A stamp and where it stands: `text[start:end]`."""

    start: int
    end: int
    stamp: Stamp
    form: Literal["named", "iso", "uptime", "epoch"]


def find_stamps(text: str, *, device_zone: bool = True) -> list[Found]:
    """Find every time stamp in `text`, in order.

    An unknown word of letters after the last one and before a colon is taken for its zone's name (a router prints what
    `clock timezone` was given), unless `device_zone` is false: a firewall prints its own name there.
    """
    matches = list(_STAMP.finditer(text))
    return [_found(text, m, own=device_zone and m is matches[-1]) for m in matches]


def _found(text: str, match: re.Match[str], *, own: bool) -> Found:
    if match["time"]:
        return _named(text, match, own=own)
    if match["iso_date"]:
        return _iso(text, match)
    if match["epoch"]:
        return _epoch(match)
    return _uptime(match)


def _clock(text: str) -> tuple[int, int, int, int]:
    """Split "hh:mm:ss.ffffff" into hours, minutes, seconds, microseconds."""
    whole, _, fraction = text.replace(",", ".").partition(".")
    hour, minute, second = _whole_seconds(whole)
    return hour, minute, second, int(fraction[:6].ljust(6, "0")) if fraction else 0


@lru_cache(maxsize=4096)
def _whole_seconds(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(":"))


def offset_minutes(zone: str) -> int | None:
    """Minutes east of UTC that the name itself states ("UTC+07:30", "-0500"), or None."""
    number = _ZONE_NUMBER.match(zone)
    if number is None:
        return None
    minutes = int(number["hours"]) * 60 + int(number["minutes"] or 0)
    if minutes > 18 * 60:
        return None
    return -minutes if number["sign"] == "-" else minutes


def _is_zone(match: re.Match[str], *, own: bool) -> bool:
    name = match["zone"]
    if offset_minutes(name) is not None:
        return True
    if name.upper() in ZONE_OFFSETS_MIN and ((name.isupper() and name not in WORDS) or ":" in match["after"]):
        return True
    return own and ":" in match["after"]


def _named(text: str, match: re.Match[str], *, own: bool) -> Found:
    end, zone, year = match.end(), None, match["year"] or match["year_first"]
    found = _ZONE.match(text, end)
    if found is not None and _is_zone(found, own=own):
        end, zone = found.end("zone"), found["zone"]
    if year is None and (last := _YEAR_LAST.match(text, end)) is not None:
        end, year = last.end(), last["year"]
    hour, minute, second, microsecond = _clock(match["time"])
    stamp = Stamp(
        text=text[match.start() : end],
        kind="datetime",
        year=int(year) if year else None,
        month=MONTHS[match["month"]],
        day=int(match["day"]),
        hour=hour,
        minute=minute,
        second=second,
        microsecond=microsecond,
        resolution_s=_resolution(match["time"]),
        zone=zone,
        utc_offset_min=offset_minutes(zone) if zone else None,
        mark=cast("Mark", match["mark"] or ""),
    )
    return Found(match.start(), end, stamp, "named")


def _resolution(clock: str) -> float:
    digits = len(clock.replace(",", ".").partition(".")[2])
    return 1.0 / 10**digits if digits else 1.0


def _iso(text: str, match: re.Match[str]) -> Found:
    """A date in numbers. Splunk writes a zone's name behind it, which counts only where it is one that zones have."""
    year, month, day = (int(part) for part in match["iso_date"].replace("/", "-").split("-"))
    hour, minute, second, microsecond = _clock(match["iso_time"])
    end, zone = match.end(), match["iso_zone"]
    named = _ZONE.match(text, match.end("iso_time")) if zone is None else None
    if named is not None and named["gap"] and _is_zone(named, own=False):
        end, zone = named.end("zone"), named["zone"]
    stamp = Stamp(
        text=text[match.start() : end].rstrip(),
        kind="datetime",
        year=year,
        month=month,
        day=day,
        hour=hour,
        minute=minute,
        second=second,
        microsecond=microsecond,
        resolution_s=_resolution(match["iso_time"]),
        zone=zone,
        utc_offset_min=0 if zone == "Z" else offset_minutes(zone) if zone else None,
    )
    return Found(match.start(), end, stamp, "iso")


def _epoch(match: re.Match[str]) -> Found:
    whole, _, fraction = match["epoch"].partition(".")
    at = datetime.fromtimestamp(int(whole), tz=UTC)
    stamp = Stamp(
        text=match[0],
        kind="datetime",
        year=at.year,
        month=at.month,
        day=at.day,
        hour=at.hour,
        minute=at.minute,
        second=at.second,
        microsecond=int(fraction[:6].ljust(6, "0")) if fraction else 0,
        resolution_s=1.0 / 10 ** len(fraction) if fraction else 1.0,
        utc_offset_min=0,
    )
    return Found(match.start(), match.end(), stamp, "epoch")


def _uptime(match: re.Match[str]) -> Found:
    if match["up_clock"]:
        hour, minute, second, _ = _clock(match["up_clock"])
        seconds, resolution = hour * 3600 + minute * 60 + second, 1
    else:
        parts = re.findall(r"(\d+)([ywdh])", match["up_words"])
        seconds = sum(int(count) * _UNITS_S[unit] for count, unit in parts)
        resolution = _UNITS_S[parts[-1][1]]
    stamp = Stamp(
        text=match[0],
        kind="uptime",
        uptime_s=seconds,
        resolution_s=float(resolution),
        mark=cast("Mark", match["up_mark"] or ""),
    )
    return Found(match.start(), match.end(), stamp, "uptime")


class Head(Struct, frozen=True, gc=False):
    """What stands in front of a message. It begins at `start` of the text that was given."""

    start: int = 0
    stamp: Stamp | None = None
    relay_stamp: Stamp | None = None
    host: str | None = None
    sequence: int | None = None
    repeated: int = 0


_PRI = re.compile(r"<\d{1,3}>(?:1(?= ))?:?")
_REPEATED = re.compile(r"message repeated (?P<times>\d{1,9}) times: \[\s*")
_NODE = re.compile(r"\w{0,8}/?\d{1,3}/\w{1,12}/\w{1,12}:?$|0/\w{1,12}/\w{1,12}:?$")
_HOST = re.compile(r"-?(?P<name>[A-Za-z0-9_][\w.:-]{0,252}?):?$")
_PRIORITY = re.compile(
    r"(?:kern|user|mail|daemon|auth|authpriv|syslog|lpr|news|uucp|cron|ftp|local[0-7])\."
    r"(?:emerg\w{0,5}|alert|crit\w{0,4}|err\w{0,2}|warn\w{0,3}|notice|info\w{0,9}|debug)$",
    re.IGNORECASE,
)
"""Facility and severity in words, as some syslog servers write them between the time and the host."""
_LETTER = re.compile(r"[A-Za-z]|::")
_PROCESS = re.compile(r"[\w.+/-]{1,64}\[\d{0,10}\]:?$")
_TOKEN = re.compile(r"[\w.:/\[\]<>*$%-]{1,255}$")
_LEAD_TOKENS_MAX = 6
_BRACKETS = re.compile(r"\[[^\[\]=]{1,64}=[^\[\]]{0,400}\]")
"""Structured data of RFC 5424."""


_SECOND = rf"(?:{'|'.join(_MONTH_NAMES)}) [ \d]\d \d\d:\d\d:\d\d"
_USUAL = re.compile(
    rf"(?P<relay>{_SECOND}) (?P<host>[\w.-]{{0,64}}\d[\w.-]{{0,64}}) "
    rf"(?:(?:(?P<sequence>\d{{1,10}}): )?(?P<own>{_SECOND})\.(?P<ms>\d{{3}}): )?$",
    re.ASCII,
)
"""A syslog server's head with a device's own behind it, or without: nine of ten lines of a large log."""


def read_head(prefix: str, *, line_start: bool = True, firewall: bool = False) -> Head:
    """Read what stands between the start of a line (or the end of the message before it) and a tag.

    The stamp nearest to the tag is the device's own; one further left is a relay's. A single one that a bare host name
    follows, as syslog servers write it, is the relay's too. Text that is no head gives a head without facts.
    """
    usual = _USUAL.match(prefix) if line_start else None
    if usual is not None and (usual["own"] or firewall) and (host := _host(usual["host"])) is not None:
        return Head(
            stamp=_usual_stamp(usual["own"], usual["ms"]) if usual["own"] else None,
            relay_stamp=_usual_stamp(usual["relay"]),
            host=host,
            sequence=int(usual["sequence"]) if usual["sequence"] else None,
        )
    return read_any_head(prefix, line_start=line_start, firewall=firewall)


def _usual_stamp(text: str, milliseconds: str = "") -> Stamp:
    """The stamp `Mmm dd hh:mm:ss`, with its milliseconds where there are any."""
    return Stamp(
        text=f"{text}.{milliseconds}" if milliseconds else text,
        kind="datetime",
        month=MONTHS[text[:3]],
        day=int(text[4:6]),
        hour=int(text[7:9]),
        minute=int(text[10:12]),
        second=int(text[13:15]),
        microsecond=int(milliseconds) * 1000 if milliseconds else 0,
        resolution_s=0.001 if milliseconds else 1.0,
    )


def read_any_head(prefix: str, *, line_start: bool = True, firewall: bool = False) -> Head:
    """The same, without the shortcut for the usual form."""
    repeated, body = _repeated(prefix)
    stamps = find_stamps(body, device_zone=not firewall)
    if not stamps:
        return _unstamped(body, repeated, line_start=line_start)
    own = stamps[-1]
    tail = body[own.end :]
    if not _is_tail(tail, own, body):
        return Head(start=len(prefix) if not line_start else 0, repeated=repeated)
    relay = stamps[-2] if len(stamps) > 1 and _is_gap(body[stamps[-2].end : own.start]) else None
    first = relay or own
    lead = _lead(body[: first.start], line_start=line_start)
    gap = body[relay.end : own.start].split() if relay else []
    host = _host_after(tail, own) or _host_before(gap or lead.tokens) or (_first_host(gap) if relay else None)
    from_relay = relay is None and _written_by_relay(tail, own, firewall=firewall, lead=lead.text)
    return Head(
        start=lead.start,
        stamp=None if from_relay else own.stamp,
        relay_stamp=own.stamp if from_relay else relay.stamp if relay else None,
        host=host,
        sequence=_sequence(gap or lead.tokens),
        repeated=repeated,
    )


def _repeated(prefix: str) -> tuple[int, str]:
    """The number in rsyslog's "message repeated N times: [ head message]", and the head without those words."""
    found = _REPEATED.search(prefix) if "repeated" in prefix else None
    return (int(found["times"]), f"{prefix[: found.start()]}{prefix[found.end() :]}") if found else (0, prefix)


class _Lead(Struct, frozen=True):
    start: int
    text: str
    tokens: list[str]


def _lead(before: str, *, line_start: bool) -> _Lead:
    """The part of `before` that is head: all of a line's start where it looks like one, else numbers at its end."""
    tokens = (_PRI.sub(" ", before) if "<" in before else before).split()
    if line_start and _is_lead(tokens):
        return _Lead(0, before, tokens)
    number = re.search(r"(?:<\d{1,3}>)?(?:(?<!\S)\d{1,10}: {0,2})?[ *]?$", before)
    start = number.start() if number else len(before)
    return _Lead(start, before[start:], _PRI.sub(" ", before[start:]).split())


def _is_lead(tokens: list[str]) -> bool:
    """Numbers, a node and one name, or several names with a colon each; more words are prose."""
    words = [t for t in tokens if not t.rstrip(":").isdigit() and not _NODE.match(t) and "/" not in t]
    named = len(words) <= 1 or all(w.endswith(":") for w in words)
    return named and len(tokens) <= _LEAD_TOKENS_MAX and all(_TOKEN.match(t) for t in tokens)


def _unstamped(body: str, repeated: int, *, line_start: bool) -> Head:
    if not line_start:
        return Head(start=len(body), repeated=repeated)
    tokens = [t for t in _PRI.sub(" ", body).split() if t != ":"]
    named = len([t for t in tokens if not t.rstrip(":").isdigit()]) == 1
    host = _host_before([*tokens[:-1], tokens[-1].rstrip(":") + ":"]) if tokens and named else None
    return Head(host=host, sequence=_sequence(tokens), repeated=repeated)


def _is_tail(tail: str, own: Found, body: str) -> bool:
    """Whether `tail`, between stamp and tag, is a host, a process or the fields of RFC 5424, and no prose."""
    tokens = _unbracketed(tail).replace(":", " ").split()
    if len(tokens) <= 1 or (len(tokens) == 2 and tail.rstrip().endswith(":")):
        return True
    fields = own.form in {"iso", "epoch"} or body.startswith("<")
    return (fields or "%$" in tail) and len(tokens) <= _LEAD_TOKENS_MAX and all(_TOKEN.match(t) for t in tokens)


def _unbracketed(text: str) -> str:
    return _BRACKETS.sub(" ", text) if "[" in text else text


def _is_gap(gap: str) -> bool:
    tokens = _unbracketed(gap).split()
    return len(tokens) <= _LEAD_TOKENS_MAX and all(_TOKEN.match(t) for t in tokens)


def _written_by_relay(tail: str, own: Found, *, firewall: bool, lead: str) -> bool:
    """RFC 3164's `Mmm dd hh:mm:ss host ` and rsyslog's `<ISO> host `, where no colon follows stamp or host."""
    tokens = tail.split()
    if tokens and _PRIORITY.match(tokens[0]):
        return True
    if not tokens or tokens[0].endswith(":") or tokens[1:2] == [":"] or own.stamp.kind == "uptime" or own.stamp.mark:
        return False
    if firewall:
        return own.form == "named" and own.stamp.year is None
    return own.form != "named" or (own.stamp.year is None and not lead.strip().startswith("RP/"))


@lru_cache(maxsize=4096)
def _host(token: str) -> str | None:
    if _NODE.match(token) or _PROCESS.match(token) or _PRIORITY.match(token.rstrip(":")) or token.rstrip(":").isdigit():
        return None
    name = _HOST.match(token)
    return name["name"] if name and (_LETTER.search(token) or token.count(".") == 3) else None


def _host_after(tail: str, own: Found) -> str | None:
    tokens = _unbracketed(tail.replace(" :", ":")).split()
    tokens = [t for t in tokens if t.strip(":") and not _PRIORITY.match(t)]
    if not tokens or (own.form == "named" and len(tokens) > 2):
        return None
    names_itself = len(tokens) > 1 and tail.rstrip().endswith(" :")  # `relay fw-a : %ASA-`, a firewall's device-id
    return _host(tokens[-1] if names_itself else tokens[0])


def _host_before(tokens: list[str]) -> str | None:
    """The name with a colon nearest before the stamp (origin-id, or the source of a relay)."""
    for token in reversed(tokens):
        if token.endswith(":") and (host := _host(token)) is not None:
            return host
    for token, following in pairwise(tokens):
        if _NODE.match(following) and (host := _host(token)) is not None:
            return host
    return None


def _first_host(tokens: list[str]) -> str | None:
    return next((host for t in tokens if (host := _host(t)) is not None), None)


def _sequence(tokens: list[str]) -> int | None:
    numbers = [t[:-1] for t in tokens if t.endswith(":") and t[:-1].isascii() and t[:-1].isdigit() and len(t) <= 20]
    return int(numbers[-1]) if numbers else None
