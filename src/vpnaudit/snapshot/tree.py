"""A folder without a manifest, as people keep captures: `<device>/<command>.txt`, under sites and dates, however deep.

A folder names a device where files in it are named by commands (`show_version.txt`) and its own name is no date. What
a folder inside such a folder holds is of the same device. Any other folder is a place: what lies there is named by its
text or by its file. What one device has of the same command in several places are several collections of it, told
apart so that the newest is judged; if nothing says that it is one device, they are two devices of one name.

An archive is a folder with the archive's name. A folder that is a snapshot is read as one, wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

from msgspec import Struct, structs

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Capture, Problem, Snapshot, SourceKind
from vpnaudit.snapshot.archive import BYTES_MAX, archive_kind, archive_stem, is_litter, unpacked
from vpnaudit.snapshot.board import board
from vpnaudit.snapshot.folder import (
    CONFIG_BY_TEXT,
    OWN_REPORT,
    Content,
    TellPlatform,
    devices_of,
    entries,
    inside,
    read_file,
    read_snapshot,
    split_name,
)
from vpnaudit.snapshot.rotation import by_age, log_name
from vpnaudit.snapshot.session import Resolve
from vpnaudit.snapshot.text_file import shown
from vpnaudit.snapshot.write import MANIFEST, PARTIAL

_DEPTH_MAX = 12
ARCHIVES_DEEP = 3
"""Archives in archives; each only as large as what contains it may grow."""
_FILES_MAX = 500_000
_DATE = re.compile(
    r"(?:(?:19|20)\d\d(?:[-_.]?[01]\d(?:[-_.]?[0-3]\d)?)?|[0-3]\d[-_.][01]\d[-_.](?:19|20)\d\d)"
    r"(?:[-_.T ]?[0-2]\d[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?)?Z?$"
)
_DAY = r"(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d(?:[-_.T]?[0-2]\d[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?Z?)?"
_DATED_BEFORE = re.compile(rf"(?P<date>{_DAY})[-_. ]{{1,3}}(?P<name>[A-Za-z].*)$")
_DATED_BEHIND = re.compile(rf"(?P<name>.*?[^-_. ])[-_. ]{{1,3}}(?P<date>{_DAY})$")
_DAY_OR_MONTH = re.compile(r"[0-3]?\d$")

Where = tuple[str, ...]
"""The names of the folders from the source down to a file's own."""


class _Place(Struct, frozen=True, kw_only=True, gc=False, order=True):
    """Where a file lies: the folders down to its device's, and those inside it; without the device's own."""

    site: Where = ()
    inside: Where = ()

    @property
    def parts(self) -> Where:
        """All of them."""
        return (*self.site, *self.inside)


class _Found(Struct, frozen=True, kw_only=True, gc=False):
    """What one file gave, and where it lay."""

    content: Content
    place: _Place
    named: bool


def read_tree(
    root: Path, resolve: Resolve, tell_platform: TellPlatform, *, most: int = BYTES_MAX
) -> tuple[Snapshot, ...]:
    """Read all there is under `root`; several collections of one device come as several snapshots, logs as one more.

    Snapshots in it come last, in the order of their start. Archives in it may grow to `most` bytes each.
    """
    name = shown(root.resolve().name or root)
    walk = _Walk(resolve, tell_platform)
    walk.folder(root, _At(root=root, most=most, owner=_Owner(name=name)))
    loose = [f for f in walk.found if f.content.kind == "logs" and not f.named]
    held = [f for f in walk.found if f.content.captures and f not in loose]
    snapshots = [
        Snapshot(kind=_kind(held), path=name, devices=devices_of(captures, tell_platform))
        for captures in _collections(held)
    ]
    if loose:
        captures = [c for f in loose for c in f.content.captures]
        snapshots.append(Snapshot(kind="logs", path=name, devices=devices_of(captures, tell_platform)))
    snapshots += sorted(walk.snapshots, key=lambda s: (str(s.started_at), s.path))
    first, *more = snapshots or [Snapshot(kind="folder", path=name)]
    told = tuple(p for f in walk.found for p in f.content.problems)
    return (structs.replace(first, problems=(*first.problems, *told)), *more)


def _kind(held: Sequence[_Found]) -> SourceKind:
    kinds = {"folder" if f.content.kind in {"", CONFIG_BY_TEXT} else f.content.kind for f in held}
    return cast("SourceKind", kinds.pop()) if len(kinds) == 1 and "logs" not in kinds else "folder"


class _Owner(Struct, frozen=True, kw_only=True, gc=False):
    """Whose a folder is: a name, which folder has it (an index from the source's own), whether it is a device's."""

    name: str
    at: int | None = None
    is_device: bool = False

    def place(self, where: Where) -> _Place:
        """Where a file lies, without the folder that names its device."""
        if not self.is_device or self.at is None:
            return _Place(site=where)
        return _Place(site=where[: self.at], inside=where[self.at + 1 :])


class _At(Struct, frozen=True, kw_only=True, gc=False):
    """Where the walk is: `root` holds all that may be read, `label` is what the user would type to get there.

    `most` is what an archive found here may grow to, in bytes; `archives` how many archives are around it.
    """

    root: Path
    owner: _Owner
    most: int
    label: str = ""
    where: Where = ()
    archives: int = 0

    def named(self, name: str) -> str:
        """What a file or folder in this one is called."""
        return f"{self.label}{shown(name)}"


class _Walk:
    """One walk through a tree of folders; everything in it is read or told."""

    def __init__(self, resolve: Resolve, tell_platform: TellPlatform) -> None:
        """Begin with nothing found."""
        self.found: list[_Found] = []
        self.snapshots: list[Snapshot] = []
        self._resolve = resolve
        self._tell_platform = tell_platform
        self._left = _FILES_MAX

    def folder(self, folder: Path, at: _At) -> None:
        """Read a folder, then what is in its folders and archives."""
        if (at.where or at.archives) and self._is_snapshot(folder):
            return
        found = sorted(entries(folder), key=lambda path: by_age(path.name))
        if not found and at.where:
            self._tell(at.label.rstrip("/"), "is an empty folder, or one that cannot be listed")
        files: list[Path] = []
        inner: list[Path] = []
        for path in found:
            if is_litter(path.name):
                continue
            why = self._why_not(path, at)
            if why is not None:
                self._tell(at.named(path.name), why)
            else:
                (inner if path.is_dir() or archive_kind(path) is not None else files).append(path)
        if at.where and any(self._is_command(path.name) for path in (*files, *inner)):
            at = structs.replace(at, owner=structs.replace(at.owner, is_device=True))
        for path in files:
            self._file(path, at)
        for path in inner:
            if path.is_dir():
                self.folder(path, _below(at, shown(path.name), path.name))
            else:
                self._archive(path, at)

    def _is_snapshot(self, folder: Path) -> bool:
        whole = read_snapshot(folder, self._resolve, self._tell_platform)
        if whole is not None:
            self.snapshots.append(whole)
        return whole is not None

    def _archive(self, path: Path, at: _At) -> None:
        label = at.named(path.name)
        if at.archives >= ARCHIVES_DEEP:
            self._tell(label, "is an archive in too many archives; not read")
            return
        try:
            with unpacked(path, at.most) as found:
                for problem in found.problems:
                    self._tell(
                        f"{label}/{problem.file}" if problem.file != shown(path.name) else label, problem.problem
                    )
                inner = _below(at, shown(found.root.name), path.name)
                inner = structs.replace(inner, root=found.root, most=found.left, archives=at.archives + 1)
                if self._is_command(path.name):
                    inner = structs.replace(inner, owner=at.owner, where=at.where)
                self.folder(found.root, inner)
        except SourceError as error:
            self._tell(label, error.problem)

    def _why_not(self, path: Path, at: _At) -> str | None:
        if path.name.endswith(PARTIAL):
            return "is what a collection that did not finish left; not read"
        if path.name.startswith("."):
            return "is hidden; not read"
        if path.is_symlink() and inside(at.root, path) is None:
            return "links out of the folder; not read"
        if path.is_dir():
            if path.is_symlink():
                return "is a link to a folder that is read where it stands"
            named_by_command = self._resolve(path.name) is not None or self._is_command(path.name)
            if named_by_command and not any(entry.is_file() for entry in entries(path)):
                return "is a folder where a command's file is expected; not read"
            return "lies too deep; not read" if len(at.where) >= _DEPTH_MAX else None
        self._left -= 1
        return None if self._left >= 0 else f"is beyond the {_FILES_MAX:,} files of one source; not read"

    def _is_command(self, name: str) -> bool:
        device, own = split_name(log_name(archive_stem(name)).own, self._resolve)
        return device is None and self._resolve(own) is not None

    def _file(self, path: Path, at: _At) -> None:
        label = at.named(path.name)
        if path.name == MANIFEST:
            self._tell(label, "is no manifest of a snapshot; read without it")
            return
        owner, place = at.owner, at.owner.place(at.where)
        named, device = owner.is_device or self._is_command(path.name), owner.name
        prefix, _ = split_name(log_name(path.name).own, self._resolve)
        if prefix is not None and not named:
            named = True
            name, date = _without_date(shown(prefix))
            device = name or owner.name
            place = structs.replace(place, inside=(*place.inside, date)) if date else place
        content = read_file(path, file=label, device=device, resolve=self._resolve, named_by_folder=named)
        if content.kind == OWN_REPORT:
            return
        self.found.append(_Found(content=_spelled(content, owner.name), place=place, named=named))

    def _tell(self, file: str, problem: str) -> None:
        content = Content(problems=(Problem(file=file, problem=problem),))
        self.found.append(_Found(content=content, place=_Place(), named=False))


def _below(at: _At, name: str, label: str) -> _At:
    """Go into a folder. Dates and what is inside a device's folder are places of its owner, a name is a device's."""
    owner = at.owner
    if not owner.is_device and not _is_date(name, at.where):
        owner = _Owner(name=name, at=len(at.where))
    return structs.replace(at, owner=owner, where=(*at.where, name), label=f"{at.named(label)}/")


def _is_date(name: str, where: Where) -> bool:
    """Whether a folder is named by a day or a time; a month's or a day's number only inside a year's or a month's."""
    if _DATE.match(name) is not None:
        return True
    return bool(where) and _DAY_OR_MONTH.match(name) is not None and _is_date(where[-1], where[:-1])


def _without_date(prefix: str) -> tuple[str, str]:
    """Of `r1_20261124` the device and the date; a number alone is a date."""
    if prefix.isdigit() or _DATE.match(prefix):
        return "", prefix
    first = _DATED_BEFORE.match(prefix)
    if first is not None:
        return first["name"], first["date"]
    last = _DATED_BEHIND.match(prefix)
    return (last["name"], last["date"]) if last is not None else (prefix, "")


def _spelled(content: Content, name: str) -> Content:
    """A prompt that has the folder's name in other letters is the folder's device."""
    captures = tuple(
        structs.replace(c, device=name) if c.device.lower() == name.lower() else c for c in content.captures
    )
    return structs.replace(content, captures=captures)


def _collections(held: Sequence[_Found]) -> list[list[Capture]]:
    """The captures of each collection. A device that answered no command twice is in the first.

    Of two answers in one place the later counts: one that is named by its command before what only looks like it.
    """
    by_device: dict[str, dict[_Place, list[Capture]]] = {}
    for found in sorted(held, key=lambda f: f.content.kind != CONFIG_BY_TEXT):
        for capture in found.content.captures:
            by_device.setdefault(capture.device, {}).setdefault(found.place, []).append(capture)
    collections: dict[int, list[Capture]] = {}
    for places in by_device.values():
        for index, captures in enumerate(_of_one_name(places)):
            collections.setdefault(index, []).extend(captures)
    return [collections[index] for index in sorted(collections)]


def _of_one_name(places: dict[_Place, list[Capture]]) -> list[list[Capture]]:
    """What one name has in several places: one collection, several of one device, or several devices."""
    if len(places) == 1 or not _repeats(places.values()):
        return [[c for captures in places.values() for c in captures]]
    if not _is_one_device(places):
        return [[_renamed(c, place) for place, captures in places.items() for c in captures]]
    *older, newest = (places[place] for place in sorted(places) if place.parts)
    always = places.get(_Place(), [])
    return [*older, newest, always] if _repeats([always, newest]) else [*older, [*always, *newest]]


def _repeats(places: Iterable[Sequence[Capture]]) -> bool:
    commands = [key for captures in places for key in {(c.command, c.argument) for c in captures}]
    return len(commands) != len(set(commands))


def _is_one_device(places: dict[_Place, list[Capture]]) -> bool:
    """One site at several times, or the same serial number wherever it stands."""
    sites = (place.site for place in places)
    if len({tuple(part for i, part in enumerate(s) if not _is_date(part, s[:i])) for s in sites}) == 1:
        return True
    boards = {board(captures) for captures in places.values()}
    return len(boards) == 1 and None not in boards


def _renamed(capture: Capture, place: _Place) -> Capture:
    return structs.replace(capture, device="/".join((*place.parts, capture.device)))
