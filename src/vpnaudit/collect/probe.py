"""Tries each device as a collection would, up to one `show version`: what `inventory check --connect` looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.inventory import Host
from nornir.core.task import Result, Task

from vpnaudit.collect.deadline import Deadline
from vpnaudit.collect.guard import Guard
from vpnaudit.collect.host_keys import HostKeyMode, HostKeys
from vpnaudit.collect.plugin import Opening, login_of, register_connection
from vpnaudit.collect.reader import Closed, Reader, Silent
from vpnaudit.collect.refusal import is_refusal
from vpnaudit.collect.sessions import SESSIONS, GuardedSession
from vpnaudit.collect.trouble import one_line
from vpnaudit.collect.wire import SshWire
from vpnaudit.errors import DeviceError
from vpnaudit.inventory.credentials import CONNECTION

SHOW_VERSION = "show version"
_SILENCE_S = 60.0
_MOST_LINES = 2000


@dataclass
class Probe:
    """How far a device let us. Null: not reached.

    `banner` is the SSH server's version line; `enable` what became of enable: "privileged" (the login was),
    "granted", "refused", "no-secret" (it is not, and no secret is known); `version` the answer to `show version`.
    """

    banner: str | None = None
    prompt: str | None = None
    enable: str | None = None
    version: list[str] = field(default_factory=list)
    version_refused: bool = False
    trouble: DeviceError | None = None


def probe_all(
    nornir: Nornir,
    platforms: Mapping[str, str],
    *,
    inventory_folder: Path,
    timeout_s: float,
    host_keys: HostKeyMode = "strict",
) -> dict[str, Probe]:
    """Try every device, as many at a time as the runner has threads; by the device's name.

    `platforms` gives each name of the inventory our platform; another is tried as IOS. `timeout_s` is one device in
    all. Nothing but the lines of a collection's session and `show version` is sent.
    """
    register_connection()
    keys = HostKeys.of(inventory_folder, host_keys)
    found: dict[str, Probe] = {}

    def one(task: Task) -> Result:
        name = task.host.get_connection_parameters("netmiko").platform or ""
        kind = SESSIONS.get(platforms.get(name, ""), SESSIONS["cisco_ios"])
        found[task.host.name] = _probe(task.host, kind, keys, timeout_s, task.nornir.config)
        return Result(host=task.host)

    nornir.run(task=one, name="probe", on_failed=True)
    return found


def known_host_keys(host: Host, inventory_folder: Path) -> bool:
    """Whether known_hosts has a key of the device. Raises DeviceError where a file or its way cannot be read."""
    login, _ = login_of(host)
    way = login["route"].way
    port = host.get_connection_parameters("netmiko").port or way.port or 22
    return bool(HostKeys.of(inventory_folder).along(way).known_types(way.host, port))


def _probe(host: Host, kind: type[GuardedSession], keys: HostKeys, timeout_s: float, configuration: Config) -> Probe:
    probe = Probe()
    try:
        login, secret = login_of(host)
        lines = (line for group in kind.SESSION_LINES for line in group)
        guard = Guard(host.name, lines, [SHOW_VERSION])
        deadline = Deadline(host.name, timeout_s)
        parameters = host.get_connection_parameters("netmiko")
        plugin = host.open_connection(
            CONNECTION,
            configuration=configuration,
            hostname=parameters.hostname or host.name,
            port=parameters.port,
            username=parameters.username,
            password=parameters.password,
            extras={"opening": Opening(host.name, kind, guard, deadline, keys, login)},
        )
        try:
            _look(probe, plugin.connection, kind, guard, deadline, secret)
        finally:
            host.close_connection(CONNECTION)
    except DeviceError as error:
        probe.trouble = error
    except Closed:
        probe.trouble = DeviceError(host.name, "error", "the device closed the session")
    except Silent:
        probe.trouble = DeviceError(host.name, "timeout", "the device fell silent")
    except Exception as error:  # noqa: BLE001  one device must not end the run; the line names what it was
        probe.trouble = DeviceError(host.name, "error", f"{type(error).__name__}: {one_line(error)}")
    return probe


def _look(
    probe: Probe, session: GuardedSession, kind: type[GuardedSession], guard: Guard, deadline: Deadline, secret: str
) -> None:
    transport = session.remote_conn_pre.get_transport() if session.remote_conn_pre is not None else None
    probe.banner = one_line(transport.remote_version) if transport is not None else None
    reader = Reader(SshWire(session, deadline))
    reader.log_in()
    probe.prompt = one_line(reader.prompt)
    probe.enable = _enable(reader, guard, secret)
    for group in kind.SESSION_LINES:
        for line in group:
            said: list[str] = []
            reader.answer(line, "", begun=lambda _, said=said: said.extend, silence_s=_SILENCE_S)  # type: ignore[misc]
            if not is_refusal(said):
                break
            reader.paged = reader.paged or group is kind.SESSION_LINES[0]
    answer: list[str] = []
    reader.answer(SHOW_VERSION, "", begun=lambda _: answer.extend, silence_s=_SILENCE_S)
    probe.version = answer[:_MOST_LINES]
    probe.version_refused = is_refusal(answer)


def _enable(reader: Reader, guard: Guard, secret: str) -> str:
    if not reader.prompt.endswith(">"):
        return "privileged"
    if not secret:
        return "no-secret"
    return "granted" if reader.enable(secret, guard.expect_secret) else "refused"
