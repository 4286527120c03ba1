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
    """Look at one tunnel."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from vpnaudit.cli.collecting import collect_ends  # noqa: PLC0415
    from vpnaudit.cli.output import Wanted, emit, say, status, working  # noqa: PLC0415
    from vpnaudit.pipeline.audit import is_incomplete  # noqa: PLC0415
    from vpnaudit.pipeline.settings import settings_from  # noqa: PLC0415
    from vpnaudit.pipeline.syslog import audit_beside  # noqa: PLC0415
    from vpnaudit.pipeline.tunnel import narrow  # noqa: PLC0415

    wanted = Wanted(json=json, html=html, md=md, csv=csv, quiet=quiet, no_color=no_color)
    known = settings_from(settings, inventory)
    asked = options.collection(inventory, output, None, workers, timeout, max_output, host_keys, syslog=syslog)
    sources = from_ or collect_ends(asked, device, peer, quiet=quiet)
    with working("reading and judging", quiet=quiet):
        whole, strangers = audit_beside(sources, syslog, known, datetime.now(UTC))
        audit = narrow(whole, device, peer)
    say(strangers.told, quiet=quiet)
    emit(audit, wanted)
    raise typer.Exit(status(audit, fail_on, incomplete=is_incomplete(audit)))
