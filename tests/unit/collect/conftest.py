"""A router of our own over real SSH on loopback, which can be as unpleasant as devices are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml

from vpnaudit import collect
from vpnaudit.collect import reader
from vpnaudit.inventory import Credentials, give_credentials, load_inventory
from vpnaudit.model.platform import CommandSpec, Defaults, Platform

PASSWORD = "canary-password-1"
SECRET = "canary-enable-2"


def _no_parse(_: str) -> Any:
    raise AssertionError("collect must not parse")


def platform_of(*commands: str | CommandSpec, name: str = "cisco_ios") -> Platform:
    specs = tuple(
        c if isinstance(c, CommandSpec) else CommandSpec(command=c, parse=_no_parse, needed=True, timeout_s=5)
        for c in commands
    )
    return Platform(
        name=name, commands=specs, defaults=Defaults(ipsec_s=3600, ipsec_kb=4608000, ike_s=86400, dpd_mode="off")
    )


@dataclass
class Router:
    """What a simulated device says. `answers` are bytes with CRLF, as sent; `received` is every byte that came."""

    answers: dict[str, bytes] = field(default_factory=dict)
    name: str = "r1"
    privileged: bool = True
    secret: str | None = None
    banner: bytes = b""
    page: int = 0
    mark: bytes = b" --More-- "
    erase: bytes = b"\b" * 9 + b" " * 9 + b"\b" * 9
    length_zero: bool = True
    obeys_length: bool = True
    width_zero: bool = True
    password: str = PASSWORD
    chunk: int = 0
    before_echo: Callable[[Router, Session, str], Awaitable[bool]] | None = None
    instead: dict[str, Callable[[Router, Session], Awaitable[None]]] = field(default_factory=dict)
    wrap: int = 0
    opens_no_shell: bool = False
    drops: int = 0
    login_takes_s: float = 0
    hangs_up_at_login: bool = False
    keyboard_only: bool = False
    exec_refused: bytes = b""
    key: asyncssh.SSHKey | None = None
    algorithms: dict[str, list[str]] = field(default_factory=dict)
    received: bytearray = field(default_factory=bytearray)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    logins: int = 0
    under_way: int = 0
    most_under_way: int = 0
    port: int = 0

    @property
    def prompt(self) -> bytes:
        return f"{self.name}{'#' if self.privileged else '>'}".encode()


class Session:
    def __init__(self, router: Router, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self.router = router
        self.process = process
        self.paging = bool(router.page)

    async def send(self, data: bytes) -> None:
        size = self.router.chunk or len(data) or 1
        for start in range(0, len(data), size):
            self.process.stdout.write(data[start : start + size])
            if self.router.chunk:
                await asyncio.sleep(0)
        await self.process.stdout.drain()

    async def key(self) -> bytes:
        byte = await self.process.stdin.read(1)
        if not byte:
            raise EOFError
        self.router.received += byte
        return byte

    async def line(self, *, echo: bool = True) -> str:
        typed = b""
        while (byte := await self.key()) not in {b"\n", b"\r"}:
            typed += byte
        command = typed.decode()
        if echo:
            hook = self.router.before_echo
            if hook is None or not await hook(self.router, self, command):
                shown = typed
                if self.router.wrap:
                    first = self.router.wrap - len(self.router.prompt)
                    shown = typed[:first] + (b"\r\n" + typed[first:] if typed[first:] else b"")
                await self.send(shown)
        await self.send(b"\r\n")
        return command

    async def run(self) -> None:
        if self.router.exec_refused:
            await self.send(self.router.exec_refused)
            return
        await self.send(self.router.banner + b"\r\n" + self.router.prompt)
        while True:
            command = await self.line()
            if command == "exit":
                return
            await self.do(command.strip())
            await self.send(self.router.prompt)

    async def do(self, command: str) -> None:
        router = self.router
        refusal = b"              ^\r\n% Invalid input detected at '^' marker.\r\n\r\n"
        if command == "enable" and router.secret is not None:
            for _ in range(3):
                await self.send(b"Password: ")
                if await self.line(echo=False) == router.secret:
                    router.privileged = True
                    return
            await self.send(b"% Bad secrets\r\n\r\n")
        elif command in {"terminal length 0", "terminal pager 0"}:
            self.paging = self.paging and not (router.length_zero and router.obeys_length)
            await self.send(b"" if router.length_zero else refusal)
        elif command.startswith("terminal width"):
            await self.send(b"" if router.width_zero else refusal)
        elif command in router.instead:
            await router.instead[command](router, self)
        elif command:
            await self.pages(router.answers.get(command, refusal))

    async def pages(self, text: bytes) -> None:
        lines = text.splitlines(keepends=True)
        step = self.router.page if self.paging else max(1, len(lines))
        for start in range(0, len(lines), step):
            await self.send(b"".join(lines[start : start + step]))
            if start + step < len(lines):
                await self.send(self.router.mark)
                while await self.key() != b" ":
                    pass
                await self.send(self.router.erase)


class Server(asyncssh.SSHServer):
    def __init__(self, router: Router) -> None:
        self.router = router
        self.gone = asyncio.Event()

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.router.connections.append(conn)
        if len(self.router.connections) <= self.router.drops:
            conn.abort()

    def password_auth_supported(self) -> bool:
        return not self.router.keyboard_only

    async def validate_password(self, username: str, password: str) -> bool:  # noqa: ARG002
        self.router.logins += 1
        self.router.under_way += 1
        self.router.most_under_way = max(self.router.most_under_way, self.router.under_way)
        await asyncio.sleep(self.router.login_takes_s)
        self.router.under_way -= 1
        if self.router.hangs_up_at_login:
            self.router.connections[-1].close()
        return password == self.router.password

    def kbdint_auth_supported(self) -> bool:
        return self.router.keyboard_only

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:  # noqa: ARG002
        return "", "", "", [("Password: ", False)]

    async def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        return await self.validate_password(username, responses[0])

    def session_requested(self) -> Any:
        return self._never() if self.router.opens_no_shell else False

    async def _never(self) -> bool:
        await self.gone.wait()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.gone.set()


@pytest.fixture(scope="session")
def plan() -> Callable[..., Platform]:
    """A platform with these commands."""
    return platform_of


@pytest.fixture(scope="session")
def host_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="session")
def other_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever, daemon=True)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    running.close()


@pytest.fixture
def serve(loop: asyncio.AbstractEventLoop, host_key: asyncssh.SSHKey) -> Iterator[Callable[..., Router]]:
    """Start a router with these settings."""
    stack = contextlib.AsyncExitStack()

    @contextlib.asynccontextmanager
    async def running(router: Router) -> AsyncIterator[int]:
        async def handle(process: asyncssh.SSHServerProcess[bytes]) -> None:
            with contextlib.suppress(EOFError, OSError, asyncssh.Error, asyncio.IncompleteReadError):
                await Session(router, process).run()
            process.exit(0)

        server = await asyncssh.create_server(
            lambda: Server(router),
            "127.0.0.1",
            0,
            server_host_keys=[router.key or host_key],
            **router.algorithms,
            process_factory=None if router.opens_no_shell else handle,
            line_editor=False,
            encoding=None,
            allow_scp=False,
            login_timeout=20,
        )
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            for connection in router.connections:
                connection.abort()
                await connection.wait_closed()
            server.close()
            await server.wait_closed()

    def start(**settings: Any) -> Router:
        router = Router(**settings)
        enter = stack.enter_async_context(running(router))
        router.port = asyncio.run_coroutine_threadsafe(enter, loop).result(10)
        return router

    yield start
    asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(10)


@dataclass
class Collected:
    folder: Path
    manifest: dict[str, Any]

    @property
    def device(self) -> dict[str, Any]:
        return self.manifest["devices"][0]

    def text(self, command: str, device: int = 0) -> str:
        entry = next(c for c in self.manifest["devices"][device]["commands"] if c["command"] == command)
        return (self.folder / entry["file"]).read_bytes().decode()

    def entry(self, command: str) -> dict[str, Any]:
        return next(c for c in self.device["commands"] if c["command"] == command)


@pytest.fixture
def collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host_key: asyncssh.SSHKey) -> Callable[..., Collected]:
    """Collect routers with a plan; `known` false leaves `known_hosts` as it is.

    Nothing is under way for long on loopback: the reader's silences are as short as that allows.
    """
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(reader, "SILENT_S", 0.2)
    monkeypatch.setattr(reader, "_SETTLE_PAGED_S", 0.1)
    public = host_key.export_public_key().decode().strip()

    def run(
        plan: Platform,
        *routers: Router,
        known: bool = True,
        workers: int = 4,
        hosts: dict[str, Any] | None = None,
        credentials: Credentials | None = None,
        **options: Any,
    ) -> Collected:
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        made = {r.name: {"hostname": "127.0.0.1", "port": r.port, "platform": plan.name} for r in routers}
        (folder / "hosts.yaml").write_text(yaml.safe_dump({**made, **(hosts or {})}))
        if known:
            lines = [f"[127.0.0.1]:{r.port} {public}\n" for r in routers]
            (folder / "known_hosts").write_text("".join(lines))
        nornir = load_inventory(folder, workers=workers)
        give_credentials(nornir, credentials or Credentials("audit", PASSWORD, SECRET))
        path = collect.run(
            nornir,
            {plan.name: plan},
            output=tmp_path / "out",
            inventory_folder=folder,
            **{"timeout_s": 20, "retries": 0, **options},
        )
        return Collected(path, json.loads((path / "manifest.json").read_text()))

    return run


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def talk(loop: asyncio.AbstractEventLoop) -> Iterator[Callable[..., int]]:
    """A TCP server that talks so to whoever connects: its port."""
    servers: list[asyncio.Server] = []
    talks: set[asyncio.Task[None]] = set()

    def start(talking: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> int:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            talks.add(task)
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await talking(reader, writer)
            writer.close()

        made = asyncio.run_coroutine_threadsafe(asyncio.start_server(one, "127.0.0.1", 0), loop).result(10)
        servers.append(made)
        return int(made.sockets[0].getsockname()[1])

    async def end() -> None:
        for server in servers:
            server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks)

    yield start
    asyncio.run_coroutine_threadsafe(end(), loop).result(10)


@pytest.fixture
def raw_server() -> Iterator[Callable[..., int]]:
    """A TCP server that says something to whoever connects, and closes or waits."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(greeting: bytes, *, close: bool) -> int:
        def serve_one() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(greeting)
                    while not close and connection.recv(4096):
                        pass

        threads.append(threading.Thread(target=serve_one, daemon=True))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield start
    listener.close()
    for thread in threads:
        thread.join(5)
