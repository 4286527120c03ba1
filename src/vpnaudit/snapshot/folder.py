"""A snapshot's folder with its manifest; one file of captures, whatever it is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from vpnaudit.model.snapshot import (
    Capture,
    DeviceCaptures,
    Manifest,
    ManifestCommand,
    ManifestDevice,
    Problem,
    Snapshot,
)
from vpnaudit.snapshot.archive import is_litter
from vpnaudit.snapshot.large_log import LargeLog, read_large_log
from vpnaudit.snapshot.logfile import log_captures, split_lines, split_log
from vpnaudit.snapshot.rotation import is_log_name, log_name, logging_device, written_by
from vpnaudit.snapshot.session import (
    LOG_COMMANDS,
    Part,
    Resolve,
    TellsByText,
    has_log_tag,
    sparse_part,
    split_headings,
    split_session,
    without_log_lines,
)
from vpnaudit.snapshot.showtech import is_show_tech, split_show_tech
from vpnaudit.snapshot.terminal import as_printed, unfolded_log
from vpnaudit.snapshot.text_file import TextFile, read_text_file, shown
from vpnaudit.snapshot.write import MANIFEST

TellPlatform = Callable[[Sequence[str]], str | None]
"""The texts of one device to a platform's name, or None."""

_PREFIXED = re.compile(r"(?P<device>.{1,100}?)[-_. ]+(?P<command>sh(?:ow?)?[-_ ].{1,200})$", re.IGNORECASE)
_SUFFIXED = re.compile(
    r"(?P<command>sh(?:ow?)?[-_ ][^.@]{1,200})(?:[.@]|__)"
    r"(?P<device>(?!(?:old|new|bak|orig|copy|prev|before|after|pre|post)(?:\W|$))[A-Za-z].{0,100}|\d{1,3}(?:\.\d{1,3}){3})$",
    re.IGNORECASE,
)
_CONFIG_HEAD = re.compile(
    r"^(?:version \d{1,2}\.\d|ASA Version \d|Building configuration|Current configuration|: Saved)", re.MULTILINE
)
_HOSTNAME = re.compile(r"^hostname \"?([\w.-]{1,63})", re.MULTILINE)
_UNTOLD = (
    "is no capture, session, show-tech or log that can be told; not read. Name it by its command "
    "(show_crypto_ipsec_sa.txt)"
)
_OWN_REPORT = re.compile(
    r"\s{0,9}\{\s{0,9}\"schema\":\s{0,9}\"vpnaudit\.|# VPN audit: "
    r"|<!doctype html>[\s\S]{0,2000}?<title>VPN audit"
    r"|id,(?:time,time_from|rule,status|severity,confidence|state,out_of_step),"
)
"""What an audit writes quotes log lines, and must not be taken for a log."""
OWN_REPORT = "report"
CONFIG_BY_TEXT = "config"
"""A configuration under any name: an older one, or the one to start with, if there is a better."""
_MANIFEST_MAX = 64 * 1024 * 1024
_YEAR_MIN, _YEAR_MAX = 1970, 2199
"""A manifest with a time beyond these is none that a collection wrote."""


class Content(Struct, frozen=True, kw_only=True, gc=False):
    """What a file or folder gave: captures by device, and what could not be used."""

    captures: tuple[Capture, ...] = ()
    problems: tuple[Problem, ...] = ()
    kind: str = ""


def read_snapshot(root: Path, resolve: Resolve, tell_platform: TellPlatform) -> Snapshot | None:
    """Read a folder with a manifest; None where the manifest is not one (the folder is then read without it)."""
    manifest = read_manifest(root)
    if manifest is None:
        return None
    listed = {_listed_name(c.file) for d in manifest.devices for c in d.commands}
    snapshot = read_listed(root, manifest, resolve, tell_platform)
    return structs.replace(snapshot, problems=(*snapshot.problems, *_not_listed(root, listed)))


def read_listed(root: Path, manifest: Manifest, resolve: Resolve, tell_platform: TellPlatform) -> Snapshot:
    """Read what a manifest lists, which may be a part of that of the folder."""
    problems: list[Problem] = []
    devices = tuple(_manifest_device(root, device, problems, resolve, tell_platform) for device in manifest.devices)
    return Snapshot(
        kind="snapshot",
        path=shown(root.name or root),
        devices=devices,
        started_at=_utc(manifest.started_at),
        finished_at=_utc(manifest.finished_at),
        problems=tuple(problems),
    )


def read_manifest(root: Path) -> Manifest | None:
    """The manifest of a folder, or None where there is none that can be read."""
    path = root / MANIFEST
    try:
        if not path.is_file() or path.stat().st_size > _MANIFEST_MAX:
            return None
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return manifest if all(_YEAR_MIN <= at.year <= _YEAR_MAX for at in _moments(manifest)) else None


def _moments(manifest: Manifest) -> Iterable[datetime]:
    yield from (manifest.started_at, manifest.finished_at)
    for device in manifest.devices:
        for command in device.commands:
            yield from (command.asked_at, command.answered_at)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _listed_name(file: str) -> str:
    return "/".join(part for part in file.replace("\\", "/").split("/") if part not in {"", "."})


def _not_listed(root: Path, listed: set[str]) -> list[Problem]:
    problems = []
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if name != MANIFEST and name not in listed and not is_litter(name):
            problems.append(Problem(file=shown(name), problem="is not in the manifest and was not read"))
    return problems


def _walk(root: Path) -> Iterable[Path]:
    for path in entries(root):
        if path.is_symlink() or not path.is_dir():
            yield path
        else:
            yield from entries(path)


def entries(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing where it cannot be listed."""
    try:
        return sorted(folder.iterdir(), key=lambda p: p.name)
    except OSError:
        return []


def _manifest_device(
    root: Path, device: ManifestDevice, problems: list[Problem], resolve: Resolve, tell_platform: TellPlatform
) -> DeviceCaptures:
    captures = tuple(
        c for command in device.commands if (c := _manifest_capture(root, device, command, problems, resolve))
    )
    return DeviceCaptures(
        name=device.name,
        address=device.address,
        platform=device.platform or tell_platform([c.text for c in captures]),
        status=device.status,
        error=device.error,
        captures=captures,
        not_asked=device.not_asked,
    )


def _manifest_capture(
    root: Path, device: ManifestDevice, command: ManifestCommand, problems: list[Problem], resolve: Resolve
) -> Capture | None:
    path = inside(root, root / command.file)
    if path is None:
        problems.append(Problem(file=shown(command.file), problem="points out of the snapshot and was not read"))
        return None
    name, argument = resolve(command.command) or (command.command.lower(), "")
    found = _evidence(path, name)
    told = found.problems if command.bytes else tuple(p for p in found.problems if p != "is empty")
    problems.extend(Problem(file=shown(command.file), problem=p) for p in told)
    if found.text is None:
        return None
    if found.sha256 != command.sha256.lower():
        problems.append(Problem(file=shown(command.file), problem="was changed after it was written (SHA-256 differs)"))
    return Capture(
        device=device.name,
        command=name,
        argument=argument,
        text=found.text,
        file=command.file,
        first_line=found.numbers[0] if found.numbers else 1,
        numbers=found.numbers,
        asked_at=_utc(command.asked_at),
        answered_at=_utc(command.answered_at),
        modified_at=found.modified_at,
        device_clock=command.device_clock,
        refused=command.refused,
    )


class _Evidence(Struct, frozen=True, kw_only=True, gc=False):
    """A capture's file: its text, of a large log the needed lines with their numbers."""

    text: str | None
    sha256: str
    problems: tuple[str, ...]
    modified_at: datetime | None
    numbers: tuple[int, ...] = ()


def _evidence(path: Path, command: str) -> _Evidence:
    large = read_large_log(path, lambda _head: command in LOG_COMMANDS)
    if large is not None:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return _Evidence(
            text=large.text,
            sha256=sha256,
            problems=large.problems,
            modified_at=large.modified_at,
            numbers=large.numbers,
        )
    found = read_text_file(path, keep_data=True)
    sha256 = hashlib.sha256(found.data or b"").hexdigest()
    return _Evidence(text=found.text, sha256=sha256, problems=found.problems, modified_at=found.modified_at)


def inside(root: Path, path: Path) -> Path | None:
    """`path`, if it and what it links to lie under `root`; else None."""
    try:
        resolved = path.resolve()
        return path if resolved.is_relative_to(root.resolve()) else None
    except (OSError, RuntimeError, ValueError):
        return None


def read_file(path: Path, *, file: str, device: str, resolve: Resolve, named_by_folder: bool) -> Content:
    """Read one file, whatever it is.

    `device` is the name where the text has none; with `named_by_folder` it is the name unless the text has several.
    """
    _, own = split_name(log_name(path.name).own, resolve)
    large = read_large_log(path, lambda head: _is_log_alone(head, own, resolve))
    if large is not None:
        return _large(large, path, own, file, device, named_by_folder, resolve)
    found = read_text_file(path)
    found = structs.replace(found, modified_at=written_by(path.name, found.modified_at))
    problems = [Problem(file=file, problem=p) for p in found.problems]
    if found.text is not None and not found.text.strip() and (command := resolve(own)) is not None:
        return Content(captures=(_empty_answer(command, found, file, device),))
    if found.text is None or not found.text.strip():
        return Content(problems=tuple(problems))
    if _OWN_REPORT.match(found.text) is not None:
        return Content(problems=(Problem(file=file, problem="is a report of an audit; not read"),), kind=OWN_REPORT)
    fallback = device if named_by_folder or resolve(own) is not None or is_log_name(own) else shown(logging_device(own))
    text, numbers = unfolded_log(as_printed(found.text))
    parts, told, kind = tell_parts(text, own, file, fallback, resolve)
    if numbers:
        parts = [_renumbered(part, numbers) for part in parts]
        told = [structs.replace(p, line=numbers[p.line - 1] if p.line else None) for p in told]
    if not parts:
        told = [
            Problem(file=file, problem=_UNTOLD),
            *told,
        ]
    alone = named_by_folder and len({part.device for part in parts}) == 1
    captures = tuple(_capture(part, found, file, device if alone else part.device) for part in parts)
    return Content(captures=captures, problems=(*problems, *told), kind=kind)


def split_name(own: str, resolve: Resolve) -> tuple[str | None, str]:
    """The device and the command in a file's name without its endings; the name itself where it has none.

    `r1-show_version`, `show_version.r1`, and `version` for the command in all its words.
    """
    if resolve(own) is not None or is_log_name(own):
        return None, own
    bare = f"show {own}"
    found = resolve(bare)
    if found is not None and found[0].split() == bare.lower().replace("_", " ").split():
        return None, bare
    for pattern in (_PREFIXED, _SUFFIXED):
        named = pattern.match(own)
        if named is not None and resolve(named["command"]) is not None:
            return named["device"], named["command"]
    return None, own


def _is_log_alone(head: str, own: str, resolve: Resolve) -> bool:
    """Whether what begins so is a log and nothing else."""
    command = resolve(own)
    if command is not None:
        return command[0] in LOG_COMMANDS
    return is_log_name(own) or has_log_tag(head)


def _large(
    large: LargeLog, path: Path, own: str, file: str, device: str, named_by_folder: bool, resolve: Resolve
) -> Content:
    modified_at = written_by(path.name, large.modified_at)
    problems = tuple(Problem(file=file, problem=p) for p in large.problems)
    command = resolve(own)
    if command is not None:
        capture = Capture(
            device=device,
            command=command[0],
            argument=command[1],
            text=large.text,
            file=file,
            first_line=large.numbers[0],
            numbers=large.numbers,
            modified_at=modified_at,
        )
        return Content(captures=(capture,), problems=problems, kind="folder")
    lines = list(zip(large.numbers, large.text.split("\n"), strict=True))
    fallback = device if named_by_folder or is_log_name(own) else shown(logging_device(own))
    captures = tuple(log_captures(split_lines(lines, fallback), file, modified_at))
    if named_by_folder and len({c.device for c in captures}) == 1:
        captures = tuple(structs.replace(c, device=device) for c in captures)
    return Content(captures=captures, problems=problems, kind="logs")


def _empty_answer(command: tuple[str, str], found: TextFile, file: str, device: str) -> Capture:
    """Some commands answer with nothing (`show dmvpn` without DMVPN): whether that will do is for others to judge."""
    return Capture(
        device=device, command=command[0], argument=command[1], text="", file=file, modified_at=found.modified_at
    )


def _renumbered(part: Part, numbers: tuple[int, ...]) -> Part:
    """A part of a text whose lines had these numbers in their file."""
    lines = part.numbers or range(part.first_line, part.first_line + part.text.count("\n") + 1)
    there = tuple(numbers[line - 1] for line in lines)
    follow = there[-1] - there[0] == len(there) - 1
    return structs.replace(part, first_line=there[0], numbers=() if follow else there)


def tell_parts(text: str, name: str, file: str, device: str, resolve: Resolve) -> tuple[list[Part], list[Problem], str]:
    """Tell what a text is, and cut it: show-tech, session, one command's answer by its file's name or text, a log."""
    command = resolve(name)
    if is_show_tech(text):
        parts, problems = split_show_tech(text, file, device, resolve)
        if parts:
            return _logs_apart(parts), problems, "show-tech"
    parts, problems = split_session(text, file, resolve)
    if parts:
        return [*_before_first_prompt(parts, text, command, device), *parts], problems, "session"
    if command is not None:
        whole = Part(device=device, command=command[0], argument=command[1], text=text, first_line=1)
        return _logs_apart([whole]), problems, "folder"
    begins = _CONFIG_HEAD.search(text)
    headed = split_headings(text, device, resolve)
    if headed and (begins is None or text.count("\n", 0, begins.start()) + 1 >= headed[0].first_line):
        return headed, problems, "session"
    config = resolve("show running-config") if begins is not None else None
    if config is not None and (hostname := _HOSTNAME.search(text)) is not None:
        whole = Part(device=hostname[1], command=config[0], argument="", text=text, first_line=1)
        return _logs_apart([whole]), problems, CONFIG_BY_TEXT
    if has_log_tag(text) or is_log_name(name):
        return split_log(text, device), problems, "logs"
    told = resolve.by_text(text) if isinstance(resolve, TellsByText) else None
    if told is not None:
        whole = Part(device=device, command=told[0], argument=told[1], text=text, first_line=1)
        return [whole], problems, "folder"
    return [], problems, ""


def _before_first_prompt(parts: list[Part], text: str, command: tuple[str, str] | None, device: str) -> list[Part]:
    """In a command's own file: what stands above the first prompt is that command's answer."""
    first = min(part.first_line for part in parts) - 2
    above = "\n".join(text.split("\n", max(first, 0))[: max(first, 0)])
    if command is None or not above.strip():
        return []
    return _logs_apart([Part(device=device, command=command[0], argument=command[1], text=above, first_line=1)])


def _logs_apart(parts: Sequence[Part]) -> list[Part]:
    """Take the log lines that a terminal printed into answers out of them, as a part of their own."""
    answers: list[Part] = []
    logged: dict[str, dict[int, str]] = {}
    for part in parts:
        answer, lines = without_log_lines(part)
        answers.append(answer)
        if lines:
            logged.setdefault(part.device, {}).update(lines)
    return [*answers, *(sparse_part(device, "syslog", lines) for device, lines in logged.items())]


def _capture(part: Part, found: TextFile, file: str, device: str) -> Capture:
    return Capture(
        device=device,
        command=part.command,
        argument=part.argument,
        text=part.text,
        file=file,
        first_line=part.first_line,
        numbers=part.numbers,
        modified_at=found.modified_at,
    )


def devices_of(captures: Sequence[Capture], tell_platform: TellPlatform) -> tuple[DeviceCaptures, ...]:
    """Put captures together by device, devices by name; each one's platform is told from its texts."""
    by_name: dict[str, list[Capture]] = {}
    for capture in captures:
        by_name.setdefault(capture.device, []).append(capture)
    return tuple(
        DeviceCaptures(
            name=name,
            platform=tell_platform([c.text for c in found]) or tell_platform(_of_other_contexts(name, found, by_name)),
            captures=tuple(found),
        )
        for name, found in sorted(by_name.items())
    )


def _of_other_contexts(name: str, own: Sequence[Capture], by_name: dict[str, list[Capture]]) -> list[str]:
    """What the other contexts of one firewall (`fw1/admin` and `fw1/inside`) said in the same session."""
    host, slash, _ = name.partition("/")
    if not slash:
        return []
    files = {c.file for c in own}
    same = (found for other, found in by_name.items() if other != name and other.partition("/")[0] == host)
    return [c.text for found in same for c in found if c.file in files]
