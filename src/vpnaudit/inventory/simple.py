"""Reads and checks the files of a SimpleInventory, so that a mistake is told by file, key and line.

Nornir itself answers a misspelt key with silence and an unknown group with a bare KeyError.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vpnaudit.errors import InventoryError
from vpnaudit.inventory.reading import Element, Reading, Remark
from vpnaudit.inventory.yaml_file import read_mapping

_OF_DEFAULTS = {"hostname", "port", "username", "password", "platform", "data", "connection_options"}
_OF_ELEMENT = _OF_DEFAULTS | {"groups"}
_OF_CONNECTION = {"hostname", "port", "username", "password", "platform", "extras"}
_TEXTS = ("hostname", "username", "password", "platform")
_SECRET_EXTRAS = ("secret", "passphrase")


def read_simple(hosts_file: Path) -> Reading:
    """Read `hosts.yaml` (or a file of that form), and `groups.yaml` and `defaults.yaml` beside it, where they are.

    Raises InventoryError where nothing can be read; what is wrong with single entries is in the reading's problems.
    """
    folder = hosts_file.parent
    if not hosts_file.is_file():
        raise InventoryError(str(hosts_file), "no such file: an inventory needs its hosts")
    reading = Reading("nornir", hosts_file)
    hosts, lines = read_mapping(hosts_file)
    read_groups(reading, folder)
    if not hosts:
        raise InventoryError(str(hosts_file), "holds no hosts")
    _take(reading, hosts_file, hosts, lines, reading.hosts)
    reading.places.update({name: f"{hosts_file}, line {lines.get(name, 1)}" for name in hosts})
    return reading


def read_groups(reading: Reading, folder: Path) -> None:
    """Read the folder's `groups.yaml` and `defaults.yaml` into the reading. Either may be missing."""
    groups_file, defaults_file = folder / "groups.yaml", folder / "defaults.yaml"
    groups, lines = read_mapping(groups_file)
    defaults, _ = read_mapping(defaults_file)
    reading.groups.update({name: {} for name in groups})
    _take(reading, groups_file, groups, lines, reading.groups)
    try:
        _check_no_loop(groups_file, reading.groups)
    except InventoryError as error:
        reading.problems.append(error)
        reading.groups.update({name: {**element, "groups": []} for name, element in reading.groups.items()})
    try:
        _check_element(str(defaults_file), defaults, _OF_DEFAULTS)
    except InventoryError as error:
        reading.problems.append(error)
    else:
        reading.defaults = defaults
        _remark_secrets(reading, str(defaults_file), defaults)


def _take(
    reading: Reading, file: Path, elements: Mapping[str, Any], lines: Mapping[str, int], into: dict[str, Element]
) -> None:
    """Keep the elements that are in order; note what is wrong with the others."""
    for name, element in elements.items():
        where = f"{file}: {name}"
        try:
            _check_element(where, element, _OF_ELEMENT)
            _check_groups(where, element.get("groups"), reading.groups)
        except InventoryError as error:
            line = lines.get(name)
            reading.problems.append(
                InventoryError(error.where, f"line {line}: {error.problem}" if line else error.problem)
            )
        else:
            into[name] = element
            _remark_secrets(reading, where, element)


def _remark_secrets(reading: Reading, where: str, element: Element) -> None:
    options = element.get("connection_options") or {}
    places = [("", element), *((f"connection_options.{name}.", each) for name, each in options.items())]
    held = [f"{before}password" for before, each in places if each.get("password")]
    held += [f"{b}extras.{k}" for b, each in places for k in _SECRET_EXTRAS if (each.get("extras") or {}).get(k)]
    if held:
        text = f"{' and '.join(held)} in a file: better in the environment or a keyring (docs/inventory.md)"
        reading.remarks.append(Remark(where, text))


def _check_element(where: str, element: object, allowed: set[str]) -> None:
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
    if port is not None and not is_port(port):
        raise InventoryError(where, "port must be a number from 1 to 65535")
    if not isinstance(element.get("extras") or {}, dict):
        raise InventoryError(where, "extras must be a mapping")


def is_port(value: object) -> bool:
    """Whether this is a TCP port's number."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536


def _check_groups(where: str, groups: object, known: Mapping[str, Any]) -> None:
    if groups is None:
        return
    if not isinstance(groups, list):
        raise InventoryError(where, "groups must be a list")
    for group in groups:
        if not isinstance(group, str) or group not in known:
            raise InventoryError(where, f"groups: {group!r} is not in groups.yaml")


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
