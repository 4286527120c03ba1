"""Masks one answer, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vpnaudit.redact.patterns import BLOCKS, COMMON_PATTERNS, HEX_DUMP, HINTS, Block

MASK = "<redacted>"
"""What stands in the place of a secret."""

_LONGEST_BLOCK = 2000
"""Lines. A block whose end does not come is no block: a certificate chain has some hundred."""


_MOST_PASSES = 8
"""A masked value can bring two words together that make another pattern match: done when nothing changes any more."""


class Redactor:
    """Masks the secrets of one answer; `platform_patterns` run after those common to all platforms.

    Use one for each answer: a block of several lines is remembered from one line to the next. A masked text comes
    through unchanged. Each pattern has a group `secret`.
    """

    def __init__(self, platform_patterns: Iterable[re.Pattern[str]] = ()) -> None:
        self._platform_patterns = tuple(platform_patterns)
        self._block: Block | None = None
        self._block_lines = 0

    def line(self, line: str) -> str:
        """The line with its secrets masked, without its line end as it was given."""
        if self._block is not None:
            masked = self._line_of_block(line, self._block)
            if masked is not None:
                return masked
        if HEX_DUMP.match(line):
            return _mask_whole(line)
        for block in BLOCKS:
            if block.first.search(line) and not block.last.search(line):
                self._block, self._block_lines = block, 0
                return line
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

    def _line_of_block(self, line: str, block: Block) -> str | None:
        """The masked line, or null where the block was over before it."""
        if block.last.search(line):
            self._block = None
            return line
        self._block_lines += 1
        text = line.strip()
        if self._block_lines > _LONGEST_BLOCK or not (text in {"", MASK} or block.body.match(line)):
            self._block = None
            return None
        return _mask_whole(line) if text else line

    def _mask_values(self, line: str) -> str:
        for _ in range(_MOST_PASSES):
            before = line
            lower = line.lower()
            if any(hint in lower for hint in HINTS):
                for pattern in COMMON_PATTERNS:
                    line = pattern.sub(_masked, line)
            for pattern in self._platform_patterns:
                line = pattern.sub(_masked, line)
            if line == before:
                break
        return line


def _mask_whole(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + MASK


def _masked(match: re.Match[str]) -> str:
    start, end = match.span("secret")
    if start < 0:
        return match.group()
    offset = match.start()
    whole = match.group()
    return f"{whole[: start - offset]}{MASK}{whole[end - offset :]}"
