"""`vpnaudit simulate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

NAME = "simulate"
HELP = "The simulated fleet by itself: real SSH on loopback until Ctrl-C, or its answers as files."
EXAMPLE = "Example: vpnaudit simulate --fault stranger --inventory sim-inventory"


class Ends(StrEnum):
    """What stands at the ends of a tunnel.

    Routers; ASAs at one end or both; routers that speak IPv6; a DMVPN's hub and its spokes; a branch with a second hub
    that it does not need; two VRFs with the same addresses; a receiver of ours and a sender of somebody else's.
    """

    ROUTERS = "routers"
    FIREWALLS = "firewalls"
    IPV6 = "ipv6"
    DMVPN = "dmvpn"
    BACKUP = "backup"
    VRFS = "vrfs"
    PARTNERS = "partners"


Faults = Annotated[list[str] | None, typer.Option("--fault", metavar="NAME", help="A fault; may be given again.")]
Files = Annotated[Path | None, typer.Option("--captures", metavar="DIR", help="Write the answers there and leave.")]
InventoryOut = Annotated[
    Path | None, typer.Option("--inventory", metavar="DIR", help="Write an inventory for the fleet there.")
]


def command(
    fault: Faults = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same fleet.")] = 1,
    hours: Annotated[float, typer.Option("--hours", min=1, max=720, help="Hours of life before now.")] = 24.0,
    ends: Annotated[
        Ends, typer.Option("--ends", help="What ends are, where the fault leaves the choice.")
    ] = Ends.ROUTERS,
    captures: Files = None,
    inventory: InventoryOut = None,
    faults: Annotated[bool, typer.Option("--faults", help="List the faults.")] = False,
) -> None:
    """Serve the simulated fleet."""
    import signal  # noqa: PLC0415

    from vpnaudit.cli.fleet import LOGIN, build, listing, write_inventory  # noqa: PLC0415
    from vpnaudit.simulate import running  # noqa: PLC0415

    if faults:
        typer.echo(listing())
        return
    fleet = build(seed, fault, hours, ends=ends.value)
    if captures is not None:
        fleet.write_captures(captures)
        typer.echo(f"answers of {len(fleet.devices)} devices: {captures}")
        return
    with running(fleet, *LOGIN) as serving:
        for device in fleet.devices:
            typer.echo(f"{device.name:<10} 127.0.0.1 port {serving.ports[device.name]}")
        if inventory is not None:
            write_inventory(fleet, serving, inventory)
            typer.echo(f"inventory: {inventory}")
        user, password, secret = LOGIN
        typer.echo(f"user {user}, password {password}, enable secret {secret}; Ctrl-C ends it")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
