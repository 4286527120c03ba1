"""Options that several verbs share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vpnaudit.pipeline.nightly import Wanted


class Severity(StrEnum):
    """What `--fail-on` takes."""

    critical = "critical"
    high = "high"
    medium = "medium"
    low = "low"
    info = "info"
    never = "never"


class HostKeys(StrEnum):
    """What `--host-keys` takes."""

    strict = "strict"
    accept_new = "accept-new"


JsonOut = Annotated[str | None, typer.Option("--json", metavar="FILE|-", help="Write the audit document.")]
HtmlOut = Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write a page for a colleague.")]
MdOut = Annotated[str | None, typer.Option("--md", metavar="FILE|-", help="Write Markdown, for a ticket.")]
CsvOut = Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Write four CSV tables into DIR.")]
FailOn = Annotated[Severity, typer.Option("--fail-on", help="Exit 1 when something this severe was found.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No report on the terminal, no progress.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours (also NO_COLOR).")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="Thresholds and waivers (vpnaudit.yaml).")
]
Inventory = Annotated[
    Path,
    typer.Option("--inventory", "-i", metavar="DIR|FILE", help="The inventory: Nornir's, CSV, NetBox's or Ansible's."),
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where snapshots are kept.")]
Limit = Annotated[
    str | None, typer.Option("--limit", metavar="FILTER", help="Only these devices: names, globs, or group=, site= …")
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=1000, help="Devices at a time.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, metavar="SECONDS", help="One device, in all.")]
MaxOutput = Annotated[int, typer.Option("--max-output", min=1, metavar="MB", help="Most of one answer.")]
HostKeyPolicy = Annotated[HostKeys, typer.Option("--host-keys", help="Unknown host keys: refuse, or note them.")]
Retries = Annotated[int, typer.Option("--retries", min=0, max=10, help="More attempts where a connection fails.")]
MostRefused = Annotated[
    int,
    typer.Option(
        "--stop-after", min=0, metavar="N", help="End the run when the first N logins are all refused; 0: no."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the newest unfinished collection, or with PARTIAL.")]
Partial = Annotated[Path | None, typer.Argument(metavar="PARTIAL", help="With --resume: the .partial folder.")]
Log = Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Add what happens, as JSON lines.")]
ProgressEvery = Annotated[
    float | None,
    typer.Option("--progress", min=1, metavar="SECONDS", help="Without a terminal: a line of progress so often."),
]
Syslog = Annotated[
    Path | None,
    typer.Option("--syslog", metavar="FILE|DIR", help="A syslog server's logs, instead of the devices' own buffers."),
]
Profiled = Annotated[bool, typer.Option("--profile", help="At the end, say what took the time.")]


def collection(
    inventory: Path,
    output: Path,
    limit: str | None,
    workers: int,
    timeout: float,
    max_output: int,
    host_keys: HostKeys,
    *,
    retries: int = 2,
    most_refused: int = 5,
    resume: bool = False,
    partial: Path | None = None,
    syslog: Path | None = None,
) -> Wanted:
    """The options of a collection as the pipeline takes them (megabytes become bytes)."""
    from vpnaudit.pipeline.nightly import Wanted  # noqa: PLC0415

    return Wanted(
        inventory=inventory,
        output=output,
        limit=limit,
        workers=workers,
        timeout_s=timeout,
        max_output=max_output * 1_000_000,
        host_keys=host_keys.value,
        retries=retries,
        most_refused=most_refused,
        resume=resume,
        partial=partial,
        syslog=syslog,
    )
