"""Collects all devices of an inventory into one snapshot."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from nornir.core import Nornir
from nornir.core.task import Result, Task

from vpnaudit._version import __version__
from vpnaudit.collect.device import DeviceCollection, Limits, refused_device
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.plugin import register_connection
from vpnaudit.collect.progress import OnDone, OnStart, Progress
from vpnaudit.errors import SourceError, UsageError
from vpnaudit.model.platform import Platform
from vpnaudit.model.snapshot import ManifestDevice, ManifestTool
from vpnaudit.snapshot.write import SnapshotWriter

MAX_OUTPUT = 256_000_000
"""Bytes of one answer."""


def run(  # noqa: PLR0913  all but the first two are options of the command line
    nornir: Nornir,
    plans: Mapping[str, Platform],
    *,
    output: Path,
    inventory_folder: Path,
    timeout_s: float = 300.0,
    max_output: int = MAX_OUTPUT,
    host_keys: str = "strict",
    on_done: OnDone | None = None,
    on_start: OnStart | None = None,
) -> Path:
    """Collect every device of `nornir`, as many at a time as its runner has threads. Gives the snapshot's folder.

    `plans` gives each platform name and alias of the inventory what to send, what to mask. `timeout_s` is one device in
    all, from its first connection attempt. `host_keys` is `strict` or `accept-new`; `known_hosts` is looked for in
    `inventory_folder`, then at the user's. `on_start` and `on_done` hear of each device, one call at a time.
    Raises UsageError and SourceError before any device is called; trouble with a device is in the manifest.
    """
    if host_keys not in {"strict", "accept-new"}:
        raise UsageError(f"host keys: {host_keys!r} is neither strict nor accept-new")
    keys = HostKeys.of(inventory_folder, "strict" if host_keys == "strict" else "accept-new")
    tool = ManifestTool(name="vpnaudit", version=__version__)
    register_connection()
    snapshot = SnapshotWriter(output, started_at=datetime.now(UTC), tool=tool)
    collection = _Collection(plans, snapshot, Limits(timeout_s, max_output), keys)
    try:
        watched = nornir.with_processors([Progress(on_start, on_done)])
        results = watched.run(task=collection.one, name="collect", on_failed=True)
    except BaseException:
        collection.stop()  # Ctrl-C: devices that still wait for a thread are left out
        raise
    for result in results.values():
        if result.exception is not None:  # no device's trouble, which is in its entry: a full disk, a bug
            raise _of_disk(output, result.exception) from result.exception
    try:
        return snapshot.finish(datetime.now(UTC))
    except OSError as error:
        raise _of_disk(output, error) from error


def _of_disk(output: Path, error: BaseException) -> BaseException:
    return SourceError(str(output), f"cannot be written: {error.strerror}") if isinstance(error, OSError) else error


class _Collection:
    """What the task of every device shares."""

    def __init__(
        self, plans: Mapping[str, Platform], snapshot: SnapshotWriter, limits: Limits, host_keys: HostKeys
    ) -> None:
        self._plans = plans
        self._snapshot = snapshot
        self._limits = limits
        self._host_keys = host_keys
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Begin no further device."""
        self._stopped.set()

    def one(self, task: Task) -> Result:
        """The Nornir task: one device. Its result is the device's entry of the manifest."""
        done = self._one(task)
        if not self._stopped.is_set():
            self._snapshot.done(done)
        return Result(host=task.host, result=done)

    def _one(self, task: Task) -> ManifestDevice:
        name = task.host.get_connection_parameters("netmiko").platform
        platform = self._plans.get(name or "")
        if self._stopped.is_set():
            return refused_device(task.host, "the run was ended")
        if platform is None:
            known = ", ".join(sorted(self._plans))
            return refused_device(task.host, f"platform {name!r} is not known; there are {known}")
        writer = self._snapshot.device(task.host.name)
        collection = DeviceCollection(task.host, platform, writer, self._limits, self._host_keys)
        return collection.run(task.nornir.config)
