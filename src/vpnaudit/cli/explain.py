"""`vpnaudit explain [ID]`."""

from __future__ import annotations

from typing import Annotated

import typer

NAME = "explain"
HELP = "What a rule, a cause or a mechanism means, its signature, its fix; without ID, the list."
EXAMPLE = "Example: vpnaudit explain reset-not-detected"


def command(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A rule (DPD-001, dpd-off), a cause or a mechanism.")
    ] = None,
) -> None:
    """Explain a rule, a cause or a mechanism."""
    from vpnaudit.pipeline.pages import explain, listing  # noqa: PLC0415

    typer.echo(listing() if id_ is None else explain(id_))
