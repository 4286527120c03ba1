"""Event manager applets of a configuration: what starts each, and what it types."""

from __future__ import annotations

import re

from vpnaudit.model.config import AppletCommand, EventApplet
from vpnaudit.platforms.statements import Statement, after

_ACTION = re.compile(r"action \S{1,40} cli command (?P<command>\S.*)")
_PATTERN = re.compile(r'\bpattern (?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')


def applets(top: list[Statement]) -> tuple[EventApplet, ...]:
    """Return every applet, in the order of the configuration."""
    return tuple(_applet(statement, rest[0]) for statement, rest in after(top, "event manager applet") if rest)


def _applet(statement: Statement, name: str) -> EventApplet:
    events = [rest for _, rest in after(statement.under, "event") if rest]
    patterns = [m["quoted"] or m["bare"] for rest in events if (m := _PATTERN.search(" ".join(rest))) is not None]
    actions = [(inner, m["command"]) for inner in statement.under if (m := _ACTION.match(inner.text)) is not None]
    return EventApplet(
        line=statement.line,
        name=name,
        event=next(_kind(rest) for rest in events) if events else None,
        pattern=next((pattern for pattern in patterns if pattern), None),
        commands=tuple(
            AppletCommand(line=inner.line, text=command.strip('"'), statement=inner.text) for inner, command in actions
        ),
    )


def _kind(words: tuple[str, ...]) -> str:
    """Its kind of event; one of several has a tag in front (`event tag T syslog …`)."""
    return words[2] if words[0] == "tag" and len(words) > 2 else words[0]
