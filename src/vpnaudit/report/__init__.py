"""The audit document as files and as text on a terminal. This stage lays out; it never judges.

Importing it loads neither rich nor jinja2: a format is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from vpnaudit.errors import UsageError
from vpnaudit.model.audit import Audit
from vpnaudit.report._registry import Format, load, names

__all__ = ["Format", "audit_schema", "formats", "news", "print_terminal", "render", "write_csv"]


def formats() -> tuple[Format, ...]:
    """Give every format in alphabetical order."""
    return tuple(load(name) for name in names())


def render(name: str, audit: Audit) -> str:
    """Give `audit` as the text of one file. Raises UsageError for an unknown format, or one that makes a folder."""
    wanted = load(name)
    if wanted.render is None:
        raise UsageError(f"the format {name} makes a folder of files, not one text")
    return wanted.render(audit)


def write_csv(audit: Audit, folder: Path) -> tuple[Path, ...]:
    """Write the four tables into `folder`, which is made, and give their paths. Raises OSError."""
    from vpnaudit.report import csv  # noqa: PLC0415 - a format is imported when it is asked for

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in csv.render_files(audit).items():
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="")
        written.append(path)
    return tuple(written)


def print_terminal(audit: Audit, console_file: TextIO, *, color: bool, width: int | None, quiet: bool = False) -> None:
    """Print `audit` for an operator. `width` in columns, null: the terminal's own; `quiet`: the verdict alone.

    A set NO_COLOR wins over `color`. Characters that the stream's encoding lacks are written out.
    """
    from vpnaudit.report import terminal  # noqa: PLC0415 - a format is imported when it is asked for

    terminal.print_to(console_file, audit, color=color, width=width, quiet=quiet)


def news(before: Audit | None, after: Audit) -> Iterator[str]:
    """Yield what `after` says that `before` did not, a line each: events, diagnoses; at the beginning the verdict."""
    from vpnaudit.report.view import news  # noqa: PLC0415 - the joined view is imported when it is asked for

    yield from news.news(before, after)


def audit_schema() -> str:
    """Give the JSON Schema of the audit document."""
    from vpnaudit.report import json  # noqa: PLC0415 - a format is imported when it is asked for

    return json.schema()
