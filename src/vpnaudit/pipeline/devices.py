"""From snapshots to devices: captures read by their platform's parser, log lines dated, the newest of each command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, structs

from vpnaudit.correlate.clocks import set_clocks
from vpnaudit.correlate.peers import own_addresses
from vpnaudit.model.config import ConfigFacts
from vpnaudit.model.device import Device
from vpnaudit.model.facts import Coverage, Parsed, ParsedCapture, Parser, UnparsedLine
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.platform import Platform
from vpnaudit.model.snapshot import Capture, DeviceCaptures, Problem, Snapshot
from vpnaudit.model.system import ClockReading
from vpnaudit.parse.clock_sets import is_clock_set
from vpnaudit.parse.logs import scan
from vpnaudit.parse.times import TimeContext, clock_to_utc, date_logs, parse_trace_stamp
from vpnaudit.pipeline.folded import read_folded
from vpnaudit.pipeline.foreign_lines import sort_lines
from vpnaudit.pipeline.newest import newest_and_past
from vpnaudit.platforms.registry import platform, resolve_command, tell_platform
from vpnaudit.snapshot.rotation import by_age

LONGEST_SHOWN = 2048
CLOCK_COMMANDS = ("show clock", "show clock detail")
BUFFER_COMMAND = "show logging"
LOG_COMMANDS = (BUFFER_COMMAND, "syslog", "console-log")


class Read(Struct, frozen=True, kw_only=True, gc=False):
    """Everything that was read: the newest of each device, what is older, what the newest clocks showed, problems."""

    devices: tuple[Device, ...]
    older: tuple[Device, ...]
    readings: dict[str, datetime]
    problems: tuple[Problem, ...]


def read_devices(snapshots: Sequence[Snapshot], now: datetime) -> Read:
    """Parse every capture. Of several snapshots the newest of each device is judged, older ones feed the ledger."""
    newest, past = newest_and_past(snapshots, _clock_of)
    problems = [p for s in snapshots for p in s.problems]
    devices: list[Device] = []
    older: list[Device] = []
    readings: dict[str, datetime] = {}
    foreign: dict[str, list[tuple[Capture, Snapshot]]] = {}
    for captures, snapshot in newest:
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
    older += [_earlier(captures, snapshot, now) for captures, snapshot in past]
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
    clocks = [clock for c in shown if (clock := parse_capture(c, found).parsed.facts.clock) is not None]
    return max((at for clock in clocks if (at := clock_to_utc(clock)) is not None), default=None)


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
    clock = next((p.parsed.facts.clock for p in parsed if p.parsed.facts.clock is not None), None)
    reading = clock_to_utc(clock, config) if clock is not None else None
    known = _Clock(shown=clock, config=config, platform=found)
    not_asked = _canonical(captures, found)
    has_log = any(p.capture.command in LOG_COMMANDS for p in parsed)
    missing = tuple(c for c in _missing(parsed, found) if c not in not_asked or (c in LOG_COMMANDS and not has_log))
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
        captures=tuple(
            _with_trace_times(_with_probe_times(p, config), reading, config)
            for p in parsed
            if p.capture.command not in LOG_COMMANDS
        ),
        log_captures=_dated([p for p in parsed if p.capture.command in LOG_COMMANDS], known, snapshot, now),
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
    clock = device.clock[1] if device.clock else None
    config = device.config[1] if device.config else None
    ordered = sorted(captures, key=lambda c: (c.command, *_by_folder_and_age(c.file), c.first_line))
    known = _Clock(shown=clock, config=config, platform=found)
    more = tuple(parse_capture(c, found) for c in ordered)
    whole = (*device.log_captures, *more)
    if any(is_clock_set(m) for c in whole for m in c.parsed.facts.messages):
        dated = _dated(whole, known, logs, now)
    else:
        dated = (*device.log_captures, *_dated(more, known, logs, now))
    missing = tuple(c for c in device.missing if c not in LOG_COMMANDS or c not in device.not_asked)
    made_whole = missing != device.missing and not missing and device.error is None
    return structs.replace(
        device,
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
    capture = parsed.capture
    noted = capture.answered_at is not None or bool(capture.text.strip())
    return noted and not (parsed.parsed.refused or parsed.parsed.facts.cut or capture.refused or capture.argument)


def _answered_in_detail(command: str, answered: set[str], refused: set[str]) -> bool:
    """A folder that somebody kept may have only the detail form, which says all that the plain one does."""
    return command not in refused and f"{command} detail" in answered


class _Clock(Struct, frozen=True, kw_only=True, gc=False):
    """What the times of a device's log are told by."""

    shown: ClockReading | None
    config: ConfigFacts | None
    platform: Platform | None

    @property
    def log_zone(self) -> str | None:
        """The zone of its log, where the platform stamps it in the clock's own."""
        local = self.platform is not None and self.platform.defaults is not None and self.platform.defaults.log_is_local
        return self.shown.zone if local and self.shown is not None else None


def _dated(
    logs: Sequence[ParsedCapture], known: _Clock, snapshot: Snapshot, now: datetime
) -> tuple[ParsedCapture, ...]:
    """The logs of one device, dated together: each may tell what was done to the clock of all."""
    contexts = (_time_context(log.capture, known, snapshot, now) for log in logs)
    dated = date_logs([(log.parsed.facts.messages, context) for log, context in zip(logs, contexts, strict=True)])
    return tuple(_with_messages(log, messages) for log, messages in zip(logs, dated, strict=True))


def _time_context(capture: Capture, known: _Clock, snapshot: Snapshot, now: datetime) -> TimeContext:
    return TimeContext(
        clock=known.shown,
        config=known.config,
        log_zone=known.log_zone,
        collected_at=capture.answered_at or snapshot.finished_at,
        modified_at=capture.modified_at,
        now=now,
        text=capture.text,
        in_order=capture.command == BUFFER_COMMAND,
    )


def _with_messages(log: ParsedCapture, messages: tuple[LogMessage, ...]) -> ParsedCapture:
    facts = structs.replace(log.parsed.facts, messages=messages)
    return ParsedCapture(capture=log.capture, parsed=structs.replace(log.parsed, facts=facts))


def _with_probe_times(parsed: ParsedCapture, config: ConfigFacts | None) -> ParsedCapture:
    """When each IP SLA operation last ran, in UTC."""
    results = parsed.parsed.facts.ip_sla
    if not results:
        return parsed
    times = [clock_to_utc(r.started, config) if r.started is not None else None for r in results]
    dated = tuple(structs.replace(r, started_at=at) for r, at in zip(results, times, strict=True))
    facts = structs.replace(parsed.parsed.facts, ip_sla=dated)
    return ParsedCapture(capture=parsed.capture, parsed=structs.replace(parsed.parsed, facts=facts))


def _with_trace_times(parsed: ParsedCapture, reading: datetime | None, config: ConfigFacts | None) -> ParsedCapture:
    """When each entry of an event trace was made, in UTC."""
    traces = parsed.parsed.facts.traces
    if not traces or reading is None:
        return parsed
    dated = tuple(structs.replace(t, at=parse_trace_stamp(t.stamp, reading, config)) if t.stamp else t for t in traces)
    facts = structs.replace(parsed.parsed.facts, traces=dated)
    return ParsedCapture(capture=parsed.capture, parsed=structs.replace(parsed.parsed, facts=facts))


def _unread(device: Device) -> list[Problem]:
    """Captures that no parser reads: said, not dropped."""
    if device.platform is None and device.captures:
        return [Problem(file=device.name, problem="the platform cannot be told from the captures")]
    return [
        Problem(file=c.capture.file, problem=f"no parser reads {c.capture.command!r} on {device.platform}")
        for c in device.captures
        if c.parsed.coverage.lines and not c.parsed.coverage.understood and not _has_parser(device, c)
    ]
