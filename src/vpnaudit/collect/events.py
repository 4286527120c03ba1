"""What happens in a run, one event at a time, for whoever watches: progress, log, profile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

EventName = Literal[
    "run-begins", "device-begins", "connected", "logged-in", "ready", "command", "retry", "device-done", "run-ends"
]


class Event(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Something happened. `seconds` is how long it took, `bytes` what was written of the answer.

    `connected`: TCP, with its jump hosts. `logged-in`: from there until the device opened a shell. `ready`: prompt,
    privileges and terminal. `command`: one answer, `status` is `answered`, `refused`, `cut` or `broken`. `device-done`:
    what there is of it is on disk, `status` and `error` as in the manifest. `devices`: how many the run has. Nothing
    in it is a secret.
    """

    time: datetime
    event: EventName
    device: str | None = None
    command: str | None = None
    seconds: float | None = None
    bytes: int | None = None
    status: str | None = None
    error: str | None = None
    attempt: int | None = None
    devices: int | None = None


Watch = Callable[[Event], None]


class Events:
    """Passes events on, one call at a time, whichever thread they come from."""

    def __init__(self, *watchers: Watch) -> None:
        self._watchers = watchers
        self._lock = threading.Lock()

    def tell(  # noqa: PLR0913  an event's fields
        self,
        event: EventName,
        device: str | None = None,
        *,
        command: str | None = None,
        seconds: float | None = None,
        bytes: int | None = None,  # noqa: A002  the field's name
        status: str | None = None,
        error: str | None = None,
        attempt: int | None = None,
        devices: int | None = None,
    ) -> None:
        """Tell every watcher."""
        if not self._watchers:
            return
        happened = Event(
            time=datetime.now(UTC),
            event=event,
            device=device,
            command=command,
            seconds=None if seconds is None else round(seconds, 4),
            bytes=bytes,
            status=status,
            error=error,
            attempt=attempt,
            devices=devices,
        )
        with self._lock:
            for watch in self._watchers:
                watch(happened)
