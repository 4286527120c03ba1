"""Tries each device as a collection would, up to one `show version`: what `inventory check --connect` looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nornir.core import Nornir
from nornir.core.inventory import Host
from nornir.core.task import Result, Task

from vpnaudit.collect.admission import MOST_REFUSED, Admission
from vpnaudit.collect.attempts import Attempts, Call
from vpnaudit.collect.deadline import Deadline, Deadlines
from vpnaudit.collect.events import Events
from vpnaudit.collect.guard import Guard
from vpnaudit.collect.host_keys import HostKeyMode, HostKeys
from vpnaudit.collect.plugin import login_of, register_connection, secret_of
from vpnaudit.collect.reader import Closed, Reader, Silent
from vpnaudit.collect.refusal import is_refusal
from vpnaudit.collect.runner import Workers
from vpnaudit.collect.sessions import SESSIONS, GuardedSession
from vpnaudit.collect.trouble import one_line
from vpnaudit.collect.wire import SshWire
from vpnaudit.errors import DeviceError

SHOW_VERSION = "show version"
_SILENCE_S = 60.0
_LAST_S = 1.2
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
    most_refused: int = MOST_REFUSED,
) -> dict[str, Probe]:
    """Try every device, as many at a time as the runner has threads; by the device's name.

    `platforms` gives each name of the inventory our platform; another is tried as IOS. `timeout_s` is one device in
    all. Nothing but the lines of a collection's session and `show version` is sent. No login is tried any more when the
    first `most_refused` were all refused (0: all are). On KeyboardInterrupt it hangs up on all devices.
    """
    register_connection()
    keys = HostKeys.of(inventory_folder, host_keys)
    attempts = Attempts(Admission(most_refused), Deadlines(), Events(), retries=0)
    found: dict[str, Probe] = {}

    def one(task: Task) -> Result:
        name = task.host.get_connection_parameters("netmiko").platform or ""
        kind = SESSIONS.get(platforms.get(name, ""), SESSIONS["cisco_ios"])
        lines = (line for group in kind.SESSION_LINES for line in group)
        guard = Guard(task.host.name, lines, [SHOW_VERSION])
        found[task.host.name] = _probe(task.host, attempts, Call(kind, guard, keys, task.nornir.config, timeout_s))
        return Result(host=task.host)

    workers = Workers(getattr(nornir.runner, "num_workers", 1))
    try:
        nornir.with_runner(workers).run(task=one, name="probe", on_failed=True)
    except BaseException:
        attempts.admission.stop()
        attempts.deadlines.cut_all()
        workers.join(_LAST_S)
        raise
    return found


def known_host_keys(host: Host, inventory_folder: Path) -> bool:
    """Whether known_hosts has a key of the device. Raises DeviceError where a file or its way cannot be read."""
    way = login_of(host)["route"].way
    port = host.get_connection_parameters("netmiko").port or way.port or 22
    return bool(HostKeys.of(inventory_folder).along(way).known_types(way.host, port))


def _probe(host: Host, attempts: Attempts, call: Call) -> Probe:
    probe = Probe()
    try:
        secret = secret_of(host)
        with attempts.session(host, call) as (session, deadline):
            _look(probe, session, call, deadline, secret)
    except DeviceError as error:
        probe.trouble = error
    except Closed:
        probe.trouble = DeviceError(host.name, "error", "the device closed the session")
    except Silent:
        probe.trouble = DeviceError(host.name, "timeout", "the device fell silent")
    except Exception as error:  # noqa: BLE001  one device must not end the run; the line names what it was
        probe.trouble = DeviceError(host.name, "error", f"{type(error).__name__}: {one_line(error)}")
    return probe


def _look(probe: Probe, session: GuardedSession, call: Call, deadline: Deadline, secret: str) -> None:
    transport = session.remote_conn_pre.get_transport() if session.remote_conn_pre is not None else None
    probe.banner = one_line(transport.remote_version) if transport is not None else None
    reader = Reader(SshWire(session, deadline))
    deadline.doing = "waiting for the prompt"
    reader.log_in()
    probe.prompt = one_line(reader.prompt)
    deadline.doing = "preparing the session"
    probe.enable = _enable(reader, call.guard, secret)
    groups = call.kind.SESSION_LINES
    for group in groups:
        for line in group:
            said: list[str] = []
            reader.answer(line, "", begun=lambda _, said=said: said.extend, silence_s=_SILENCE_S)  # type: ignore[misc]
            if not is_refusal(said):
                break
            reader.paged = reader.paged or group is groups[0]
    deadline.doing = f"in the middle of {SHOW_VERSION}"
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
