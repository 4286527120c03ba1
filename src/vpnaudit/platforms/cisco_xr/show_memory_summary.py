"""`show memory summary` of IOS-XR: megabytes in all, and how many are free."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import MemoryPool
from vpnaudit.parse.engine import Row, parse_answer

_UNIT_BYTES = {"K": 1024, "M": 1024**2, "G": 1024**3}


def parse(text: str) -> Parsed:
    """Read the answer to `show memory summary`, of one node or of all."""
    return parse_answer("cisco_xr", "show_memory_summary", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(
        memory_pools=tuple(
            MemoryPool(line=row.line, pool=row["POOL"], total=_bytes(row, "TOTAL"), free=_bytes(row, "FREE"))
            for row in rows
        )
    )


def _bytes(row: Row, column: str) -> int | None:
    number = row.number(column)
    return number * _UNIT_BYTES[row[f"{column}_UNIT"]] if number is not None else None


COMMANDS = (CommandSpec(command="show memory summary", parse=parse),)
