"""Tells of which kind an inventory is, and reads it."""

from __future__ import annotations

from pathlib import Path

from vpnaudit.errors import InventoryError
from vpnaudit.inventory.csv_file import read_csv
from vpnaudit.inventory.reading import Kind, Reading
from vpnaudit.inventory.simple import read_simple
from vpnaudit.inventory.yaml_file import read_mapping

_NAMES: dict[str, Kind] = {
    "hosts.yaml": "nornir",
    "hosts.csv": "csv",
    "netbox.yaml": "netbox",
    "hosts": "ansible",
    "hosts.ini": "ansible",
    "hosts.yml": "ansible",
    "inventory": "ansible",
    "inventory.ini": "ansible",
    "inventory.yml": "ansible",
    "inventory.yaml": "ansible",
}
"""The files that make a folder an inventory. One of them must be there, and no second."""

_ANSIBLE_KEYS = {"hosts", "children", "vars"}
_NETBOX_KEYS = {"url", "filters", "ssl_verify", "include_vms", "platforms", "timeout_s"}


def read_inventory(path: Path) -> Reading:
    """Read the folder or file. Raises InventoryError where it is none, or nothing of it can be read."""
    file = _file_of(path)
    kind = _kind_of(file)
    if kind == "csv":
        return read_csv(file)
    if kind == "nornir":
        return read_simple(file)
    if kind == "netbox":
        from vpnaudit.inventory.netbox import read_netbox  # noqa: PLC0415  an extra

        return read_netbox(file)
    from vpnaudit.inventory.ansible import read_ansible  # noqa: PLC0415  an extra

    return read_ansible(file)


def folder_of(path: Path) -> Path:
    """The folder that holds what goes with an inventory: `known_hosts`, `ssh_config`, `groups.yaml`."""
    return path.parent if path.is_file() else path


def _file_of(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise InventoryError(str(path), "no such inventory folder or file")
    there = [path / name for name in _NAMES if (path / name).is_file()]
    if len(there) > 1:
        names = " and ".join(file.name for file in there)
        raise InventoryError(str(path), f"holds {names}: name the one that is meant, as -i {there[0]}")
    if not there:
        known = ", ".join(_NAMES)
        raise InventoryError(str(path), f"holds no inventory: there is none of {known}")
    return there[0]


def _kind_of(file: Path) -> Kind:
    if file.suffix.lower() in {".csv", ".tsv"}:
        return "csv"
    if file.suffix.lower() not in {".yaml", ".yml"}:
        return "ansible"
    if file.name == "netbox.yaml":
        return "netbox"
    try:
        elements, _ = read_mapping(file)
    except InventoryError:
        if b"!vault" in file.read_bytes():  # a tag of Ansible's, which is no YAML to anyone else
            return "ansible"
        return _NAMES.get(file.name, "nornir")  # whose reader says what is wrong
    if elements and set(elements) <= _NETBOX_KEYS and "url" in elements:
        return "netbox"
    return "ansible" if _is_ansible(elements) else "nornir"


def _is_ansible(elements: dict[str, object]) -> bool:
    """Whether the names are groups of Ansible's: nothing in them but hosts, children and vars."""
    inner = [each for each in elements.values() if isinstance(each, dict) and each]
    return bool(inner) and all(set(each) <= _ANSIBLE_KEYS for each in inner)
