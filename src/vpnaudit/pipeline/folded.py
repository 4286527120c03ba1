"""Answers copied off a screen of so many columns, which broke every longer line.

What is broken cannot be told by its length alone, since tables have rows just as wide as a screen. The parser tells it:
where it does not understand a line of full width or the one behind it, and understands the two as one, they are one.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec import structs

from vpnaudit.model.facts import Parsed, ParsedCapture, Parser
from vpnaudit.model.snapshot import Capture

_NARROWEST = 60
"""Columns; nobody's screen has fewer."""


def read_folded(capture: Capture, parser: Parser, parsed: Parsed) -> ParsedCapture:
    """Return what the parser reads with broken lines joined, if it understands more so; else `parsed`."""
    unread = {line.line for line in parsed.coverage.unparsed}
    lines = capture.text.split("\n") if unread else []
    width = max(map(len, lines), default=0)
    if width < _NARROWEST:
        return ParsedCapture(capture=capture, parsed=parsed)
    folds = {
        number
        for number, (line, following) in enumerate(pairwise(lines), 1)
        if len(line) == width and _may_go_on(following) and (number in unread or number + 1 in unread)
    }
    joined = _joined(capture, lines, folds)
    again = parser(joined.text) if folds else parsed
    fewer_by_joining = sum(1 for number in folds if number in unread and number + 1 in unread)
    if len(again.coverage.unparsed) < len(unread) - fewer_by_joining:
        return ParsedCapture(capture=joined, parsed=again)
    return ParsedCapture(capture=capture, parsed=parsed)


def _may_go_on(line: str) -> bool:
    """An indented line begins something; blanks inside a line come one by one."""
    return line != "" and not line.startswith("  ")


def _joined(capture: Capture, lines: list[str], folds: set[int]) -> Capture:
    """The capture with each line of `folds` and the next as one; they keep the number of the first."""
    texts: list[str] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, 1):
        if number - 1 in folds:
            texts[-1] += line
        else:
            texts.append(line)
            numbers.append(capture.number_of(number))
    return structs.replace(capture, text="\n".join(texts), numbers=tuple(numbers))
