"""`show crypto gdoi`: GETVPN groups, their traffic keys and what holds them (field guide C14).

A traffic key has one SPI for both directions. The SPI of a rekey key has 128 bits and is none of ESP.
"""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import Direction, GroupRekeySa, ListedSpi
from vpnaudit.parse.engine import Row, parse_answer

_BOTH: tuple[Direction, ...] = ("in", "out")


def parse_group(text: str) -> Parsed:
    """Read an answer to `show crypto gdoi`, a member's. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_gdoi", text, _member_facts)


def parse_policy(text: str) -> Parsed:
    """Read an answer to `show crypto gdoi ks policy`, a key server's. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_gdoi_ks_policy", text, _server_facts)


def parse_rekey(text: str) -> Parsed:
    """Read an answer to `show crypto gdoi rekey sa`. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_gdoi_rekey_sa", text, _rekey_facts)


def parse_identities(text: str) -> Parsed:
    """Read an answer to `show crypto gdoi ipsec sa`: identities without an SPI, of which no record is made."""
    return parse_answer("cisco_ios", "show_crypto_gdoi_ipsec_sa", text, lambda _rows: Facts())


def _member_facts(rows: list[Row]) -> Facts:
    return Facts(
        spis=tuple(
            ListedSpi(
                line=row.line,
                table="group-member",
                spi=int(row["SPI"], 16),
                directions=_directions(row),
                group=row.text("GROUP"),
                interface=row.text("INTERFACE"),
                local=row.text("MEMBER"),
                remaining_s=row.number("REMAINING_S"),
                transform=row.text("TRANSFORM"),
            )
            for row in rows
        )
    )


def _directions(row: Row) -> tuple[Direction, ...]:
    """In which directions a member uses a key: as the SA says, else the group. A group can be set to receive only."""
    if row["DIRECTION"]:
        return ("in",) if row["DIRECTION"] == "inbound" else ("out",)
    return ("in",) if row["GROUP_DIRECTION"] == "Inbound Only" else _BOTH


def _server_facts(rows: list[Row]) -> Facts:
    return Facts(
        spis=tuple(
            ListedSpi(
                line=row.line,
                table="key-server",
                spi=int(row["SPI"], 16),
                group=row.text("GROUP"),
                local=row.text("SERVER"),
                remaining_s=row.number("REMAINING_S"),
                lifetime_s=row.number("LIFETIME_S"),
                transform=row.text("TRANSFORM"),
            )
            for row in rows
        )
    )


def _rekey_facts(rows: list[Row]) -> Facts:
    return Facts(
        group_rekey_sas=tuple(
            GroupRekeySa(
                line=row.line,
                destination=row["DST"],
                source=row["SRC"],
                conn_id=row.number("CONN_ID"),
                status=row.text("STATUS"),
            )
            for row in rows
        )
    )


COMMANDS = (
    CommandSpec(
        command="show crypto gdoi",
        parse=parse_group,
        other_forms=(
            "show crypto gdoi detail",
            "show crypto gdoi group",
            "show crypto gdoi gm",
            "show crypto gkm",
            "show crypto gkm detail",
            "show crypto gkm group",
            "show crypto gkm gm",
        ),
    ),
    CommandSpec(
        command="show crypto gdoi ks policy",
        parse=parse_policy,
        other_forms=("show crypto gkm ks policy",),
    ),
    CommandSpec(
        command="show crypto gdoi rekey sa",
        parse=parse_rekey,
        other_forms=("show crypto gdoi rekey sa detail", "show crypto gkm rekey sa", "show crypto gkm rekey sa detail"),
    ),
    CommandSpec(
        command="show crypto gdoi ipsec sa",
        parse=parse_identities,
        other_forms=("show crypto gkm ipsec sa",),
    ),
)
