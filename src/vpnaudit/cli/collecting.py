"""What the verbs that connect share: asking for credentials, showing progress, saying what could not be had."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import typer

from vpnaudit import collect as collect_package
from vpnaudit.cli.watching import Log, Tally, progress, tell_profile
from vpnaudit.collect.admission import NOT_TRIED
from vpnaudit.collect.events import Watch
from vpnaudit.collect.profile import Profile
from vpnaudit.model.snapshot import Manifest
from vpnaudit.pipeline.nightly import OnDone, Wanted, collect_snapshot, collect_tunnel


def ask() -> Callable[[str, bool], str] | None:
    """How to ask for credentials; null where nobody sits at a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda question, hidden: str(
        typer.prompt(question, hide_input=hidden, err=True, default="", show_default=False)
    )


@dataclass(frozen=True)
class Seen:
    """How a run is seen while it goes on. `progress_s`: seconds between plain lines where there is no terminal."""

    log: Path | None = None
    progress_s: float | None = None
    profile: bool = False


def collect(wanted: Wanted, *, quiet: bool, seen: Seen = Seen(), verb: str = "collect") -> tuple[Path, Manifest]:
    """Collect a snapshot, with a progress line on a terminal. Ends the program when it is interrupted.

    `verb` is the one that was called, and can go on.
    """
    with _watching(quiet, seen) as (on_done, watch), _ending(wanted, verb):
        return collect_snapshot(wanted, os.environ, ask=ask(), on_done=on_done, watch=watch)


def collect_ends(wanted: Wanted, device: str, peer: str, *, quiet: bool, seen: Seen = Seen()) -> list[Path]:
    """Collect one tunnel's ends; gives the source to audit."""
    with _watching(quiet, seen) as (on_done, watch), _ending(wanted, None):
        return [collect_tunnel(wanted, device, peer, os.environ, ask=ask(), on_done=on_done, watch=watch)]


@contextmanager
def _watching(quiet: bool, seen: Seen) -> Iterator[tuple[OnDone, list[Watch]]]:
    tally, profile = Tally(), Profile()
    log = Log(seen.log) if seen.log is not None else None
    watch: list[Watch] = [tally, *([log] if log else []), *([profile] if seen.profile else [])]
    try:
        with progress(tally, quiet=quiet, every_s=seen.progress_s):
            yield lambda _device, status, _error: tally.count(status), watch
    finally:
        if seen.profile:
            tell_profile(profile, log)
        if log is not None:
            log.close()


def _again(verb: str, wanted: Wanted, partial: Path) -> list[str]:
    """The command that collects what is missing: the same devices, host keys as before."""
    words = ["vpnaudit", verb, "--resume", str(partial), "-i", str(wanted.inventory), "-o", str(wanted.output)]
    words += ["--limit", wanted.limit] if wanted.limit is not None else []
    words += ["--host-keys", wanted.host_keys] if wanted.host_keys != "strict" else []
    return words + (["--syslog", str(wanted.syslog)] if wanted.syslog is not None else [])


@contextmanager
def _ending(wanted: Wanted, verb: str | None) -> Iterator[None]:
    """`verb` is what goes on with such a run; null where nothing does.

    SIGTERM and SIGHUP end a run as Ctrl-C does: what there is stays; further ones wait until it is saved.
    """
    came: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:
            raise KeyboardInterrupt

    before = {s: signal.getsignal(s) for s in _signals()}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    except collect_package.Interrupted as stopped:
        typer.echo(f"vpnaudit: stopped; what there is stands in {stopped.partial}", err=True)
        if verb is not None:
            typer.echo(f"go on with: {shlex.join(_again(verb, wanted, stopped.partial))}", err=True)
        raise typer.Exit(128 + (came[0] if came else signal.SIGINT)) from None
    except KeyboardInterrupt:
        raise typer.Exit(128 + (came[0] if came else signal.SIGINT)) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signals() -> list[signal.Signals]:
    """Those that end a run; not those that whoever started us wants ignored (nohup, a job in the background)."""
    if threading.current_thread() is not threading.main_thread():
        return []
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    found = [signal.Signals[name] for name in names if hasattr(signal, name)]
    return [s for s in found if signal.getsignal(s) not in {signal.SIG_IGN, None}]


def summary(manifest: Manifest) -> list[str]:
    """One line of counts, and one for each device that could not be had whole."""
    good = sum(1 for d in manifest.devices if d.status == "complete")
    lines = [f"{good} of {len(manifest.devices)} devices complete"]
    not_tried = sum(1 for d in manifest.devices if (d.error or "").startswith(NOT_TRIED))
    if not_tried:
        left = "1 device was" if not_tried == 1 else f"{not_tried} devices were"
        lines.append(f"the run was stopped: logins were refused; {left} not tried. Check user and password")
    lines += [
        f"  {d.name}: {d.status}: {d.error or 'a needed command was refused'}"
        for d in manifest.devices
        if d.status != "complete"
    ]
    return lines
