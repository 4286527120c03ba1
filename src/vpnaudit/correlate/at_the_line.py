"""What tables say of a line that came after they were taken: an SA was there then, and may be gone since.

A device's table and its log, or the tables of two devices, need not be of one moment. An entry of a table is live up to
the table's time, and longer only where a log or trace has its end later still; for a line after that it tells no more
than an older snapshot would. Where the time of either is not known, the table is taken at its word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import structs

from vpnaudit.correlate.case import USABLE_CLOCK_S, Flow
from vpnaudit.correlate.clocks import CAPTURE_SPREAD_S
from vpnaudit.model.event import Event
from vpnaudit.model.ledger import RECORDED, LedgerEntry

Entries = tuple[LedgerEntry, ...]


def at_the_line(entries: Entries, event: Event, flow: Flow, clock_within_s: Mapping[str, float]) -> Entries:
    """The records of one SPI as they were when the line came: records of its end first, tables older than it last."""
    if not entries or event.at is None:  # most lines come with an SPI that nobody knows
        return entries
    recorded = [e for e in entries if e.how in RECORDED and e.gone_at is not None]
    ends: dict[str, datetime | None] = {}
    live: dict[str, bool] = {}
    for table in entries:
        if table.how == "live table":
            ends[table.device] = _end_after(table, recorded) if recorded else None
            live[table.device] = _is_live(table, ends[table.device], event, flow, clock_within_s)
    if all(live.values()) and all(e.live for e in entries if e.device in live):
        return entries
    found = [_as_of(e, live[e.device], ends[e.device]) if e.device in live else e for e in entries]
    return tuple(sorted(found, key=lambda e: e.how == "older table"))


def is_dated(entry: LedgerEntry, event: Event, clock_within_s: Mapping[str, float]) -> bool:
    """Whether the time of the table that has an entry can be set beside that of the line."""
    known = entry.seen_at is not None and event.at is not None
    return known and _bound_s(entry, event, clock_within_s) <= USABLE_CLOCK_S


def _end_after(table: LedgerEntry, recorded: Sequence[LedgerEntry]) -> datetime | None:
    """When the device's own log or trace has it that the SA went, after its table was taken."""
    if table.seen_at is None:
        return None
    since = table.seen_at - timedelta(seconds=CAPTURE_SPREAD_S)
    gone = (e.gone_at for e in recorded if e.device == table.device)
    return max((at for at in gone if at is not None and at > since), default=None)


def _is_live(
    table: LedgerEntry, end: datetime | None, event: Event, flow: Flow, clock_within_s: Mapping[str, float]
) -> bool:
    """Whether the device had it when the line came. A stream that began before the table goes on while it is taken."""
    if table.seen_at is None or event.at is None or not is_dated(table, event, clock_within_s):
        return True
    if end is not None:
        return event.at < end
    began = flow.began(event.at) or event.at
    return began <= table.seen_at + timedelta(seconds=CAPTURE_SPREAD_S + _bound_s(table, event, clock_within_s))


def _bound_s(table: LedgerEntry, event: Event, clock_within_s: Mapping[str, float]) -> float:
    """By how much the two times may be off: those of one device are by one clock."""
    if table.device == event.device:
        return event.uncertainty_s
    return event.uncertainty_s + clock_within_s[event.device] + clock_within_s[table.device]


def _as_of(entry: LedgerEntry, live: bool, end: datetime | None) -> LedgerEntry:
    if live or entry.how != "live table":
        return entry if entry.live == live else structs.replace(entry, live=live)
    return structs.replace(entry, live=False, how="older table", gone_at=end or entry.ends_at)
