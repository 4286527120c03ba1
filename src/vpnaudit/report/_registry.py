"""The report formats: every module of this folder whose name does not begin with `_` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping

from msgspec import Struct

from vpnaudit.errors import UsageError
from vpnaudit.model.audit import Audit

_PACKAGE = "vpnaudit.report"


class Format(Struct, frozen=True, kw_only=True, gc=False):
    """A report format. `ending` is "" and `render` null for one that makes a folder of files instead of one text."""

    name: str
    ending: str
    render: Callable[[Audit], str] | None = None
    render_files: Callable[[Audit], Mapping[str, str]] | None = None


def names() -> tuple[str, ...]:
    """Give the names of all formats in alphabetical order, without importing any."""
    folder = importlib.import_module(_PACKAGE).__path__
    return tuple(sorted(m.name for m in pkgutil.iter_modules(folder) if not (m.ispkg or m.name.startswith("_"))))


def load(name: str) -> Format:
    """Import one format. Raises UsageError, naming those that there are, for a name that is none."""
    if name not in names():
        raise UsageError(f"no report format {name!r}; there are {', '.join(names())}")
    module = importlib.import_module(f"{_PACKAGE}.{name}")
    return Format(
        name=name,
        ending=module.ENDING,
        render=getattr(module, "render", None),
        render_files=getattr(module, "render_files", None),
    )
