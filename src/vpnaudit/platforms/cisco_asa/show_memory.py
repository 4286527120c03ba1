"""`show memory` of an ASA (field guide C8)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import MemoryPool
from vpnaudit.parse.engine import Row, parse_answer

POOL = "asa"
"""The name of an ASA's one pool, which it does not print."""


def parse(text: str) -> Parsed:
    """Read the answer to `show memory`."""
    return parse_answer("cisco_asa", "show_memory", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(
        memory_pools=tuple(
            MemoryPool(
                line=row.line,
                pool=POOL,
                total=row.number("TOTAL"),
                used=row.number("USED"),
                free=row.number("FREE"),
            )
            for row in rows
        )
    )


COMMANDS = (CommandSpec(command="show memory", parse=parse),)
