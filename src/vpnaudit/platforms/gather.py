"""Find the commands of a platform: its folder's modules that declare `COMMANDS`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable

from vpnaudit.model.platform import CommandSpec


def commands_in(package: str) -> tuple[CommandSpec, ...]:
    """Return the commands of every module of a package, in the order of the modules' names.

    Raises:
        ValueError: Two modules declare one command.

    """
    folder = importlib.import_module(package)
    found: list[CommandSpec] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(folder.__path__)):
        if not module.startswith("_") and module != "platform":
            found += getattr(importlib.import_module(f"{package}.{module}"), "COMMANDS", ())
    refuse_twins(name for spec in found for name in (spec.command, *spec.other_forms))
    return tuple(found)


def refuse_twins(names: Iterable[str]) -> None:
    """Raise ValueError where a name comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"declared twice: {name}")
        seen.add(name)
