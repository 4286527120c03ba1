"""A saved terminal session: prompts, typed commands and their answers, of one device or several."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from vpnaudit.model.snapshot import Problem

Resolve = Callable[[str], tuple[str, str] | None]
"""Typed command or file stem to (canonical command, argument), or None where no command is meant."""

_PROMPT = re.compile(
    r" {0,2}(?:\w{1,8}/\d{1,3}/\w{1,8}/\w{1,8}:)?(?P<host>[A-Za-z0-9][\w.-]{0,62})(?:/[\w.-]{1,40}){0,2}"
    r"(?P<mode>\([^()\s]{1,60}\))?(?P<end>[#>])[ \t]*(?P<typed>.*)$"
)
_LOG_TAG = re.compile(r"%[A-Z][A-Z0-9_]{1,60}(?:-[A-Z0-9_]{1,40}){0,2}-[0-7]-[A-Z0-9_]{1,80}")
_SHOW = re.compile(r"sho?w?\s", re.IGNORECASE)


class Part(Struct, frozen=True, kw_only=True):
    """A piece of a file that answers one command. `first_line` counts from 1."""

    device: str
    command: str
    argument: str
    text: str
    first_line: int


class Prompt(Struct, frozen=True):
    """A line that begins with a device's prompt."""

    host: str
    config: bool
    typed: str


def read_prompt(line: str) -> Prompt | None:
    """The prompt of a line, if it begins with one."""
    if "#" not in line and ">" not in line:
        return None
    found = _PROMPT.match(line)
    return Prompt(found["host"], found["mode"] is not None, found["typed"].strip()) if found else None


def has_log_tag(text: str) -> bool:
    """Whether a `%FACILITY-N-NAME` stands in the text."""
    return "%" in text and _LOG_TAG.search(text) is not None


def split_session(text: str, file: str, resolve: Resolve) -> tuple[list[Part], list[Problem]]:
    """Cut a session into its answers; no parts where it has no prompt with a command that is known.

    `text` is as `undo_terminal` leaves it. Log lines between the answers become a part of command `syslog`, in which
    all other lines are blank. Show commands that nobody knows are told.
    """
    lines = text.split("\n")
    prompts = [read_prompt(line) for line in lines]
    asked = {
        number: command
        for number, prompt in enumerate(prompts)
        if prompt is not None and not prompt.config and prompt.typed
        if (command := resolve(prompt.typed)) is not None
    }
    hosts = {prompt.host for number in asked if (prompt := prompts[number]) is not None}
    parts: list[Part] = []
    problems: list[Problem] = []
    stray: dict[str, dict[int, str]] = {}
    host, start = "", None
    for number, (line, prompt) in enumerate(zip(lines, prompts, strict=True)):
        if prompt is None or prompt.host not in hosts:
            if start is None and host and _is_log_line(line, stray.get(host, {}), number):
                stray.setdefault(host, {})[number] = line
            continue
        _close(parts, lines, prompts, asked, start, number)
        host, start = prompt.host, number if number in asked else None
        if start is None:
            problems.extend(_unknown(prompt, file, number + 1))
            if has_log_tag(prompt.typed):
                stray.setdefault(host, {})[number] = line
    _close(parts, lines, prompts, asked, start, len(lines))
    parts.extend(_stray_logs(stray))
    return parts, problems


def _is_log_line(line: str, before: dict[int, str], number: int) -> bool:
    """A line with a tag, or an indented one right behind such a line."""
    return has_log_tag(line) or (number - 1 in before and line[:1].isspace() and bool(line.strip()))


def _close(
    parts: list[Part],
    lines: list[str],
    prompts: list[Prompt | None],
    asked: dict[int, tuple[str, str]],
    start: int | None,
    end: int,
) -> None:
    prompt = prompts[start] if start is not None else None
    if start is None or prompt is None:
        return
    command, argument = asked[start]
    text = "\n".join(lines[start + 1 : end])
    parts.append(Part(device=prompt.host, command=command, argument=argument, text=text, first_line=start + 2))


def _unknown(prompt: Prompt, file: str, line: int) -> list[Problem]:
    if prompt.config or not _SHOW.match(prompt.typed):
        return []
    return [Problem(file=file, line=line, problem=f"command not known, its answer was not read: {prompt.typed[:80]}")]


def _stray_logs(stray: dict[str, dict[int, str]]) -> list[Part]:
    parts = []
    for host, found in stray.items():
        if any(has_log_tag(line) for line in found.values()):
            parts.append(sparse_part(host, "syslog", found))
    return parts


def sparse_part(device: str, command: str, lines: dict[int, str]) -> Part:
    """A part made of some lines of a file (by index from 0); the lines between are blank, so that numbers hold."""
    first, last = min(lines), max(lines)
    text = "\n".join(lines.get(number, "") for number in range(first, last + 1))
    return Part(device=device, command=command, argument="", text=text, first_line=first + 1)
