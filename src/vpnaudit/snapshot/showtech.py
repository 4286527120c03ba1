"""A `show tech-support`: sections between lines such as `------------------ show clock ------------------`."""

from __future__ import annotations

import re

from vpnaudit.model.snapshot import Problem
from vpnaudit.snapshot.session import Part, Resolve, read_prompt

_SEPARATOR = re.compile(
    r"^-{4,40} ?(?P<command>(?:show|dir|more|test|debug|sh) [^-\n].{0,200}?) ?-{4,40}[ \t\r]*$", re.MULTILINE
)
_HOSTNAME = re.compile(r"^hostname (\S{1,63})", re.MULTILINE)
_UPTIME = re.compile(r"^(\S{1,63}) (?:uptime is|up) \d{1,5} (?:year|week|day|hour|minute|min)", re.MULTILINE)
_NAMED_MAX = 8


def is_show_tech(text: str) -> bool:
    """Whether the text has a section separator."""
    return _SEPARATOR.search(text) is not None


def split_show_tech(text: str, file: str, fallback: str, resolve: Resolve) -> tuple[list[Part], list[Problem]]:
    """Cut into sections. The device is named by its configuration, `show version` or prompt, else `fallback`."""
    device = _device(text) or fallback
    separators = list(_SEPARATOR.finditer(text))
    parts: list[Part] = []
    unknown: list[str] = []
    line, at = 1, 0
    for index, separator in enumerate(separators):
        end = separators[index + 1].start() if index + 1 < len(separators) else len(text)
        line += text.count("\n", at, separator.end())
        at = separator.end()
        typed = separator["command"].strip()
        command = resolve(typed)
        if command is None:
            unknown.append(typed)
            continue
        body = text[separator.end() : end].removeprefix("\n")
        parts.append(Part(device=device, command=command[0], argument=command[1], text=body, first_line=line + 1))
    return parts, _told(unknown, file)


def _told(unknown: list[str], file: str) -> list[Problem]:
    if not unknown:
        return []
    names = ", ".join(unknown[:_NAMED_MAX]) + (", …" if len(unknown) > _NAMED_MAX else "")
    return [Problem(file=file, problem=f"{len(unknown)} sections that no part of an audit reads: {names}")]


def _device(text: str) -> str | None:
    found = _HOSTNAME.search(text) or _UPTIME.search(text)
    if found is not None:
        return found[1].strip('"')
    prompt = read_prompt(text.lstrip().split("\n", 1)[0])
    return prompt.host if prompt is not None else None
