"""A saved terminal session: prompts, typed commands and their answers, of one device or several."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from msgspec import Struct, structs

from vpnaudit.model.snapshot import Problem

Resolve = Callable[[str], tuple[str, str] | None]
"""Typed command or file stem to (canonical command, argument), or None where no command is meant."""


@runtime_checkable
class TellsByText(Protocol):
    """A Resolve that also knows which command a text answers, where no name and no echo says so."""

    def __call__(self, typed: str, /) -> tuple[str, str] | None:
        """What a Resolve does."""

    def by_text(self, text: str) -> tuple[str, str] | None:
        """The canonical command and its argument; None where the text does not tell."""


_PROMPT = re.compile(
    r"(?P<indent>[ \t]{0,16})(?:\w{1,8}/\d{1,3}/\w{1,8}/\w{1,8}:)?"
    r"(?P<host>[A-Za-z0-9][\w.-]{0,62})(?P<units>(?:/[\w.-]{1,40}){0,3})"
    r"(?P<mode>\([^()\s]{1,60}\))?(?P<end>[#>])[ \t]*(?P<typed>.*)$"
)
_UNIT_WORDS = frozenset(
    {"pri", "sec", "act", "stby", "actnofailover", "stbynofailover", "master", "slave", "control", "data", "director"}
)
"""What an ASA's `prompt` command adds of its place in a pair or cluster; any other word there is a context's name."""
_LOG_TAG = re.compile(r"%[A-Z][A-Z0-9_]{1,60}(?:-[A-Z0-9_]{1,40}){0,2}-[0-7]-[A-Z0-9_]{1,80}")
_SHOW = re.compile(r"(?:do\s+)?sho?w?\s", re.IGNORECASE)
_IN_CONFIG = re.compile(r"do\s+(?=\S)|(?=sho?w?\s)", re.IGNORECASE)
"""Show commands in a configuration mode: behind `do`, on a firewall as they are."""
_TECH = re.compile(r"(?:do\s+)?sho?w?\s+(?:\S{1,40}\s+){0,2}tech", re.IGNORECASE)
LOG_COMMANDS = "syslog", "show logging", "console-log"
"""Commands whose answers are log lines."""

_REFUSALS = "% ", "ERROR: %", "Type help or "
_MONITORED = re.compile(
    r"(?P<before>[^%\"']{0,160}?)%[A-Z][A-Z0-9_]{1,60}(?:-[A-Z0-9_]{1,40}){0,2}-[0-7]-[A-Z0-9_]{1,80} ?:"
)
_STAMP = re.compile(
    r"(?:[*.]?(?:(?:19|20)\d\d )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} "
    r"|\d{1,4}[ywd]\d{1,2}[wdh]: |\d{1,3}:\d\d:\d\d: )"
)
_LOG_HEAD = re.compile(r"(?:<\d{1,3}>)?\s{0,3}(?:\d{1,10}: )?(?:[\w./-]{1,63}: ?)?(?:\w{1,8}(?:/\w{1,8}){1,4}:)?$")
"""What may stand before a message's stamp: priority, number, host, an XR node."""
_FURTHER = re.compile(r"\s+connection id=")
"""The second line of a replay error, the one message of two lines that comes between answers."""


class Part(Struct, frozen=True, kw_only=True, gc=False):
    """A piece of a file that answers one command. `first_line` counts from 1.

    `numbers` are those of the lines of `text` in the file, where they do not follow each other.
    """

    device: str
    command: str
    argument: str
    text: str
    first_line: int
    numbers: tuple[int, ...] = ()


class Prompt(Struct, frozen=True):
    """A line that begins with a device's prompt, `indent` blanks in: a page or a mail sets a session off so."""

    host: str
    config: bool
    typed: str
    indent: str = ""

    @property
    def asked(self) -> str:
        """What was typed as a command that shows something, or ""."""
        if not self.config:
            return self.typed
        found = _IN_CONFIG.match(self.typed)
        return self.typed[found.end() :] if found is not None else ""


def read_prompt(line: str) -> Prompt | None:
    """The prompt of a line, if it begins with one. A firewall's context is a device of its own, `fw1/context`."""
    if "#" not in line and ">" not in line:
        return None
    found = _PROMPT.match(line)
    if found is None:
        return None
    contexts = [word for word in found["units"].split("/")[1:] if word.lower() not in _UNIT_WORDS]
    host = "/".join((found["host"], *contexts))
    return Prompt(host, found["mode"] is not None, found["typed"].strip(), found["indent"])


def has_log_tag(text: str) -> bool:
    """Whether a `%FACILITY-N-NAME` stands in the text."""
    return "%" in text and _LOG_TAG.search(text) is not None


def asks_for_show_tech(typed: str) -> bool:
    """Whether `show tech-support` or one of its kind was typed (`show crypto tech-support`)."""
    return _TECH.match(typed) is not None


def split_session(text: str, file: str, resolve: Resolve) -> tuple[list[Part], list[Problem]]:
    """Cut a session into its answers; no parts where it has no prompt with a command that is known.

    `text` is as `undo_terminal` leaves it. Log lines between the answers, and those that `terminal monitor` printed
    into them, become a part of command `syslog`, in which all other lines are blank. Show commands that nobody knows
    are told.
    """
    return _Session(text.split("\n"), file, resolve).split()


class _Session:
    """One walk over the lines of a session."""

    def __init__(self, lines: list[str], file: str, resolve: Resolve) -> None:
        """Find the prompts, and which of them ask for what is known."""
        self._lines = lines
        self._file = file
        self._prompts = {n: p for n, line in enumerate(lines) if (p := read_prompt(line)) is not None}
        self._asked = {
            number: command
            for number, prompt in self._prompts.items()
            if prompt.asked and (command := resolve(prompt.asked)) is not None
        }
        self._hosts = {self._prompts[number].host for number in self._asked}
        self._shown = sorted(n for n, prompt in self._prompts.items() if prompt.host in self._hosts)
        self._logged: dict[str, dict[int, str]] = {}
        self._problems: list[Problem] = []

    def split(self) -> tuple[list[Part], list[Problem]]:
        """Return the answers in their order, then each device's log lines."""
        if not self._asked:
            return [], self._unknown_of_all()
        parts: list[Part] = []
        before = self._prompts[min(self._asked)].host
        self._between(before, 0, self._shown[0])
        for number, end in zip(self._shown, (*self._shown[1:], len(self._lines)), strict=True):
            prompt = self._prompts[number]
            if number in self._asked and not self._typed_again(number, end):
                parts.append(self._answer(number, end))
                continue
            if has_log_tag(prompt.typed):
                self._log(prompt.host, number, self._lines[number])
            elif not self._typed_again(number, end) and self._was_answered(number, end):
                self._problems.extend(_unknown(prompt, self._file, number + 1))
            self._between(prompt.host, number + 1, end)
        for host, found in self._logged.items():
            parts.append(sparse_part(host, "syslog", found))
        return parts, self._problems

    def _unknown_of_all(self) -> list[Problem]:
        """In a text without any known command, prompts count where they stand alone or ask to show something."""
        return [p for number, prompt in self._prompts.items() for p in _unknown(prompt, self._file, number + 1)]

    def _typed_again(self, number: int, end: int) -> bool:
        """Whether the next prompt repeats what was typed: a completion, help, or a log line that broke in."""
        following = self._prompts.get(end)
        typed = self._prompts[number].typed
        if following is None or following.host != self._prompts[number].host or not typed:
            return False
        if not _goes_on(typed.rstrip("?\t "), following.typed) and not typed.endswith("?"):
            return False
        between = self._lines[number + 1 : end]
        return typed.endswith("?") or all(not line.strip() or _log_head(line) is not None for line in between)

    def _was_answered(self, number: int, end: int) -> bool:
        """Whether the device said more than that it does not understand."""
        said = [line.strip() for line in self._lines[number + 1 : end] if line.strip() not in {"", "^"}]
        return any(not line.startswith(_REFUSALS) and _log_head(line) is None for line in said)

    def _answer(self, number: int, end: int) -> Part:
        command, argument = self._asked[number]
        prompt = self._prompts[number]
        part = Part(
            device=prompt.host,
            command=command,
            argument=argument,
            text="\n".join(line.removeprefix(prompt.indent) for line in self._lines[number + 1 : end]),
            first_line=number + 2,
        )
        answer, logged = without_log_lines(part)
        self._logged.setdefault(prompt.host, {}).update(logged) if logged else None
        return answer

    def _between(self, host: str, start: int, end: int) -> None:
        for number in range(start, end):
            if self._is_log_line(host, number):
                self._log(host, number, self._lines[number])

    def _is_log_line(self, host: str, number: int) -> bool:
        """A line with a tag, or an indented one right behind such a line."""
        line = self._lines[number]
        if has_log_tag(line):
            return True
        return number - 1 in self._logged.get(host, {}) and line[:1].isspace() and bool(line.strip())

    def _log(self, host: str, number: int, line: str) -> None:
        self._logged.setdefault(host, {})[number] = line


def without_log_lines(part: Part) -> tuple[Part, dict[int, str]]:
    """Take the log lines out of an answer that `terminal monitor` printed into it; they come by index in the file.

    In their place a blank line stands, or what the answer had printed of its line before the message broke in.
    """
    if "%" not in part.text or part.command in LOG_COMMANDS:
        return part, {}
    lines = part.text.split("\n")
    logged: dict[int, str] = {}
    for index, line in enumerate(lines):
        number = part.first_line - 1 + index
        start = _log_head(line)
        if start is None and not (number - 1 in logged and _FURTHER.match(line)):
            continue
        logged[number] = line[start or 0 :]
        lines[index] = line[: start or 0]
    return (structs.replace(part, text="\n".join(lines)), logged) if logged else (part, {})


def _goes_on(begun: str, typed: str) -> bool:
    """Whether `typed` is `begun` gone on with, word by word: a completed word, or more of them."""
    first, second = begun.lower().split(), typed.lower().split()
    return len(first) <= len(second) and all(b.startswith(a) for a, b in zip(first, second, strict=False))


def _log_head(line: str) -> int | None:
    """Where a log message begins in a line, or None: at its head, or at a stamp behind a broken piece of an answer."""
    if "%" not in line:
        return None
    found = _MONITORED.match(line)
    if found is None:
        return None
    before = found["before"]
    stamp = _STAMP.search(before)
    if stamp is not None:
        return 0 if _LOG_HEAD.match(before[: stamp.start()]) else stamp.start()
    return 0 if not before.strip() or before.rstrip().endswith((":", "]", ">")) else None


def _unknown(prompt: Prompt, file: str, line: int) -> list[Problem]:
    typed = prompt.typed
    if prompt.config or not _SHOW.match(typed) or typed.endswith("?") or asks_for_show_tech(typed):
        return []
    return [Problem(file=file, line=line, problem=f"command not known, its answer was not read: {typed[:80]}")]


_HEADING = re.compile(
    r"[ \t]{0,8}(?:[-=#*!>\[|~+:<]{1,80}[ \t`\[]{0,9})?(?:(?i:command|cmd|output of|task)[ \t]?[:=\[][ \t]{0,3})?"
    r"(?:\[?(?:[\w.-]{1,40}@)?(?P<host>[A-Za-z][\w.-]{0,62})\]?[ \t]{0,2}[:#>|][ \t]{0,3})?"
    r"`?(?P<typed>(?:do[ \t])?sho?w?[ \t][^`\]\n]{1,120}?)`?[ \t\]]{0,9}[-=#*!<\]|~+:]{0,80}[ \t]{0,9}$"
)


def split_headings(text: str, device: str, resolve: Resolve) -> list[Part]:
    """Cut a text at lines that say nothing but which command follows: `=== show clock ===`, `! show clock`, it alone.

    For texts without prompts: what scripts write, and what people paste without them. A host before the command names
    the device, else it is `device`. What stands above the first heading is no answer.
    """
    lines = text.split("\n")
    heads = [
        (number, found["host"], command)
        for number, line in enumerate(lines)
        if "sh" in line
        and (found := _HEADING.match(line)) is not None
        and (command := resolve(found["typed"].strip())) is not None
    ]
    parts: list[Part] = []
    logged: dict[str, dict[int, str]] = {}
    ends = [number for number, _, _ in heads[1:]] + [len(lines)]
    for (number, host, command), following in zip(heads, ends, strict=False):
        body = "\n".join(lines[number + 1 : following])
        if not body.strip():
            continue
        name = host or (parts[-1].device if parts else device)
        whole = Part(device=name, command=command[0], argument=command[1], text=body, first_line=number + 2)
        answer, log = without_log_lines(whole)
        parts.append(answer)
        logged.setdefault(name, {}).update(log)
    return [*parts, *(sparse_part(name, "syslog", found) for name, found in logged.items() if found)]


def sparse_part(device: str, command: str, lines: dict[int, str]) -> Part:
    """A part made of some lines of a file (by index from 0); the lines between are blank, so that numbers hold."""
    first, last = min(lines), max(lines)
    text = "\n".join(lines.get(number, "") for number in range(first, last + 1))
    return Part(device=device, command=command, argument="", text=text, first_line=first + 1)
