"""`name ADDRESS WORD`: words that stand for addresses in the rest of a configuration (PIX, ASA)."""

from __future__ import annotations

from vpnaudit.model.addresses import is_address
from vpnaudit.platforms.statements import Statement, after

_HOLDERS = frozenset(
    ("access-list", "crypto", "host", "ip", "isakmp", "logging", "network-object", "ntp", "range", "subnet", "tunnel")
)
"""Statements in which an address is wanted. A name may be any word ("mail"), so it is not looked for elsewhere."""


def write_out(top: list[Statement]) -> None:
    """Put the address in the place of each name, in the statements where an audit reads addresses."""
    names = {rest[1]: rest[0] for _, rest in after(top, "name") if len(rest) > 1 and is_address(rest[0])}
    if names:
        _replace(top, names)


def _replace(statements: list[Statement], names: dict[str, str]) -> None:
    for statement in statements:
        head = statement.words[0]
        if head in _HOLDERS:
            statement.words = (head, *(names.get(word, word) for word in statement.words[1:]))
        _replace(statement.under, names)
