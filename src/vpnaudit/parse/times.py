"""From stamps to times: which year, which zone, and how that is known (DESIGN 6, "Times"). Pure.

Missing year: from the device's clock, else a date in the same text, else the file's time, else now: the latest year
that is not more than a day ahead. Missing zone: what the configuration says the log uses (UTC unless `localtime`), else
UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
from msgspec import Struct

from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.logs import LogMessage, Stamp
from vpnaudit.model.system import ANY_ZONE_S, ClockReading
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
from vpnaudit.parse.log_zones import UTC_ASSUMED, ZONE_DOUBT_S, Zone, Zones
from vpnaudit.parse.mail_dates import TextDates
from vpnaudit.parse.told_elsewhere import Mixed, Told, mix, told_changes, wall_near
from vpnaudit.parse.zones import ZONE_OFFSETS_MIN, meanings

_AHEAD_MAX = timedelta(days=1)
_NEXT_YEAR_FROM = (12, 29)
"""Before it no zone's New Year is within a day."""
_YEARS_BACK = 9
"""Enough for a 29 February on either side of a year without one (1896 to 1904, 2096 to 2104)."""
_NEW_YEAR_STEP = timedelta(days=120)
"""In a log that runs forward a line this much later than the next one, once dated, is of the year before. Less is a log
put together from files in the wrong order."""
_NEAR_CLOCK = timedelta(days=31)
_AS_NOW = ClockThen()
_UNSET_RUN_GAP = timedelta(days=31)
_LEAP_RUN = timedelta(days=31)
_ZONE_TOLD_S = 900.0
"""A clock that is no further off than this under one meaning of its zone's name, by the collector's, shows that one:
meanings lie half an hour apart at least."""


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


def date_messages(messages: Sequence[LogMessage], context: TimeContext) -> tuple[LogMessage, ...]:
    """Fill `time` (UTC), `time_from` and what is known of the clock's later changes, in the order of the log."""
    return _date(_Log.of([(messages, context)]))


Logs = Sequence[tuple[Sequence[LogMessage], TimeContext]]
"""The lines of several logs, and what is known around each."""


def date_logs(logs: Logs, files: Sequence[Sequence[int]] = ()) -> list[tuple[LogMessage, ...]]:
    """Date several logs of one device: a clock that was set is told by one of them and moves the lines of all.

    `files`: those of `logs`, by number, that are the files of one log, the oldest first.
    """
    of_one = [list(numbers) for numbers in files]
    of_one += [[n] for n in range(len(logs)) if not any(n in numbers for numbers in of_one)]
    whole = [_Log.of([logs[n] for n in numbers]) for numbers in of_one]
    dated = _date_together(whole)
    found: dict[int, tuple[LogMessage, ...]] = {}
    for numbers, messages in zip(of_one, dated, strict=True):
        begin = 0
        for n in numbers:
            end = begin + len(logs[n][0])
            found[n] = messages[begin:end]
            begin = end
    return [found[n] for n in range(len(logs))]


class _Log(Struct, frozen=True):
    """The lines of one log, and what is known around each; that of its newest file."""

    messages: Sequence[LogMessage]
    contexts: Sequence[TimeContext]
    newest: TimeContext

    @classmethod
    def of(cls, files: Logs) -> _Log:
        if len(files) == 1:
            messages, context = files[0]
            return cls(messages, [context] * len(messages), context)
        return cls([m for ms, _ in files for m in ms], [c for ms, c in files for _ in ms], files[-1][1])


def _date(log: _Log) -> tuple[LogMessage, ...]:
    of_file: dict[int, list[LogMessage]] = {}
    around = {id(context): context for context in log.contexts}
    for message, context in zip(log.messages, log.contexts, strict=True):
        of_file.setdefault(id(context), []).append(message)
    calendars = {n: _Calendar(messages, around[n]) for n, messages in of_file.items()}
    thens = clocks_then(log.messages)
    lines = zip(log.messages, thens, log.contexts, strict=True)
    dated = [calendars[id(context)].date(message, then) for message, then, context in lines]
    _turn_years(log.messages, dated)
    _spread_unset(log.messages, dated)
    _set_beside_the_device(log.messages, dated, known=log.newest.clock is not None)
    _tell_second_hours(log.messages, dated, zones_of(log.newest))
    moved = _moved(log.messages, dated, log.newest)
    _take_servers_time(log.messages, dated)
    return tuple(_with_time(m, d, to) for m, d, to in zip(log.messages, dated, moved, strict=True))


def _date_together(logs: Sequence[_Log]) -> list[tuple[LogMessage, ...]]:
    dated = [_date(log) for log in logs]
    told = [told_changes(messages) for messages in dated] if len(logs) > 1 else []
    if not any(told):
        return dated
    return [
        _dated_with(messages, [t for n, others in enumerate(told) if n != own for t in others], log)
        for own, (messages, log) in enumerate(zip(dated, logs, strict=True))
    ]


def _dated_with(messages: tuple[LogMessage, ...], told: Sequence[Told], log: _Log) -> tuple[LogMessage, ...]:
    """The same messages, dated again with what other logs tell among them."""
    context = log.newest
    zones = zones_of(context)

    def as_stamped(reading: ClockReading, stamp: Stamp) -> datetime | None:
        local = zones.log_is_local if stamp.zone is None else stamp.zone == reading.zone
        if local and stamp.utc_offset_min is None:
            return wall_time(reading.year, reading)
        at = _shown_to_utc(reading, zones)
        return at.replace(tzinfo=None) + timedelta(minutes=stamp.utc_offset_min or 0) if at is not None else None

    mixed = mix(messages, told, as_stamped)
    if mixed is None:
        return messages
    again = _date(_Log(mixed.messages, _contexts(mixed, log), context))
    return tuple(
        _in_doubt(m, mixed.doubts[n]) if n in mixed.doubts else m
        for n, m in enumerate(again)
        if n not in mixed.borrowed
    )


def _contexts(mixed: Mixed, log: _Log) -> list[TimeContext]:
    """A message of another log is dated as the line in front of which it stands."""
    found: list[TimeContext] = []
    own = 0
    for n in range(len(mixed.messages)):
        found.append(log.contexts[own] if own < len(log.contexts) else log.newest)
        own += n not in mixed.borrowed
    return found


def _in_doubt(message: LogMessage, seconds: float) -> LogMessage:
    said = f"; whether the clock was set {seconds:.0f} s before or after this line is not known"
    within_s = message.clock_within_s + seconds
    return msgspec.structs.replace(message, clock_within_s=within_s, time_from=message.time_from + said)


def _with_time(message: LogMessage, dated: _Dated, moved: Moved) -> LogMessage:
    return msgspec.structs.replace(
        message,
        time=dated.time,
        time_from=dated.how if dated.by_relay else dated.how + _moved_words(moved),
        clock_moved_s=moved.seconds,
        clock_within_s=moved.within_s,
        zone_within_s=dated.doubt_s,
        by_relay=dated.by_relay,
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
    zones = zones_of(context)
    for indices in by_host.values():
        forward = _is_forward([_shown_around(messages[i], dated[i].time, zones) for i in indices])
        ordered = indices if forward else indices[::-1]
        lines = [(messages[i], dated[i].time, dated[i].unset) for i in ordered]
        moved = moved_after(
            lines,
            marked=marked,
            in_order=context.in_order and forward,
            to_utc=lambda reading: _shown_to_utc(reading, zones),
        )
        for index, to in zip(ordered, moved, strict=True):
            found[index] = to
    return found


class ClockTime(Struct, frozen=True, kw_only=True, gc=False):
    """What `show clock` says, in UTC.

    `zone_min` is what its zone's name means, where the collector's clock tells; `others_s` by how much later it is by
    what the name may mean as well, where nothing tells.
    """

    at: datetime
    zone_min: int | None = None
    others_s: tuple[float, ...] = ()


def read_clock(
    reading: ClockReading, config: ConfigFacts | None = None, asked_at: datetime | None = None
) -> ClockTime | None:
    """What `show clock` says, in UTC; None where the clock was never set or the numbers are no date.

    `asked_at`: when it was, by the collector's clock.
    """
    wall = None if never_set(reading) else wall_time(reading.year, reading)
    if wall is None:
        return None
    zones = Zones(config)
    minutes = zones.clock_offset(reading.zone, wall)
    at = _shift(wall, minutes)
    if at is None or reading.zone is None or zones.configures(reading.zone):
        return ClockTime(at=at) if at is not None else None
    name = reading.zone.upper()
    others_s = tuple(60.0 * (minutes - other) for other in meanings(name)[1:])
    if name not in ZONE_OFFSETS_MIN:
        others_s = ANY_ZONE_S
    elif others_s and asked_at is not None:
        later_s = min((0.0, *others_s), key=lambda s: abs((at - asked_at).total_seconds() + s))
        if abs((at - asked_at).total_seconds() + later_s) <= _ZONE_TOLD_S:
            return ClockTime(at=at + timedelta(seconds=later_s), zone_min=minutes - round(later_s / 60))
    return ClockTime(at=at, others_s=others_s)


def clock_to_utc(reading: ClockReading, config: ConfigFacts | None = None) -> datetime | None:
    """The same time alone, by the usual meaning of the zone's name."""
    shown = read_clock(reading, config)
    return shown.at if shown is not None else None


def _shown_to_utc(reading: ClockReading, zones: Zones) -> datetime | None:
    wall = wall_time(reading.year, reading)
    return _shift(wall, zones.clock_offset(reading.zone, wall)) if wall is not None else None


def never_set(reading: ClockReading) -> bool:
    """Whether the clock runs since the boot from the manufacturer's date and was never set."""
    return reading.mark == "*" and reading.year <= UNSET_YEAR_MAX


class _Dated(Struct):
    time: datetime | None
    how: str
    stamp: Stamp | None = None
    year_assumed: bool = False
    anchor: datetime | None = None
    """The moment at which the log was read, for a year that is assumed."""
    unset: bool = False
    by_relay: bool = False
    doubt_s: float = 0.0
    """By how much the time may be off beside the clock's, because its zone is a guess."""


class _Calendar:
    """Dates the messages of one log, each by itself."""

    def __init__(self, messages: Sequence[LogMessage], context: TimeContext) -> None:
        self._context = context
        self._zones = zones_of(context)
        self._relay_zones = Zones(None)
        self._clock_unset = context.clock is not None and never_set(context.clock)
        self._clock = (
            _shown_to_utc(context.clock, self._zones) if context.clock is not None and not self._clock_unset else None
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
            how = f"{origin}; {zone.how}" if time else f"{origin} is no date"
            return _Dated(time, how, stamp, doubt_s=zone.doubt_s)
        return self._yearless(message, stamp, origin, relay=relay)

    def _yearless(self, message: LogMessage, stamp: Stamp, origin: str, *, relay: bool) -> _Dated:
        anchor, known_by = self._anchor(message)
        if anchor is None:
            return _Dated(None, f"{origin} without a year, and nothing around it tells one", stamp)
        time, zone = self._latest(stamp, anchor, relay=relay)
        if time is None:
            return _Dated(None, f"{origin} is no date", stamp)
        how = f"{origin}; year from {known_by}; {zone.how}"
        return _Dated(time, how, stamp, year_assumed=True, anchor=anchor, doubt_s=zone.doubt_s)

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
        for year in range(first, anchor.year - _YEARS_BACK, -1):
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
        return _shift(wall, zone.minutes), zone


def _set_beside_the_device(messages: Sequence[LogMessage], dated: list[_Dated], *, known: bool) -> None:
    """Lines with a syslog server's stamp alone: where its zone is a guess, lines with both stamps tell it.

    Then the time is by the device's clock like those. `known`: whether anything says what that clock is to others.
    """
    if all(message.stamp is not None or message.relay_stamp is None for message in messages):
        return
    ahead: dict[str | None, timedelta] = {}
    waiting: dict[str | None, list[_Dated]] = {}
    for message, entry in zip(messages, dated, strict=True):
        relay = message.relay_stamp
        if relay is None or entry.time is None or _states_zone(relay):
            entry.by_relay = relay is not None and message.stamp is None
            continue
        if message.stamp is None:
            waiting.setdefault(message.host, []).append(entry)
        elif (wall := wall_near(relay, entry.time)) is not None:
            ahead[message.host] = wall.replace(tzinfo=UTC) - entry.time
        if message.host in ahead:
            _set_back(waiting.pop(message.host, ()), ahead[message.host])
    for entry in (e for entries in waiting.values() for e in entries):
        entry.by_relay = True
        entry.doubt_s = ZONE_DOUBT_S if known else 0.0


def _take_servers_time(messages: Sequence[LogMessage], dated: list[_Dated]) -> None:
    """Where the device's stamp is no time of day, a syslog server's that states its zone says when the line came."""
    zones = Zones(None)
    for message, entry in zip(messages, dated, strict=True):
        relay, stamp = message.relay_stamp, entry.stamp
        if relay is None or stamp is None or entry.time is not None or not (entry.unset or stamp.kind == "uptime"):
            continue
        wall = wall_time(relay.year, relay) if relay.year is not None and _states_zone(relay) else None
        zone = zones.printed(relay) if wall is not None else None
        if wall is not None and zone is not None and (at := _shift(wall, zone.minutes)) is not None:
            entry.time, entry.by_relay, entry.doubt_s = at, True, 0.0
            entry.how = f"syslog server's stamp; {zone.how}; {entry.how}"


def _states_zone(stamp: Stamp) -> bool:
    return stamp.zone is not None or stamp.utc_offset_min is not None


def _set_back(entries: Iterable[_Dated], ahead: timedelta) -> None:
    for entry in entries:
        if entry.time is not None:
            entry.time -= ahead
            entry.how += f"; set beside the device's clock, by {-ahead.total_seconds():+.0f} s, as lines with both tell"


def _tell_second_hours(messages: Sequence[LogMessage], dated: list[_Dated], zones: Zones) -> None:
    """Of the hour that comes twice as summer time ends, what stands below a later line is of the second."""
    if not zones.log_is_local:
        return
    last: dict[str | None, datetime] = {}
    for message, entry in zip(messages, dated, strict=True):
        stamp, change = message.stamp, clock_set(message)
        if change is not None:
            last.pop(message.host, None)
        if entry.time is None or stamp is None or stamp.zone or stamp.utc_offset_min is not None:
            continue
        wall = wall_time(entry.time.year, stamp)
        later = zones.comes_again(wall) if wall is not None else None
        before = last.get(message.host)
        if later is not None and before is not None and timedelta(0) < before - entry.time < later:
            entry.time += later
            entry.how += "; the second time that this hour came"
        last[message.host] = entry.time


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
            _follow_leap_days(entries)


def _runs_forward(entries: list[_Dated]) -> bool:
    """Whether most lines are later than the one before; some exports have the newest line first."""
    return _is_forward([(e.time, e.time) for e in entries])


def _is_forward(shown: Sequence[tuple[datetime | None, datetime | None]]) -> bool:
    """The same, by what the clock showed before each line and at it."""
    steps = [(b - a) for (_, a), (b, _) in pairwise(shown) if a is not None and b is not None]
    return sum(s > timedelta(0) for s in steps) >= sum(timedelta(0) > s > -_NEW_YEAR_STEP for s in steps)


def _shown_around(message: LogMessage, time: datetime | None, zones: Zones) -> tuple[datetime | None, datetime | None]:
    """What the clock showed before a line and at it: another time where the line says that the clock was set."""
    change = clock_set(message)
    return (_shown_to_utc(change.before, zones), time) if change is not None else (time, time)


def _count_back(entries: list[_Dated]) -> None:
    limit: datetime | None = None
    for entry in reversed(entries):
        while limit is not None and entry.time is not None and entry.time - limit > _NEW_YEAR_STEP:
            earlier = _year_before(entry.time)
            if earlier is None:
                break
            entry.time = earlier
        limit = entry.time


def _follow_leap_days(entries: list[_Dated]) -> None:
    """29 February names its year, and that of the lines that follow it without a gap of more than a month.

    But for lines that go on without such a gap into a later year, or until the log was read.
    """
    for n, leap in enumerate(entries):
        if leap.time is None or (leap.time.month, leap.time.day) != (2, 29):
            continue
        run, last = [], leap.time
        for entry in entries[n + 1 :]:
            time = _in_year(entry.time, leap.time.year)
            if time is None or entry.time == time or not timedelta(0) <= time - last <= _LEAP_RUN:
                break
            run.append((entry, time))
            last = time
        rest = entries[n + 1 + len(run) :]
        then, after = run[-1][0].time if run else None, rest[0].time if rest else leap.anchor
        if then is not None and after is not None and abs(after - then) > _LEAP_RUN:
            for entry, time in run:
                entry.time = time
                entry.how += "; of the year of the leap day before it"


def _in_year(time: datetime | None, year: int) -> datetime | None:
    try:
        return time.replace(year=year) if time is not None else None
    except ValueError:
        return None


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
