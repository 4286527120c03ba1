"""Collection as the verbs need it: inventory, credentials, each platform's plan, one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, structs

from vpnaudit import collect
from vpnaudit.errors import InventoryError, UsageError
from vpnaudit.inventory import find_credentials, give_credentials, limit_hosts, load_inventory
from vpnaudit.model.platform import Platform
from vpnaudit.model.snapshot import Manifest
from vpnaudit.platforms.registry import all_platforms
from vpnaudit.snapshot.folder import read_manifest

Ask = Callable[[str, bool], str]
OnDone = Callable[[str, str, str | None], None]


class Wanted(Struct, frozen=True, kw_only=True):
    """What to collect, from where, within which limits. `timeout_s` is one device in all; `max_output` in bytes."""

    inventory: Path
    output: Path
    limit: str | None = None
    workers: int = 20
    timeout_s: float = 300.0
    max_output: int = 256_000_000
    host_keys: str = "strict"


def plans() -> dict[str, Platform]:
    """Every platform that can be collected, by name and alias."""
    found = {}
    for platform in all_platforms():
        if any(c.collected for c in platform.commands):
            asked = tuple(structs.replace(c, command=c.sent or c.command) for c in platform.commands)
            plan = structs.replace(platform, commands=asked)
            found.update(dict.fromkeys((platform.name, *platform.aliases), plan))
    return found


def collect_snapshot(
    wanted: Wanted, environ: Mapping[str, str], *, ask: Ask | None = None, on_done: OnDone | None = None
) -> tuple[Path, Manifest]:
    """Collect the inventory's devices. Gives the snapshot's folder and its manifest.

    `on_done` hears of every finished device: name, status, error. Raises InventoryError and UsageError.
    """
    nornir = load_inventory(wanted.inventory, workers=wanted.workers)
    if wanted.limit is not None:
        nornir = limit_hosts(nornir, wanted.limit)
    if not nornir.inventory.hosts:
        raise InventoryError(str(wanted.inventory), "has no devices")
    give_credentials(nornir, find_credentials(nornir, environ, ask))
    folder = collect.run(
        nornir,
        plans(),
        output=wanted.output,
        timeout_s=wanted.timeout_s,
        max_output=wanted.max_output,
        host_keys=wanted.host_keys,
        inventory_folder=wanted.inventory,
        on_done=on_done,
    )
    return folder, read_manifest_of(folder)


def read_manifest_of(folder: Path) -> Manifest:
    """The manifest of a snapshot that was just written."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder}: the snapshot has no manifest")
    return manifest


def collect_tunnel(
    wanted: Wanted,
    device: str,
    peer: str,
    environ: Mapping[str, str],
    *,
    ask: Ask | None = None,
    on_done: OnDone | None = None,
) -> Path:
    """Collect `device`, and the device that is or has `peer` where the inventory knows it.

    The peer is told by its name, by its management address, or by an entry of `addresses` in its data.
    """
    nornir = load_inventory(wanted.inventory, workers=wanted.workers)
    if device not in nornir.inventory.hosts:
        known = ", ".join(sorted(nornir.inventory.hosts))
        raise UsageError(f"{device} is not in {wanted.inventory}; there are {known}")
    names = {device}
    for name, host in nornir.inventory.hosts.items():
        if peer in {name, host.hostname} or peer in (host.extended_data().get("addresses") or ()):
            names.add(name)
    limited = structs.replace(wanted, limit=",".join(sorted(names)))
    return collect_snapshot(limited, environ, ask=ask, on_done=on_done)[0]
