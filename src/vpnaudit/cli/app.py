"""The `vpnaudit` command: gathers the verbs of this folder, turns mistakes into one line and exit status 2."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from vpnaudit import __version__
from vpnaudit.cli import (
    audit,
    collect,
    demo,
    explain,
    garbage,
    inventory,
    logs,
    loss,
    parse,
    run_,
    schema,
    simulate,
    tunnel,
)
from vpnaudit.errors import UsageError
from vpnaudit.model.printable import printable

app = typer.Typer(
    name="vpnaudit",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Says why a Cisco device logs %CRYPTO-4-RECVD_PKT_INV_SPI, whose it is, and what to change on which side.",
    epilog="Exit status: 0 nothing at or above --fail-on, 1 something is, 2 usage or nothing to read, 3 incomplete.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vpnaudit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Hold what stands before the verb."""


for _verb in (demo, run_, collect, audit, tunnel, logs, loss, parse, explain, simulate, schema):
    app.command(name=_verb.NAME, help=_verb.HELP, epilog=_verb.EXAMPLE)(_verb.command)


app.add_typer(inventory.app)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def run() -> None:
    """Run the command line and leave with its exit status."""
    garbage.seldom()
    _open_closed_streams()
    try:
        _write_out(app)
    except UsageError as error:
        print(f"vpnaudit: {printable(str(error))}", file=sys.stderr)  # noqa: T201 - the one place that reports a mistake
        sys.exit(2)
    except KeyboardInterrupt:
        print("vpnaudit: stopped", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def _open_closed_streams() -> None:
    """Python has no object for a stream that the caller closed (`>&-`, some schedulers): it holds nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as the program


def _write_out(work: Callable[[], object]) -> None:
    """Do the work and write what is left of its text. Raises UsageError where standard output takes no more."""
    try:
        try:
            work()
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python tries again at its end, and says so at length
        raise UsageError(f"standard output cannot be written: {error.strerror}") from None
