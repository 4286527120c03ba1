"""Opens a device's session: again where the line was in trouble, and no login before the others' allow it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from nornir.core.configuration import Config
from nornir.core.inventory import Host

from vpnaudit.collect.admission import Admission
from vpnaudit.collect.deadline import Deadline, Deadlines
from vpnaudit.collect.events import Events
from vpnaudit.collect.guard import Guard
from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.collect.plugin import Opening, login_of
from vpnaudit.collect.sessions import GuardedSession
from vpnaudit.collect.trouble import LineTrouble
from vpnaudit.errors import DeviceError
from vpnaudit.inventory.credentials import CONNECTION

RETRIES = 2
_PAUSE_S = 2.0
_CROWDED_S = 20.0
"""Seconds that a device is kept waiting before its login. IOS hangs up after 120 (`ip ssh time-out`), some after 60."""
_OF_THE_LINE = frozenset({"unreachable", "refused", "timeout"})


class Crowded(DeviceError):  # noqa: N818  the caller begins anew
    """No login could be tried yet: as many as may be are under way."""


@dataclass(frozen=True)
class Call:
    """What one device is called with. `timeout_s`: its whole time, from the first attempt."""

    kind: type[GuardedSession]
    guard: Guard
    host_keys: HostKeys
    configuration: Config
    timeout_s: float


@dataclass(frozen=True)
class Attempts:
    """Shared by the devices of a run.

    After a first attempt there are up to `retries` more, the n-th about `pause_s` * 2**(n-1) seconds behind the one
    before: half to one and a half times that, so that devices that were lost together do not come back together.
    """

    admission: Admission
    deadlines: Deadlines
    events: Events
    retries: int = RETRIES
    pause_s: float = _PAUSE_S

    @contextmanager
    def session(self, host: Host, call: Call) -> Iterator[tuple[GuardedSession, Deadline]]:
        """A session that the device has let in, and the deadline that runs. Raises DeviceError."""
        session, deadline = self._begin(host, call)
        try:
            yield session, deadline
        finally:
            host.close_connection(CONNECTION)
            self.deadlines.end(deadline)

    def _begin(self, host: Host, call: Call) -> tuple[GuardedSession, Deadline]:
        """The time that a device waits for other devices' logins is none of its own."""
        while True:
            self.admission.wait(host.name, _account(host))
            deadline = self.deadlines.begin(host.name, call.timeout_s)
            try:
                return self._until_open(host, call, deadline), deadline
            except Crowded:
                self.deadlines.end(deadline)
            except BaseException:
                self.deadlines.end(deadline)
                raise

    def _until_open(self, host: Host, call: Call, deadline: Deadline) -> GuardedSession:
        first: DeviceError | None = None
        for attempt in count(1):
            login = _Login(self.admission, host, deadline)
            try:
                return self._open(host, call, login)
            except DeviceError as error:
                first = first or error
                pause_s = self.pause_s * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311  no secret
                if login.entered or not self._may_help(error, attempt, pause_s, deadline):
                    raise _told(first, error, attempt) from None
                self.events.tell("retry", host.name, error=error.problem, status=error.status, attempt=attempt)
                deadline.pause(pause_s)
        raise AssertionError

    def _may_help(self, error: DeviceError, attempt: int, pause_s: float, deadline: Deadline) -> bool:
        """Whether another attempt may end better: only where the line was the trouble, and there is time for it."""
        of_the_line = isinstance(error, LineTrouble) or error.status in _OF_THE_LINE
        return of_the_line and attempt <= self.retries and not deadline.passed and deadline.remaining_s() > pause_s

    def _open(self, host: Host, call: Call, login: _Login) -> GuardedSession:
        deadline = login.deadline
        deadline.doing = "connecting"
        settings = login_of(host)
        parameters = host.get_connection_parameters("netmiko")
        opening = Opening(host.name, call.kind, call.guard, deadline, call.host_keys, settings, login.admit)
        began = time.monotonic()
        with login:
            plugin = host.open_connection(
                CONNECTION,
                configuration=call.configuration,
                hostname=parameters.hostname or host.name,
                port=parameters.port,
                username=parameters.username,
                password=parameters.password,
                extras={"opening": opening},
            )
        session: GuardedSession = plugin.connection
        self.events.tell("connected", host.name, seconds=session.connected_at - began)
        self.events.tell("logged-in", host.name, seconds=session.logged_in_at - session.connected_at)
        return session


class _Login:
    """One login: its place among those that may be under way, taken when the device is about to be told who we are."""

    def __init__(self, admission: Admission, host: Host, deadline: Deadline) -> None:
        self.deadline = deadline
        self.entered = False
        self._admission = admission
        self._device = host.name
        self._account = _account(host)

    def admit(self) -> None:
        """Wait for a place. Raises Crowded where none comes free soon, NotTried where none will."""
        self.deadline.doing = "waiting for the first login of the run to succeed"
        if not self._admission.enter(self._device, self._account, min(_CROWDED_S, self.deadline.remaining_s())):
            raise Crowded(self._device, "error", "the first logins of the run took too long")
        self.entered = True
        self.deadline.doing = "logging in"

    def __enter__(self) -> None:
        """The login begins with `admit`."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not self.entered:
            return
        refused = isinstance(error, DeviceError) and error.status == "auth-failed"
        self._admission.leave(self._account, "refused" if refused else "unknown" if error else "accepted")


def _account(host: Host) -> tuple[str | None, str | None]:
    parameters = host.get_connection_parameters("netmiko")
    return parameters.username, parameters.password


def _told(first: DeviceError, last: DeviceError, attempts: int) -> DeviceError:
    """The error that says most: that the time was over says less than what used it up."""
    error = first if last.status == "timeout" else last
    if attempts == 1 or isinstance(error, Crowded):
        return last
    return type(error)(error.device, error.status, f"{error.problem} (tried {attempts} times)")
