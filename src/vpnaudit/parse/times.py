"""From stamps to times: which year, which zone, and how that is known (DESIGN 6, "Times"). Pure.

Missing year: from the device's clock, else a date in the same text, else the file's time, else now: the latest year
that is not more than a day ahead. Missing zone: what the configuration says the log uses (UTC unless `localtime`), else
UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
from msgspec import Struct

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.logs import LogMessage, Stamp
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.clock_sets import (
    UNSET_YEAR_MAX,
    ClockThen,
    Moved,
    clock_set,
    clocks_then,
    counts_to,
    moved_after,
    wall_time,
)
from vpnaudit.parse.mail_dates import TextDates
from vpnaudit.parse.stamps import find_stamps
from vpnaudit.parse.summer_time import SummerRule, summer_rule
from vpnaudit.parse.told_elsewhere import Told, mix, told_changes
from vpnaudit.parse.zones import AMBIGUOUS_ZONES, ZONE_OFFSETS_MIN

_AHEAD_MAX = timedelta(days=1)
_YEARS_BACK = 9
"""Enough for a 29 February on either side of a year without one (1896 to 1904, 2096 to 2104)."""
_NEW_YEAR_STEP = timedelta(days=120)
"""In a log that runs forward a line this much later than the next one, once dated, is of the year before. Less is a log
put together from files in the wrong order."""
_NEAR_CLOCK = timedelta(days=31)
_AS_NOW = ClockThen()
_UNSET_RUN_GAP = timedelta(days=31)


class TimeContext(Struct, frozen=True, kw_only=True, gc=False):
    """What is known around a log.

    `clock` is the device's own at `collected_at`, or whenever `show clock` was answered; `log_zone` the zone's name of
    stamps that name none, where no configuration tells it; `modified_at` the file's time;
    `text` the log's whole text, searched for a mail's date. `in_order`: the lines are a device's own buffer, which has
    them in the order of logging. All datetimes aware.
    """

    clock: ClockReading | None = None
    config: ConfigFacts | None = None
    collected_at: datetime | None = None
    modified_at: datetime | None = None
    now: datetime | None = None
    text: str = ""
    in_order: bool = False
    log_zone: str | None = None


def date_messages(messages: Sequence[LogMessage], context: TimeContext) -> tuple[LogMessage, ...]:
    """Fill `time` (UTC), `time_from` and what is known of the clock's later changes, in the order of the log."""
    calendar = _Calendar(messages, context)
    dated = [calendar.date(m, then) for m, then in zip(messages, clocks_then(messages), strict=True)]
    _turn_years(messages, dated)
    _spread_unset(messages, dated)
    calendar.tell_second_hours(messages, dated)
    moved = _moved(messages, dated, context)
    return tuple(_with_time(m, d, to) for m, d, to in zip(messages, dated, moved, strict=True))


def date_logs(logs: Sequence[tuple[Sequence[LogMessage], TimeContext]]) -> list[tuple[LogMessage, ...]]:
    """Date several logs of one device: a clock that was set is told by one of them and moves the lines of all."""
    dated = [date_messages(messages, context) for messages, context in logs]
    told = [told_changes(messages) for messages in dated] if len(logs) > 1 else []
    if not any(told):
        return dated
    return [
        _dated_with(messages, [t for n, others in enumerate(told) if n != own for t in others], context)
        for own, (messages, (_, context)) in enumerate(zip(dated, logs, strict=True))
    ]


def _dated_with(messages: tuple[LogMessage, ...], told: Sequence[Told], context: TimeContext) -> tuple[LogMessage, ...]:
    """The same messages, dated again with what other logs tell among them."""
    zones = _Zones(context.config, context.log_zone)

    def as_stamped(reading: ClockReading, stamp: Stamp) -> datetime | None:
        local = zones.log_is_local if stamp.zone is None else stamp.zone == reading.zone
        if local and stamp.utc_offset_min is None:
            return wall_time(reading.year, reading)
        at = _shown_to_utc(reading, context.config)
        return at.replace(tzinfo=None) + timedelta(minutes=stamp.utc_offset_min or 0) if at is not None else None

    mixed = mix(messages, told, as_stamped)
    if mixed is None:
        return messages
    again = date_messages(mixed.messages, context)
    return tuple(
        _in_doubt(m, mixed.doubts[n]) if n in mixed.doubts else m
        for n, m in enumerate(again)
        if n not in mixed.borrowed
    )


def _in_doubt(message: LogMessage, seconds: float) -> LogMessage:
    said = f"; whether the clock was set {seconds:.0f} s before or after this line is not known"
    within_s = message.clock_within_s + seconds
    return msgspec.structs.replace(message, clock_within_s=within_s, time_from=message.time_from + said)


def _with_time(message: LogMessage, dated: _Dated, moved: Moved) -> LogMessage:
    return msgspec.structs.replace(
        message,
        time=dated.time,
        time_from=dated.how + _moved_words(moved),
        clock_moved_s=moved.seconds,
        clock_within_s=moved.within_s,
        unset_time=moved.unset_time,
        since_boot_s=moved.since_boot_s,
    )


def _moved_words(moved: Moved) -> str:
    seconds = moved.seconds
    if seconds is None:
        return "; the clock was set after this line, by how much is not known"
    if moved.within_s >= 1:
        return f"; the clock was set after this line, by no more than about {abs(seconds) + moved.within_s:.0f} s"
    if abs(seconds) < 1:
        return ""
    return f"; the clock was set {abs(seconds):.0f} s {'forward' if seconds > 0 else 'back'} after this line"


def _moved(messages: Sequence[LogMessage], dated: Sequence[_Dated], context: TimeContext) -> list[Moved]:
    """What was done to each line's clock later, host by host; some exports have the newest line first."""
    found = [Moved()] * len(messages)
    by_host: dict[str | None, list[int]] = {}
    for index, message in enumerate(messages):
        by_host.setdefault(message.host, []).append(index)
    marked = context.clock.mark == "*" if context.clock is not None else None
    for indices in by_host.values():
        forward = _is_forward([_shown_around(messages[i], dated[i].time, context) for i in indices])
        ordered = indices if forward else indices[::-1]
        lines = [(messages[i], dated[i].time, dated[i].unset) for i in ordered]
        moved = moved_after(
            lines,
            marked=marked,
            in_order=context.in_order and forward,
            to_utc=lambda reading: _shown_to_utc(reading, context.config),
        )
        for index, to in zip(ordered, moved, strict=True):
            found[index] = to
    return found


def date_stamp(stamp: Stamp, context: TimeContext, line: int = 1) -> tuple[datetime | None, str]:
    """Date one stamp of the device itself (an event trace's, say); returns the time in UTC and how it is known."""
    dated = _Calendar((), context).date(LogMessage(line=line, tag="", text="", raw="", stamp=stamp))
    return dated.time, dated.how


def clock_to_utc(reading: ClockReading, config: ConfigFacts | None = None) -> datetime | None:
    """What `show clock` says, in UTC; None where the clock was never set or the numbers are no date."""
    return None if never_set(reading) else _shown_to_utc(reading, config)


def _shown_to_utc(reading: ClockReading, config: ConfigFacts | None) -> datetime | None:
    wall = wall_time(reading.year, reading)
    if wall is None:
        return None
    minutes, _ = _Zones(config).clock_offset(reading.zone, wall)
    return _shift(wall, minutes)


def never_set(reading: ClockReading) -> bool:
    """Whether the clock runs since the boot from the manufacturer's date and was never set."""
    return reading.mark == "*" and reading.year <= UNSET_YEAR_MAX


def parse_trace_stamp(text: str, clock: datetime, config: ConfigFacts | None = None) -> datetime | None:
    """The time in UTC of an event trace's stamp (`Nov 24 01:02:03.456`), read when the device's clock said `clock`."""
    found = find_stamps(text)
    if not found:
        return None
    return date_stamp(found[0].stamp, TimeContext(collected_at=clock, config=config))[0]


class _Dated(Struct):
    time: datetime | None
    how: str
    stamp: Stamp | None = None
    year_assumed: bool = False
    unset: bool = False


class _Zones:
    """Offsets as the configuration has them, then by the table of names."""

    def __init__(self, config: ConfigFacts | None, log_zone: str | None = None) -> None:
        self._config, self._log_zone = config, log_zone
        self._rule: SummerRule | None = summer_rule(config.summer_time.rule) if config and config.summer_time else None
        self._base = self._base_offset()

    def _base_offset(self) -> int:
        config = self._config
        if config is None:
            return 0
        if config.clock_offset_min is not None:
            return config.clock_offset_min
        return ZONE_OFFSETS_MIN.get((config.clock_zone or "").upper(), 0)

    def named(self, zone: str) -> tuple[int, str]:
        """Minutes east of UTC for a printed name, and how that is known."""
        config, name = self._config, zone.upper()
        if config is not None and config.clock_zone and name == config.clock_zone.upper():
            return self._base, f"zone {zone} (configuration)"
        if config is not None and config.summer_time and name == config.summer_time.zone.upper():
            return self._base + (self._rule.minutes if self._rule else 60), f"zone {zone} (configuration)"
        if name in ZONE_OFFSETS_MIN:
            doubt = ", a name with several meanings" if name in AMBIGUOUS_ZONES else ""
            return ZONE_OFFSETS_MIN[name], f"zone {zone} taken as {_offset_text(ZONE_OFFSETS_MIN[name])}{doubt}"
        return 0, f"zone {zone} is not known, taken as UTC"

    def local(self, wall: datetime) -> int:
        """Minutes east of UTC of the device's local time at `wall`."""
        return self._base + (self._rule.minutes if self._rule and self._rule.holds(wall) else 0)

    @property
    def log_is_local(self) -> bool:
        """Whether stamps that name no zone are in the device's own."""
        config = self._config
        if config is None:
            return self._log_zone is not None
        return config.timestamps is not None and config.timestamps.localtime

    def comes_again(self, wall: datetime) -> timedelta | None:
        """By how much later the hour of `wall` comes a second time, where it does: in the night that ends summer."""
        return self._rule.comes_again(wall) if self._rule else None

    def unnamed(self, wall: datetime, zone: str | None = None) -> tuple[int, str]:
        """The zone of a log stamp that names none. `zone`: the clock's at that time, where it was changed later."""
        config, habit = self._config, self._log_zone
        if config is None and habit is not None:
            zone = zone or habit
            return self.named(zone)[0], f"zone {zone} (the clock's, in which the platform stamps its log)"
        if config is None:
            return 0, "zone UTC (assumed)"
        if self.log_is_local and zone is not None:
            return self.named(zone)[0], f"zone {zone} (the clock's before it was changed)"
        if self.log_is_local:
            minutes = self.local(wall)
            return minutes, f"zone {_offset_text(minutes)} (configuration: localtime)"
        return 0, "zone UTC (configuration)"

    def clock_offset(self, zone: str | None, wall: datetime) -> tuple[int, str]:
        """The zone of `show clock`, which always prints local time."""
        return self.named(zone) if zone else (self.local(wall), "")


def _offset_text(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"


class _Calendar:
    """Dates the messages of one log, each by itself."""

    def __init__(self, messages: Sequence[LogMessage], context: TimeContext) -> None:
        self._context = context
        self._zones = _Zones(context.config, context.log_zone)
        self._relay_zones = _Zones(None)
        self._clock = clock_to_utc(context.clock, context.config) if context.clock else None
        self._clock_unset = context.clock is not None and never_set(context.clock)
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

    def date(self, message: LogMessage, then: ClockThen = _AS_NOW) -> _Dated:
        """The time of one message; `then`: what is known of the device's clock at that time."""
        self._then = then
        stamp, relay = message.stamp, False
        if stamp is None:
            stamp, relay = message.relay_stamp, True
        if stamp is None:
            return _Dated(None, "no stamp")
        if stamp.kind == "uptime":
            return _Dated(None, "stamp is uptime", stamp)
        origin = "syslog server's stamp" if relay else "stamp"
        if self._unset(stamp, message):
            return _Dated(None, f"{origin} of a clock that was never set", stamp, unset=True)
        if stamp.year is not None:
            time, zone = self._at(stamp, stamp.year, relay=relay)
            return _Dated(time, f"{origin}; {zone}" if time else f"{origin} is no date", stamp)
        return self._yearless(message, stamp, origin, relay=relay)

    def tell_second_hours(self, messages: Sequence[LogMessage], dated: list[_Dated]) -> None:
        """Of the hour that comes twice as summer time ends, what stands below a later line is of the second."""
        if not self._zones.log_is_local:
            return
        last: dict[str | None, datetime] = {}
        for message, entry in zip(messages, dated, strict=True):
            stamp = message.stamp
            if entry.time is None or stamp is None or stamp.zone or stamp.utc_offset_min is not None:
                continue
            wall = wall_time(entry.time.year, stamp)
            later = self._zones.comes_again(wall) if wall is not None else None
            before = last.get(message.host)
            if later is not None and before is not None and timedelta(0) < before - entry.time < later:
                entry.time += later
            last[message.host] = entry.time

    def _yearless(self, message: LogMessage, stamp: Stamp, origin: str, *, relay: bool) -> _Dated:
        anchor, known_by = self._anchor(message)
        if anchor is None:
            return _Dated(None, f"{origin} without a year, and nothing around it tells one", stamp)
        time, zone = self._latest(stamp, anchor, relay=relay)
        if time is None:
            return _Dated(None, f"{origin} is no date", stamp)
        return _Dated(time, f"{origin}; year from {known_by}; {zone}", stamp, year_assumed=True)

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
        return next(((moment, name) for moment, name in candidates if moment is not None), (None, ""))

    def _latest(self, stamp: Stamp, anchor: datetime, *, relay: bool) -> tuple[datetime | None, str]:
        """The latest time of `stamp` that is not more than a day ahead of `anchor`."""
        for year in range(anchor.year + 1, anchor.year - _YEARS_BACK, -1):
            time, zone = self._at(stamp, year, relay=relay)
            if time is not None and time - anchor <= _AHEAD_MAX:
                return time, zone
        return None, ""

    def _at(self, stamp: Stamp, year: int, *, relay: bool) -> tuple[datetime | None, str]:
        wall = wall_time(year, stamp)
        if wall is None:
            return None, ""
        zones = self._relay_zones if relay else self._zones
        if stamp.utc_offset_min is not None:
            minutes, how = stamp.utc_offset_min, f"zone {_offset_text(stamp.utc_offset_min)} (printed)"
        elif stamp.zone:
            minutes, how = zones.named(stamp.zone)
        else:
            minutes, how = zones.unnamed(wall, self._then.zone)
        return _shift(wall, minutes), how


def _shift(wall: datetime, minutes: int) -> datetime | None:
    try:
        return (wall - timedelta(minutes=minutes)).replace(tzinfo=UTC)
    except OverflowError:
        return None


def _turn_years(messages: Sequence[LogMessage], dated: list[_Dated]) -> None:
    """Going back from the end of each host's log, set lines before a New Year that was passed one year back."""
    by_host: dict[str | None, list[_Dated]] = {}
    for message, entry in zip(messages, dated, strict=True):
        if entry.time is not None and entry.year_assumed:
            by_host.setdefault(message.host, []).append(entry)
    for entries in by_host.values():
        if _runs_forward(entries):
            _count_back(entries)


def _runs_forward(entries: list[_Dated]) -> bool:
    """Whether most lines are later than the one before; some exports have the newest line first."""
    return _is_forward([(e.time, e.time) for e in entries])


def _is_forward(shown: Sequence[tuple[datetime | None, datetime | None]]) -> bool:
    """The same, by what the clock showed before each line and at it."""
    steps = [(b - a) for (_, a), (b, _) in pairwise(shown) if a is not None and b is not None]
    return sum(s > timedelta(0) for s in steps) >= sum(timedelta(0) > s > -_NEW_YEAR_STEP for s in steps)


def _shown_around(
    message: LogMessage, time: datetime | None, context: TimeContext
) -> tuple[datetime | None, datetime | None]:
    """What the clock showed before a line and at it: another time where the line says that the clock was set."""
    change = clock_set(message)
    return (_shown_to_utc(change.before, context.config), time) if change is not None else (time, time)


def _count_back(entries: list[_Dated]) -> None:
    limit: datetime | None = None
    for entry in reversed(entries):
        while limit is not None and entry.time is not None and entry.time - limit > _NEW_YEAR_STEP:
            earlier = _year_before(entry.time)
            if earlier is None:
                break
            entry.time = earlier
        limit = entry.time


def _year_before(time: datetime) -> datetime | None:
    for years in range(1, _YEARS_BACK):
        try:
            return time.replace(year=time.year - years)
        except ValueError:
            continue
    return None


def _spread_unset(messages: Sequence[LogMessage], dated: list[_Dated]) -> None:
    """A clock that was never set stays so: later `*` stamps that follow on its own count are not dated either."""
    runs: dict[str | None, datetime] = {}
    for message, entry in zip(messages, dated, strict=True):
        stamp = entry.stamp
        if stamp is None or stamp.kind != "datetime":
            continue
        count = wall_time(2000, stamp)
        last = runs.get(message.host)
        follows = last is not None and count is not None and timedelta(0) <= count - last <= _UNSET_RUN_GAP
        if entry.unset and count is not None:
            runs[message.host] = count
        elif follows and stamp.mark == "*" and stamp.year is None and count is not None:
            entry.time, entry.how = None, "stamp of a clock that was never set"
            runs[message.host] = count
        else:
            runs.pop(message.host, None)
