"""Our Nornir connection: one guarded SSH session, opened within the device's time."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import paramiko
from nornir.core.configuration import Config
from nornir.core.inventory import Host
from nornir.core.plugins.connections import ConnectionPluginRegister

from vpnaudit.collect.algorithms import session_with
from vpnaudit.collect.deadline import Deadline
from vpnaudit.collect.guard import Guard
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.jump import Caller, JumpHosts, JumpLogin
from vpnaudit.collect.jump import Path as OpenPath
from vpnaudit.collect.login import Login
from vpnaudit.collect.sessions import GuardedSession
from vpnaudit.collect.trouble import login_trouble
from vpnaudit.collect.watchdog import Watchdog
from vpnaudit.errors import DeviceError, InventoryError
from vpnaudit.inventory.credentials import CONNECTION, way_to
from vpnaudit.inventory.ssh_config import Way

_SSH_PORT = 22
_PLENTY_S = 3600.0
_LOGIN_SETTINGS = ("use_keys", "key_file", "allow_agent", "passphrase", "disabled_algorithms")
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
    admit: Callable[[], None] | None = None
    """Called when the device's key is right, before it is told who we are; may wait, or raise DeviceError."""


@dataclass(frozen=True)
class Route:
    """The way to a device, the jump host sessions of this run, and what to log in with on them."""

    way: Way
    jumps: JumpHosts = field(default_factory=JumpHosts, repr=False)
    jump: JumpLogin = field(default_factory=JumpLogin, repr=False)


class GuardedConnection:
    """The Nornir connection plugin. `connection` is the netmiko session; it is closed, whatever it does, in time."""

    def __init__(self) -> None:
        self._session: GuardedSession | None = None
        self._path: OpenPath | None = None
        self._watchdog: Watchdog | None = None

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
        login = dict(opening.login)
        route: Route = login.pop("route", None) or Route(Way(hostname or opening.device, hostname or opening.device))
        way = route.way
        user, reached_at = username or way.user, port or way.port or _SSH_PORT
        if not user:
            raise DeviceError(opening.device, "error", "no user name is known for this device")
        deadline.on_cut(self._hang_up)
        try:
            jump = replace(route.jump, device_username=user, device_password=password)
            self._path = route.jumps.path(Caller(opening.device, deadline, opening.host_keys, jump), way, reached_at)
            deadline.doing = "opening SSH"
            self._path.wire.settimeout(None)
            self._watchdog = Watchdog(deadline, self._client, self._hang_up, way.connect_timeout_s)
            self._session = session_with(opening.session, way.algorithms)(
                host=way.host,
                port=reached_at,
                username=user,
                password=password,
                sock=self._path.wire,  # type: ignore[arg-type]  # paramiko takes a channel as well
                auto_connect=False,
                allow_auto_change=False,
                conn_timeout=_PLENTY_S,  # the watchdog keeps the time, of every step
                auth_timeout=_PLENTY_S,
                banner_timeout=_PLENTY_S,
                disabled_algorithms=login.get("disabled_algorithms"),
            )
            self._session.login = _login(user, password, login, way)
            self._session.protect(opening.guard, opening.host_keys.along(way), opening.device, opening.admit)
            self._session.establish_connection()
        except Exception as error:  # noqa: BLE001  netmiko and paramiko raise many kinds; each gets its status
            late = self._watchdog.trouble(opening.device) if self._watchdog is not None else None
            trouble = late or login_trouble(opening.device, error, deadline)
            if self._path is not None and trouble.status in {"refused", "error"}:
                trouble = self._path.trouble() or trouble
            self.close()
            raise trouble from None

    def close(self) -> None:
        """Say `exit` and hang up. Never raises."""
        if self._session is not None:
            with contextlib.suppress(Exception):
                self._session.disconnect()
        if self._watchdog is not None:
            self._watchdog.end()
        if self._path is not None:
            self._path.close()
            self._path = None

    @property
    def connection(self) -> GuardedSession:
        """The open session."""
        if self._session is None:
            raise RuntimeError("the connection is not open")
        return self._session

    def _client(self) -> paramiko.SSHClient | None:
        return self._session.remote_conn_pre if self._session is not None else None

    def _hang_up(self) -> None:
        """End the connection at once: whatever waits for the device is woken."""
        path = self._path  # the watchdog's thread may come here while the session is being closed
        if path is not None:
            path.hang_up()


def _login(user: str, password: str | None, settings: Mapping[str, Any], way: Way) -> Login:
    key_file = settings.get("key_file")
    return Login(
        user,
        password,
        key_files=(str(key_file),) if key_file else way.key_files,
        passphrase=settings.get("passphrase"),
        agent=bool(settings.get("allow_agent")),
        home_keys=bool(settings.get("use_keys")),
    )


def register_connection() -> None:
    """Make the plugin known to Nornir, and keep the libraries' messages off standard error."""
    ConnectionPluginRegister.register(CONNECTION, GuardedConnection)
    for library in ("nornir", "netmiko", "paramiko"):
        logger = logging.getLogger(library)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def secret_of(host: Host) -> str:
    """The enable secret; "" where there is none."""
    given = (host.get_connection_parameters(name).extras or {} for name in ("netmiko", CONNECTION))
    return str(next((extras["secret"] for extras in given if extras.get("secret")), ""))


def login_of(host: Host) -> dict[str, Any]:
    """How to get to a device and log in, besides a password. Raises DeviceError.

    Agent and keys are used only where the inventory or the ssh configuration says so.
    """
    extras = host.get_connection_parameters("netmiko").extras or {}
    settings = {**host.extended_data(), **extras}
    login = {key: settings[key] for key in _LOGIN_SETTINGS if settings.get(key)}
    key_file = login.get("key_file")
    if key_file and not Path(str(key_file)).expanduser().is_file():
        raise DeviceError(host.name, "error", f"the key file {key_file} of the inventory does not exist")
    given = _given(host)
    if given.get("key_passphrase"):
        login.setdefault("passphrase", given["key_passphrase"])
    return {**login, "route": _route(host, given)}


def _given(host: Host) -> dict[str, Any]:
    """What the run gave all devices: credentials and the ssh configuration."""
    options = host.defaults.connection_options.get(CONNECTION)
    return options.extras if options is not None and options.extras is not None else {}


def _route(host: Host, given: dict[str, Any]) -> Route:
    try:
        way = way_to(host)
    except InventoryError as error:
        raise DeviceError(host.name, "error", str(error)) from None
    jumps: JumpHosts = given.setdefault("jumps", JumpHosts())  # the first device's is everyone's
    login = JumpLogin(given.get("jump_username"), given.get("jump_password"), passphrase=given.get("key_passphrase"))
    return Route(way, jumps, login)
