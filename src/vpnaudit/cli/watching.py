"""A run as it is seen: a progress line on a terminal or so often, a log of JSON lines, a profile at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import IO

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from vpnaudit.collect.events import Event
from vpnaudit.collect.profile import Profile
from vpnaudit.errors import UsageError
from vpnaudit.redact import Redactor

_MOST_ROWS = 20
_SOON_S = 3600 * 20


class Tally:
    """Counts what is done: the text of every kind of progress line."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.done = 0
        self._failed = 0
        self._began = monotonic()

    def __call__(self, event: Event) -> None:
        """Note how many devices there are."""
        if event.event == "run-begins":
            self.total, self._began = event.devices, monotonic()

    def count(self, status: str) -> None:
        """Note a device that is done."""
        self.done += 1
        self._failed += status != "complete"

    def text(self, now: datetime) -> str:
        """`412 done (3 incomplete), 588 left, 96/min, ends about 03:41`; `now` is a local time."""
        said = f"{self.done} done" + (f" ({self._failed} incomplete)" if self._failed else "")
        if self.total is None:
            return said
        left = self.total - self.done
        per_s = self.done / max(monotonic() - self._began, 1e-3)
        said += f", {left} left"
        if self.done:
            said += f", {per_s * 60:.0f}/min"
        if self.done and left:
            end = now + timedelta(seconds=left / per_s)
            said += f", ends about {end:%H:%M}" if left / per_s < _SOON_S else f", ends about {end:%a %H:%M}"
        return said


@contextmanager
def progress(tally: Tally, *, quiet: bool, every_s: float | None) -> Iterator[None]:
    """Show the tally on standard error: as a line that changes on a terminal; else, if wanted, as a line so often."""
    console = Console(stderr=True)
    if quiet or not (console.is_terminal or every_s):
        yield
        return
    if not console.is_terminal:
        with _repeating(every_s or 0.0, lambda: typer.echo(f"collecting: {tally.text(datetime.now())}", err=True)):  # noqa: DTZ005  for a person
            yield
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("collecting", total=None)

        def show() -> None:
            text = f"collecting: {tally.text(datetime.now())}"  # noqa: DTZ005
            bar.update(task, completed=tally.done, total=tally.total, description=text)

        with _repeating(0.5, show):
            yield


@contextmanager
def _repeating(every_s: float, show: Callable[[], None]) -> Iterator[None]:
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(every_s):
            show()

    thread = threading.Thread(target=repeat, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Log:
    """Adds events to a file, a JSON object a line. What devices said of themselves is masked once more.

    A file that cannot be written any more (a full disk) is told once, and ends; the run goes on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ended = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = path.open("ab", buffering=0)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from None

    def __call__(self, event: Event) -> None:
        """Add an event."""
        error = None if event.error is None else Redactor().line(event.error)
        self._write(msgspec.json.encode(msgspec.structs.replace(event, error=error)))

    def add(self, kind: str, record: Struct) -> None:
        """Add a row of the profile."""
        self._write(msgspec.json.encode({"event": kind, **msgspec.to_builtins(record)}))

    def _write(self, line: bytes) -> None:
        if self._ended:
            return
        try:
            self._file.write(line + b"\n")
        except OSError as error:
            self._ended = True
            typer.echo(f"{self._path}: the log ends here: it cannot be written: {error.strerror}", err=True)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def tell_profile(profile: Profile, log: Log | None) -> None:
    """The profile: two tables on standard error, of the slowest; every row in the log."""
    commands, devices = profile.commands(), profile.devices()
    if log is not None:
        for command in commands:
            log.add("profile-command", command)
        for device in devices:
            log.add("profile-device", device)
    console = Console(stderr=True)
    table = _table("command", "devices", "median s", "p95 s", "max s", "slowest", "MB")
    for c in commands[:_MOST_ROWS]:
        row = (str(c.devices), _s(c.median_s), _s(c.p95_s), _s(c.max_s), escape(c.slowest), f"{c.bytes / 1e6:.1f}")
        table.add_row(c.command, *row)
    console.print(table)
    table = _table("device", "connect s", "login s", "ready s", "commands s", "total s", "slowest", "MB")
    for d in devices[:_MOST_ROWS]:
        phases = map(_s, (d.connect_s, d.login_s, d.ready_s, d.commands_s, d.total_s))
        table.add_row(escape(d.device), *phases, d.slowest or "", f"{d.bytes / 1e6:.1f}")
    console.print(table)
    if len(devices) > _MOST_ROWS:
        console.print(f"the {_MOST_ROWS} slowest of {len(devices)} devices")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name == "slowest" else "right")
    return table


def _s(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"
