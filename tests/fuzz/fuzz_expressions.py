"""Every regular expression of the package and its templates against text that is made from the expression itself.

For each repeat in an expression: what leads up to it, then what it repeats, very often, then what seldom matches.
Where four times as much takes far more than four times as long, it backtracks.
"""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from re import _compiler, _parser  # type: ignore[attr-defined]  # the standard library's own reading of an expression
from typing import Any, NamedTuple

import textfsm

import vpnaudit
from vpnaudit.parse.engine import load_template, template_folder

_HARMLESS = frozenset(
    {
        "vpnaudit.redact.patterns._ABBREVIATED",  # reads the package's own short forms, never a device's text
        "vpnaudit.platforms.typed_command._NAMED_THING",  # reads at most 400 characters
    }
)
"""Expressions that backtrack and are never shown a long text."""
JOINED = "all rules from"
"""Names what the engine joins; slow where one of its rules is."""
_WIDE = 100
"""Repeats that can take more than so many are tried."""
_ALPHABET = " 0a:-.(,A_/)#\t=>%\"'<;xz@"
_ENDS = ("\x01", "\x01 \x01")
_COMPILED: dict[str, re.Pattern[str] | None] = {}
_RATIO = 8.0
_LEAST_AT_FIRST_S, _MUCH_AT_FIRST_S = 0.00004, 0.005
"""At the middle size: what is worth a closer look, and what is so slow that the largest need not be tried."""
_LEAST_S = 0.001
_SIZES = (64, 256, 1024)
_SEARCHES = ("search", "sub", "subn", "findall", "finditer", "split")


class Expression(NamedTuple):
    """One expression, where it stands, and whether it is looked for anywhere in a text (else at its beginning)."""

    where: str
    pattern: re.Pattern[str]
    searched: bool


class Slow(NamedTuple):
    """An expression that backtracks: the attack is `prefix + unit * n + end`."""

    where: str
    pattern: str
    prefix: str
    unit: str
    end: str
    seconds: tuple[float, float]
    """At n and at 4n."""


def expressions() -> Iterator[Expression]:
    """Yield each expression once: the package's own, the rules of its templates, the engine's joined states."""
    yield from _of_package()
    for path in sorted(template_folder("").glob("*/*.textfsm")):
        name = f"{path.parent.name}/{path.name}"
        fsm = textfsm.TextFSM(io.StringIO(path.read_text(encoding="utf-8")))
        for state, rules in fsm.states.items():
            for rule in rules:
                yield Expression(f"{name} {state}: {rule.match}", re.compile(rule.regex), searched=False)
        for state, start in _beginnings(fsm):
            matcher = load_template(path.parent.name, path.stem)._make_matcher(state, start)
            joined = getattr(matcher.match, "__self__", None)
            if isinstance(joined, re.Pattern):
                yield Expression(f"{name} {state}: {JOINED} {start}", joined, searched=False)


def _beginnings(fsm: textfsm.TextFSM) -> Iterator[tuple[str, int]]:
    """Yield each state and the numbers of the rules at which a line can begin: the first, and each after a Continue."""
    for state, rules in fsm.states.items():
        yield state, 0
        yield from ((state, n + 1) for n, rule in enumerate(rules) if rule.line_op == "Continue")


def slow(expression: Expression) -> Slow | None:
    """Return the worst that an expression does, None where its time grows with the text."""
    found: list[Slow] = []
    for (prefix, unit), end in product(sorted(set(attacks(expression.pattern))), _ENDS):
        seconds = _measured(expression, prefix, unit, end)
        if seconds is not None:
            found.append(Slow(expression.where, expression.pattern.pattern, prefix, unit, end, seconds))
    return max(found, key=lambda each: each.seconds[1], default=None)


def attacks(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield what leads up to each wide repeat, and what it repeats."""
    yield from _attacks(_parser.parse(pattern.pattern, pattern.flags), "")


def _of_package() -> Iterator[Expression]:
    seen: set[tuple[str, int, bool]] = set()
    for about in pkgutil.walk_packages(vpnaudit.__path__, "vpnaudit."):
        if about.name.endswith("__main__"):
            continue
        module = importlib.import_module(about.name)
        text = inspect.getsource(module)
        for name, value in vars(module).items():
            searched = any(f"{name}.{way}(" in text for way in _SEARCHES) or not isinstance(value, re.Pattern)
            for pattern in _patterns(value):
                key = (pattern.pattern, pattern.flags, searched)
                if key not in seen and f"{about.name}.{name}" not in _HARMLESS:
                    seen.add(key)
                    yield Expression(f"{about.name}.{name}", pattern, searched)


def _patterns(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
        return
    if depth > 4 or isinstance(value, type):
        return
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    elif hasattr(value, "__struct_fields__"):
        inner = [getattr(value, field) for field in value.__struct_fields__]
    for each in inner:
        yield from _patterns(each, depth + 1)


def _attacks(tree: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for node in tree:
        what, about = node
        name = str(what)
        if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            least, most, body = about
            if most > _WIDE:
                yield from ((prefix, unit) for unit in _units(body))
            yield from _attacks(body, prefix + _example(body) * max(0, least - 1))
        for part in _parts(node):
            yield from _attacks(part, prefix)
        prefix += _example_of(tree, node)


def _parts(node: Any) -> list[Any]:
    what, about = str(node[0]), node[1]
    if what == "SUBPATTERN":
        return [about[3]]
    if what == "BRANCH":
        return list(about[1])
    if what in {"ASSERT", "ASSERT_NOT"}:
        return [about[1]]
    return [about] if what == "ATOMIC_GROUP" else []


def _units(body: Any) -> list[str]:
    single = [c for c in _ALPHABET if _takes(body, c)][:4]
    return single or [_example(body) or "a"]


def _takes(body: Any, text: str) -> bool:
    key = repr(body.data)
    if key not in _COMPILED:
        _COMPILED[key] = _compiled(body)
    pattern = _COMPILED[key]
    return pattern is not None and pattern.fullmatch(text) is not None


def _compiled(body: Any) -> re.Pattern[str] | None:
    """Return a part of an expression by itself; None where it refers to a group outside."""
    try:
        found: re.Pattern[str] = _compiler.compile(_parser.SubPattern(body.state, body.data))
    except (re.error, TypeError, ValueError, AttributeError):
        return None
    return found


def _example(tree: Any) -> str:
    return "".join(_example_of(tree, node) for node in tree)


def _example_of(tree: Any, node: Any) -> str:
    what, about = str(node[0]), node[1]
    if what == "LITERAL":
        return chr(about)
    if what in {"IN", "NOT_LITERAL", "ANY"}:
        one = _parser.SubPattern(tree.state, [node])
        return next((c for c in _ALPHABET + "bBnstry123456789+[]{}!~&*?\r\n" if _takes(one, c)), "")
    if what in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _example(about[2]) * about[0]
    parts = [] if what.startswith("ASSERT") else _parts(node)
    return _example(parts[0]) if parts else ""


def _measured(expression: Expression, prefix: str, unit: str, end: str) -> tuple[float, float] | None:
    """Return seconds at n and 4n where they are far from linear, each the least of several."""
    run: Callable[[str], object] = expression.pattern.search if expression.searched else expression.pattern.match
    texts = [prefix + unit * (size // len(unit)) + end for size in _SIZES]
    first = _seconds(run, texts[1], 1)
    if first < _LEAST_AT_FIRST_S:
        return None
    pair = texts[1:] if first < _MUCH_AT_FIRST_S else texts[:2]
    if _seconds(run, pair[1], 1) < _LEAST_S:
        return None
    once, four = (_seconds(run, text, 5) for text in pair)
    return (once, four) if four >= _LEAST_S and four > _RATIO * once else None


def _seconds(run: Callable[[str], object], text: str, times: int) -> float:
    least = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        run(text)
        least = min(least, time.perf_counter() - began)
    return least
