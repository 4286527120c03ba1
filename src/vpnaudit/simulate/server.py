"""The fleet over SSH on loopback: one port a device, and its manners at the prompt. The only user of asyncssh."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import asyncssh
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vpnaudit.simulate.fleet import SimFleet

ERASE = "\b" * 9 + " " * 8 + "\b" * 9
MORE = " --More-- "
CHUNK = 1024
TRIES = 3
BANNER = "Authorised access only.\n"


@dataclass(frozen=True)
class Manners:
    """How the devices behave towards a session. Seconds.

    `latency_s`: pause before each chunk of output. `interrupting_log`: a log line appears by itself behind an answer.
    `exec_timestamps`: load and time before each answer (`exec prompt timestamp`).
    """

    username: str
    password: str
    enable_secret: str
    latency_s: float = 0.0
    interrupting_log: bool = False
    exec_timestamps: bool = False


class Serving:
    """A fleet that is being served. `ports`: device name to port."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.ports: dict[str, int] = {}
        self._keys: dict[str, str] = {}
        self._acceptors: list[asyncssh.SSHAcceptor] = []
        self._open: set[asyncssh.SSHServerConnection] = set()

    def add(self, name: str, acceptor: asyncssh.SSHAcceptor, public_key: str) -> None:
        """Note that `name` is served by `acceptor`."""
        self.ports[name] = acceptor.get_port()
        self._keys[name] = public_key
        self._acceptors.append(acceptor)

    def called(self, connection: asyncssh.SSHServerConnection) -> None:
        """Note a connection that began."""
        self._open.add(connection)

    def left(self, connection: asyncssh.SSHServerConnection) -> None:
        """Note that it ended."""
        self._open.discard(connection)

    def known_hosts(self) -> str:
        """Lines for a `known_hosts` file, one a device."""
        lines = (f"[{self.host}]:{port} {self._keys[name]}\n" for name, port in self.ports.items())
        return "".join(lines)

    async def close(self) -> None:
        """Stop listening and end all sessions."""
        for acceptor in self._acceptors:
            acceptor.close()
        for connection in list(self._open):
            connection.abort()
            await connection.wait_closed()
        for acceptor in self._acceptors:
            await acceptor.wait_closed()
        self._acceptors.clear()


def host_key(seed: int, name: str) -> asyncssh.SSHKey:
    """The device's host key: the same for the same seed and name. For a simulation on loopback only."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{seed}/{name}/host key".encode()).digest())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return asyncssh.import_private_key(pem)


async def serve(  # noqa: PLR0913 - options of one call
    fleet: SimFleet,
    username: str,
    password: str,
    enable_secret: str,
    *,
    latency_s: float = 0.0,
    host: str = "127.0.0.1",
    interrupting_log: bool = False,
    exec_timestamps: bool = False,
) -> Serving:
    """Serve every device of `fleet` on a free port of `host` until the result is closed.

    From this call on the fleet lives in step with real time: clocks go on, lifetimes run down, SAs rekey.
    """
    manners = Manners(username, password, enable_secret, latency_s, interrupting_log, exec_timestamps)
    serving = Serving(host)
    began = time.monotonic()
    for device in fleet.devices:
        key = host_key(fleet.seed, device.name)
        acceptor = await asyncssh.create_server(
            lambda name=device.name: _Login(fleet, name, manners, began, serving),
            host,
            0,
            server_host_keys=[key],
            line_editor=False,
            encoding="utf-8",
            errors="replace",
            reuse_address=True,
        )
        serving.add(device.name, acceptor, key.export_public_key().decode().strip())
    return serving


class _Login(asyncssh.SSHServer):
    """One connection: password only."""

    def __init__(self, fleet: SimFleet, name: str, manners: Manners, began: float, serving: Serving) -> None:
        self._fleet, self._name, self._manners, self._began = fleet, name, manners, began
        self._serving = serving

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._serving.called(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._serving.left(self._connection)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        self._connection.send_auth_banner(BANNER)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        right = hmac.compare_digest(password.encode(), self._manners.password.encode())
        return right and username == self._manners.username

    def session_requested(self) -> asyncssh.SSHServerSession[str]:
        return _Session(_Terminal(self._fleet, self._name, self._manners, self._began))


class _Session(asyncssh.SSHServerSession[str]):
    """Carries characters between a channel and a terminal."""

    def __init__(self, terminal: _Terminal) -> None:
        self._terminal = terminal
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[str]) -> None:
        self._channel = chan

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._live())

    def data_received(self, data: str, datatype: asyncssh.DataType) -> None:  # noqa: ARG002
        for character in data:
            self._terminal.typed.put_nowait(character)

    def eof_received(self) -> bool:
        self._terminal.typed.put_nowait(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._task:
            self._task.cancel()

    async def _live(self) -> None:
        # A peer that goes away in the middle of an answer is none of the device's business.
        with contextlib.suppress(asyncssh.Error, OSError, _Gone):
            await self._terminal.run(self._channel)
        self._channel.exit(0)


class _Gone(Exception):  # noqa: N818 - control flow, not an error
    """The user has gone."""


@dataclass
class _Terminal:
    """A vty line: echo, prompt, modes, pager."""

    fleet: SimFleet
    name: str
    manners: Manners
    began: float
    typed: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    privileged: bool = False
    length: int = 24
    after_return: bool = False

    async def run(self, channel: asyncssh.SSHServerChannel[str]) -> None:
        """Serve one user until he leaves."""
        self.channel = channel
        await self._print("\n")
        while True:
            await self._print(self._prompt())
            line = await self._line(echo=True)
            await self._print("\n")
            if not await self._obey(line.lstrip()):
                return

    def _prompt(self) -> str:
        return self.fleet.device(self.name).prompt(privileged=self.privileged)

    async def _obey(self, line: str) -> bool:
        """Carry out one line; False ends the session."""
        word = line.strip().lower()
        if not word or word.startswith("!"):
            return True
        if any(full.startswith(word) for full in ("exit", "quit", "logout")) and len(word) > 1:
            return False
        if "enable".startswith(word) and len(word) > 1:
            await self._enable()
        elif "disable".startswith(word) and len(word) > 3:
            self.privileged = False
        else:
            await self._show(line)
        return True

    async def _enable(self) -> None:
        for _ in range(TRIES):
            if self.privileged:
                return
            await self._print("Password: ")
            secret = await self._line(echo=False)
            await self._print("\n")
            self.privileged = hmac.compare_digest(secret.encode(), self.manners.enable_secret.encode())
        if not self.privileged:
            await self._print("% Bad secrets\n\n")

    async def _show(self, line: str) -> None:
        elapsed = time.monotonic() - self.began
        text = self.fleet.answer(self.name, line, elapsed_s=elapsed, privileged=self.privileged)
        length = re.fullmatch(r"te\w*\s+[lp]\w*\s+(\d{1,3})", line.lower())
        if length and not text:
            self.length = int(length[1])
        if self.manners.exec_timestamps and line.lower().startswith("sh"):
            now = self.fleet.answer(self.name, "show clock", elapsed_s=elapsed).strip()
            text = f"Load for five secs: 2%/0%; one minute: 2%; five minutes: 1%\nTime source is NTP, {now}\n\n{text}"
        await self._page(text)
        if self.manners.interrupting_log:
            await self._print(f"\n{self.fleet.newest_log_line(self.name)}\n")

    async def _page(self, text: str) -> None:
        lines = text.splitlines(keepends=True)
        if not self.length or len(lines) < self.length:
            await self._print(text)
            return
        at, step = 0, self.length - 1
        while at < len(lines):
            await self._print("".join(lines[at : at + step]))
            at += step
            if at < len(lines):
                more = self.fleet.device(self.name).hardware.more
                await self._print(more)
                key = await self._key()
                await self._print(f"\r{' ' * len(more)}\r" if more != MORE else ERASE)
                if key not in " \r\n":
                    return
                step = self.length - 1 if key == " " else 1

    async def _key(self) -> str:
        """The next key; the line feed of a return-and-line-feed is no key of its own."""
        key = await self.typed.get()
        if key == "\n" and self.after_return:
            key = await self.typed.get()
        self.after_return = key == "\r"
        if key is None or key == "\x04":
            raise _Gone
        return key

    async def _line(self, *, echo: bool) -> str:
        """What is typed up to return."""
        text = ""
        while (key := await self._key()) not in "\r\n":
            if key in "\b\x7f":
                if text and echo:
                    await self._print("\b \b")
                text = text[:-1]
            elif key == "\x15":
                text = ""
            elif key >= " ":
                text += key
                if echo:
                    self.channel.write(key)
        return text

    async def _print(self, text: str) -> None:
        """Write with the terminal's line ends, in chunks."""
        out = text.replace("\n", "\r\n")
        for start in range(0, len(out), CHUNK):
            if self.manners.latency_s:
                await asyncio.sleep(self.manners.latency_s)
            if self.channel.is_closing():
                raise _Gone
            self.channel.write(out[start : start + CHUNK])
            await asyncio.sleep(0)


@contextlib.contextmanager
def running(  # noqa: PLR0913 - options of one call
    fleet: SimFleet,
    username: str,
    password: str,
    enable_secret: str,
    *,
    latency_s: float = 0.0,
    host: str = "127.0.0.1",
    interrupting_log: bool = False,
    exec_timestamps: bool = False,
) -> Iterator[Serving]:
    """Serve the fleet from a thread of its own while the context lasts."""
    loop = asyncio.new_event_loop()
    asyncio_log = logging.getLogger("asyncio")
    asyncio_log.addFilter(_is_no_hang_up)
    thread = threading.Thread(target=loop.run_forever, name="simulated-fleet", daemon=True)
    thread.start()
    starting = serve(
        fleet,
        username,
        password,
        enable_secret,
        latency_s=latency_s,
        host=host,
        interrupting_log=interrupting_log,
        exec_timestamps=exec_timestamps,
    )
    try:
        serving = asyncio.run_coroutine_threadsafe(starting, loop).result()
        try:
            yield serving
        finally:
            asyncio.run_coroutine_threadsafe(_end(serving), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        asyncio_log.removeFilter(_is_no_hang_up)


def _is_no_hang_up(record: logging.LogRecord) -> bool:
    """A client that hangs up while it is told good-bye is no news: asyncio warns of each write after that."""
    return record.msg != "socket.send() raised exception."


async def _end(serving: Serving) -> None:
    """Close, and let every task of the loop finish, so that none is left pending."""
    await serving.close()
    others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
