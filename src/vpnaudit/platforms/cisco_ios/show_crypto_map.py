"""IPsec settings in force: `show crypto map`, `show crypto ipsec profile`, the global lifetime (field guide 5.1).

All give `CryptoMapEntry`: a profile has `kind` "profile", the global lifetime `kind` "global" and the name "(global)".
"""

from __future__ import annotations

from collections import defaultdict

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.sa import CryptoMapEntry
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.cisco_ios.show_crypto_ipsec_sa import pfs_group


def parse_map(text: str) -> Parsed:
    """Read an answer to `show crypto map`. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_map", text, _map_facts)


def parse_profile(text: str) -> Parsed:
    """Read an answer to `show crypto ipsec profile`. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ipsec_profile", text, _profile_facts)


def parse_lifetime(text: str) -> Parsed:
    """Read an answer to `show crypto ipsec security-association lifetime`. Never raises."""
    return parse_answer("cisco_ios", "show_crypto_ipsec_security-association_lifetime", text, _lifetime_facts)


def _map_facts(rows: list[Row]) -> Facts:
    interfaces: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        interfaces[row["NAME"]] += row.each("INTERFACES")
    return Facts(crypto_maps=tuple(_map_entry(row, tuple(interfaces[row["NAME"]])) for row in rows))


def _map_entry(row: Row, interfaces: tuple[str, ...]) -> CryptoMapEntry:
    return CryptoMapEntry(
        line=row.line,
        name=row["NAME"],
        sequence=row.number("SEQUENCE"),
        kind=row.text("KIND"),
        peers=row.each("PEERS"),
        acl=row.text("ACL"),
        transform_sets=row.each("TRANSFORM_SETS"),
        lifetime_s=row.number("LIFETIME_S"),
        lifetime_kb=row.number("LIFETIME_KB"),
        volume_disabled=bool(row["VOLUME"]),
        pfs=pfs_group(row),
        interfaces=interfaces,
    )


def _profile_facts(rows: list[Row]) -> Facts:
    return Facts(
        crypto_maps=tuple(
            CryptoMapEntry(
                line=row.line,
                name=row["NAME"],
                kind="profile",
                transform_sets=row.each("TRANSFORM_SETS"),
                lifetime_s=row.number("LIFETIME_S"),
                lifetime_kb=row.number("LIFETIME_KB"),
                volume_disabled=bool(row["VOLUME"]),
                pfs=pfs_group(row),
            )
            for row in rows
        )
    )


def _lifetime_facts(rows: list[Row]) -> Facts:
    return Facts(
        crypto_maps=tuple(
            CryptoMapEntry(
                line=row.line,
                name="(global)",
                kind="global",
                lifetime_s=row.number("LIFETIME_S"),
                lifetime_kb=row.number("LIFETIME_KB"),
                volume_disabled=bool(row["VOLUME"]),
            )
            for row in rows
        )
    )


COMMANDS = (
    CommandSpec(
        command="show crypto map",
        parse=parse_map,
        needed=True,
        timeout_s=120.0,
        other_forms=("show crypto map interface", "show crypto map tag"),
    ),
    CommandSpec(command="show crypto ipsec profile", parse=parse_profile),
    CommandSpec(
        command="show crypto ipsec security-association lifetime",
        parse=parse_lifetime,
        other_forms=("show crypto ipsec security-association-lifetime",),
    ),
)
