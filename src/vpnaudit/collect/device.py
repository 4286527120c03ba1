"""Collects one device: one session, every command of its platform, each answer masked and written as it comes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn, cast

import msgspec
from nornir.core.configuration import Config
from nornir.core.inventory import Host

from vpnaudit.collect.attempts import Attempts, Call
from vpnaudit.collect.deadline import Deadline
from vpnaudit.collect.guard import Guard
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.plugin import secret_of
from vpnaudit.collect.reader import Closed, Reader, Silent
from vpnaudit.collect.refusal import MOST_LINES, is_refusal
from vpnaudit.collect.sessions import SESSIONS, GuardedSession
from vpnaudit.collect.told import Told, needed_first
from vpnaudit.collect.trouble import one_line
from vpnaudit.collect.wire import SshWire
from vpnaudit.errors import AnswerError, DeviceError
from vpnaudit.model.platform import CommandSpec, Platform
from vpnaudit.model.snapshot import DeviceStatus, ManifestCommand, ManifestDevice, NotAsked
from vpnaudit.redact import Redactor
from vpnaudit.snapshot.write import CaptureWriter, DeviceWriter

_CLOCK = "show clock"
_CLOCK_LINE = re.compile(r"(?!Load for|Time source|No time source).{0,60}\d{1,2}:\d\d:\d\d")
_PREPARE_SILENCE_S = 60.0


@dataclass(frozen=True)
class Limits:
    """`timeout_s`: seconds for one device in all. `max_output`: bytes of one answer."""

    timeout_s: float
    max_output: int


class DeviceCollection:
    """One device's collection. Its trouble becomes a status and one line; only OSError, of our disk, is raised."""

    def __init__(
        self,
        host: Host,
        platform: Platform,
        writer: DeviceWriter,
        limits: Limits,
        host_keys: HostKeys,
        attempts: Attempts,
    ) -> None:
        self._host = host
        self._platform = platform
        self._writer = writer
        self._limits = limits
        self._host_keys = host_keys
        self._attempts = attempts
        plan = platform.for_device.get(host.name) or needed_first(platform.commands)
        self._specs = [c for c in plan if c.collected and c.left_out is None]
        self._told = Told(self._specs)
        self._not_asked = [NotAsked(command=c.command, because=c.left_out) for c in plan if c.collected and c.left_out]
        self._entries: list[ManifestCommand] = []
        self._had: set[str] = set()
        self._cut: list[str] = []
        self._notes: list[str] = []
        self._clock: str | None = None

    def run(self, configuration: Config) -> ManifestDevice:
        """Everything the device gives within its time."""
        trouble: DeviceError | None = None
        try:
            self._collect(configuration)
        except DeviceError as error:
            trouble = error
        except OSError:  # of our disk: the device's own were turned into its trouble
            raise
        except Exception as error:  # noqa: BLE001  one device must not end the run; the line names what it was
            trouble = DeviceError(self._host.name, "error", f"{type(error).__name__}: {one_line(error)}")
        return self._result(trouble)

    def _collect(self, configuration: Config) -> None:
        kind = SESSIONS.get(self._platform.name)
        if kind is None:
            self._fail(f"no session is known for platform {self._platform.name}")
        lines = (line for group in kind.SESSION_LINES for line in group)
        guard = Guard(self._host.name, lines, (spec.command for spec in self._specs))
        for spec in self._specs:
            guard.check(spec.command + "\n")  # told before the device is called, not in the middle
        secret = secret_of(self._host)
        call = Call(kind, guard, self._host_keys, configuration, self._limits.timeout_s)
        with self._attempts.session(self._host, call) as (session, deadline):
            reader = Reader(SshWire(session, deadline))
            deadline.doing = "waiting for the prompt"
            try:
                self._prepare(reader, kind, guard, secret)
            except Closed:
                self._fail("the device closed the session before the first command")
            except Silent:
                raise DeviceError(self._host.name, "timeout", "the device fell silent behind its prompt") from None
            self._attempts.events.tell("ready", self._host.name, seconds=time.monotonic() - session.logged_in_at)
            self._ask_all(reader, deadline)

    def _prepare(self, reader: Reader, kind: type[GuardedSession], guard: Guard, secret: str) -> None:
        """Learn the prompt, become privileged where a secret is given, set the terminal."""
        reader.log_in()
        if secret and reader.prompt.endswith(">") and not reader.enable(secret, guard.expect_secret):
            self._notes.append("enable was refused")
        for group in kind.SESSION_LINES:
            for line in group:
                said: list[str] = []
                reader.answer(line, "", begun=lambda _, said=said: said.extend, silence_s=_PREPARE_SILENCE_S)  # type: ignore[misc]
                if not is_refusal(said):
                    break
                reader.paged = reader.paged or group is kind.SESSION_LINES[0]

    def _ask_all(self, reader: Reader, deadline: Deadline) -> None:
        for number, spec in enumerate(self._specs):
            because = self._told.needless(spec)
            if because is not None:
                self._not_asked.append(NotAsked(command=spec.command, because=because))
                continue
            next_command = self._told.next_command(spec, self._specs[number + 1 :])
            answer = _Answer(self._writer, spec, self._platform, self._limits.max_output, self._told.listener(spec))
            deadline.doing = f"in the middle of {spec.command}"
            began = time.monotonic()
            problem = None
            try:
                reader.answer(spec.command, next_command, begun=answer.begin, silence_s=spec.timeout_s)
            except Silent:
                problem = f"no answer within {spec.timeout_s:g} s"
            except Closed:
                problem = "the device closed the session"
            except DeviceError as error:
                self._keep(answer, spec, error.problem, began)
                raise
            self._keep(answer, spec, problem, began)
            if problem is not None:
                raise AnswerError(self._host.name, spec.command, problem)
        if reader.cut_a_line:
            self._cut.append("an answer holds a line of more than 1 MB, cut there")

    def _keep(self, answer: _Answer, spec: CommandSpec, problem: str | None, began: float) -> None:
        """Close an answer's file and note what became of it."""
        entry = answer.close(ended=problem is None)
        status = "broken" if problem else "cut" if answer.cut else "refused" if entry and entry.refused else "answered"
        self._attempts.events.tell(
            "command",
            self._host.name,
            command=spec.command,
            seconds=time.monotonic() - began,
            bytes=entry.bytes if entry else 0,
            status=status,
        )
        if entry is None:
            return
        self._entries.append(entry)
        if answer.cut:
            self._cut.append(f"{spec.command}: more than {self._limits.max_output} bytes, cut there")
        elif problem is None and not entry.refused:
            self._had.add(spec.command)
            self._told.whole(spec)
        if spec.command == _CLOCK and not entry.refused:
            self._clock = answer.clock

    def _result(self, trouble: DeviceError | None) -> ManifestDevice:
        passed_over = {entry.command for entry in self._not_asked}
        needed = [spec.command for spec in self._specs if spec.needed and spec.command not in passed_over]
        missing = [command for command in needed if command not in self._had]
        notes = [*([trouble.problem] if trouble else []), *self._notes, *self._cut]
        if missing and self._entries:
            notes.append(f"needed and not had: {', '.join(missing)}")
        status: DeviceStatus = "partial" if missing or self._cut else "complete"
        if not self._entries:
            status = _status_of(trouble)
        return ManifestDevice(
            name=self._host.name,
            address=self._host.hostname or self._host.name,
            platform=self._platform.name,
            status=status,
            error=one_line("; ".join(notes)) or None,
            commands=tuple(msgspec.structs.replace(entry, device_clock=self._clock) for entry in self._entries),
            not_asked=tuple(self._not_asked) if self._entries else (),
        )

    def _fail(self, problem: str) -> NoReturn:
        raise DeviceError(self._host.name, "error", problem)


class _Answer:
    """One answer on its way to its file. Nothing is made of an answer that never began."""

    def __init__(
        self, writer: DeviceWriter, spec: CommandSpec, platform: Platform, limit: int, hear: Callable[[list[str]], None]
    ) -> None:
        self._hear = hear
        self._writer = writer
        self._spec = spec
        self._limit = limit
        self._redactor = Redactor(platform.secrets)
        self._file: CaptureWriter | None = None
        self._first: list[str] = []
        self._asked_at = datetime.now(UTC)

    def begin(self, asked_at: datetime) -> _Answer:
        """The command's echo was seen."""
        self._asked_at = asked_at
        self._file = self._writer.capture(self._spec.command, limit=self._limit)
        return self

    def __call__(self, lines: list[str]) -> None:
        """Mask and write some lines."""
        if self._file is None:
            raise RuntimeError("lines of an answer that has not begun")
        masked = self._redactor.lines(lines)
        self._first += masked[: max(0, MOST_LINES + 1 - len(self._first))]
        self._file.lines(masked)
        self._hear(masked)

    @property
    def cut(self) -> bool:
        """Whether it was longer than the limit."""
        return self._file is not None and self._file.cut

    @property
    def clock(self) -> str | None:
        """The answer to `show clock`, as printed."""
        return next((line.strip() for line in self._first if _CLOCK_LINE.match(line)), None)

    def close(self, *, ended: bool) -> ManifestCommand | None:
        """The entry of the manifest; null for an answer that did not begin, or ended early without a byte."""
        if self._file is None:
            return None
        entry = self._file.close(
            self._spec.command,
            asked_at=self._asked_at,
            answered_at=datetime.now(UTC),
            refused=is_refusal(self._first),
        )
        if not ended and entry.bytes == 0:
            self._file.discard()
            return None
        return entry


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


def _status_of(trouble: DeviceError | None) -> DeviceStatus:
    """The status of a device from which nothing was had."""
    status = trouble.status if trouble is not None else "error"
    return cast("DeviceStatus", "error" if status == "partial" else status)
