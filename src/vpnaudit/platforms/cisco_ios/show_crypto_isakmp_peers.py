"""`show crypto isakmp peers`: the other ends of IKEv1, with the identity that each gave (field guide, appendix E)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import CryptoPeer
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_isakmp_peers", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(
        crypto_peers=tuple(
            CryptoPeer(
                line=row.line,
                address=row["ADDRESS"],
                port=row.number("PORT"),
                local=row.text("LOCAL"),
                identity=row.text("IDENTITY"),
            )
            for row in rows
        )
    )


COMMANDS = (CommandSpec(command="show crypto isakmp peers", parse=parse),)
