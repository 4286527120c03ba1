"""`vpnaudit inventory check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vpnaudit.cli import options
from vpnaudit.cli.options import HostKeys

if TYPE_CHECKING:
    from vpnaudit.pipeline.inventory_check import CheckedDevice, CheckedInventory

NAME = "inventory"
HELP = "Look after the inventory."
CHECK_HELP = "What is wrong with the inventory, device by device; --connect also tries each. Changes nothing anywhere."
EXAMPLE = "Example: vpnaudit inventory check -i inventory --connect --limit 'edge*'"

app = typer.Typer(name=NAME, help=HELP, no_args_is_help=True, rich_markup_mode=None)

JsonOut = Annotated[str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON.")]
Connect = Annotated[bool, typer.Option("--connect", help="Log in to each device and ask for show version.")]


@app.callback()
def _group() -> None:
    """Look after the inventory."""


@app.command("check", help=CHECK_HELP, epilog=EXAMPLE)
def check(
    inventory: options.Inventory = Path("inventory"),
    limit: options.Limit = None,
    connect: Connect = False,
    workers: options.Workers = 20,
    timeout: options.Timeout = 60.0,
    host_keys: options.HostKeyPolicy = HostKeys.strict,
    stop_after: options.MostRefused = 5,
    json: JsonOut = None,
    quiet: options.Quiet = False,
) -> None:
    """Check; exit 0 all good, 1 a mistake in the inventory, 2 nothing readable, 3 only a connection has trouble."""
    import os  # noqa: PLC0415

    from vpnaudit.cli.collecting import ask  # noqa: PLC0415
    from vpnaudit.cli.output import working  # noqa: PLC0415
    from vpnaudit.pipeline.inventory_check import Asked, check_inventory  # noqa: PLC0415

    asked = Asked(
        inventory=inventory,
        limit=limit,
        connect=connect,
        workers=workers,
        timeout_s=timeout,
        host_keys=host_keys.value,
        most_refused=stop_after,
    )
    with working("checking", quiet=quiet or (connect and ask() is not None)):
        checked = check_inventory(asked, os.environ, ask=ask())
    _write(checked, json)
    for line in _lines(checked, quiet=quiet):
        typer.echo(line, err=json == "-")
    raise typer.Exit(checked.exit_status)


def _write(checked: CheckedInventory, target: str | None) -> None:
    if target is None:
        return
    import msgspec  # noqa: PLC0415

    from vpnaudit.cli.output import write_file  # noqa: PLC0415

    text = msgspec.json.format(msgspec.json.encode(checked), indent=2).decode() + "\n"
    if target == "-":
        typer.echo(text, nl=False)
    else:
        write_file(Path(target), text)


def _lines(checked: CheckedInventory, *, quiet: bool) -> list[str]:
    """One line for each problem, each device, and the counts. Quiet: only what is not in order."""
    from vpnaudit.model.printable import printable  # noqa: PLC0415

    lines = [f"{problem.where}: {problem.problem}" for problem in checked.problems]
    lines += [f"note: {remark.where}: {remark.problem}" for remark in checked.remarks]
    for device in checked.devices:
        lines += _of_device(device, quiet=quiet)
    summary = checked.summary
    devices = "1 device" if summary.devices == 1 else f"{summary.devices} devices"
    counts = f"{devices}: {summary.ok} ok, {summary.warning} with warnings, {summary.failed} failed"
    if summary.problems:
        counts += f"; {summary.problems} mistakes in files"
    return [printable(line) for line in (lines if quiet else [*lines, counts])]


def _of_device(device: CheckedDevice, *, quiet: bool) -> list[str]:
    worse = [step for step in device.steps if step.status != "ok"]
    if not worse:
        last = device.steps[-1].detail if device.steps[-1].check == "version" else f"{device.platform}"
        return [] if quiet else [f"{device.name} ({device.address}): ok, {last}"]
    return [
        f"{device.name} ({device.address}): {step.status}: {step.check}: {step.detail}"
        + (f" -> {step.advice}" if step.advice else "")
        for step in worse
    ]
