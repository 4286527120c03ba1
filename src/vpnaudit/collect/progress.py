"""Tells a caller how far the collection is: a Nornir processor, so that no task knows of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from nornir.core.inventory import Host
from nornir.core.task import AggregatedResult, MultiResult, Task

from vpnaudit.model.snapshot import ManifestDevice

OnStart = Callable[[str], None]
"""Hears of a device whose collection begins: its name."""
OnDone = Callable[[str, str, str | None], None]
"""Hears of a device that is done: its name, its status, its error."""


class Progress:
    """Passes Nornir's events on, one at a time, whichever thread they come from."""

    def __init__(self, on_start: OnStart | None, on_done: OnDone | None) -> None:
        self._on_start = on_start
        self._on_done = on_done
        self._lock = threading.Lock()

    def task_started(self, task: Task) -> None:
        """Nornir's event; nothing to tell."""

    def task_completed(self, task: Task, result: AggregatedResult) -> None:
        """Nornir's event; nothing to tell."""

    def task_instance_started(self, task: Task, host: Host) -> None:  # noqa: ARG002  Nornir's signature
        """A device's collection begins."""
        if self._on_start is not None:
            with self._lock:
                self._on_start(host.name)

    def task_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:  # noqa: ARG002
        """A device is done."""
        device = result[0].result
        if self._on_done is not None and isinstance(device, ManifestDevice):
            with self._lock:
                self._on_done(host.name, device.status, device.error)

    def subtask_instance_started(self, task: Task, host: Host) -> None:
        """Nornir's event; there are no subtasks."""

    def subtask_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:
        """Nornir's event; there are no subtasks."""
