"""`--limit`: a choice of devices."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from nornir.core import Nornir
from nornir.core.inventory import Host

from vpnaudit.errors import InventoryError


def limit_hosts(nornir: Nornir, expression: str) -> Nornir:
    """The devices that the expression chooses; data of the inventory is left as it is.

    Parts are separated by commas. `name=`, `group=`, `platform=`, `hostname=`, `port=` and any key of a host's data
    (`site=`, `location__city=` for what lies deeper) must all hold; a part without `=` is a further value of the key
    before it, and of `name` at the start: `edge*,core1,site=berlin,paris` is every edge router and core1, of those the
    ones in Berlin or Paris. Values may be globs; groups count with the groups they belong to.
    Raises InventoryError where the expression is empty or chooses nothing.
    """
    wanted = _wanted(expression)

    def chosen(host: Host) -> bool:
        return all(_holds(host, key, patterns) for key, patterns in wanted.items())

    limited = nornir.filter(filter_func=_as_filter(chosen))
    if not limited.inventory.hosts:
        raise InventoryError(f"--limit {expression}", f"matches none of the {len(nornir.inventory.hosts)} devices")
    return limited


def _wanted(expression: str) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    key = "name"
    for part in expression.split(","):
        value = part.strip()
        if "=" in part:
            key, _, value = (piece.strip() for piece in part.partition("="))
        if not key or not value:
            raise InventoryError(f"--limit {expression}", f"{part.strip()!r} is no key=value and no name")
        wanted.setdefault(key, []).append(value)
    return wanted


def _as_filter(chosen: Callable[[Host], bool]) -> Callable[..., bool]:
    return lambda host, **_: chosen(host)


def _holds(host: Host, key: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(value, pattern) for value in _values(host, key) for pattern in patterns)


def _values(host: Host, key: str) -> tuple[str, ...]:
    """What the host says to a key, as texts; a list says all its members."""
    if key in {"group", "groups"}:
        return tuple(group.name for group in host.extended_groups())
    if key in {"name", "hostname", "platform", "port"}:
        value = getattr(host, key)
    else:
        first, *deeper = key.split("__")
        value = host.extended_data().get(first)
        for step in deeper:
            value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(_text(member) for member in value)
    return (_text(value),)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
