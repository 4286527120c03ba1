"""Says in one line, and with a status, what went wrong while a session was opened."""

from __future__ import annotations

from collections.abc import Iterator

import paramiko

from vpnaudit.collect.deadline import Deadline
from vpnaudit.errors import DeviceError

NO_BANNER = "no SSH banner"
_OTHER_TEXT = f"{NO_BANNER} came, but other text: is SSH at this port?"

_LONGEST = 300


class LineTrouble(DeviceError):  # noqa: N818  a trouble like the others, of one kind
    """The connection was lost before the login: another attempt may end better."""


class NoLogin(paramiko.AuthenticationException):
    """The login was not had. `words` follow the name of who was asked; `asked`: something was sent, and refused."""

    def __init__(self, words: str, *, asked: bool) -> None:
        super().__init__(words)
        self.words = words
        self.status = "auth-failed" if asked else "error"


def one_line(text: object) -> str:
    """A text from elsewhere as one printable line."""
    words = "".join(c if c.isprintable() else " " for c in str(text)).split()
    return " ".join(words)[:_LONGEST]


def login_trouble(device: str, error: Exception, deadline: Deadline) -> DeviceError:
    """What an exception of netmiko's or paramiko's means. netmiko wraps what paramiko raised: the chain is searched."""
    if isinstance(error, DeviceError):
        return error
    chain = [e for e in _chain(error) if not type(e).__module__.startswith("netmiko.")] or [error]
    if deadline.passed or any("timeout" in str(e).lower() for e in chain if isinstance(e, paramiko.SSHException)):
        return deadline.error()
    for cause in chain:
        if isinstance(cause, NoLogin):
            return DeviceError(device, cause.status, f"the device {cause.words}")
        if isinstance(cause, paramiko.AuthenticationException):
            problem = "the device closed the connection instead of accepting the user name and password"
            return DeviceError(device, "auth-failed", problem)
    return _handshake_trouble(device, chain)


def _handshake_trouble(device: str, chain: list[BaseException]) -> DeviceError:
    for cause in chain:
        if isinstance(cause, paramiko.SSHException):
            if "protocol banner" in str(cause) and any(isinstance(each, TimeoutError) for each in chain):
                return DeviceError(device, "timeout", _OTHER_TEXT)
            if "protocol banner" in str(cause):
                problem = "the connection was closed before SSH began (an access list, or no free line)"
                return LineTrouble(device, "refused", problem)
            if "Indecipherable protocol" in str(cause):
                return DeviceError(device, "error", _OTHER_TEXT)
            if "Negotiation failed" not in str(cause):  # which is paramiko's word for an end without a reason
                return DeviceError(device, "error", f"SSH: {one_line(cause)}")
    cause = chain[-1]
    if isinstance(cause, (EOFError, OSError, paramiko.SSHException)):
        return LineTrouble(device, "error", "the device closed the connection during the login")
    return DeviceError(device, "error", f"{type(cause).__name__}: {one_line(cause)}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those that led to it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
