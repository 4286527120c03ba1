"""`ProxyCommand` of ssh_config(5): a command of the operator's whose input and output are the way to the device."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile

from vpnaudit.collect.trouble import one_line
from vpnaudit.errors import DeviceError

_GRACE_S = 2.0


class ProxyCommand:
    """The running command. `socket` is our end: a real one, so that hanging up is the same as on any other way."""

    def __init__(self, device: str, command: str) -> None:
        """Start it with the shell, as ssh does. Raises DeviceError."""
        self._device = device
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the command
        self.socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # noqa: S603  the operator's own configuration asks for it
                ["/bin/sh", "-c", f"exec {command}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._said.fileno(),
                start_new_session=True,
            )
        except OSError as error:
            self.socket.close()
            self._said.close()
            raise DeviceError(device, "unreachable", f"the proxy command was not started: {error.strerror}") from None
        finally:
            theirs.close()

    def trouble(self) -> DeviceError | None:
        """What the command ended with, if it ended badly."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
        status = self._process.poll()
        if not status:
            return None
        self._said.seek(0)
        lines = self._said.read(65536).decode("utf-8", "replace").strip().splitlines()
        said = f": {one_line(lines[-1])}" if lines else ""
        return DeviceError(self._device, "unreachable", f"the proxy command ended with status {status}{said}")

    def close(self) -> None:
        """End it, and what it started."""
        self.socket.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._said.close()
