"""What took the time in a run, from its events."""

from __future__ import annotations

import math
from collections import defaultdict

from msgspec import Struct

from vpnaudit.collect.events import Event


class CommandTimes(Struct, frozen=True, kw_only=True, gc=False):
    """One command over all devices that were asked. Seconds; `bytes` are of all answers together."""

    command: str
    devices: int
    median_s: float
    p95_s: float
    max_s: float
    slowest: str
    bytes: int


class DeviceTimes(Struct, frozen=True, kw_only=True, gc=False):
    """One device, in the phases of its session. Seconds; null for a phase that it did not come through.

    `total_s` is more than the phases where attempts failed, where the device waited for the first logins of the run,
    and where it said nothing to the end.
    """

    device: str
    connect_s: float | None
    login_s: float | None
    ready_s: float | None
    commands_s: float
    total_s: float
    slowest: str | None
    bytes: int


class Profile:
    """Watches a run; `commands` and `devices` then give the slowest first."""

    def __init__(self) -> None:
        self._phases: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._of_device: defaultdict[str, list[Event]] = defaultdict(list)
        self._of_command: defaultdict[str, list[Event]] = defaultdict(list)
        self._done: list[Event] = []

    def __call__(self, event: Event) -> None:
        """Note an event."""
        if event.device is None:
            return
        if event.command is not None:
            self._of_device[event.device].append(event)
            self._of_command[event.command].append(event)
        elif event.event == "device-done":
            self._done.append(event)
        elif event.seconds is not None:
            self._phases[event.device][event.event] = event.seconds

    def commands(self) -> list[CommandTimes]:
        """Every command that was asked, by its 95th percentile."""
        times = [_command(name, events) for name, events in self._of_command.items()]
        return sorted(times, key=lambda t: (-t.p95_s, t.command))

    def devices(self) -> list[DeviceTimes]:
        """Every device that is done, by its total."""
        return sorted(map(self._device, self._done), key=lambda t: (-t.total_s, t.device))

    def _device(self, done: Event) -> DeviceTimes:
        name = done.device or ""
        phases, asked = self._phases[name], self._of_device[name]
        slowest = max(asked, key=_seconds, default=None)
        return DeviceTimes(
            device=name,
            connect_s=phases.get("connected"),
            login_s=phases.get("logged-in"),
            ready_s=phases.get("ready"),
            commands_s=sum(map(_seconds, asked)),
            total_s=_seconds(done),
            slowest=slowest.command if slowest else None,
            bytes=done.bytes or 0,
        )


def _command(name: str, events: list[Event]) -> CommandTimes:
    ranked = sorted(events, key=_seconds)
    return CommandTimes(
        command=name,
        devices=len(ranked),
        median_s=_seconds(_at(ranked, 0.5)),
        p95_s=_seconds(_at(ranked, 0.95)),
        max_s=_seconds(ranked[-1]),
        slowest=ranked[-1].device or "",
        bytes=sum(event.bytes or 0 for event in ranked),
    )


def _at(ranked: list[Event], share: float) -> Event:
    """The percentile by nearest rank: a time that was measured."""
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def _seconds(event: Event) -> float:
    return event.seconds or 0.0
