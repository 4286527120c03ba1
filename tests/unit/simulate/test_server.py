"""The manners at the prompt, over real SSH on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest

from vpnaudit.simulate import Serving, build_fleet, running
from vpnaudit.simulate.server import ERASE, MORE, host_key, serve

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
USER, PASSWORD, SECRET = "monitor", "Str0ng-enough", "en4ble-me"


class Client:
    """A person at a terminal."""

    def __init__(self, process: asyncssh.SSHClientProcess[str]) -> None:
        self.process = process

    async def until(self, *ends: str) -> str:
        text = ""
        while not text.endswith(ends):
            piece = await self.process.stdout.read(4096)
            assert piece, f"session ended after {text!r}"
            text += piece
        return text

    async def type(self, text: str, *ends: str) -> str:
        self.process.stdin.write(text)
        return await self.until(*ends)


async def connect(
    serving: Serving, name: str, tmp_path: Path, password: str = PASSWORD
) -> asyncssh.SSHClientConnection:
    known = tmp_path / "known_hosts"
    known.write_text(serving.known_hosts())
    return await asyncssh.connect(
        serving.host,
        serving.ports[name],
        username=USER,
        password=password,
        known_hosts=str(known),
        config=None,
        client_keys=None,
    )


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    fleet = build_fleet(1, ["healthy", "delete-lost"], NOW, hours=4)
    fleet.device("hub-b").refused = ("show crypto map",)
    with running(fleet, USER, PASSWORD, SECRET) as served:
        yield served


def session(
    serving: Serving, name: str, tmp_path: Path, steps: list[tuple[str, str]], password: str = PASSWORD
) -> list[str]:
    """What came back after each (typed, expected end)."""

    async def live() -> list[str]:
        async with await connect(serving, name, tmp_path, password) as connection:
            process = await connection.create_process(term_type="vt100", encoding="utf-8")
            client = Client(process)
            return [await client.type(typed, end) for typed, end in steps]

    return asyncio.run(live())


def test_prompt_enable_and_echo(serving: Serving, tmp_path: Path) -> None:
    steps = [
        ("", "BRANCH-01>"),
        ("show running-config\r", "BRANCH-01>"),
        ("en\r", "Password: "),
        (SECRET + "\r", "BRANCH-01#"),
        ("term len 0\r", "BRANCH-01#"),
        ("show running-config\r", "BRANCH-01#"),
        ("sh clockk\b\r", "BRANCH-01#"),
        ("disable\r", "BRANCH-01>"),
    ]
    _, denied, _, enabled, quiet, config, clock, _ = session(serving, "branch-01", tmp_path, steps)
    assert "% Invalid input detected at '^' marker." in denied
    assert SECRET not in enabled
    assert quiet == "term len 0\r\nBRANCH-01#"
    assert config.startswith("show running-config\r\nBuilding configuration...\r\n")
    assert "\r\nend\r\n" in config
    assert "2026\r\n" in clock


def test_a_wrong_secret_is_refused(serving: Serving, tmp_path: Path) -> None:
    steps = [("", ">"), ("enable\r", "Password: "), ("a\r", "Password: "), ("b\r", "Password: "), ("c\r", "HUB-A>")]
    assert "% Bad secrets" in session(serving, "hub-a", tmp_path, steps)[-1]


def test_a_wrong_password_does_not_get_in(serving: Serving, tmp_path: Path) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        session(serving, "hub-a", tmp_path, [], password="guess")


def test_the_pager_stops_goes_on_and_ends(serving: Serving, tmp_path: Path) -> None:
    steps = [
        ("", ">"),
        ("show version\r", MORE),
        (" ", MORE),
        ("\r", MORE),
        ("q", "BRANCH-01>"),
        ("show clock\r\n", "BRANCH-01>"),
    ]
    _, first, page, line, end, clock = session(serving, "branch-01", tmp_path, steps)
    assert first.count("\r\n") == 1 + 23
    assert page.startswith(ERASE)
    assert page.count("\r\n") == 23
    assert line.count("\r\n") == 1
    assert end == ERASE + "BRANCH-01>"
    assert clock.count("BRANCH-01>") == 1


def test_pipes_and_refusals_over_the_wire(serving: Serving, tmp_path: Path) -> None:
    steps = [("", ">"), ("show version | include uptime\r", ">"), ("show crypto map\r", "HUB-B>")]
    _, uptime, refused = session(serving, "hub-b", tmp_path, steps)
    assert "HUB-B uptime is" in uptime
    assert "% Authorization failed." in refused


def test_leaving(serving: Serving, tmp_path: Path) -> None:
    async def live() -> str:
        async with await connect(serving, "hub-a", tmp_path) as connection:
            process = await connection.create_process(term_type="vt100", encoding="utf-8")
            await Client(process).type("", ">")
            process.stdin.write("exit\r")
            return await process.stdout.read()

    assert asyncio.run(live()) == "exit\r\n"


def test_manners_can_be_worse(tmp_path: Path) -> None:
    fleet = build_fleet(1, ["healthy"], NOW, hours=4)
    with running(fleet, USER, PASSWORD, SECRET, latency_s=0.001, interrupting_log=True, exec_timestamps=True) as served:
        answer = session(served, "hub-a", tmp_path, [("", ">"), ("show clock\r", "HUB-A>")])[-1]
    assert "Load for five secs: " in answer
    assert f"\r\n{fleet.newest_log_line('hub-a')}\r\n" in answer


async def _ports(seed: int) -> dict[str, int]:
    serving = await serve(build_fleet(seed, ["healthy"], NOW, hours=2), USER, PASSWORD, SECRET)
    ports = dict(serving.ports)
    await serving.close()
    return ports


def test_every_device_has_its_port_and_its_key() -> None:
    ports = asyncio.run(_ports(1))
    assert len(set(ports.values())) == len(ports) == 3
    keys = {host_key(1, name).export_public_key() for name in ports}
    assert len(keys) == 3
    assert host_key(1, "hub-a").export_public_key() in keys
    assert host_key(2, "hub-a").export_public_key() not in keys


def test_the_fleet_without_its_server_does_not_load_asyncssh() -> None:
    code = "import sys, vpnaudit.simulate; sys.exit('asyncssh' in sys.modules)"
    source = str(Path(__file__).parents[3] / "src")
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": source}, check=False).returncode == 0
