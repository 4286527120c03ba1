"""`vpnaudit collect`."""

from __future__ import annotations

from pathlib import Path

import typer

from vpnaudit.cli import options
from vpnaudit.cli.options import HostKeys

NAME = "collect"
HELP = "Collect a snapshot over SSH, read-only, secrets redacted before anything is written."
EXAMPLE = "Example: vpnaudit collect -i inventory -o snapshots --limit 'edge*'"


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
    log: options.Log = None,
    progress: options.ProgressEvery = None,
    profile: options.Profiled = False,
    quiet: options.Quiet = False,
) -> None:
    """Collect."""
    from vpnaudit.cli.collecting import Seen, collect, summary  # noqa: PLC0415

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
    )
    folder, manifest = collect(asked, quiet=quiet, seen=Seen(log=log, progress_s=progress, profile=profile))
    if not quiet:
        typer.echo(f"snapshot: {folder}")
    for line in summary(manifest):
        typer.echo(line, err=True)
    raise typer.Exit(0 if all(d.status == "complete" for d in manifest.devices) else 3)
