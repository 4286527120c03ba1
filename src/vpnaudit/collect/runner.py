"""Runs Nornir's tasks in threads that do not hold the program back when it is to end."""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue

from nornir.core.inventory import Host
from nornir.core.task import AggregatedResult, MultiResult, Task


class Workers:
    """A Nornir runner. Unlike Nornir's own, whose pool waits for every thread, it can be left at once: Ctrl-C is heard.

    `number` is how many devices are collected at a time.
    """

    def __init__(self, number: int) -> None:
        self._number = max(1, number)
        self._threads: list[threading.Thread] = []

    def run(self, task: Task, hosts: list[Host]) -> AggregatedResult:
        """Run the task for every host, in the inventory's order."""
        waiting: SimpleQueue[Host] = SimpleQueue()
        done: SimpleQueue[MultiResult] = SimpleQueue()
        for host in hosts:
            waiting.put(host)

        def work() -> None:
            while True:
                try:
                    host = waiting.get_nowait()
                except Empty:
                    return
                done.put(task.copy().start(host))

        for number in range(min(self._number, len(hosts))):
            self._threads.append(threading.Thread(target=work, name=f"collect {number}", daemon=True))
            self._threads[-1].start()
        result = AggregatedResult(task.name)
        for _ in hosts:
            one = done.get()
            result[one.host.name] = one
        return result

    def join(self, timeout_s: float) -> None:
        """Wait for the threads to end, at most so many seconds altogether."""
        ends = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
