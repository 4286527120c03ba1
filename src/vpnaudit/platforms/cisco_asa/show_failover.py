"""`show failover`: what the pair replicates, among it the IKE and IPsec SAs (field guide C6)."""

from __future__ import annotations

from collections.abc import Iterator

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import Counter
from vpnaudit.parse.engine import Row, parse_answer

_COLUMNS = {"XMIT": "xmit", "XERR": "xerr", "RCV": "rcv", "RERR": "rerr"}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_asa", "show_failover", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in _of_object(row)))


def _of_object(row: Row) -> Iterator[Counter]:
    """The updates of one kind of object: sent and received, each with its errors."""
    for value, heading in _COLUMNS.items():
        count = row.number(value)
        if count is not None:
            yield Counter(line=row.line, name=row["NAME"], value=count, scope=heading)


COMMANDS = (CommandSpec(command="show failover", parse=parse),)
