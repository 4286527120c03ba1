"""Answers that a screen or a mail program of so many columns broke.

What is broken cannot be told by its length alone, since tables have rows just as wide as a screen. The parser tells it:
where it does not understand a line that may be broken or the one behind it, and understands the two as one, they are
one. A screen breaks at its last column, wherever that falls; a mail program at the last blank before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from msgspec import structs

from vpnaudit.model.facts import Parsed, ParsedCapture, Parser
from vpnaudit.model.snapshot import Capture

_NARROWEST = 60
"""Columns; nobody's screen has fewer."""
_MAIL_WIDTHS = range(56, 81)
"""Columns of the longest line of a text that a mail program filled; RFC 5322 (2.1.1) asks for 78 at most."""


def read_folded(capture: Capture, parser: Parser, parsed: Parsed) -> ParsedCapture:
    """Return what the parser reads with broken lines joined, if it understands more so; else `parsed`."""
    unread = {line.line for line in parsed.coverage.unparsed}
    lines = capture.text.split("\n") if unread else []
    best, least = ParsedCapture(capture=capture, parsed=parsed), len(unread)
    for joint, folds in _ways(lines, unread):
        joined = _joined(capture, lines, folds, joint)
        again = parser(joined.text)
        fewer_by_joining = sum(1 for number in folds if number in unread and number + 1 in unread)
        left = len(again.coverage.unparsed) + fewer_by_joining
        if left < least:
            best, least = ParsedCapture(capture=joined, parsed=again), left
    return best


def _ways(lines: list[str], unread: set[int]) -> Iterator[tuple[str, set[int]]]:
    """What stood between two pieces of a line, and the numbers of the lines that go on in the next, where any may."""
    width = max(map(len, lines), default=0)
    near = [
        (number, line, following)
        for number, (line, following) in enumerate(pairwise(lines), 1)
        if (number in unread or number + 1 in unread) and _may_go_on(following)
    ]
    hard = {number for number, line, _ in near if len(line) == width}
    if width >= _NARROWEST and hard:
        yield "", hard
    soft = {number for number, line, following in near if line.strip() and _did_not_fit(line, following, width)}
    if width in _MAIL_WIDTHS and soft:
        yield " ", soft


def _did_not_fit(line: str, following: str, width: int) -> bool:
    return len(line.rstrip()) + 1 + len(following.split(None, 1)[0]) > width


def _may_go_on(line: str) -> bool:
    """An indented line begins something; blanks inside a line come one by one."""
    return line.strip() != "" and not line.startswith("  ")


def _joined(capture: Capture, lines: list[str], folds: set[int], joint: str) -> Capture:
    """The capture with each line of `folds` and the next as one; they keep the number of the first."""
    texts: list[str] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, 1):
        if number - 1 in folds:
            texts[-1] = f"{texts[-1].rstrip()}{joint}{line}" if joint else texts[-1] + line
        else:
            texts.append(line)
            numbers.append(capture.number_of(number))
    return structs.replace(capture, text="\n".join(texts), numbers=tuple(numbers))
