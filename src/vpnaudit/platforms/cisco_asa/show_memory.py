"""`show memory` and `show memory detail` of PIX, ASA and FTD (field guide C8)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import MemoryPool
from vpnaudit.parse.engine import Row, parse_answer

POOL = "asa"
"""The name of an ASA's system memory, which it does not print. The pools of `detail` take from it as they need, so that
one of them being full says nothing (Cisco's document 222737)."""


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_asa", "show_memory", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(
        memory_pools=tuple(
            MemoryPool(
                line=row.line,
                pool=POOL,
                total=row.number("TOTAL"),
                used=_used(row),
                free=row.number("FREE"),
                lowest=row.number("LOWEST"),
                largest=max((int(size[:18]) for size in row.each("LARGEST")), default=None),
            )
            for row in rows
        )
    )


def _used(row: Row) -> int | None:
    """`detail` prints the two parts of what is used, and no sum."""
    parts = row.number("IN_USE"), row.number("RESERVED")
    if row["USED"] or parts[0] is None or parts[1] is None:
        return row.number("USED")
    return parts[0] + parts[1]


COMMANDS = (CommandSpec(command="show memory", parse=parse, other_forms=("show memory detail",)),)
