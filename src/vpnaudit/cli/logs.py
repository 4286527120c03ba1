"""`vpnaudit logs FILE…|-`."""

from __future__ import annotations

from typing import Annotated

import typer

from vpnaudit.cli import options
from vpnaudit.cli.options import Severity

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
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Audit logs."""
    import sys  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    from vpnaudit.cli.output import Wanted, emit, status, working  # noqa: PLC0415
    from vpnaudit.pipeline.audit import audit_logs, is_incomplete  # noqa: PLC0415
    from vpnaudit.pipeline.settings import settings_from  # noqa: PLC0415

    wanted = Wanted(json=json, html=html, md=md, csv=csv, quiet=quiet, no_color=no_color)
    stdin = sys.stdin.buffer if "-" in files else None
    with working("reading and judging", quiet=quiet):
        audit = audit_logs(files, stdin, settings_from(settings), datetime.now(UTC))
    emit(audit, wanted)
    raise typer.Exit(status(audit, fail_on, incomplete=is_incomplete(audit)))
