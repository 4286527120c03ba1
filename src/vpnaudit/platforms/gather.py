"""Find the commands of a platform: its folder's modules that declare `COMMANDS`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import structs

from vpnaudit.model.platform import CommandSpec, Needless, PeerForm


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


def planned(
    commands: Sequence[CommandSpec],
    plan: Sequence[str],
    *,
    needless: Mapping[str, tuple[Needless, ...]],
    peer_forms: Mapping[str, PeerForm],
    of_the_device: Collection[str],
) -> tuple[CommandSpec, ...]:
    """Put the planned commands first, in order; whatever else can be read follows and is not sent.

    `needless` says when a command cannot matter on a device, `peer_forms` how it is asked for one peer,
    `of_the_device` which commands tell nothing of one tunnel. Raises KeyError where the plan names an unknown command.
    """
    known = {spec.command: spec for spec in commands}
    sent = tuple(
        structs.replace(
            known[name],
            collected=True,
            needless=needless.get(name, ()),
            for_peer=peer_forms.get(name),
            of_tunnel=name not in of_the_device,
        )
        for name in plan
    )
    return sent + tuple(structs.replace(s, collected=False) for s in commands if s.command not in plan)


def refuse_twins(names: Iterable[str]) -> None:
    """Raise ValueError where a name comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"declared twice: {name}")
        seen.add(name)
