"""From stamps to times: which year, which zone, and how that is known (DESIGN 6, "Times"). Pure.

Missing year: from the device's clock, else a date in the same text, else the file's time, else now: the latest year
that is not more than a day ahead. Missing zone: what the configuration says the log uses (UTC unless `localtime`), else
UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from vpnaudit.model.logs import RESTART_TAG, LogMessage, Stamp
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.clock_reading import shown_to_utc
from vpnaudit.parse.clock_sets import Moved, clock_set, clocks_then, moved_after, wall_time
from vpnaudit.parse.dated import Calendar, Dated, TimeContext, zones_of
from vpnaudit.parse.log_zones import ZONE_DOUBT_S, Zones
from vpnaudit.parse.told_elsewhere import Mixed, Told, mix, told_changes, wall_near
from vpnaudit.parse.two_stamps import moved_by_server, server_time, states_zone
from vpnaudit.parse.years import is_forward, turn_years

_UNSET_RUN_GAP = timedelta(days=31)
_BOOT_MINUTES = 10
"""A router says that it has started within so many minutes."""


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
    calendars = {n: Calendar(messages, around[n]) for n, messages in of_file.items()}
    thens = clocks_then(log.messages)
    lines = zip(log.messages, thens, log.contexts, strict=True)
    dated = [calendars[id(context)].date(message, then) for message, then, context in lines]
    turn_years(log.messages, dated)
    _tell_unset_by_restart(log.messages, dated)
    _spread_unset(log.messages, dated)
    _set_beside_the_device(log.messages, dated, known=log.newest.clock is not None)
    _tell_second_hours(log.messages, dated, zones_of(log.newest))
    moved = moved_by_server(log.messages, dated, _moved(log.messages, dated, log.newest))
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
        at = shown_to_utc(reading, zones)
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


def _with_time(message: LogMessage, dated: Dated, moved: Moved) -> LogMessage:
    return msgspec.structs.replace(
        message,
        time=dated.time,
        time_from=dated.how if dated.by_relay else dated.how + _moved_words(moved),
        clock_moved_s=moved.seconds,
        clock_within_s=moved.within_s,
        zone_within_s=dated.doubt_s,
        by_relay=dated.by_relay,
        unset_time=moved.unset_time,
        since_boot_s=moved.since_boot_s if dated.since_boot_s is None else dated.since_boot_s,
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


def _moved(messages: Sequence[LogMessage], dated: Sequence[Dated], context: TimeContext) -> list[Moved]:
    """What was done to each line's clock later, host by host; some exports have the newest line first."""
    found = [Moved()] * len(messages)
    by_host: dict[str | None, list[int]] = {}
    for index, message in enumerate(messages):
        by_host.setdefault(message.host, []).append(index)
    marked = context.clock.mark == "*" if context.clock is not None else None
    zones = zones_of(context)
    for indices in by_host.values():
        forward = is_forward([_shown_around(messages[i], dated[i].time, zones) for i in indices])
        ordered = indices if forward else indices[::-1]
        lines = [(messages[i], dated[i].time, dated[i].unset) for i in ordered]
        moved = moved_after(
            lines,
            marked=marked,
            in_order=context.in_order and forward,
            to_utc=lambda reading: shown_to_utc(reading, zones),
        )
        for index, to in zip(ordered, moved, strict=True):
            found[index] = to
    return found


def _set_beside_the_device(messages: Sequence[LogMessage], dated: list[Dated], *, known: bool) -> None:
    """Lines with a syslog server's stamp alone: where its zone is a guess, lines with both stamps tell it.

    Then the time is by the device's clock like those. `known`: whether anything says what that clock is to others.
    """
    if all(message.stamp is not None or message.relay_stamp is None for message in messages):
        return
    ahead: dict[str | None, timedelta] = {}
    waiting: dict[str | None, list[Dated]] = {}
    for message, entry in zip(messages, dated, strict=True):
        relay = message.relay_stamp
        if relay is None or entry.time is None or states_zone(relay):
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


def _take_servers_time(messages: Sequence[LogMessage], dated: list[Dated]) -> None:
    """Where the device's stamp is no time of day, a syslog server's that states its zone says when the line came."""
    for message, entry in zip(messages, dated, strict=True):
        relay, stamp = message.relay_stamp, entry.stamp
        if relay is None or stamp is None or entry.time is not None or not (entry.unset or stamp.kind == "uptime"):
            continue
        told = server_time(relay)
        if told is not None:
            entry.time, entry.by_relay, entry.doubt_s = told[0], True, 0.0
            entry.how = f"syslog server's stamp; {told[1].how}; {entry.how}"


def _set_back(entries: Iterable[Dated], ahead: timedelta) -> None:
    for entry in entries:
        if entry.time is not None:
            entry.time -= ahead
            entry.how += f"; set beside the device's clock, by {-ahead.total_seconds():+.0f} s, as lines with both tell"


def _tell_second_hours(messages: Sequence[LogMessage], dated: list[Dated], zones: Zones) -> None:
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


def _shown_around(message: LogMessage, time: datetime | None, zones: Zones) -> tuple[datetime | None, datetime | None]:
    """What the clock showed before a line and at it: another time where the line says that the clock was set."""
    change = clock_set(message)
    return (shown_to_utc(change.before, zones), time) if change is not None else (time, time)


def _tell_unset_by_restart(messages: Sequence[LogMessage], dated: list[Dated]) -> None:
    """A clock without a battery starts at midnight, of a date that not all platforms share.

    A restart in its first minutes, by a clock that is marked, was at no such time where the next line without the mark
    is days away: the clock was set in between, and what it showed on the day of the restart it had counted.
    """
    for begin, end in _marked_runs(messages):
        told = next((n for n in range(begin, end) if _is_first_of_boot(messages[n])), None)
        after = dated[end].time if end < len(dated) else None
        first = dated[told].time if told is not None else None
        boot = messages[told].stamp if told is not None else None
        if first is None or boot is None or after is None or abs(after - first) <= timedelta(days=1):
            continue
        for message, entry in zip(messages[begin:end], dated[begin:end], strict=True):
            stamp = message.stamp
            if stamp is not None and (stamp.month, stamp.day) == (boot.month, boot.day):
                entry.since_boot_s = stamp.hour * 3600 + stamp.minute * 60 + stamp.second + stamp.microsecond / 1e6
                entry.time, entry.unset, entry.how = None, True, "stamp of a clock that was never set"


def _marked_runs(messages: Sequence[LogMessage]) -> list[tuple[int, int]]:
    """Lines that follow each other with a marked clock of one host: from the first to the one behind the last."""
    runs: list[tuple[int, int]] = []
    for n, message in enumerate(messages):
        if message.stamp is None or message.stamp.mark != "*" or message.stamp.kind != "datetime":
            continue
        goes_on = runs and runs[-1][1] == n and messages[n - 1].host == message.host
        runs[-1:] = [(runs[-1][0], n + 1)] if goes_on else [*runs[-1:], (n, n + 1)]
    return runs


def _is_first_of_boot(message: LogMessage) -> bool:
    stamp = message.stamp
    return message.tag == RESTART_TAG and stamp is not None and stamp.hour == 0 and stamp.minute < _BOOT_MINUTES


def _spread_unset(messages: Sequence[LogMessage], dated: list[Dated]) -> None:
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
