"""Collects all devices of an inventory into one snapshot."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from nornir.core import Nornir
from nornir.core.task import Result, Task

from vpnaudit._version import __version__
from vpnaudit.collect.admission import MOST_REFUSED, Admission
from vpnaudit.collect.attempts import RETRIES, Attempts
from vpnaudit.collect.deadline import STOPPED, Deadlines
from vpnaudit.collect.device import DeviceCollection, Limits, refused_device
from vpnaudit.collect.events import Events, Watch
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.plugin import register_connection
from vpnaudit.collect.progress import OnDone, OnStart, Progress
from vpnaudit.collect.runner import Workers
from vpnaudit.errors import SourceError, UsageError
from vpnaudit.model.platform import Platform
from vpnaudit.model.snapshot import ManifestDevice, ManifestTool
from vpnaudit.snapshot.write import SnapshotWriter

MAX_OUTPUT = 256_000_000
"""Bytes of one answer."""
_TIDY_EVERY = 10
"""Devices. What is left of a paramiko session holds itself, and much of OpenSSL's memory, of which Python's collector
sees too little to hurry."""
_LAST_S = 1.2
"""Seconds that devices have, when the run is interrupted, to hand over what they have."""


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
    retries: int = RETRIES,
    retry_pause_s: float = 2.0,
    most_refused: int = MOST_REFUSED,
    resume: Path | None = None,
    watch: Sequence[Watch] = (),
) -> Path:
    """Collect every device of `nornir`, as many at a time as its runner has threads. Gives the snapshot's folder.

    `plans` gives each platform name and alias of the inventory what to send, what to mask. `timeout_s` is one device in
    all, from its first connection attempt. `host_keys` is `strict` or `accept-new`; `known_hosts` is looked for in
    `inventory_folder`, then at the user's. `on_start` and `on_done` hear of each device, one call at a time, `watch` of
    everything that happens. `retries` and `retry_pause_s` (seconds) are for lines in trouble, `most_refused` is after
    how many refused logins without a good one no other is tried (0: never). `resume` is a `.partial` folder to go on
    with: devices that it has whole are not called.
    Raises UsageError and SourceError before any device is called; trouble with a device is in the manifest. When it is
    interrupted (KeyboardInterrupt), it hangs up on all devices, keeps what there is in the `.partial` folder and raises
    Interrupted, within two seconds.
    """
    if host_keys not in {"strict", "accept-new"}:
        raise UsageError(f"host keys: {host_keys!r} is neither strict nor accept-new")
    keys = HostKeys.of(inventory_folder, "strict" if host_keys == "strict" else "accept-new")
    snapshot = _snapshot(output, resume)
    register_connection()
    attempts = Attempts(Admission(most_refused), Deadlines(), Events(*watch), retries, retry_pause_s)
    collection = _Collection(plans, snapshot, Limits(timeout_s, max_output), keys, attempts)
    missing = nornir.filter(filter_func=lambda host: host.name not in snapshot.whole)
    workers = Workers(getattr(nornir.runner, "num_workers", 1))
    attempts.events.tell("run-begins", devices=len(missing.inventory.hosts))
    gc.freeze()  # what was imported need not be looked through
    try:
        watched = missing.with_runner(workers).with_processors([Progress(on_start, on_done)])
        results = watched.run(task=collection.one, name="collect", on_failed=True)
    except BaseException as error:
        collection.stop()
        workers.join(_LAST_S)
        partial = snapshot.keep()
        attempts.events.tell("run-ends", status="stopped")
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(partial) from None
        raise
    for result in results.values():
        if result.exception is not None:  # no device's trouble, which is in its entry: a full disk, a bug
            raise _of_disk(snapshot.partial, result.exception) from result.exception
    attempts.events.tell(
        "run-ends", status="shut" if attempts.admission.shut else "done", error=attempts.admission.shut
    )
    try:
        return snapshot.finish(datetime.now(UTC))
    except OSError as error:
        raise _of_disk(snapshot.partial, error) from error


class Interrupted(KeyboardInterrupt):
    """The run was interrupted; `partial` is the folder that has what there is."""

    def __init__(self, partial: Path) -> None:
        super().__init__(str(partial))
        self.partial = partial


def _snapshot(output: Path, resume: Path | None) -> SnapshotWriter:
    tool = ManifestTool(name="vpnaudit", version=__version__)
    if resume is not None:
        return SnapshotWriter.resume(resume, tool=tool)
    return SnapshotWriter(output, started_at=datetime.now(UTC), tool=tool)


def _of_disk(partial: Path, error: BaseException) -> BaseException:
    if not isinstance(error, OSError):
        return error
    return SourceError(str(partial), f"cannot be written: {error.strerror}; what it has can be gone on with (--resume)")


class _Collection:
    """What the task of every device shares."""

    def __init__(
        self,
        plans: Mapping[str, Platform],
        snapshot: SnapshotWriter,
        limits: Limits,
        host_keys: HostKeys,
        attempts: Attempts,
    ) -> None:
        self._plans = plans
        self._snapshot = snapshot
        self._limits = limits
        self._host_keys = host_keys
        self._attempts = attempts
        self._stopped = threading.Event()
        self._ended = count(1)

    def stop(self) -> None:
        """Begin no further device, and hang up on those that have begun: they give what they have."""
        self._stopped.set()
        self._attempts.admission.stop()
        self._attempts.deadlines.cut_all()

    def one(self, task: Task) -> Result:
        """The Nornir task: one device. Its result is the device's entry of the manifest."""
        events = self._attempts.events
        began = time.monotonic()
        events.tell("device-begins", task.host.name)
        done = self._one(task)
        if done.commands or not self._stopped.is_set():
            self._snapshot.done(done)
        events.tell(
            "device-done",
            done.name,
            seconds=time.monotonic() - began,
            bytes=sum(entry.bytes for entry in done.commands),
            status=done.status,
            error=done.error,
        )
        if next(self._ended) % _TIDY_EVERY == 0:
            gc.collect()
        return Result(host=task.host, result=done)

    def _one(self, task: Task) -> ManifestDevice:
        name = task.host.get_connection_parameters("netmiko").platform
        platform = self._plans.get(name or "")
        if self._stopped.is_set():
            return refused_device(task.host, STOPPED)
        if platform is None:
            known = ", ".join(sorted(self._plans))
            return refused_device(task.host, f"platform {name!r} is not known; there are {known}")
        writer = self._snapshot.device(task.host.name)
        collection = DeviceCollection(task.host, platform, writer, self._limits, self._host_keys, self._attempts)
        return collection.run(task.nornir.config)
