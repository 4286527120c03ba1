"""Archives: a zip, or a tar however packed, unpacked into a folder of its own that is removed when it was read.

An archive is hostile data. Only regular files and folders come out of it, under names that stay inside, each written
here and never by the archive's library; links, devices, encrypted members and names that lead elsewhere are told and
left. What comes out is bounded in number and in bytes, whatever the archive says of its sizes. Nothing here raises on
content except `SourceError`, where the archive as a whole cannot be read.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import stat
import struct
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Literal, cast

import zstandard
from msgspec import Struct

from vpnaudit.errors import SourceError
from vpnaudit.model.printable import printable
from vpnaudit.model.snapshot import Problem
from vpnaudit.snapshot.cut_zip import CutStream, cut_members
from vpnaudit.snapshot.text_file import shown

ArchiveKind = Literal["zip", "tar", "7z", "rar"]

MEMBERS_MAX = 200_000
"""Members of one archive; a fleet of 1000 devices with 40 commands has a fifth of that in one snapshot."""
BYTES_MAX = 8 << 30
_EXPANSION_MAX = 200
_EXPANSION_FREE = 256 << 20
"""An archive may grow to so many bytes whatever its size, and beyond that by the factor, as one packed file may."""
_DEPTH_MAX = 32
_CHUNK = 1 << 20
_BLOCK = 512
_MAGICS: tuple[tuple[bytes, ArchiveKind], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
)
_NAMES = re.compile(r"\.(?:(?P<zip>zip)|tar(?:\.(?:gz|bz2|xz|zst|lzma))?|tgz|tbz2?|txz|tzst|7z|rar)$", re.IGNORECASE)
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,
    NotImplementedError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
)
"""What the libraries raise on damage; `RuntimeError` is also zipfile's word for an encrypted member."""
_OF_DOCUMENTS = ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF")
"""What only zips have that are office documents or programs."""
_LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".git", ".gitignore", ".gitkeep"})
_DRIVE = re.compile(r"[A-Za-z]:")
_UNIX_TIME = 0x5455
"""The extra field of a zip's member that holds its times in UTC (Info-ZIP's "extended timestamp")."""


class Unpacked(Struct, frozen=True, kw_only=True, gc=False):
    """Where an archive's files lie while it is read, and what could not be had of it."""

    root: Path
    problems: tuple[Problem, ...]
    left: int
    """Bytes that archives inside it may still grow to, in all."""


class _Member(Struct, frozen=True, kw_only=True, gc=False):
    """One entry. `why` says why it is not read; `modified` is in seconds since 1970."""

    name: str
    is_folder: bool = False
    why: str | None = None
    modified: float | None = None
    open: Callable[[], IO[bytes] | None] = lambda: None


class _TooMuchError(Exception):
    """More bytes than the archive may grow to."""


def archive_kind(path: Path) -> ArchiveKind | None:
    """What archive a file is, by its first bytes; a name that promises one is believed where the bytes are cut."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            head = stream.read(_BLOCK)
    except OSError:
        return None
    known = next((kind for magic, kind in _MAGICS if head.startswith(magic)), None)
    if known is not None:
        return known
    if _is_tar_header(head) or (_packing(head) is not None and _is_tar_header(_first_block(path))):
        return "tar"
    named = _NAMES.search(path.name)
    return None if named is None else "zip" if named["zip"] else "tar"


def archive_stem(name: str) -> str:
    """An archive's name without its ending.

    >>> archive_stem("captures.tar.gz")
    'captures'
    """
    return _NAMES.sub("", name) or name


@contextmanager
def unpacked(path: Path, most: int = BYTES_MAX) -> Iterator[Unpacked]:
    """Unpack `path` into a folder that is named as the archive and is gone afterwards; a sole top folder is the root.

    `most` is the most bytes that may come out: of an archive inside an archive what the outer one has left.

    Raises:
        SourceError: It is no archive of text files that can be read at all, or nothing can be written.

    """
    kind = archive_kind(path)
    if kind not in {"zip", "tar"}:
        raise SourceError(shown(path), f"is a {kind} archive, which is not read: unpack it and name the folder")
    with tempfile.TemporaryDirectory(prefix="vpnaudit-", ignore_cleanup_errors=True) as place:
        root = Path(place, archive_stem(path.name).strip(". ") or "archive")
        root.mkdir()
        try:
            members = _zip_members(path) if kind == "zip" else _tar_members(path)
            unpacking = _Unpacking(root, min(most, _most(path.stat().st_size)))
            problems = unpacking.run(members, shown(path.name))
        except _DAMAGE as error:
            raise SourceError(shown(path), f"is no {kind} archive that can be read: {_plain(error)}") from error
        if any((root / mark).is_file() for mark in _OF_DOCUMENTS):
            raise SourceError(shown(path), "is an office document or a program: save what is in it as plain text")
        yield Unpacked(root=_top(root), problems=tuple(problems), left=max(unpacking.left, 0))


def _top(root: Path) -> Path:
    found = list(root.iterdir())
    return found[0] if len(found) == 1 and found[0].is_dir() else root


def _most(size: int) -> int:
    return min(BYTES_MAX, max(_EXPANSION_FREE, _EXPANSION_MAX * size))


class _Unpacking:
    """Writes members under `root`, at most `left` bytes."""

    def __init__(self, root: Path, left: int) -> None:
        """Begin with nothing written."""
        self._root = root
        self.left = left
        self._problems: list[Problem] = []
        self._seen: set[Path] = set()

    def run(self, members: Iterator[_Member], archive: str) -> list[Problem]:
        """Write all that may be written; raises what the library raises where not one member can be had."""
        number = 0
        try:
            for number, member in enumerate(members, 1):
                if number > MEMBERS_MAX:
                    self._tell(archive, f"has more than {MEMBERS_MAX:,} members; the rest was not read")
                    break
                self._member(member)
        except _TooMuchError:
            self._tell(archive, "grows to more than an archive of its size may; the rest was not read")
        except _DAMAGE as error:
            if not number:
                raise
            self._tell(archive, f"is damaged or cut behind its member {number}: {_plain(error)}")
        return self._problems

    def _tell(self, file: str, problem: str) -> None:
        self._problems.append(Problem(file=_visible(file), problem=problem))

    def _member(self, member: _Member) -> None:
        if is_litter(member.name):
            return
        parts, why = _inner_parts(member.name)
        why = why or member.why
        if why is not None:
            self._tell(member.name, f"{why}; not read")
            return
        if not parts:
            return
        target = self._root.joinpath(*parts)
        try:
            if member.is_folder:
                target.mkdir(parents=True, exist_ok=True)
                return
            if target in self._seen:
                self._tell(member.name, "stands in the archive more than once; the last one was read")
            target.parent.mkdir(parents=True, exist_ok=True)
            self._write(member, target)
        except OSError as error:
            self._tell(member.name, f"cannot be unpacked: {_plain(error)}")

    def _write(self, member: _Member, target: Path) -> None:
        with target.open("wb") as out:
            self._seen.add(target)
            try:
                with cast("IO[bytes]", member.open()) as stream:
                    self._copy(stream, out)
            except _DAMAGE as error:
                self._tell(member.name, f"is damaged or cut, {out.tell()} bytes could be read ({_plain(error)})")
        if member.modified is not None and 0 <= member.modified < 2**33:
            os.utime(target, (member.modified, member.modified))

    def _copy(self, stream: IO[bytes], out: IO[bytes]) -> None:
        while chunk := stream.read(_CHUNK):
            out.write(chunk[: max(self.left, 0)])
            self.left -= len(chunk)
            if self.left < 0:
                raise _TooMuchError


def _inner_parts(name: str) -> tuple[list[str], str | None]:
    """Return the parts of a member's path, or why it is none that may be written."""
    if any(unicodedata.category(c) == "Cc" for c in name):
        return [], "has control characters in its name"
    if name.startswith("/") or _DRIVE.match(name):
        return [], "has an absolute name"
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        return [], "has a name that leads out of the archive"
    return (parts, None) if len(parts) <= _DEPTH_MAX else ([], "lies too deep")


def is_litter(name: str) -> bool:
    """What desktops and version control add to folders and archives, unasked; it is nobody's capture.

    >>> is_litter("captures/.DS_Store")
    True
    """
    return any(part in _LITTER or part.startswith("._") for part in name.split("/"))


def _visible(name: str) -> str:
    return printable(shown(name))[:400]


def _plain(error: BaseException) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return _visible(str(said).partition("\n")[0])[:120]


def _zip_members(path: Path) -> Iterator[_Member]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        yield from _cut_zip_members(path)
        return
    with archive:
        for info in archive.infolist():
            yield _zip_member(archive, info)


def _cut_zip_members(path: Path) -> Iterator[_Member]:
    begun = False
    with path.open("rb") as file:
        for found in cut_members(file, _most(path.stat().st_size)):
            begun = True
            stream = cast("IO[bytes]", CutStream(file, found))
            yield _Member(
                name=found.name, is_folder=found.name.endswith("/"), why=found.why, open=partial(_itself, stream)
            )
    if begun:
        raise EOFError("its end is missing, and with it the list of what is in it")
    raise zipfile.BadZipFile("it has not the form of one")


def _itself(stream: IO[bytes]) -> IO[bytes]:
    return stream


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    name = info.orig_filename if "\x00" in info.orig_filename else info.filename.replace("\\", "/")
    mode = info.external_attr >> 16
    why = None
    if info.flag_bits & 0x1:
        why = "is encrypted"
    elif stat.S_ISLNK(mode):
        why = "is a link"
    elif mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        why = "is no regular file"
    return _Member(
        name=name,
        is_folder=name.endswith("/"),
        why=why,
        modified=_zip_time(info),
        open=lambda: archive.open(info),
    )


def _zip_time(info: zipfile.ZipInfo) -> float | None:
    """A zip's own stamp names no zone and is taken as UTC, so that the reader's zone changes nothing."""
    extra, at = info.extra, 0
    while at + 4 <= len(extra):
        field, size = struct.unpack_from("<HH", extra, at)
        if field == _UNIX_TIME and size >= 5 and at + 9 <= len(extra) and extra[at + 4] & 1:
            return float(struct.unpack_from("<i", extra, at + 5)[0])
        at += 4 + size
    try:
        return datetime(*info.date_time, tzinfo=UTC).timestamp()
    except ValueError:
        return None


class _Counted:
    """A tar's bytes as they come out of its packing, counted, and the last block of them."""

    def __init__(self, stream: IO[bytes], left: int) -> None:
        """Hand out at most `left` bytes of `stream`."""
        self._stream = stream
        self._left = left
        self.tail = b""

    def read(self, size: int) -> bytes:
        """As a file's; raises where the tar grows too large."""
        chunk = self._stream.read(size)
        self._left -= len(chunk)
        if self._left < 0:
            raise _TooMuchError
        self.tail = (self.tail + chunk)[-_BLOCK:]
        return chunk


def _tar_members(path: Path) -> Iterator[_Member]:
    with path.open("rb") as raw, _opened(raw) as stream:
        counted = _Counted(stream, _most(path.stat().st_size))
        with tarfile.open(fileobj=cast("IO[bytes]", counted), mode="r|") as archive:
            for info in archive:
                yield _tar_member(archive, info)
        while counted.read(_CHUNK):
            pass
    if counted.tail.strip(b"\x00"):
        raise EOFError("it ends without its end mark")


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    why = None
    if info.issym() or info.islnk():
        why = "is a link"
    elif not info.isreg() and not info.isdir():
        why = "is no regular file"
    return _Member(
        name=info.name,
        is_folder=info.isdir(),
        why=why,
        modified=float(info.mtime),
        open=lambda: archive.extractfile(info),
    )


def _is_tar_header(block: bytes) -> bool:
    """Whether a block carries the checksum of a tar's header; the oldest have no other mark."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


def _first_block(path: Path) -> bytes:
    try:
        with path.open("rb") as raw, _opened(raw) as stream:
            return stream.read(_BLOCK)
    except _DAMAGE:
        return b""


def _packing(head: bytes) -> Callable[[IO[bytes]], IO[bytes]] | None:
    if head.startswith(b"\x1f\x8b"):
        return lambda raw: cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if head.startswith(b"BZh"):
        return lambda raw: cast("IO[bytes]", bz2.BZ2File(raw))
    if head.startswith(b"\xfd7zXZ\x00"):
        return lambda raw: cast("IO[bytes]", lzma.LZMAFile(raw))
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        return lambda raw: cast("IO[bytes]", reader.stream_reader(raw, read_across_frames=True))
    return None


def _opened(raw: IO[bytes]) -> IO[bytes]:
    head = raw.read(6)
    raw.seek(0)
    packing = _packing(head)
    return packing(raw) if packing is not None else raw
