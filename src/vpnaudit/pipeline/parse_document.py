"""`vpnaudit parse`: what the parser makes of captures, as documents or for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from vpnaudit.errors import SourceError, UsageError
from vpnaudit.model.facts import Facts, ParsedCapture
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.parsed import (
    ParsedChild,
    ParsedEvent,
    ParsedFlow,
    ParsedIkeSa,
    ParsedIpsecSa,
    ParseDocument,
    ParsedTrace,
)
from vpnaudit.model.printable import printable
from vpnaudit.model.sa import IkeSa, IpsecFlow, IpsecSa
from vpnaudit.model.snapshot import Capture
from vpnaudit.model.spi import spi_text
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.times import date_messages
from vpnaudit.pipeline.devices import LOG_COMMANDS, parse_capture
from vpnaudit.pipeline.document import optional_utc_text
from vpnaudit.platforms.registry import platform as find_platform
from vpnaudit.platforms.registry import resolve_command, tell_platform
from vpnaudit.platforms.told_by_text import Commands
from vpnaudit.snapshot.archive import archive_kind
from vpnaudit.snapshot.read import read_source, read_text

LOG_FOLDERS = {"syslog", "console-log", "console_log"}


def parse_files(
    files: Sequence[Path], *, platform: str | None, command: str | None
) -> tuple[list[ParseDocument], list[str]]:
    """A document for each capture of each file, and a line for each file that could not be read.

    Raises UsageError where `platform` or `command` is unknown.
    """
    if platform is not None and find_platform(platform) is None:
        raise UsageError(f"--platform {platform}: unknown platform")
    documents: list[ParseDocument] = []
    problems: list[str] = []
    for file in files:
        try:
            documents += _parse_file(file, platform, command)
        except SourceError as error:
            problems.append(str(error))
    return documents, problems


def _parse_file(file: Path, platform: str | None, command: str | None) -> list[ParseDocument]:
    text = read_text(file)
    told_platform = platform or _platform_of(file)
    told_command = _command_of(command) if command is not None else _command_in_path(file)
    if told_command is not None and archive_kind(file) is None:
        name = told_platform or tell_platform([text]) or "cisco_ios"
        capture = Capture(
            device=file.stem, command=told_command[0], argument=told_command[1], text=text, file=str(file)
        )
        return [_document(str(file), name, capture)]
    captures = [
        (d.platform, c) for s in read_source(file, Commands(), tell_platform) for d in s.devices for c in d.captures
    ]
    if not captures:
        raise SourceError(str(file), "neither the path nor the text tells which command this answers; use --command")
    return [_document(str(file), platform or told or "cisco_ios", capture) for told, capture in captures]


def _command_of(command: str) -> tuple[str, str]:
    if command in LOG_FOLDERS:
        return (command.replace("_", "-"), "")
    found = resolve_command(None, command)
    if found is None:
        raise UsageError(f"--command {command!r}: no parser reads that command")
    return found


def _platform_of(file: Path) -> str | None:
    names = [find_platform(part) for part in file.absolute().parts[:-1]]
    return next((p.name for p in reversed(names) if p is not None), None)


def _command_in_path(file: Path) -> tuple[str, str] | None:
    """From `<device>/<command>.txt`, or from `<platform>/<command>/<any>.txt`."""
    parent = file.absolute().parent.name.lower()
    if parent in LOG_FOLDERS:
        return (parent.replace("_", "-"), "")
    if find_platform(file.absolute().parent.parent.name) is not None:
        found = resolve_command(None, parent)
        if found is not None:
            return found
    return resolve_command(None, file.name.partition(".")[0])


def _document(file: str, platform: str, capture: Capture) -> ParseDocument:
    parsed = parse_capture(capture, find_platform(platform))
    facts, coverage = parsed.parsed.facts, parsed.parsed.coverage
    crypto, other = _messages(parsed)
    return ParseDocument(
        schema_="vpnaudit.parse/1",
        file=file,
        platform=platform,
        command=" ".join(filter(None, (capture.command, capture.argument))),
        refused=parsed.parsed.refused,
        lines=coverage.lines,
        understood=coverage.understood,
        unparsed=coverage.unparsed,
        ipsec_sas=tuple(_ipsec(sa) for sa in facts.ipsec_sas),
        ipsec_flows=tuple(_flow(flow) for flow in facts.ipsec_flows),
        ike_sas=tuple(_ike(sa) for sa in facts.ike_sas),
        events=crypto,
        messages=other,
        traces=_traces(facts),
        **{name: getattr(facts, name) for name in SAME},
    )


SAME = (
    "sessions",
    "memory_pools",
    "crypto_maps",
    "ike_timeouts",
    "nbma_peers",
    "processes",
    "interfaces",
    "log_header",
    "clock",
    "ntp",
    "version",
    "config",
)


def _text(spi: int | None) -> str | None:
    return spi_text(spi) if spi is not None else None


def _ipsec(sa: IpsecSa) -> ParsedIpsecSa:
    values = {f: getattr(sa, f) for f in ParsedIpsecSa.__struct_fields__ if f != "spi"}
    return ParsedIpsecSa(spi=_text(sa.spi), **values)


def _flow(flow: IpsecFlow) -> ParsedFlow:
    values = {f: getattr(flow, f) for f in ParsedFlow.__struct_fields__ if f != "current_outbound_spi"}
    return ParsedFlow(current_outbound_spi=_text(flow.current_outbound_spi), **values)


def _ike(sa: IkeSa) -> ParsedIkeSa:
    values = {f: getattr(sa, f) for f in ParsedIkeSa.__struct_fields__ if f != "child_sas"}
    children = tuple(ParsedChild(direction=c.direction, spi=spi_text(c.spi)) for c in sa.child_sas)
    return ParsedIkeSa(child_sas=children, **values)


def _traces(facts: Facts) -> tuple[ParsedTrace, ...]:
    return tuple(
        ParsedTrace(line=t.line, action=t.action, spi=spi_text(t.spi), destination=t.destination, stamp=t.stamp)
        for t in facts.traces
    )


def _messages(parsed: ParsedCapture) -> tuple[tuple[ParsedEvent, ...], tuple[ParsedEvent, ...]]:
    if parsed.capture.command not in LOG_COMMANDS:
        return (), ()
    context = TimeContext(
        clock=None,
        config=None,
        collected_at=None,
        modified_at=parsed.capture.modified_at,
        now=datetime.now(UTC),
        text=parsed.capture.text,
    )
    dated = date_messages(parsed.parsed.facts.messages, context)
    crypto = tuple(_event(m) for m in dated if m.is_crypto)
    return crypto, tuple(_event(m) for m in dated if not m.is_crypto)


def _event(message: LogMessage) -> ParsedEvent:
    return ParsedEvent(
        line=message.line,
        tag=message.tag,
        time=optional_utc_text(message.time),
        spi=_text(message.spi),
        source=message.source,
        destination=message.destination,
        between=message.between,
        interface=message.interface,
        count=message.count,
        time_from=message.time_from,
        details=message.details,
    )


def json_lines(documents: Sequence[ParseDocument]) -> str:
    """One document a line."""
    return "".join(msgspec.json.encode(d).decode() + "\n" for d in documents)


def unparsed_lines(documents: Sequence[ParseDocument]) -> str:
    """`file:line: text` of every line that no template knows."""
    return "".join(f"{d.file}:{u.line}: {printable(u.text)}\n" for d in documents for u in d.unparsed)


def table(documents: Sequence[ParseDocument]) -> str:
    """For a person: what each capture is, its coverage, and every record with its line and fields."""
    return "\n".join(_page(d) for d in documents)


def _page(document: ParseDocument) -> str:
    head = (
        f"{document.file}: {document.command or 'unknown command'} on {document.platform or 'unknown platform'}, "
        f"{document.understood} of {document.lines} lines understood{', refused' if document.refused else ''}\n"
    )
    body = "".join(
        _records(name, value)
        for name, value in ((f, getattr(document, f)) for f in document.__struct_fields__)
        if name not in {"schema_", "file", "platform", "command", "refused", "lines", "understood", "unparsed"}
    )
    return head + body + "".join(f"  ? line {u.line}: {printable(u.text)}\n" for u in document.unparsed)


def _records(name: str, value: object) -> str:
    if value is None or value == ():
        return ""
    records = value if isinstance(value, tuple) else (value,)
    return f"  {name}\n" + "".join(f"    {_fields(r)}\n" for r in records)


def _fields(record: object) -> str:
    built = msgspec.to_builtins(record)
    shown = {k: v for k, v in built.items() if v not in (None, [], {}, "") and k != "line"}
    text = " ".join(f"{k}={printable(str(v))}" for k, v in shown.items())
    return f"line {built.get('line', '?')}: {text}"
