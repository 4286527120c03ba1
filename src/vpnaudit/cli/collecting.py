"""What the verbs that connect share: asking for credentials, showing progress, saying what could not be had."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vpnaudit.model.snapshot import Manifest
from vpnaudit.pipeline.nightly import OnDone, Wanted, collect_snapshot, collect_tunnel


def ask() -> Callable[[str, bool], str] | None:
    """How to ask for credentials; null where nobody sits at a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda question, hidden: str(
        typer.prompt(question, hide_input=hidden, err=True, default="", show_default=False)
    )


def collect(wanted: Wanted, *, quiet: bool) -> tuple[Path, Manifest]:
    """Collect a snapshot, with a progress line on a terminal."""
    with _progress(quiet) as on_done:
        return collect_snapshot(wanted, os.environ, ask=ask(), on_done=on_done)


def collect_ends(wanted: Wanted, device: str, peer: str, *, quiet: bool) -> list[Path]:
    """Collect one tunnel's ends; gives the source to audit."""
    with _progress(quiet) as on_done:
        return [collect_tunnel(wanted, device, peer, os.environ, ask=ask(), on_done=on_done)]


class _progress:  # noqa: N801 - used as a with-statement
    """A progress line on standard error: devices done and failed. Nothing where nobody looks."""

    def __init__(self, quiet: bool) -> None:
        console = Console(stderr=True)
        shown = not quiet and console.is_terminal
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True) if shown else None
        self._failed = 0

    def __enter__(self) -> OnDone | None:
        if self._bar is None:
            return None
        self._bar.start()
        self._task = self._bar.add_task("collecting", total=None)
        return self._done

    def _done(self, device: str, status: str, error: str | None) -> None:  # noqa: ARG002 - the collector's call
        self._failed += status != "complete"
        if self._bar is not None:
            text = f"collecting ({self._failed} incomplete)" if self._failed else "collecting"
            self._bar.update(self._task, advance=1, description=text)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def summary(manifest: Manifest) -> list[str]:
    """One line of counts, and one for each device that could not be had whole."""
    good = sum(1 for d in manifest.devices if d.status == "complete")
    lines = [f"{good} of {len(manifest.devices)} devices complete"]
    lines += [
        f"  {d.name}: {d.status}: {d.error or 'a needed command was refused'}"
        for d in manifest.devices
        if d.status != "complete"
    ]
    return lines
