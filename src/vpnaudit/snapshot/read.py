"""Sources from disk: snapshots, folders of captures, sessions, show-techs, logs, and archives of them (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from msgspec import structs

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Capture, Manifest, Problem, Snapshot, SourceKind
from vpnaudit.snapshot.archive import BYTES_MAX, archive_kind, is_litter, unpacked
from vpnaudit.snapshot.folder import (
    CONFIG_BY_TEXT,
    OWN_REPORT,
    TellPlatform,
    devices_of,
    entries,
    read_file,
    read_manifest,
    read_snapshot,
)
from vpnaudit.snapshot.logfile import Log, log_captures, read_log
from vpnaudit.snapshot.rotation import by_age, log_name, logging_device, written_by
from vpnaudit.snapshot.session import Resolve
from vpnaudit.snapshot.terminal import as_printed
from vpnaudit.snapshot.text_file import moment, read_text_file, shown, stem
from vpnaudit.snapshot.tree import ARCHIVES_DEEP, read_tree
from vpnaudit.snapshot.write import MANIFEST, PARTIAL

STDIN = "-"


def read_source(path: Path, resolve: Resolve, tell_platform: TellPlatform) -> tuple[Snapshot, ...]:
    """Read whatever `path` is; several snapshots in one folder come in the order of their start.

    `resolve` turns a typed command or a file's stem into (canonical command, argument); `tell_platform` tells a
    device's platform from its texts.

    Raises:
        SourceError: `path` is missing, or nothing in it can be read.

    """
    _must_exist(path)
    snapshots = _read(path, resolve, tell_platform)
    if not any(snapshot.devices for snapshot in snapshots):
        problems = [f"{p.file} {p.problem}" for snapshot in snapshots for p in snapshot.problems]
        more = f" ({'; '.join(problems[:3])}{'; …' if len(problems) > 3 else ''})" if problems else ""
        raise SourceError(shown(path), f"nothing in it can be read{more}")
    return snapshots


def _read(path: Path, resolve: Resolve, tell_platform: TellPlatform) -> tuple[Snapshot, ...]:
    if path.is_dir():
        return _folder(path, resolve, tell_platform)
    if archive_kind(path) is not None:
        return _archive(path, resolve, tell_platform)
    return (_file(path, resolve, tell_platform),)


def _archive(path: Path, resolve: Resolve, tell_platform: TellPlatform, most: int = BYTES_MAX) -> tuple[Snapshot, ...]:
    """What is in an archive is read as if it had been unpacked and named; only the source's name is the archive's."""
    with unpacked(path, most) as found:
        only = entries(found.root)
        alone = len(only) == 1 and only[0].is_file() and archive_kind(only[0]) is None
        read = (
            (_file(only[0], resolve, tell_platform),)
            if alone
            else _folder(found.root, resolve, tell_platform, found.left)
        )
    *before, last = (structs.replace(snapshot, path=shown(path.name)) for snapshot in read)
    return (*before, _with_problems(last, found.problems))


def _must_exist(path: Path) -> None:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(shown(path), reason[:1].lower() + reason[1:]) from error


def _folder(path: Path, resolve: Resolve, tell_platform: TellPlatform, most: int = BYTES_MAX) -> tuple[Snapshot, ...]:
    whole = read_snapshot(path, resolve, tell_platform)
    if whole is not None:
        return (_unfinished(whole) if path.resolve().name.endswith(PARTIAL) else whole,)
    inner, others = _inner_snapshots(path)
    if not inner:
        return read_tree(path, resolve, tell_platform, most=most)
    snapshots = [found for entry in inner if (found := read_snapshot(entry, resolve, tell_platform)) is not None]
    beside: list[Problem] = []
    for entry in others:
        if archive_kind(entry) is None:
            beside.append(_beside(entry, path))
            continue
        try:
            snapshots += _archive(entry, resolve, tell_platform, most)
        except SourceError as error:
            beside.append(structs.replace(_beside(entry, path), problem=error.problem))
    snapshots.sort(key=lambda s: (str(s.started_at), s.path))
    if beside and snapshots:
        snapshots[-1] = _with_problems(snapshots[-1], beside)
    return tuple(snapshots)


def snapshots_in(path: Path) -> tuple[list[tuple[Path, Manifest]], list[Problem]]:
    """The snapshots that `path` is or holds, with their manifests, and what stands beside them; nothing else is read.

    No snapshots where `path` is missing, or is or holds anything else that would be read.
    """
    if not path.is_dir() or path.resolve().name.endswith(PARTIAL):
        return [], []
    whole = read_manifest(path)
    if whole is not None:
        return [(path, whole)], []
    inner, others = _inner_snapshots(path)
    if any(archive_kind(entry) is not None for entry in others):
        return [], []
    found = [(root, manifest) for root in inner if (manifest := read_manifest(root)) is not None]
    return found, [_beside(entry, path) for entry in others]


def _beside(entry: Path, path: Path) -> Problem:
    return Problem(file=shown(entry.relative_to(path).as_posix()), problem=_why_beside(entry))


def _inner_snapshots(path: Path, depth: int = 3) -> tuple[list[Path], list[Path]]:
    """Snapshots in a folder, or under folders that hold nothing but folders; and what stands beside them."""
    found = [entry for entry in entries(path) if not is_litter(entry.name)]
    inner = [entry for entry in found if _holds_snapshot(entry)]
    if inner or not depth or any(entry.is_symlink() or not entry.is_dir() for entry in found):
        return inner, [entry for entry in found if entry not in inner]
    below = [(entry, *_inner_snapshots(entry, depth - 1)) for entry in found]
    inner = [snapshot for _, snapshots, _ in below for snapshot in snapshots]
    return inner, [other for entry, snapshots, others in below for other in (others if snapshots else [entry])]


def _holds_snapshot(entry: Path) -> bool:
    if entry.name.endswith(PARTIAL) or entry.name.startswith(".") or entry.is_symlink():
        return False
    return entry.is_dir() and (entry / MANIFEST).is_file() and read_manifest(entry) is not None


def _why_beside(entry: Path) -> str:
    if entry.name.endswith(PARTIAL):
        return "is what a collection that did not finish left; not read"
    return "stands beside snapshots and is none; not read"


def _unfinished(snapshot: Snapshot) -> Snapshot:
    return _with_problems(snapshot, [Problem(file=snapshot.path, problem="its collection did not finish")])


def _with_problems(snapshot: Snapshot, problems: Sequence[Problem]) -> Snapshot:
    return structs.replace(snapshot, problems=(*snapshot.problems, *problems))


def _file(path: Path, resolve: Resolve, tell_platform: TellPlatform) -> Snapshot:
    name = shown(path.name)
    folder = shown(path.absolute().parent.name) or shown(stem(path.name))
    content = read_file(path, file=name, device=folder, resolve=resolve, named_by_folder=False)
    kind = cast("SourceKind", "folder" if content.kind in {"", OWN_REPORT, CONFIG_BY_TEXT} else content.kind)
    return Snapshot(
        kind=kind, path=name, devices=devices_of(content.captures, tell_platform), problems=content.problems
    )


def read_text(path: Path) -> str:
    """Read one file's text as a device printed it, decompressed and decoded; an archive has none and gives "".

    Raises:
        SourceError: It is missing, a folder, or no text.

    """
    _must_exist(path)
    if archive_kind(path) is not None:
        return ""
    if path.is_dir():
        raise SourceError(shown(path), "is a folder, not a file")
    found = read_text_file(path)
    if found.text is None:
        raise SourceError(shown(path), "; ".join(found.problems) or "is not text")
    return as_printed(found.text)


def read_logs(paths: Sequence[str | Path], stdin: BinaryIO | None = None) -> Snapshot:
    """Read logs of any kind, and archives of them; "-" is `stdin`. Of a file each device has its own capture.

    Of rotated logs the oldest is read first.

    Raises:
        SourceError: A file is missing, is a folder, or is no text; "-" without `stdin`.

    """
    captures: list[Capture] = []
    problems: list[Problem] = []
    for found, file, modified_at in _logs(paths, stdin, problems):
        problems.extend(Problem(file=file, problem=p) for p in found.problems)
        captures.extend(log_captures(found.parts or (), file, modified_at))
    names = ", ".join(STDIN if str(p) == STDIN else shown(Path(p).name) for p in paths)
    return Snapshot(
        kind="logs", path=names, devices=devices_of(captures, lambda _texts: None), problems=tuple(problems)
    )


_NamedLog = tuple[Log, str, datetime | None]
"""What a log holds, its name, and when it was written."""


def _logs(paths: Sequence[str | Path], stdin: BinaryIO | None, problems: list[Problem]) -> Iterator[_NamedLog]:
    for path in sorted(dict.fromkeys(map(str, paths)), key=_by_folder_and_age):
        if path == STDIN:
            yield _log_from(stdin)
        elif archive_kind(Path(path)) is not None:
            yield from _archived_logs(Path(path), problems)
        else:
            yield _log(Path(path), shown(Path(path).name))


def _by_folder_and_age(path: str) -> tuple[str, object]:
    return str(Path(path).parent), by_age(Path(path).name)


def _log_from(stdin: BinaryIO | None) -> _NamedLog:
    if stdin is None:
        raise SourceError(STDIN, "there is no standard input")
    found = read_log(stdin, "stdin")
    if found.parts is None:
        raise SourceError(STDIN, "; ".join(found.problems) or "is not text")
    return found, STDIN, None


def _log(path: Path, file: str) -> _NamedLog:
    _must_be_file(path)
    try:
        with path.open("rb") as stream:
            found = read_log(stream, shown(logging_device(log_name(path.name).own)))
        modified_at = written_by(path.name, moment(path.stat().st_mtime))
    except OSError as error:
        raise SourceError(shown(path), f"cannot be read: {error.strerror or error}") from error
    if found.parts is None:
        raise SourceError(shown(path), "; ".join(found.problems) or "is not text")
    return found, file, modified_at


def _archived_logs(
    path: Path, problems: list[Problem], label: str = "", most: int = BYTES_MAX, depth: int = ARCHIVES_DEEP
) -> Iterator[_NamedLog]:
    """The logs of an archive and of archives in it; `label` stands before their names."""
    with unpacked(path, most) as found:
        problems.extend(structs.replace(p, file=label + p.file) for p in found.problems)
        for file in sorted(map(str, found.root.rglob("*")), key=_by_folder_and_age):
            inner = Path(file)
            if not inner.is_file():
                continue
            name = label + shown(inner.relative_to(found.root).as_posix())
            try:
                if archive_kind(inner) is None or depth <= 1:
                    yield _log(inner, name)
                else:
                    yield from _archived_logs(inner, problems, f"{name}/", found.left, depth - 1)
            except SourceError as error:
                problems.append(Problem(file=name, problem=error.problem))


def _must_be_file(path: Path) -> None:
    _must_exist(path)
    if path.is_dir():
        raise SourceError(shown(path), "is a folder, not a file")
    if not path.is_file():
        raise SourceError(shown(path), "is not a regular file")
