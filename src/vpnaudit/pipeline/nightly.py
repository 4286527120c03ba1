"""Collection as the verbs need it: inventory, credentials, each platform's plan, one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, structs

from vpnaudit import collect
from vpnaudit.collect.events import Watch
from vpnaudit.errors import InventoryError, UsageError
from vpnaudit.inventory import find_credentials, give_credentials, limit_hosts, load_inventory
from vpnaudit.model.platform import Platform
from vpnaudit.model.snapshot import Manifest
from vpnaudit.platforms.registry import all_platforms
from vpnaudit.snapshot.folder import read_manifest
from vpnaudit.snapshot.write import newest_partial

Ask = Callable[[str, bool], str]
OnDone = Callable[[str, str, str | None], None]


class Wanted(Struct, frozen=True, kw_only=True):
    """What to collect, from where, within which limits. `timeout_s` is one device in all; `max_output` in bytes.

    `retries` are of a connection that failed, `most_refused` logins refused without a good one end the run (0: never).
    `resume`: go on with the newest unfinished collection in `output`, or with `partial` where it is given.
    """

    inventory: Path
    output: Path
    limit: str | None = None
    workers: int = 20
    timeout_s: float = 300.0
    max_output: int = 256_000_000
    host_keys: str = "strict"
    retries: int = collect.RETRIES
    most_refused: int = collect.MOST_REFUSED
    resume: bool = False
    partial: Path | None = None


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
    wanted: Wanted,
    environ: Mapping[str, str],
    *,
    ask: Ask | None = None,
    on_done: OnDone | None = None,
    watch: Sequence[Watch] = (),
) -> tuple[Path, Manifest]:
    """Collect the inventory's devices. Gives the snapshot's folder and its manifest.

    `on_done` hears of every finished device: name, status, error; `watch` of everything that happens. Raises
    InventoryError and UsageError, and Interrupted for KeyboardInterrupt.
    """
    resume = _to_resume(wanted)
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
        retries=wanted.retries,
        most_refused=wanted.most_refused,
        resume=resume,
        watch=watch,
    )
    return folder, read_manifest_of(folder)


def _to_resume(wanted: Wanted) -> Path | None:
    if not wanted.resume:
        if wanted.partial is not None:
            raise UsageError(f"{wanted.partial}: a folder is named only together with --resume")
        return None
    found = wanted.partial or newest_partial(wanted.output)
    if found is None:
        raise UsageError(f"{wanted.output}: has no unfinished collection to resume")
    return found


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
    watch: Sequence[Watch] = (),
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
    return collect_snapshot(limited, environ, ask=ask, on_done=on_done, watch=watch)[0]
