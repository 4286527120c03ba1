"""Writes a collection to disk: aside, flushed, then renamed whole (DESIGN 5)."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import FileIO
from itertools import accumulate
from pathlib import Path
from typing import IO, Final, TypeVar

import msgspec

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Manifest, ManifestCommand, ManifestDevice, ManifestTool
from vpnaudit.snapshot.journal import JOURNAL, Journal, Unfinished, read_unfinished

_T = TypeVar("_T")
SCHEMA: Final = "vpnaudit.snapshot/1"
MANIFEST = "manifest.json"
PARTIAL = ".partial"
"""The ending of a snapshot's folder until it is whole."""

_STAMP = "%Y%m%dT%H%M%SZ"
_LONGEST_NAME = 120
_AT_ONCE = 1 << 18
"""Bytes of an answer that are written in one piece."""
_NOTE_EVERY_S = 5.0
"""Seconds between two manifests of an unfinished run: one a device would cost the square of a fleet's size."""
_HOSTILE = re.compile(r"[^A-Za-z0-9._-]+")
_NAME = re.compile(r"\d{8}T\d{6}Z\.partial")
_BEFORE = ".before."
"""How the name begins of a device's earlier folder while it is collected again. No device's folder begins so."""


@lru_cache(maxsize=4096)  # a fleet's devices are asked the same
def capture_file_name(command: str) -> str:
    """The name of a command's capture: lower case, every run outside `[a-z0-9.-]` one `_`, and `.txt`.

    >>> capture_file_name("show crypto ipsec sa detail")
    'show_crypto_ipsec_sa_detail.txt'
    """
    return _bounded(re.sub(r"[^a-z0-9.-]+", "_", command.lower()), command) + ".txt"


def device_folder_name(device: str) -> str:
    """A device's folder: its name, with nothing in it that a file system would follow.

    >>> device_folder_name("../../etc")
    '_.._etc'
    """
    name = _HOSTILE.sub("_", device)
    if name.startswith(".") or not name:
        name = "_" + name.lstrip(".")
    return _bounded(name, device)


def _bounded(name: str, whole: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 9]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def newest_partial(output: Path) -> Path | None:
    """The folder of the newest collection in `output` that was not finished; null where there is none."""
    try:
        names = [p.name for p in output.iterdir() if _NAME.fullmatch(p.name)]
    except OSError:
        return None
    return output / max(names) if names else None


class SnapshotWriter:
    """One collection on its way to `<output>/<UTC start>/`. Devices may be written from several threads.

    Until `finish` all is in `<UTC start>.partial`: its journal names every device that is done, its manifest those that
    were some seconds ago, so that what a killed run leaves can be read and taken up again. Raises SourceError where the
    folder cannot be made.
    """

    def __init__(self, output: Path, *, started_at: datetime, tool: ManifestTool) -> None:
        def new() -> tuple[Path, Path]:
            output.mkdir(parents=True, exist_ok=True)
            return _new_folder(output, started_at)

        self.path, self.partial = _or_source_error(output, new)
        journal = _or_source_error(self.partial, lambda: Journal(self.partial))
        self._begin(Unfinished(started_at=started_at, devices={}), journal, tool)

    @classmethod
    def resume(cls, partial: Path, *, tool: ManifestTool) -> SnapshotWriter:
        """Go on with an unfinished collection. Raises SourceError: no such folder, nothing to read, in use."""
        if not partial.name.endswith(PARTIAL) or not partial.is_dir():
            raise SourceError(str(partial), f"is no unfinished collection (a folder that ends in {PARTIAL})")
        writer = cls.__new__(cls)
        writer.path, writer.partial = partial.with_name(partial.name.removesuffix(PARTIAL)), partial
        if writer.path.exists():
            raise SourceError(str(partial), f"{writer.path.name} exists beside it")
        journal = _or_source_error(partial, lambda: Journal(partial))
        _or_source_error(partial, lambda: _restore_all(partial))
        writer._begin(read_unfinished(partial), journal, tool)  # noqa: SLF001  our own
        _or_source_error(partial, writer._drop_strays)  # noqa: SLF001
        return writer

    def _begin(self, so_far: Unfinished, journal: Journal, tool: ManifestTool) -> None:
        self._started_at = so_far.started_at
        self._tool = tool
        self._devices = dict(so_far.devices)
        self._next_note = time.monotonic()
        self._lock = threading.Lock()
        self._homes = {n: d.commands[0].file.split("/")[0] for n, d in self._devices.items() if d.commands}
        self._folders = {MANIFEST, MANIFEST + PARTIAL, JOURNAL, *(home.lower() for home in self._homes.values())}
        self._earlier: dict[str, ManifestDevice] = {}
        self._journal = journal
        _or_source_error(self.partial, lambda: journal.begin(so_far.started_at))

    @property
    def whole(self) -> frozenset[str]:
        """The devices that need not be collected any more."""
        return frozenset(name for name, device in self._devices.items() if device.status == "complete")

    def device(self, name: str) -> DeviceWriter:
        """A writer for one device's captures, in a folder that no other device has.

        What an earlier run had of it is set aside until `done` knows which of the two is more.
        """
        with self._lock:
            home = self._homes.get(name)
            if home is not None:
                self._earlier[name] = self._devices[name]
                (self.partial / home).rename(self.partial / (_BEFORE + home))
                return DeviceWriter(self.partial, home)
            folder = device_folder_name(name)
            if folder.lower() in self._folders:  # file systems may not tell upper from lower case
                folder = f"{folder[:_LONGEST_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
            self._folders.add(folder.lower())
        return DeviceWriter(self.partial, folder)

    def done(self, device: ManifestDevice) -> None:
        """Note a device whose captures are all written."""
        with self._lock:
            earlier = self._earlier.pop(device.name, None)
            if earlier is not None:
                device = self._better(earlier, device)
            self._devices[device.name] = device
            self._journal.add(device)
            if time.monotonic() >= self._next_note:
                self._write_manifest(datetime.now(UTC))
                self._next_note = time.monotonic() + _NOTE_EVERY_S

    def keep(self) -> Path:
        """The run ends early: note what there is, so that it can be taken up again; the folder."""
        with self._lock:
            self._write_manifest(datetime.now(UTC))
            self._journal.close()
        return self.partial

    def finish(self, finished_at: datetime) -> Path:
        """Write the manifest, flush all to the disk and give the folder its name; the folder."""
        with self._lock:
            self._write_manifest(finished_at)
            (self.partial / JOURNAL).unlink()
            self._journal.close()
            _flush_all(self.partial)
            self.partial.rename(self.path)
            _flush_folder(self.path.parent)
        return self.path

    def _better(self, earlier: ManifestDevice, now: ManifestDevice) -> ManifestDevice:
        """Which of two collections of a device has more; the files of the other are removed."""
        home = self._homes[now.name]
        if now.status == "complete" or len(now.commands) >= len(earlier.commands):
            shutil.rmtree(self.partial / (_BEFORE + home))
            return now
        _restore(self.partial / (_BEFORE + home))
        problem = "; ".join(filter(None, (earlier.error, now.error and f"tried again: {now.error}"))) or None
        return msgspec.structs.replace(earlier, error=problem)

    def _drop_strays(self) -> None:
        """Remove the folders of devices that were not done: nothing says what of them is whole."""
        homes = set(self._homes.values())
        for path in self.partial.iterdir():
            if path.is_dir() and path.name not in homes:
                shutil.rmtree(path)

    def _write_manifest(self, finished_at: datetime) -> None:
        manifest = Manifest(
            schema_=SCHEMA,
            tool=self._tool,
            started_at=self._started_at,
            finished_at=finished_at,
            devices=tuple(self._devices[name] for name in sorted(self._devices)),
        )
        aside = self.partial / (MANIFEST + PARTIAL)
        with aside.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
            _flush(file)
        aside.replace(self.partial / MANIFEST)


class DeviceWriter:
    """The captures of one device."""

    def __init__(self, root: Path, folder: str) -> None:
        self._root = root
        self._folder = folder
        self._names: set[str] = set()

    def capture(self, command: str, *, limit: int) -> CaptureWriter:
        """A new file for one command's answer of at most `limit` bytes."""
        name = capture_file_name(command)
        while name in self._names:  # two commands that differ only in what a file name cannot hold
            name = f"{name.removesuffix('.txt')}_.txt"
        if not self._names:
            (self._root / self._folder).mkdir(exist_ok=True)
        self._names.add(name)
        return CaptureWriter(self._root, f"{self._folder}/{name}", limit)


class CaptureWriter:
    """One answer, some lines at a time. `cut` says that a line would have gone beyond the limit (bytes)."""

    def __init__(self, root: Path, file: str, limit: int) -> None:
        self.file = file
        self.bytes = 0
        self.cut = False
        self._limit = limit
        self._hash = hashlib.sha256()
        self._stream = FileIO(f"{root}/{file}", "w")
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0

    def lines(self, lines: list[str]) -> None:
        """Lines without their ends. Nothing more is written once the limit is reached."""
        if not lines or self.cut:
            return
        data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
        if self.bytes + len(data) > self._limit:
            data = self._that_fit(lines)
            self.cut = True
        self.bytes += len(data)
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes >= _AT_ONCE:
            self._write()

    def _that_fit(self, lines: list[str]) -> bytes:
        """As many of the lines as the limit allows."""
        ends = accumulate((len(line.encode("utf-8", "replace")) + 1 for line in lines), initial=self.bytes)
        number = sum(1 for end in ends if end <= self._limit) - 1
        return "".join(f"{line}\n" for line in lines[:number]).encode("utf-8", "replace")

    def _write(self) -> None:
        data = b"".join(self._waiting)
        self._waiting, self._waiting_bytes = [], 0
        self._hash.update(data)
        while data:
            data = data[self._stream.write(data) :]

    def close(self, command: str, *, asked_at: datetime, answered_at: datetime, refused: bool) -> ManifestCommand:
        """Close the file; its entry of the manifest. It is on the disk when the snapshot is whole."""
        self._write()
        self._stream.close()
        return ManifestCommand(
            command=command,
            file=self.file,
            asked_at=asked_at,
            answered_at=answered_at,
            device_clock=None,
            bytes=self.bytes,
            sha256=self._hash.hexdigest(),
            refused=refused,
        )

    def discard(self) -> None:
        """Take the file away again."""
        self._stream.close()
        Path(self._stream.name).unlink(missing_ok=True)


def _or_source_error(where: Path, act: Callable[[], _T]) -> _T:
    """What `act` gives; trouble of the disk as one line."""
    try:
        return act()
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(str(where), f"cannot be written: {error.strerror}") from error


def _restore_all(partial: Path) -> None:
    """Undo what a killed run had begun anew."""
    for path in partial.glob(f"{_BEFORE}*"):
        _restore(path)


def _restore(before: Path) -> None:
    home = before.with_name(before.name.removeprefix(_BEFORE))
    if home.exists():
        shutil.rmtree(home)
    before.rename(home)


def _new_folder(output: Path, started_at: datetime) -> tuple[Path, Path]:
    """The folder's name-to-be and the one made for now; a second later where another run has the name."""
    while True:
        path = output / started_at.strftime(_STAMP)
        partial = path.with_name(path.name + PARTIAL)
        if not path.exists():
            try:
                partial.mkdir()
            except FileExistsError:
                pass
            else:
                return path, partial
        started_at += timedelta(seconds=1)


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_all(folder: Path) -> None:
    """What is in a folder, and its folders, to the disk.

    In one request where the system has one: file by file, each as soon as it was written, it took a millisecond of CPU
    for seven answers, a tenth of all that a device costs.
    """
    if _flush_file_system(folder):
        return
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            _flush_folder(path)
        else:
            with path.open("rb+") as file:
                _flush(file)


def _flush_file_system(folder: Path) -> bool:
    """The file system of a folder to the disk (syncfs(2) of Linux); whether that can be done here. Raises OSError."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if sys.platform == "linux" else None
    if call is None:
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        if call(handle) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(handle)
    return True


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
