"""The causes, gathered from this folder's `causes`: adding one is adding its file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from msgspec import structs

from vpnaudit.diagnose import causes
from vpnaudit.model.judgement import Cause


@cache
def all_causes() -> tuple[Cause, ...]:
    """Every cause in the order in which they are weighed. Two with one name or one place are an error."""
    found = []
    for module_info in pkgutil.iter_modules(causes.__path__):
        module = importlib.import_module(f"{causes.__name__}.{module_info.name}")
        found.append(structs.replace(module.CAUSE, page=(module.__doc__ or "").strip()))
    for field in ("name", "order"):
        values = [getattr(c, field) for c in found]
        if len(set(values)) != len(values):
            raise ValueError(f"two causes have the same {field}")
    return tuple(sorted(found, key=lambda c: c.order))
