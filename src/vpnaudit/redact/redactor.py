"""Masks one answer, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vpnaudit.model.platform import SecretRule
from vpnaudit.redact.blocks import CONTEXTS, MASK
from vpnaudit.redact.triggers import Patterns, Triggers, triggers
from vpnaudit.redact.wrapped import Wrapped

_MOST_PASSES = 8
"""A masked value can bring two words together that make another pattern match: done when nothing changes any more."""

_QUOTE_ENDS = re.compile(r"'(?:[ \t]command\.?|\.(?:[ \t].{0,300})?)?[ \t]*$")
"""How the quotation of a command ends in a log: `... 'enable secret x' command.` The quote stays, for it to be read."""


class Redactor:
    """Masks the secrets of one answer; the `platform_rules` come after those common to all platforms.

    Use one for each answer: what earlier lines said (a certificate began, a table of keys) is remembered. A masked
    text comes through unchanged.
    """

    def __init__(self, platform_rules: Iterable[SecretRule] = ()) -> None:
        self._triggers = triggers(tuple(platform_rules))
        self._wrapped = Wrapped()
        self._contexts = tuple(context() for context in CONTEXTS)

    def line(self, line: str) -> str:
        """The line with its secrets masked, without its line end as it was given."""
        before, goes_on = self._wrapped.head(line, MASK)
        for context in self._contexts:
            masked = context.mask(line)
            if masked is not None:
                return masked if masked == line else self._mask_values(masked)
        for _ in range(_MOST_PASSES if before else 0):
            rest = self._mask_values(_mask_rest(before, line, self._triggers, goes_on=goes_on))
            if rest == line:
                break
            line = rest
        return self._mask_values(line)

    def lines(self, lines: Sequence[str]) -> list[str]:
        """Each line masked, in order: what `line` gives, but most lines of an answer are seen through at once."""
        masked = list(lines)
        suspects = self._triggers.suspects(lines)
        at_rest = self._at_rest
        for position, line in enumerate(lines):
            if at_rest and position not in suspects:
                continue
            patterns = suspects.get(position)
            if at_rest and patterns is not None:
                masked[position] = self._mask_values(line, patterns)
            else:
                masked[position] = self.line(line)
                at_rest = self._at_rest
        return masked

    def text(self, text: str) -> str:
        r"""A whole text masked; its lines end in `\n`.

        >>> Redactor().text("crypto isakmp key 0 hunter2 address 192.0.2.1\n")
        'crypto isakmp key 0 <redacted> address 192.0.2.1\n'
        """
        return "\n".join(self.lines(text.split("\n")))

    @property
    def _at_rest(self) -> bool:
        """Whether no line so far says anything of the next."""
        return self._wrapped.at_rest and all(context.at_rest for context in self._contexts)

    def _mask_values(self, line: str, patterns: Patterns | None = None) -> str:
        """A line by itself. `patterns` are those that may find something in it, where they are known."""
        for _ in range(_MOST_PASSES):
            before = line
            for pattern in self._triggers.patterns(line) if patterns is None else patterns:
                line = pattern.sub(_masked, line)
            if line == before:
                break
            patterns = None
        return line


def masked_alone(text: str) -> str:
    r"""A text that stands by itself, masked, as `Redactor().text` does it: most have nothing that could be a secret.

    >>> masked_alone("set peer 192.0.2.1")
    'set peer 192.0.2.1'
    """
    return Redactor().text(text) if triggers(()).suspects(text.split("\n")) else text


def _mask_rest(before: str, line: str, triggers_: Triggers, *, goes_on: bool) -> str:
    """The line without what is a secret in it, or in the broken line before it and it together.

    What began before the line is a secret in it only where it `goes_on`.
    """
    spans = []
    for text, shift in ((before + line, len(before)), (line, 0)):
        for pattern in triggers_.patterns(text):
            for start, end in map(_span, pattern.finditer(text)):
                if end > shift and (start >= shift or (start >= 0 and goes_on)):
                    spans.append((max(start - shift, 0), end - shift))
    for start, end in sorted(_merged(spans), reverse=True):
        line = line[:start] + MASK + line[end:]
    return line


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _masked(match: re.Match[str]) -> str:
    start, end = _span(match)
    if start < 0:
        return match.group()
    offset = match.start()
    whole = match.group()
    return f"{whole[: start - offset]}{MASK}{whole[end - offset :]}"


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Where the secret stands; not the end of the quotation that it stands in."""
    start, end = match.span("secret")
    if start < 0 or "'" not in match.string[max(0, start - 500) : start]:
        return start, end
    closing = _QUOTE_ENDS.search(match.string, start + 1, end)
    return start, closing.start() if closing is not None else end
