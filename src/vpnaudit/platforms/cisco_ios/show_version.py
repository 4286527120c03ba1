"""`show version`: the release, since when the device runs, and why it came up (field guide C3)."""

from __future__ import annotations

from typing import Literal

from vpnaudit.model.facts import Facts, Parsed
from vpnaudit.model.platform import CommandSpec
from vpnaudit.model.system import VersionFacts
from vpnaudit.parse.engine import Row, parse_answer
from vpnaudit.platforms.uptime import read_uptime

_XE_MARKS = ("IOS XE", "IOS-XE", "IOSXE", "LINUX_IOSD")
_RESOLUTION_S = 60
"""IOS counts minutes and leaves out a unit that is zero, so "1 day, 2 hours" is as exact as any."""


def parse(text: str) -> Parsed:
    """Read the answer to `show version`."""
    return parse_answer("cisco_ios", "show_version", text, _facts)


def _facts(rows: list[Row]) -> Facts:
    return Facts(version=next((v for row in rows if (v := _version(row)) is not None), None))


def _version(row: Row) -> VersionFacts | None:
    spellings = tuple(dict.fromkeys(row.each("RELEASE") + row.each("BOOTSTRAP")))
    said = row["UPTIME"].rstrip(" ,")
    if not spellings and not said:
        return None
    uptime = read_uptime(f"{said} {row['UPTIME_REST']}") if said else None
    processor = read_uptime(row["PROCESSOR"])
    return VersionFacts(
        line=row.line,
        version=next(iter(row.each("RELEASE")), None),
        spellings=spellings,
        hostname=row.text("HOSTNAME"),
        uptime_s=uptime.seconds if uptime else None,
        uptime_resolution_s=min(uptime.resolution, _RESOLUTION_S) if uptime else None,
        uptime=said or None,
        reload_reason=_first_of(row, "RETURNED_BY", "RESTARTED_BY", "RELOAD_REASON"),
        restarted_at=_first_of(row, "RESTARTED_AT"),
        processor_uptime_s=processor.seconds if processor else None,
        family="ios-xe" if row["XE"] else _family(row.each("PRODUCT")),
        model=row.text("MODEL"),
        image=row.text("IMAGE"),
    )


def _first_of(row: Row, *names: str) -> str | None:
    return next((text for name in names if (text := row[name].strip())), None)


def _family(products: tuple[str, ...]) -> Literal["ios", "ios-xe"] | None:
    if any(mark in product for product in products for mark in _XE_MARKS):
        return "ios-xe"
    return "ios" if products else None


COMMANDS = (CommandSpec(command="show version", parse=parse, needed=True),)
