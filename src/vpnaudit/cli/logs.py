"""`vpnaudit logs FILE…|-`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from vpnaudit.cli import options
from vpnaudit.cli.options import Severity

if TYPE_CHECKING:
    from vpnaudit.cli.output import Wanted
    from vpnaudit.model.audit import Audit
    from vpnaudit.settings import Settings

NAME = "logs"
HELP = "Audit logs alone: a device's buffer, a syslog file (plain, .gz, .zst …), a pasted mail; - is standard input."
EXAMPLE = "Example: vpnaudit logs mail.txt"


def command(
    files: Annotated[list[str], typer.Argument(metavar="FILE…|-", help="Log files, or - for standard input.")],
    json: options.JsonOut = None,
    html: options.HtmlOut = None,
    md: options.MdOut = None,
    csv: options.CsvOut = None,
    fail_on: options.FailOn = Severity.high,
    settings: options.SettingsFile = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on reading as the logs grow, also when rotated; Ctrl-C: the report.")
    ] = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Audit logs."""
    import sys  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    from vpnaudit.cli.output import Wanted, emit, judging, status  # noqa: PLC0415
    from vpnaudit.pipeline.audit import audit_logs, is_incomplete  # noqa: PLC0415
    from vpnaudit.pipeline.settings import settings_from  # noqa: PLC0415

    wanted = Wanted(json=json, html=html, md=md, csv=csv, quiet=quiet, no_color=no_color)
    stdin = sys.stdin.buffer if "-" in files else None
    if follow:
        audit = _followed(files, stdin, settings_from(settings), wanted)
    else:
        with judging(quiet=quiet):
            audit = audit_logs(files, stdin, settings_from(settings), datetime.now(UTC))
    emit(audit, wanted)
    raise typer.Exit(status(audit, fail_on, incomplete=is_incomplete(audit)))


def _followed(files: Sequence[str], stdin: BinaryIO | None, settings: Settings, wanted: Wanted) -> Audit:
    """Tell what is new as it comes, on standard error where a document takes the output; the last audit of all."""
    import signal  # noqa: PLC0415

    from vpnaudit.pipeline.following import follow_logs  # noqa: PLC0415
    from vpnaudit.report import news  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    last: Audit | None = None
    try:
        for audit in follow_logs(files, stdin, settings):
            before, last = last, audit  # first of all: the report must hold what was told
            if not wanted.quiet:
                for line in news(before, audit):
                    typer.echo(line, err=wanted.to_stdout)
    except KeyboardInterrupt:
        pass
    if last is None:
        raise KeyboardInterrupt
    return last
