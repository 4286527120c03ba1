"""Collects one device: one session, every command of its platform, each answer masked and written as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import paramiko
from nornir.core.configuration import Config
from nornir.core.inventory import Host

from vpnaudit.collect.deadline import Deadline
from vpnaudit.collect.guard import Guard
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.plugin import CONNECTION, Opening, login_of
from vpnaudit.collect.reader import Closed, Reader, Silent
from vpnaudit.collect.refusal import is_refusal
from vpnaudit.collect.sessions import SESSIONS, GuardedSession
from vpnaudit.collect.trouble import one_line
from vpnaudit.errors import AnswerError, DeviceError
from vpnaudit.model.platform import CommandSpec, Platform
from vpnaudit.model.snapshot import DeviceStatus, ManifestCommand, ManifestDevice
from vpnaudit.redact import COMMON_PATTERNS, Redactor
from vpnaudit.snapshot.write import CaptureWriter, DeviceWriter

_CLOCK = "show clock"
_CLOCK_LINE = re.compile(r"\d{1,2}:\d\d:\d\d")
_MOST_LINES_KEPT = 40
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Limits:
    """`timeout_s`: seconds for one device in all. `max_output`: bytes of one answer."""

    timeout_s: float
    max_output: int


@dataclass
class _Record:
    """What was had from one device, as it grows."""

    commands: list[ManifestCommand] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)
    """Commands that were answered to the end, and not refused."""
    notes: list[str] = field(default_factory=list)
    clock: str | None = None
    cut: bool = False


def collect_device(
    host: Host,
    platform: Platform,
    writer: DeviceWriter,
    limits: Limits,
    host_keys: HostKeys,
    configuration: Config,
) -> ManifestDevice:
    """Everything the device gives within its time. Trouble becomes its status and one line, and is not raised."""
    record = _Record()
    trouble: DeviceError | None = None
    try:
        _collect(host, platform, writer, limits, host_keys, configuration, record)
    except DeviceError as error:
        trouble = error
    except Exception as error:  # noqa: BLE001  a device must never end the run; the line names what it was
        trouble = DeviceError(host.name, "error", f"{type(error).__name__}: {one_line(error)}")
    return _result(host, platform, record, trouble)


def refused_device(host: Host, problem: str) -> ManifestDevice:
    """A device that nothing was tried on."""
    return ManifestDevice(
        name=host.name,
        address=host.hostname or host.name,
        platform=host.platform or "",
        status="error",
        error=problem,
        commands=(),
    )


def _collect(  # noqa: PLR0913, PLR0917  the parts of one collection, each its own thing
    host: Host,
    platform: Platform,
    writer: DeviceWriter,
    limits: Limits,
    host_keys: HostKeys,
    configuration: Config,
    record: _Record,
) -> None:
    kind = SESSIONS.get(platform.name)
    if kind is None:
        raise DeviceError(host.name, "error", f"no session is known for platform {platform.name}")
    specs = _in_order(platform)
    guard = Guard(host.name, (line for group in kind.SESSION_LINES for line in group), (s.command for s in specs))
    for spec in specs:
        guard.check(spec.command + "\n")  # told before the device is called, not in the middle
    login, secret = login_of(host)
    deadline = Deadline(host.name, limits.timeout_s)
    opening = Opening(host.name, kind, guard, deadline, host_keys, login)
    with _connected(host, opening, configuration) as session:
        reader = Reader(_SshWire(session, deadline))
        _prepare(reader, kind, guard, secret, specs, record)
        _ask_all(reader, host.name, platform, specs, writer, limits, record)


def _in_order(platform: Platform) -> list[CommandSpec]:
    """The needed commands first: a device that runs out of time then lacks what matters least."""
    return sorted((c for c in platform.commands if c.collected), key=lambda c: not c.needed)


@contextmanager
def _connected(host: Host, opening: Opening, configuration: Config) -> Iterator[GuardedSession]:
    parameters = host.get_connection_parameters("netmiko")
    plugin = host.open_connection(
        CONNECTION,
        configuration=configuration,
        hostname=parameters.hostname or host.name,
        port=parameters.port,
        username=parameters.username,
        password=parameters.password,
        extras={"opening": opening},
    )
    try:
        yield plugin.connection
    finally:
        host.close_connection(CONNECTION)


def _prepare(
    reader: Reader,
    kind: type[GuardedSession],
    guard: Guard,
    secret: str,
    specs: list[CommandSpec],
    record: _Record,
) -> None:
    """Log in, become privileged where a secret is given, set the terminal."""
    try:
        reader.log_in()
        if secret and reader.prompt.endswith(">") and not reader.enable(secret, guard.expect_secret):
            record.notes.append("enable was refused")
        for group in kind.SESSION_LINES:
            for line in group:
                if not is_refusal(_short_answer(reader, line)):
                    break
                reader.paged = reader.paged or group is kind.SESSION_LINES[0]
    except (Closed, Silent, EOFError, OSError, paramiko.SSHException):
        raise DeviceError("", "error", "the session ended before the first command was asked") from None


def _result(host: Host, platform: Platform, record: _Record, trouble: DeviceError | None) -> ManifestDevice:
    needed = [c.command for c in platform.commands if c.collected and c.needed]
    missing = [command for command in needed if command not in record.whole]
    notes = [*([trouble.problem] if trouble else ()), *record.notes]
    if missing:
        notes.append(f"needed and not had: {', '.join(missing)}")
    return ManifestDevice(
        name=host.name,
        address=host.hostname or host.name,
        platform=platform.name,
        status=_status(record, missing, trouble),
        error=one_line("; ".join(notes)) or None,
        commands=tuple(msgspec.structs.replace(c, device_clock=record.clock) for c in record.commands),
    )


def _status(record: _Record, missing: list[str], trouble: DeviceError | None) -> DeviceStatus:
    if not record.commands and trouble is not None:
        return msgspec.convert(trouble.status if trouble.status != "partial" else "error", DeviceStatus)
    return "partial" if missing or record.cut else "complete"
