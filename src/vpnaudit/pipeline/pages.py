"""The pages of rules and causes, for `explain` and the documentation."""

from __future__ import annotations

from vpnaudit.checks.registry import all_rules
from vpnaudit.checks.registry import page as rule_page
from vpnaudit.diagnose import all_causes
from vpnaudit.errors import UsageError
from vpnaudit.model.judgement import Cause


def cause_page(cause: Cause) -> str:
    """A cause's page in Markdown."""
    return f"# {cause.name}\n\nOwner: {cause.owner}.\n\n{cause.page}\n"


def pages() -> dict[str, str]:
    """Every page by its file stem: causes by name, rules by id."""
    return {c.name: cause_page(c) for c in all_causes()} | {r.id: rule_page(r) for r in all_rules()}


def listing() -> str:
    """Names and one-line meanings of all causes and rules."""
    lines = ["Causes, in the order in which they are weighed:", ""]
    lines += [f"  {c.name:<24} {c.page.partition(chr(10))[0]}" for c in all_causes()]
    lines += ["", "Rules:", ""]
    lines += [f"  {r.id:<10} {r.severity:<8} {r.title}" for r in all_rules()]
    return "\n".join(lines)


def explain(wanted: str) -> str:
    """The page of a rule (by id or title) or a cause (by name). Raises UsageError where there is none."""
    key = wanted.strip().lower()
    for cause in all_causes():
        if cause.name == key:
            return cause_page(cause)
    for rule in all_rules():
        if key in {rule.id.lower(), rule.title.lower()}:
            return rule_page(rule)
    raise UsageError(f"{wanted}: no rule or cause has that name; `vpnaudit explain` lists them")
