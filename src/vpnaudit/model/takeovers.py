"""Messages that a device became the active one of a pair, or gave that up."""

from __future__ import annotations

from datetime import datetime

from vpnaudit.model.logs import LogMessage, of_firewalls
from vpnaudit.model.system import FailoverState

_ROUTER = frozenset({"HSRP", "STANDBY", "VRRP", "GLBP", "REDUNDANCY", "RF"})
_FIREWALL = of_firewalls("104001")
_CLUSTER = of_firewalls("747004")
"""A firewall's cluster chose another unit that runs its tunnels between sites; the SAs are that unit's own."""
_STANDBY_UNIT = of_firewalls("104002")


def took_over(message: LogMessage) -> bool:
    """Whether a router took an address over (HSRP, VRRP, GLBP), or a firewall became the active or controlling unit."""
    if message.tag in _FIREWALL:
        return True
    state = message.details.get("state", "").lower()
    if message.tag in _CLUSTER:
        return state == "active"
    return message.tag.partition("-")[0] in _ROUTER and state.startswith(("active", "master"))


def active_since(failover: FailoverState) -> datetime | None:
    """When a unit that is the active one became that, by its own clock: the pair's latest switch made it so."""
    return failover.last_at if failover.on and failover.is_active else None


def stepped_down(message: LogMessage) -> bool:
    """Whether it is in another state than the active one from there on."""
    if message.tag in _STANDBY_UNIT:
        return True
    if message.tag in _CLUSTER:
        return message.details.get("state_before") == "active"
    state = message.details.get("state", "")
    return bool(state) and message.tag.partition("-")[0] in _ROUTER and not took_over(message)
