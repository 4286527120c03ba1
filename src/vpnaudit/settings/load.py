"""Reading `vpnaudit.yaml`: thresholds and waivers."""

from __future__ import annotations

import datetime
import math
import re
from difflib import get_close_matches
from pathlib import Path

import msgspec
import yaml
from msgspec import Struct

from vpnaudit.errors import SettingsError
from vpnaudit.settings.thresholds import Settings, Thresholds
from vpnaudit.settings.waivers import Waiver

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_MEANT = {"device": "subject", "tunnel": "subject", "id": "rule", "check": "rule", "cause": "rule", "date": "expires"}
"""What people write for a waiver's key, and that key."""


class _WrittenWaiver(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """One waiver as it is written. `until` is the word of 0.1 for `expires`."""

    rule: str | None = None
    reason: str | None = None
    expires: datetime.date | None = None
    until: datetime.date | None = None
    subject: str | None = None
    owner: str | None = None


class _WrittenSettings(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    thresholds: Thresholds = Thresholds()
    waivers: tuple[_WrittenWaiver, ...] = ()


def load_settings(path: Path | None) -> Settings:
    """Read the settings at `path`; without a path, the defaults. Dates of waivers are ISO (`expires: 2027-03-31`).

    Raises SettingsError, which names the file, the line and the key, where the file cannot be read, is no YAML, says a
    key twice, has an unknown key or a value of the wrong kind, a threshold that is no number from 0 up, or a waiver
    without rule, reason or the day on which it expires.
    """
    if path is None:
        return Settings()
    node, written = _read(path)
    try:
        read = msgspec.convert({} if written is None else written, _WrittenSettings)
    except msgspec.ValidationError as error:
        problem, _, key = str(error).partition(" - at `$")
        key = key.rstrip("`")
        unknown = _UNKNOWN.search(problem)
        if unknown is not None:
            raise _misspelt(path, node, key, unknown[1]) from None
        raise _mistake(path, node, key, _in_words(problem, key)) from None
    _check_thresholds(path, node, read.thresholds)
    waivers = tuple(_waiver(path, node, n, w) for n, w in enumerate(read.waivers))
    return Settings(thresholds=read.thresholds, waivers=waivers, file=str(path))


def _read(path: Path) -> tuple[yaml.Node | None, object]:
    """The file as YAML's nodes, which know their lines, and as the values that they stand for."""
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        _refuse_twice(path, node)
        return node, loader.construct_document(node) if node is not None else None
    except OSError as error:
        raise SettingsError(str(path), f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SettingsError(str(path), "is no UTF-8 text") from None
    except yaml.YAMLError as error:
        raise SettingsError(str(path), f"is no YAML: {_yaml_problem(error)}") from None
    except SettingsError:
        raise
    except (ValueError, RecursionError) as error:
        raise SettingsError(str(path), f"cannot be read as YAML: {error}") from None


def _refuse_twice(path: Path, node: yaml.Node | None) -> None:
    """YAML lets the last of two equal keys win, and a second list of waivers would do away with the first."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twice(path, item)
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in known:
                    raise SettingsError(_at(path, key), f"`{key.value}` stands there a second time; make it one")
                known.add(key.value)
            _refuse_twice(path, value)


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem or 'not understood'}"
    return str(error).splitlines()[0]


def _check_thresholds(path: Path, node: yaml.Node | None, thresholds: Thresholds) -> None:
    for name, value in msgspec.structs.asdict(thresholds).items():
        if not math.isfinite(value) or value < 0:
            raise _mistake(path, node, f".thresholds.{name}", f"must be a number from 0 up, not {value}")


def _waiver(path: Path, node: yaml.Node | None, number: int, written: _WrittenWaiver) -> Waiver:
    key = f".waivers[{number}]"
    rule, reason, expires = written.rule, written.reason, written.expires or written.until
    if rule is None or not rule.strip():
        raise _mistake(path, node, f"{key}.rule", "must not be empty: the ID or title of a rule, or a cause")
    if reason is None or not reason.strip():
        raise _mistake(path, node, f"{key}.reason", "must not be empty: say why this is accepted")
    if expires is None:
        problem = "must be there: the last day on which the waiver holds, as `expires: 2027-03-31`"
        raise _mistake(path, node, f"{key}.expires", problem)
    return Waiver(
        rule=rule.strip(),
        reason=reason.strip(),
        expires=expires,
        subject=written.subject,
        owner=written.owner,
        line=_line(_node_at(node, key)),
    )


def _mistake(path: Path, node: yaml.Node | None, key: str, problem: str) -> SettingsError:
    """A mistake at `key` (`.waivers[0].reason`), with the line of it, or of the next thing around it that is there."""
    where = _at(path, _node_at(node, key))
    return SettingsError(f"{where}: {key.lstrip('.')}" if key else where, problem)


def _misspelt(path: Path, node: yaml.Node | None, key: str, name: str) -> SettingsError:
    """A word that is no setting at `key`, with its line, and the ones that are meant there."""
    inner = _node_at(node, key)
    pairs = inner.value if isinstance(inner, yaml.MappingNode) else []
    written = next((k for k, _ in pairs if getattr(k, "value", None) == name), inner)
    known = _known_at(key)
    near = [_MEANT[name]] if name in _MEANT and _MEANT[name] in known else get_close_matches(name, known, n=1)
    meant = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
    where = f"{_at(path, written)}: {key.lstrip('.')}" if key else _at(path, written)
    return SettingsError(where, f"`{name}` is no setting; {meant}")


def _known_at(key: str) -> tuple[str, ...]:
    if key.startswith(".waivers"):
        return tuple(n for n in _WrittenWaiver.__struct_fields__ if n != "until")
    return (Thresholds if key.startswith(".thresholds") else _WrittenSettings).__struct_fields__


def _at(path: Path, node: yaml.Node | None) -> str:
    line = _line(node)
    return str(path) if line is None else f"{path}, line {line}"


def _line(node: yaml.Node | None) -> int | None:
    return node.start_mark.line + 1 if node is not None else None


def _node_at(node: yaml.Node | None, key: str) -> yaml.Node | None:
    for name, number in _STEP.findall(key):
        inner = _inner(node, name, int(number or 0))
        if inner is None:
            return node
        node = inner
    return node


def _inner(node: yaml.Node | None, name: str, number: int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode) and name:
        return next((v for k, v in node.value if getattr(k, "value", None) == name), None)
    if isinstance(node, yaml.SequenceNode) and not name and number < len(node.value):
        found: yaml.Node = node.value[number]
        return found
    return None


def _in_words(problem: str, key: str) -> str:
    if key.endswith((".expires", ".until")):
        return "must be a date, as 2027-03-31"
    return problem[:1].lower() + problem[1:]
