"""Our Nornir connection: one guarded SSH session, opened within the device's time."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nornir.core.configuration import Config
from nornir.core.inventory import Host
from nornir.core.plugins.connections import ConnectionPluginRegister

from vpnaudit.collect.deadline import Deadline
from vpnaudit.collect.dial import dial
from vpnaudit.collect.guard import Guard
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.sessions import GuardedSession
from vpnaudit.collect.trouble import login_trouble
from vpnaudit.errors import DeviceError
from vpnaudit.inventory.credentials import CONNECTION

_SSH_PORT = 22
_PLENTY_S = 3600.0
_KEY_SETTINGS = ("use_keys", "key_file", "allow_agent", "passphrase", "disabled_algorithms")
"""What host data or netmiko's connection options may say of a login; nothing else of them reaches netmiko (a session
log would hold secrets)."""


@dataclass(frozen=True)
class Opening:
    """What a session is opened with, beside Nornir's own parameters."""

    device: str
    session: type[GuardedSession]
    guard: Guard
    deadline: Deadline
    host_keys: HostKeys
    login: dict[str, Any] = field(default_factory=dict, repr=False)


class GuardedConnection:
    """The Nornir connection plugin. `connection` is the netmiko session; it is closed, whatever it does, in time."""

    def __init__(self) -> None:
        self._session: GuardedSession | None = None
        self._socket: socket.socket | None = None
        self._watchdog: threading.Timer | None = None

    def open(
        self,
        hostname: str | None,
        username: str | None,
        password: str | None,
        port: int | None,
        platform: str | None,  # noqa: ARG002  the session's class says it
        extras: dict[str, Any] | None = None,
        configuration: Config | None = None,  # noqa: ARG002  Nornir's signature
    ) -> None:
        """Connect and log in. `extras` holds an Opening. Raises DeviceError with the device's status."""
        opening: Opening = (extras or {})["opening"]
        deadline = opening.deadline
        if not username:
            raise DeviceError(opening.device, "error", "no user name is known for this device")
        try:
            self._socket = dial(opening.device, hostname or opening.device, port or _SSH_PORT, deadline)
            self._socket.settimeout(None)
            self._watchdog = threading.Timer(deadline.remaining_s(), self._hang_up)
            self._watchdog.daemon = True
            self._watchdog.start()
            login = dict(opening.login)
            search_keys = bool(login.pop("use_keys", False))
            self._session = opening.session(
                host=hostname or opening.device,
                port=port or _SSH_PORT,
                username=username,
                password=password,
                sock=self._socket,
                auto_connect=False,
                allow_auto_change=False,
                conn_timeout=deadline.remaining_s(),
                auth_timeout=_PLENTY_S,  # the watchdog keeps the time, for every step alike
                banner_timeout=_PLENTY_S,
                **login,
            )
            self._session.use_keys = search_keys  # netmiko's own check wants a key file beside it
            self._session.protect(opening.guard, opening.host_keys, opening.device)
            self._session.establish_connection()
        except Exception as error:  # noqa: BLE001  netmiko and paramiko raise many kinds; each gets its status
            self.close()
            raise login_trouble(opening.device, error, deadline) from None

    def close(self) -> None:
        """Say `exit` and hang up. Never raises."""
        if self._session is not None:
            with contextlib.suppress(Exception):
                self._session.disconnect()
        self._hang_up()
        if self._watchdog is not None:
            self._watchdog.cancel()
        if self._socket is not None:
            self._socket.close()

    @property
    def connection(self) -> GuardedSession:
        """The open session."""
        if self._session is None:
            raise RuntimeError("the connection is not open")
        return self._session

    def _hang_up(self) -> None:
        """End the connection at once: whatever waits for the device is woken."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def register_connection() -> None:
    """Make the plugin known to Nornir, and keep the libraries' messages off standard error."""
    ConnectionPluginRegister.register(CONNECTION, GuardedConnection)
    for library in ("nornir", "netmiko", "paramiko"):
        logger = logging.getLogger(library)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def login_of(host: Host) -> tuple[dict[str, Any], str]:
    """How to log in besides a password (agent and keys only where the inventory says so), and the enable secret."""
    extras = host.get_connection_parameters("netmiko").extras or {}
    settings = {**host.extended_data(), **extras}
    login = {key: settings[key] for key in _KEY_SETTINGS if settings.get(key)}
    key_file = login.get("key_file")
    if key_file and not Path(str(key_file)).expanduser().is_file():
        raise DeviceError(host.name, "error", f"the key file {key_file} of the inventory does not exist")
    given = host.defaults.connection_options.get(CONNECTION)
    secret = extras.get("secret") or ((given.extras or {}).get("secret") if given else None)
    return login, str(secret or "")
