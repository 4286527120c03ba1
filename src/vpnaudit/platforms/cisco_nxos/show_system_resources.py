"""`show system resources` of NX-OS: the memory of the supervisor."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import MemoryPool
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read the answer to `show system resources`."""
    return parse_answer("cisco_nxos", "show_system_resources", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(memory_pools=tuple(_pool(row) for row in rows))


def _pool(row: Row) -> MemoryPool:
    return MemoryPool(
        line=row.line,
        pool="System memory",
        total=_bytes(row, "TOTAL_K"),
        used=_bytes(row, "USED_K"),
        free=_bytes(row, "FREE_K"),
    )


def _bytes(row: Row, column: str) -> int | None:
    kilobytes = row.number(column)
    return kilobytes * 1024 if kilobytes is not None else None


COMMANDS = (CommandSpec(command="show system resources", parse=parse),)
