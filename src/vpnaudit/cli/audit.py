"""`vpnaudit audit SOURCE…`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vpnaudit.cli import options
from vpnaudit.cli.options import Severity

NAME = "audit"
HELP = "Audit snapshots, folders of captures, saved terminal sessions, show-techs. No device is touched."
EXAMPLE = "Example: vpnaudit audit captures/ --html report.html"

Sources = Annotated[
    list[Path], typer.Argument(metavar="SOURCE…", help="Files or folders; of several, the newest counts.")
]


def command(
    sources: Sources,
    syslog: options.Syslog = None,
    json: options.JsonOut = None,
    html: options.HtmlOut = None,
    md: options.MdOut = None,
    csv: options.CsvOut = None,
    fail_on: options.FailOn = Severity.high,
    settings: options.SettingsFile = None,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Audit offline."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from vpnaudit.cli.output import Wanted, emit, judging, say, status  # noqa: PLC0415
    from vpnaudit.pipeline.audit import is_incomplete  # noqa: PLC0415
    from vpnaudit.pipeline.settings import about_waivers, settings_from  # noqa: PLC0415
    from vpnaudit.pipeline.syslog import audit_beside  # noqa: PLC0415

    wanted = Wanted(json=json, html=html, md=md, csv=csv, quiet=quiet, no_color=no_color)
    known = settings_from(settings)
    with judging(quiet=quiet):
        audit, owners = audit_beside(sources, syslog, known, datetime.now(UTC))
    say([*owners.told, *about_waivers(audit, known)], quiet=quiet)
    emit(audit, wanted)
    raise typer.Exit(status(audit, fail_on, incomplete=is_incomplete(audit)))
