"""The ways to a device over real SSH: ~/.ssh/config, jump hosts (asyncssh's and OpenSSH's own), proxy commands."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.jump import DEVICES_A_SESSION
from vpnaudit.inventory import Credentials, Way

Start = Callable[..., Any]
CLOCK = b"*12:00:00.000 UTC Fri May 1 2026\r\n"
JUMP_PASSWORD = "canary-jump-4"


class Jump(asyncssh.SSHServer):
    """A jump host: a login, and connections to wherever is asked."""

    def __init__(self, host: JumpHost) -> None:
        self.host = host

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.host.connections.append(conn)

    def password_auth_supported(self) -> bool:
        return self.host.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        self.host.logins.append(username)
        return password == self.host.password

    def kbdint_auth_supported(self) -> bool:
        return self.host.questions is not None

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:  # noqa: ARG002
        return "", "Welcome", "", [(question, False) for question in self.host.questions or ()]

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        self.host.logins.append(username)
        return bool(responses == [JUMP_PASSWORD])

    def public_key_auth_supported(self) -> bool:
        return self.host.public_key is not None

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        matches = key.export_public_key() == self.host.public_key
        if matches:
            self.host.logins.append(username)
        return matches

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:  # noqa: ARG002
        self.host.asked_for.append((dest_host, dest_port))
        if not self.host.forwards:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "not here")
        return True


class JumpHost:
    def __init__(self, **settings: Any) -> None:
        self.password: str | None = settings.pop("password", JUMP_PASSWORD)
        self.public_key: bytes | None = settings.pop("public_key", None)
        self.questions: tuple[str, ...] | None = settings.pop("questions", None)
        self.address: str = settings.pop("address", "127.0.0.1")
        self.forwards: bool = settings.pop("forwards", True)
        self.logins: list[str] = []
        self.asked_for: list[tuple[str, int]] = []
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.port = 0


@pytest.fixture
def jump_host(loop: asyncio.AbstractEventLoop, other_key: asyncssh.SSHKey) -> Iterator[Start]:
    stack = contextlib.AsyncExitStack()

    async def begin(host: JumpHost) -> None:
        server = await asyncssh.create_server(
            lambda: Jump(host), host.address, 0, server_host_keys=[other_key], allow_scp=False, login_timeout=20
        )
        host.port = server.sockets[0].getsockname()[1]

        async def end() -> None:
            for connection in host.connections:
                connection.abort()
                await connection.wait_closed()
            server.close()
            await server.wait_closed()

        stack.push_async_callback(end)

    def start(**settings: Any) -> JumpHost:
        host = JumpHost(**settings)
        asyncio.run_coroutine_threadsafe(begin(host), loop).result(10)
        return host

    yield start
    asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(10)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, which `collected` makes the run's: no key and no setting of whoever runs the tests."""
    for name in ("SSH_AUTH_SOCK", "VPNAUDIT_JUMP_PASSWORD", "VPNAUDIT_JUMP_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    return tmp_path / "home"


def configure(home: Path, text: str) -> None:
    (home / ".ssh" / "config").write_text(text)


def know(home: Path, name: str, key: asyncssh.SSHKey) -> None:
    with (home / ".ssh" / "known_hosts").open("a") as stream:
        stream.write(f"{name} {key.export_public_key().decode().strip()}\n")


LOGIN = Credentials("audit", "canary-password-1", "canary-enable-2", "hopper", JUMP_PASSWORD)


def test_a_device_is_reached_through_a_jump_host(
    serve: Start, plan: Start, collected: Start, jump_host: Start, home: Path, other_key: asyncssh.SSHKey
) -> None:
    router, jump = serve(answers={"show clock": CLOCK}), jump_host()
    configure(home, f"Host bastion\n  HostName 127.0.0.1\n  Port {jump.port}\n\nHost 127.*\n  ProxyJump bastion\n")
    know(home, f"[127.0.0.1]:{jump.port}", other_key)
    got = collected(plan("show clock"), router, credentials=LOGIN)

    assert got.device["status"] == "complete", got.device
    assert jump.logins == ["hopper"]
    assert jump.asked_for == [("127.0.0.1", router.port)]
    assert b"canary-jump" not in b"".join(p.read_bytes() for p in got.folder.rglob("*") if p.is_file())


def test_two_hops_and_users_in_the_list(
    serve: Start, plan: Start, collected: Start, jump_host: Start, home: Path, other_key: asyncssh.SSHKey
) -> None:
    router, outer, inner = serve(answers={"show clock": CLOCK}), jump_host(), jump_host()
    configure(home, f"Host *\n  ProxyJump one@127.0.0.1:{outer.port},two@127.0.0.1:{inner.port}\n")
    for each in (outer, inner):
        know(home, f"[127.0.0.1]:{each.port}", other_key)
    got = collected(plan("show clock"), router, credentials=LOGIN)

    assert got.device["status"] == "complete", got.device
    assert (outer.logins, inner.logins) == (["one"], ["two"])
    assert outer.asked_for == [("127.0.0.1", inner.port)]
    assert inner.asked_for == [("127.0.0.1", router.port)]


@pytest.mark.parametrize(
    ("questions", "error"),
    [
        (("Password: ",), None),
        (("Password: ", "Token: "), "jump host bastion: asks for more than a password (keyboard-interactive)"),
    ],
    ids=str,
)
def test_a_jump_host_that_asks_questions_only(
    questions: tuple[str, ...], error: str | None, way_through: Start
) -> None:
    _, device = way_through("", LOGIN, password=None, questions=questions)
    assert (device["status"], device["error"]) == ("auth-failed" if error else "complete", error)


def test_devices_share_a_session(
    serve: Start, plan: Start, collected: Start, jump_host: Start, home: Path, other_key: asyncssh.SSHKey
) -> None:
    arrived = asyncio.Barrier(4)

    async def all_are_here(router: Any, session: Any) -> None:  # noqa: ARG001
        await asyncio.wait_for(arrived.wait(), 15)
        await session.send(CLOCK)

    routers = [serve(name=f"r{n}", instead={"show clock": all_are_here}) for n in range(4)]
    jump = jump_host()
    configure(home, f"Host *\n  ProxyJump 127.0.0.1:{jump.port}\n")
    know(home, f"[127.0.0.1]:{jump.port}", other_key)
    got = collected(plan("show clock"), *routers, credentials=LOGIN)

    assert [d["status"] for d in got.manifest["devices"]] == ["complete"] * 4
    assert jump.logins == ["hopper"]
    assert DEVICES_A_SESSION > 4


def test_the_devices_password_is_for_the_same_user_only(
    serve: Start, plan: Start, collected: Start, jump_host: Start, home: Path, other_key: asyncssh.SSHKey
) -> None:
    router, jump = serve(answers={"show clock": CLOCK}), jump_host(password="canary-password-1")
    know(home, f"[127.0.0.1]:{jump.port}", other_key)
    mine = Credentials("audit", "canary-password-1")
    configure(home, f"Host *\n  ProxyJump someone@127.0.0.1:{jump.port}\n")
    refused = collected(plan("show clock"), router, credentials=mine).device
    said = "jump host 127.0.0.1: cannot be logged in to as someone: no password and no key is known"
    assert (refused["status"], refused["error"]) == ("error", said)
    assert jump.logins == []

    configure(home, f"Host *\n  ProxyJump audit@127.0.0.1:{jump.port}\n")
    assert collected(plan("show clock"), router, credentials=mine).device["status"] == "complete"


def test_a_jump_host_that_refuses_is_asked_once(
    serve: Start, plan: Start, collected: Start, jump_host: Start, home: Path, other_key: asyncssh.SSHKey
) -> None:
    routers = [serve(name=f"r{n}", answers={"show clock": CLOCK}) for n in range(5)]
    jump = jump_host(password="another")
    configure(home, f"Host *\n  ProxyJump 127.0.0.1:{jump.port}\n")
    know(home, f"[127.0.0.1]:{jump.port}", other_key)
    got = collected(plan("show clock"), *routers, credentials=LOGIN)
    assert {d["status"] for d in got.manifest["devices"]} == {"auth-failed"}
    assert len(jump.logins) == 1


@pytest.mark.parametrize("known", [False, True])
def test_the_key_of_a_jump_host_is_checked(
    *,
    known: bool,
    serve: Start,
    plan: Start,
    collected: Start,
    jump_host: Start,
    home: Path,
    host_key: asyncssh.SSHKey,
) -> None:
    router, jump = serve(answers={"show clock": CLOCK}), jump_host()
    configure(home, f"Host bastion\n HostName 127.0.0.1\n Port {jump.port}\nHost *\n  ProxyJump bastion\n")
    if known:
        know(home, f"[127.0.0.1]:{jump.port}", host_key)
    device = collected(plan("show clock"), router, credentials=LOGIN).device
    assert device["status"] == "host-key"
    assert device["error"].startswith("jump host bastion: ")
    assert ("has changed" if known else "is not in") in device["error"]
    assert jump.logins == []


def test_trouble_names_the_hop_or_the_device(
    serve: Start,
    plan: Start,
    collected: Start,
    jump_host: Start,
    home: Path,
    other_key: asyncssh.SSHKey,
    unused_port: int,
) -> None:
    router = serve(answers={"show clock": CLOCK})
    configure(home, f"Host bastion\n HostName 127.0.0.1\n Port {unused_port}\nHost *\n  ProxyJump bastion\n")
    device = collected(plan("show clock"), router, credentials=LOGIN).device
    assert (device["status"], device["error"]) == ("refused", "jump host bastion: connection refused")

    jump = jump_host()
    know(home, f"[127.0.0.1]:{jump.port}", other_key)
    configure(home, f"Host bastion\n HostName 127.0.0.1\n Port {jump.port}\nHost *\n  ProxyJump bastion\n")
    gone = {"gone": {"hostname": "127.0.0.1", "port": unused_port, "platform": "cisco_ios"}}
    manifest = collected(plan("show clock"), router, hosts=gone, credentials=LOGIN).manifest
    by_name = {d["name"]: d for d in manifest["devices"]}
    assert by_name["r1"]["status"] == "complete"
    assert by_name["gone"]["status"] in {"refused", "unreachable"}
    assert "from jump host bastion" in by_name["gone"]["error"]

    closed = jump_host(forwards=False)
    know(home, f"[127.0.0.1]:{closed.port}", other_key)
    configure(home, f"Host bastion\n HostName 127.0.0.1\n Port {closed.port}\nHost *\n  ProxyJump bastion\n")
    device = collected(plan("show clock"), router, credentials=LOGIN).device
    assert device["status"] == "refused"
    assert device["error"].startswith("jump host bastion: does not forward to 127.0.0.1 port")


def test_a_jump_host_that_says_nothing_costs_the_time_limit(
    serve: Start, plan: Start, collected: Start, home: Path, raw_server: Start
) -> None:
    router, port = serve(answers={"show clock": CLOCK}), raw_server(b"", close=False)
    configure(home, f"Host bastion\n HostName 127.0.0.1\n Port {port}\nHost *\n  ProxyJump bastion\n")
    device = collected(plan("show clock"), router, credentials=LOGIN, timeout_s=1).device
    said = "jump host bastion: not done within 1 s: still waiting for the SSH banner"
    assert (device["status"], device["error"]) == ("timeout", said)


def test_a_device_that_hangs_behind_a_jump_host_ends_in_time(
    plan: Start, collected: Start, jump_host: Start, home: Path, other_key: asyncssh.SSHKey, raw_server: Start
) -> None:
    jump, port = jump_host(), raw_server(b"", close=False)
    know(home, f"[127.0.0.1]:{jump.port}", other_key)
    configure(home, f"Host *\n  ProxyJump 127.0.0.1:{jump.port}\n")
    hosts = {"mute": {"hostname": "127.0.0.1", "port": port, "platform": "cisco_ios"}}
    device = collected(plan("show clock"), hosts=hosts, known=False, credentials=LOGIN, timeout_s=1).device
    assert device["status"] == "timeout"


def test_names_ports_users_and_keys_come_from_the_ssh_configuration(
    serve: Start, plan: Start, collected: Start, home: Path, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    router = serve(answers={"show clock": CLOCK})
    (home / "other_known").write_text(f"edge-cluster {host_key.export_public_key().decode()}")
    configure(
        home,
        f"Include extra.conf\nHost edge1\n  HostName 127.0.0.1\n  Port {router.port}\n  HostKeyAlias edge-cluster\n"
        "  User fromconfig\n  UserKnownHostsFile ~/other_known\n  ConnectTimeout 9\n  Ciphers aes256-ctr\n",
    )
    (home / ".ssh" / "extra.conf").write_text("Host other\n  Port 1\n")
    hosts = {"x": {"hostname": "edge1", "platform": "cisco_ios"}}
    got = collected(plan("show clock"), hosts=hosts, known=False, credentials=Credentials(None, "canary-password-1"))
    assert got.device["status"] == "complete", got.device
    assert not (tmp_path / "inventory" / "known_hosts").exists()
    connection = router.connections[0]
    assert connection.get_extra_info("send_cipher") == "aes256-ctr"
    assert connection.get_extra_info("username") == "fromconfig"


def test_algorithms_that_are_not_there_are_said(serve: Start, plan: Start, collected: Start, home: Path) -> None:
    router = serve(answers={"show clock": CLOCK})
    configure(home, "Host *\n  KexAlgorithms sntrup761x25519-sha512\n")
    device = collected(plan("show clock"), router).device
    assert device["status"] == "error"
    assert "kexalgorithms sntrup761x25519-sha512: paramiko" in device["error"]
    configure(home, "Host *\n  KexAlgorithms +sntrup761x25519-sha512\n  HostKeyAlgorithms ^ssh-ed25519\n")
    assert collected(plan("show clock"), router).device["status"] == "complete"


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")  # of the server
def test_an_old_router_is_reached(serve: Start, plan: Start, collected: Start) -> None:
    """All that IOS before 15.4 or so offers: a key exchange and signatures with SHA-1, ciphers in CBC mode."""
    old = {
        "kex_algs": ["diffie-hellman-group14-sha1"],
        "signature_algs": ["ssh-rsa"],
        "encryption_algs": ["aes128-cbc"],
        "mac_algs": ["hmac-sha1"],
    }
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    router = serve(answers={"show clock": CLOCK}, algorithms=old, key=key)
    device = collected(plan("show clock"), router, known=False, host_keys="accept-new").device
    assert (device["status"], device["error"]) == ("complete", None)


def test_a_proxy_command_carries_the_session_and_its_end_is_told(
    serve: Start, plan: Start, collected: Start, home: Path, tmp_path: Path
) -> None:
    router = serve(answers={"show clock": CLOCK})
    pipe = tmp_path / "pipe.py"
    pipe.write_text(
        "import os, socket, sys, threading\n"
        "link = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def out():\n"
        "    while data := link.recv(65536):\n"
        "        os.write(1, data)\n"
        "    os._exit(0)\n"
        "threading.Thread(target=out).start()\n"
        "while data := os.read(0, 65536):\n"
        "    link.sendall(data)\n"
        "os._exit(0)\n"
    )
    configure(home, f"Host *\n  ProxyCommand {sys.executable} {pipe} %h {router.port}\n")
    assert collected(plan("show clock"), router).device["status"] == "complete"

    configure(home, "Host *\n  ProxyCommand sh -c 'echo no way there >&2; exit 3'\n")
    device = collected(plan("show clock"), router).device
    assert (device["status"], device["error"]) == (
        "unreachable",
        "the proxy command ended with status 3: no way there",
    )


def test_known_hosts_beside_an_inventory_that_is_a_file(tmp_path: Path, host_key: asyncssh.SSHKey, home: Path) -> None:
    file = tmp_path / "fleet.csv"
    file.write_text("name\nr1\n")
    (tmp_path / "known_hosts").write_text(f"edge-cluster {host_key.export_public_key().decode()}")
    keys = HostKeys.of(file, home=home)
    assert keys.known_types("edge-cluster", 22) == ("ssh-ed25519",)
    assert keys.along(Way("r1", "192.0.2.1", key_name="edge-cluster")).known_types("192.0.2.1", 2222) == (
        "ssh-ed25519",
    )
    assert keys.along(Way("r1", "192.0.2.1", known_hosts=())).files == (tmp_path / "known_hosts",)


def test_a_device_at_an_ipv6_address(plan: Start, collected: Start, home: Path) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            port = probe.getsockname()[1]
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    assert home.is_dir()
    hosts = {"six": {"hostname": "[::1]", "port": port, "platform": "cisco_ios"}}
    device = collected(plan("show clock"), hosts=hosts, known=False).device
    assert (device["status"], device["error"]) == ("refused", f"::1 port {port}: connection refused")


@pytest.fixture(scope="session")
def rsa_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-rsa", key_size=2048)


def _written(key: asyncssh.SSHKey, path: Path, passphrase: str | None = None) -> Path:
    path.write_bytes(key.export_private_key("openssh", passphrase, rounds=50))
    return path


@pytest.fixture
def way_through(
    serve: Start, plan: Start, collected: Start, jump_host: Start, home: Path, other_key: asyncssh.SSHKey
) -> Start:
    """Collect a device through a jump host: the jump host, and what became of the device."""

    def go(said: str, credentials: Credentials, **settings: Any) -> tuple[JumpHost, dict[str, Any]]:
        router, jump = serve(answers={"show clock": CLOCK}), jump_host(**settings)
        configure(
            home,
            f"Host bastion\n  HostName {jump.address}\n  Port {jump.port}\n{said}\nHost 127.*\n  ProxyJump bastion\n",
        )
        know(home, f"[{jump.address}]:{jump.port}", other_key)
        device = collected(plan("show clock"), router, credentials=credentials).device
        return jump, device

    return go


KEYS: dict[str, tuple[bool, str | None, str | None, str, str]] = {
    "taken": (True, None, None, "complete", ""),
    "refused": (False, None, None, "auth-failed", "refused the key of user hopper"),
    "encrypted": (True, "canary-phrase-5", "canary-phrase-5", "complete", ""),
    "encrypted, no passphrase": (True, "canary-phrase-5", None, "error", "is encrypted: no passphrase is known"),
    "encrypted, wrong passphrase": (True, "canary-phrase-5", "another", "error", "is encrypted: no passphrase is"),
}  # fmt: skip


@pytest.mark.parametrize("row", KEYS.values(), ids=KEYS.keys())
def test_a_key_file_for_a_jump_host(
    row: tuple[bool, str | None, str | None, str, str],
    way_through: Start,
    home: Path,
    rsa_key: asyncssh.SSHKey,
    other_key: asyncssh.SSHKey,
) -> None:
    taken, encrypted, passphrase, status, said = row
    file = _written(rsa_key, home / "key", encrypted)
    jump, device = way_through(
        f"  IdentityFile {file}\n",
        Credentials("audit", "canary-password-1", None, "hopper", None, passphrase),
        password=None,
        public_key=(rsa_key if taken else other_key).export_public_key(),
    )
    assert (device["status"], jump.logins) == (status, ["hopper"] if status == "complete" else []), device
    assert said in (device["error"] or "")
    assert "canary" not in (device["error"] or "")


@pytest.mark.parametrize(("taken", "error"), [(True, None), (False, "the device refused the key of user audit")])
def test_a_device_is_logged_in_to_with_an_rsa_key(  # which paramiko called an invalid one where it was refused
    *,
    taken: bool,
    error: str | None,
    plan: Start,
    collected: Start,
    home: Path,
    rsa_key: asyncssh.SSHKey,
    other_key: asyncssh.SSHKey,
    jump_host: Start,
) -> None:
    server = jump_host(password=None, public_key=(rsa_key if taken else other_key).export_public_key())
    know(home, f"[127.0.0.1]:{server.port}", other_key)
    configure(home, f"Host *\n  IdentityFile {_written(rsa_key, home / 'key')}\n")
    hosts = {"r1": {"hostname": "127.0.0.1", "port": server.port, "platform": "cisco_ios"}}
    device = collected(
        plan("show clock"), hosts=hosts, known=False, credentials=Credentials("audit"), timeout_s=2
    ).device
    assert server.logins == (["audit"] if taken else [])
    assert error is None or (device["status"], device["error"]) == ("auth-failed", error)


def test_a_jump_host_is_logged_in_to_with_the_agent(
    way_through: Start, agent: Path, rsa_key: asyncssh.SSHKey, home: Path
) -> None:
    file = _written(rsa_key, home / "held")
    file.chmod(0o600)
    subprocess.run(["ssh-add", "-q", str(file)], env={**os.environ, "SSH_AUTH_SOCK": str(agent)}, check=True)
    file.unlink()
    jump, device = way_through("", LOGIN, password=None, public_key=rsa_key.export_public_key())
    assert (device["status"], device["error"], jump.logins) == ("complete", None, ["hopper"])


def test_a_jump_host_at_an_ipv6_address(way_through: Start) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    jump, device = way_through("  User six\n", LOGIN, address="::1")
    assert (device["status"], device["error"], jump.logins) == ("complete", None, ["six"])


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """ssh-agent, with nothing in it: its socket."""
    program = shutil.which("ssh-agent")
    if program is None:
        pytest.skip("ssh-agent is not installed (openssh-client)")
    path = tmp_path / "agent"
    process = subprocess.Popen([program, "-D", "-a", str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # printed once it listens
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    try:
        yield path
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[tuple[int, Path, str]]:
    """OpenSSH's own server on loopback: its port, the key to log in with, its host key's line."""
    program = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    keygen = shutil.which("ssh-keygen")
    if program is None or keygen is None:
        reason = "OpenSSH's server is not installed (openssh-server): jump hosts were not tried against it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path / "sshd"
    folder.mkdir()
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {folder / 'user.pub'}\nPermitRootLogin yes\nPasswordAuthentication no\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stderr=log)
    try:
        _wait_until_it_listens(port, process, folder / "log")
        yield port, folder / "user", (folder / "host.pub").read_text()
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 10):
            return
    pytest.fail(f"sshd ended: {log.read_text()}")


def test_openssh_is_a_jump_host_for_many(
    serve: Start, plan: Start, collected: Start, home: Path, sshd: tuple[int, Path, str], tmp_path: Path
) -> None:
    port, key, host_line = sshd
    routers = [serve(name=f"r{n:02}", answers={"show clock": CLOCK}) for n in range(12)]
    configure(
        home,
        f"Host bastion\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n  IdentityFile {key}\n"
        "Host *\n  ProxyJump bastion\n",
    )
    (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_line}")
    got = collected(plan("show clock"), *routers)
    assert [(d["status"], d["error"]) for d in got.manifest["devices"]] == [("complete", None)] * 12
    log = (tmp_path / "sshd" / "log").read_text()
    assert log.count("Accepted publickey") <= 12


def test_openssh_says_that_a_device_refuses(
    plan: Start, collected: Start, home: Path, sshd: tuple[int, Path, str], unused_port: int
) -> None:
    port, key, host_line = sshd
    configure(
        home,
        f"Host bastion\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n  IdentityFile {key}\n"
        "Host *\n  ProxyJump bastion\n",
    )
    (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_line}")
    hosts = {"gone": {"hostname": "127.0.0.1", "port": unused_port, "platform": "cisco_ios"}}
    device = collected(plan("show clock"), hosts=hosts, known=False).device
    assert device["status"] == "refused", device
    assert "from jump host bastion" in device["error"]
