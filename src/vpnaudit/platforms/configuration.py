"""A configuration, read: what the commands that show one have in common."""

from __future__ import annotations

from collections.abc import Callable

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.facts import Coverage, Facts, Parsed
from vpnaudit.parse.engine import Row, run_template
from vpnaudit.parse.refusal import is_refused
from vpnaudit.platforms.statements import Statement, statements


def read_configuration(platform: str, text: str, facts: Callable[[list[Row], list[Statement]], ConfigFacts]) -> Parsed:
    """Read a text by the platform's template `show_running-config`; `facts` is called where a row was found.

    It gets the rows and the statements at the left margin. Never raises.
    """
    rows, coverage = run_template(platform, "show_running-config", text)
    if is_refused(text):
        return Parsed(coverage=Coverage(lines=coverage.lines, understood=coverage.lines), refused=True)
    config = facts(rows, statements(rows, coverage.unparsed)) if rows else None
    return Parsed(facts=Facts(config=config), coverage=coverage)
