"""One stamp's time: which year, which zone, and how that is known (DESIGN 6, "Times")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.logs import LogMessage, Stamp
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.clock_reading import never_set, shift, shown_to_utc
from vpnaudit.parse.clock_sets import UNSET_YEAR_MAX, ClockThen, counts_to, wall_time
from vpnaudit.parse.log_zones import UTC_ASSUMED, Zone, Zones
from vpnaudit.parse.mail_dates import TextDates

_AHEAD_MAX = timedelta(days=1)
_NEXT_YEAR_FROM = (12, 29)
"""Before it no zone's New Year is within a day."""
YEARS_BACK = 9
"""Enough for a 29 February on either side of a year without one (1896 to 1904, 2096 to 2104)."""
_NEAR_CLOCK = timedelta(days=31)
_AS_NOW = ClockThen()


class TimeContext(Struct, frozen=True, kw_only=True, gc=False):
    """What is known around a log.

    `clock` is the device's own at `collected_at`, or whenever `show clock` was answered, and `clock_zone_min` what its
    zone's name means, where the collector's clock tells that; `log_zone` the zone's name of stamps that name none,
    where no configuration tells it; `modified_at` the file's time, `rotated_at` the end of the day that its name says;
    `text` the log's whole text, searched for a mail's date. `in_order`: the lines are a device's own buffer, which has
    them in the order of logging. All datetimes aware.
    """

    clock: ClockReading | None = None
    clock_zone_min: int | None = None
    config: ConfigFacts | None = None
    collected_at: datetime | None = None
    modified_at: datetime | None = None
    now: datetime | None = None
    rotated_at: datetime | None = None
    text: str = ""
    in_order: bool = False
    log_zone: str | None = None


def zones_of(context: TimeContext) -> Zones:
    """Everything that is known around a log about its zones."""
    return Zones(context.config, context.log_zone, context.clock, context.clock_zone_min)


class Dated(Struct):
    """What is known of one line's time so far, and how."""

    time: datetime | None
    how: str
    stamp: Stamp | None = None
    year_assumed: bool = False
    anchor: datetime | None = None
    """The moment at which the log was read, for a year that is assumed."""
    unset: bool = False
    since_boot_s: float | None = None
    """Of a clock that was never set, where its date is another than 1 March: what it counted on the day of the boot."""
    by_relay: bool = False
    doubt_s: float = 0.0
    """By how much the time may be off beside the clock's, because its zone is a guess."""


class Calendar:
    """Dates the messages of one log, each by itself."""

    def __init__(self, messages: Sequence[LogMessage], context: TimeContext) -> None:
        self._context = context
        self._zones = zones_of(context)
        self._relay_zones = Zones(None)
        self._clock_unset = context.clock is not None and never_set(context.clock)
        self._clock = (
            shown_to_utc(context.clock, self._zones) if context.clock is not None and not self._clock_unset else None
        )
        self._text = TextDates(context.text) if context.text and self._clock is None else TextDates("")
        self._then = _AS_NOW
        self._printed = self._printed_years(messages)

    def _printed_years(self, messages: Sequence[LogMessage]) -> datetime | None:
        """The latest stamp of the log that has a year."""
        times = [
            moment
            for m in messages
            for s in (m.stamp, m.relay_stamp)
            if s is not None and s.year is not None and s.year > UNSET_YEAR_MAX
            if (moment := self._at(s, s.year, relay=s is m.relay_stamp)[0]) is not None
        ]
        return max(times, default=None)

    def date(self, message: LogMessage, then: ClockThen = _AS_NOW) -> Dated:
        """The time of one message; `then`: what is known of the device's clock at that time."""
        self._then = then
        stamp, relay = message.stamp, False
        if stamp is None:
            stamp, relay = message.relay_stamp, True
        if stamp is None:
            return Dated(None, "no stamp")
        if stamp.kind == "uptime":
            return Dated(None, "stamp is uptime", stamp)
        origin = "syslog server's stamp" if relay else "stamp"
        if self._unset(stamp, message):
            return Dated(None, f"{origin} of a clock that was never set", stamp, unset=True)
        if stamp.year is not None:
            time, zone = self._at(stamp, stamp.year, relay=relay)
            how = f"{origin}; {zone.how}" if time else f"{origin} is no date"
            return Dated(time, how, stamp, doubt_s=zone.doubt_s)
        return self._yearless(message, stamp, origin, relay=relay)

    def _yearless(self, message: LogMessage, stamp: Stamp, origin: str, *, relay: bool) -> Dated:
        anchor, known_by = self._anchor(message)
        if anchor is None:
            return Dated(None, f"{origin} without a year, and nothing around it tells one", stamp)
        time, zone = self._latest(stamp, anchor, relay=relay)
        if time is None:
            return Dated(None, f"{origin} is no date", stamp)
        how = f"{origin}; year from {known_by}; {zone.how}"
        return Dated(time, how, stamp, year_assumed=True, anchor=anchor, doubt_s=zone.doubt_s)

    def _unset(self, stamp: Stamp, message: LogMessage) -> bool:
        """Whether the device counts from its manufacturer's date: `*`, 1 March, and nothing says it is that time."""
        if stamp.mark != "*":
            return False
        if stamp.year is not None:
            return stamp.year <= UNSET_YEAR_MAX
        if self._clock_unset or (self._then.unset is not None and counts_to(stamp, self._then.unset)):
            return True
        if (stamp.month, stamp.day) != (3, 1):
            return False
        anchor, _ = self._anchor(message)
        time = self._latest(stamp, anchor, relay=False)[0] if anchor else None
        return time is None or anchor is None or abs(anchor - time) > _NEAR_CLOCK

    def _anchor(self, message: LogMessage) -> tuple[datetime | None, str]:
        """The moment at or after which the log was read, best source first."""
        relay, context = message.relay_stamp, self._context
        if relay is not None and relay.year is not None and message.stamp is not None:
            return self._at(relay, relay.year, relay=True)[0], "the syslog server's stamp"
        candidates = (
            (self._clock, "the device's clock"),
            (context.collected_at, "the time of collection"),
            (self._text.nearest_above(message.line), "a date in the same text"),
            (self._printed, "another stamp of the same log"),
            (context.modified_at, "the file's time"),
            (context.now, "the present date"),
        )
        found = next(((moment, name) for moment, name in candidates if moment is not None), (None, ""))
        rotated = context.rotated_at
        return (rotated, "the file's name") if rotated is not None and (found[0] or rotated) >= rotated else found

    def _latest(self, stamp: Stamp, anchor: datetime, *, relay: bool) -> tuple[datetime | None, Zone]:
        """The latest time of `stamp` that is not more than a day ahead of `anchor`."""
        first = anchor.year + ((anchor.month, anchor.day) >= _NEXT_YEAR_FROM)
        for year in range(first, anchor.year - YEARS_BACK, -1):
            time, zone = self._at(stamp, year, relay=relay)
            if time is not None and time - anchor <= _AHEAD_MAX:
                return time, zone
        return None, UTC_ASSUMED

    def _at(self, stamp: Stamp, year: int, *, relay: bool) -> tuple[datetime | None, Zone]:
        wall = wall_time(year, stamp)
        if wall is None:
            return None, UTC_ASSUMED
        zones = self._relay_zones if relay else self._zones
        zone = zones.printed(stamp, wall) or zones.unnamed(wall, self._then.zone)
        return shift(wall, zone.minutes), zone
