"""`show crypto eli`: crypto engines, and how near they are to the sessions that they can hold (field guide C10)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.counter_rows import under


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_eli", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in under(row, row.text("ENGINE"), _names(row))))


def _names(row: Row) -> dict[str, str]:
    kind = row["NAME"]
    return {column: f"{kind} {column.lower()}" for column in ("ACTIVE", "MAX", "FAILED", "CREATED")}


COMMANDS = (CommandSpec(command="show crypto eli", parse=parse, other_forms=("show crypto eli all",)),)
