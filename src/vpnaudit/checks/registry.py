"""The rules, gathered from this folder's `rules`, and the running of them: adding a rule is adding its file."""

from __future__ import annotations

import datetime
import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from functools import cache

from msgspec import structs

from vpnaudit.checks import rules
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule, Waived
from vpnaudit.settings import Settings, Waiver


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
    """Every finding of every rule, by rule and subject, waivers applied.

    A waived finding stays, marked. A waiver counts up to and including its date, measured at the fleet's collection;
    after it the finding counts again and says which waiver has run out.
    """
    today = fleet.collected_at.date()
    found = [_waive(f, settings.waivers, today) for rule in all_rules() for f in rule.check(fleet, settings)]
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[str, str, str, tuple[str, ...]]:
    subject = finding.subject
    return (finding.rule, subject.tunnel or "", subject.source or "", subject.devices)


def _waive(finding: Finding, waivers: Iterable[Waiver], today: datetime.date) -> Finding:
    if finding.status == "PASS":
        return finding
    mine = [w for w in waivers if _covers(w, finding)]
    for waiver in mine:
        if waiver.until is None or waiver.until >= today:
            until = waiver.until.isoformat() if waiver.until else None
            return structs.replace(finding, waived=Waived(reason=waiver.reason, until=until, owner=waiver.owner))
    return _say_expired(finding, mine)


def _covers(waiver: Waiver, finding: Finding) -> bool:
    subject = finding.subject
    of_subject = waiver.subject is None or waiver.subject in {subject.tunnel, subject.source, *subject.devices}
    return waiver.rule == finding.rule and of_subject


def _say_expired(finding: Finding, waivers: list[Waiver]) -> Finding:
    ended = [f"A waiver of this ended on {w.until.isoformat()} ({w.reason})." for w in waivers if w.until]
    return structs.replace(finding, because=" ".join([finding.because, *ended])) if ended else finding


def unknown_waivers(settings: Settings) -> tuple[str, ...]:
    """The rule IDs that waivers name and no rule has, in order: most likely misspelled."""
    known = {r.id for r in all_rules()}
    return tuple(sorted({w.rule for w in settings.waivers} - known))


def page(rule: Rule) -> str:
    """A rule's page in Markdown: a heading, what it needs, and the text of its file."""
    needs = ", ".join(f"`{command}`" for command in rule.needs) or "nothing"
    head = f"# {rule.id} {rule.title}\n\nSeverity: {rule.severity}. Evidence: {needs}.\n"
    return f"{head}\n{rule.page.strip()}\n"
