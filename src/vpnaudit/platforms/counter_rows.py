"""Rows of counts as counters: what the commands that print nothing else have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vpnaudit.model.system import Counter
from vpnaudit.parse.engine import Row


def in_columns(row: Row, name: str, columns: Mapping[str, str | None]) -> Iterator[Counter]:
    """Yield a counter for each column (value of the template -> the column's heading, the scope) that has a number."""
    for value, heading in columns.items():
        count = row.number(value)
        if count is not None:
            yield Counter(line=row.line, name=name, value=count, scope=heading)


def under(row: Row, scope: str | None, counts: Mapping[str, str]) -> Iterator[Counter]:
    """Yield a counter for each count (value of the template -> its name) that has a number, all under one heading."""
    for value, name in counts.items():
        count = row.number(value)
        if count is not None:
            yield Counter(line=row.line, name=name, value=count, scope=scope)
