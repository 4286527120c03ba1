"""A fleet of simulated routers and firewalls: what is true about it, and what it answers."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

from vpnaudit.simulate.commands import answer
from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.engine import Engine
from vpnaudit.simulate.render import asa, logs

CAPTURED = (
    "show clock",
    "show clock detail",
    "show version",
    "show running-config",
    "show crypto isakmp sa",
    "show crypto isakmp sa detail",
    "show crypto ikev2 sa",
    "show crypto ikev2 sa detailed",
    "show crypto ipsec sa",
    "show crypto ipsec sa detail",
    "show crypto map",
    "show crypto session detail",
    "show crypto ikev2 stats timeout",
    "show memory statistics",
    "show processes memory sorted",
    "show interfaces",
    "show logging",
    "show monitor event-trace crypto ipsec event all",
    "show ip nhrp",
    "show dmvpn",
    "show ntp status",
)
"""What `write_captures` writes of each router."""
CAPTURED_OF_ASA = (
    "show clock",
    "show version",
    "show running-config",
    "show crypto isakmp sa",
    "show crypto ikev1 sa detail",
    "show crypto ikev2 sa detail",
    "show crypto ipsec sa",
    "show crypto ipsec sa detail",
    "show crypto ipsec stats",
    "show vpn-sessiondb detail l2l",
    "show memory",
    "show interfaces",
    "show failover",
    "show ntp status",
    "show logging",
)
"""What it writes of each firewall."""


class SimFleet:
    """The routers, what is true about them, and what they answer. Safe to use from several threads."""

    def __init__(
        self, seed: int, devices: list[SimDevice], engine: Engine, truth: list[dict[str, Any]], now: float
    ) -> None:
        self.seed = seed
        self.devices = devices
        self.truth = truth
        self.now = now
        self._engine = engine
        self._lock = threading.Lock()

    def device(self, name: str) -> SimDevice:
        """The device of that name (KeyError if there is none)."""
        return {d.name: d for d in self.devices}[name]

    def advance(self, elapsed_s: float) -> float:
        """Let the fleet live until `elapsed_s` seconds after its `now`; returns the moment (seconds since 1970)."""
        with self._lock:
            self._engine.timeline.run_until(self.now + elapsed_s)
            self._engine.settle(self._engine.timeline.now)
            return self._engine.timeline.now

    def answer(self, device: str, command: str, *, elapsed_s: float = 0.0, privileged: bool = True) -> str:
        """What `device` prints for `command`, `elapsed_s` seconds after now. KeyError: no such device."""
        when = self.advance(elapsed_s)
        with self._lock:
            return answer(self.device(device), self._engine.tunnels, command, when, privileged=privileged)

    def newest_log_line(self, device: str) -> str:
        """The last line of the device's log with its stamp, or nothing."""
        found = self.device(device)
        buffer = asa.logs.buffer if found.platform == "cisco_asa" else logs.buffer
        return (buffer(found).splitlines() or [""])[-1]

    def write_captures(self, folder: Path) -> None:
        """Write `<device>/<command>.txt` for every device and command, as people keep them."""
        for device in self.devices:
            place = folder / device.name
            place.mkdir(parents=True, exist_ok=True)
            for command in _captured(device):
                name = re.sub(r"[^a-z0-9.-]+", "_", command.lower())
                (place / f"{name}.txt").write_text(self.answer(device.name, command), encoding="utf-8", newline="\n")


def _captured(device: SimDevice) -> tuple[str, ...]:
    """What is captured of the device."""
    if device.platform == "cisco_asa":
        return CAPTURED_OF_ASA
    return (*CAPTURED, "show crypto gdoi") if device.group else CAPTURED
