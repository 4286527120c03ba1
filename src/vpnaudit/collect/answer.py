"""Tells where one answer ends and the next begins, from lines and the prompt alone: no clock, no channel.

A text that looks like the prompt may be part of an answer: a banner in a configuration, a saved session in a log. So
a prompt is only a candidate. When it stands at the end of what has come, the next command is sent, and the candidate
is the end of the answer only if the echo of that command follows directly on it; otherwise it was text. Between a true
prompt and the echo a device may print a log line of its own accord; that line is no part of either answer.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

_MOST_HELD = 20
"""Lines that may stand between a prompt and the end of its echo: wrapped pieces, log lines."""

_SHORTEST_WIDTH = 20
"""Columns. No terminal wraps an echo before it."""

_LOG_LINE = re.compile(
    r"[^%]{0,160}%[A-Z][A-Z0-9_-]{1,40}-\d-[A-Z0-9_]{1,40}\s*:"  # %SYS-5-CONFIG_I: ..., %ASA-4-402116: ...
    r"|\s*[*.]?[A-Z][a-z]{2}\s+\d{1,2}\s[\d: ]{5,14}[.\d]*(?:\s[A-Z]{2,5})?:\s"  # a debug line with its stamp
    r"|\s*\*\*\*"  # a broadcast: *** --- SHUTDOWN in 0:05:00 --- ***
)


class Answers:
    """The answers of one session, one after the other.

    `begin` opens an answer, `add` takes the lines that come, `sent` says which command was sent behind the candidate.
    What is known to be of the answer is given on, some lines at a time. `advance` is true once the answer has ended;
    lines behind its end are kept for the next one. The prompt is given without blanks around it.
    """

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self._take: Callable[[list[str]], None] = drop
        self._next: str | None = None
        self._came: deque[str] = deque()
        self._held: list[str] = []
        self._given = ""
        self._count = 0
        self._count_when_sent = 0
        self._glued = False

    def begin(self, take: Callable[[list[str]], None]) -> None:
        """The echo of a command has been seen: what follows is its answer, given to `take` as it comes."""
        self._take, self._next, self._given, self._glued = take, None, "", False

    def add(self, lines: list[str]) -> None:
        """Lines that have come."""
        self._came.extend(lines)
        self._count += len(lines)

    def sent(self, command: str) -> None:
        """Note that a command was sent, at a candidate; "" is the empty line behind the last command."""
        self._next, self._count_when_sent = command, self._count

    def advance(self) -> bool:
        """Use the lines that have come; whether they ended the answer."""
        while self._came:
            self._pass_on()
            if self._came:
                self._held.append(self._came.popleft())
                if self._settle_held():
                    return True
        return False

    def _pass_on(self) -> None:
        """Give the lines before the next that begins with the prompt: they are text, whatever follows."""
        if self._held or self._glued:
            return
        text = []
        while self._came and not self._came[0].startswith(self.prompt):
            text.append(self._came.popleft())
        self._give(text)

    def may_end(self, tail: str) -> bool:
        """Whether the open last line is a candidate, so that the next command is to be sent."""
        return self._next is None and not self._came and tail.strip() == self.prompt

    def may_have_ended(self, tail: str) -> bool:
        """Whether a prompt has come, and nothing but log lines behind it, or text before it on its line.

        Either is a candidate when the device is silent; the latter is how an answer ends without a line end.
        """
        if self._next is not None:
            return False
        self._glued = not self._came and not self._held and tail.rstrip().endswith(self.prompt)
        return self._glued or (bool(self._held) and not tail.strip())

    def ends_with(self, tail: str) -> bool:
        """Whether the empty line was answered: the prompt, its line end, and the prompt again as the open last line."""
        answered = self._next == "" and self._count > self._count_when_sent
        return answered and bool(self._held) and tail.strip() == self.prompt

    def close(self, tail: str) -> None:
        """Nothing more will come: what was held back, and the open last line, were text unless they are a prompt."""
        ends_open = tail.strip() not in {"", self.prompt}
        self._give([*self._held, *self._came, *([tail] if ends_open else [])])
        self._held.clear()
        self._came.clear()

    def finish(self) -> None:
        """The answer ended, as `ends_with` said: at the last prompt that is held."""
        self._accept(max(i for i, line in enumerate(self._held) if line.startswith(self.prompt)))

    def _settle_held(self) -> bool:
        while self._held:
            if self._glued and not self._held[0].startswith(self.prompt):
                self._cut_off()
            if self._held[0].startswith(self.prompt):
                verdict = self._verdict()
                if verdict is None:
                    return False
                if verdict:
                    return True
            self._give([self._held.pop(0)])
        return False

    def _cut_off(self) -> None:
        """The first line behind a candidate that had text before it: give the text, if it is the candidate's."""
        self._glued = False
        line, typed = self._held[0].rstrip(), self.prompt + (self._next or "")
        if line.endswith(typed):
            self._give([line.removesuffix(typed)])
            self._held[0] = typed

    def _verdict(self) -> bool | None:
        """Whether the held lines, of which the first begins with the prompt, end the answer; null: not known yet."""
        if len(self._held) > _MOST_HELD:
            return False
        typed, start, logged = "", 0, False
        for position, line in enumerate(self._held):
            rest = line.removeprefix(self.prompt) if line.startswith(self.prompt) else None
            if rest is not None:
                logged = bool(_LOG_LINE.match(rest.lstrip()))
                typed, start = ("" if logged else rest), position
            elif _LOG_LINE.match(line):
                logged = True
            elif line.strip():
                wrapped = typed.strip() and len(self._held[position - 1]) >= _SHORTEST_WIDTH
                if not (logged or wrapped):
                    return False
                typed += line
        if self._next is None or self._next == "":
            return None if not typed.strip() else False
        if _is_echo(typed, self._next):
            self._accept(start)
            return True
        return None if _squeezed(self._next).startswith(_squeezed(typed)) else False

    def _accept(self, start: int) -> None:
        """The answer ended at the prompt of the held line `start`; those before it are text, or a redrawn prompt's log.

        A device with `logging synchronous` prints its prompt again behind a log line. Only where the answer itself was
        no log is it plain that the log line was none of it.
        """
        before = self._held[:start]
        redrawn = any(_LOG_LINE.match(line.removeprefix(self.prompt).lstrip()) for line in before)
        if not redrawn or _LOG_LINE.match(self._given):
            self._give(before)
        self._held.clear()

    def _give(self, lines: list[str]) -> None:
        if lines:
            self._given = next((line for line in reversed(lines) if line.strip()), self._given)
            self._take(lines)


def _is_echo(typed: str, command: str) -> bool:
    """Whether this is the command as a terminal shows it: blanks may be lost at a wrap, the start scrolled away."""
    shown, whole = _squeezed(typed), _squeezed(command)
    return shown == whole or (shown.startswith("$") and len(shown) > 8 and whole.endswith(shown[1:]))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def drop(_: list[str]) -> None:
    """Takes lines that belong to no answer: the login's banner, a log line before an echo."""
