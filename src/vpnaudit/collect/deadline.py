"""The whole time that one device may take, which the end of the run cuts short."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from vpnaudit.errors import DeviceError

STOPPED = "the run was stopped before it was done"


class Deadline:
    """Runs from its making, for `limit_s` seconds. `doing` is what its error names: what the time was spent on."""

    def __init__(self, device: str, limit_s: float) -> None:
        self.doing = "connecting"
        self._device = device
        self._limit_s = limit_s
        self._ends = time.monotonic() + limit_s
        self._cut = threading.Event()
        self._hang_up: Callable[[], None] | None = None

    def remaining_s(self) -> float:
        """Seconds left. Raises DeviceError, status `timeout`, where there are none."""
        left = self._ends - time.monotonic()
        if left <= 0 or self._cut.is_set():
            raise self.error()
        return left

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._cut.is_set() or time.monotonic() >= self._ends

    def error(self) -> DeviceError:
        """What to raise when it is."""
        if self._cut.is_set():
            return DeviceError(self._device, "error", STOPPED)
        return DeviceError(self._device, "timeout", f"not done within {self._limit_s:g} s: still {self.doing}")

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than there is time. Raises DeviceError when it is over."""
        self._cut.wait(min(seconds, self.remaining_s()))
        self.remaining_s()

    def on_cut(self, hang_up: Callable[[], None] | None) -> None:
        """Call this, from another thread, when the time is cut: it wakes whoever waits for the device."""
        self._hang_up = hang_up
        if hang_up is not None and self._cut.is_set():
            hang_up()

    def cut(self) -> None:
        """End it now."""
        self._cut.set()
        hang_up = self._hang_up
        if hang_up is not None:
            hang_up()


class Deadlines:
    """Those of the devices that are being collected, so that the end of the run can cut them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Deadline] = set()
        self._stopped = False

    def begin(self, device: str, limit_s: float) -> Deadline:
        """A deadline that runs from now; cut at once where the run was stopped."""
        deadline = Deadline(device, limit_s)
        with self._lock:
            self._running.add(deadline)
            stopped = self._stopped
        if stopped:
            deadline.cut()
        return deadline

    def end(self, deadline: Deadline) -> None:
        """The device is done."""
        deadline.on_cut(None)
        with self._lock:
            self._running.discard(deadline)

    def cut_all(self) -> None:
        """Stop the run: every device's time is over, those that begin from now on included."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for deadline in running:
            deadline.cut()
