"""The pages of rules, causes and mechanisms, for `explain` and the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from vpnaudit.checks.registry import all_rules
from vpnaudit.checks.registry import page as rule_page
from vpnaudit.correlate.mechanisms import MECHANISM_PAGES
from vpnaudit.diagnose import all_causes
from vpnaudit.errors import UsageError
from vpnaudit.model.judgement import Cause, Rule

MOST_SUGGESTED = 3
ALIKE = 0.6
"""Names less alike than this share are not suggested (difflib's ratio: 1 is equal)."""
ALIKE_WORD = 0.8
"""The same for one word of a name, which is shorter."""
_RUN_TOGETHER = re.compile(r"^([a-z]+)(\d{3})$")


def cause_page(cause: Cause) -> str:
    """A cause's page in Markdown."""
    return f"# {cause.name}\n\nOwner: {cause.owner}.\n\n{cause.page}\n"


def pages() -> dict[str, str]:
    """Every page by its file stem: causes by name, rules by id."""
    return {c.name: cause_page(c) for c in all_causes()} | {r.id: rule_page(r) for r in all_rules()}


def mechanism_pages() -> dict[str, str]:
    """The page of each mechanism, by name."""
    return {
        name: f"# {name}\n\nA mechanism: where the SPI was found.\n\n{text}\n" for name, text in MECHANISM_PAGES.items()
    }


def listing() -> str:
    """Names and one-line meanings of all causes, mechanisms and rules."""
    lines = ["Causes, in the order in which they are weighed:", ""]
    lines += [f"  {c.name:<24} {c.page.partition(chr(10))[0]}" for c in all_causes()]
    lines += ["", "Mechanisms, where an event's SPI was found:", ""]
    lines += [f"  {name:<24} {text.partition(chr(10))[0]}" for name, text in MECHANISM_PAGES.items()]
    lines += ["", "Rules:", ""]
    lines += [f"  {r.id:<10} {r.severity:<8} {r.title}" for r in all_rules()]
    return "\n".join(lines)


def explain(wanted: str) -> str:
    """The page of a rule (by id or title), a cause or a mechanism (by name); of nothing, the list.

    Raises UsageError where there is none, with the names that are nearest.
    """
    if not wanted.strip():
        return listing()
    mechanisms = mechanism_pages()
    if _key(wanted) in mechanisms:
        return mechanisms[_key(wanted)]
    found = _named(wanted)
    if found is None:
        near = nearest(wanted, mechanisms)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"{wanted}: no rule, cause or mechanism has that name; {meant}`vpnaudit explain` lists them")
    return cause_page(found) if isinstance(found, Cause) else rule_page(found)


def is_known(name: str) -> bool:
    """Whether a rule has this ID or title, or a cause this name."""
    return _named(name) is not None


def nearest(wanted: str, more: Iterable[str] = ()) -> tuple[str, ...]:
    """The IDs, titles and names (and of `more`) most like `wanted`, the nearest first; an area gives its rules."""
    key = _key(wanted)
    area = [r.id for r in all_rules() if r.id.lower().startswith(f"{key}-")]
    if area:
        return tuple(area)
    names = [*(c.name for c in all_causes()), *more, *(n for r in all_rules() for n in (r.title, r.id))]
    spelled = {n.lower(): n for n in names}
    parts = [n for n in spelled if len(key) > 2 and key in n]
    alike = get_close_matches(key, list(spelled), n=MOST_SUGGESTED, cutoff=ALIKE)
    words = get_close_matches(key, {w for n in spelled for w in n.split("-")}, n=1, cutoff=ALIKE_WORD)
    holders = [n for n in spelled if set(words) & set(n.split("-"))]
    return tuple(spelled[n] for n in dict.fromkeys([*alike, *parts, *holders]))[:MOST_SUGGESTED]


def _named(wanted: str) -> Rule | Cause | None:
    key = _key(wanted)
    causes = (c for c in all_causes() if c.name == key)
    rules = (r for r in all_rules() if key in {r.id.lower(), r.title.lower()})
    return next(causes, None) or next(rules, None)


def _key(wanted: str) -> str:
    """As people write it: any case, blanks or underscores for dashes, an ID without its dash."""
    return _RUN_TOGETHER.sub(r"\1-\2", "-".join(wanted.lower().replace("_", " ").split()))
