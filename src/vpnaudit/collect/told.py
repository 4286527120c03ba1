"""Which commands need not be asked any more, by what the session has answered so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from vpnaudit.model.platform import CommandSpec, Needless

_LOOKED_AT = 512
"""Characters of a line; what decides stands at its beginning."""


def needed_first(commands: Iterable[CommandSpec]) -> tuple[CommandSpec, ...]:
    """In the plan's order, the needed ones first: a device that runs out of time then lacks what matters least."""
    return tuple(sorted(commands, key=lambda c: not c.needed))


class Told:
    """What the answers of one session have told about the commands that are left."""

    def __init__(self, specs: Sequence[CommandSpec]) -> None:
        self._whole: set[str] = set()
        self._found: dict[str, set[re.Pattern[str]]] = {}
        self._wanted: dict[str, set[re.Pattern[str]]] = {}
        for reason in (n for spec in specs for n in spec.needless):
            patterns = (*reason.sure, *((reason.shown_by,) if reason.shown_by else ()))
            self._wanted.setdefault(reason.answer, set()).update(patterns)

    def listener(self, spec: CommandSpec) -> Callable[[list[str]], None]:
        """Hears the lines of the answer to `spec`."""
        left = self._wanted.get(spec.command, set()).copy()
        found = self._found[spec.command] = set()

        def hear(lines: list[str]) -> None:
            for line in lines if left else ():
                for pattern in [p for p in left if p.search(line[:_LOOKED_AT])]:
                    left.remove(pattern)
                    found.add(pattern)

        return hear

    def whole(self, spec: CommandSpec) -> None:
        """The answer to `spec` was had whole, and is no refusal."""
        self._whole.add(spec.command)

    def needless(self, spec: CommandSpec) -> str | None:
        """Why `spec` cannot matter; null where that is not known."""
        return next((reason.because for reason in spec.needless if self._holds(reason)), None)

    def next_command(self, asked: CommandSpec, later: Sequence[CommandSpec]) -> str:
        """The command that will certainly follow `asked`; "" where its answer decides, or none follows."""
        for spec in later:
            if self.needless(spec) is None:
                return "" if any(reason.answer == asked.command for reason in spec.needless) else spec.command
        return ""

    def _holds(self, reason: Needless) -> bool:
        if reason.answer not in self._whole:
            return False
        found = self._found[reason.answer]
        return found.issuperset(reason.sure) and reason.shown_by not in found
