"""The wire of a netmiko session: every byte out through its guard, every byte in within the device's time."""

from __future__ import annotations

import paramiko

from vpnaudit.collect.deadline import Deadline
from vpnaudit.collect.reader import Closed
from vpnaudit.collect.sessions import GuardedSession
from vpnaudit.errors import GuardError

_CHUNK = 1 << 16


class SshWire:
    """Reads netmiko's SSH channel directly: netmiko decodes each chunk by itself and drops what it cannot."""

    def __init__(self, session: GuardedSession, deadline: Deadline) -> None:
        if not isinstance(session.remote_conn, paramiko.Channel):
            raise TypeError("the session has no SSH channel")
        self._session = session
        self._channel = session.remote_conn
        self._deadline = deadline

    def send(self, text: str) -> None:
        """Send through the guard. Raises GuardError, Closed, DeviceError (time)."""
        self._channel.settimeout(self._deadline.remaining_s())
        try:
            self._session.write_channel(text)
        except GuardError:
            raise
        except (OSError, EOFError, paramiko.SSHException):
            if self._deadline.passed:
                raise self._deadline.error() from None
            raise Closed from None

    def receive(self, timeout_s: float) -> bytes | None:
        """What has come; null after `timeout_s` seconds, b"" when the device has closed. Raises DeviceError (time)."""
        if timeout_s == 0 and not self._channel.recv_ready():
            return None
        self._channel.settimeout(min(timeout_s, self._deadline.remaining_s()))
        try:
            data = self._channel.recv(_CHUNK)
        except TimeoutError:
            return None
        except (OSError, EOFError, paramiko.SSHException):
            data = b""
        if not data and self._deadline.passed:  # it was hung up because its time is over
            raise self._deadline.error()
        return data
