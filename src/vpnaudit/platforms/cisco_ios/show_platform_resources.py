"""`show platform resources`: memory, processor and data plane of IOS-XE against their limits (field guide C8, C10)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import PlatformResource
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_platform_resources", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    """A row stands under the board, and the part of it, that were named last."""
    board = part = ""
    resources: list[PlatformResource] = []
    for row in rows:
        if row["BOARD"]:
            board, part = row["BOARD"], ""
        elif row["PART"]:
            part = row["PART"]
        resources.append(_resource(row, f"{board} {part}".strip() or None))
    return Facts(resources=tuple(resources))


def _resource(row: Row, where: str | None) -> PlatformResource:
    unit, used = row.text("UNIT"), _real(row, "USED")
    return PlatformResource(
        line=row.line,
        where=where,
        name=row["NAME"] or row["PART"] or row["BOARD"],
        used=used,
        size=row.number("SIZE"),
        unit=unit,
        used_percent=used if unit == "%" else _real(row, "USED_PERCENT"),
        warning_percent=row.number("WARNING"),
        critical_percent=row.number("CRITICAL"),
        state=row.text("STATE"),
    )


def _real(row: Row, name: str) -> float | None:
    text = row[name]
    return float(text) if text else None


COMMANDS = (CommandSpec(command="show platform resources", parse=parse),)
