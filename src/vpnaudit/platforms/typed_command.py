"""Tell which command was typed: abbreviated words, file names, filters and pipes (DESIGN 5).

`_`, `-` and a blank are one, case is ignored, `detail` and `detailed` are one command. As on the device, a word may be
cut short as long as only one known command fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_PIECE = re.compile(r"[^\s_-]+")
_FILTERS = (
    "peer",
    "interface",
    "local",
    "remote",
    "vrf",
    "fvrf",
    "ivrf",
    "map",
    "tag",
    "username",
    "identity",
    "active",
    "standby",
    "ipv4",
    "ipv6",
    "address",
    "nbma",
    "tunnel",
    "network",
    "group",
    "filter",
    "all",
    "last",
    "include",
    "exclude",
    "section",
    "begin",
)
"""Words behind which a command shows a part. With their values they are the argument, not the command."""
_ALONE = frozenset({"identity", "active", "standby", "ipv4", "ipv6", "all"})
"""Filters that take no value."""
_NAMED_THING = re.compile(r"[A-Za-z-]+\s*\d[\d/.:]*$|[0-9A-Fa-f.:/]*[.:][0-9A-Fa-f.:/]*$|\d{1,10}$")
"""An interface, an address or a number (`back 20`), given without a word before it."""
_FILES = re.compile(r"more\s+(?:system:|nvram:/?)(running|startup)-config\b", re.IGNORECASE)
"""What shows a configuration as a file: on a firewall with its keys."""
_LONGEST = 400


class _Piece(NamedTuple):
    text: str
    start: int


class Typed(NamedTuple):
    """A command in whole words without its filter, and the filter ("peer 192.0.2.1", "| include SPI") or ""."""

    command: str
    argument: str


def resolve(known: Iterable[str], typed: str) -> Typed | None:
    """Return which of the known commands `typed` means; None where none or several fit.

    >>> resolve(["show crypto ipsec sa", "show crypto ipsec sa detail"], "sh cry ips sa pe 192.0.2.1 det")
    Typed(command='show crypto ipsec sa detail', argument='peer 192.0.2.1')
    """
    head, bar, pipe = typed.strip()[:_LONGEST].partition("|")
    head = _FILES.sub(r"show \1-config", head)
    if " " not in head.strip():
        head = head.replace("_", " ")
    pieces = [_Piece(m.group().lower(), m.start()) for m in _PIECE.finditer(head)]
    names = frozenset(known)
    base, used = _base(_without_filters(names), pieces)
    if base is None:
        return None
    rest = _rest(head, pieces[used:], base)
    if rest is None:
        return None
    command = f"{base} detail" if rest.detail else base
    if rest.detail and command not in names:
        return None
    argument = " ".join(filter(None, (rest.argument, f"| {pipe.strip()}" if bar else "")))
    return Typed(command, argument)


@lru_cache(maxsize=64)
def _without_filters(known: frozenset[str]) -> frozenset[str]:
    """Cut `detail` and filters off: "show crypto session local detail" is "show crypto session"."""
    plain = {name.removesuffix(" detail") for name in known}
    return frozenset(_cut(name, plain) for name in plain)


def _cut(name: str, known: set[str]) -> str:
    words = name.split()
    for index in range(2, len(words)):
        shorter = " ".join(words[:index])
        part_of_a_command = words[index] in _ALONE and index + 1 < len(words)  # "show running-config all crypto map"
        if words[index] in _FILTERS and shorter in known and not part_of_a_command:
            return shorter
    return name


def _base(known: frozenset[str], pieces: list[_Piece]) -> tuple[str | None, int]:
    """Return the one command that the pieces begin with, and how many of them it takes.

    The command of most words wins, then the one with most words in full.
    """
    best: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for name in known:
        found = _match(name.split(), [piece.text for piece in pieces])
        if found is not None:
            used, whole = found
            best.setdefault((len(name.split()), whole), []).append((name, used))
    if not best:
        return None, 0
    winners = best[max(best)]
    return winners[0] if len(winners) == 1 else (None, 0)


def _match(words: list[str], pieces: list[str]) -> tuple[int, int] | None:
    """Match words with pieces from the left: pieces used, and words that were typed in full.

    A word with hyphens may be given by its first part alone ("run" for "running-config").
    """
    used = whole = 0
    for word in words:
        parts = word.split("-")
        if used >= len(pieces) or not parts[0].startswith(pieces[used]):
            return None
        whole += pieces[used] == parts[0]
        used += 1
        for part in parts[1:]:
            if used >= len(pieces) or not part.startswith(pieces[used]):
                break
            used += 1
    return used, whole


class _Rest(NamedTuple):
    argument: str
    detail: bool


def _rest(head: str, pieces: list[_Piece], base: str) -> _Rest | None:
    """Read what stands behind the command; None where it is neither `detail`, a filter, an interface nor an address."""
    if base == "show running-config" and [p.text for p in pieces] in (["all"], ["full"], ["brief"]):
        return _Rest("", detail=False)  # the whole configuration, defaults written out, or certificates left out
    detail = _is_detail(pieces[0].text) if pieces else False
    if detail:
        pieces = pieces[1:]
    if not pieces:
        return _Rest("", detail)
    text = head[pieces[0].start :].rstrip()
    last = pieces[-1]
    if len(pieces) > 1 and not detail and _is_detail(last.text):
        detail = True
        text = head[pieces[0].start : last.start].rstrip(" _-")
        pieces = pieces[:-1]
    word = _filter(pieces[0].text)
    if word is None:
        return _Rest(text, detail) if _NAMED_THING.match(text) else None
    value = text[len(pieces[0].text) :].lstrip(" _-")
    if value and word in _ALONE:
        following = _filter(_PIECE.findall(value)[0].lower())
        return _Rest(f"{word} {value}", detail) if following is not None and following not in _ALONE else None
    return _Rest(f"{word} {value}".rstrip(), detail)


def _is_detail(piece: str) -> bool:
    return piece == "details" or (len(piece) >= 2 and "detailed".startswith(piece))


def _filter(piece: str) -> str | None:
    if piece in _FILTERS:
        return piece
    fits = [word for word in _FILTERS if word.startswith(piece)]
    return fits[0] if len(fits) == 1 else None
