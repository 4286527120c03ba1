"""What reads hostile bytes, and what holds of any result. Each target raises on a finding and returns otherwise."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from fuzz_inputs import LOG_COMMANDS, Sample

from vpnaudit.errors import SourceError
from vpnaudit.model.facts import Parsed, Parser
from vpnaudit.model.parsed import ParseDocument
from vpnaudit.model.snapshot import Capture
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.times import date_messages
from vpnaudit.pipeline.audit import audit_logs, audit_sources
from vpnaudit.pipeline.devices import parse_capture
from vpnaudit.pipeline.parse_document import json_lines, parse_files, table, unparsed_lines
from vpnaudit.platforms.registry import all_platforms, platform, resolve_command, tell_platform
from vpnaudit.redact import Redactor
from vpnaudit.settings import Settings
from vpnaudit.snapshot.folder import tell_parts
from vpnaudit.snapshot.logfile import read_log
from vpnaudit.snapshot.read import read_logs, read_source
from vpnaudit.snapshot.terminal import undo_terminal, unfolded_log, without_line_stamps
from vpnaudit.snapshot.text_file import decode

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RESOLVE = partial(resolve_command, None)

Target = Callable[[Sample, bytes, random.Random], None]


def parsers() -> dict[tuple[str, str], Parser]:
    """Return every command's parser by platform and command, its other forms too."""
    return {
        (each.name, command): spec.parse
        for each in all_platforms()
        for spec in each.commands
        for command in (spec.command, *spec.other_forms)
    }


def text_of(data: bytes) -> str:
    """Return the bytes as the reader of files gives them, or, where it sees no text, as they are."""
    text, _ = decode(data)
    return data.decode("utf-8", "replace") if text is None else text


def command(sample: Sample, data: bytes, _rng: random.Random) -> None:
    """The parser of the sample's own command, on its platform; a log's is the scanner."""
    parser = parsers().get((sample.platform, sample.command), scan)
    text = text_of(data)
    holds(parser(text), text, is_log=parser is scan or sample.command in LOG_COMMANDS)


def any_command(_sample: Sample, data: bytes, rng: random.Random) -> None:
    """A parser that the text was not made for."""
    known = parsers()
    key = rng.choice(sorted(known))
    text = text_of(data)
    holds(known[key](text), text, is_log=key[1] in LOG_COMMANDS)


def captured(sample: Sample, data: bytes, _rng: random.Random) -> None:
    """A capture as an audit parses it, folded lines and all."""
    capture = Capture(device="d", command=sample.command or "syslog", text=text_of(data), file="f")
    parsed = parse_capture(capture, platform(sample.platform))
    assert parsed.parsed.coverage.understood <= parsed.parsed.coverage.lines


def log(_sample: Sample, data: bytes, _rng: random.Random) -> None:
    """The scanner: messages that hold, dated or not."""
    text = text_of(data)
    parsed = scan(text)
    holds(parsed, text, is_log=True)
    dated = date_messages(parsed.facts.messages, TimeContext(modified_at=NOW, now=NOW, text=text))
    assert len(dated) == len(parsed.facts.messages)
    assert all(m.time is None or m.time.tzinfo is UTC for m in dated)


def split(_sample: Sample, data: bytes, _rng: random.Random) -> None:
    """Sessions and show-techs: parts lie in the file, and each line of a part stands there at its number."""
    text, numbers = unfolded_log(undo_terminal(without_line_stamps(text_of(data))))
    assert not numbers or len(numbers) == text.count("\n") + 1
    lines = text.split("\n")
    for name in ("", "show_crypto_ipsec_sa", "show_logging", "session"):
        parts, problems, _ = tell_parts(text, name, "file", "device", RESOLVE)
        assert all(p.line is None or 1 <= p.line <= len(lines) for p in problems)
        for part in parts:
            own = part.text.split("\n")
            there = part.numbers or range(part.first_line, part.first_line + len(own))
            assert len(there) == len(own)
            for number, line in zip(there, own, strict=True):
                assert line == "" or line in lines[number - 1], (number, line)


def log_file(sample: Sample, data: bytes, _rng: random.Random) -> None:
    """A log read as a stream, small and through the sieve of large ones."""
    for sieve_from in (4 << 20, 64):
        found = read_log(io.BytesIO(data), sample.name, sieve_from=sieve_from)
        for part in found.parts or ():
            scan(part.text, part.numbers)


def parse_verb(sample: Sample, data: bytes, rng: random.Random) -> None:
    """`vpnaudit parse` on a file: documents that are valid, or one line that says why not."""
    with tempfile.TemporaryDirectory() as folder:
        name = rng.choice((f"{sample.command.replace(' ', '_')}.txt", "session.log", "x"))
        path = Path(folder, name)
        path.write_bytes(data)
        typed = sample.command if rng.random() < 0.3 and sample.command else None
        typed = None if typed in {None, "syslog"} else typed
        documents, problems = parse_files([path], platform=rng.choice((None, sample.platform)), command=typed)
    assert documents or problems
    for line in json_lines(documents).split("\n")[:-1]:
        msgspec.json.decode(line, type=ParseDocument)
    shown = table(documents) + unparsed_lines(documents)
    assert not any(c in shown for c in "\x00\x07\x08\x1b\r\x9b")


def redaction(sample: Sample, data: bytes, _rng: random.Random) -> None:
    """Masking keeps the lines, and what is masked comes through unchanged."""
    found = platform(sample.platform)
    patterns = found.secrets if found else ()
    text = text_of(data)
    masked = Redactor(patterns).text(text)
    assert masked.count("\n") == text.count("\n")
    assert Redactor(patterns).text(masked) == masked


def archive(sample: Sample, data: bytes, rng: random.Random) -> None:
    """A packed or archived file that was damaged after it was packed: what is left of it, or one line."""
    packed = bytearray(_packed(sample, data, rng))
    for _ in range(rng.choice((0, 0, 1, 3, 12))):
        packed[rng.randrange(len(packed))] = rng.randrange(256)
    if rng.random() < 0.3:
        del packed[rng.randrange(len(packed)) :]
    _read_source("case." + rng.choice(("zip", "tar", "tgz", "gz", "txt", "tar.zst", "7z")), bytes(packed))


def source(sample: Sample, data: bytes, rng: random.Random) -> None:
    """Any file as a source of an audit, and as a log."""
    name = sample.command.replace(" ", "_") or "session"
    _read_source(rng.choice((f"{name}.txt", "messages.1", "saved.log", "manifest.json")), data)


def audit(sample: Sample, data: bytes, _rng: random.Random) -> None:
    """An audit of one device whose one file is damaged."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{sample.command.replace(' ', '_') or 'session'}.txt")
        path.write_bytes(data)
        _or_source_error(lambda: audit_sources([path], Settings(), NOW))
        _or_source_error(lambda: audit_logs([str(path)], None, Settings(), NOW))


TARGETS: tuple[tuple[Target, int], ...] = (
    (any_command, 6),
    (captured, 6),
    (log, 6),
    (split, 6),
    (redaction, 3),
    (log_file, 2),
    (parse_verb, 2),
    (archive, 2),
    (source, 2),
    (audit, 1),
)
"""The targets beside `command`, which reads every input, and how often each is drawn."""


def holds(parsed: Parsed, text: str, *, is_log: bool) -> None:
    """Check what is true of every result: the coverage adds up, every line number lies in the text."""
    lines = text.count("\n") + 1
    coverage = parsed.coverage
    assert 0 <= coverage.understood <= coverage.lines <= lines
    assert len(coverage.unparsed) == coverage.lines - coverage.understood
    numbers = [line.line for line in coverage.unparsed]
    assert numbers == sorted(set(numbers))
    assert not numbers or (numbers[0] >= 1 and numbers[-1] <= lines)
    if not is_log and not parsed.refused:
        assert coverage.lines == sum(1 for line in text.split("\n") if line.strip())
    for record in _records(parsed):
        assert 1 <= record.line <= lines, record
    msgspec.json.encode(parsed.facts)


def _records(parsed: Parsed) -> list[Any]:
    values = (getattr(parsed.facts, name) for name in parsed.facts.__struct_fields__)
    found = [each for value in values for each in (value if isinstance(value, tuple) else (value,))]
    return [each for each in found if hasattr(each, "line")]


def _packed(sample: Sample, data: bytes, rng: random.Random) -> bytes:
    name = f"edge-1/{sample.command.replace(' ', '_') or 'session'}.txt"
    what = rng.randrange(6)
    if what == 0:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as one:
            one.writestr(name, data)
            one.writestr("edge-2/show_clock.txt", "*12:00:00.000 UTC Mon Jun 1 2026\n")
        return held.getvalue()
    if what == 1:
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode=rng.choice(("w", "w:gz", "w:bz2"))) as many:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            many.addfile(about, io.BytesIO(data))
        return held.getvalue()
    return (gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress)[what - 2](data)


def _read_source(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        _or_source_error(lambda: read_source(path, RESOLVE, tell_platform))
        _or_source_error(lambda: read_logs([path]))


def _or_source_error(read: Callable[[], object]) -> None:
    """Run what may say in one line that it read nothing."""
    try:
        read()
    except SourceError as error:
        assert "\n" not in str(error)  # noqa: PT017
