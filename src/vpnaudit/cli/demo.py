"""`vpnaudit demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vpnaudit.cli import options

NAME = "demo"
HELP = "A small fleet of simulated routers with real faults, the whole nightly job over real SSH. No device needed."
EXAMPLE = "Example: vpnaudit demo"


def command(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where it all goes.")] = Path(
        "vpnaudit-demo"
    ),
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same fleet.")] = 1,
    no_color: options.NoColor = False,
) -> None:
    """Run the demonstration."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from vpnaudit.cli.collecting import summary  # noqa: PLC0415
    from vpnaudit.cli.fleet import LOGIN, build, write_inventory  # noqa: PLC0415
    from vpnaudit.cli.output import Wanted as Outputs  # noqa: PLC0415
    from vpnaudit.cli.output import emit, say  # noqa: PLC0415
    from vpnaudit.pipeline.audit import audit_sources  # noqa: PLC0415
    from vpnaudit.pipeline.nightly import Wanted, collect_snapshot  # noqa: PLC0415
    from vpnaudit.settings import Settings  # noqa: PLC0415
    from vpnaudit.simulate import running  # noqa: PLC0415

    fleet = build(seed, None, 24.0)
    say([f"{len(fleet.devices)} simulated routers, a day of life each"])
    with running(fleet, *LOGIN) as serving:
        write_inventory(fleet, serving, output / "inventory")
        names = ("VPNAUDIT_USERNAME", "VPNAUDIT_PASSWORD", "VPNAUDIT_ENABLE_SECRET")
        asked = Wanted(inventory=output / "inventory", output=output / "snapshots", timeout_s=120.0)
        folder, manifest = collect_snapshot(asked, dict(zip(names, LOGIN, strict=True)))
    say(["collected over SSH on loopback, through Nornir and netmiko:", *summary(manifest)])
    audit = audit_sources([folder], Settings(), datetime.now(UTC))
    html, json = output / "report.html", output / "audit.json"
    emit(audit, Outputs(json=str(json), html=str(html), no_color=no_color))
    typer.echo(f"\nThe report for a colleague: {html}")
    typer.echo(f"The audit document:         {json}\nThe snapshot:               {folder}")
