"""A folder without a manifest, as people keep captures: `<device>/<command>.txt`, under sites and dates, however deep.

A folder names a device where files in it are named by commands (`show_version.txt`) and its own name is no date. What
a folder inside such a folder holds is of the same device. Any other folder is a place: what lies there is named by its
text or by its file. What one device has of the same command in several places are several collections of it, told
apart so that the newest is judged; if nothing says that it is one device, they are two devices of one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

from msgspec import Struct, structs

from vpnaudit.model.snapshot import Capture, Problem, Snapshot, SourceKind
from vpnaudit.snapshot.folder import PREFIXED, Content, TellPlatform, devices_of, entries, inside, read_file
from vpnaudit.snapshot.rotation import by_age, log_name
from vpnaudit.snapshot.session import Resolve
from vpnaudit.snapshot.text_file import shown
from vpnaudit.snapshot.write import MANIFEST, PARTIAL

_DEPTH_MAX = 12
_FILES_MAX = 500_000
_DATE = re.compile(
    r"(?:(?:19|20)\d\d(?:[-_.]?[01]\d(?:[-_.]?[0-3]\d)?)?|[0-3]\d[-_.][01]\d[-_.](?:19|20)\d\d)"
    r"(?:[-_.T ]?[0-2]\d[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?)?Z?$"
)
_DAY_OR_MONTH = re.compile(r"[0-3]?\d$")
_BOARD = re.compile(r"^(?:Processor board ID|Serial Number:) {1,4}(\S{4,40})", re.MULTILINE)

Where = tuple[str, ...]
"""The names of the folders from the source down to a file's own."""


class _Found(Struct, frozen=True, kw_only=True):
    """What one file gave. `place` is where it lay, without the folder that names its device."""

    content: Content
    place: Where
    named: bool


def read_tree(root: Path, resolve: Resolve, tell_platform: TellPlatform) -> tuple[Snapshot, ...]:
    """Read all there is under `root`; several collections of one device come as several snapshots, logs as one more."""
    name = shown(root.resolve().name or root)
    walk = _Walk(root, resolve)
    walk.folder(root, (), _Owner(name=name))
    loose = [f for f in walk.found if f.content.kind == "logs" and not f.named]
    held = [f for f in walk.found if f.content.captures and f not in loose]
    snapshots = [
        Snapshot(kind=_kind(held), path=name, devices=devices_of(captures, tell_platform))
        for captures in _collections(held)
    ]
    if loose:
        captures = [c for f in loose for c in f.content.captures]
        snapshots.append(Snapshot(kind="logs", path=name, devices=devices_of(captures, tell_platform)))
    first, *more = snapshots or [Snapshot(kind="folder", path=name)]
    told = tuple(p for f in walk.found for p in f.content.problems)
    return (structs.replace(first, problems=told), *more)


def _kind(held: Sequence[_Found]) -> SourceKind:
    kinds = {f.content.kind or "folder" for f in held}
    return cast("SourceKind", kinds.pop()) if len(kinds) == 1 and "logs" not in kinds else "folder"


class _Owner(Struct, frozen=True, kw_only=True):
    """Whose a folder is: a name, which folder has it (an index from the source's own), whether it is a device's."""

    name: str
    at: int | None = None
    is_device: bool = False

    def place(self, where: Where) -> Where:
        """Where a file lies, without the folder that names its device."""
        if not self.is_device or self.at is None:
            return where
        return where[: self.at] + where[self.at + 1 :]


class _Walk:
    """One walk through a tree of folders; everything in it is read or told."""

    def __init__(self, root: Path, resolve: Resolve) -> None:
        """Begin with nothing found."""
        self.found: list[_Found] = []
        self._root = root
        self._resolve = resolve
        self._left = _FILES_MAX

    def folder(self, folder: Path, where: Where, owner: _Owner) -> None:
        """Read a folder, then what is in its folders."""
        found = sorted(entries(folder), key=lambda path: by_age(path.name))
        if not found and where:
            self._tell("/".join(where), "is an empty folder, or one that cannot be listed")
        files: list[Path] = []
        folders: list[Path] = []
        for path in found:
            why = self._why_not(path, where)
            if why is not None:
                self._tell("/".join((*where, shown(path.name))), why)
            else:
                (folders if path.is_dir() else files).append(path)
        if where and any(self._is_command(path) for path in files):
            owner = structs.replace(owner, is_device=True)
        for path in files:
            self._file(path, where, owner)
        for path in folders:
            self.folder(path, (*where, shown(path.name)), _below(owner, where, shown(path.name)))

    def _why_not(self, path: Path, where: Where) -> str | None:
        if path.name.endswith(PARTIAL):
            return "is what a collection that did not finish left; not read"
        if path.name.startswith("."):
            return "is hidden; not read"
        if inside(self._root, path) is None:
            return "links out of the folder; not read"
        if path.is_dir():
            if path.is_symlink():
                return "is a link to a folder that is read where it stands"
            named_by_command = self._resolve(path.name) is not None or self._is_command(path)
            if named_by_command and not any(entry.is_file() for entry in entries(path)):
                return "is a folder where a command's file is expected; not read"
            return "lies too deep; not read" if len(where) >= _DEPTH_MAX else None
        self._left -= 1
        return None if self._left >= 0 else f"is beyond the {_FILES_MAX:,} files of one source; not read"

    def _is_command(self, path: Path) -> bool:
        return self._resolve(log_name(path.name).own) is not None

    def _file(self, path: Path, where: Where, owner: _Owner) -> None:
        label = "/".join((*where, shown(path.name)))
        if path.name == MANIFEST and not where:
            self._tell(label, "is no manifest of a snapshot; read without it")
            return
        own = log_name(path.name).own
        named, device = owner.is_device or self._is_command(path), owner.name
        if not named and (prefixed := PREFIXED.match(own)) is not None and self._resolve(prefixed["command"]):
            named, device = True, _device_of(shown(prefixed["device"]), owner.name)
        content = read_file(path, file=label, device=device, resolve=self._resolve, named_by_folder=named)
        self.found.append(_Found(content=_spelled(content, owner.name), place=owner.place(where), named=named))

    def _tell(self, file: str, problem: str) -> None:
        content = Content(problems=(Problem(file=file, problem=problem),))
        self.found.append(_Found(content=content, place=(), named=False))


def _below(owner: _Owner, where: Where, name: str) -> _Owner:
    """Whose a folder in a folder is. Dates and what is inside a device's folder are places, a name is a device's."""
    if owner.is_device or _is_date(name, where):
        return owner
    return _Owner(name=name, at=len(where))


def _is_date(name: str, where: Where) -> bool:
    """Whether a folder is named by a day or a time; a month's or a day's number only inside a year's or a month's."""
    if _DATE.match(name) is not None:
        return True
    return bool(where) and _DAY_OR_MONTH.match(name) is not None and _is_date(where[-1], where[:-1])


def _device_of(prefix: str, otherwise: str) -> str:
    """Of `r1-show_version.txt` the first part, unless it is a date or a number."""
    return otherwise if prefix.isdigit() or _DATE.match(prefix) else prefix


def _spelled(content: Content, name: str) -> Content:
    """A prompt that has the folder's name in other letters is the folder's device."""
    captures = tuple(
        structs.replace(c, device=name) if c.device.lower() == name.lower() else c for c in content.captures
    )
    return structs.replace(content, captures=captures)


def _collections(held: Sequence[_Found]) -> list[list[Capture]]:
    """The captures of each collection. A device that answered no command twice is in the first."""
    by_device: dict[str, dict[Where, list[Capture]]] = {}
    for found in held:
        for capture in found.content.captures:
            by_device.setdefault(capture.device, {}).setdefault(found.place, []).append(capture)
    collections: dict[int, list[Capture]] = {}
    for places in by_device.values():
        for index, captures in enumerate(_of_one_name(places)):
            collections.setdefault(index, []).extend(captures)
    return [collections[index] for index in sorted(collections)]


def _of_one_name(places: dict[Where, list[Capture]]) -> list[list[Capture]]:
    """What one name has in several places: one collection, several of one device, or several devices."""
    if len(places) == 1 or not _repeats(places.values()):
        return [[c for captures in places.values() for c in captures]]
    if not _is_one_device(places):
        return [[_renamed(c, place) for place, captures in places.items() for c in captures]]
    *older, newest = (places[place] for place in sorted(places) if place)
    always = places.get((), [])
    return [*older, [*always, *newest]]


def _repeats(places: Iterable[Sequence[Capture]]) -> bool:
    commands = [key for captures in places for key in {(c.command, c.argument) for c in captures}]
    return len(commands) != len(set(commands))


def _is_one_device(places: dict[Where, list[Capture]]) -> bool:
    """One site at several times, or the same serial number wherever it stands."""
    if len({tuple(part for i, part in enumerate(p) if not _is_date(part, p[:i])) for p in places}) == 1:
        return True
    boards = {_board(captures) for captures in places.values()}
    return len(boards) == 1 and None not in boards


def _board(captures: Sequence[Capture]) -> str | None:
    found = (_BOARD.search(c.text) for c in captures if c.command == "show version")
    return next((match[1] for match in found if match is not None), None)


def _renamed(capture: Capture, place: Where) -> Capture:
    return structs.replace(capture, device="/".join((*place, capture.device)))
