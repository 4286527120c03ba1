"""The lines of a log of any size that an audit needs, found without reading the others one by one.

Chunks of bytes are searched for a list of literals (`model.logs.NEEDED_MARKS`) with the Aho-Corasick library, whose
vector search takes a fifth of `grep -F`'s time (docs/performance.md); only around a hit are lines cut. A hit brings
with it what the message scanner would have joined to it: further lines of the message, and the line before where that
has no message of its own. What was between is not kept; the numbers of the kept lines are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import ahocorasick_rs

from vpnaudit.model.logs import NEEDED_MARKS, REPEATED_MARK

Line = tuple[int, str]
"""Number in the file (from 1), and text without its end."""
HostOf = Callable[[str], str | None]

_EDGE_LINES = 40
"""Kept from the beginning and the end, whatever they say: a header, a prompt, from when to when the log reaches."""
_FURTHER_LINES = 24
_BEHIND = 1 << 16
_AHEAD = 1 << 15
"""Bytes kept in sight on both sides of what is searched, for the lines around a hit."""
_LINE_MAX = 1 << 14
"""Bytes; of a longer line only so much is kept on each side of a hit's beginning."""
_TRIES = 64
_LONG = 1 << 14

_TAG = re.compile(rb"%(?:> ?)?[A-Z][A-Z0-9_]{0,60}(?:->?[A-Za-z0-9_]{1,40}){0,3}->?[0-7]->?[A-Za-z0-9_]")
_STAMPED = re.compile(
    rb"(?:<\d{1,3}>)?(?:1 )?\s{0,3}(?:\d{1,10}: )?[*.]?"
    rb"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6} {1,2}\d|(?:19|20)\d\d[- ])"
)
_OF_MANY_LINES = re.compile(rb"MALLOCFAIL|CPUHOG|(?:crea|dele)te_sa|Syslog logging:")
"""Messages whose further lines may each have a head of their own."""


class Sieve:
    """Takes a log chunk by chunk and hands out the needed lines, in order. Its memory does not grow."""

    def __init__(self, host_of: HostOf) -> None:
        """`host_of` tells whose line a line is: a "last message repeated" belongs to its own host's last message."""
        self._host_of = host_of
        self._search = ahocorasick_rs.BytesAhoCorasick(
            [mark.encode() for mark in NEEDED_MARKS], matchkind=ahocorasick_rs.MatchKind.LeftmostFirst
        )
        import numpy  # noqa: PLC0415 - a tenth of a second, which only a large log is worth

        self._numpy = numpy
        self._text = b""
        self._from = 0
        """Where in `_text` the part begins that was not searched yet."""
        self._counted = 0
        self._number = 1
        """The number of the line in which `_counted` lies."""
        self._last = 0
        self.lines = 0

    def feed(self, chunk: bytes) -> list[Line]:
        """Take more of the log."""
        self._text = self._text[self._drop() :] + chunk
        return self._look(max(self._from, self._text.rfind(b"\n", 0, max(len(self._text) - _AHEAD, 0)) + 1))

    def finish(self) -> list[Line]:
        """End of the log: what was held back, and its last lines."""
        found = self._look(len(self._text))
        at = len(self._text.rstrip(b"\r\n"))
        begin = at
        for _ in range(_EDGE_LINES):
            begin = self._text.rfind(b"\n", 0, begin)
            if begin < 0:
                break
        found += self._cut(max(begin + 1, 0), at) if at else []
        self.lines = self._line_number(len(self._text)) - (1 if self._text.endswith(b"\n") else 0)
        return found

    def _drop(self) -> int:
        """How much of the front is out of sight; counts its lines."""
        behind = self._from - _BEHIND
        drop = self._text.rfind(b"\n", 0, behind) + 1 if behind > 0 else 0
        drop = max(drop, behind - _LINE_MAX, 0)
        self._line_number(max(drop, self._counted))
        self._from -= drop
        self._counted -= drop
        return drop

    def _line_number(self, at: int) -> int:
        """The number of the line in which `at` lies; `at` never goes back behind what was counted."""
        self._number += self._line_ends(self._counted, at)
        self._counted = at
        return self._number

    def _line_ends(self, begin: int, end: int) -> int:
        """Numpy counts a long part five times as fast as `bytes.count`, which is quicker for a short one."""
        if end - begin < _LONG:
            return self._text.count(b"\n", begin, end)
        part = self._numpy.frombuffer(self._text, self._numpy.uint8, end - begin, begin)
        return int(self._numpy.count_nonzero(part == ord("\n")))

    def _look(self, until: int) -> list[Line]:
        found: list[Line] = []
        if self._last < _EDGE_LINES and self._number <= _EDGE_LINES:
            found += self._beginning(until)
        done = self._from
        for _, start, _ in self._search.find_matches_as_indexes(memoryview(self._text)[self._from : until]):
            at = self._from + start
            if at >= done:
                begin, end = self._around(at)
                if end > begin:
                    found += self._cut(begin, end)
                done = max(self._end_of_line(at), end)
        self._from = until
        return found

    def _beginning(self, until: int) -> list[Line]:
        end = 0
        for _ in range(_EDGE_LINES):
            following = self._text.find(b"\n", end, until)
            if following < 0:
                break
            end = following + 1
        return self._cut(0, end - 1) if end else []

    def _around(self, at: int) -> tuple[int, int]:
        """Which part of the text belongs to the hit: from the start of a line to the end of a line."""
        begin, end = self._start_of_line(at), self._end_of_line(at)
        line = self._text[begin:end]
        if REPEATED_MARK in line and not _TAG.search(line):
            return (begin, end) if self._repeats_needed(begin, line) else (begin, begin)
        return self._with_line_before(begin), self._with_further_lines(line, end)

    def _start_of_line(self, at: int) -> int:
        return max(self._text.rfind(b"\n", 0, at) + 1, at - _LINE_MAX)

    def _end_of_line(self, at: int) -> int:
        end = self._text.find(b"\n", at)
        return min(end if end >= 0 else len(self._text), at + _LINE_MAX)

    def _with_line_before(self, begin: int) -> int:
        if begin < 1 or self._text[begin - 1 : begin] != b"\n":
            return begin
        before = self._start_of_line(begin - 1)
        line = self._text[before : begin - 1].rstrip()
        return before if line and (line.endswith(b":") or not _TAG.search(line)) else begin

    def _with_further_lines(self, line: bytes, end: int) -> int:
        many = _OF_MANY_LINES.search(line) is not None
        for _ in range(_FURTHER_LINES):
            if self._text[end : end + 1] != b"\n":
                break
            following = self._end_of_line(end + 1)
            further = self._text[end + 1 : following]
            if _TAG.search(further) or (not many and _STAMPED.match(further)):
                break
            end = following
        return end

    def _repeats_needed(self, begin: int, line: bytes) -> bool:
        """Whether the last line before of the same host is one that was needed."""
        host = self._host_of(line.decode("utf-8", "replace"))
        if host is None:
            return self._is_needed(self._start_of_line(begin - 1), begin - 1) if begin else False
        at = begin
        for _ in range(_TRIES):
            at = self._text.rfind(host.encode(), 0, at)
            if at < 0:
                return False
            start = self._start_of_line(at)
            if self._host_of(self._text[start : self._end_of_line(at)].decode("utf-8", "replace")) == host:
                return self._is_needed(start, self._end_of_line(at))
        return False

    def _is_needed(self, begin: int, end: int) -> bool:
        return bool(self._search.find_matches_as_indexes(self._text[begin:end]))

    def _cut(self, begin: int, end: int) -> list[Line]:
        """The lines of a part of the text that were not handed out before."""
        if begin < self._counted:
            number = self._number - self._line_ends(begin, self._counted)
        else:
            number = self._line_number(begin)
        lines = [
            (n, raw.rstrip(b"\r").decode("utf-8", "replace").replace("\x00", ""))
            for n, raw in enumerate(self._text[begin:end].split(b"\n"), number)
            if n > self._last
        ]
        if lines:
            self._last = lines[-1][0]
        return lines


def needed_lines(chunks: Iterable[bytes], host_of: HostOf) -> Iterator[Line]:
    """The needed lines of a log that comes in chunks, in order."""
    sieve = Sieve(host_of)
    for chunk in chunks:
        yield from sieve.feed(chunk)
    yield from sieve.finish()
