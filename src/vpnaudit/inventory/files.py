"""Reads and checks the files of a SimpleInventory, so that a mistake is told by file and key.

Nornir itself answers a misspelt key with silence and an unknown group with a bare KeyError.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from vpnaudit.errors import InventoryError

_OF_DEFAULTS = {"hostname", "port", "username", "password", "platform", "data", "connection_options"}
_OF_ELEMENT = _OF_DEFAULTS | {"groups"}
_OF_CONNECTION = {"hostname", "port", "username", "password", "platform", "extras"}
_TEXTS = ("hostname", "username", "password", "platform")


def check_inventory(folder: Path) -> None:
    """Check `hosts.yaml`, `groups.yaml` and `defaults.yaml` (the latter two may be absent).

    Raises InventoryError, which names the file and the key.
    """
    if not folder.is_dir():
        raise InventoryError(str(folder), "no such inventory folder")
    hosts_file, groups_file = folder / "hosts.yaml", folder / "groups.yaml"
    if not hosts_file.is_file():
        raise InventoryError(str(hosts_file), "no such file: an inventory needs its hosts")
    hosts, groups = _mapping(hosts_file), _mapping(groups_file)
    if not hosts:
        raise InventoryError(str(hosts_file), "holds no hosts")
    _check_element(folder / "defaults.yaml", "", _mapping(folder / "defaults.yaml"), _OF_DEFAULTS)
    for file, elements in ((groups_file, groups), (hosts_file, hosts)):
        for name, element in elements.items():
            _check_element(file, f"{name}", element, _OF_ELEMENT)
            _check_groups(file, f"{name}", element.get("groups"), groups)
    _check_no_loop(groups_file, groups)


def _mapping(file: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}:" if error.problem_mark else ""
        raise InventoryError(str(file), f"is no YAML:{line} {error.problem or 'cannot be read'}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise InventoryError(str(file), f"cannot be read: {type(error).__name__}") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise InventoryError(str(file), f"must map names to their settings, and is a {type(loaded).__name__}")
    for key in loaded:
        if not isinstance(key, str):
            raise InventoryError(str(file), f"{key!r}: a name must be text; put it in quotes")
    return loaded


def _check_element(file: Path, name: str, element: object, allowed: set[str]) -> None:
    where = f"{file}: {name}" if name else str(file)
    if not isinstance(element, dict):
        raise InventoryError(where, "must be a mapping such as {hostname: 192.0.2.1, platform: cisco_ios}")
    for key in element:
        if key not in allowed:
            raise InventoryError(where, f"unknown key {key!r}; known are {', '.join(sorted(allowed))}")
    _check_connection_keys(where, element)
    if not isinstance(element.get("data") or {}, dict):
        raise InventoryError(where, "data must be a mapping")
    if not isinstance(element.get("connection_options", {}), dict):
        raise InventoryError(where, "connection_options must be a mapping")
    for connection, options in element.get("connection_options", {}).items():
        inside = f"{where}: connection_options.{connection}"
        if not isinstance(options, dict):
            raise InventoryError(inside, "must be a mapping")
        for key in options:
            if key not in _OF_CONNECTION:
                raise InventoryError(inside, f"unknown key {key!r}; known are {', '.join(sorted(_OF_CONNECTION))}")
        _check_connection_keys(inside, options)


def _check_connection_keys(where: str, element: Mapping[str, Any]) -> None:
    for key in _TEXTS:
        value = element.get(key)
        if value is not None and not isinstance(value, str):
            raise InventoryError(where, f"{key} must be text; put it in quotes")
    port = element.get("port")
    if port is not None and not (isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536):
        raise InventoryError(where, "port must be a number from 1 to 65535")
    if not isinstance(element.get("extras") or {}, dict):
        raise InventoryError(where, "extras must be a mapping")


def _check_groups(file: Path, name: str, groups: object, known: Mapping[str, Any]) -> None:
    if groups is None:
        return
    if not isinstance(groups, list):
        raise InventoryError(f"{file}: {name}", "groups must be a list")
    for group in groups:
        if not isinstance(group, str) or group not in known:
            raise InventoryError(f"{file}: {name}", f"groups: {group!r} is not in groups.yaml")


def _check_no_loop(file: Path, groups: Mapping[str, Any]) -> None:
    """Nornir follows a group's groups without looking back."""
    finished: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise InventoryError(f"{file}: {name}", f"is its own group: {' > '.join((*path, name))}")
        if name not in finished:
            for parent in groups[name].get("groups") or ():
                visit(parent, (*path, name))
            finished.add(name)

    for name in groups:
        visit(name, ())
