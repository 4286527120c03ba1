"""What paramiko reads from a device's socket and hands to the session, with fewer wake-ups.

With a hundred sessions in one process, most of the time goes into handing the interpreter from thread to thread.
paramiko reads a packet in pieces, looks ten times a second whether it was closed, and wakes the session for every
piece of an answer: three times the hand-overs, by `benchmarks/collect_fleet.py`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from typing import Any

import paramiko
from paramiko.buffered_pipe import PipeTimeout
from paramiko.packet import Packetizer

_AT_ONCE = 1 << 13
_PLENTY = 1 << 16
"""Bytes that wake the session however they end, so that a long answer is taken in parts."""


class BufferedSocket:
    """The socket as paramiko uses it: what is there is taken from the system in one piece."""

    def __init__(self, sock: socket.socket) -> None:
        self.by_line = False
        """Whether nothing is given behind a line end."""
        self._socket = sock
        self._had = b""
        self._taken = 0

    def recv(self, most: int) -> bytes:
        """Up to `most` bytes; b"" at the end. Raises OSError, TimeoutError."""
        if self._taken == len(self._had):
            self._had, self._taken = b"", 0
            self._had = self._socket.recv(_AT_ONCE)
        end = self._had.find(b"\n", self._taken) + 1 if self.by_line else 0
        return self.take(min(most, (end or len(self._had)) - self._taken)) or b""

    def take(self, number: int) -> bytes | None:
        """So many bytes of what has come already; null where there are less."""
        end = self._taken + number
        if end > len(self._had):
            return None
        data = self._had[self._taken : end]
        self._taken = end
        return data

    def send(self, data: bytes) -> int:
        """Send some of it; how many bytes. Raises OSError."""
        return self._socket.send(data)

    def settimeout(self, seconds: float | None) -> None:
        """Of each call."""
        self._socket.settimeout(seconds)

    def getpeername(self) -> Any:  # noqa: ANN401  as socket's
        """Whom it is connected to."""
        return self._socket.getpeername()

    @property
    def _closed(self) -> bool:
        """Whether it was closed: paramiko asks the socket's own."""
        return self._socket.fileno() < 0

    def close(self) -> None:
        """Close it, and wake who reads from it: the end of a file alone does not."""
        if self._closed:
            return
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Unhurried(Packetizer):
    """Cuts a stream into packets, from what a BufferedSocket has already where it can.

    It starts no thread that ends a handshake which takes too long: the session's owner watches its time.
    """

    def __init__(self, wire: Any) -> None:  # noqa: ANN401  whatever paramiko takes for a socket
        super().__init__(wire)
        self._buffered = wire if isinstance(wire, BufferedSocket) else None

    def start_handshake(self, timeout: float) -> None:
        """Paramiko's limit is not kept."""

    def readline(self, timeout: float) -> str:
        """A line of the banner. Paramiko would keep what it reads behind it, where `read_all` does not look."""
        if self._buffered is None:
            return super().readline(timeout)
        self._buffered.by_line = True
        try:
            return super().readline(timeout)
        finally:
            self._buffered.by_line = False

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """So many bytes. Raises EOFError, NeedRekeyException."""
        data = self._buffered.take(n) if self._buffered is not None else None
        return super().read_all(n, check_rekey) if data is None else data


class LinePipe:
    """What a channel puts data into, and is read from (paramiko's BufferedPipe in its place).

    Wakes its reader only for what can be a prompt: data whose last line is open, or much of it. What ends with a line
    end waits for more, for as long as the reader waits.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._data = bytearray()
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Add what has come."""
        with self._changed:
            self._data += data
            if not data.endswith(b"\n") or len(self._data) >= _PLENTY:
                self._changed.notify()

    def read(self, most: int, timeout: float | None = None) -> bytes:
        """Up to `most` bytes; b"" once it is closed and empty. Raises PipeTimeout: nothing in `timeout` seconds."""
        with self._changed:
            if not self._data and not self._closed:
                self._changed.wait(timeout)
                if not self._data and not self._closed:
                    raise PipeTimeout
            with memoryview(self._data) as had:
                data = bytes(had[:most])
            del self._data[:most]
            return data

    def read_ready(self) -> bool:
        """Whether there is something to read."""
        return bool(self._data)

    def close(self) -> None:
        """No more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def set_event(self, event: threading.Event) -> None:
        """For a file number of the channel: a session has none."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._data)


class _NoKeys(paramiko.HostKeys):
    """Knows no host, without making a class for each look-up, as paramiko does."""

    def lookup(self, hostname: str) -> None:  # noqa: ARG002
        """Nothing."""
        return


class QuietClient(paramiko.SSHClient):
    """Opens shells that are read through a LinePipe. Knows no host keys: its policy is asked about every one."""

    def __init__(self) -> None:
        super().__init__()
        self._system_host_keys = self._host_keys = _NoKeys()

    def invoke_shell(
        self,
        term: str = "vt100",
        width: int = 80,
        height: int = 24,
        width_pixels: int = 0,
        height_pixels: int = 0,
        environment: Mapping[str, str] | None = None,  # noqa: ARG002  no device takes it
    ) -> paramiko.Channel:
        """A shell on a terminal of that size."""
        transport = self.get_transport()
        if transport is None:
            raise paramiko.SSHException("the client is not connected")
        channel = transport.open_session()
        channel.in_buffer = LinePipe()  # type: ignore[assignment]  # nothing can have come: there is no shell yet
        channel.get_pty(term, width, height, width_pixels, height_pixels)
        channel.invoke_shell()
        return channel
