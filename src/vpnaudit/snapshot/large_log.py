"""A large log among other captures: only the lines that an audit needs are kept of it, as of a lone log file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from msgspec import Struct

from vpnaudit.snapshot.logfile import SIEVE_FROM, first_bytes, line_host
from vpnaudit.snapshot.sieve import Line, needed_lines
from vpnaudit.snapshot.terminal import undo_terminal
from vpnaudit.snapshot.text_file import Unpacked, decode, is_packed, is_text, moment, to_utf8

LARGE = SIEVE_FROM
"""Bytes of text; a smaller file is read whole."""
_CHUNK = 1 << 20
_SEAM = 8
_CAPTURES = (b"#sh", b"# sh", b"#do sh", b">sh", b"> sh", b"-- show ", b"---show ")
"""A command behind a prompt, or a show-tech's heading: more than a log. (An expression takes ten times as long.)"""


class LargeLog(Struct, frozen=True, kw_only=True, gc=False):
    """The needed lines of a large log with their numbers, and what was wrong with the file."""

    lines: Sequence[Line]
    problems: tuple[str, ...]
    modified_at: datetime | None

    @property
    def text(self) -> str:
        """The lines as one text."""
        return undo_terminal("\n".join(line for _, line in self.lines))

    @property
    def numbers(self) -> tuple[int, ...]:
        """Their numbers in the file."""
        return tuple(number for number, _ in self.lines)


class _MoreThanALogError(Exception):
    """Something in the file is a command's answer, of which every line counts."""


def read_large_log(path: Path, is_log: Callable[[str], bool]) -> LargeLog | None:
    """Read a log of `LARGE` bytes or more, packed or not, in memory that does not grow with it.

    None where the file is smaller, cannot be read, or is more than a log: such a file is to be read whole. `is_log`
    judges its beginning. Never raises on content.
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            if path.stat().st_size < LARGE and not is_packed(stream.read(512)):
                return None
            stream.seek(0)
            unpacked = Unpacked(stream)
            chunks = unpacked.chunks(_CHUNK)
            head = first_bytes(chunks, LARGE)
            if len(head) < LARGE or not is_text(head) or not is_log(decode(head)[0] or ""):
                return None
            lines = list(needed_lines(_only_log(to_utf8(chain((head,), chunks))), line_host))
            return LargeLog(lines=lines, problems=tuple(unpacked.problems), modified_at=moment(path.stat().st_mtime))
    except (OSError, _MoreThanALogError):
        return None


def _only_log(chunks: Iterator[bytes]) -> Iterator[bytes]:
    seam = b""
    for chunk in chunks:
        both = seam + chunk[:_SEAM]
        if any(mark in chunk or mark in both for mark in _CAPTURES):
            raise _MoreThanALogError
        seam = chunk[-_SEAM:]
        yield chunk
