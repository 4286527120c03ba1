"""`show crypto sockets`: tunnels that asked IPsec for protection, and whether they have it (guide, appendix E)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import CryptoPeer
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_sockets", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(
        crypto_peers=tuple(
            CryptoPeer(
                line=row.line,
                address=row["REMOTE"],
                local=row.text("LOCAL"),
                interface=row.text("INTERFACE"),
                profile=row.text("PROFILE"),
                state=row.text("STATE"),
            )
            for row in rows
        )
    )


COMMANDS = (CommandSpec(command="show crypto sockets", parse=parse, timeout_s=120.0),)
