"""Reads a YAML file that maps names to settings, and knows in which line each name stands."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from vpnaudit.errors import InventoryError

if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times as fast on a large fleet


class _Strict(_Loader):
    """Refuses a key that stands twice, which YAML forbids and PyYAML lets win silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Construct a mapping. Raises ConstructorError with the second key's line."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    problem = f"duplicate key {key.value!r}"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def read_mapping(file: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The file's mapping, and the line of each of its keys, from 1; both empty where it is empty or not there.

    Raises InventoryError, which names the file and, where YAML knows it, the line.
    """
    try:
        loaded, lines = _load(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}, {}
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}:" if error.problem_mark else ""
        raise InventoryError(str(file), f"is no YAML:{line} {error.problem or 'cannot be read'}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise InventoryError(str(file), f"cannot be read: {_why(error)}") from None
    if loaded is None:
        return {}, {}
    if not isinstance(loaded, dict):
        raise InventoryError(str(file), f"must map names to their settings, and is a {type(loaded).__name__}")
    for key in loaded:
        if not isinstance(key, str):
            raise InventoryError(str(file), f"{key!r}: a name must be text; put it in quotes")
    return loaded, lines


def _load(text: str) -> tuple[Any, dict[str, int]]:
    loader = _Strict(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        lines = {key.value: key.start_mark.line + 1 for key, _ in pairs if isinstance(key, yaml.ScalarNode)}
        return loader.construct_document(node), lines
    finally:
        loader.dispose()


def _why(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
