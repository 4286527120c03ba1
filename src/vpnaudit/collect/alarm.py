"""Calls back when a time is over: one thread for all the limits of a run, where a timer each would be a thread each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Alarm:
    """What is to be called. `cancel` may be called at any time, also twice."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Do not call it; let go of what it holds."""
        self._call = None

    def ring(self) -> None:
        """Call it, in a thread of its own: it may take long to hang up on a device."""
        call = self._call
        if call is not None:
            threading.Thread(target=call, name="alarm", daemon=True).start()


class AlarmClock:
    """Alarms in the order of their times. Its thread begins with the first and is a daemon."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = count()
        self._runs = False

    def set(self, seconds: float, call: Callable[[], None]) -> Alarm:
        """Call this so many seconds from now."""
        alarm = Alarm(call)
        with self._changed:
            entry = (time.monotonic() + seconds, next(self._numbers), alarm)
            heappush(self._alarms, entry)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="alarm clock", daemon=True).start()
            elif self._alarms[0] is entry:
                self._changed.notify()
        return alarm

    def _run(self) -> None:
        while True:
            self._next().ring()

    def _next(self) -> Alarm:
        """The alarm that is due, once one is."""
        with self._changed:
            while True:
                left = self._alarms[0][0] - time.monotonic() if self._alarms else None
                if left is not None and left <= 0:
                    return heappop(self._alarms)[2]
                self._changed.wait(left)


CLOCK = AlarmClock()
"""The program's."""
