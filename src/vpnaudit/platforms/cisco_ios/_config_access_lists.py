"""Access lists of a configuration: what an entry lets through, as networks."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address
from typing import Literal

from vpnaudit.model.addresses import is_ipv4
from vpnaudit.model.config import AclEntry
from vpnaudit.platforms.addresses import host_network, network
from vpnaudit.platforms.statements import Statement, after

_ANY_V4 = "0.0.0.0/0"
_ANY_V6 = "::/0"
_PORT_WORDS = {"eq": 1, "neq": 1, "lt": 1, "gt": 1, "range": 2}
_Kind = Literal["standard", "extended", "ipv6"]
_STANDARD: _Kind = "standard"
_EXTENDED: _Kind = "extended"
_V6: _Kind = "ipv6"
_NETWORK_GROUPS = ("object-group", "addrgroup")


def access_lists(top: list[Statement]) -> dict[str, tuple[AclEntry, ...]]:
    """Return every access list by name or number, with its entries in order (remarks are none)."""
    found: dict[str, list[AclEntry]] = {}
    for statement, rest in after(top, "access-list"):
        if rest:
            _add(found.setdefault(rest[0], []), rest[0], _kind_of(rest[0]), _Words(statement, rest[1:]))
    for kind in ("standard", "extended"):
        for statement, rest in after(top, f"ip access-list {kind}"):
            if rest:
                _add_all(
                    found.setdefault(rest[0], []),
                    rest[0],
                    _STANDARD if kind == "standard" else _EXTENDED,
                    statement.under,
                )
    for statement, rest in after(top, "ipv6 access-list"):
        if rest and rest[0] != "log-update":
            _add_all(found.setdefault(rest[0], []), rest[0], _V6, statement.under)
    return {name: tuple(entries) for name, entries in found.items()}


class _Words:
    """The words of an entry, taken from the left."""

    def __init__(self, statement: Statement, words: tuple[str, ...]) -> None:
        self.line = statement.line
        self.text = statement.text
        self._words = list(words)

    @property
    def next(self) -> str:
        return self._words[0] if self._words else ""

    def take(self) -> str:
        return self._words.pop(0) if self._words else ""


def _add_all(entries: list[AclEntry], name: str, kind: _Kind, under: Iterable[Statement]) -> None:
    for statement in under:
        words = statement.words[1:] if statement.words[0].isdecimal() else statement.words
        if words[:1] == ("sequence",):
            words = words[2:]
        _add(entries, name, kind, _Words(statement, words))


def _add(entries: list[AclEntry], name: str, kind: _Kind, words: _Words) -> None:
    if words.next == "extended":
        words.take()
    action = words.take()
    if action not in {"permit", "deny"}:
        return
    entries.append(_entry(name, "permit" if action == "permit" else "deny", kind, words))


def _entry(name: str, action: Literal["permit", "deny"], kind: _Kind, words: _Words) -> AclEntry:
    if kind == _STANDARD:
        return AclEntry(
            line=words.line,
            acl=name,
            action=action,
            protocol="ip",
            source=_network(words, kind),
            text=words.text,
        )
    protocol = words.take()
    if protocol in _NETWORK_GROUPS:
        words.take()
    source = _network(words, kind)
    _skip_port(words)
    destination = _network(words, kind)
    return AclEntry(
        line=words.line,
        acl=name,
        action=action,
        protocol=protocol,
        source=source,
        destination=destination,
        text=words.text,
    )


def _skip_port(words: _Words) -> None:
    for _ in range(_PORT_WORDS.get(words.next, 0) + 1 if words.next in _PORT_WORDS else 0):
        words.take()


def _network(words: _Words, kind: _Kind) -> str | None:
    """Take a network from the words; None where it is no plain network (a group, a broken mask, a name)."""
    word = words.take()
    if word in {"any", "any4"}:
        return _ANY_V6 if kind == _V6 else _ANY_V4
    if word == "any6":
        return _ANY_V6
    if word == "host":
        return host_network(words.take())
    if word in _NETWORK_GROUPS:
        words.take()
        return None
    if "/" in word:
        return network(word)
    if kind == _STANDARD and not is_ipv4(words.next):
        return host_network(word)
    return wildcard_network(word, words.take())


def wildcard_network(address: str, wildcard: str) -> str | None:
    """Turn an address with a wildcard mask into a network; None where the wildcard's bits do not stand together.

    >>> wildcard_network("192.0.2.0", "0.0.0.255")
    '192.0.2.0/24'
    """
    try:
        bits = int(IPv4Address(wildcard))
        number = int(IPv4Address(address))
    except AddressValueError:
        return None
    if bits & (bits + 1):
        return None
    return f"{IPv4Address(number & ~bits & 0xFFFFFFFF)}/{32 - bits.bit_length()}"


def _kind_of(number: str) -> _Kind:
    """The kind of a numbered list: 1 to 99 and 1300 to 1999 are standard."""
    low = number.isdecimal() and len(number) < 6 and (int(number) < 100 or 1300 <= int(number) < 2000)
    return _STANDARD if low else _EXTENDED
