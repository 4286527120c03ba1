"""Reads an Ansible inventory, as `ansible-inventory` understands it: INI or YAML, ranges, group_vars and host_vars.

Ansible's own program, because the order in which groups overrule each other and the INI form's quoting are its own.
It runs without `ansible.cfg`, without inventory scripts and plugins, and without vault passwords: vaulted values are
never decrypted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from vpnaudit.errors import InventoryError
from vpnaudit.inventory.extras import lacking
from vpnaudit.inventory.platform_names import platform_name
from vpnaudit.inventory.reading import Element, Reading, Remark
from vpnaudit.inventory.simple import is_port

_VAULT = b"$ANSIBLE_VAULT;"
_VARIABLES = ("group_vars", "host_vars")
_TIME_LIMIT_S = 300.0
_BUILT_IN = {"all", "ungrouped", "_meta"}
_PASSWORDS = ("ansible_password", "ansible_ssh_pass", "ansible_ssh_password")
_BECOME = ("ansible_become_password", "ansible_become_pass")
_OWN = "ansible_"
_JUMP = re.compile(r"(?:^|\s)-o\s*[\"']?ProxyJump[ =]([^\s\"']+)|(?:^|\s)-J\s*([^\s\"']+)", re.IGNORECASE)


def read_ansible(file: Path) -> Reading:
    """Read the inventory file with the `group_vars` and `host_vars` beside it.

    Raises InventoryError where Ansible cannot read it, or is not installed. What is vaulted or a template that cannot
    be filled in is left out, and remarked.
    """
    reading = Reading("ansible", file)
    vaulted = _vaulted_files(file.parent)
    text = f"is encrypted by ansible-vault and was passed over: {_INSTEAD}"
    reading.remarks += [Remark(str(each), text) for each in vaulted]
    with tempfile.TemporaryDirectory(prefix="vpnaudit-") as scratch:
        source = _without(file, vaulted, Path(scratch)) if vaulted else file
        listed = _listed(source, file, Path(scratch))
    _take_groups(reading, listed)
    variables = listed.get("_meta", {}).get("hostvars", {})
    for name in _host_names(listed, variables):
        reading.places[name] = str(file)
        try:
            _take_host(reading, name, variables.get(name, {}))
        except InventoryError as error:
            reading.problems.append(error)
    if not reading.hosts and not reading.problems:
        raise InventoryError(str(file), "holds no hosts")
    return reading


_INSTEAD = "vpnaudit never decrypts; set VPNAUDIT_PASSWORD or use a keyring"


def _vaulted_files(folder: Path) -> list[Path]:
    files = (file for name in _VARIABLES for file in sorted((folder / name).rglob("*")) if file.is_file())
    return [file for file in files if _begins_vaulted(file)]


def _begins_vaulted(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(_VAULT)) == _VAULT
    except OSError:
        return False  # Ansible will say what is wrong with it


def _without(file: Path, vaulted: list[Path], scratch: Path) -> Path:
    """The same inventory without its encrypted files: Ansible stops at the first that it cannot decrypt."""
    folder = scratch / "inventory"
    folder.mkdir()
    (folder / file.name).symlink_to(file.resolve())
    for name in _VARIABLES:
        for each in (file.parent / name).rglob("*"):
            if each.is_file() and each not in vaulted:
                link = folder / each.relative_to(file.parent)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(each.resolve())
    return folder / file.name


def _listed(source: Path, file: Path, scratch: Path) -> dict[str, Any]:
    """What `ansible-inventory --list` prints."""
    beside = Path(sys.executable).with_name("ansible-inventory")
    program = str(beside) if beside.is_file() else shutil.which("ansible-inventory")
    if program is None:
        raise lacking(str(file), "ansible")
    try:
        done = subprocess.run(  # noqa: S603  Ansible's own program on the file that was asked for
            [program, "-i", str(source.absolute()), "--list"],
            env=_environment(scratch),
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InventoryError(str(file), f"ansible-inventory did not end within {_TIME_LIMIT_S:g} s") from None
    except OSError as error:
        raise InventoryError(str(file), f"ansible-inventory was not started: {error.strerror}") from None
    if done.returncode:
        raise InventoryError(str(file), f"Ansible cannot read it: {_said(done.stderr, source, file)}")
    try:
        listed = msgspec.json.decode(done.stdout)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InventoryError(str(file), "ansible-inventory printed no JSON") from None
    return listed if isinstance(listed, dict) else {}


def _environment(scratch: Path) -> dict[str, str]:
    """Nothing of Ansible's own settings, whichever the operator has."""
    settings = scratch / "ansible.cfg"
    settings.touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return kept | {
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_HOME": str(scratch / "home"),
        "ANSIBLE_LOCAL_TEMP": str(scratch / "tmp"),
        "ANSIBLE_INVENTORY_ENABLED": "yaml,ini",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEVEL_WARNING": "0",
        "PYTHONWARNINGS": "ignore",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "2000",
    }


def _said(stderr: bytes, source: Path, file: Path) -> str:
    """Ansible's reason as one line, of the operator's file."""
    text = stderr.decode("utf-8", "replace").replace(str(source.absolute()), str(file))
    return " ".join(text.split())[:500] or "it does not say why"


def _host_names(listed: dict[str, Any], variables: dict[str, Any]) -> Iterator[str]:
    """Every host once, in the order of the groups; those without variables stand in groups only."""
    in_groups = (host for group in listed.values() for host in group.get("hosts") or () if isinstance(group, dict))
    yield from dict.fromkeys((*in_groups, *variables))


def _take_groups(reading: Reading, listed: dict[str, Any]) -> None:
    """Groups, each in the groups whose child it is. Variables are merged into the hosts already."""
    names = [name for name in listed if name not in _BUILT_IN]
    reading.groups.update({name: {"groups": []} for name in names})
    for name in names:
        for child in listed[name].get("children") or ():
            reading.groups.setdefault(child, {"groups": []})["groups"].append(name)
        for host in listed[name].get("hosts") or ():
            reading.hosts.setdefault(host, {"groups": []})["groups"].append(name)


def _take_host(reading: Reading, name: str, variables: dict[str, Any]) -> None:
    filled = dict(_filled(reading, name, variables))
    where = f"{reading.source}: {name}"
    element = reading.hosts.setdefault(name, {"groups": []})
    host = filled.get("ansible_host")
    if "ansible_host" in variables and not host:
        reading.hosts.pop(name)
        raise InventoryError(where, f"ansible_host cannot be worked out: {variables['ansible_host']!r}")
    element["hostname"] = str(host or name)
    element["username"] = _text(filled.get("ansible_user") or filled.get("ansible_ssh_user"))
    port = filled.get("ansible_port") or filled.get("ansible_ssh_port")
    if port is not None:
        number = int(port) if str(port).isdecimal() and len(str(port)) < 6 else None
        if not is_port(number):
            reading.hosts.pop(name)
            raise InventoryError(where, f"ansible_port {port!r} is no number from 1 to 65535")
        element["port"] = number
    system = _text(filled.get("ansible_network_os"))
    if system:
        element["platform"] = platform_name(system)
    _take_secrets(reading, where, element, filled)
    element["data"] = {key: value for key, value in filled.items() if not key.startswith(_OWN)} | _login(filled)


def _login(filled: dict[str, Any]) -> dict[str, Any]:
    """What Ansible's own variables say of keys and jump hosts, under the names of our data."""
    key_file = filled.get("ansible_ssh_private_key_file") or filled.get("ansible_private_key_file")
    jump = _JUMP.search(f"{filled.get('ansible_ssh_common_args') or ''} {filled.get('ansible_ssh_extra_args') or ''}")
    return {
        **({"key_file": str(key_file)} if key_file else {}),
        **({"proxy_jump": jump[1] or jump[2]} if jump else {}),
    }


def _take_secrets(reading: Reading, where: str, element: Element, filled: dict[str, Any]) -> None:
    password = next((_text(filled[key]) for key in _PASSWORDS if filled.get(key)), None)
    secret = next((_text(filled[key]) for key in _BECOME if filled.get(key)), None)
    element["password"] = password
    if secret:
        element["connection_options"] = {"netmiko": {"extras": {"secret": secret}}}
    held = [key for key in (*_PASSWORDS, *_BECOME) if filled.get(key)]
    if held:
        text = f"{' and '.join(held)} in a file: better in the environment or a keyring (docs/inventory.md)"
        reading.remarks.append(Remark(where, text))


def _filled(reading: Reading, name: str, variables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The variables whose values are known: vaulted ones are left out, templates filled in where they can be."""
    where = f"{reading.source}: {name}"
    for key, value in variables.items():
        if isinstance(value, dict) and "__ansible_vault" in value:
            reading.remarks.append(Remark(where, f"{key} is encrypted by ansible-vault: {_INSTEAD}"))
        elif isinstance(value, str) and ("{{" in value or "{%" in value):
            text = _render(value, {"inventory_hostname": name, **variables})
            if text is not None:
                yield key, text
            elif key.startswith(_OWN):
                reading.remarks.append(Remark(where, f"{key} is a template that cannot be filled in here: left out"))
        else:
            yield key, value


def _render(template: str, variables: dict[str, Any]) -> str | None:
    """A template of the host's own plain variables; null where it needs more, as Ansible's filters or a vault."""
    from jinja2 import StrictUndefined, TemplateError  # noqa: PLC0415  seldom needed
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415

    plain = {key: value for key, value in variables.items() if not isinstance(value, (dict, list))}
    try:
        text = SandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(plain)
    except (TemplateError, TypeError, ValueError, OverflowError, ArithmeticError, MemoryError, RecursionError):
        return None
    return None if "{{" in text else text


def _text(said: object) -> str | None:
    return str(said) if said not in {None, ""} else None
