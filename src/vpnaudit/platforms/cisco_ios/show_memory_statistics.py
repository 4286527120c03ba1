"""`show memory statistics`: the pools in bytes (field guide C8)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import MemoryPool
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read the answer to `show memory statistics`."""
    return parse_answer("cisco_ios", "show_memory_statistics", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(memory_pools=tuple(_pool(row) for row in rows))


def _pool(row: Row) -> MemoryPool:
    return MemoryPool(
        line=row.line,
        pool=row["POOL"],
        total=pool_bytes(row, "TOTAL"),
        used=pool_bytes(row, "USED"),
        free=pool_bytes(row, "FREE"),
        lowest=row.number("LOWEST"),
        largest=row.number("LARGEST"),
    )


def pool_bytes(row: Row, column: str) -> int | None:
    """A pool's number in bytes, of a column that may be in kilobytes."""
    kilobytes = row.number(f"{column}_K")
    return kilobytes * 1024 if kilobytes is not None else row.number(column)


COMMANDS = (CommandSpec(command="show memory statistics", parse=parse, needed=True),)
