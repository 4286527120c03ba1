"""`show monitor event-trace crypto ipsec event all`: SPIs of the past, with the moments of their birth and death."""

from __future__ import annotations

from typing import Literal

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import SaTrace
from vpnaudit.parse.engine import Row, parse_answer

_SAME_MS = 5
"""Milliseconds. A delete is traced twice; entries of one SPI no further apart are one (field guide 5.1)."""

_DAY_MS = 24 * 60 * 60 * 1000

_ACTIONS: dict[str, Literal["create", "delete"]] = {"create": "create", "delete": "delete"}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_monitor_event-trace_crypto_ipsec_event_all", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    traces: list[SaTrace] = []
    last: dict[tuple[str, int, str | None], tuple[str, int]] = {}
    for row in rows:
        trace = _trace(row)
        what = (trace.action, trace.spi, trace.destination)
        moment = _moment(row["STAMP"])
        seen = last.get(what)
        last[what] = moment
        if seen is None or not _together(seen, moment):
            traces.append(trace)
    return Facts(traces=tuple(traces))


def _together(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Whether two moments are those of one delete; midnight may lie between them."""
    gap_ms = abs(one[1] - other[1])
    return (gap_ms if one[0] == other[0] else _DAY_MS - gap_ms) <= _SAME_MS


def _trace(row: Row) -> SaTrace:
    return SaTrace(
        line=row.line,
        action=_ACTIONS[row["ACTION"]],
        spi=int(row["SPI"], 16),
        destination=row.text("DESTINATION"),
        stamp=" ".join(row["STAMP"].split()) or None,
    )


def _moment(stamp: str) -> tuple[str, int]:
    """Everything of a stamp but its time of day, and that time in milliseconds."""
    words = stamp.split()
    time = next((word for word in words if ":" in word), "0:0:0")
    hours, minutes, seconds = [*time.split(":"), "0", "0"][:3]
    whole, _, fraction = seconds.partition(".")
    at_ms = (int(hours) * 3600 + int(minutes) * 60 + int(whole)) * 1000 + int(fraction[:3].ljust(3, "0"))
    return " ".join(word for word in words if word != time), at_ms


_SPANS = ("all", "back", "clock", "from-boot", "latest")
_OTHER_TRACES = ("crypto", "crypto ipsec error", "crypto ikev2 event", "crypto ikev2 error", "crypto merged")
"""Read for the lines that tell of SAs, which stand in the merged trace and in that of all; the others hold none."""

COMMANDS = (
    CommandSpec(
        command="show monitor event-trace crypto ipsec event all",
        parse=parse,
        timeout_s=120.0,
        other_forms=(
            "show monitor event-trace crypto ipsec event all detail",
            *(f"show monitor event-trace crypto ipsec event {span}" for span in _SPANS[1:]),
            *(f"show monitor event-trace crypto ipsec event {span} detail" for span in _SPANS[1:]),
            "show monitor event-trace crypto merged",
            "show monitor event-trace crypto merged detail",
            *(f"show monitor event-trace {trace} {span}" for trace in _OTHER_TRACES for span in _SPANS),
            *(f"show monitor event-trace {trace} {span} detail" for trace in _OTHER_TRACES for span in _SPANS),
        ),
    ),
)
