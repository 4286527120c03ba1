"""Collection from SSH servers that are not ours: FakeNOS's devices, and OpenSSH's sshd with a shell like a router's.

Each capture is compared, byte for byte, with what the server printed.
"""

from __future__ import annotations

import contextlib
import getpass
import importlib.util
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
import yaml
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.collect import reader
from vpnaudit.model.platform import Platform
from vpnaudit.platforms.registry import platform
from vpnaudit.redact import Redactor
from vpnaudit.snapshot.write import capture_file_name

pytestmark = pytest.mark.long

USER, PASSWORD, SECRET = "audit", "canary-password-7", "canary-enable-8"
SAMPLES = Path(__file__).parents[1] / "fixtures"

SHELL = r'''
"""A router's manners behind a pseudo terminal: echo, prompt, enable, pager. The first argument says which."""
import json, os, re, sys, termios, tty

router = json.load(open(sys.argv[1], encoding="utf-8"))
received = open(sys.argv[1] + ".received", "ab", buffering=0)
privileged, paging = router["privileged"], router["page"] > 0
if router["raw"]:
    tty.setraw(0)


def send(text):
    data = text.encode("utf-8", "surrogateescape")
    while data:
        data = data[os.write(1, data):]


def key():
    byte = os.read(0, 1)
    if not byte:
        sys.exit(0)
    received.write(byte)
    return byte


def line(echo=True):
    typed = b""
    while not typed.endswith((b"\r", b"\n")):
        typed += key()
        if router["raw"] and echo:
            send(typed[-1:].decode() if typed[-1:] not in (b"\r", b"\n") else "\r\n")
    return typed[:-1].decode()


def answer(text):
    end = "\r\n" if router["raw"] else "\n"  # the terminal adds the carriage return
    lines = [each + end for each in text.split("\n")[:-1]]
    step = router["page"] if paging else len(lines) or 1
    for start in range(0, len(lines), step):
        send("".join(lines[start:start + step]))
        if start + step < len(lines):
            send(router["mark"])
            while key() != b" ":
                pass
            send(router["erase"])


send("\r\n" + router["banner"].replace("\n", "\r\n"))
while True:
    send(router["name"] + ("#" if privileged else ">"))
    command = line()
    if command == "exit":
        break
    if command == "enable":
        send("Password: ")
        privileged = line(echo=False) == router["secret"]
        send("\r\n" if privileged else "\r\n% Bad secrets\r\n\r\n")
    elif command in router["obeys"]:
        paging = False
    elif command and command == router["dies_in"]:
        text = router["answers"][command]
        send(text[: len(text) // 2].replace("\n", "\r\n" if router["raw"] else "\n"))
        termios.tcdrain(1)
        break
    elif command:
        answer(router["answers"].get(command, "             ^\n% Invalid input detected at '^' marker.\n\n"))
'''


def _missing(reason: str) -> NoReturn:
    """Say what was not tried; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 10):
            return
    pytest.fail(f"the server ended: {log.read_text()}")


@contextlib.contextmanager
def _server(words: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as stream:
        process = subprocess.Popen(words, stdout=stream, stderr=stream)
    try:
        _wait_until_it_listens(port, process, log)
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without keys and settings of whoever runs the tests, and our credentials."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for name, value in (("USERNAME", USER), ("PASSWORD", PASSWORD), ("ENABLE_SECRET", SECRET)):
        monkeypatch.setenv(f"VPNAUDIT_{name}", value)
    return folder


class Got(NamedTuple):
    status: int
    said: str
    folder: Path
    devices: dict[str, dict[str, Any]]

    def captures(self, device: str) -> dict[str, bytes]:
        """What was written of each command, refusals too."""
        entries = self.devices[device]["commands"]
        return {entry["command"]: (self.folder / entry["file"]).read_bytes() for entry in entries}

    def asked(self, device: str, printed: dict[str, bytes]) -> dict[str, bytes]:
        """What was printed, without the commands that the manifest says were needless on this device."""
        needless = {entry["command"] for entry in self.devices[device].get("not_asked", ())}
        assert needless <= {spec.sent or spec.command for spec in _of(self.devices[device]["platform"]).commands}
        return {command: text for command, text in printed.items() if command not in needless}


def _collect(folder: Path, hosts: dict[str, dict[str, Any]], *, known: str, words: tuple[str, ...] = ()) -> Got:
    inventory = folder / "inventory"
    inventory.mkdir()
    (inventory / "hosts.yaml").write_text(yaml.safe_dump(hosts))
    (inventory / "known_hosts").write_text(known)
    result = CliRunner().invoke(app, ["collect", "-i", str(inventory), "-o", str(folder / "out"), *words])
    (snapshot,) = (folder / "out").iterdir()
    manifest = json.loads((snapshot / "manifest.json").read_text())
    said = f"{result.stdout}{result.stderr}{result.exception!r}"
    return Got(result.exit_code, said, snapshot, {device["name"]: device for device in manifest["devices"]})


def _commands(plan: Platform) -> list[str]:
    """What the device is asked, in order."""
    specs = sorted((spec for spec in plan.commands if spec.collected), key=lambda spec: not spec.needed)
    return [spec.sent or spec.command for spec in specs]


def _of(name: str) -> Platform:
    found = platform(name)
    assert found is not None
    return found


def _masked(plan: Platform, text: str) -> bytes:
    return Redactor(plan.secrets).text(text).encode()


# FakeNOS


@pytest.fixture
def fakenos(tmp_path: Path) -> Callable[..., contextlib.AbstractContextManager[dict[str, int]]]:
    """FakeNOS's own program with these hosts: each one's port."""
    program = shutil.which("fakenos", path=str(Path(sys.executable).parent))
    if program is None or importlib.util.find_spec("fakenos") is None:
        _missing("FakeNOS is not installed (requirements/dev.txt): collection was not tried against it")

    @contextlib.contextmanager
    def serve(**hosts: dict[str, Any]) -> Iterator[dict[str, int]]:
        ports = {name: _free_port() for name in hosts}
        said = {n: {"username": USER, "password": PASSWORD, "port": ports[n], **hosts[n]} for n in hosts}
        file = tmp_path / "fakenos.yaml"
        file.write_text(yaml.safe_dump({"hosts": said}))
        with _server([program, "-i", str(file)], ports[max(ports)], tmp_path / "fakenos.log"):
            yield ports

    return serve


def _its_own_answers(name: str) -> dict[str, str]:
    """What FakeNOS's IOS prints of our plan, but for the clock, which goes."""
    from fakenos.core.nos import Nos  # type: ignore[import-untyped]  # noqa: PLC0415
    from fakenos.plugins.nos import nos_plugins  # type: ignore[import-untyped]  # noqa: PLC0415

    nos = Nos(filename=nos_plugins["cisco_ios"])
    answers = {}
    for command in _commands(_of("cisco_ios")):
        output = nos.commands.get(command, {}).get("output", nos.commands["_default_"]["output"])
        if callable(output):
            output = output(nos.device, base_prompt=name, current_prompt=f"{name}#", command=command)
        answers[command] = "".join(f"{line}\n" for line in output.replace("{base_prompt}", name).splitlines())
    del answers["show clock"]
    return answers


def test_devices_of_fakenos_are_had_as_they_printed(fakenos: Any, home: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """One with its own answers, one with longer ones, one that does not take the password."""
    samples = _samples("cisco_ios")
    nos = {"plugin": "cisco_ios", "configuration": {"commands": {c: {"output": t} for c, t in samples.items()}}}
    theirs = {"platform": "cisco_ios", "password": "another"}
    with fakenos(edge1={"platform": "cisco_ios"}, ours={"nos": nos}, theirs=theirs) as ports:
        hosts = {n: {"hostname": "127.0.0.1", "port": p, "platform": "cisco_ios"} for n, p in ports.items()}
        got = _collect(tmp_path, hosts, known="", words=("--host-keys", "accept-new"))
    plan, its_own = _of("cisco_ios"), _its_own_answers("edge1")
    longer = {**_its_own_answers("ours"), **samples}

    captures = got.captures("edge1")
    clock = captures.pop("show clock")
    assert clock.startswith(b"*"), got.said
    assert clock.count(b"\n") == 1
    assert captures == got.asked("edge1", {command: _masked(plan, text) for command, text in its_own.items()})
    refused = {entry["command"] for entry in got.devices["edge1"]["commands"] if entry["refused"]}
    assert refused == {command for command in captures if "Invalid input" in its_own[command]}
    assert len(refused) < len(its_own) / 2 or got.devices["edge1"]["status"] == "partial"
    known = (tmp_path / "inventory" / "known_hosts").read_text()
    assert all(f"[127.0.0.1]:{port} ssh-rsa" in known for port in ports.values())

    assert got.devices["ours"]["status"] == "complete", got.said
    assert got.captures("ours") == got.asked("ours", {command: _masked(plan, text) for command, text in longer.items()})
    assert got.devices["theirs"]["status"] == "auth-failed"
    assert PASSWORD not in got.said


# OpenSSH


@dataclass(frozen=True)
class Router:
    """What the shell behind sshd plays."""

    answers: dict[str, str]
    name: str = "r1"
    privileged: bool = True
    secret: str = SECRET
    banner: str = ""
    raw: bool = True
    """Whether it echoes by itself, key by key; otherwise the terminal does, as soon as something is typed."""
    obeys: tuple[str, ...] = ("terminal length 0", "terminal width 0")
    page: int = 0
    mark: str = " --More-- "
    erase: str = "\b" * 9 + " " * 9 + "\b" * 9
    dies_in: str = ""


class Sshd(NamedTuple):
    """A running sshd."""

    port: int
    key: Path
    known: str
    state: Path

    def received(self) -> bytes:
        """Every byte that was typed at the router."""
        return self.state.with_name(self.state.name + ".received").read_bytes()

    def collect(self, folder: Path, platform_name: str, *words: str) -> Got:
        """Collect the router through the command line."""
        host = {
            "hostname": "127.0.0.1",
            "port": self.port,
            "platform": platform_name,
            "username": getpass.getuser(),
            "data": {"key_file": str(self.key)},
        }
        return _collect(folder, {"r1": host}, known=self.known, words=words)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Callable[..., Sshd]]:
    """OpenSSH's own server, whose every login gets the router's shell."""
    program = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    keygen = shutil.which("ssh-keygen")
    if program is None or keygen is None:
        _missing("OpenSSH's server is not installed (openssh-server): collection was not tried against it")
    folder = tmp_path / "sshd"
    folder.mkdir()
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    stack = contextlib.ExitStack()

    def start(router: Router, *settings: str) -> Sshd:
        port, state = _free_port(), folder / "router.json"
        (folder / "shell.py").write_text(SHELL)
        state.write_text(json.dumps(asdict(router)))
        shell = shlex.join([sys.executable, "-I", str(folder / "shell.py"), str(state)])
        lines = [
            f"Port {port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {folder / 'host'}",
            "PidFile none",
            "UsePAM no",
            "StrictModes no",
            f"AuthorizedKeysFile {folder / 'user.pub'}",
            "PermitRootLogin yes",
            "PasswordAuthentication no",
            f"ForceCommand {shell}",
            *settings,
        ]
        (folder / "config").write_text("\n".join(lines) + "\n")
        words = [str(program), "-D", "-e", "-f", str(folder / "config")]
        stack.enter_context(_server(words, port, folder / "log"))
        return Sshd(port, folder / "user", f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}", state)

    with stack:
        yield start


def _samples(platform_name: str) -> dict[str, str]:
    """An answer for each command of the plan that the parsers' own samples have."""
    answers = {}
    for command in _commands(_of(platform_name)):
        folder = SAMPLES / platform_name / capture_file_name(command).removesuffix(".txt")
        if folder.is_dir():
            text = (min(folder.iterdir()) / "input.txt").read_text(encoding="utf-8")
            answers[command] = text if text.endswith("\n") else text + "\n"
    return answers


REFUSED = "             ^\n% Invalid input detected at '^' marker.\n\n"


def _expected(plan: Platform, answers: dict[str, str]) -> dict[str, bytes]:
    return {command: _masked(plan, answers.get(command, REFUSED)) for command in _commands(plan)}


@pytest.mark.parametrize("raw", [True, False], ids=["echoes by itself", "terminal echoes"])
def test_openssh_with_an_ios_shell(sshd: Any, home: Path, tmp_path: Path, raw: bool) -> None:  # noqa: ARG001
    answers = _samples("cisco_ios")
    server = sshd(Router(answers, raw=raw, banner="Authorised access only.\nr1# is no prompt\n"))
    got = server.collect(tmp_path, "cisco_ios")
    assert got.devices["r1"]["status"] == "complete", got.said
    assert got.captures("r1") == got.asked("r1", _expected(_of("cisco_ios"), answers))
    allowed = {*_commands(_of("cisco_ios")), "", "exit", "terminal length 0", "terminal width 0"}
    *lines, unfinished = server.received().decode().split("\n")
    assert set(lines) <= allowed
    # The session is closed behind its `exit`, and a shell may be gone before it has read the whole word.
    assert "exit".startswith(unfinished)


def test_openssh_with_an_asa_shell_that_pages(
    sshd: Any,
    home: Path,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "_SETTLE_PAGED_S", 0.1)  # nothing is under way for long on loopback
    answers = _samples("cisco_asa")
    router = Router(answers, privileged=False, page=24, mark="<--- More --->", erase="\r              \r", obeys=())
    got = sshd(router).collect(tmp_path, "cisco_asa")
    assert got.captures("r1") == got.asked("r1", _expected(_of("cisco_asa"), answers)), got.said
    assert max(text.count("\n") for text in answers.values()) > router.page
    assert SECRET.encode() not in b"".join(p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file())


def test_openssh_changes_keys_within_a_long_answer(sshd: Any, home: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """Megabytes through a pseudo terminal, with new session keys every 256 kB, and bytes that are no UTF-8."""
    lines = (
        f"  crypto map number {n}, spi 0x{n * 2654435761 % 2**32:08X} " + "\udcff" * (n % 3) for n in range(40_000)
    )
    answers = {**_samples("cisco_ios"), "show crypto ipsec sa": "".join(f"{line}\n" for line in lines)}
    got = sshd(Router(answers), "RekeyLimit 256K").collect(tmp_path, "cisco_ios")
    assert got.devices["r1"]["status"] == "complete", got.said
    shown = {command: text.replace("\udcff", "\ufffd") for command, text in answers.items()}
    assert got.captures("r1") == got.asked("r1", _expected(_of("cisco_ios"), shown))


def test_openssh_whose_shell_dies_in_an_answer(sshd: Any, home: Path, tmp_path: Path) -> None:  # noqa: ARG001
    answers = _samples("cisco_ios")
    got = sshd(Router(answers, dies_in="show crypto map")).collect(tmp_path, "cisco_ios")
    plan, device = _of("cisco_ios"), got.devices["r1"]
    captures, whole = got.captures("r1"), _expected(plan, answers)
    cut = captures.pop("show crypto map")
    assert device["status"] == "partial"
    assert "the device closed the session" in device["error"]
    assert cut.decode().rstrip("\n") == answers["show crypto map"][: len(answers["show crypto map"]) // 2].rstrip("\n")
    assert captures == {command: whole[command] for command in captures}
    asked = _commands(plan)
    before = dict.fromkeys(asked[: asked.index("show crypto map")], b"")
    assert set(captures) == set(got.asked("r1", before))


def test_openssh_without_our_key(sshd: Any, home: Path, tmp_path: Path) -> None:  # noqa: ARG001
    server = sshd(Router({}), "PubkeyAuthentication no", "KbdInteractiveAuthentication no")
    got = server.collect(tmp_path, "cisco_ios")
    assert got.devices["r1"]["status"] == "auth-failed", got.said
    assert got.captures("r1") == {}
