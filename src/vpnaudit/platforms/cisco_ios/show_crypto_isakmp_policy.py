"""`show crypto isakmp policy`: the IKEv1 suites in force, with those that no configuration shows (field guide 5.4)."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import IsakmpSuite
from vpnaudit.parse.engine import Row, parse_answer


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_isakmp_policy", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(
        isakmp_suites=tuple(
            IsakmpSuite(
                line=row.line,
                default="Default" in {row["SECTION"], row["DEFAULT"]},
                priority=row.number("PRIORITY"),
                encryption=row.text("ENCRYPTION"),
                hash=row.text("HASH"),
                authentication=row.text("AUTHENTICATION"),
                group=row.text("DH_GROUP"),
                lifetime_s=row.number("LIFETIME_S"),
            )
            for row in rows
        )
    )


COMMANDS = (
    CommandSpec(
        command="show crypto isakmp policy",
        parse=parse,
        other_forms=("show crypto isakmp default policy",),
    ),
)
