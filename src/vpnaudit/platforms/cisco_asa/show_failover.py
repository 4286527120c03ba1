"""`show failover`: what the pair replicates, among it the IKE and IPsec SAs (field guide C6)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.counter_rows import in_columns

_COLUMNS = {"XMIT": "xmit", "XERR": "xerr", "RCV": "rcv", "RERR": "rerr"}
"""The updates of one kind of object: sent and received, each with its errors."""


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_asa", "show_failover", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in in_columns(row, row["NAME"], _COLUMNS)))


COMMANDS = (CommandSpec(command="show failover", parse=parse),)
