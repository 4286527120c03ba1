"""`vpnaudit run`."""

from __future__ import annotations

from pathlib import Path

import typer

from vpnaudit.cli import options
from vpnaudit.cli.options import HostKeys, Severity

NAME = "run"
HELP = "The nightly job: collect over SSH, audit, report."
EXAMPLE = "Example: vpnaudit run -i inventory -o vpnaudit-out --html report.html"


def command(
    inventory: options.Inventory = Path("inventory"),
    output: options.Output = Path("vpnaudit-out"),
    limit: options.Limit = None,
    workers: options.Workers = 20,
    timeout: options.Timeout = 300.0,
    max_output: options.MaxOutput = 256,
    host_keys: options.HostKeyPolicy = HostKeys.strict,
    retries: options.Retries = 2,
    stop_after: options.MostRefused = 5,
    partial: options.Partial = None,
    resume: options.Resume = False,
    syslog: options.Syslog = None,
    log: options.Log = None,
    progress: options.ProgressEvery = None,
    profile: options.Profiled = False,
    json: options.JsonOut = None,
    html: options.HtmlOut = None,
    md: options.MdOut = None,
    csv: options.CsvOut = None,
    fail_on: options.FailOn = Severity.high,
    settings: options.SettingsFile = None,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Run the nightly job."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from vpnaudit.cli.collecting import Seen, collect, summary  # noqa: PLC0415
    from vpnaudit.cli.output import Wanted, emit, judging, say, status  # noqa: PLC0415
    from vpnaudit.pipeline.audit import is_incomplete  # noqa: PLC0415
    from vpnaudit.pipeline.settings import about_waivers, settings_from  # noqa: PLC0415
    from vpnaudit.pipeline.syslog import audit_beside  # noqa: PLC0415

    wanted = Wanted(json=json, html=html, md=md, csv=csv, quiet=quiet, no_color=no_color)
    known = settings_from(settings, inventory)
    asked = options.collection(
        inventory,
        output,
        limit,
        workers,
        timeout,
        max_output,
        host_keys,
        retries=retries,
        most_refused=stop_after,
        resume=resume,
        partial=partial,
        syslog=syslog,
    )
    seen = Seen(log=log, progress_s=progress, profile=profile)
    folder, manifest = collect(asked, quiet=quiet, seen=seen, verb="run")
    say([f"snapshot: {folder}", *summary(manifest)], quiet=quiet)
    with judging(quiet=quiet):
        audit, owners = audit_beside([folder], syslog, known, datetime.now(UTC))
    say([*owners.told, *about_waivers(audit, known, whole=limit is None)], quiet=quiet)
    emit(audit, wanted)
    raise typer.Exit(status(audit, fail_on, incomplete=is_incomplete(audit)))
