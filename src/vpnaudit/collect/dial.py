"""Opens the TCP connection to a device, within its time, and says plainly why it cannot."""

from __future__ import annotations

import errno
import queue
import socket
import threading
from collections.abc import Sequence
from typing import Any

from vpnaudit.collect.deadline import Deadline
from vpnaudit.errors import DeviceError

_Address = tuple[Any, ...]


def dial(device: str, host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connected socket. Raises DeviceError: `unreachable`, `refused` or `timeout`."""
    problem = DeviceError(device, "unreachable", f"{host}: no address")
    addresses = _resolve(device, host, port, deadline)
    for position, (family, address) in enumerate(addresses):
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(deadline.remaining_s() / (len(addresses) - position))
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            problem = _trouble(device, f"{host} port {port}", error)
        else:
            return connection
    raise problem


def _resolve(device: str, host: str, port: int, deadline: Deadline) -> Sequence[tuple[socket.AddressFamily, _Address]]:
    """The addresses of a name. The system's resolver knows no time limit, so it runs beside."""
    answers: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.remaining_s())
    except queue.Empty:
        raise DeviceError(device, "timeout", f"the name {host} was not resolved in time") from None
    if not isinstance(answer, list):
        raise DeviceError(device, "unreachable", f"the name {host} cannot be resolved")
    return [(entry[0], entry[4]) for entry in answer]


def _trouble(device: str, where: str, error: OSError) -> DeviceError:
    if isinstance(error, TimeoutError):
        return DeviceError(device, "timeout", f"{where}: no answer to the connection attempt")
    if error.errno == errno.ECONNREFUSED:
        return DeviceError(device, "refused", f"{where}: connection refused")
    return DeviceError(device, "unreachable", f"{where}: {error.strerror or error}")
