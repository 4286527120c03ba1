"""Jump hosts (`ProxyJump` of ssh_config(5)): devices reached through an SSH session on another host.

Devices of a run share the sessions on a jump host, up to DEVICES_A_SESSION each. One login a device would meet sshd's
`MaxStartups` (10:30:100: of more than ten logins at a time some are dropped at random) and would show thousands of
logins a night; forwarded connections have no such limit (`MaxSessions` counts shells only). Measured with OpenSSH's
defaults and a hundred devices at a time: with a session each, 82 were refused; with two shared ones, none. Sessions are
opened one at a time, and closed when the last device has left. What one device does there cannot hold up another: each
has its own channel with its own window, and is woken by its own time limit.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import paramiko

from vpnaudit.collect.algorithms import apply_algorithms
from vpnaudit.collect.deadline import Deadline
from vpnaudit.collect.dial import dial
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.login import Login
from vpnaudit.collect.proxy_command import ProxyCommand
from vpnaudit.collect.sessions import SessionTransport, prefer_known
from vpnaudit.collect.trouble import NoLogin, one_line
from vpnaudit.collect.watchdog import Watchdog
from vpnaudit.errors import DeviceError
from vpnaudit.inventory.ssh_config import Way, local_user

DEVICES_A_SESSION = 50
"""Devices that share one session on a jump host: what is lost with it, and what shares its one stream."""

_SSH_PORT = 22
_PLENTY_S = 3600.0
"""Seconds for what our own limits end."""
_REMEMBERED_S = 30.0
"""Seconds for which a jump host that could not be reached is not tried again by the next device."""
_STUCK_S = 5.0
"""Seconds after which a session that takes not even the end of a channel is given up."""

Wire = socket.socket | paramiko.Channel
_Key = tuple[tuple[Way, ...], str | None]
"""Which session: the hops that it leads through, and the user on the last of them."""


@dataclass(frozen=True)
class JumpLogin:
    """What to log in with on jump hosts, beside the agent and the keys that ssh would try.

    `password` is of `VPNAUDIT_JUMP_PASSWORD`; the device's own is tried only for the same user name.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    device_username: str | None = None
    device_password: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)

    def user(self, hop: Way) -> str | None:
        """The user name on a hop."""
        return hop.user or self.username or self.device_username or local_user()

    def on(self, hop: Way) -> Login:
        """What to log in with on a hop. Raises NoLogin."""
        user = self.user(hop)
        if user is None:
            raise NoLogin("cannot be logged in to: no user name is known", asked=False)
        own = self.device_password if user == self.device_username else None
        password = self.password or own
        return Login(user, password, hop.key_files, self.passphrase, agent=True, home_keys=True)


@dataclass(frozen=True)
class Caller:
    """On whose behalf a jump host is used."""

    device: str
    deadline: Deadline
    host_keys: HostKeys
    login: JumpLogin


class Path:
    """An open way to a host: its `wire`, and what has to be closed behind it."""

    def __init__(self, wire: Wire, *behind: Callable[[], None], proxy: ProxyCommand | None = None) -> None:
        self.wire = wire
        self._proxy = proxy
        self._behind = behind

    def hang_up(self) -> None:
        """End it at once: whatever waits on it is woken. Never raises."""
        hang_up(self.wire)

    def trouble(self) -> DeviceError | None:
        """What became of the proxy command, where there is one and it ended badly."""
        return self._proxy.trouble() if self._proxy is not None else None

    def close(self) -> None:
        """Close it. Never raises."""
        hang_up(self.wire)
        self.wire.close()
        for close in self._behind:
            close()


def hang_up(wire: Wire) -> None:
    """End a connection at once, and wake whoever waits on it. Never raises."""
    if isinstance(wire, socket.socket):
        with contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        return
    # A channel wakes its waiters first and then tells the jump host, which may take nothing any more.
    stuck = threading.Timer(_STUCK_S, wire.get_transport().close)
    stuck.daemon = True
    stuck.start()
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        wire.close()
    stuck.cancel()


class JumpHosts:
    """The sessions on jump hosts that the devices of one run share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[_Key, list[_Session]] = defaultdict(list)
        self._turns: dict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._failed: dict[_Key, tuple[float, DeviceError]] = {}

    def path(self, caller: Caller, way: Way, port: int) -> Path:
        """Connect to the way's host and port, through its hops. Raises DeviceError, which names the hop it is about."""
        if way.hops:
            return self._through(caller, way.hops, way.host, port, way.connect_timeout_s)
        if way.proxy_command is not None:
            proxy = ProxyCommand(caller.device, way.proxy_command)
            return Path(proxy.socket, proxy.close, proxy=proxy)
        limit = way.connect_timeout_s
        return Path(dial(caller.device, way.host, port, caller.deadline, connect_timeout_s=limit))

    def _through(
        self, caller: Caller, hops: tuple[Way, ...], host: str, port: int, connect_timeout_s: float | None
    ) -> Path:
        key = (hops, caller.login.user(hops[-1]))
        session = self._join(key)
        try:
            transport = self._ready(session, caller, key)
            left = caller.deadline.remaining_s()
            channel = _forwarded(caller, hops[-1], transport, (host, port), min(left, connect_timeout_s or left))
        except BaseException:
            self._leave(key, session)
            raise
        return Path(channel, lambda: self._leave(key, session))

    def _join(self, key: _Key) -> _Session:
        with self._lock:
            sessions = self._sessions[key]
            for session in sessions:
                if session.devices < DEVICES_A_SESSION and not session.lost:
                    break
            else:
                session = _Session()
                sessions.append(session)
            session.devices += 1
            return session

    def _leave(self, key: _Key, session: _Session) -> None:
        with self._lock:
            session.devices -= 1
            if session.devices:
                return
            self._sessions[key].remove(session)
        session.close()

    def _ready(self, session: _Session, caller: Caller, key: _Key) -> paramiko.Transport:
        """The session's transport; the first device to want it logs in, the others wait within their own time."""
        hops, _ = key
        hop = hops[-1]
        with self._lock:
            turn = self._turns[key]
        if not turn.acquire(timeout=caller.deadline.remaining_s()):
            raise DeviceError(caller.device, "timeout", f"jump host {hop.name}: no session was open in time")
        try:
            if session.transport is None:
                self._raise_remembered(caller, key)
                try:
                    session.open(caller, hop, self._to_hop(caller, hops))
                except DeviceError as error:
                    self._failed[key] = (time.monotonic(), error)
                    raise
            transport = session.transport
        finally:
            turn.release()
        if transport is None or not transport.is_active():
            raise DeviceError(caller.device, "unreachable", f"jump host {hop.name}: the session on it was lost")
        return transport

    def _raise_remembered(self, caller: Caller, key: _Key) -> None:
        """A login that was refused is not tried again in this run (accounts get locked), a dead host not at once."""
        at, error = self._failed.get(key, (0.0, None))
        lasting = error is not None and error.status in {"auth-failed", "host-key"}
        if error is not None and (lasting or time.monotonic() - at < _REMEMBERED_S):
            raise DeviceError(caller.device, error.status, error.problem)

    def _to_hop(self, caller: Caller, hops: tuple[Way, ...]) -> Path:
        *before, hop = hops
        port = hop.port or _SSH_PORT
        if before:
            return self._through(caller, tuple(before), hop.host, port, hop.connect_timeout_s)
        if hop.proxy_command is not None:
            return self.path(caller, hop, port)
        called, limit = f"jump host {hop.name}", hop.connect_timeout_s
        return Path(dial(caller.device, hop.host, port, caller.deadline, called=called, connect_timeout_s=limit))


class _Session:
    """One login on a jump host."""

    def __init__(self) -> None:
        self.devices = 0
        self.transport: paramiko.Transport | None = None
        self._client: paramiko.SSHClient | None = None
        self._path: Path | None = None

    @property
    def lost(self) -> bool:
        """Whether it was open and is no more."""
        return self.transport is not None and not self.transport.is_active()

    def open(self, caller: Caller, hop: Way, path: Path) -> None:
        """Check the host's key and log in, within the caller's time. Raises DeviceError."""
        client = paramiko.SSHClient()
        keys = caller.host_keys.along(hop)
        client.set_missing_host_key_policy(_Check(caller.device, hop, keys))
        watchdog = Watchdog(caller.deadline, lambda: client, lambda: hang_up(path.wire), hop.connect_timeout_s)
        try:
            client.connect(
                hop.host,
                hop.port or _SSH_PORT,
                sock=path.wire,
                timeout=_PLENTY_S,  # the watchdog keeps the time, of every step
                banner_timeout=_PLENTY_S,
                auth_timeout=_PLENTY_S,
                transport_factory=_factory(keys.known_types(hop.host, hop.port or _SSH_PORT), hop),
                auth_strategy=caller.login.on(hop),  # type: ignore[arg-type]  # of which only authenticate is called
            )
        except Exception as error:  # noqa: BLE001  paramiko raises many kinds; each gets its status and the hop's name
            trouble = _hop_trouble(caller, hop, watchdog.trouble(caller.device) or error, path)
            client.close()
            path.close()
            raise trouble from None
        finally:
            watchdog.end()
        self._client, self._path, self.transport = client, path, client.get_transport()

    def close(self) -> None:
        """Log out. Never raises."""
        if self._client is not None:
            self._client.close()
        if self._path is not None:
            self._path.close()


class _Check(paramiko.MissingHostKeyPolicy):
    """Asks our known_hosts about every key: the client has none of its own."""

    def __init__(self, device: str, hop: Way, host_keys: HostKeys) -> None:
        self._device = device
        self._hop = hop
        self._host_keys = host_keys

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
        self._host_keys.check(self._device, self._hop.host, self._hop.port or _SSH_PORT, key)


class HopTransport(SessionTransport):
    """Keeps what a jump host says of each connection that it does not make.

    paramiko logs the server's words and drops them, and keeps one failure for all that wait: with several devices at a
    time each may get another's.
    """

    def __init__(self, sock: Any, **options: Any) -> None:  # noqa: ANN401  paramiko's own parameters
        self._asked = threading.local()
        self._refused: dict[int, tuple[int, str]] = {}
        super().__init__(sock, **options)

    def _next_channel(self) -> int:
        self._asked.channel = super()._next_channel()
        return int(self._asked.channel)

    def _parse_channel_open_failure(self, message: paramiko.Message) -> None:
        channel = message.get_int()
        self._refused[channel] = (message.get_int(), message.get_text())
        message.rewind()
        super()._parse_channel_open_failure(message)

    def refusal(self) -> tuple[int, str] | None:
        """Code and words of the refusal that this thread's last attempt met; null where it met none."""
        return self._refused.pop(getattr(self._asked, "channel", -1), None)


def _factory(known: tuple[str, ...], hop: Way) -> Callable[..., paramiko.Transport]:
    """Transports that ask for the host keys that we know, with the algorithms that the hop wants."""

    def make(sock: Wire, **options: dict[str, list[str]] | None) -> paramiko.Transport:
        transport = HopTransport(sock, disabled_algorithms=options.get("disabled_algorithms"))
        apply_algorithms(transport, hop.algorithms)
        prefer_known(transport, known)
        return transport

    return make


def _forwarded(
    caller: Caller, hop: Way, transport: paramiko.Transport, target: tuple[str, int], timeout_s: float
) -> paramiko.Channel:
    """A connection from the jump host to the target."""
    where = f"{target[0]} port {target[1]}"
    try:
        return transport.open_channel("direct-tcpip", target, ("127.0.0.1", 0), timeout=timeout_s)
    except (paramiko.SSHException, EOFError, OSError) as error:
        refusal = transport.refusal() if isinstance(transport, HopTransport) else None
        if refusal is not None:
            raise _refused_forward(caller.device, hop, where, *refusal) from None
        if transport.is_active():
            problem = f"{where}: no answer to the connection attempt through jump host {hop.name}"
            raise DeviceError(caller.device, "timeout", problem) from None
        problem = f"jump host {hop.name}: the session on it was lost ({one_line(error) or type(error).__name__})"
        raise DeviceError(caller.device, "unreachable", problem) from None


def _refused_forward(device: str, hop: Way, where: str, code: int, text: str) -> DeviceError:
    """RFC 4254 section 5.1: 1 administratively prohibited, 2 connect failed, 3 unknown type, 4 resource shortage."""
    said = one_line(text)
    if code == 2:
        low = said.lower()
        status = (
            "refused" if "refused" in low or "errno 111" in low else "timeout" if "timed out" in low else "unreachable"
        )
        return DeviceError(device, status, f"{where}: {said or 'connect failed'} (from jump host {hop.name})")
    if code == 1:
        text = f"jump host {hop.name}: does not forward to {where} (AllowTcpForwarding, PermitOpen): {said}"
        return DeviceError(device, "refused", text)
    return DeviceError(device, "error", f"jump host {hop.name}: did not forward to {where}: {said}")


def _hop_trouble(caller: Caller, hop: Way, error: Exception, path: Path) -> DeviceError:
    name = f"jump host {hop.name}"
    if isinstance(error, DeviceError):
        return DeviceError(caller.device, error.status, f"{name}: {error.problem}")
    if caller.deadline.passed:
        return DeviceError(caller.device, "timeout", f"{name}: the login was not done in time")
    if isinstance(error, NoLogin):
        return DeviceError(caller.device, error.status, f"{name}: {error.words}")
    if isinstance(error, paramiko.AuthenticationException):
        problem = f"{name}: closed the connection instead of accepting the login"
        return DeviceError(caller.device, "auth-failed", problem)
    proxy = path.trouble()
    if proxy is not None:
        return DeviceError(caller.device, proxy.status, f"{name}: {proxy.problem}")
    if "protocol banner" in str(error):
        problem = f"{name}: the connection was closed before SSH began (MaxStartups, or an access list)"
        return DeviceError(caller.device, "refused", problem)
    if isinstance(error, (EOFError, OSError)):
        return DeviceError(caller.device, "error", f"{name}: closed the connection during the login")
    return DeviceError(caller.device, "error", f"{name}: SSH: {one_line(error)}")
