"""Simulated devices for collect_fleet.py: SSH servers in a process of their own, each answer unlike any other.

Every line of an answer names the device, the command and its number, so that a line that went astray is seen.
`python benchmarks/fleet_servers.py FIRST COUNT LATENCY_S` says its devices' ports and host key as one line of JSON and
serves until its input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

import asyncssh

USER, PASSWORD = "audit", "canary-password-9"
COMMANDS: dict[str, int] = {
    "show version": 2_000,
    "show crypto isakmp sa": 1_500,
    "show crypto ipsec sa": 12_000,
    "show crypto map": 3_500,
    "show memory statistics": 1_000,
    "show interfaces": 3_500,
    "show logging": 1_500,
}
"""The seven commands, and the bytes of each answer: 25 kB in all."""

_PREPARES = ("terminal length 0", "terminal width 0", "terminal width 511")
_LINES = (
    "   local  ident (addr/mask/prot/port): (10.1.{n}.0/255.255.255.0/0/0)",
    "    #pkts encaps: {n}17, #pkts encrypt: {n}17, #pkts digest: {n}17",
    "     local crypto endpt.: 198.51.100.1, remote crypto endpt.: 203.0.113.{n}",
    "        transform: esp-gcm 256 ,",
    "        conn id: {n}, flow_id: ESG:{n}, sibling_flags FFFFFFFF80004048, crypto map: Tunnel{n}-head-0",
    "        sa timing: remaining key lifetime (k/sec): (4607999/{n})",
)


def name_of(number: int) -> str:
    """The device's name, which is in its prompt."""
    return f"bench-{number:05}"


def answer(device: str, command: str) -> str:
    r"""What a device says to a command; lines end in `\n`."""
    lines: list[str] = []
    size = 0
    while size < COMMANDS[command]:
        number = len(lines)
        lines.append(f"{_LINES[number % len(_LINES)].format(n=number)} [{device} {command} {number}]\n")
        size += len(lines[-1])
    return "".join(lines)


class _Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:  # noqa: ARG002  asyncssh's signature
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


async def _play(process: asyncssh.SSHServerProcess[str], device: str, latency_s: float) -> None:
    process.stdout.write(f"\r\n{device}#")
    while line := await process.stdin.readline():
        command = line.strip()
        if command == "exit":
            break
        process.stdout.write(f"{command}\r\n")
        if command:
            await asyncio.sleep(latency_s)
        if command in COMMANDS:
            process.stdout.write(answer(device, command).replace("\n", "\r\n"))
        elif command and command not in _PREPARES:
            process.stdout.write("             ^\r\n% Invalid input detected at '^' marker.\r\n\r\n")
        process.stdout.write(f"{device}#")


async def _serve(first: int, count: int, latency_s: float) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    ports = {}
    for number in range(first, first + count):
        device = name_of(number)

        async def play(process: asyncssh.SSHServerProcess[str], device: str = device) -> None:
            with contextlib.suppress(OSError, asyncssh.Error):
                await _play(process, device, latency_s)
            process.exit(0)

        server = await asyncssh.create_server(
            _Server, "127.0.0.1", 0, server_host_keys=[key], process_factory=play, line_editor=False, backlog=200
        )
        ports[device] = server.get_port()
    sys.stdout.write(json.dumps({"ports": ports, "key": key.export_public_key().decode().strip()}) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
