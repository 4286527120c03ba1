"""A change fitted to a running configuration, and its way back, by hier_config.

The change is applied to a model of the running configuration; what differs afterwards is what has to be entered, and
the difference the other way round is what takes it back. Only the sections that the change touches are modelled: a
configuration has thousands of lines that it does not, and any text may stand in them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vpnaudit.model.platform import Change

if TYPE_CHECKING:
    from hier_config import HConfig
    from hier_config.platforms.driver_base import HConfigDriverBase

SECRET_MARK = "<redacted>"  # noqa: S105
Sections = dict[str, tuple[str, ...]]
"""Top-level lines in order, each with the lines indented under it."""
Items = tuple[tuple[str, tuple[str, ...]], ...]
"""The same, to be compared."""


def fit_to_running(
    driver: HConfigDriverBase, running: str, wanted: tuple[str, ...], new_sections: tuple[str, ...] = ()
) -> Change | None:
    """The part of `wanted` that `running` lacks, with its way back; null where there is none.

    A section of `wanted` may name its header in short ("crypto map M 10" for "crypto map M 10 ipsec-isakmp"). One that
    `running` does not have is not made up: null, unless it begins with one of `new_sections`. Null too where a line
    holds a masked secret, which nobody could enter.
    """
    sections = _resolve(_sections("\n".join(wanted)), _sections(running), new_sections)
    if sections is None:
        return None
    standing = _relevant(_sections(running), sections, _replaceable(driver))
    return _change(driver, tuple(standing.items()), tuple(sections.items()))


@lru_cache(maxsize=4096)
def _change(driver: HConfigDriverBase, standing: Items, wanted: Items) -> Change | None:
    """Once for all devices that have the same lines where the change is made: templates make many of them."""
    before = model(driver, dict(standing))
    after = before.future(model(driver, dict(wanted)))
    commands = _lines(before.config_to_get_to(after))
    rollback = _lines(after.config_to_get_to(before))
    if not commands or _undoes_nothing(commands, before) or any(SECRET_MARK in c for c in (*commands, *rollback)):
        return None
    return Change(commands=commands, rollback=rollback)


def model(driver: HConfigDriverBase, sections: Sections) -> HConfig:
    """The tree of some sections."""
    from hier_config import get_hconfig  # noqa: PLC0415 - heavy, and needed only where a remedy is built

    lines = [line for header, children in sections.items() for line in (header, *(f" {c}" for c in children))]
    return get_hconfig(driver, "\n".join(lines))


def _lines(config: HConfig) -> tuple[str, ...]:
    return tuple(c.cisco_style_text() for c in config.set_order_weight().all_children_sorted())


def _undoes_nothing(commands: tuple[str, ...], before: HConfig) -> bool:
    """Whether the change is a `no` for something that is not there: hier_config keeps such a line as it is."""
    standing = {c.text for c in before.all_children()}
    negations = [c.strip().removeprefix("no ") for c in commands if c.strip().startswith("no ")]
    return any(n not in standing and not any(s.startswith(f"{n} ") for s in standing) for n in negations)


@lru_cache(maxsize=32)
def _sections(text: str) -> Sections:
    """Split a configuration. A header that stands twice is one section; equal lines in a section are one."""
    found: dict[str, dict[str, None]] = {}
    header = ""
    for raw in text.splitlines():
        line = " ".join(raw.split())
        if not line or line.startswith("!"):
            continue
        if not raw[0].isspace():
            header = line
            found.setdefault(header, {})
        elif header:
            found[header].setdefault(line)
    return {name: tuple(children) for name, children in found.items()}


def _resolve(wanted: Sections, running: Sections, new_sections: tuple[str, ...]) -> Sections | None:
    resolved: Sections = {}
    for header, children in wanted.items():
        name = header
        if children and header not in running and not header.startswith(new_sections or ("\0",)):
            longer = [h for h in running if h.startswith(f"{header} ")]
            if len(longer) != 1:
                return None
            name = longer[0]
        resolved[name] = children
    return resolved


def _replaceable(driver: HConfigDriverBase) -> tuple[str, ...]:
    """How top-level lines begin of which a device keeps one: the new one takes the old one's place."""
    rules = (r.match_rules for r in driver.rules.idempotent_commands if len(r.match_rules) == 1)
    return tuple(rule.startswith for (rule,) in rules if isinstance(rule.startswith, str))


def _relevant(running: Sections, change: Sections, replaceable: tuple[str, ...]) -> Sections:
    """The sections that the change goes into, and the single lines that one of its own replaces, repeats or negates."""
    single = [h for h, children in change.items() if not children]
    touched = tuple(h.removeprefix("no ") for h in single) + tuple(
        start for start in replaceable if any(h.startswith(start) for h in single)
    )
    return {
        header: children
        for header, children in running.items()
        if header in change or (not children and header.startswith(touched))
    }
