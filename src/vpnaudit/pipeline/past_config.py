"""What the last collection had of a device: the addresses that a peer may know it by, where the inventory has none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct, structs

from vpnaudit.model.device import CONFIG_COMMAND
from vpnaudit.model.snapshot import Manifest
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.platforms.registry import tell_platform
from vpnaudit.platforms.told_by_text import Commands
from vpnaudit.snapshot.folder import read_listed, read_manifest

_NIGHTS = 10
"""How many snapshots are looked into: a device that was not reached lately has its configuration in an older one."""


class PastConfig(Struct, frozen=True, kw_only=True, gc=False):
    """A device's configuration as it was last had."""

    text: str = ""
    addresses: tuple[str, ...] = ()

    def known_to(self, other: PastConfig) -> tuple[str, ...]:
        """Those of its addresses that stand in the other's configuration."""
        words = set(re.findall(r"[\w.:]+", other.text))
        return tuple(address for address in self.addresses if address in words)


def past_configs(output: Path, names: Iterable[str], now: datetime) -> dict[str, PastConfig]:
    """By name, of the newest snapshots in a folder; a device that they do not have has an empty one."""
    found = dict.fromkeys(names, PastConfig())
    for folder in _newest_first(output)[:_NIGHTS]:
        missing = {name for name, config in found.items() if not config.text}
        manifest = read_manifest(folder) if missing else None
        if manifest is not None:
            found |= _read(folder, _narrowed(manifest, missing), now)
    return found


def _newest_first(output: Path) -> list[Path]:
    """The whole snapshots: their names are their times."""
    try:
        return sorted((p for p in output.iterdir() if p.is_dir() and not p.suffix), reverse=True)
    except OSError:
        return []


def _narrowed(manifest: Manifest, names: set[str]) -> Manifest:
    devices = tuple(
        structs.replace(d, commands=tuple(c for c in d.commands if c.command == CONFIG_COMMAND and not c.refused))
        for d in manifest.devices
        if d.name in names
    )
    return structs.replace(manifest, devices=devices)


def _read(folder: Path, manifest: Manifest, now: datetime) -> dict[str, PastConfig]:
    snapshot = read_listed(folder, manifest, Commands(), tell_platform)
    texts = {d.name: "\n".join(c.text for c in d.captures) for d in snapshot.devices}
    return {
        device.name: PastConfig(text=texts[device.name], addresses=tuple(sorted(device.own_addresses)))
        for device in read_devices((snapshot,), now).devices
        if texts.get(device.name)
    }
