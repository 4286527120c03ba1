"""What was read of an inventory, of whatever kind: hosts, groups and defaults in the form of a SimpleInventory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vpnaudit.errors import InventoryError

Kind = Literal["nornir", "csv", "ansible", "netbox"]
Element = dict[str, Any]
"""A host, a group or the defaults, with a SimpleInventory's keys: hostname, port, platform, groups, data, …"""


@dataclass(frozen=True)
class Remark:
    """Something that a person should know of the inventory, and that keeps nothing from being used."""

    where: str
    text: str


@dataclass
class Reading:
    """An inventory as read. With `problems` it is not used; `inventory check` shows them all.

    `places` says of each host where it stands: `hosts.csv, line 3`. A host that has a problem may not be in `hosts`.
    """

    kind: Kind
    source: Path
    hosts: dict[str, Element] = field(default_factory=dict)
    groups: dict[str, Element] = field(default_factory=dict)
    defaults: Element = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    problems: list[InventoryError] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def demand_sound(self) -> None:
        """Raise the first problem, which says how many more there are."""
        if self.problems:
            first, *others = self.problems
            more = f" (and {len(others)} more: `vpnaudit inventory check` shows all)" if others else ""
            raise InventoryError(first.where, first.problem + more)


SECRET_KEYS = frozenset(
    {"password", "passwd", "pass", "pwd", "secret", "enable", "enable_secret", "enable_password", "passphrase", "token"}
    | {"community", "ssh_password", "login_password"}
)
"""Names of columns and keys that hold what belongs in no file."""
