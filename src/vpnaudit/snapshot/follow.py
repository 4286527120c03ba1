"""Logs that grow: what was written since one looked, also over a rotation, in memory that does not grow with the file.

A log is known by its inode, as `tail -F` does it: where the name stands for another file, or the file became shorter,
the old one is read to its end and the new one from its beginning. What is kept is what the sieve keeps.
"""

from __future__ import annotations

import copy
import os
import select
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Self

from msgspec import Struct, structs

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Capture, Problem, Snapshot
from vpnaudit.snapshot.folder import devices_of
from vpnaudit.snapshot.logfile import line_host, log_captures, split_lines
from vpnaudit.snapshot.rotation import log_name
from vpnaudit.snapshot.sieve import Line, Sieve
from vpnaudit.snapshot.text_file import is_packed, is_text, moment, shown

KEPT_LINES = 200_000
"""Needed lines kept of one log; of more the oldest are left out, and that is said."""
_CHUNK = 1 << 20
_SAMPLE = 1 << 16


class FollowedLogs:
    """Several logs that grow, as one source. A context manager: leaving it closes the files."""

    def __init__(self, paths: Sequence[str | Path], stdin: BinaryIO | None = None, kept: int = KEPT_LINES) -> None:
        """`stdin` is what "-" stands for. Raises SourceError where a log is missing, packed or no text."""
        names = list(dict.fromkeys(map(str, paths)))
        self._name = ", ".join(name if name == "-" else shown(Path(name).name) for name in names)
        self._files = ExitStack()
        self._logs: list[_Log] = []
        with self._files:  # of several logs one may be missing
            for name in names:
                log = _Stream(stdin, kept) if name == "-" else _File(Path(name), kept)
                self._files.callback(log.close)
                self._logs.append(log)
            self._files = self._files.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._files.close()

    def read(self) -> bool:
        """Take what was written since. Whether there was any. Raises SourceError where a log is no text."""
        return sum(log.read() for log in self._logs) > 0  # each of them, not up to the first

    @property
    def ended(self) -> bool:
        """Whether nothing more can come: only a stream has an end."""
        return all(log.ended for log in self._logs)

    def snapshot(self) -> Snapshot:
        """What was read up to now."""
        captures = tuple(capture for log in self._logs for capture in log.captures())
        return Snapshot(
            kind="logs",
            path=self._name,
            devices=devices_of(captures, lambda _texts: None),
            problems=tuple(problem for log in self._logs for problem in log.problems()),
        )


class _Text:
    """The needed lines of one text that grows."""

    def __init__(self, kept: int) -> None:
        self._sieve = Sieve(line_host)
        self._lines: deque[Line] = deque(maxlen=kept)
        self._taken = 0
        self.bytes = 0

    def take(self, chunk: bytes) -> None:
        if not self.bytes and not is_text(chunk[:_SAMPLE]):
            raise ValueError
        self.bytes += len(chunk)
        self._keep(self._sieve.feed(chunk))

    def _keep(self, lines: Sequence[Line]) -> None:
        self._lines.extend(lines)
        self._taken += len(lines)

    @property
    def left_out(self) -> int:
        return self._taken - len(self._lines)

    def lines(self) -> list[Line]:
        """With what the sieve holds back until it has seen more: here that may take hours."""
        return [*self._lines, *copy.copy(self._sieve).finish()]


class _Rotated(Struct, frozen=True, kw_only=True, gc=False):
    """A text that is no longer written. `inode` is null where its file was cut and so is gone."""

    lines: list[Line]
    name: str
    inode: int | None
    written_at: datetime | None


class _Log:
    """One log: the texts that it consisted of, oldest first; the last one grows."""

    ended = False

    def __init__(self, own: str, kept: int) -> None:
        self._own = own
        self._kept = kept
        self._done: list[_Rotated] = []
        self._text = _Text(kept)
        self._left_out = 0

    def read(self) -> bool:
        raise NotImplementedError

    def close(self) -> None:
        """Close what was opened here."""

    def _now(self) -> tuple[str, datetime | None]:
        """The name of the text that grows, and when it was written."""
        raise NotImplementedError

    def captures(self) -> Iterator[Capture]:
        for text in (*self._named(self._done), self._growing()):
            if text.lines:
                yield from log_captures(split_lines(text.lines, self._own), text.name, text.written_at)

    def _growing(self) -> _Rotated:
        name, written_at = self._now()
        return _Rotated(lines=self._text.lines(), name=name, inode=None, written_at=written_at)

    def _named(self, rotated: Sequence[_Rotated]) -> Sequence[_Rotated]:
        """Rotated texts by the names that their files have now."""
        return rotated

    def problems(self) -> Iterator[Problem]:
        left_out = self._left_out + self._text.left_out
        if left_out:
            problem = f"its oldest {left_out:,} lines are no longer kept; read the file without --follow to have all"
            yield Problem(file=self._now()[0], problem=problem)

    def _take(self, stream_pieces: Iterator[bytes]) -> bool:
        before = self._text.bytes
        try:
            for piece in stream_pieces:
                self._text.take(piece)
        except ValueError:
            raise SourceError(self._now()[0], "is not text") from None
        return self._text.bytes > before

    def _begin_anew(self, name: str, inode: int | None, written_at: datetime | None) -> None:
        self._left_out += self._text.left_out
        self._done.append(_Rotated(lines=self._text.lines(), name=name, inode=inode, written_at=written_at))
        self._text = _Text(self._kept)
        self._forget()

    def _forget(self) -> None:
        """Of texts that were rotated away no more is kept than of one."""
        while len(self._done) > 1 and sum(len(text.lines) for text in self._done) > self._kept:
            self._left_out += len(self._done.pop(0).lines)


class _Stream(_Log):
    """Standard input, as much as is there."""

    def __init__(self, stream: BinaryIO | None, kept: int) -> None:
        if stream is None:
            raise SourceError("-", "there is no standard input")
        super().__init__("stdin", kept)
        self._stream = stream

    def read(self) -> bool:
        return self._take(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        while not self.ended and select.select([self._stream], [], [], 0)[0]:
            piece = os.read(self._stream.fileno(), _CHUNK)
            self.ended = not piece
            if piece:
                yield piece

    def _now(self) -> tuple[str, datetime | None]:
        return "-", None


class _File(_Log):
    """A file, whatever rotation does to it."""

    def __init__(self, path: Path, kept: int) -> None:
        super().__init__(shown(log_name(path.name).own), kept)
        self._path = path
        try:
            if not path.is_file():
                raise SourceError(shown(path), "is not a regular file" if path.exists() else "does not exist")
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(shown(path), f"cannot be read: {error.strerror or error}") from error
        if is_packed(self._file.read(_SAMPLE)):
            self.close()
            raise SourceError(shown(path), "is packed, and such a file does not grow; read it without --follow")
        self._file.seek(0)

    def read(self) -> bool:
        some = self._take(self._pieces())
        return self._rotated() or some

    def close(self) -> None:
        self._file.close()

    def _pieces(self) -> Iterator[bytes]:
        while piece := self._file.read(_CHUNK):
            yield piece

    def _now(self) -> tuple[str, datetime | None]:
        return shown(self._path.name), moment(os.fstat(self._file.fileno()).st_mtime)

    def _rotated(self) -> bool:
        mine = os.fstat(self._file.fileno())
        written_at = moment(mine.st_mtime)
        if mine.st_size < self._file.tell():
            self._begin_anew(self._once(f"cut at {written_at:%Y-%m-%d %H:%M:%S} UTC"), None, written_at)
            self._file.seek(0)
            return self._take(self._pieces())
        try:
            there = self._path.stat()
        except OSError:
            return False  # between the old file and the new one; what is still written to the old one is read
        if (there.st_ino, there.st_dev) == (mine.st_ino, mine.st_dev) or not stat.S_ISREG(there.st_mode):
            return False
        return self._turn_to_new(mine, self._once(f"rotated at {written_at:%Y-%m-%d %H:%M:%S} UTC"))

    def _once(self, what: str) -> str:
        return f"{shown(self._path.name)} ({what})"

    def _turn_to_new(self, mine: os.stat_result, name: str) -> bool:
        try:
            new = self._path.open("rb", buffering=0)
        except OSError:
            return False
        self._take(self._pieces())  # what came between the last look and the rotation
        self._begin_anew(name, mine.st_ino, moment(mine.st_mtime))
        self._file.close()
        self._file = new
        self._take(self._pieces())
        return True

    def _named(self, rotated: Sequence[_Rotated]) -> Sequence[_Rotated]:
        if not rotated:
            return rotated
        with os.scandir(self._path.parent) as found:
            names = {entry.inode(): shown(entry.name) for entry in found if entry.is_file(follow_symlinks=False)}
        return [structs.replace(text, name=names.get(text.inode or 0, text.name)) for text in rotated]
