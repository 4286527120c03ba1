"""Makes Nornir's inventory of what was read."""

from __future__ import annotations

from typing import Any

from nornir.core.inventory import ConnectionOptions, Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups

from vpnaudit.inventory.reading import Element, Reading

_PLAIN = ("hostname", "port", "username", "password", "platform")


def inventory_of(reading: Reading) -> Inventory:
    """Nornir's inventory; what was read is sound (`Reading.demand_sound`)."""
    defaults = Defaults(**_settings(reading.defaults))
    groups = Groups({name: Group(name, defaults=defaults, **_settings(e)) for name, e in reading.groups.items()})
    hosts = Hosts({name: Host(name, defaults=defaults, **_settings(e)) for name, e in reading.hosts.items()})
    for name, element in reading.groups.items():
        groups[name].groups = ParentGroups(groups[each] for each in element.get("groups") or ())
    for name, element in reading.hosts.items():
        hosts[name].groups = ParentGroups(groups[each] for each in element.get("groups") or ())
    return Inventory(hosts=hosts, groups=groups, defaults=defaults)


def _settings(element: Element) -> dict[str, Any]:
    options = element.get("connection_options") or {}
    return {
        **{key: element.get(key) for key in _PLAIN},
        "data": dict(element.get("data") or {}),
        "connection_options": {name: _connection(each) for name, each in options.items()},
    }


def _connection(options: Element) -> ConnectionOptions:
    return ConnectionOptions(**{key: options.get(key) for key in _PLAIN}, extras=options.get("extras"))
