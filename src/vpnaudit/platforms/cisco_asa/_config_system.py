"""Name, clock, log, NTP and failover of an ASA's configuration."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from vpnaudit.model.addresses import is_address
from vpnaudit.model.config import Failover, TimeStamps
from vpnaudit.platforms.cisco_ios._config_ike import number
from vpnaudit.platforms.cisco_ios._config_system import system_facts as ios_system_facts
from vpnaudit.platforms.statements import Statement, after, first


def system_facts(top: list[Statement]) -> dict[str, Any]:
    """Return the fields of `ConfigFacts` that speak of name, clock, log, NTP and failover."""
    return ios_system_facts(top) | {
        "timestamps": _timestamps(top),
        "logging_hosts": _logging_hosts(top),
        "logging_buffered_bytes": number(first(top, "logging buffer-size")),
        "logging_buffered_off": any(s.text in {"no logging buffered", "no logging enable"} for s in top),
        "logging_buffered_vpn_level": _vpn_level(top),
        "logging_session": _logs_sessions(top),
        "failover": _failover(top),
    }


def is_logging(top: list[Statement]) -> bool:
    """Whether the log is on at all, as it is not by default (`logging enable`; PIX 6: `logging on`)."""
    return any(s.text in {"logging enable", "logging on"} for s in top)


def _timestamps(top: list[Statement]) -> TimeStamps | None:
    """`logging timestamp` stamps with the device's local time, its `rfc5424` form with UTC; without it there is none.

    Source: field guide 1.8 (forms of ASA stamps); ASA command reference, `logging timestamp`.
    """
    found: TimeStamps | None = None
    for statement in top:
        on = statement.after("logging timestamp")
        if statement.text == "no logging timestamp":
            found = TimeStamps(line=statement.line, kind="none")
        elif on is not None:
            utc = "rfc5424" in on
            found = TimeStamps(line=statement.line, kind="datetime", localtime=not utc, show_timezone=utc, year=True)
    return found


def _logging_hosts(top: list[Statement]) -> tuple[str, ...]:
    """`logging host INTERFACE HOST …` (PIX 6: without the interface)."""
    hosts = [
        rest[1] if len(rest) > 1 and not is_address(rest[0]) else rest[0]
        for _, rest in after(top, "logging host")
        if rest
    ]
    return tuple(dict.fromkeys(hosts))


def _vpn_level(top: list[Statement]) -> str | None:
    """`logging class vpn … buffered LEVEL`; one line may name several destinations, each with its level."""
    words = [word for _, rest in after(top, "logging class vpn") for word in rest]
    return next((level for where, level in pairwise(words) if where == "buffered"), None)


def _logs_sessions(top: list[Statement]) -> bool:
    """Whether tunnels that come and go are logged: by `logging class vpn`, or by a level that has them anyway.

    713049, 713050 and 602303 are notifications and informational (field guide 1.6).
    """
    levels = {"informational", "debugging", "6", "7"}
    everything = [rest[-1] for kind in ("buffered", "trap") for _, rest in after(top, f"logging {kind}") if rest]
    classes = [word for _, rest in after(top, "logging class vpn") for word in rest]
    return any(word in levels for word in (*everything, *classes))


def _failover(top: list[Statement]) -> Failover | None:
    """`failover lan unit primary|secondary`, `failover link NAME [HARDWARE]`; PIX and ASA."""
    lines = [s for s in top if s.after("failover") is not None or s.text == "no failover"]
    if not lines:
        return None
    unit = first(top, "failover lan unit")
    return Failover(
        line=lines[0].line,
        on=any(s.text == "failover" for s in lines),
        unit="primary" if unit == "primary" else "secondary" if unit == "secondary" else None,
        link=first(top, "failover link"),
    )
