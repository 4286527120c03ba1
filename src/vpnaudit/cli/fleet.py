"""The simulated fleet for the verbs `demo` and `simulate`: built, listed, given an inventory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from vpnaudit.errors import UsageError
from vpnaudit.simulate import DEMO_FAULTS, FAULTS, Ends, Serving, SimFleet, build_fleet

LOGIN = ("vpnaudit", "simulated-password", "simulated-enable")
"""Of the simulated devices only, on loopback only."""
GROUPS = {"cisco_ios": "routers", "cisco_asa": "firewalls"}


def build(seed: int, faults: Sequence[str] | None, hours: float, ends: Ends = "routers") -> SimFleet:
    """The fleet as of now. Raises UsageError for a fault that is not known."""
    unknown = sorted(set(faults or ()) - set(FAULTS))
    if unknown:
        raise UsageError(f"no fault is named {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return build_fleet(seed, tuple(faults or DEMO_FAULTS), datetime.now(UTC), hours=hours, ends=ends)


def listing() -> str:
    """The faults and what they are."""
    return "\n".join(f"{name:<24} {text}" for name, text in FAULTS.items())


def write_inventory(fleet: SimFleet, serving: Serving, folder: Path) -> None:
    """A Nornir SimpleInventory of the running fleet, with its host keys."""
    folder.mkdir(parents=True, exist_ok=True)
    hosts = {
        d.name: {"hostname": "127.0.0.1", "port": serving.ports[d.name], "groups": [GROUPS[d.platform]]}
        for d in fleet.devices
    }
    groups = {GROUPS[d.platform]: {"platform": d.platform} for d in fleet.devices}
    (folder / "hosts.yaml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    (folder / "groups.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    (folder / "known_hosts").write_text(serving.known_hosts(), encoding="utf-8")
