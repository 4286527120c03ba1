"""`show crypto ipsec stats`: what IPsec counts over all tunnels, among it `Missing SA failures` (field guide 5)."""

from __future__ import annotations

from msgspec import structs

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import Counter
from vpnaudit.parse.engine import Row, parse_answer

_LAST = ("System capacity failures", "Outbound SA destroy calls")
"""What ASA 7 and later releases print last."""


def parse(text: str) -> Parsed:
    """Read an answer. Never raises.

    Where a text ends in a count, that one may lack digits, unless it is a count with which an answer ends.
    """
    parsed = parse_answer("cisco_asa", "show_crypto_ipsec_stats", text, _facts)
    counters = parsed.facts.counters
    if not counters or not text[-1].isdigit() or counters[-1].name in _LAST:
        return parsed
    return structs.replace(parsed, facts=Facts(counters=counters[:-1]))


def _facts(rows: list[Row]) -> Facts:
    counted = ((row, row.number("VALUE")) for row in rows)
    return Facts(
        counters=tuple(
            Counter(line=row.line, name=row["NAME"], value=count, scope=row.text("SCOPE"))
            for row, count in counted
            if count is not None
        )
    )


COMMANDS = (CommandSpec(command="show crypto ipsec stats", parse=parse, other_forms=("show ipsec stats",)),)
