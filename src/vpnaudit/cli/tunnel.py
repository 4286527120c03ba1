"""`vpnaudit tunnel DEVICE PEER`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vpnaudit.cli import options
from vpnaudit.cli.options import HostKeys, Severity

NAME = "tunnel"
HELP = "One tunnel now, both ends where both are ours; --from SOURCE looks at files instead."
EXAMPLE = "Example: vpnaudit tunnel edge1 203.0.113.9"

FromSource = Annotated[list[Path] | None, typer.Option("--from", metavar="SOURCE", help="Offline: files or folders.")]


def command(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The device's name.")],
    peer: Annotated[str, typer.Argument(metavar="PEER", help="The other end: an address or a device's name.")],
    from_: FromSource = None,
    inventory: options.Inventory = Path("inventory"),
    output: options.Output = Path("vpnaudit-out"),
    workers: options.Workers = 20,
    timeout: options.Timeout = 120.0,
    max_output: options.MaxOutput = 256,
    host_keys: options.HostKeyPolicy = HostKeys.strict,
    retries: options.Retries = 2,
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
    """Look at one tunnel."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from vpnaudit.cli.output import Wanted, emit, judging, say, status  # noqa: PLC0415
    from vpnaudit.pipeline.audit import is_incomplete  # noqa: PLC0415
    from vpnaudit.pipeline.settings import settings_from  # noqa: PLC0415
    from vpnaudit.pipeline.tunnel import audit_tunnel  # noqa: PLC0415

    wanted = Wanted(json=json, html=html, md=md, csv=csv, quiet=quiet, no_color=no_color)
    known = settings_from(settings, inventory)

    def collected() -> list[Path]:
        from vpnaudit.cli.collecting import Seen, collect_ends  # noqa: PLC0415 - heavy, and needed for devices alone

        limits = (workers, timeout, max_output, host_keys)
        asked = options.collection(inventory, output, None, *limits, retries=retries, syslog=syslog)
        seen = Seen(log=log, progress_s=progress, profile=profile)
        return collect_ends(asked, device, peer, quiet=quiet, seen=seen)

    sources = from_ or collected()
    with judging(quiet=quiet):
        audit, owners = audit_tunnel(sources, syslog, known, datetime.now(UTC), device, peer)
    say(owners.told, quiet=quiet)
    emit(audit, wanted)
    raise typer.Exit(status(audit, fail_on, incomplete=is_incomplete(audit)))
