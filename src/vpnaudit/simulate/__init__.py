"""The simulated fleet: routers whose state lives by itself, and the SSH server that they answer on.

It shares no code with what it tests: state becomes text here without the templates that read it. The server, and with
it asyncssh, is loaded only when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vpnaudit.simulate.builder import Ends, build_fleet
from vpnaudit.simulate.faults import DEMO_FAULTS, FAULTS
from vpnaudit.simulate.fleet import SimFleet

if TYPE_CHECKING:
    from vpnaudit.simulate.server import Serving, running, serve

__all__ = ["DEMO_FAULTS", "FAULTS", "Ends", "Serving", "SimFleet", "build_fleet", "running", "serve"]


def __getattr__(name: str) -> object:
    if name in {"Serving", "running", "serve"}:
        from vpnaudit.simulate import server  # noqa: PLC0415 - loads asyncssh

        return getattr(server, name)
    raise AttributeError(name)
