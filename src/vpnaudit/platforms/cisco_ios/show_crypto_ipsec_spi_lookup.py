"""`show crypto ipsec spi-lookup`: the SPIs by which packets are told apart, in use and handed out lately.

What the columns mean is unproven (field guide 5.1), so no direction is claimed.
"""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import ListedSpi, SpiTable
from vpnaudit.parse.engine import Row, parse_answer

_TABLES: dict[str, SpiTable] = {"Active": "active", "Transient": "transient"}


def parse(text: str) -> Parsed:
    """Read an answer. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ipsec_spi-lookup", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(
        spis=tuple(
            ListedSpi(
                line=row.line,
                table=_TABLES[row["TABLE"]],
                spi=int(row["SPI"], 16),
                local=row.text("LOCAL"),
                remote=row.text("REMOTE"),
            )
            for row in rows
            if row["TABLE"]
        )
    )


COMMANDS = (
    CommandSpec(
        command="show crypto ipsec spi-lookup",
        parse=parse,
        timeout_s=120.0,
        other_forms=("show crypto ipsec spi-lookup detail",),
    ),
)
