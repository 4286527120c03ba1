"""`vpnaudit parse FILE…`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vpnaudit.cli import options

NAME = "parse"
HELP = "What the parser makes of one capture, line against field, for people who write templates."
EXAMPLE = "Example: vpnaudit parse edge1/show_crypto_ipsec_sa.txt --unparsed"


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Captures.")],
    platform: Annotated[str | None, typer.Option("--platform", metavar="P", help="cisco_ios, cisco_asa …")] = None,
    command: Annotated[str | None, typer.Option("--command", metavar="C", help='"show crypto ipsec sa" …')] = None,
    json: Annotated[str | None, typer.Option("--json", metavar="FILE|-", help="One document a line.")] = None,
    unparsed: Annotated[bool, typer.Option("--unparsed", help="Only the lines that no template knows.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Show what was read."""
    from vpnaudit.cli.output import write_file  # noqa: PLC0415
    from vpnaudit.model.printable import printable  # noqa: PLC0415
    from vpnaudit.pipeline.parse_document import json_lines, parse_files, table, unparsed_lines  # noqa: PLC0415

    documents, problems = parse_files(files, platform=platform, command=command)
    if json is not None:
        text = json_lines(documents)
        if json == "-":
            typer.echo(text, nl=False)
        else:
            write_file(Path(json), text)
    elif unparsed:
        typer.echo(unparsed_lines(documents), nl=False)
    elif not quiet:
        typer.echo(table(documents), nl=False)
    for problem in problems:
        typer.echo(f"vpnaudit: {printable(problem)}", err=True)
    raise typer.Exit(2 if not documents else 3 if problems else 0)
