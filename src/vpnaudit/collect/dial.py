"""Opens the TCP connection to a device, within its time, and says plainly why it cannot."""

from __future__ import annotations

import contextlib
import errno
import queue
import socket
import threading
from typing import Any

from vpnaudit.collect.deadline import Deadline
from vpnaudit.errors import DeviceError

CONNECT_S = 20.0
"""Seconds that one address gets to answer a connection attempt, unless ssh's configuration says otherwise. TCP asks
again after 1, 3, 7 and 15; what has not answered by then is dead, and would hold a worker for a device's whole time."""

_Found = list[tuple[socket.AddressFamily, tuple[Any, ...]]]
"""Addresses as socket takes them."""


def dial(
    device: str,
    host: str,
    port: int,
    deadline: Deadline,
    *,
    called: str | None = None,
    connect_timeout_s: float | None = None,
) -> socket.socket:
    """A connected socket. `host` may be an IPv6 address, with its zone (`fe80::1%eth0`) and without brackets.

    `called` is what the messages call it. `connect_timeout_s` is the most that one address gets.
    Raises DeviceError: `unreachable`, `refused` or `timeout`.
    """
    where = called or f"{host} port {port}"
    problem = DeviceError(device, "unreachable", f"{called or host}: no address")
    addresses = _resolve(device, host, port, deadline, f"{called}: " if called else "")
    for position, (family, address) in enumerate(addresses):
        connection = socket.socket(family, socket.SOCK_STREAM)
        share_s = deadline.remaining_s() / (len(addresses) - position)
        connection.settimeout(min(share_s, connect_timeout_s or CONNECT_S))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each step of a login waits for an ACK
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            problem = _trouble(device, where, error)
        else:
            return connection
    raise problem


def _resolve(device: str, host: str, port: int, deadline: Deadline, called: str) -> _Found:
    """The addresses of a name. The system's resolver knows no time limit, so it runs beside."""
    with contextlib.suppress(OSError, UnicodeError):  # one that is written out need not be looked up
        return _written_out(host, port)
    answers: queue.SimpleQueue[_Found | OSError | UnicodeError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(_addresses(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.remaining_s())
    except queue.Empty:
        raise DeviceError(device, "timeout", f"{called}the name {host} was not resolved in time") from None
    if not isinstance(answer, list):
        raise DeviceError(device, "unreachable", f"{called}the name {host} cannot be resolved")
    return answer


def _written_out(host: str, port: int) -> _Found:
    """An address that is no name. Raises OSError or UnicodeError."""
    if ":" in host:
        return _addresses(host, port, socket.AI_NUMERICHOST)
    socket.inet_pton(socket.AF_INET, host)
    return [(socket.AF_INET, (host, port))]


def _addresses(host: str, port: int, flags: int = 0) -> _Found:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]


def _trouble(device: str, where: str, error: OSError) -> DeviceError:
    if isinstance(error, TimeoutError):
        return DeviceError(device, "timeout", f"{where}: no answer to the connection attempt")
    if error.errno == errno.ECONNREFUSED:
        return DeviceError(device, "refused", f"{where}: connection refused")
    return DeviceError(device, "unreachable", f"{where}: {error.strerror or error}")
