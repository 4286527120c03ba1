"""`show version` on the platforms of which vpnaudit reads little: release, uptime, reason of the last reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from vpnaudit.model.facts import Facts
from vpnaudit.model.system import VersionFacts
from vpnaudit.parse.engine import Row
from vpnaudit.platforms.uptime import read_uptime


def version_reader(family: Literal["asa", "nxos", "xr"]) -> Callable[[list[Row]], Facts]:
    """Return what turns the rows of a platform's `show_version` template into facts.

    The template has RELEASE and BOOTSTRAP (lists), HOSTNAME, UPTIME, REASON, MODEL and IMAGE, in one row.
    """

    def facts(rows: list[Row]) -> Facts:
        return Facts(version=next((_version(row, family) for row in rows), None))

    return facts


def _version(row: Row, family: Literal["asa", "nxos", "xr"]) -> VersionFacts:
    said = row["UPTIME"].rstrip() or None
    uptime = read_uptime(said) if said else None
    return VersionFacts(
        line=row.line,
        version=next(iter(row.each("RELEASE")), None),
        spellings=tuple(dict.fromkeys(row.each("RELEASE") + row.each("BOOTSTRAP"))),
        hostname=row.text("HOSTNAME"),
        uptime_s=uptime.seconds if uptime else None,
        uptime_resolution_s=uptime.resolution if uptime else None,
        uptime=said,
        reload_reason=row["REASON"].rstrip() or None,
        family=family,
        model=row.text("MODEL"),
        image=row.text("IMAGE"),
    )
