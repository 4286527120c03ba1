"""Writes a collection to disk: aside, flushed, then renamed whole (DESIGN 5)."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

import msgspec

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Manifest, ManifestCommand, ManifestDevice, ManifestTool

SCHEMA: Final = "vpnaudit.snapshot/1"
MANIFEST = "manifest.json"
PARTIAL = ".partial"
"""The ending of a snapshot's folder until it is whole."""

_STAMP = "%Y%m%dT%H%M%SZ"
_LONGEST_NAME = 120
_NOTE_EVERY_S = 5.0
"""Seconds between two manifests of an unfinished run: one a device would cost the square of a fleet's size."""
_HOSTILE = re.compile(r"[^A-Za-z0-9._-]+")


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


class SnapshotWriter:
    """One collection on its way to `<output>/<UTC start>/`. Devices may be written from several threads.

    Until `finish` all is in `<UTC start>.partial`, whose manifest names the devices that were done some seconds ago:
    what a killed run leaves can be read. Raises SourceError where the folder cannot be made.
    """

    def __init__(self, output: Path, *, started_at: datetime, tool: ManifestTool) -> None:
        self._started_at = started_at
        self._tool = tool
        self._devices: dict[str, ManifestDevice] = {}
        self._next_note = time.monotonic()
        self._folders: set[str] = {MANIFEST, MANIFEST + PARTIAL}
        self._lock = threading.Lock()
        try:
            output.mkdir(parents=True, exist_ok=True)
            self.path, self.partial = _new_folder(output, started_at)
        except OSError as error:
            raise SourceError(str(output), f"cannot be written: {error.strerror}") from error

    def device(self, name: str) -> DeviceWriter:
        """A writer for one device's captures, in a folder that no other device has."""
        folder = device_folder_name(name)
        with self._lock:
            if folder.lower() in self._folders:  # file systems may not tell upper from lower case
                folder = f"{folder[:_LONGEST_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
            self._folders.add(folder.lower())
        return DeviceWriter(self.partial, folder)

    def done(self, device: ManifestDevice) -> None:
        """Note a device whose captures are all written."""
        with self._lock:
            self._devices[device.name] = device
            if time.monotonic() >= self._next_note:
                self._write_manifest(datetime.now(UTC))
                self._next_note = time.monotonic() + _NOTE_EVERY_S

    def finish(self, finished_at: datetime) -> Path:
        """Write the manifest, flush all to the disk and give the folder its name; the folder."""
        with self._lock:
            self._write_manifest(finished_at)
            _flush_folder(self.partial)
            self.partial.rename(self.path)
            _flush_folder(self.path.parent)
        return self.path

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
        self._names.add(name)
        (self._root / self._folder).mkdir(exist_ok=True)
        return CaptureWriter(self._root, f"{self._folder}/{name}", limit)


class CaptureWriter:
    """One answer, line by line as it comes. `cut` says that a line would have gone beyond the limit (bytes)."""

    def __init__(self, root: Path, file: str, limit: int) -> None:
        self.file = file
        self.bytes = 0
        self.cut = False
        self._limit = limit
        self._hash = hashlib.sha256()
        self._path = root / file
        self._stream: IO[bytes] = self._path.open("wb")

    def line(self, text: str) -> None:
        """One line without its end. Nothing more is written once the limit is reached."""
        data = text.encode("utf-8", "replace") + b"\n"
        if self.cut or self.bytes + len(data) > self._limit:
            self.cut = True
            return
        self._stream.write(data)
        self._hash.update(data)
        self.bytes += len(data)

    def close(
        self, command: str, *, asked_at: datetime, answered_at: datetime, refused: bool, device_clock: str | None = None
    ) -> ManifestCommand:
        """Flush the file to the disk; its entry of the manifest."""
        _flush(self._stream)
        self._stream.close()
        return ManifestCommand(
            command=command,
            file=self.file,
            asked_at=asked_at,
            answered_at=answered_at,
            device_clock=device_clock,
            bytes=self.bytes,
            sha256=self._hash.hexdigest(),
            refused=refused,
        )

    def discard(self) -> None:
        """Take the file away again."""
        self._stream.close()
        self._path.unlink(missing_ok=True)


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


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
