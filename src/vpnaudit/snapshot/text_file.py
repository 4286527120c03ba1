"""One file as text: decompressed within a limit, decoded, with one line for everything that was not as it should be.

Nothing here raises on content. Files are opened only where they are regular files.
"""

from __future__ import annotations

import bz2
import codecs
import io
import lzma
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import zstandard
from msgspec import Struct

SIZE_MAX = 512 * 1024 * 1024
"""Bytes of text of one file, after decompression; more is cut and said."""
LINES_MAX = 8_000_000
"""Lines of one file; at a log's usual length `SIZE_MAX` has half as many. Each line costs far more than its text."""
_EXPANSION_MAX = 200
_EXPANSION_FREE = 32 * 1024 * 1024
"""A packed file may grow to so many bytes whatever its size, and beyond that by the factor; logs pack to a tenth or a
thirtieth, only what was made to exhaust the reader to less than a two-hundredth."""
_GROWN = f"grows to more than {_EXPANSION_MAX} times its size; the rest was not read"
_CHUNK = 1 << 20
_MAGIC = 262
_UTF16_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF32_BOMS = {b"\xff\xfe\x00\x00": "utf-32-le", b"\x00\x00\xfe\xff": "utf-32-be"}
_NULS_LEAST = 0.4
"""The share of NULs from which on every second byte of a text must be one: UTF-16 without its mark."""
_BINARY_SHARE = 0.05
_SAMPLE = 65536
_COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".lzma")
_TEXT_SUFFIXES = (".txt", ".log", ".out", ".cfg", ".conf", ".text", ".eml", ".mbox", ".cap", ".syslog")
_NO_TEXT_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x07\x08\x0c\x1b"))


_AS_BLANK = "vpnaudit-blank"


def _blank_or_replaced(error: UnicodeError) -> tuple[str, int]:
    """Windows' no-break blank, as pages have it and Notepad saves it, is a blank; any other byte is unknown."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("latin-1").translate(_ONLY_BLANKS), error.end


_ONLY_BLANKS = {code: " " if code == 0xA0 else "\ufffd" for code in range(256)}
codecs.register_error(_AS_BLANK, _blank_or_replaced)


class TextFile(Struct, frozen=True, kw_only=True, gc=False):
    """A file's text, lines ended by LF. `text` is None where it holds none; `data` is as on disk, only if asked for."""

    text: str | None
    problems: tuple[str, ...] = ()
    modified_at: datetime | None = None
    data: bytes | None = None


def shown(path: Path | str) -> str:
    """A path that can be printed: bytes that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def stem(name: str) -> str:
    """A file's name without the endings that text and compression have.

    >>> stem("show_crypto_ipsec_sa.txt.gz")
    'show_crypto_ipsec_sa'
    """
    for suffixes in (_COMPRESSED_SUFFIXES, _TEXT_SUFFIXES):
        for suffix in suffixes:
            if name.lower().endswith(suffix) and len(name) > len(suffix):
                name = name[: -len(suffix)]
                break
    return name


def read_text_file(path: Path, *, limit: int = SIZE_MAX, keep_data: bool = False) -> TextFile:
    """Read one file. Never raises: what went wrong is in `problems`."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return TextFile(text=None, problems=("is not a regular file",))
        with path.open("rb") as stream:
            raw, problems = _read(stream, limit)
    except OSError as error:
        return TextFile(text=None, problems=(f"cannot be read: {error.strerror or error}",))
    data, unpacking = decompress(raw, limit)
    text, decoding = decode(data)
    return TextFile(
        text=text,
        problems=(*problems, *unpacking, *decoding),
        modified_at=moment(status.st_mtime),
        data=raw if keep_data else None,
    )


def moment(seconds: float) -> datetime | None:
    """A file's time, where it is one."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _read(stream: BinaryIO, limit: int) -> tuple[bytes, list[str]]:
    data = stream.read(limit + 1)
    return (data[:limit], [_too_big(limit)]) if len(data) > limit else (data, [])


def _too_big(limit: int) -> str:
    return f"is larger than {limit >> 20} MB; the rest was not read"


def decompress(data: bytes, limit: int = SIZE_MAX) -> tuple[bytes, list[str]]:
    """Undo gzip, bzip2, xz and zstandard, told by the first bytes; at most `limit` bytes come out."""
    if _opener(data[:_MAGIC]) is None:
        kind = "zip" if data.startswith(b"PK\x03\x04") else "tar" if data[257:262] == b"ustar" else None
        return (b"", [f"is a {kind} archive: unpack it and name the folder"]) if kind else (data, [])
    unpacked = Unpacked(io.BytesIO(data), limit)
    return b"".join(unpacked.chunks(_CHUNK)), unpacked.problems


class Unpacked:
    """What a stream holds, decompressed chunk by chunk; what was wrong is in `problems` once all was read."""

    def __init__(self, stream: BinaryIO, limit: int | None = None) -> None:
        """`limit` is the most bytes that come out; a packed stream's growth is bounded in any case."""
        self.problems: list[str] = []
        self._raw = _Counted(stream)
        self._limit = limit
        opener = _opener(self._raw.first)
        self._packed = opener is not None
        self._stream = opener(self._raw) if opener is not None else None

    def chunks(self, size: int) -> Iterator[bytes]:
        """Hand out what there is, in chunks of about `size`. Never raises on content."""
        gathered: list[bytes] = []
        held = 0
        for piece in self._pieces(size):
            gathered.append(piece)
            held += len(piece)
            if held >= size:
                yield b"".join(gathered)
                gathered, held = [], 0
        if gathered:
            yield b"".join(gathered)

    def _pieces(self, size: int) -> Iterator[bytes]:
        out = 0
        try:
            while piece := self._stream.read1(size) if self._stream is not None else self._raw.read(size):
                most = self._most()
                out += len(piece)
                if most is not None and out > most:
                    self.problems.append(_too_big(most) if most == self._limit else _GROWN)
                    yield piece[: len(piece) - (out - most)]
                    return
                yield piece
        except (OSError, EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError, ValueError) as error:
            self.problems.append(f"is damaged or cut, {out} bytes could be decompressed ({type(error).__name__})")

    def _most(self) -> int | None:
        grown = max(_EXPANSION_FREE, _EXPANSION_MAX * self._raw.taken) if self._packed else None
        return min((most for most in (grown, self._limit) if most is not None), default=None)


class _Counted(io.RawIOBase):
    """A stream whose first bytes are known in advance, and of which is known how much was taken."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.first = stream.read(_MAGIC)
        self.taken = 0
        self._stream = stream
        self._kept = self.first

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._kept:
            end = size if size >= 0 else len(self._kept)
            data, self._kept = self._kept[:end], self._kept[end:]
        else:
            data = self._stream.read(size)
        self.taken += len(data)
        return data


class _Stream(Protocol):
    """What the four decompressing readers have in common; `read1` hands out what is there before it fails."""

    def read1(self, size: int, /) -> bytes: ...


def _opener(first: bytes) -> Callable[[_Counted], _Stream] | None:
    if first.startswith(b"\x1f\x8b"):
        return _Gzip
    if first.startswith(b"BZh"):
        return lambda raw: cast("_Stream", bz2.BZ2File(cast("BinaryIO", raw)))
    if first.startswith(b"\xfd7zXZ\x00"):
        return lambda raw: cast("_Stream", lzma.LZMAFile(cast("BinaryIO", raw)))
    if first.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstandard
    return None


class _Gzip:
    """gzip in large pieces: the library's own reader takes 8 kB at a time, which costs a large log half its time."""

    def __init__(self, raw: _Counted) -> None:
        self._raw = raw
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._data = b""
        self._begun = False

    def read1(self, size: int, /) -> bytes:
        """Hand out up to `size` bytes; nothing at the end. Raises EOFError where a member is cut, zlib.error."""
        while True:
            self._data = self._data or self._raw.read(_CHUNK // 4)
            if not self._data:
                if self._begun:
                    raise EOFError
                return b""
            self._begun = True
            chunk = self._member.decompress(self._data, size)
            self._data = self._member.unconsumed_tail
            if self._member.eof:
                self._data = self._member.unused_data.lstrip(b"\0")
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                self._begun = False
            if chunk:
                return chunk


def _zstandard(raw: _Counted) -> _Stream:
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
        cast("BinaryIO", raw), read_size=_CHUNK, read_across_frames=True
    )
    return cast("_Stream", reader)


def decode(data: bytes) -> tuple[str | None, list[str]]:
    """Bytes to text, lines ended by LF: UTF-8, or UTF-16 by its mark; None where it is no text at all."""
    if not data:
        return "", ["is empty"]
    encoding, mark = _wide_encoding(data[:_SAMPLE])
    if encoding is not None:
        return _not_too_many_lines(_line_ends(data[mark:].decode(encoding, "replace")), [])
    if _is_binary(data[:_SAMPLE]):
        return None, ["is not text"]
    problems: list[str] = []
    text = data.decode("utf-8-sig", "replace")
    if "\ufffd" in text and b"\xef\xbf\xbd" not in data:
        problems.append("holds bytes that are no UTF-8; they were replaced")
        text = data.decode("utf-8-sig", _AS_BLANK)
    if "\x00" in text:
        problems.append("holds NUL bytes; they were left out")
        text = text.replace("\x00", "")
    if not text.strip():
        problems.append("is empty")
    return _not_too_many_lines(_line_ends(text), problems)


def _not_too_many_lines(text: str, problems: list[str]) -> tuple[str, list[str]]:
    if len(text) <= LINES_MAX or text.count("\n") <= LINES_MAX:
        return text, problems
    low, high = LINES_MAX, len(text)
    while low < high:
        middle = (low + high) // 2
        if text.count("\n", 0, middle) < LINES_MAX:
            low = middle + 1
        else:
            high = middle
    return text[:low], [*problems, f"has more than {LINES_MAX:,} lines; the rest was not read"]


def _line_ends(text: str) -> str:
    if "\r" not in text:
        return text
    if "\n" not in text:
        return text.replace("\r", "\n")
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n")


def is_text(data: bytes) -> bool:
    """Whether bytes are text, by their beginning."""
    return _wide_encoding(data[:_SAMPLE])[0] is not None or not _is_binary(data[:_SAMPLE])


def is_packed(data: bytes) -> bool:
    """Whether bytes are those of a compressed file, by their beginning."""
    return _opener(data[:_MAGIC]) is not None


def to_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Turn UTF-16 and UTF-32 into UTF-8; anything else passes as it is, without UTF-8's own mark."""
    first = next(chunks, b"")
    encoding, mark = _wide_encoding(first[:_SAMPLE])
    if encoding is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chain((first[mark:],), chunks):
        yield decoder.decode(chunk).encode("utf-8", "replace")


def _wide_encoding(sample: bytes) -> tuple[str | None, int]:
    """The encoding of a text whose characters take several bytes each, and the length of its mark.

    Told by the mark, or by the NUL that is every second byte of what a device prints.
    """
    for marks, length in ((_UTF32_BOMS, 4), (_UTF16_BOMS, 2)):
        if sample[:length] in marks:
            return marks[sample[:length]], length
    half = len(sample) // 2
    if half < 2 or sample.count(0) < _NULS_LEAST * len(sample):
        return None, 0
    for encoding, nuls, others in (("utf-16-le", sample[1::2], sample[::2]), ("utf-16-be", sample[::2], sample[1::2])):
        if nuls.count(0) >= 2 * _NULS_LEAST * half and b"\0" not in others and not _is_binary(others):
            return encoding, 0
    return None, 0


def _is_binary(sample: bytes) -> bool:
    controls = len(sample) - len(sample.translate(None, _NO_TEXT_CONTROLS))
    return controls > len(sample) * _BINARY_SHARE
