"""The whole time that one device may take."""

from __future__ import annotations

import time

from vpnaudit.errors import DeviceError


class Deadline:
    """Runs from its making, for `limit_s` seconds."""

    def __init__(self, device: str, limit_s: float) -> None:
        self._device = device
        self._limit_s = limit_s
        self._ends = time.monotonic() + limit_s

    def remaining_s(self) -> float:
        """Seconds left. Raises DeviceError, status `timeout`, where there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise self.error()
        return left

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._ends

    def error(self) -> DeviceError:
        """What to raise when it is."""
        return DeviceError(self._device, "timeout", f"not done within {self._limit_s:g} s")
