"""A configuration as statements with the statements that stand under them, each with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from vpnaudit.model.facts import UnparsedLine
from vpnaudit.parse.engine import Row

_OF_AN_INTERFACE = ("ip address", "ip nhrp", "ip access-group", "ip vrf forwarding", "ip unnumbered", "vrf forwarding")
"""Statements that are known at the left margin by their first word, but belong to an interface."""


class Statement:
    """One statement: its words (from the first), its line, and what stands under it, in order."""

    __slots__ = ("line", "under", "words")

    def __init__(self, line: int, words: tuple[str, ...]) -> None:
        self.line = line
        self.words = words
        self.under: list[Statement] = []

    @property
    def text(self) -> str:
        """The words, with one blank between."""
        return " ".join(self.words)

    def after(self, beginning: str) -> tuple[str, ...] | None:
        """Return the words behind `beginning`, or None where the statement does not begin so."""
        begin = _words(beginning)
        return self.words[len(begin) :] if self.words[: len(begin)] == begin else None


@lru_cache(maxsize=1024)
def _words(beginning: str) -> tuple[str, ...]:
    """Of the same few beginnings, which every configuration is searched for."""
    return tuple(beginning.split())


def after(statements: Iterable[Statement], beginning: str) -> Iterator[tuple[Statement, tuple[str, ...]]]:
    """Yield the statements that begin so, each with the words behind."""
    begin = _words(beginning)
    length = len(begin)
    for statement in statements:
        words = statement.words
        if words[:length] == begin:
            yield statement, words[length:]


def first(statements: Iterable[Statement], beginning: str) -> str | None:
    """Return the first word behind `beginning` of the last statement that begins so (the later one holds)."""
    found = [rest[0] for _, rest in after(statements, beginning) if rest]
    return found[-1] if found else None


def statements(rows: Iterable[Row], unparsed: Iterable[UnparsedLine]) -> list[Statement]:
    """Nest the template's rows by their indentation.

    A line that was not understood takes its place too, so that what stands under it is not taken for something else.
    """
    lines = [
        _Line(row.line, len(row["INDENT"]), row["TOP"] or row["SUB"] or row["FLAT"], bool(row["FLAT"])) for row in rows
    ]
    lines += [_Line(u.line, len(u.text) - len(u.text.lstrip()), u.text.strip(), False) for u in unparsed]
    tree = _Tree()
    for line in sorted(lines, key=lambda each: each.number):
        tree.add(line)
    return tree.top


def _without_comment(words: tuple[str, ...]) -> tuple[str, ...]:
    """Cut a comment behind a statement off, as people write it in files; in free text "!" is a mark like any other."""
    if words[0] in {"description", "remark", "no"} or "remark" in words:
        return words
    return next((words[:index] for index, word in enumerate(words) if index and word.startswith("!")), words)


class _Line:
    __slots__ = ("flat", "indent", "number", "text")

    def __init__(self, number: int, indent: int, text: str, flat: bool) -> None:
        self.number = number
        self.indent = indent
        self.text = text
        self.flat = flat


class _Tree:
    """Statements so far, and the ones that the next line may stand under, outermost first."""

    def __init__(self) -> None:
        self.top: list[Statement] = []
        self._open: list[tuple[int, Statement]] = []

    def add(self, line: _Line) -> None:
        statement = Statement(line.number, _without_comment(tuple(line.text.split())))
        if line.flat or self._belongs_to_interface(line):
            self._add_flat(statement)
            return
        while self._open and self._open[-1][0] >= line.indent:
            self._open.pop()
        (self._open[-1][1].under if self._open else self.top).append(statement)
        self._open.append((line.indent, statement))

    def _add_flat(self, statement: Statement) -> None:
        if statement.words[0] in {"exit", "quit"}:
            self._open = []
        elif self._open:
            self._open[0][1].under.append(statement)

    def _belongs_to_interface(self, line: _Line) -> bool:
        if line.indent or not self._open or self._open[0][1].words[0] not in {"interface", "int"}:
            return False
        words = line.text.removeprefix("no ").split()
        is_map = words[:2] == ["crypto", "map"] and (len(words) == 3 or words[3:4] == ["redundancy"])
        standby = words[0] == "standby" and words[1:2] not in (["redirect"], ["redirects"], ["delay"])
        return is_map or standby or " ".join(words).startswith(_OF_AN_INTERFACE)
