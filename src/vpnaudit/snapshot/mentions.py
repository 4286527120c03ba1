"""Which devices' captures speak of a tunnel, found in the bytes of the files before anything is parsed.

A search over all files of 2,000 devices takes half a second, parsing them half a minute (docs/performance.md). What is
found is more than what matters, never less: an address counts wherever it stands as the device's own, an SPI wherever
its digits stand, and a file that is not plain text counts as if it spoke of the tunnel.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import ahocorasick_rs
from msgspec import Struct

_AT_ONCE = 1 << 24
"""Bytes of a file that are searched in one piece."""
_OVERLAP = 1 << 12
"""Bytes of a piece that are searched again with the next, for a line that lies in both."""
_NOT_PLAIN = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff")
"""How gzip, bzip2, xz, zstandard, zip and UTF-16 begin."""
_HEAD = 1 << 10
_BEFORE = 200
"""Bytes of a line before an address that can say whose it is."""
_OWN = re.compile(
    rb"\b(?:ip|ipv6) address\b|\binternet address is\b|\busing address of\b|\b(?:standby|vrrp|glbp|hsrp)\b"
    rb"|\btunnel source\b|^\s*name\b|\blocal\b(?:(?!remote|,).)*$|^\s*\d+\s+$"
)
"""What stands on a line before an address that is the device's own: configuration (a name for an address and VRRP's
`address X primary` too), interfaces, `local crypto endpt.: X`, the first column of IKE tables."""
_BOTH = {"here", "there"}
_OWN_BEHIND = re.compile(rb"\s+(?:primary|secondary)\b")
_IPV4 = re.compile(rb"[\d.]+")
_DIGITS = frozenset(bytes([digit]) for digit in b"0123456789")
_MORE = _DIGITS | {b"."}


class Sought(Struct, frozen=True, kw_only=True, gc=False):
    """What makes a device matter to a tunnel.

    `here` and `there` are the addresses of the two ends: a device matters that has one of them as its own, or that
    speaks of one of each on one line. It matters too if it has one of `owners` as its own, or speaks anywhere of one of
    `spis` or of `anywhere`.
    """

    here: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    anywhere: frozenset[str] = frozenset()
    spis: frozenset[int] = frozenset()


class Search:
    """Looks through devices' files for what is sought."""

    def __init__(self, sought: Sought) -> None:
        self._sides: dict[bytes, frozenset[str]] = {}
        for side in ("here", "there", "owners", "anywhere"):
            for address in getattr(sought, side):
                for spelled in _spellings(address):
                    self._sides[spelled] = self._sides.get(spelled, frozenset()) | {side}
        spis = {word for spi in sought.spis for word in (f"{spi:x}".encode(), f"({spi})".encode())}
        self._patterns = sorted({*self._sides, *spis})
        self._search = ahocorasick_rs.BytesAhoCorasick(
            self._patterns, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def finds(self, files: Iterable[str]) -> bool:
        """Whether one of a device's files makes it matter. A file that cannot be read does not."""
        return any(self._in_piece(piece) for file in files for piece in _pieces(file))

    def _in_piece(self, piece: bytes | None) -> bool:
        if piece is None:
            return True
        text = piece.lower()
        line, seen = -1, frozenset[str]()
        for number, start, end in self._search.find_matches_as_indexes(text):
            pattern = self._patterns[number]
            sides = self._sides.get(pattern)
            if sides is None:
                return True
            if not _stands_alone(pattern, text, start, end):
                continue
            begin = _line_of(text, start)
            seen = seen | sides if begin == line else sides
            line = begin
            if "anywhere" in sides or seen >= _BOTH or _is_own(text, begin, start, end):
                return True
        return False


def _line_of(text: bytes, start: int) -> int:
    """Where the line of an address begins. IKE tables print IPv6 in two lines, `dst: X` and `src: Y`."""
    begin = text.rfind(b"\n", 0, start) + 1
    return text.rfind(b"\n", 0, begin - 1) + 1 if text[begin:start].strip() == b"src:" and begin else begin


def _is_own(text: bytes, line: int, start: int, end: int) -> bool:
    """Whether an address stands on its line as the device's own."""
    before = text[max(line, start - _BEFORE) : start]
    return _OWN.search(before) is not None or _OWN_BEHIND.match(text, end) is not None


def _spellings(address: str) -> set[bytes]:
    """An address as a device may print it, in lower case: IPv6 compressed, whole, or without leading zeros."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return {address.lower().encode("utf-8", "replace")} - {b""}
    groups = ":".join(g.lstrip("0") or "0" for g in parsed.exploded.split(":")) if parsed.version == 6 else str(parsed)
    return {spelled.encode() for spelled in (str(parsed), parsed.exploded, groups)}


def _stands_alone(pattern: bytes, text: bytes, start: int, end: int) -> bool:
    """Whether an IPv4 address is not a part of a longer one; anything else counts wherever it stands."""
    if _IPV4.fullmatch(pattern) is None:
        return True
    before, after = text[max(start - 1, 0) : start], text[end : end + 2]
    return before not in _MORE and after[:1] not in _DIGITS and not (after[:1] == b"." and after[1:] in _DIGITS)


def _pieces(file: str) -> Iterator[bytes | None]:
    """A file's bytes; None where they are not plain text."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return
        piece = os.read(handle, min(status.st_size, _AT_ONCE))
        if piece.startswith(_NOT_PLAIN) or b"\0" in piece[:_HEAD]:
            yield None
            return
        yield piece
        left = status.st_size - len(piece)
        while left > 0 and (more := os.read(handle, min(left, _AT_ONCE))):
            yield piece[-_OVERLAP:] + more
            piece, left = more, left - len(more)
    except OSError:
        return
    finally:
        os.close(handle)
