"""Clocks that were set while a log ran: by how much each line's clock was moved after it was logged. Pure.

IOS says `%SYS-6-CLOCKUPDATE: System clock has been updated from A to B`, an ASA `771001` and `771002` (`before: A,
after: B`). NTP sets a clock without such words; then only the marks tell (`*` before, none after). By how much nobody
says; but where the stamps run on, it was not more than lies between the two lines. The lines of a device's own buffer
are in the order of logging, so a stamp that is later than one below it was made before the clock was set back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, structs

from vpnaudit.model.logs import RESTART_TAG, LogMessage, Stamp
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.stamps import MONTHS

UNSET_YEAR_MAX = 2002
"""A Cisco device without a battery clock boots at 1 March 1993, later releases at 1 March 2002."""
_FIRST_SHOWN = datetime(2002, 2, 28, 10)  # noqa: DTZ001 - wall-clock time
"""1 March 00:00 UTC, in the zone furthest to the west."""
_YEAR_MIN, _YEAR_MAX = 1970, 2199
BACK = timedelta(seconds=60)
"""Lines of several processes may stand in the buffer a moment out of order; more is a clock that was set back."""
_SOON_S = 1800.0
"""A clock with a battery is about right at the boot, and NTP sets it in minutes. A longer silence bounds nothing."""
_AT_RESTART_S = 600.0
"""The restart is logged once the configuration was read: the lines above it that count less are of the same boot."""


def _shown(name: str) -> str:
    """A pattern for what a clock shows: `14:00:00.000 UTC Tue Nov 24 2026`."""
    return (
        rf"(?P<{name}hour>\d{{1,2}}):(?P<{name}minute>\d\d):(?P<{name}second>\d\d)(?:\.(?P<{name}fraction>\d{{1,6}}))? "
        rf"(?P<{name}zone>\S{{1,8}}) (?:[A-Z][a-z]{{2}} )?"
        rf"(?P<{name}month>[A-Z][a-z]{{2}}) +(?P<{name}day>\d{{1,2}}) (?P<{name}year>\d{{4}})"
    )


_UPDATED = re.compile(rf"(?:updated from|before:) {_shown('from_')}(?: to|, after:) {_shown('to_')}", re.IGNORECASE)


class ClockSet(Struct, frozen=True):
    """What a device's clock showed before it was set, and after."""

    before: ClockReading
    after: ClockReading


class ClockThen(Struct, frozen=True):
    """A clock before a change: its zone where that was another, and what it showed where it had never been set."""

    zone: str | None = None
    unset: ClockReading | None = None


class Moved(Struct, frozen=True):
    """For one line: by how much its clock was set forward later (null: not known), and what an unset clock showed.

    `within_s`: by how much `seconds` may be off.
    """

    seconds: float | None = 0.0
    unset_time: datetime | None = None
    since_boot_s: float | None = None
    within_s: float = 0.0


ToUtc = Callable[[ClockReading], datetime | None]
Dated = tuple[LogMessage, datetime | None, bool]
"""A line, its time, and whether its stamp is of a clock that was never set."""


def is_clock_set(message: LogMessage) -> bool:
    """Whether the line says that the device's clock was set."""
    return message.tag.endswith(("-CLOCKUPDATE", "-771001", "-771002"))


def clock_set(message: LogMessage) -> ClockSet | None:
    """What the clock showed before and after; None where the line says neither."""
    found = _UPDATED.search(message.text) if is_clock_set(message) else None
    before, after = (_reading(found, "from_"), _reading(found, "to_")) if found else (None, None)
    return ClockSet(before, after) if before is not None and after is not None else None


def _reading(found: re.Match[str], name: str) -> ClockReading | None:
    month = MONTHS.get(found[f"{name}month"].title())
    if month is None:
        return None
    year, day, hour, minute, second = (int(found[name + p]) for p in ("year", "day", "hour", "minute", "second"))
    return ClockReading(
        line=1,
        year=year,
        month=month,
        day=day,
        hour=hour,
        minute=minute,
        second=second,
        microsecond=int((found[f"{name}fraction"] or "0").ljust(6, "0")),
        zone=found[f"{name}zone"],
    )


def clocks_then(messages: Sequence[LogMessage]) -> list[ClockThen]:
    """For each line what is known of its clock by the changes that stand below it."""
    then = ClockThen()
    found = []
    for message in reversed(messages):
        found.append(then)
        change = clock_set(message)
        if change is not None:
            moved = change.before.zone != change.after.zone
            zone = change.before.zone if moved else then.zone
            then = ClockThen(zone=zone, unset=change.before if never_set(change.before) else None)
    return found[::-1]


def never_set(shown: ClockReading) -> bool:
    """Whether the clock showed a year that it counts from when it was never set."""
    return shown.year <= UNSET_YEAR_MAX


def counts_to(stamp: Stamp, shown: ClockReading) -> bool:
    """Whether a clock that was set when it showed `shown`, never set before, showed the stamp on its way there."""
    at, then = wall_time(shown.year, stamp), wall_time(shown.year, shown)
    return at is not None and then is not None and _FIRST_SHOWN.replace(year=shown.year) <= at <= then


def wall_time(year: int, at: Stamp | ClockReading) -> datetime | None:
    """The wall-clock time in `year`, or None where there is no such day. A leap second is the second after :59.

    A year that no device can have is none: times are added to each other and must not leave the calendar.
    """
    if not _YEAR_MIN <= year <= _YEAR_MAX:
        return None
    leap = at.second == 60
    try:
        shown = datetime(year, at.month, at.day, at.hour, at.minute, 59 if leap else at.second, at.microsecond)  # noqa: DTZ001 - wall-clock time
        return shown + timedelta(seconds=1) if leap else shown
    except (ValueError, OverflowError):
        return None


def moved_after(lines: Sequence[Dated], *, marked: bool | None, in_order: bool, to_utc: ToUtc) -> list[Moved]:
    """By how much the clock was set after each line, of one host's lines in the order of logging.

    `marked`: whether the device's clock is not authoritative now (null: not known). `in_order`: the lines are a
    device's own buffer. `to_utc` turns what a clock showed into UTC.
    """
    walk = _Walk(marked=marked, in_order=in_order, to_utc=to_utc)
    found = [walk.back_to(*line) for line in reversed(lines)][::-1]
    if in_order and _begins_in_the_middle(lines):
        found[0] = structs.replace(found[0], since_boot_s=None)
    return found


def _begins_in_the_middle(lines: Sequence[Dated]) -> bool:
    """A buffer that wrapped begins anywhere in a line: what is left of a date and time may look like an uptime."""
    stamps = [message.stamp for message, _, _ in lines[:2]]
    return [s.kind for s in stamps if s is not None] == ["uptime", "datetime"]


class _Walk:
    """Goes from the end of a log to its beginning, and knows what happened to the clock since."""

    def __init__(self, *, marked: bool | None, in_order: bool, to_utc: ToUtc) -> None:
        self._marked = marked
        self._in_order = in_order
        self._to_utc = to_utc
        self._moved: float | None = 0.0
        self._within = 0.0
        self._unset_year: int | None = None
        self._from_unset = False
        self._next: datetime | None = None
        self._least_count: float | None = None

    def back_to(self, message: LogMessage, time: datetime | None, unset: bool) -> Moved:
        stamp = message.stamp
        if stamp is None:
            return Moved()
        if is_clock_set(message):
            found = Moved(self._moved, within_s=self._within)
            self._set(message)
            return found
        self._was_set_without_a_word(stamp, time)
        unset_time = self._unset_time(stamp) if unset else None
        return Moved(self._moved, unset_time, self._count(message, stamp, unset), self._within)

    def _set(self, message: LogMessage) -> None:
        change = clock_set(message)
        before, after = (self._to_utc(change.before), self._to_utc(change.after)) if change else (None, None)
        if change is None or before is None or after is None or self._moved is None:
            self._moved = None
        else:
            self._moved += (after - before).total_seconds()
        self._from_unset = change is not None and never_set(change.before)
        self._unset_year = change.before.year if change is not None and self._from_unset else None
        self._marked, self._next = None, None

    def _was_set_without_a_word(self, stamp: Stamp, time: datetime | None) -> None:
        if stamp.kind != "datetime":
            return
        if self._from_unset and time is not None:
            # A clock that had been set before it began to count anew: the boot lies between, and with it the change.
            self._moved, self._within, self._from_unset = (None if stamp.mark == "*" else 0.0), 0.0, False
        elif stamp.mark == "*" and self._marked is False:
            self._set_by_ntp(time)
        self._marked = stamp.mark == "*"
        if time is None:
            return
        if self._in_order and self._next is not None and time - self._next > BACK:
            self._moved = None
        self._next = time if self._next is None else min(time, self._next)

    def _set_by_ntp(self, time: datetime | None) -> None:
        """Between the line of this time and the next one below."""
        gap_s = (self._next - time).total_seconds() if self._next is not None and time is not None else -1.0
        if 0 <= gap_s <= _SOON_S:
            self._within += gap_s
        else:
            self._moved = None

    def _unset_time(self, stamp: Stamp) -> datetime | None:
        """What an unset clock showed, by the year that the message has which set it."""
        if self._unset_year is None:
            return None
        reading = ClockReading(
            line=1,
            year=self._unset_year,
            month=stamp.month,
            day=stamp.day,
            hour=stamp.hour,
            minute=stamp.minute,
            second=stamp.second,
            microsecond=stamp.microsecond,
            zone=stamp.zone,
        )
        return self._to_utc(reading)

    def _count(self, message: LogMessage, stamp: Stamp, unset: bool) -> float | None:
        """Seconds from the boot to the line; null where it is of an earlier boot, or the stamp does not tell."""
        count = float(stamp.uptime_s) if stamp.uptime_s is not None else _since_first_of_march(stamp) if unset else None
        least = self._least_count
        if message.tag == RESTART_TAG:
            at = count if count is not None else _AT_RESTART_S
            self._least_count = at if least is None else min(at, least)
        if count is None or (self._least_count is not None and count > self._least_count + stamp.resolution_s):
            return None
        self._least_count = count
        return count


def _since_first_of_march(stamp: Stamp) -> float | None:
    """A clock without a battery starts at 1 March, 00:00 UTC."""
    try:
        shown = datetime(2002, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second, tzinfo=UTC)
    except ValueError:
        return None
    seconds = (shown - datetime(2002, 3, 1, tzinfo=UTC)).total_seconds()
    return seconds if seconds >= 0 else None
