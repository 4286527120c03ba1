"""What an unfinished collection has so far: one line a device, added as it is done, so that any moment can be the last.

A killed run's folder is taken up again from here. The last line may be torn, a file may be missing or half written:
what does not hold is not there. Holds the folder against a second run while it is open.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Manifest, ManifestCommand, ManifestDevice

JOURNAL = "journal.jsonl"
SCHEMA: Final = "vpnaudit.journal/1"
_HASHED_AT_ONCE = 1 << 20


class JournalHead(Struct, frozen=True, kw_only=True, gc=False, rename={"schema_": "schema"}):
    """The first line."""

    schema_: Literal["vpnaudit.journal/1"]
    started_at: datetime


class Journal:
    """The open journal of a folder. Raises SourceError where another run holds it, OSError of the disk.

    `begin` before the first `add`, when what stands there was read.
    """

    def __init__(self, partial: Path) -> None:
        self._handle = os.open(partial / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._close = weakref.finalize(self, os.close, self._handle)  # a run that is given up lets it go as well
        if not _lock(self._handle):
            self.close()
            raise SourceError(str(partial), "another run is writing it")

    def begin(self, started_at: datetime) -> None:
        """Write the head of a new journal; go on behind what an old one has."""
        if os.fstat(self._handle).st_size == 0:
            self._write(JournalHead(schema_=SCHEMA, started_at=started_at))
        else:
            os.write(self._handle, b"\n")  # a torn last line must not swallow the next

    def add(self, device: ManifestDevice) -> None:
        """Note a device whose files are all written."""
        self._write(device)

    def close(self) -> None:
        """Let the folder go."""
        self._close()

    def _write(self, entry: JournalHead | ManifestDevice) -> None:
        data = msgspec.json.encode(entry) + b"\n"
        while data:
            data = data[os.write(self._handle, data) :]


class Unfinished(Struct, frozen=True, kw_only=True, gc=False):
    """What was read of an unfinished collection: when it began, and the devices whose files hold, by name."""

    started_at: datetime
    devices: dict[str, ManifestDevice]


def read_unfinished(partial: Path) -> Unfinished:
    """What a `.partial` folder has: of its journal, of its manifest where that is empty. Raises SourceError."""
    try:
        lines = (partial / JOURNAL).read_bytes().splitlines()
    except OSError as error:
        raise SourceError(str(partial), f"cannot be read: {error.strerror}") from error
    if not lines:
        return _of_manifest(partial)
    try:
        started_at = msgspec.json.decode(lines[0], type=JournalHead).started_at
    except msgspec.MsgspecError:
        raise SourceError(str(partial), f"{JOURNAL} has no head") from None
    devices: dict[str, ManifestDevice] = {}
    for line in lines[1:]:
        try:
            device = msgspec.json.decode(line, type=ManifestDevice)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # the run was killed while it wrote this
        devices[device.name] = device
    return Unfinished(started_at=started_at, devices=_that_hold(partial, devices))


def _of_manifest(partial: Path) -> Unfinished:
    try:
        manifest = msgspec.json.decode((partial / "manifest.json").read_bytes(), type=Manifest)
    except OSError as error:
        raise SourceError(str(partial), f"has neither a journal nor a manifest: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SourceError(str(partial), "its manifest cannot be read") from None
    return Unfinished(
        started_at=manifest.started_at, devices=_that_hold(partial, {d.name: d for d in manifest.devices})
    )


def _that_hold(partial: Path, devices: dict[str, ManifestDevice]) -> dict[str, ManifestDevice]:
    return {name: d for name, d in devices.items() if all(_holds(partial, c) for c in d.commands)}


def _holds(partial: Path, command: ManifestCommand) -> bool:
    """Whether the file is in the folder, and is what was noted of it."""
    path = partial / command.file
    if not path.resolve().is_relative_to(partial.resolve()):
        return False
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while data := file.read(_HASHED_AT_ONCE):
                digest.update(data)
    except OSError:
        return False
    return digest.hexdigest() == command.sha256


def _lock(handle: int) -> bool:
    """Keep other runs out until the file is closed, where the system has such locks; whether it was free."""
    try:
        import fcntl  # noqa: PLC0415  not on Windows
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
