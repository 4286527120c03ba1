"""netmiko's session classes, one a platform, each behind the read-only guard.

They are opened directly: netmiko's own table of device types is not touched, and nothing of its login (which would
push `terminal width 511` through configuration mode on an ASA) is run. netmiko gives the SSH session, its parameters
and its end; every byte to a device passes `write_channel` here.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import paramiko
from netmiko.base_connection import BaseConnection
from netmiko.cisco.cisco_asa_ssh import CiscoAsaSSH as NetmikoAsa
from netmiko.cisco.cisco_ios import CiscoIosSSH as NetmikoIos
from paramiko.auth_handler import AuthOnlyHandler
from paramiko.common import cMSG_SERVICE_REQUEST

from vpnaudit.collect.guard import Guard
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.login import Login
from vpnaudit.collect.pipes import BufferedSocket, QuietClient, Unhurried

_LOOK_S = 0.1
"""Seconds between two looks whether the device is still there."""
_QUICK = frozenset({"aes128-gcm@openssh.com", "aes256-gcm@openssh.com"})
"""Ciphers (RFC 5647) that need no MAC: paramiko compares MACs byte by byte in Python, half of its time for a packet."""


class GuardedSession(BaseConnection):
    """What all platforms share. Made with `auto_connect=False`; then `protect`, then `establish_connection`."""

    SESSION_LINES: tuple[tuple[str, ...], ...] = ()
    """Lines that prepare the terminal. Of each group the next is sent where the one before was refused."""

    connected_at: float = 0.0
    logged_in_at: float = 0.0
    """When the connection was there, and when the device had opened a shell (monotonic seconds)."""

    login: Login | None = None
    """What to log in with; netmiko's own settings for that are not used."""

    _guard: Guard | None = None
    _admit: Callable[[], None] | None = None

    def protect(self, guard: Guard, host_keys: HostKeys, device: str, admit: Callable[[], None] | None = None) -> None:
        """Set what may be sent, whom we talk to, and what has to be asked before a login."""
        self._guard = guard
        self._host_keys = host_keys
        self._device = device
        self._admit = admit

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        """Log in over the connection that is there, and open a shell."""
        self.connected_at = time.monotonic()
        super().establish_connection(width, height)
        self.logged_in_at = time.monotonic()

    def write_channel(self, out_data: str) -> None:
        """Send, if the guard lets it pass; raises GuardError. Nothing that is sent or received is logged."""
        if self._guard is None:
            raise RuntimeError("a session was opened without its guard")
        self._guard.check(out_data)
        self.channel.write_channel(out_data)

    def session_preparation(self) -> None:
        """Nothing: the reader prepares the terminal itself, and reads the answers."""

    def cleanup(self, command: str = "exit") -> None:
        """Say good-bye, without netmiko's look whether the device is in configuration mode."""
        self.write_channel(f"{command}\n")

    def _connect_params_dict(self) -> dict[str, Any]:
        parameters = super()._connect_params_dict()
        known = self._host_keys.known_types(self.host, self.port)
        parameters["transport_factory"] = _transport_preferring(known)
        parameters["auth_strategy"] = self.login
        return parameters

    def _build_ssh_client(self) -> paramiko.SSHClient:
        """A client without host keys of its own, so that it asks us about every one."""
        client = QuietClient()
        client.set_missing_host_key_policy(_AskUs(self))
        return client

    def check_host_key(self, key: paramiko.PKey) -> None:
        """Raise DeviceError unless this is the device's key. Called before anything of ours is sent."""
        self._host_keys.check(self._device, self.host, self.port, key)
        if self._admit is not None:
            self._admit()


class CiscoIosSSH(GuardedSession, NetmikoIos):
    """IOS and IOS-XE; also what reads NX-OS and IOS-XR, which know the same lines."""

    SESSION_LINES = (("terminal length 0",), ("terminal width 0", "terminal width 511"))


class CiscoAsaSSH(GuardedSession, NetmikoAsa):
    """ASA and FTD. The width of its terminal is configuration, and stays."""

    SESSION_LINES = (("terminal pager 0",),)


SESSIONS: dict[str, type[GuardedSession]] = {
    "cisco_ios": CiscoIosSSH,
    "cisco_asa": CiscoAsaSSH,
    "cisco_nxos": CiscoIosSSH,
    "cisco_xr": CiscoIosSSH,
}
"""The session class of each platform, by its canonical name."""


class _AskUs(paramiko.MissingHostKeyPolicy):
    def __init__(self, session: GuardedSession) -> None:
        self._session = session

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
        self._session.check_host_key(key)


class OneRequest(AuthOnlyHandler):
    """Makes the event that an answer sets before the request is sent.

    paramiko makes it afterwards, and then waits for ever where the answer was quicker: seen once in 80 logins on
    loopback.
    """

    _answered: threading.Event | None = None

    @property
    def auth_event(self) -> threading.Event | None:
        """What the answer sets."""
        return self._answered

    @auth_event.setter
    def auth_event(self, event: threading.Event | None) -> None:
        """Paramiko's own is not used."""

    def send_auth_request(
        self, username: str, method: str, finish_message: Callable[[paramiko.Message], None] | None = None
    ) -> list[str]:
        """Ask once, and wait for the answer."""
        self._answered = threading.Event()
        answer: list[str] = super().send_auth_request(username, method, finish_message)
        return answer


class SessionTransport(paramiko.ServiceRequestingTransport):  # type: ignore[name-defined, misc]  # its stubs lack it
    """Asks for the login service once (RFC 4253 section 10), not again before every method.

    Servers that take the second request for an error hang up where the first method was not the right one: devices
    that take keyboard-interactive logins only, several keys. Of the time a key exchange takes its owner's limit holds:
    paramiko gives it 15 seconds; old routers, and a client with many at a time, take longer.
    """

    _active_check_timeout = 1.0
    """Seconds between two looks whether it was closed; our sockets wake it."""

    def __init__(self, sock: socket.socket | paramiko.Channel, **options: Any) -> None:  # noqa: ANN401  paramiko's own
        self._accepted = threading.Event()
        wire = BufferedSocket(sock) if isinstance(sock, socket.socket) else sock
        super().__init__(wire, packetizer_class=Unhurried, **options)

    def _parse_service_accept(self, message: paramiko.Message) -> None:
        super()._parse_service_accept(message)
        self._accepted.set()

    def ensure_session(self) -> None:
        """Ask for the service; paramiko's own waits for ever where the device is gone."""
        if self._service_userauth_accepted:
            return
        if not (self.active and self.initial_kex_done):
            raise paramiko.SSHException("No existing session")
        request = paramiko.Message()
        request.add_byte(cMSG_SERVICE_REQUEST)
        request.add_string("ssh-userauth")
        self._send_message(request)
        while not self._service_userauth_accepted:
            if not self.active:
                raise self.get_exception() or EOFError()
            self._accepted.wait(_LOOK_S)
        self.auth_handler = self.get_auth_handler()

    def get_auth_handler(self) -> OneRequest:
        """Ours."""
        return OneRequest(self)


def _transport_preferring(key_types: tuple[str, ...]) -> Callable[..., paramiko.Transport]:
    """Transports that ask for the host keys that we know, and for the ciphers that cost the least."""

    def make(sock: socket.socket, **options: Any) -> paramiko.Transport:  # noqa: ANN401  paramiko's own parameters
        transport = SessionTransport(sock, **options)
        prefer_known(transport, key_types)
        security = transport.get_security_options()
        security.ciphers = sorted(security.ciphers, key=lambda name: name not in _QUICK)
        return transport

    return make


def prefer_known(transport: paramiko.Transport, key_types: tuple[str, ...]) -> None:
    """Ask for the host keys that we know first: a host with several may show any of them."""
    security = transport.get_security_options()
    offered = tuple(security.key_types)
    security.key_types = sorted(offered, key=lambda name: _plain(name) not in key_types)


def _plain(algorithm: str) -> str:
    """The key type of a signature algorithm: RSA keys sign with SHA-2 under names of their own (RFC 8332)."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm
