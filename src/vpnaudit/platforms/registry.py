"""The platforms that vpnaudit knows: every folder beside this file that holds a `platform` module with `PLATFORM`."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

import vpnaudit.platforms
from vpnaudit.model.platform import Platform
from vpnaudit.platforms.gather import refuse_twins
from vpnaudit.platforms.typed_command import resolve

_LOOK_AT = 65536
"""Characters of a text that are searched for what tells its platform."""


@cache
def all_platforms() -> tuple[Platform, ...]:
    """Return every platform, by name.

    Raises:
        ValueError: Two folders claim one name or alias.

    """
    folders = sorted(info.name for info in pkgutil.iter_modules(vpnaudit.platforms.__path__) if info.ispkg)
    found = tuple(importlib.import_module(f"vpnaudit.platforms.{folder}.platform").PLATFORM for folder in folders)
    refuse_twins(name for each in found for name in (each.name, *each.aliases))
    return found


def platform(name: str) -> Platform | None:
    """Return the platform of a name or an alias ("cisco_xe"), None where there is none."""
    wanted = name.lower().replace("-", "_")
    return next((each for each in all_platforms() if wanted in {each.name, *each.aliases}), None)


def tell_platform(texts: Iterable[str]) -> str | None:
    """Return the name of the platform that texts of one device come from; None where they do not say, or disagree.

    Each text gives a voice to every platform of which it bears a mark.
    """
    voices: Counter[str] = Counter()
    shortest_first = sorted(texts, key=len)
    for left, text in zip(reversed(range(len(shortest_first))), shortest_first, strict=True):
        start = text[:_LOOK_AT]
        voices.update(each.name for each in all_platforms() if any(mark.search(start) for mark in each.tells))
        if _lead(voices) > left:  # the long texts take longest, and can change nothing any more
            break
    return voices.most_common(1)[0][0] if _lead(voices) > 0 else None


def _lead(voices: Counter[str]) -> int:
    """By how many voices the first is before the second."""
    first, second, *_ = (*(count for _, count in voices.most_common(2)), 0, 0)
    return first - second


@lru_cache(maxsize=4096)
def resolve_command(platform_name: str | None, typed: str) -> tuple[str, str] | None:
    """Return the canonical command and its argument for what was typed, or for the stem of a file's name.

    None where the platform knows no such command or several fit. Without a known platform, the command that the
    platforms which know it agree on; one that is known by all its words before one that takes some for a filter.
    """
    one = platform(platform_name) if platform_name else None
    found = {resolve(_names(each), typed) for each in ((one,) if one else all_platforms())} - {None}
    whole = {each for each in found if each is not None and not each.argument}
    return next(iter(whole or found)) if len(whole or found) == 1 else None


def _names(each: Platform) -> tuple[str, ...]:
    return tuple(name for spec in each.commands for name in (spec.command, *spec.other_forms))
