"""Access lists of an ASA's configuration, with objects and object groups written out as networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, summarize_address_range
from itertools import product
from typing import Literal

from msgspec import Struct

from vpnaudit.model.addresses import is_ipv4
from vpnaudit.model.config import AclEntry
from vpnaudit.platforms.addresses import host_network, network
from vpnaudit.platforms.statements import Statement, after

Networks = tuple[str | None, ...]
"""Networks as `address/length`; null stands for one that is no plain network (a host name, an unknown object)."""

_UNKNOWN: Networks = (None,)
_ANY_V4: Networks = ("0.0.0.0/0",)
_ANY_V6: Networks = ("::/0",)
_ANY: dict[str, Networks] = {"any": _ANY_V4, "any4": _ANY_V4, "any6": _ANY_V6}
_PORT_WORDS = {"eq": 1, "neq": 1, "lt": 1, "gt": 1, "range": 2}
_IDENTITY_WORDS = {"user": 1, "user-group": 1, "object-group-user": 1, "security-group": 2, "object-group-security": 1}
"""Words of TrustSec and identity rules in front of an address, with the number of words that belong to each."""

_SERVICE_GROUPS = ("service", "protocol", "icmp-type")

_MOST_ENTRIES = 4096
"""One line with groups of this many combinations or more is kept as one entry without networks."""
_DEEPEST = 16
"""Groups in groups beyond this depth are not followed (a group cannot hold itself on a device, but can in a file)."""


class Book(Struct, frozen=True, kw_only=True, gc=False):
    """What the names of objects and object groups stand for. `services` are the groups of services and ports."""

    networks: dict[str, Networks]
    services: frozenset[str]


def access_lists(top: list[Statement]) -> dict[str, tuple[AclEntry, ...]]:
    """Return every access list by name, its entries in order; remarks and inactive entries are none."""
    book = _book(top)
    found: dict[str, list[AclEntry]] = {}
    for statement, rest in after(top, "access-list"):
        if len(rest) > 1:
            found.setdefault(rest[0], []).extend(_entries(book, statement, rest[0], rest[1:]))
    return {name: tuple(entries) for name, entries in found.items() if entries}


def _book(top: list[Statement]) -> Book:
    values: dict[str, Networks] = {}
    for statement, rest in after(top, "object network"):
        # An object stands twice: with its value, and further down with its translation.
        if rest and (found := _object(statement)) is not None:
            values[rest[0]] = found
    groups = {rest[0]: s for s, rest in after(top, "object-group network") if rest}
    for name in groups:
        values[name] = tuple(dict.fromkeys(_members(name, groups, values, 0)))
    services = {rest[0] for kind in _SERVICE_GROUPS for _, rest in after(top, f"object-group {kind}") if rest}
    return Book(networks=values, services=frozenset(services))


def _object(statement: Statement) -> Networks | None:
    """The value of `object network`; null where this statement holds none."""
    for under in statement.under:
        kind, rest = under.words[0], under.words[1:]
        if kind == "host" and rest:
            return (host_network(rest[0]),)
        if kind == "subnet" and rest:
            return (_subnet(rest),)
        if kind == "range" and len(rest) > 1:
            return _range(rest[0], rest[1])
        if kind == "fqdn":
            return _UNKNOWN
    return None


def _members(name: str, groups: dict[str, Statement], values: dict[str, Networks], depth: int) -> Iterator[str | None]:
    group = groups.get(name)
    if group is None or depth > _DEEPEST:
        yield None
        return
    for under in group.under:
        kind, rest = under.words[0], under.words[1:]
        if kind == "group-object" and rest:
            yield from _members(rest[0], groups, values, depth + 1)
        elif kind == "network-object" and rest:
            yield from _network_object(rest, values)


def _network_object(words: tuple[str, ...], values: dict[str, Networks]) -> Networks:
    if words[0] == "object" and len(words) > 1:
        return values.get(words[1], _UNKNOWN)
    if words[0] == "host" and len(words) > 1:
        return (host_network(words[1]),)
    return (_subnet(words),)


def _subnet(words: tuple[str, ...]) -> str | None:
    """`ADDRESS MASK`, or `PREFIX/LENGTH` of IPv6."""
    return network(words[0] if len(words) < 2 or "/" in words[0] else f"{words[0]}/{words[1]}")


def _range(first: str, last: str) -> Networks:
    try:
        low, high = ip_address(first), ip_address(last)
        return tuple(str(n) for n in summarize_address_range(low, high))
    except (ValueError, TypeError):
        return _UNKNOWN


class _Words:
    """The words of an entry, taken from the left."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = list(words)

    @property
    def next(self) -> str:
        return self._words[0] if self._words else ""

    @property
    def second(self) -> str:
        return self._words[1] if len(self._words) > 1 else ""

    def take(self, count: int = 1) -> str:
        taken, self._words = self._words[:count], self._words[count:]
        return taken[-1] if taken else ""


def _entries(book: Book, statement: Statement, name: str, rest: tuple[str, ...]) -> Iterator[AclEntry]:
    words = _Words(rest)
    if words.next == "line":
        words.take(2)
    standard = words.next == "standard"
    if words.next in {"standard", "extended"}:
        words.take()
    action = words.take()
    if action not in {"permit", "deny"} or rest[-1] == "inactive":
        return
    allowed: Literal["permit", "deny"] = "permit" if action == "permit" else "deny"
    if standard:
        sources = _networks(book, words)
        yield from (_entry(statement, name, allowed, "ip", s, None) for s in sources)
        return
    protocol = _protocol(words)
    sources = _networks(book, words)
    _skip_port(book, words)
    destinations = _networks(book, words)
    if len(sources) * len(destinations) >= _MOST_ENTRIES:
        sources = destinations = _UNKNOWN
    for source, destination in product(sources, destinations):
        yield _entry(statement, name, allowed, protocol, source, destination)


def _entry(
    statement: Statement,
    name: str,
    action: Literal["permit", "deny"],
    protocol: str,
    source: str | None,
    destination: str | None,
) -> AclEntry:
    return AclEntry(
        line=statement.line,
        acl=name,
        action=action,
        protocol=protocol,
        source=source,
        destination=destination,
        text=statement.text,
    )


def _protocol(words: _Words) -> str:
    """A protocol by name or number; of an object or group of services the word "object" or "object-group"."""
    word = words.take()
    if word in {"object", "object-group"}:
        words.take()
    return word


def _networks(book: Book, words: _Words) -> Networks:
    while words.next in _IDENTITY_WORDS:
        words.take(_IDENTITY_WORDS[words.next] + 1)
    word = words.take()
    if word in _ANY:
        return _ANY[word]
    if word == "host":
        return (host_network(words.take()),)
    if word in {"object", "object-group"}:
        return book.networks.get(words.take(), _UNKNOWN) or _UNKNOWN
    if word in {"interface", "object-group-network-service"}:
        words.take()
        return _UNKNOWN
    if "/" in word:
        return (network(word),)
    if not is_ipv4(words.next):
        return (host_network(word),)
    return (_subnet((word, words.take())),)


def _skip_port(book: Book, words: _Words) -> None:
    if words.next in _PORT_WORDS:
        words.take(_PORT_WORDS[words.next] + 1)
    elif words.next == "object-group" and words.second in book.services:
        words.take(2)
