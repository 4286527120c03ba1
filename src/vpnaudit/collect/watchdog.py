"""Hangs up on a server whose SSH banner does not come, and on every session when its time is over."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import paramiko

from vpnaudit.collect.alarm import CLOCK
from vpnaudit.collect.deadline import Deadline
from vpnaudit.collect.trouble import NO_BANNER
from vpnaudit.errors import DeviceError

BANNER_S = 20.0
"""Seconds from the connection to the SSH server's version line (RFC 4253 section 4.2), unless ssh's configuration says
otherwise (`ConnectTimeout`, which counts for this line as well there). It is the first that a server sends, before any
reckoning: one that has not come by then would hold a worker for a device's whole time. paramiko's own limit begins anew
with each byte."""


class Watchdog:
    """One alarm for both limits. `client` gives the SSH client once there is one; `hang_up` must wake its readers."""

    def __init__(
        self,
        deadline: Deadline,
        client: Callable[[], paramiko.SSHClient | None],
        hang_up: Callable[[], None],
        connect_timeout_s: float | None = None,
    ) -> None:
        """Begin to watch. Raises DeviceError where the deadline has passed."""
        self._deadline = deadline
        self._client = client
        self._hang_up = hang_up
        self._banner_s = connect_timeout_s or BANNER_S
        self._lock = threading.Lock()
        self._ended = False
        self._banner_was_late = False
        with self._lock:
            self._alarm = CLOCK.set(min(self._banner_s, deadline.remaining_s()), self._look)

    def end(self) -> None:
        """Watch no more. Never raises."""
        with self._lock:
            self._ended = True
            self._alarm.cancel()

    def trouble(self, device: str) -> DeviceError | None:
        """Why it hung up, where it was for the banner's sake."""
        if not self._banner_was_late:
            return None
        if self._deadline.passed:
            self._deadline.doing = "waiting for the SSH banner"
            return self._deadline.error()
        return DeviceError(device, "timeout", f"{NO_BANNER} within {self._banner_s:g} s of the connection")

    def _look(self) -> None:
        with self._lock:
            if self._ended:
                return
            if self._has_banner():
                with contextlib.suppress(DeviceError):  # which says that the time is over
                    self._alarm = CLOCK.set(self._deadline.remaining_s(), self._look)
                    return
            else:
                self._banner_was_late = True
        self._hang_up()

    def _has_banner(self) -> bool:
        client = self._client()
        transport = client.get_transport() if client is not None else None
        return bool(transport is not None and transport.remote_version)
