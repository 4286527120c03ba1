"""`show ntp status`: whether the clock follows a server (field guide C16)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import NtpStatus
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read the answer to `show ntp status`."""
    return parse_answer("cisco_ios", "show_ntp_status", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(ntp=next((_status(row) for row in rows), None))


def _status(row: Row) -> NtpStatus:
    offset = row.text("OFFSET")
    return NtpStatus(
        line=row.line,
        synchronized=row["STATE"] == "synchronized",
        stratum=row.number("STRATUM"),
        reference=row.text("REFERENCE"),
        offset_ms=float(offset) if offset is not None else None,
    )


COMMANDS = (CommandSpec(command="show ntp status", parse=parse),)
