"""Finds, all at once, the words without which no rule and no context can have anything to do with a line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, lru_cache

from ahocorasick_rs import AhoCorasick

from vpnaudit.model.platform import SecretRule
from vpnaudit.redact.blocks import CONTEXTS, DUMP
from vpnaudit.redact.patterns import RULES
from vpnaudit.redact.wrapped import WIDTHS

Patterns = tuple[re.Pattern[str], ...]
_LINES_KINDS = 4096
"""Sets of triggers, as lines have them, of which the patterns are remembered."""


class Triggers:
    """Those of the rules common to all platforms, then of one platform's.

    Looked for one by one they take half of a line's time.
    """

    def __init__(self, platform_rules: tuple[SecretRule, ...]) -> None:
        rules = (*RULES, *platform_rules)
        words = tuple(dict.fromkeys(rule.trigger for rule in rules))
        self._rules = rules
        self._rules_of = tuple(tuple(n for n, rule in enumerate(rules) if rule.trigger == word) for word in words)
        self._words = AhoCorasick((*words, *(word for context in CONTEXTS for word in context.WORDS)))
        self._patterns = lru_cache(maxsize=_LINES_KINDS)(self._patterns_of)

    def patterns(self, line: str) -> Patterns:
        """The patterns that may find something in a line, in the rules' order."""
        found = self._words.find_matches_as_indexes(_plain(line), overlapping=True)
        return self._patterns(frozenset(word for word, _, _ in found if word < len(self._rules_of)))

    def suspects(self, lines: Sequence[str]) -> dict[int, Patterns | None]:
        """The lines that may hold a secret, by position, each with the patterns that may find it.

        Null: one that may say something of the lines behind it. All others come through unchanged wherever no line
        before them has said anything.
        """
        words: dict[int, set[int]] = defaultdict(set)
        text = _plain("\n".join(lines))
        position = counted = 0
        for word, start, _ in self._words.find_matches_as_indexes(text, overlapping=True):
            position += text.count("\n", counted, start)
            counted = start
            words[position].add(word)
        found: dict[int, Patterns | None] = {
            position: None if max(those) >= len(self._rules_of) else self._patterns(frozenset(those))
            for position, those in words.items()
        }
        found.update((n, None) for n, line in enumerate(lines) if len(line) in WIDTHS or DUMP.match(line))
        return found

    def _patterns_of(self, words: frozenset[int]) -> Patterns:
        return tuple(self._rules[p].pattern for p in sorted(p for word in words for p in self._rules_of[word]))


def _plain(text: str) -> str:
    return text.lower().replace("\t", " ")


@cache
def triggers(platform_rules: tuple[SecretRule, ...]) -> Triggers:
    """Those of a platform, made once."""
    return Triggers(platform_rules)
