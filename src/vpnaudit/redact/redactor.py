"""Masks one answer, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ahocorasick_rs import AhoCorasick

from vpnaudit.redact.blocks import MASK, Banner, Blocks, Context, KeyChain, Script, Tables
from vpnaudit.redact.patterns import RULES
from vpnaudit.redact.wrapped import Wrapped

_MOST_PASSES = 8
"""A masked value can bring two words together that make another pattern match: done when nothing changes any more."""

_QUOTE_ENDS = re.compile(r"'(?:[ \t]command\.?|\.(?:[ \t].{0,300})?)?[ \t]*$")
"""How the quotation of a command ends in a log: `... 'enable secret x' command.` The quote stays, for it to be read."""


class Redactor:
    """Masks the secrets of one answer; `platform_patterns` run after those common to all platforms.

    Use one for each answer: what earlier lines said (a certificate began, a table of keys) is remembered. A masked
    text comes through unchanged. Each pattern has a group `secret`.
    """

    def __init__(self, platform_patterns: Iterable[re.Pattern[str]] = ()) -> None:
        self._platform_patterns = tuple(platform_patterns)
        self._wrapped = Wrapped()
        self._contexts: tuple[Context, ...] = (Blocks(), KeyChain(), Tables(), Script(), Banner())

    def line(self, line: str) -> str:
        """The line with its secrets masked, without its line end as it was given."""
        before, goes_on = self._wrapped.head(line, MASK)
        for context in self._contexts:
            masked = context.mask(line)
            if masked is not None:
                return masked if masked == line else self._mask_values(masked)
        for _ in range(_MOST_PASSES if before else 0):
            rest = self._mask_values(_mask_rest(before, line, self._platform_patterns, goes_on=goes_on))
            if rest == line:
                break
            line = rest
        return self._mask_values(line)

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        """Each line masked, in order."""
        return map(self.line, lines)

    def text(self, text: str) -> str:
        r"""A whole text masked; its lines end in `\n`.

        >>> Redactor().text("crypto isakmp key 0 hunter2 address 192.0.2.1\n")
        'crypto isakmp key 0 <redacted> address 192.0.2.1\n'
        """
        return "\n".join(self.lines(text.split("\n")))

    def _mask_values(self, line: str) -> str:
        for _ in range(_MOST_PASSES):
            before = line
            for pattern in _patterns(line, self._platform_patterns):
                line = pattern.sub(_masked, line)
            if line == before:
                break
        return line


_WORDS = tuple(dict.fromkeys(rule.trigger for rule in RULES))
_TRIGGERS = AhoCorasick(_WORDS)
_RULES_OF = tuple(tuple(n for n, rule in enumerate(RULES) if rule.trigger == word) for word in _WORDS)


def _patterns(line: str, platform_patterns: tuple[re.Pattern[str], ...]) -> Iterator[re.Pattern[str]]:
    """The patterns that may find something in a line.

    All triggers are looked for at once: one by one took half of a line's time.
    """
    lower = line.lower().replace("\t", " ")
    found = {match[0] for match in _TRIGGERS.find_matches_as_indexes(lower, overlapping=True)}
    for position in sorted(position for number in found for position in _RULES_OF[number]):
        yield RULES[position].pattern
    yield from platform_patterns


def _mask_rest(before: str, line: str, platform_patterns: tuple[re.Pattern[str], ...], *, goes_on: bool) -> str:
    """The line without what is a secret in it, or in the broken line before it and it together.

    What began before the line is a secret in it only where it `goes_on`.
    """
    spans = []
    for text, shift in ((before + line, len(before)), (line, 0)):
        for pattern in _patterns(text, platform_patterns):
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
