"""A zip whose end is missing: its list of members stood there, so each is found by the header in front of it.

PKWARE APPNOTE 4.3.7 (local file header) and 4.3.9 (data descriptor). Only stored and deflated members are read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import IO

from msgspec import Struct

_HEADER = struct.Struct("<4sHHHHHIIIHH")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED, _DESCRIBED_BEHIND, _UTF8 = 0x1, 0x8, 0x800
_STORED, _DEFLATED = 0, 8
_ZIP64_SIZE = 0xFFFFFFFF
_CHUNK = 1 << 16


class CutMember(Struct, frozen=True, kw_only=True, gc=False):
    """A member by its own header. `why` says why it cannot be read; `begin` and `end` bound its data in the file."""

    name: str
    begin: int
    end: int
    deflated: bool
    why: str | None


def cut_members(file: IO[bytes], most: int) -> Iterator[CutMember]:
    """Find the members from the file's beginning up to where they are damaged, cut or cannot be told apart.

    At most `most` bytes are decompressed to find where members end whose header does not say it.
    """
    at = 0
    while True:
        file.seek(at)
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(_SIGNATURE):
            return
        _, _, flags, method, _, _, _, packed, size, name_length, extra_length = _HEADER.unpack(head)
        name = file.read(name_length)
        begin = at + _HEADER.size + name_length + extra_length
        end: int | None = begin + packed
        if flags & _DESCRIBED_BEHIND and not packed:
            end = _end_of_deflated(file, begin, most) if method == _DEFLATED else None
        elif _ZIP64_SIZE in {packed, size}:
            end = None
        why = "is encrypted" if flags & _ENCRYPTED else None
        if method not in {_STORED, _DEFLATED}:
            why = why or "is packed in a way that is not read"
        yield CutMember(
            name=name.decode("utf-8" if flags & _UTF8 else "cp437", "replace").replace("\\", "/"),
            begin=begin,
            end=end if end is not None else begin,
            deflated=method == _DEFLATED,
            why=why if end is not None else why or "does not say where it ends",
        )
        if end is None:
            return
        at = _behind_descriptor(file, end) if flags & _DESCRIBED_BEHIND else end


def _end_of_deflated(file: IO[bytes], begin: int, most: int) -> int | None:
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    file.seek(begin)
    read = out = 0
    while not inflating.eof:
        data = inflating.unconsumed_tail or file.read(_CHUNK)
        if not data or out > most:
            return begin + read
        read += 0 if inflating.unconsumed_tail else len(data)
        try:
            out += len(inflating.decompress(data, _CHUNK))
        except zlib.error:
            return None
    return begin + read - len(inflating.unused_data)


def _behind_descriptor(file: IO[bytes], end: int) -> int:
    """The descriptor has 12 or 20 bytes, with or without a signature of 4: the next header tells."""
    file.seek(end)
    behind = file.read(28)
    return next((end + n for n in (16, 12, 24, 20) if behind[n : n + 2] == b"PK"), end + 16)


class CutStream:
    """A member's bytes; raises EOFError where they end before their time."""

    def __init__(self, file: IO[bytes], member: CutMember) -> None:
        """Begin at the member's first byte; the file's own position is moved."""
        self._file = file
        self._member = member
        self._at = member.begin
        self._inflating = zlib.decompressobj(-zlib.MAX_WBITS) if member.deflated else None

    def __enter__(self) -> CutStream:
        """As a file's."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the file open: the next member is in it."""

    def read(self, size: int) -> bytes:
        """Hand out up to `size` bytes, none at the end. Raises EOFError, zlib.error."""
        if self._inflating is None:
            return self._packed(size)
        while not self._inflating.eof:
            data = self._inflating.unconsumed_tail or self._packed(_CHUNK)
            if not data:
                raise EOFError("it ends in the middle")
            if chunk := self._inflating.decompress(data, size):
                return chunk
        return b""

    def _packed(self, size: int) -> bytes:
        wanted = min(size, self._member.end - self._at)
        self._file.seek(self._at)
        data = self._file.read(wanted)
        self._at += len(data)
        if wanted and not data:
            raise EOFError("it ends in the middle")
        return data
