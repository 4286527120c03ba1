"""`show processes memory [sorted]`: pools, and which process holds how much (field guide C8)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import MemoryPool, ProcessMemory
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.cisco_ios.show_memory_statistics import pool_bytes

_UNNAMED_POOL = "Processor"


def parse(text: str) -> Parsed:
    """Read the answer to `show processes memory`, sorted or not."""
    return parse_answer("cisco_ios", "show_processes_memory", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(
        memory_pools=tuple(_pool(row) for row in rows if not row["PID"]),
        processes=tuple(p for row in rows if row["PID"] and (p := _process(row)) is not None),
    )


def _pool(row: Row) -> MemoryPool:
    return MemoryPool(
        line=row.line,
        pool=row["POOL"] or _UNNAMED_POOL,
        total=pool_bytes(row, "POOL_TOTAL"),
        used=pool_bytes(row, "POOL_USED"),
        free=pool_bytes(row, "POOL_FREE"),
        lowest=row.number("POOL_LOWEST"),
    )


def _process(row: Row) -> ProcessMemory | None:
    pid, allocated, freed, holding = (row.number(name) for name in ("PID", "ALLOCATED", "FREED", "HOLDING"))
    if pid is None or allocated is None or freed is None or holding is None:
        return None
    name = row["PROCESS"].rstrip()
    return ProcessMemory(line=row.line, pid=pid, name=name, allocated=allocated, freed=freed, holding=holding)


COMMANDS = (CommandSpec(command="show processes memory sorted", parse=parse, other_forms=("show processes memory",)),)
