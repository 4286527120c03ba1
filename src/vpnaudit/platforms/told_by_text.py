"""Which command a text answers, where neither name nor echo says so: the one whose parser knows its lines."""

from __future__ import annotations

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.platforms.registry import platform, resolve_command, tell_platform

_LOOK_AT = 1 << 17
"""Characters. So much of an answer is enough to tell it."""
_UNDERSTOOD = 0.9
"""The least share of lines that the command's parser must know; all that is read belongs to one answer."""


class Commands:
    """The commands of all platforms: by what was typed, and by what was answered (`snapshot.session.Resolve`)."""

    def __call__(self, typed: str, /) -> tuple[str, str] | None:
        """The command and its argument for what was typed, or for the stem of a file's name."""
        return resolve_command(None, typed)

    def by_text(self, text: str) -> tuple[str, str] | None:
        """The command that a text answers; null where the text bears no platform's mark, or its lines are not known.

        Of several forms with one parser (`detail`) the shortest: a reader gets the same from each.
        """
        start = text if len(text) <= _LOOK_AT else text[: text.rfind("\n", 0, _LOOK_AT)]
        name = tell_platform([start])
        found = platform(name) if name is not None else None
        scored = [(_score(spec.parse(start)), -len(spec.command), spec) for spec in (found.commands if found else ())]
        best = max(scored, key=lambda each: each[:2], default=None)
        return (best[2].command, "") if best is not None and best[0] >= _UNDERSTOOD else None


def _score(parsed: Parsed) -> float:
    """The share of lines that were understood; nothing where they told nothing."""
    if parsed.refused or parsed.facts == Facts() or not parsed.coverage.lines:
        return 0.0
    return parsed.coverage.understood / parsed.coverage.lines
