"""A log file: which lines are whose.

A syslog server's file holds many devices: each gets the lines that its name stands in front of. What has no relay's
head (a device's own buffer, a pasted mail) is one device's, named by a prompt in it or by the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from typing import BinaryIO

from msgspec import Struct

from vpnaudit.model.snapshot import Capture
from vpnaudit.snapshot.copied import undo_copy
from vpnaudit.snapshot.csv_export import without_columns
from vpnaudit.snapshot.json_line import unwrapped
from vpnaudit.snapshot.session import Part, read_prompt
from vpnaudit.snapshot.sieve import Line, needed_lines
from vpnaudit.snapshot.terminal import undo_terminal
from vpnaudit.snapshot.text_file import Unpacked, decode, is_text, to_utf8

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_STAMP = (
    rf"(?:(?:[A-Z][a-z]{{2}} )?(?:(?:19|20)\d\d )?{_MONTH} {{1,2}}\d{{1,2}} (?:(?:19|20)\d\d )?"
    r"\d{1,2}:\d\d:\d\d(?:\.\d{1,9})?(?: (?:19|20)\d\d)?"
    rf"|\d{{1,2}}[ -]{_MONTH}[ -](?:19|20)\d\d \d{{1,2}}:\d\d:\d\d(?:\.\d{{1,9}})?"
    r"|\d{10}(?:\.\d{1,9})?(?=\s)"
    r"|(?:19|20)\d\d[-/]\d\d[-/]\d\d[T \t]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    rf"(?:Z|[+-]\d\d(?::?\d\d)?| (?:[A-Z]{{1,3}}[SD]T|UTC|GMT|[CEMW]ET|MSK)(?=\s+(?!\d+:|[%*.]|{_MONTH} )\S))?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d[ \t]\d{1,2}:\d\d:\d\d(?: [AP]M)?)"
)
_PRIORITY = (
    r"(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7]|Kernel|System\d?)"
    r"\.(?:emerg\w*|alert|crit\w*|err\w*|warn\w*|notice|info\w*|debug)"
)
"""Facility and severity in words, as Kiwi writes them between the time and the host."""
_NAME = rf"(?:\w{{1,64}}@)?(?P<host>(?!{_MONTH} )[A-Za-z0-9][\w.:-]{{0,252}}?)(?:/[\w.:-]{{1,253}})?"
"""syslog-ng may write the source's name before, and behind it who handed the message on (`chain-hostnames`)."""
_PRI = r"(?:<\d{1,3}>(?:1 )?:?)?\s{0,3}(?:\d{1,10}: )?"
_RELAYED = re.compile(
    rf"{_PRI}{_STAMP}\s{{1,3}}(?:(?i:{_PRIORITY})\s{{1,3}})?(?:\d{{1,10}}:\s{{1,3}})?"
    rf"{_NAME}(?P<colon> ?:)?\s+(?P<next>\S.{{0,80}})"
)
_NAMED_FIRST = re.compile(
    rf"{_PRI}{_NAME}(?::\s+(?:\d{{1,10}}:\s+)?|\s+\d{{1,10}}:\s+)[*.]?(?:(?:19|20)\d\d )?"
    rf"(?:{_MONTH} {{1,2}}\d|\d{{1,3}}:\d\d:\d\d:|\d{{1,4}}[ywd])"
)
_PRIORITY_ALONE = re.compile(rf"(?i:{_PRIORITY})$")
_ORIGINAL = re.compile(r"(?:<\d{1,3}>)?Original Address=(?P<host>[\w.:-]{1,253})\s")
"""What Kiwi writes in front of a message that it hands on."""
_FIREWALL = re.compile(r"%(?:ASA|FTD|PIX)-")
_DEVICE_ID = re.compile(rf"(?:[\w.-]{{1,64}} )?(?:{_STAMP} )?(?P<host>[A-Za-z0-9][\w.-]{{0,63}}) : %(?:ASA|FTD|PIX)-")
"""What a firewall calls itself (`logging device-id`), behind the name of the relay that handed its line on."""
_NESTED = re.compile(rf"{_STAMP} [\w.-]{{1,64}} (?:{_STAMP}|\d{{1,10}}: |%)")
"""A second head behind the first: a relay handed on what another one had written."""
_OWN_HEAD = re.compile(rf"(?:\d{{1,10}}:|[*.]?{_MONTH} {{1,2}}\d|[*.]?(?:19|20)\d\d )")
_ZONE = re.compile(r"[A-Z]{2,5}$")


SIEVE_FROM = 4 << 20
"""Bytes of text; of a larger log only the lines that an audit needs are read."""
_CHUNK = 1 << 20


class Log(Struct, frozen=True, kw_only=True, gc=False):
    """What was read of one log. `parts` is null where it is no text."""

    parts: list[Part] | None
    problems: tuple[str, ...] = ()


def read_log(stream: BinaryIO, fallback: str, *, sieve_from: int = SIEVE_FROM) -> Log:
    """Read a log of any size, packed or not, in memory that does not grow with it.

    One part for each device; lines without any head are of `fallback`. Never raises on content.
    """
    unpacked = Unpacked(stream)
    chunks = unpacked.chunks(_CHUNK)
    head = first_bytes(chunks, sieve_from)
    if len(head) < sieve_from:
        text, decoding = decode(head)
        parts = split_log(undo_terminal(undo_copy(text)), fallback) if text is not None else None
        return Log(parts=parts, problems=(*unpacked.problems, *decoding))
    if not is_text(head):
        return Log(parts=None, problems=("is not text",))
    with ThreadPoolExecutor(1) as reader:
        ahead = _ahead(reader, to_utf8(chain((head,), chunks)))
        lines = list(needed_lines(ahead, line_host))
    return Log(parts=split_lines(lines, fallback), problems=tuple(unpacked.problems))


def first_bytes(chunks: Iterator[bytes], size: int) -> bytes:
    """Take at least `size` bytes off the front, whole chunks; fewer where there are no more."""
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) >= size:
            break
    return bytes(head)


def _ahead(reader: Executor, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Read and decompress one chunk ahead, on the other core."""
    coming = reader.submit(next, chunks, None)
    while (chunk := coming.result()) is not None:
        coming = reader.submit(next, chunks, None)
        yield chunk


def line_host(line: str) -> str | None:
    """Whose line it is, where a relay's head or an origin-id says so."""
    line = unwrapped(line) if line[-1:] == "}" else line
    original = _ORIGINAL.match(line) if "Original" in line[:16] else None
    if original is not None:
        return original["host"]
    relayed = _RELAYED.match(line)
    if relayed is not None and _is_name(relayed):
        inner = _RELAYED.match(relayed["next"]) if _NESTED.match(relayed["next"]) else None
        if inner is not None and _is_name(inner):
            relayed = inner
        itself = _DEVICE_ID.match(relayed["next"]) if " : %" in relayed["next"] else None
        return (itself or relayed)["host"]
    named = _NAMED_FIRST.match(line)
    if named is None or named["host"].isdigit() or _PRIORITY_ALONE.match(named["host"]):
        return None
    return named["host"]


def _is_name(found: re.Match[str]) -> bool:
    """A word after the stamp and before a colon is a zone, unless a second head or a firewall's tag follows."""
    host = found["host"]
    if host.isdigit():
        return False
    if not found["colon"]:
        return not _ZONE.match(host) or _OWN_HEAD.match(found["next"]) is not None
    if _FIREWALL.match(found["next"]):
        return not _ZONE.match(host)
    return _OWN_HEAD.match(found["next"]) is not None


def split_log(text: str, fallback: str) -> list[Part]:
    """One part for each device of a log, all of command `syslog`.

    Lines without a head of their own go to the device of the line before them (a message's further lines).
    """
    return split_lines(list(enumerate(text.split("\n"), 1)), fallback)


def split_lines(lines: Sequence[Line], fallback: str) -> list[Part]:
    """The same for lines with their numbers."""
    owned: dict[str | None, list[Line]] = {}
    current: str | None = None
    lines = without_columns(lines)
    for line in lines:
        current = line_host(line[1]) or current
        if line[1].strip():
            owned.setdefault(current, []).append(line)
    hosts = [host for host in owned if host is not None]
    if len(hosts) <= 1:
        host = hosts[0] if hosts else _prompted(text for _, text in lines) or fallback
        return [_part(host, lines)]
    parts = [_part(host, owned[host]) for host in sorted(hosts)]
    return [*parts, _part(fallback, owned[None])] if None in owned else parts


def _part(device: str, lines: Sequence[Line]) -> Part:
    first = lines[0][0]
    follow = lines[-1][0] - first == len(lines) - 1
    return Part(
        device=device,
        command="syslog",
        argument="",
        text="\n".join(text for _, text in lines),
        first_line=first,
        numbers=() if follow else tuple(number for number, _ in lines),
    )


def log_captures(parts: Iterable[Part], file: str, modified_at: datetime | None) -> Iterator[Capture]:
    """Each device's part of a log as its capture; `file` is the log's name."""
    for part in parts:
        yield Capture(
            device=part.device,
            command=part.command,
            text=part.text,
            file=file,
            first_line=part.first_line,
            numbers=part.numbers,
            modified_at=modified_at,
        )


def _prompted(lines: Iterable[str]) -> str | None:
    """The name in the prompts of a console capture, if all are one device's and stand alone or before a log line."""
    hosts = {
        prompt.host
        for line in lines
        if (prompt := read_prompt(line)) is not None and line.rstrip().endswith("#") and not prompt.typed
    }
    return hosts.pop() if len(hosts) == 1 else None
