"""Measures collection beside stock nornir-netmiko and a raw paramiko client, on the same simulated devices.

    python benchmarks/collect_fleet.py --write            # 200 devices, three rounds, 20 and 100 workers
    python benchmarks/collect_fleet.py --scale 1000       # devices, of which one in twenty is dead

Servers and clients are processes of their own on the same cores. In each round every client runs once, one after the
other, in an order that turns; each answer of each device is compared with what that device said to that command.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import platform as machine
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import page
import yaml
from fleet_servers import COMMANDS, PASSWORD, USER, answer

PROCESSES = 2
"""That serve."""
ROUNDS = 3
LATENCY_S = 0.05
STOCK, RAW, OURS = "nornir-netmiko", "raw paramiko", "vpnaudit"

Answers = dict[str, dict[str, str]]
"""What a client had: device, command, text."""


@dataclass(frozen=True)
class Measured:
    """One run of one client. Seconds, megabytes; `wrong`: answers that are not exactly the command's."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    wrong: int
    devices: int


@dataclass(frozen=True)
class Fleet:
    """What is served. `ports` by device, the one host key as a line of known_hosts has it."""

    ports: dict[str, int]
    key: str


# Clients: each gives what it had, and is measured from its first connection on.


def ours(inventory: Path, workers: int, out: Path) -> Callable[[], Path]:
    """The collection that `vpnaudit collect` does, with the seven commands."""
    from vpnaudit import collect  # noqa: PLC0415
    from vpnaudit.inventory import Credentials, give_credentials, load_inventory  # noqa: PLC0415
    from vpnaudit.model.facts import Facts  # noqa: PLC0415
    from vpnaudit.model.platform import CommandSpec, Defaults, Platform  # noqa: PLC0415

    def never(_: str) -> Any:
        return Facts()

    specs = tuple(CommandSpec(command=c, parse=never, needed=True, timeout_s=60) for c in COMMANDS)
    defaults = Defaults(ipsec_s=3600, ipsec_kb=4608000, ike_s=86400, dpd_mode="off")
    plan = Platform(name="cisco_ios", commands=specs, defaults=defaults)
    nornir = load_inventory(inventory, workers=workers)
    give_credentials(nornir, Credentials(USER, PASSWORD))
    return lambda: collect.run(nornir, {plan.name: plan}, output=out, inventory_folder=inventory, timeout_s=120.0)


def read_snapshot(folder: Path) -> Answers:
    """What stands in the snapshot's files."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {
        device["name"]: {c["command"]: (folder / c["file"]).read_text(encoding="utf-8") for c in device["commands"]}
        for device in manifest["devices"]
    }


def stock(inventory: Path, workers: int) -> Answers:
    """nornir-netmiko's own task, as its documentation has it, with default settings."""
    from nornir import InitNornir  # noqa: PLC0415
    from nornir.core.task import Result, Task  # noqa: PLC0415
    from nornir_netmiko import netmiko_send_command  # noqa: PLC0415

    nornir = InitNornir(
        inventory={
            "plugin": "SimpleInventory",
            "options": {"host_file": str(inventory / "hosts.yaml"), "group_file": str(inventory / "none.yaml")},
        },
        runner={"plugin": "threaded", "options": {"num_workers": workers}},
        logging={"enabled": False},
    )
    nornir.inventory.defaults.username, nornir.inventory.defaults.password = USER, PASSWORD

    def every_command(task: Task) -> Result:
        for command in COMMANDS:
            task.run(task=netmiko_send_command, name=command, command_string=command)
        return Result(host=task.host)

    results = nornir.run(task=every_command)
    nornir.close_connections()
    return {name: {str(r.name): str(r.result) for r in parts[1:]} for name, parts in results.items()}


def raw(ports: dict[str, int], workers: int) -> Answers:
    """What paramiko alone takes: threads, one shell a device, each command sent when the prompt has come."""
    import paramiko  # noqa: PLC0415

    def one(device: str) -> dict[str, str]:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())  # noqa: S507  as stock
        client.connect("127.0.0.1", ports[device], USER, PASSWORD, look_for_keys=False, allow_agent=False, timeout=60)
        try:
            channel = client.invoke_shell(width=511)
            channel.settimeout(60)
            prompt = f"{device}#".encode()

            def until_prompt() -> bytes:
                came = b""
                while not came.endswith(prompt):
                    data = channel.recv(65536)
                    if not data:
                        raise EOFError
                    came += data
                return came

            until_prompt()
            had = {}
            for command in ("terminal length 0", "terminal width 0", *COMMANDS):
                channel.sendall(f"{command}\n".encode())
                had[command] = until_prompt().decode().replace("\r\n", "\n")
        finally:
            client.close()
        return {c: had[c].removeprefix(f"{c}\n").removesuffix(f"{device}#") for c in COMMANDS}

    def guarded(device: str) -> tuple[str, dict[str, str]]:
        try:
            return device, one(device)
        except (OSError, EOFError, paramiko.SSHException):
            return device, {}

    with ThreadPoolExecutor(workers) as pool:
        return dict(pool.map(guarded, ports))


def wrong(had: Answers, devices: list[str]) -> int:
    """Answers that are missing, or not that command's of that device; blank lines around them do not count."""
    return sum(
        had.get(device, {}).get(command, "").strip() != answer(device, command).strip()
        for device in devices
        for command in COMMANDS
    )


def run_client(client: str, folder: Path, workers: int) -> Measured:
    """Run one client in this process, and measure it."""
    logging.disable(logging.CRITICAL)
    ports: dict[str, int] = json.loads((folder / "ports.json").read_text())
    collection = ours(folder, workers, folder / "out") if client == OURS else None
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    had: Answers = {}
    if collection is not None:
        snapshot = collection()
    else:
        had = stock(folder, workers) if client == STOCK else raw(ports, workers)
    wall_s = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    if collection is not None:
        had = read_snapshot(snapshot)
    return Measured(
        wall_s=wall_s,
        cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        peak_mb=after.ru_maxrss / 1024,
        wrong=wrong(had, sorted(ports)),
        devices=len(ports),
    )


# The bench


@contextlib.contextmanager
def serving(devices: int) -> Iterator[Fleet]:
    """So many devices, in processes of their own."""
    script = Path(__file__).with_name("fleet_servers.py")
    share = -(-devices // PROCESSES)
    processes = []
    try:
        for first in range(0, devices, share):
            words = [sys.executable, str(script), str(first), str(min(share, devices - first)), str(LATENCY_S)]
            processes.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        said = [json.loads(process.stdout.readline()) for process in processes if process.stdout]
        ports = {name: port for each in said for name, port in each["ports"].items()}
        keys = {port: each["key"] for each in said for port in each["ports"].values()}
        yield Fleet(ports, "".join(f"[127.0.0.1]:{port} {keys[port]}\n" for port in ports.values()))
    finally:
        for process in processes:
            process.communicate()


def write_inventory(fleet: Fleet, folder: Path, dead: dict[str, int]) -> None:
    """The same inventory for every client."""
    ports = {**fleet.ports, **dead}
    hosts = {name: {"hostname": "127.0.0.1", "port": port, "platform": "cisco_ios"} for name, port in ports.items()}
    (folder / "hosts.yaml").write_text(yaml.safe_dump(hosts))
    (folder / "known_hosts").write_text(fleet.key)
    (folder / "ports.json").write_text(json.dumps(fleet.ports))


def measure(client: str, fleet: Fleet, workers: int, dead: dict[str, int] | None = None) -> Measured:
    """One client in a process of its own."""
    # Beside this file: in a temporary folder of the system's, making a file was seen to take twenty times as long.
    with tempfile.TemporaryDirectory(prefix=".collect-", dir=Path(__file__).parent) as name:
        write_inventory(fleet, Path(name), dead or {})
        words = [sys.executable, __file__, "--client", client, "--folder", name, "--workers", str(workers)]
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def compare(devices: int, rounds: int, workers: list[int]) -> list[str]:
    """The table: each client, and the ratios within a round."""
    lines = [
        (
            f"Python {machine.python_version()}, paramiko {version('paramiko')}, netmiko {version('netmiko')}, "
            f"{os.cpu_count()} cores, {rounds} rounds, {devices} devices."
        ),
        "",
        (
            "| Workers | Client | Wall s, median (range) | CPU ms a device | MB at most | Wrong answers "
            "| Our wall ÷ its | Our CPU ÷ its | Our memory ÷ its |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    with serving(devices) as fleet:
        for number in workers:
            lines += _rows(number, [_round(fleet, number, turn) for turn in range(rounds)])
    return lines


def _round(fleet: Fleet, workers: int, turn: int) -> dict[str, Measured]:
    clients = [STOCK, RAW, OURS]
    order = clients[turn % 3 :] + clients[: turn % 3]
    done = {}
    for client in order:
        done[client] = measure(client, fleet, workers)
        sys.stderr.write(f"{workers} workers, {client}: {asdict(done[client])}\n")
    return done


def _rows(workers: int, rounds: list[dict[str, Measured]]) -> Iterator[str]:
    for client in (OURS, STOCK, RAW):
        runs = [each[client] for each in rounds]
        ratios = " | ".join(
            "1"
            if client == OURS
            else page.spread([getattr(each[OURS], field) / getattr(each[client], field) for each in rounds], 2)
            for field in ("wall_s", "cpu_s", "peak_mb")
        )
        answers = len(COMMANDS) * runs[0].devices * len(runs)
        yield (
            f"| {workers} | {client} | {page.spread([r.wall_s for r in runs], 1)} "
            f"| {page.spread([1000 * r.cpu_s / r.devices for r in runs], 0)} | {max(r.peak_mb for r in runs):.0f} "
            f"| {sum(r.wrong for r in runs)} of {answers:,} | {ratios} |"
        )


@contextlib.contextmanager
def _unanswering() -> Iterator[int]:
    """A port whose queue is full: the kernel drops what comes, as a network does for a device that is gone."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def scale(devices: int, workers: list[int]) -> list[str]:
    """So many devices, one in twenty of which does not answer the connection attempt."""
    gone = devices // 20
    lines = ["| Devices | Dead | Workers | Wall s | CPU ms a device | MB at most | Wrong answers |", "|" + "---|" * 7]
    with contextlib.ExitStack() as stack:
        fleet = stack.enter_context(serving(devices - gone))
        dead = {f"dead-{n:05}": stack.enter_context(_unanswering()) for n in range(gone)}
        for number in workers:
            done = measure(OURS, fleet, number, dead)
            lines.append(
                f"| {devices:,} | {gone} | {number} | {done.wall_s:.0f} | {1000 * done.cpu_s / devices:.0f} "
                f"| {done.peak_mb:.0f} | {done.wrong} of {len(COMMANDS) * done.devices:,} |"
            )
            sys.stderr.write(lines[-1] + "\n")
    return lines


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--workers", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--scale", type=int, help="measure so many devices, one in twenty dead, instead")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--client", choices=[OURS, STOCK, RAW], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        sys.stdout.write(json.dumps(asdict(run_client(asked.client, asked.folder, asked.workers[0]))) + "\n")
        return
    if asked.scale:
        sys.stdout.write("\n".join(scale(asked.scale, asked.workers)) + "\n")
        return
    lines = compare(asked.devices, asked.rounds, asked.workers)
    if asked.write:
        page.write("collect_fleet.py", lines)
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
