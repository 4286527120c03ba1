"""`show crypto ipsec sa count` and `show crypto isakmp sa count`: how many SAs there are, by state."""

from __future__ import annotations

from collections.abc import Iterator

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import Counter
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.counter_rows import in_columns, under

_STATES = {name.upper(): name for name in ("total", "active", "rekeying", "unused", "invalid")}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ipsec_sa_count", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(counters=tuple(counter for row in rows for counter in _counters(row)))


def _counters(row: Row) -> Iterator[Counter]:
    yield from under(row, "IPsec SA", _STATES)
    yield from in_columns(row, row["NAME"], {"COUNT": None})


COMMANDS = (
    CommandSpec(
        command="show crypto ipsec sa count",
        parse=parse,
        other_forms=("show crypto isakmp sa count",),
    ),
)
