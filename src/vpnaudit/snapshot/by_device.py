"""Sources of which single devices can be read: snapshots with a manifest, alone or several in one folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from msgspec import Struct, structs

from vpnaudit.model.snapshot import Manifest, ManifestDevice, Problem, Snapshot
from vpnaudit.snapshot.folder import TellPlatform, inside, read_listed
from vpnaudit.snapshot.read import snapshots_in
from vpnaudit.snapshot.session import Resolve


class ByDevice(Struct, frozen=True, kw_only=True, gc=False):
    """One snapshot, of which nothing but the manifest was read yet."""

    root: Path
    manifest: Manifest
    resolve: Resolve
    tell_platform: TellPlatform
    beside: tuple[Problem, ...] = ()
    """What stands beside it in its folder and is not read."""

    @property
    def devices(self) -> tuple[ManifestDevice, ...]:
        """The devices that it has captures of, and those of which nothing was had."""
        return self.manifest.devices

    def files(self, device: ManifestDevice, *, of: tuple[str, ...] = ("",), but: tuple[str, ...] = ()) -> Iterator[str]:
        """The files of a device's captures, of commands that begin with one of `of` and with none of `but`."""
        for command in device.commands:
            if command.command.lower().startswith(of) and not command.command.lower().startswith(but):
                path = self._path(command.file)
                if path is not None:
                    yield path

    def _path(self, file: str) -> str | None:
        parts = PurePosixPath(file).parts
        if not file.startswith("/") and ".." not in parts and "\0" not in file:
            return f"{self.root}/{file}"
        found = inside(self.root, self.root / file)
        return str(found) if found is not None else None

    def read(self, names: Collection[str]) -> Snapshot:
        """The snapshot with the captures of the devices of these names (in lower case) alone.

        Problems are told of what was read; what is not in the manifest is not looked for.
        """
        wanted = tuple(d for d in self.manifest.devices if d.name.lower() in names)
        only = structs.replace(self.manifest, devices=wanted)
        snapshot = read_listed(self.root, only, self.resolve, self.tell_platform)
        return structs.replace(snapshot, problems=(*snapshot.problems, *self.beside))


def by_device(path: Path, resolve: Resolve, tell_platform: TellPlatform) -> tuple[ByDevice, ...]:
    """The snapshots that `path` is or holds, in the order of their start; none where anything else is there to read."""
    snapshots, beside = snapshots_in(path)
    found = [
        ByDevice(root=root, manifest=manifest, resolve=resolve, tell_platform=tell_platform)
        for root, manifest in snapshots
    ]
    found.sort(key=lambda s: (str(s.manifest.started_at), s.root.name))
    if found:
        found[-1] = structs.replace(found[-1], beside=tuple(beside))
    return tuple(found)
