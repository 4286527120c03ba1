"""Captures: what devices answered, and how a collection is kept on disk."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

DeviceStatus = Literal["complete", "partial", "timeout", "unreachable", "refused", "auth-failed", "host-key", "error"]
SourceKind = Literal["snapshot", "folder", "session", "show-tech", "logs"]


class Capture(Struct, frozen=True, kw_only=True, gc=False):
    """The text that one device gave to one command at one time.

    `command` is canonical: whole words, lower case, without its argument ("show crypto ipsec sa detail").
    `argument` is a trailing filter or pipe ("peer 192.0.2.1", "| include SPI") or "".
    `file` is relative to the source's own folder, with `/`. `first_line` is the number, in that file, of the
    capture's first line (a session file holds many captures). `numbers` are those of the lines of `text` in the file,
    where they do not follow each other: one device's lines of a file of many, the needed lines of a large log.
    """

    device: str
    command: str
    text: str
    file: str
    argument: str = ""
    first_line: int = 1
    numbers: tuple[int, ...] = ()
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    modified_at: datetime | None = None
    device_clock: str | None = None
    refused: bool = False

    @property
    def words(self) -> str:
        """The command with its argument."""
        return f"{self.command} {self.argument}" if self.argument else self.command

    def number_of(self, line: int) -> int:
        """The number in the file of line `line` of the text; both count from 1."""
        return self.numbers[line - 1] if 0 < line <= len(self.numbers) else self.first_line + line - 1


class NotAsked(Struct, frozen=True, kw_only=True, gc=False):
    """A command of the platform's plan that a collection left out on purpose: its answer could not matter."""

    command: str
    because: str


class Problem(Struct, frozen=True, kw_only=True, gc=False):
    """Something in a source that could not be used, told and not dropped.

    `lost` is false where nothing is missing for it: what was found is only not what one would expect.
    """

    file: str
    problem: str
    line: int | None = None
    lost: bool = True


class DeviceCaptures(Struct, frozen=True, kw_only=True, gc=False):
    """All captures of one device in one collection. `platform` is null where the text did not tell."""

    name: str
    address: str | None = None
    platform: str | None = None
    status: DeviceStatus = "complete"
    error: str | None = None
    captures: tuple[Capture, ...] = ()
    not_asked: tuple[NotAsked, ...] = ()


class Snapshot(Struct, frozen=True, kw_only=True, gc=False):
    """The captures of one collection, from wherever they came.

    `started_at` and `finished_at` are null where the source does not say (a folder without manifest).
    """

    kind: SourceKind
    path: str
    devices: tuple[DeviceCaptures, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    problems: tuple[Problem, ...] = ()


class ManifestTool(Struct, frozen=True, kw_only=True, gc=False):
    """What wrote the snapshot."""

    name: str
    version: str


class ManifestCommand(Struct, frozen=True, kw_only=True, gc=False):
    """One answer of one device, as `manifest.json` lists it."""

    command: str
    file: str
    asked_at: datetime
    answered_at: datetime
    device_clock: str | None
    bytes: int
    sha256: str
    refused: bool


class ManifestDevice(Struct, frozen=True, kw_only=True, gc=False):
    """One device, as `manifest.json` lists it."""

    name: str
    address: str
    platform: str
    status: DeviceStatus
    error: str | None
    commands: tuple[ManifestCommand, ...]
    not_asked: tuple[NotAsked, ...] = ()


class Manifest(Struct, frozen=True, kw_only=True, gc=False, rename={"schema_": "schema"}):
    """`manifest.json`, `vpnaudit.snapshot/1`."""

    schema_: Literal["vpnaudit.snapshot/1"]
    tool: ManifestTool
    started_at: datetime
    finished_at: datetime
    devices: tuple[ManifestDevice, ...]
