"""`show crypto ikev2 stats timeout`: how often IKEv2 gave up waiting (field guide 5.1, appendix C)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IkeTimeout
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ikev2_stats_timeout", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    counted = ((row, row.number("COUNT")) for row in rows)
    return Facts(
        ike_timeouts=tuple(
            IkeTimeout(line=row.line, name=row["NAME"], count=count) for row, count in counted if count is not None
        )
    )


COMMANDS = (CommandSpec(command="show crypto ikev2 stats timeout", parse=parse),)
