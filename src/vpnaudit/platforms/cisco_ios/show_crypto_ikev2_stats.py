"""`show crypto ikev2 stats`, `stats exchange`, `stats timeout` and `diagnose error`: what IKEv2 counts.

Exchanges since boot or clear are the only witness of rekeys and errors that no log told (field guide 5.1, appendix C).
"""

from __future__ import annotations

from collections.abc import Iterator

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IkeTimeout
from vpnaudit.model.system import Counter
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.counter_rows import in_columns

_EXCHANGE_COLUMNS = {
    "TX_REQUEST": "TX(REQ)",
    "TX_RESPONSE": "TX(RES)",
    "RX_REQUEST": "RX(REQ)",
    "RX_RESPONSE": "RX(RES)",
    "TX": "TX",
    "RX": "RX",
    "COUNT": None,
}


def parse_stats(text: str) -> Parsed:
    """Read an answer to `show crypto ikev2 stats`. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ikev2_stats", text, _stats_facts)


def parse_exchange(text: str) -> Parsed:
    """Read an answer to `show crypto ikev2 stats exchange`. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ikev2_stats_exchange", text, _exchange_facts)


def parse(text: str) -> Parsed:
    """Read an answer to `show crypto ikev2 stats timeout`. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ikev2_stats_timeout", text, _timeout_facts)


def parse_errors(text: str) -> Parsed:
    """Read an answer to `show crypto ikev2 diagnose error`. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ikev2_diagnose_error", text, _error_facts)


def _stats_facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in _line_of_stats(row)))


def _line_of_stats(row: Row) -> Iterator[Counter]:
    """The first count of a line heads the others, unless the line says that all are parts of something."""
    name, whole = row["NAME"].rstrip(), row.text("PART_OF")
    if not name:
        name, whole = "accepted", row.text("HEAD")
    yield from in_columns(row, name, {"COUNT": whole})
    for part in ("2", "3"):
        yield from in_columns(row, row[f"NAME_{part}"].rstrip(), {f"COUNT_{part}": whole or name})


def _exchange_facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in in_columns(row, row["NAME"], _EXCHANGE_COLUMNS)))


def _timeout_facts(rows: list[Row]) -> Facts:
    counted = ((row, row.number("COUNT")) for row in rows)
    return Facts(
        ike_timeouts=tuple(
            IkeTimeout(line=row.line, name=row["NAME"], count=count) for row, count in counted if count is not None
        )
    )


def _error_facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in in_columns(row, row["NAME"], {"COUNT": None})))


COMMANDS = (
    CommandSpec(command="show crypto ikev2 stats timeout", parse=parse),
    CommandSpec(
        command="show crypto ikev2 stats exchange",
        parse=parse_exchange,
        other_forms=("show crypto ikev2 stats exchange detail",),
    ),
    CommandSpec(command="show crypto ikev2 stats", parse=parse_stats),
    CommandSpec(
        command="show crypto ikev2 diagnose error",
        parse=parse_errors,
        other_forms=("show crypto ikev2 diagnose error count",),
    ),
)
