"""The rules, gathered from this folder's `rules`, and the running of them: adding a rule is adding its file."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from functools import cache

from msgspec import structs

from vpnaudit.checks import rules
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.settings import Settings


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by ID, with its page.

    Raises ValueError where two share an ID or a title, TypeError where a file of `rules` has none.
    """
    names = [m.name for m in pkgutil.iter_modules(rules.__path__)]
    return in_order(_rule_of(f"{rules.__name__}.{name}") for name in names)


def _rule_of(module_name: str) -> Rule:
    module = importlib.import_module(module_name)
    rule = getattr(module, "RULE", None)
    if not isinstance(rule, Rule):
        raise TypeError(f"{module_name} has no RULE")
    return structs.replace(rule, page=inspect.cleandoc(module.__doc__ or ""))


def in_order(found: Iterable[Rule]) -> tuple[Rule, ...]:
    """Sort rules by ID. Raises ValueError where two share an ID or a title."""
    ordered = tuple(sorted(found, key=lambda r: r.id))
    for names in ([r.id for r in ordered], [r.title for r in ordered]):
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"two rules have one name: {', '.join(twice)}")
    return ordered


def run(fleet: Fleet, settings: Settings) -> tuple[Finding, ...]:
    """Every finding of every rule, by rule and subject."""
    found = [f for rule in all_rules() for f in rule.check(fleet, settings)]
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[str, str, str, tuple[str, ...]]:
    subject = finding.subject
    return (finding.rule, subject.tunnel or "", subject.source or "", subject.devices)


def page(rule: Rule) -> str:
    """A rule's page in Markdown: a heading, what it needs, and the text of its file."""
    needs = ", ".join(f"`{command}`" for command in rule.needs) or "nothing"
    head = f"# {rule.id} {rule.title}\n\nSeverity: {rule.severity}. Evidence: {needs}.\n"
    return f"{head}\n{rule.page.strip()}\n"
