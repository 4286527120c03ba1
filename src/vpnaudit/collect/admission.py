"""Holds logins back until one has succeeded, and ends the run where none does.

A wrong password sent to a whole fleet locks the account on every device, or for everyone at the TACACS+ server. So as
long as no login has succeeded, at most so many are under way or refused, all together; when that many were refused,
none is tried any more. The same is counted for each account by itself: a group with credentials of its own must not
lock them behind the others' success.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vpnaudit.errors import DeviceError

Outcome = Literal["accepted", "refused", "unknown"]
"""How a login ended; `unknown` where the device never said."""

MOST_REFUSED = 5
"""Logins. Accounts are commonly locked after three to five failures on one device, ten or more at a server."""

NOT_TRIED = "not tried: "
"""How the error begins of a device that was left out."""


class NotTried(DeviceError):  # noqa: N818  what became of a device
    """A device on which no login is tried, because of what became of the others'."""


@dataclass
class _Count:
    accepted: bool = False
    refused: int = 0
    under_way: int = 0

    def is_shut(self, most: int) -> bool:
        return not self.accepted and self.refused >= most

    def is_open(self, most: int) -> bool:
        return self.accepted or self.refused + self.under_way < most


class Admission:
    """Shared by the devices of a run. `most` is the number of refused logins that ends it; 0 lets all pass.

    `wait` before a device is called, `enter` right before its login, `leave` when that has ended.
    """

    def __init__(self, most: int = MOST_REFUSED) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._all = _Count()
        self._accounts: defaultdict[object, _Count] = defaultdict(_Count)
        self._stopped = False

    @property
    def shut(self) -> str | None:
        """Why no login is tried any more; null while they are."""
        with self._changed:
            if self._most and self._all.is_shut(self._most):
                return f"the first {self._all.refused} logins were all refused"
            return None

    def stop(self) -> None:
        """The run ends: whoever waits goes on, and hears so from his own deadline."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def wait(self, device: str, account: object) -> None:
        """Wait until a login with this account may be tried. Raises NotTried."""
        with self._changed:
            self._changed.wait_for(lambda: self._settled(account))
            self._raise_shut(device, account)

    def enter(self, device: str, account: object, timeout_s: float) -> bool:
        """Take a place for one login; false where none came free within so many seconds. Raises NotTried."""
        with self._changed:
            settled = self._changed.wait_for(lambda: self._settled(account), timeout_s)
            self._raise_shut(device, account)
            if settled:
                self._each(account, _begin)
            return settled

    def leave(self, account: object, outcome: Outcome) -> None:
        """Give the place back, and say how the login ended."""
        with self._changed:
            self._each(account, _ENDS[outcome])
            self._changed.notify_all()

    def _each(self, account: object, change: Callable[[_Count], None]) -> None:
        change(self._all)
        change(self._accounts[account])

    def _settled(self, account: object) -> bool:
        """Whether there is nothing to wait for: the way is open, or shut for good."""
        if not self._most or self._stopped:
            return True
        counts = (self._all, self._accounts[account])
        return all(c.is_open(self._most) for c in counts) or any(c.is_shut(self._most) for c in counts)

    def _raise_shut(self, device: str, account: object) -> None:
        if not self._most or self._stopped:
            return
        for count, whose in ((self._all, "of the run"), (self._accounts[account], "with these credentials")):
            if count.is_shut(self._most):
                problem = f"{NOT_TRIED}the first {count.refused} logins {whose} were all refused (accounts get locked)"
                raise NotTried(device, "error", problem)


def _begin(count: _Count) -> None:
    count.under_way += 1


def _accepted(count: _Count) -> None:
    count.under_way -= 1
    count.accepted = True


def _refused(count: _Count) -> None:
    count.under_way -= 1
    count.refused += 1


def _unknown(count: _Count) -> None:
    count.under_way -= 1


_ENDS: dict[Outcome, Callable[[_Count], None]] = {"accepted": _accepted, "refused": _refused, "unknown": _unknown}
