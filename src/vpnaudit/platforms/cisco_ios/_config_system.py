"""Clock, time stamps, log and NTP of a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vpnaudit.model.addresses import is_address
from vpnaudit.model.config import SummerTime, TimeStamps
from vpnaudit.platforms.statements import Statement, after, first

_LEVELS = (
    "emergencies",
    "alerts",
    "critical",
    "errors",
    "warnings",
    "notifications",
    "informational",
    "debugging",
)


def system_facts(top: list[Statement]) -> dict[str, Any]:
    """Return the fields of `ConfigFacts` that speak of name, clock, log and NTP."""
    return {
        "hostname": (first(top, "hostname") or first(top, "switchname") or "").strip('"') or None,
        "timestamps": _timestamps(top),
        "trace_timestamps": _trace_timestamps(top),
        "sequence_numbers": any(True for _ in after(top, "service sequence-numbers")),
        "logging_hosts": _logging_hosts(top),
        "logging_session": any(True for _ in after(top, "crypto logging session")),
        "logging_session_v2": any(True for _ in after(top, "crypto logging ikev2")),
        "ntp_servers": _ntp_servers(top),
        **_clock(top),
        **_buffer(top),
    }


def _clock(top: list[Statement]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _, rest in after(top, "clock timezone"):
        if len(rest) >= 2 and (minutes := _offset_minutes(rest[1:3])) is not None:
            found |= {"clock_zone": rest[0], "clock_offset_min": minutes}
    for statement, rest in after(top, "clock summer-time"):
        if rest:
            found["summer_time"] = SummerTime(line=statement.line, zone=rest[0], rule=" ".join(rest[1:]))
    return found


def _offset_minutes(words: tuple[str, ...]) -> int | None:
    """Hours with their sign, then minutes, which count in the hours' direction."""
    hours = words[0].lstrip("+-")
    minutes = words[1] if len(words) > 1 and words[1].isdecimal() else "0"
    if not hours.isdecimal() or len(hours) > 2 or len(minutes) > 2:
        return None
    total = int(hours) * 60 + int(minutes)
    return -total if words[0].startswith("-") else total


def _timestamps(top: list[Statement]) -> TimeStamps | None:
    found: TimeStamps | None = None
    for statement in top:
        on, off = statement.after("service timestamps log"), statement.after("no service timestamps log")
        if statement.text == "service timestamps":
            on = ()
        if off is not None or statement.text == "no service timestamps":
            found = TimeStamps(line=statement.line, kind="none")
        elif on is not None:
            found = _stamps(statement, on)
    return found


def _trace_timestamps(top: list[Statement]) -> TimeStamps | None:
    return next((_stamps(s, on) for s, on in after(top, "monitor event-trace timestamps")), None)


def _stamps(statement: Statement, words: Sequence[str]) -> TimeStamps:
    return TimeStamps(
        line=statement.line,
        kind="datetime" if "datetime" in words else "uptime",
        msec="msec" in words,
        localtime="localtime" in words,
        show_timezone="show-timezone" in words,
        year="year" in words,
    )


def _buffer(top: list[Statement]) -> dict[str, Any]:
    """Fields of `logging buffered [discriminator D] [xml|filtered] [SIZE] [LEVEL]`."""
    found: dict[str, Any] = {}
    for statement in top:
        if statement.text in {"no logging buffered", "no logging on"}:
            found["logging_buffered_off"] = True
        rest = statement.after("logging buffered")
        if rest is None:
            continue
        words = rest[2:] if rest[:1] == ("discriminator",) else rest
        for word in words:
            if word in _LEVELS:
                found["logging_buffered_level"] = word
            elif word.isdecimal() and len(word) == 1:
                found["logging_buffered_level"] = _LEVELS[min(int(word), 7)]
            elif word.isdecimal() and len(word) <= 12:
                found["logging_buffered_bytes"] = int(word)
    return found


def _logging_hosts(top: list[Statement]) -> tuple[str, ...]:
    hosts: list[str] = []
    for _, rest in after(top, "logging"):
        if rest[:1] == ("host",) and len(rest) > 1:
            hosts.append(_host(rest[1:]))
        elif rest and is_address(rest[0]):
            hosts.append(rest[0])
    return tuple(dict.fromkeys(h for h in hosts if h))


def _ntp_servers(top: list[Statement]) -> tuple[str, ...]:
    """Whom the clock follows; "broadcast" or "multicast" where it takes the time from whoever sends it."""
    forms = ("ntp server", "ntp peer", "sntp server")
    servers = [_host(rest) for form in forms for _, rest in after(top, form)]
    everywhere = [*top, *(inner for s in top if s.words[0] == "interface" for inner in s.under)]
    heard = [kind for kind in ("broadcast", "multicast") for _ in after(everywhere, f"ntp {kind} client")]
    return tuple(dict.fromkeys(s for s in (*servers, *heard) if s))


def _host(words: tuple[str, ...]) -> str:
    """Take the host from `[vrf X] [ip|ipv6] HOST …`."""
    while words[:1] in {("vrf",), ("ip",), ("ipv6",)}:
        words = words[2 if words[0] == "vrf" else 1 :]
    return words[0] if words else ""
