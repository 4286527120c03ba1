"""Where results go: documents to files or standard output, the report to the terminal, problems to standard error."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from vpnaudit.cli import garbage
from vpnaudit.cli.options import Severity
from vpnaudit.errors import UsageError
from vpnaudit.model.audit import Audit
from vpnaudit.model.judgement import SEVERITIES
from vpnaudit.model.printable import printable


class Wanted:
    """What the operator asked to be written."""

    def __init__(
        self,
        *,
        json: str | None = None,
        html: str | None = None,
        md: str | None = None,
        csv: Path | None = None,
        quiet: bool = False,
        no_color: bool = False,
    ) -> None:
        self.documents = {"json": json, "html": html, "markdown": md}
        self.csv = csv
        self.quiet = quiet
        self.color = not (no_color or os.environ.get("NO_COLOR")) and sys.stdout.isatty()
        if sum(1 for target in self.documents.values() if target == "-") > 1:
            raise UsageError("only one document can go to standard output")

    @property
    def to_stdout(self) -> bool:
        """Whether a document takes standard output for itself."""
        return "-" in self.documents.values()


def emit(audit: Audit, wanted: Wanted) -> None:
    """Write every document that was asked for, then the report to the terminal. Raises UsageError where it cannot."""
    from vpnaudit import report  # noqa: PLC0415

    for name, target in wanted.documents.items():
        if target not in {None, "-"}:
            write_file(Path(str(target)), report.render(name, audit))
    if wanted.csv is not None:
        try:
            report.write_csv(audit, wanted.csv)
        except OSError as error:
            raise UsageError(f"{wanted.csv}: cannot be written: {error.strerror or error}") from None
    for name, target in wanted.documents.items():
        if target == "-":
            sys.stdout.buffer.write(report.render(name, audit).encode("utf-8", "backslashreplace"))
            sys.stdout.buffer.flush()
            say([f"vpnaudit: {printable(f'{p.file}: {p.problem}')}" for p in audit.problems], quiet=wanted.quiet)
    if not wanted.to_stdout and not wanted.quiet:
        report.print_terminal(audit, sys.stdout, color=wanted.color, width=None)


def write_file(path: Path, text: str) -> None:
    """Write a document, its folder too where it is missing. Raises UsageError where it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def status(audit: Audit, fail_on: Severity, *, incomplete: bool) -> int:
    """The exit status: 1 where something is at or above `fail_on`, 3 where the input was incomplete, else 0."""
    if fail_on is not Severity.never:
        limit = SEVERITIES.index(fail_on.value)
        found = [d.severity for d in audit.diagnoses if d.waived is None]
        found += [f.severity for f in audit.findings if f.status == "FAIL" and f.waived is None]
        if any(SEVERITIES.index(s) <= limit for s in found):
            return 1
    return 3 if incomplete else 0


@contextlib.contextmanager
def working(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner on standard error while something takes its time; only on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True).status(what):
        yield


@contextlib.contextmanager
def judging(*, quiet: bool = False) -> Iterator[None]:
    """The same while files are read and judged, without a look for garbage among what is made of them."""
    with working("reading and judging", quiet=quiet), garbage.not_looked_for():
        yield


def say(lines: Sequence[str], *, quiet: bool = False) -> None:
    """Progress and problems, on standard error."""
    if not quiet:
        for line in lines:
            typer.echo(line, err=True)
