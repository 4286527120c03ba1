from __future__ import annotations

import queue
import threading

from vpnaudit.collect.alarm import AlarmClock

LONG_S = 3600.0


def test_alarms_ring_in_the_order_of_their_times() -> None:
    clock, rung = AlarmClock(), queue.SimpleQueue[str]()
    clock.set(LONG_S, lambda: rung.put("an hour"))
    second = threading.Event()
    clock.set(0.05, lambda: (second.wait(), rung.put("second")))  # type: ignore[func-returns-value]
    clock.set(0.0, lambda: (rung.put("first"), second.set()))  # type: ignore[func-returns-value]
    assert [rung.get(timeout=LONG_S), rung.get(timeout=LONG_S)] == ["first", "second"]
    assert rung.empty()


def test_one_that_takes_long_holds_up_no_other() -> None:
    clock, rung, go_on = AlarmClock(), queue.SimpleQueue[str](), threading.Event()
    clock.set(0.0, lambda: (go_on.wait(), rung.put("slow")))  # type: ignore[func-returns-value]
    clock.set(0.0, lambda: rung.put("quick"))
    assert rung.get(timeout=LONG_S) == "quick"
    go_on.set()
    assert rung.get(timeout=LONG_S) == "slow"


def test_a_cancelled_one_does_not_ring() -> None:
    clock, rung = AlarmClock(), queue.SimpleQueue[str]()
    alarm = clock.set(0.01, lambda: rung.put("cancelled"))
    alarm.cancel()
    alarm.cancel()
    clock.set(0.02, lambda: rung.put("kept"))
    assert rung.get(timeout=LONG_S) == "kept"
    assert rung.empty()
