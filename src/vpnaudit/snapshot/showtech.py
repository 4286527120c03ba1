"""A `show tech-support`: sections between lines such as `------------------ show clock ------------------`.

The bundles of one feature (`show crypto tech-support`, `show tech-support ipsec`) and a firewall's have the same
headings; NX-OS heads its sections with the command in back quotes. One file may hold those of several devices, and a
session around them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from vpnaudit.model.snapshot import Problem
from vpnaudit.snapshot.session import Part, Prompt, Resolve, asks_for_show_tech, read_prompt, split_session

_COMMAND = r"(?:show|dir|more|test|debug|sh|cat|verify) [^-\n`].{0,200}?"
_SEPARATOR = re.compile(
    rf"^ ?(?:-{{3,80}} {{0,3}}(?P<command>{_COMMAND}) {{0,3}}-{{3,80}}|`(?P<quoted>show [^`\n]{{1,200}})`)[ \t\r]*$",
    re.MULTILINE,
)
_HOSTNAME = re.compile(r"^(?:hostname|switchname) (\S{1,63})")
_UPTIME = re.compile(r"^(\S{1,63}) (?:uptime is|up) \d{1,5} (?:year|week|day|hour|minute|min|sec)")
_NAMED_MAX = 8


class _Section(Struct, frozen=True, kw_only=True, gc=False):
    """A heading (its line's index from 0), what it names, and the index behind the section's last line."""

    start: int
    end: int
    typed: str


def is_show_tech(text: str) -> bool:
    """Whether the text has a section separator."""
    return _SEPARATOR.search(text) is not None


def split_show_tech(text: str, file: str, fallback: str, resolve: Resolve) -> tuple[list[Part], list[Problem]]:
    """Cut into sections, and what stands around them into the answers of a session.

    A device is named by its configuration, `show version` or prompt, else `fallback`.
    """
    lines = text.split("\n")
    sections = _sections(lines)
    outer = _outside(lines, sections)
    around, problems = split_session("\n".join(outer), file, resolve)
    parts: list[Part] = []
    unknown: list[str] = []
    for run, device in _named(_runs(sections, lines, outer), lines, outer, fallback):
        for section in run:
            command = resolve(section.typed)
            if command is None:
                unknown.append(section.typed)
                continue
            body = "\n".join(lines[section.start + 1 : section.end])
            first = section.start + 2
            parts.append(Part(device=device, command=command[0], argument=command[1], text=body, first_line=first))
    return [*parts, *around], [*problems, *_told(unknown, file)]


def _sections(lines: Sequence[str]) -> list[_Section]:
    """Each section ends at the next heading, or at a prompt of the device whose prompt was seen before it or types."""
    heads = [(n, found["command"] or found["quoted"]) for n, line in enumerate(lines) if (found := _heading(line))]
    hosts = _prompting(lines, [n for n, _ in heads])
    ends = [n for n, _ in heads[1:]] + [len(lines)]
    return [
        _Section(start=start, end=_prompted(lines, start + 1, end, hosts), typed=typed.strip())
        for (start, typed), end in zip(heads, ends, strict=True)
    ]


def _heading(line: str) -> re.Match[str] | None:
    return _SEPARATOR.match(line) if line[:2].lstrip(" ")[:1] in {"-", "`"} else None


def _prompting(lines: Sequence[str], heads: Sequence[int]) -> set[str]:
    """The hosts whose prompt stands right above a first heading, or asks for a show-tech anywhere."""
    found = {p.host for n in heads if (p := _prompt_above(lines, n)) is not None}
    return found | {p.host for line in lines if (p := read_prompt(line)) is not None and asks_for_show_tech(p.typed)}


def _prompt_above(lines: Sequence[str], at: int) -> Prompt | None:
    for number in range(at - 1, max(at - 6, -1), -1):
        if lines[number].strip():
            prompt = read_prompt(lines[number])
            return prompt if prompt is not None and asks_for_show_tech(prompt.asked) else None
    return None


def _prompted(lines: Sequence[str], start: int, end: int, hosts: set[str]) -> int:
    for number in range(start, end):
        prompt = read_prompt(lines[number])
        if prompt is not None and prompt.host in hosts:
            return number
    return end


def _outside(lines: Sequence[str], sections: Sequence[_Section]) -> list[str]:
    """The lines that are in no section; the others are blank, so that numbers hold."""
    outer = list(lines)
    for section in sections:
        outer[section.start : section.end] = [""] * (section.end - section.start)
    return outer


def _runs(sections: Sequence[_Section], lines: Sequence[str], outer: Sequence[str]) -> list[list[_Section]]:
    """Sections by show-tech: another begins behind a prompt, and where the first section's heading comes again.

    It also begins where a heading comes again and another device is named before the next one does.
    """
    runs: list[list[_Section]] = []
    for section in sections:
        last = runs[-1] if runs else None
        if last is None or section.typed == last[0].typed or any(map(read_prompt, outer[last[-1].end : section.start])):
            runs.append([section])
        else:
            last.append(section)
    return [part for run in runs for part in _by_device(run, lines)]


def _by_device(run: Sequence[_Section], lines: Sequence[str]) -> list[list[_Section]]:
    parts: list[list[_Section]] = [[]]
    device: str | None = None
    seen: set[str] = set()
    begins: int | None = None
    """Where in the last part a heading came again, since its device was named."""
    for section in run:
        part = parts[-1]
        if begins is None and section.typed in seen:
            begins = len(part)
        part.append(section)
        seen.add(section.typed)
        name = _name_in(lines[section.start : section.end])
        if name is None:
            continue
        if device is not None and name != device and begins is not None:
            parts[-1:] = [part[:begins], part[begins:]]
            seen = {each.typed for each in part[begins:]}
        device, begins = name, None
    return [part for part in parts if part]


def _named(
    runs: Sequence[list[_Section]], lines: Sequence[str], outer: Sequence[str], fallback: str
) -> list[tuple[list[_Section], str]]:
    """Each run with its device. One that names none is the one's before it: a heading that came twice."""
    names = [_device(run, lines, outer, runs[i - 1][-1].end if i else 0) for i, run in enumerate(runs)]
    known = next((name for name in names if name is not None), fallback)
    found = []
    for run, name in zip(runs, names, strict=True):
        known = name or known
        found.append((run, known))
    return found


def _device(run: Sequence[_Section], lines: Sequence[str], outer: Sequence[str], above: int) -> str | None:
    name = _name_in([line for section in run for line in lines[section.start : section.end]])
    if name is not None:
        return name
    prompts = [p for line in outer[above : run[0].start] if (p := read_prompt(line)) is not None]
    behind = [p for line in outer[run[-1].end : run[-1].end + 1] if (p := read_prompt(line)) is not None]
    return next((p.host for p in (*reversed(prompts), *behind)), None)


def _name_in(lines: Sequence[str]) -> str | None:
    for pattern in (_HOSTNAME, _UPTIME):
        found = next((match for line in lines if (match := pattern.match(line)) is not None), None)
        if found is not None:
            return found[1].strip('"')
    return None


def _told(unknown: list[str], file: str) -> list[Problem]:
    if not unknown:
        return []
    unknown = list(dict.fromkeys(unknown))
    names = ", ".join(unknown[:_NAMED_MAX]) + (", …" if len(unknown) > _NAMED_MAX else "")
    sections = "1 section" if len(unknown) == 1 else f"{len(unknown)} sections"
    return [Problem(file=file, problem=f"{sections} that no part of an audit reads: {names}")]
