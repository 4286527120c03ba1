"""Tells the answer that refuses a command from one that has content."""

from __future__ import annotations

import re
from collections.abc import Sequence

_REFUSAL = re.compile(
    r"\s*(?:ERROR:\s*)?(?:%\s*)?"
    r"(?:Invalid (?:input|command|parameter|argument)\b|Incomplete command|Ambiguous command|Unknown command"
    r"|Unrecognized command|(?:Command )?authorization (?:failed|denied)|(?:This )?command (?:is )?not authorized"
    r"|Permission denied|Access denied|Cannot execute this command|Syntax error)",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\s*\^\s*$|\s*sho?w?\s|Translating \"|Load for five secs:|Time source is |No time source|Line has invalid auto"
)
MOST_LINES = 12
"""A longer answer is no refusal."""


def is_refusal(lines: Sequence[str]) -> bool:
    """Whether a whole answer is a refusal: a line that refuses, and nothing but what stands beside one.

    >>> is_refusal(["             ^", "% Invalid input detected at '^' marker.", ""])
    True
    """
    said = [line for line in lines[: MOST_LINES + 1] if line.strip()]
    if len(lines) > MOST_LINES or not any(_REFUSAL.match(line) for line in said):
        return False
    return all(_REFUSAL.match(line) or _BESIDE.match(line) for line in said)
