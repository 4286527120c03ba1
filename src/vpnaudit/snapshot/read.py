"""Sources from disk: snapshots, folders of captures, saved sessions, show-techs, logs (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Capture, Problem, Snapshot, SourceKind
from vpnaudit.snapshot.folder import (
    TellPlatform,
    devices_of,
    entries,
    read_file,
    read_folder,
    read_manifest,
    read_snapshot,
)
from vpnaudit.snapshot.logfile import split_log
from vpnaudit.snapshot.session import Resolve
from vpnaudit.snapshot.terminal import undo_terminal
from vpnaudit.snapshot.text_file import SIZE_MAX, TextFile, decode, decompress, read_text_file, shown, stem
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
    snapshots = _folder(path, resolve, tell_platform) if path.is_dir() else (_file(path, resolve, tell_platform),)
    if not any(snapshot.devices for snapshot in snapshots):
        problems = [f"{p.file} {p.problem}" for snapshot in snapshots for p in snapshot.problems]
        more = f" ({'; '.join(problems[:3])}{'; …' if len(problems) > 3 else ''})" if problems else ""
        raise SourceError(shown(path), f"nothing in it can be read{more}")
    return snapshots


def _must_exist(path: Path) -> None:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(shown(path), reason[:1].lower() + reason[1:]) from error


def _folder(path: Path, resolve: Resolve, tell_platform: TellPlatform) -> tuple[Snapshot, ...]:
    whole = read_snapshot(path, resolve, tell_platform)
    if whole is not None:
        return (_unfinished(whole) if path.resolve().name.endswith(PARTIAL) else whole,)
    inner = [entry for entry in entries(path) if _holds_snapshot(entry)]
    if not inner:
        return (read_folder(path, resolve, tell_platform),)
    snapshots = [found for entry in inner if (found := read_snapshot(entry, resolve, tell_platform)) is not None]
    snapshots.sort(key=lambda s: (str(s.started_at), s.path))
    beside = [
        Problem(file=shown(entry.name), problem=_why_beside(entry)) for entry in entries(path) if entry not in inner
    ]
    if beside and snapshots:
        snapshots[-1] = _with_problems(snapshots[-1], beside)
    return tuple(snapshots)


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
    return Snapshot(
        kind=snapshot.kind,
        path=snapshot.path,
        devices=snapshot.devices,
        started_at=snapshot.started_at,
        finished_at=snapshot.finished_at,
        problems=(*snapshot.problems, *problems),
    )


def _file(path: Path, resolve: Resolve, tell_platform: TellPlatform) -> Snapshot:
    name = shown(path.name)
    folder = shown(path.absolute().parent.name) or shown(stem(path.name))
    content = read_file(path, file=name, device=folder, resolve=resolve, named_by_folder=False)
    kind = cast("SourceKind", content.kind or "folder")
    return Snapshot(
        kind=kind, path=name, devices=devices_of(content.captures, tell_platform), problems=content.problems
    )


def read_text(path: Path) -> str:
    """Read one file as text, decompressed and decoded.

    Raises:
        SourceError: It is missing, a folder, or no text.

    """
    return _text_of(path)[0]


def _text_of(path: Path) -> tuple[str, TextFile]:
    _must_exist(path)
    if path.is_dir():
        raise SourceError(shown(path), "is a folder, not a file")
    found = read_text_file(path)
    if found.text is None:
        raise SourceError(shown(path), "; ".join(found.problems) or "is not text")
    return found.text, found


def read_logs(paths: Sequence[str | Path], stdin: IO[bytes] | None = None) -> Snapshot:
    """Read logs of any kind; "-" is `stdin`. A file that holds several devices gives each its own capture.

    Raises:
        SourceError: A file is missing, is a folder, or is no text; "-" without `stdin`.

    """
    captures: list[Capture] = []
    problems: list[Problem] = []
    for path in paths:
        text, found, file = _log(path, stdin)
        problems.extend(Problem(file=file, problem=p) for p in found.problems)
        parts, told = split_log(undo_terminal(text), file, "stdin" if file == STDIN else shown(stem(Path(path).name)))
        problems.extend(told)
        captures.extend(
            Capture(
                device=part.device,
                command=part.command,
                text=part.text,
                file=file,
                first_line=part.first_line,
                modified_at=found.modified_at,
            )
            for part in parts
        )
    names = ", ".join(STDIN if str(p) == STDIN else shown(Path(p).name) for p in paths)
    return Snapshot(
        kind="logs", path=names, devices=devices_of(captures, lambda _texts: None), problems=tuple(problems)
    )


def _log(path: str | Path, stdin: IO[bytes] | None) -> tuple[str, TextFile, str]:
    if str(path) != STDIN:
        text, found = _text_of(Path(path))
        return text, found, shown(Path(path).name)
    if stdin is None:
        raise SourceError(STDIN, "there is no standard input")
    raw = stdin.read(SIZE_MAX + 1)
    data, unpacking = decompress(raw[:SIZE_MAX])
    decoded, decoding = decode(data)
    if decoded is None:
        raise SourceError(STDIN, "; ".join(decoding))
    return decoded, TextFile(text=decoded, problems=(*unpacking, *decoding)), STDIN
