"""From snapshots to devices: captures read by their platform's parser, log lines dated, the newest of each command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from vpnaudit.correlate.clocks import set_clocks
from vpnaudit.correlate.peers import own_addresses
from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.device import BUFFER_COMMAND, Device
from vpnaudit.model.facts import Coverage, Parsed, ParsedCapture, Parser, UnparsedLine
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.platform import Platform
from vpnaudit.model.snapshot import Capture, DeviceCaptures, Problem, Snapshot
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.clock_reading import ClockTime, clock_to_utc, never_set, read_clock
from vpnaudit.parse.clock_sets import is_clock_set
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.times import date_logs
from vpnaudit.parse.trace_times import date_traces
from vpnaudit.pipeline.boxes import Running
from vpnaudit.pipeline.folded import read_folded
from vpnaudit.pipeline.foreign_lines import sort_lines
from vpnaudit.pipeline.newest import newest_and_past
from vpnaudit.platforms.registry import platform, resolve_command, tell_platform
from vpnaudit.snapshot.rotation import by_age, log_name

LONGEST_SHOWN = 2048
OWN_CLOCK_S = 7200.0
"""By how much a clock may be off that somebody set: a change of hour, and what it gained since."""
CLOCK_COMMANDS = ("show clock", "show clock detail")
LOG_COMMANDS = (BUFFER_COMMAND, "syslog", "console-log")


class Read(Struct, frozen=True, kw_only=True, gc=False):
    """Everything that was read: the newest of each device, what is older, what the newest clocks showed, problems."""

    devices: tuple[Device, ...]
    older: tuple[Device, ...]
    readings: dict[str, datetime]
    problems: tuple[Problem, ...]


def read_devices(snapshots: Sequence[Snapshot], now: datetime) -> Read:
    """Parse every capture. Of several snapshots the newest of each device is judged, older ones feed the ledger."""
    chosen = newest_and_past(snapshots, _clock_of, _running_of)
    problems = [*(p for s in snapshots for p in s.problems), *chosen.problems]
    devices: list[Device] = []
    older: list[Device] = []
    readings: dict[str, datetime] = {}
    foreign: dict[str, list[tuple[Capture, Snapshot]]] = {}
    for captures, snapshot in chosen.newest:
        current, earlier = _split_repeats(captures)
        device, reading = _device(current, snapshot, now)
        device, others = _without_foreign_lines(device, reading, snapshot, now)
        for address, capture in others:
            foreign.setdefault(address, []).append((capture, snapshot))
        devices.append(device)
        if reading is not None:
            readings[device.name] = reading
        if earlier.captures:
            older.append(_earlier(earlier, snapshot, now))
        problems += _unread(device)
    older += [_earlier(captures, snapshot, now) for captures, snapshot in chosen.past]
    return Read(
        devices=_with_foreign_lines(devices, foreign, now),
        older=tuple(older),
        readings=readings,
        problems=tuple(problems),
    )


def _clock_of(captures: DeviceCaptures) -> datetime | None:
    """What the device's own clock said; its zone by the capture alone."""
    shown = [c for c in captures.captures if c.command in CLOCK_COMMANDS][-2:]  # the newest, and its detail form
    found = platform(captures.platform) if shown and captures.platform else None
    clocks = [clock for c in shown if (clock := _read_clock(parse_capture(c, found), None)) is not None]
    return max((clock.at for clock in clocks), default=None)


def _running_of(captures: DeviceCaptures) -> Running | None:
    """Since when a box was up as it was read: by the collector's clock, else by its own where that is set."""
    found = platform(captures.platform) if captures.platform else None
    version = next((c for c in reversed(captures.captures) if c.command == "show version"), None)
    facts = parse_capture(version, found).parsed.facts.version if found is not None and version is not None else None
    if version is None or facts is None or facts.uptime_s is None:
        return None
    if version.asked_at is not None:
        return Running(since=version.asked_at - timedelta(seconds=facts.uptime_s), at=version.asked_at, within_s=60.0)
    for capture in (c for c in reversed(captures.captures) if c.command in CLOCK_COMMANDS):
        clock = parse_capture(capture, found)
        read = _read_clock(clock, None)
        if read is None or read.others_s or clock.parsed.facts.clock is None or clock.parsed.facts.clock.mark:
            continue
        within_s = 60.0 if _is_synchronized(captures, found) else OWN_CLOCK_S
        return Running(since=read.at - timedelta(seconds=facts.uptime_s), at=read.at, within_s=within_s)
    return None


def _is_synchronized(captures: DeviceCaptures, found: Platform | None) -> bool:
    shown = (parse_capture(c, found).parsed.facts.ntp for c in captures.captures if c.command.startswith("show ntp"))
    return any(ntp is not None and ntp.synchronized for ntp in shown)


def _read_clock(parsed: ParsedCapture | None, config: ConfigFacts | None) -> ClockTime | None:
    """What `show clock` says, by the configuration and by when it was asked."""
    if parsed is None or parsed.parsed.facts.clock is None:
        return None
    capture = parsed.capture
    return read_clock(parsed.parsed.facts.clock, config, capture.answered_at if capture.asked_at is not None else None)


def _split_repeats(captures: DeviceCaptures) -> tuple[DeviceCaptures, DeviceCaptures]:
    """The newest capture of each command (and argument); earlier ones of the same command apart. Logs all count."""
    current: dict[tuple[str, str], Capture] = {}
    logs: list[Capture] = []
    earlier: list[Capture] = []
    for capture in captures.captures:
        if capture.command in LOG_COMMANDS:
            logs.append(capture)
            continue
        key = (capture.command, capture.argument)
        known = current.get(key)
        if known is not None:
            earlier.append(known)
        current[key] = capture
    ordered = sorted(current.values(), key=lambda c: (bool(c.argument), c.command, c.argument))
    logs.sort(key=lambda c: (c.command, *_by_folder_and_age(c.file), c.first_line))
    return structs.replace(captures, captures=(*ordered, *logs)), structs.replace(captures, captures=tuple(earlier))


def _by_folder_and_age(file: str) -> tuple[str, object]:
    """Of rotated files of one log the oldest comes first."""
    folder, _, name = file.rpartition("/")
    return folder, by_age(name)


def _device(captures: DeviceCaptures, snapshot: Snapshot, now: datetime) -> tuple[Device, datetime | None]:
    told = captures.platform or tell_platform([c.text for c in captures.captures])
    found = platform(told) if told else None
    parsed = tuple(parse_capture(c, found) for c in captures.captures)
    config = next((p.parsed.facts.config for p in parsed if p.parsed.facts.config is not None), None)
    clock = next((p for p in parsed if p.parsed.facts.clock is not None), None)
    read = _read_clock(clock, config)
    reading = read.at if read is not None else None
    known = _Clock.of(clock, config, found)
    not_asked = _canonical(captures, found)
    logs = [p for p in parsed if p.capture.command in LOG_COMMANDS]
    answers = [_with_times(p, config) for p in parsed if p.capture.command not in LOG_COMMANDS]
    traced = _with_trace_times(answers, logs, known, snapshot, now)
    missing = tuple(c for c in _missing(parsed, found) if c not in not_asked or (c in LOG_COMMANDS and not logs))
    device = Device(
        name=captures.name,
        platform=found.name if found else told,
        defaults=found.defaults if found else None,
        address=captures.address,
        assessable=found.assessable if found else False,
        status="partial" if missing and captures.status == "complete" else captures.status,
        error=captures.error,
        missing=missing,
        not_asked=not_asked,
        captures=tuple(traced),
        log_captures=_dated(logs, known, snapshot, now),
        clock_others_s=read.others_s if read is not None else (),
    )
    return device, reading


def _without_foreign_lines(
    device: Device, reading: datetime | None, snapshot: Snapshot, now: datetime
) -> tuple[Device, list[tuple[str, Capture]]]:
    """The device with its own lines alone; and the others, by the address of the device that logged them."""
    kept: list[ParsedCapture] = []
    others: list[tuple[str, Capture]] = []
    for parsed in device.log_captures:
        found = sort_lines(device, parsed, reading)
        others += found.foreign
        if not found.foreign:
            kept.append(parsed)
        elif found.own is not None:
            kept += with_logs(structs.replace(device, log_captures=()), (found.own,), snapshot, now).log_captures
    return (structs.replace(device, log_captures=tuple(kept)) if others else device), others


def _with_foreign_lines(
    devices: Sequence[Device], foreign: Mapping[str, Sequence[tuple[Capture, Snapshot]]], now: datetime
) -> tuple[Device, ...]:
    """The lines to the device that has the address; where none has, or several, to one of that name."""
    found = list(devices)
    for address, pasted in sorted(foreign.items()):
        owners = [n for n, d in enumerate(found) if d.name == address or address in own_addresses(d)]
        if len(owners) != 1:
            captures = DeviceCaptures(name=address, address=address, captures=tuple(capture for capture, _ in pasted))
            found.append(_device(captures, pasted[0][1], now)[0])
            continue
        owner = found[owners[0]]
        for capture, snapshot in pasted:
            owner = with_logs(owner, (structs.replace(capture, device=owner.name),), snapshot, now)
        found[owners[0]] = owner
    return tuple(found)


def _earlier(captures: DeviceCaptures, snapshot: Snapshot, now: datetime) -> Device:
    """The device as an earlier collection has it, with the time of that: the collector's, else the device's own.

    Its clock's offset is that of then: it may have been set since.
    """
    device, reading = _device(captures, snapshot, now)
    (then,) = set_clocks((device,), {device.name: reading} if reading is not None else {})
    return structs.replace(then, taken_at=then.taken_at or reading)


def _canonical(captures: DeviceCaptures, found: Platform | None) -> tuple[str, ...]:
    """What the collection left out on purpose, in canonical words. A filtered form has no part in it."""
    name = found.name if found else None
    told = (resolve_command(name, entry.command) for entry in captures.not_asked)
    return tuple(sorted({typed[0] for typed in told if typed is not None and not typed[1]}))


def with_logs(device: Device, captures: Sequence[Capture], logs: Snapshot, now: datetime) -> Device:
    """The device with further logs of it, dated by what is known of its clock; a buffer not asked is then no gap."""
    found = platform(device.platform) if device.platform else None
    config = device.config[1] if device.config else None
    ordered = sorted(captures, key=lambda c: (c.command, *_by_folder_and_age(c.file), c.first_line))
    known = _Clock.of(device.clock[0] if device.clock else None, config, found)
    more = tuple(parse_capture(c, found) for c in ordered)
    whole = (*device.log_captures, *more)
    answers: Sequence[ParsedCapture] = device.captures
    if any(is_clock_set(m) for c in whole for m in c.parsed.facts.messages):
        dated = _dated(whole, known, logs, now)
        answers = _with_trace_times(answers, whole, known, logs, now)
    else:
        dated = (*device.log_captures, *_dated(more, known, logs, now))
    missing = tuple(c for c in device.missing if c not in LOG_COMMANDS or c not in device.not_asked)
    made_whole = missing != device.missing and not missing and device.error is None
    return structs.replace(
        device,
        captures=tuple(answers),
        log_captures=dated,
        missing=missing,
        status="complete" if made_whole else device.status,
    )


def parse_capture(capture: Capture, found: Platform | None) -> ParsedCapture:
    """Read one capture by its platform's parser for the command; logs are read whatever the platform."""
    if capture.command in LOG_COMMANDS:
        spec = _spec(found, "show logging") if capture.command == "show logging" else None
        parsed = spec(capture.text) if spec and not capture.numbers else scan(capture.text, capture.numbers)
        return ParsedCapture(capture=capture, parsed=parsed)
    parser = _spec(found, capture.command)
    if parser is None:
        return ParsedCapture(capture=capture, parsed=_unread_text(capture.text))
    return read_folded(capture, parser, parser(capture.text))


def _unread_text(text: str) -> Parsed:
    """What no parser reads: every line of it is one that was not understood."""
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    shown = tuple(UnparsedLine(line=n, text=line[:LONGEST_SHOWN]) for n, line in lines)
    return Parsed(coverage=Coverage(lines=len(lines), understood=0, unparsed=shown))


def _has_parser(device: Device, capture: ParsedCapture) -> bool:
    found = platform(device.platform) if device.platform else None
    return _spec(found, capture.capture.command) is not None


def _spec(found: Platform | None, command: str) -> Parser | None:
    if found is None:
        return None
    return next((c.parse for c in found.commands if command == c.command or command in c.other_forms), None)


def _missing(parsed: Iterable[ParsedCapture], found: Platform | None) -> tuple[str, ...]:
    """Needed commands that were not answered whole."""
    if found is None:
        return ()
    answered = {p.capture.command for p in parsed if _is_whole_answer(p)}
    refused = {p.capture.command for p in parsed if p.parsed.refused or p.capture.refused}
    needed = [c.command for c in found.commands if c.needed]
    gaps = [c for c in needed if c not in answered and not _answered_in_detail(c, answered, refused)]
    return tuple(gaps)


def _is_whole_answer(parsed: ParsedCapture) -> bool:
    """Not refused, not cut, not filtered; and where nobody noted that the device answered, not an empty file."""
    capture, facts = parsed.capture, parsed.parsed.facts
    noted = capture.answered_at is not None or bool(capture.text.strip())
    cut = facts.cut or (facts.config is not None and not facts.config.whole)
    return noted and not (parsed.parsed.refused or cut or capture.refused or capture.argument)


def _answered_in_detail(command: str, answered: set[str], refused: set[str]) -> bool:
    """A folder that somebody kept may have only the detail form, which says all that the plain one does."""
    return command not in refused and f"{command} detail" in answered


class _Clock(Struct, frozen=True, kw_only=True, gc=False):
    """What the times of a device's log are told by."""

    shown: ClockReading | None
    zone_min: int | None
    config: ConfigFacts | None
    platform: Platform | None

    @classmethod
    def of(cls, clock: ParsedCapture | None, config: ConfigFacts | None, found: Platform | None) -> _Clock:
        """By the answer to `show clock`."""
        read = _read_clock(clock, config)
        return cls(
            shown=clock.parsed.facts.clock if clock is not None else None,
            zone_min=read.zone_min if read is not None else None,
            config=config,
            platform=found,
        )

    @property
    def log_zone(self) -> str | None:
        """The zone of its log, where the platform stamps it in the clock's own."""
        local = self.platform is not None and self.platform.defaults is not None and self.platform.defaults.log_is_local
        return self.shown.zone if local and self.shown is not None else None


def _dated(
    logs: Sequence[ParsedCapture], known: _Clock, snapshot: Snapshot, now: datetime
) -> tuple[ParsedCapture, ...]:
    """The logs of one device, dated together: each may tell what was done to the clock of all."""
    lines = [(log.parsed.facts.messages, _time_context(log.capture, known, snapshot, now)) for log in logs]
    dated = date_logs(lines, _files_of_one(logs))
    return tuple(_with_messages(log, messages) for log, messages in zip(logs, dated, strict=True))


def _files_of_one(logs: Sequence[ParsedCapture]) -> list[list[int]]:
    """The logs, by number, that are the files of one which a server rotates, the oldest first.

    Two files of one age (`messages.1` and a copy of it, `messages.1.gz`) are two logs.
    """
    families: dict[tuple[str, str, str], dict[str, list[int]]] = {}
    for number, log in enumerate(logs):
        capture = log.capture
        folder, _, name = capture.file.rpartition("/")
        if capture.command != BUFFER_COMMAND:
            family = families.setdefault((capture.command, folder, log_name(name).own), {})
            family.setdefault(name, []).append(number)
    return [
        [number for name in sorted(files, key=by_age) for number in files[name]]
        for files in families.values()
        if len(files) > 1 and _of_several_ages(files)
    ]


def _of_several_ages(names: Iterable[str]) -> bool:
    ages = [(found.day, found.number) for found in map(log_name, names)]
    dated = any(day is not None for day, _ in ages)
    return len(set(ages)) == len(ages) and not (dated and any(number for _, number in ages))


def _time_context(capture: Capture, known: _Clock, snapshot: Snapshot, now: datetime) -> TimeContext:
    return TimeContext(
        clock=known.shown,
        clock_zone_min=known.zone_min,
        config=known.config,
        log_zone=known.log_zone,
        collected_at=capture.answered_at or snapshot.finished_at,
        modified_at=capture.modified_at,
        rotated_at=log_name(capture.file.rpartition("/")[2]).day if capture.command != BUFFER_COMMAND else None,
        now=now,
        text=capture.text,
        in_order=capture.command == BUFFER_COMMAND,
    )


def _with_messages(log: ParsedCapture, messages: tuple[LogMessage, ...]) -> ParsedCapture:
    facts = structs.replace(log.parsed.facts, messages=messages)
    return ParsedCapture(capture=log.capture, parsed=structs.replace(log.parsed, facts=facts))


def _with_times(parsed: ParsedCapture, config: ConfigFacts | None) -> ParsedCapture:
    """When each IP SLA operation last ran and when a failover pair last switched, in UTC."""
    facts = parsed.parsed.facts
    if not facts.ip_sla and facts.failover is None:
        return parsed
    times = [clock_to_utc(r.started, config) if r.started is not None else None for r in facts.ip_sla]
    dated = tuple(structs.replace(r, started_at=at) for r, at in zip(facts.ip_sla, times, strict=True))
    failover = facts.failover
    if failover is not None and failover.last is not None:
        failover = structs.replace(failover, last_at=clock_to_utc(failover.last, config))
    facts = structs.replace(facts, ip_sla=dated, failover=failover)
    return ParsedCapture(capture=parsed.capture, parsed=structs.replace(parsed.parsed, facts=facts))


def _with_trace_times(
    answers: Sequence[ParsedCapture], logs: Sequence[ParsedCapture], known: _Clock, snapshot: Snapshot, now: datetime
) -> list[ParsedCapture]:
    """When each entry of an event trace was made, by the clock and by what the logs tell of it."""
    unset = known.shown is None or never_set(known.shown)
    if unset or not any(a.parsed.facts.traces for a in answers):
        return list(answers)
    told = [(log.parsed.facts.messages, _time_context(log.capture, known, snapshot, now)) for log in logs]
    found = []
    for answer in answers:
        facts = answer.parsed.facts
        if facts.traces:
            traces = date_traces(facts.traces, _time_context(answer.capture, known, snapshot, now), told)
            parsed = structs.replace(answer.parsed, facts=structs.replace(facts, traces=traces))
            answer = ParsedCapture(capture=answer.capture, parsed=parsed)  # noqa: PLW2901 - the same, dated
        found.append(answer)
    return found


def _unread(device: Device) -> list[Problem]:
    """Captures that no parser reads: said, not dropped."""
    if device.platform is None and device.captures:
        return [Problem(file=device.name, problem="the platform cannot be told from the captures")]
    return [
        Problem(file=c.capture.file, problem=f"no parser reads {c.capture.command!r} on {device.platform}")
        for c in device.captures
        if c.parsed.coverage.lines and not c.parsed.coverage.understood and not _has_parser(device, c)
    ]
