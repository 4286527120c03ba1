"""Talks to a device over a wire: learns its prompt, becomes privileged, reads the answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from vpnaudit.collect.answer import Answers, drop
from vpnaudit.collect.screen import Screen
from vpnaudit.errors import DeviceError

SILENT_S = 1.0
"""Seconds without a byte after which a prompt that a log line followed is taken for a candidate."""
_SETTLE_S = 0.0
"""Seconds of silence behind a candidate before the next command is sent. That nothing has come yet is enough: a command
that was sent behind text is not taken for its end (`Answers`)."""
_SETTLE_PAGED_S = 0.5
"""The same where the pager could not be turned off: a command typed at its mark would be lost."""
_NUDGE_S = 2.5
"""Seconds of silence at login, twice, after which an empty line is sent."""
_LOGIN_SETTLE_S = 0.05
_MOST_PASSWORD_PROMPTS = 5
"""A device asks three times; the second answer on is an empty line."""

_PROMPT = re.compile(r"[^\s#>%][ -~]{0,100}?[#>]\s?")
_PASSWORD = re.compile(r".{0,80}(?:assword|asscode)\s*:\s*", re.IGNORECASE)
_PAGER = re.compile(r"\s*<?--+ ?more ?--+>?.{0,40}", re.IGNORECASE)


class Closed(Exception):  # noqa: N818  an event, told to the caller
    """The device closed the session."""


class Silent(Exception):  # noqa: N818  the same
    """The device sent nothing for as long as it may."""


class Wire(Protocol):
    """What carries text to a device and bytes from it."""

    def send(self, text: str) -> None:
        """Send exactly this."""

    def receive(self, timeout_s: float) -> bytes | None:
        """What has come, as soon as anything has; null after `timeout_s` seconds; b"" when the device has closed.

        Raises DeviceError when the device's whole time is over.
        """


class Reader:
    """One session. `log_in` first, `enable` perhaps, then `answer` for each command, in order."""

    def __init__(self, wire: Wire, clock: Callable[[], float] = time.monotonic) -> None:
        self.paged = False
        """Whether the device still stops at a page; the caller knows whether it refused `terminal length 0`."""
        self._wire = wire
        self._clock = clock
        self._screen = Screen()
        self._answers = Answers("")
        self._asked = False
        self._pending: str | None = None
        self._sent_at = datetime.now(UTC)

    @property
    def prompt(self) -> str:
        """The prompt, without blanks; "" before `log_in`."""
        return self._answers.prompt

    @property
    def cut_a_line(self) -> bool:
        """Whether a line was so long that a part of it was dropped."""
        return self._screen.too_long

    def log_in(self) -> None:
        """Learn the prompt: what stands on the last line twice, before and behind an empty line. Raises Closed."""
        known = None
        while True:
            tail = self._wait_for(_PROMPT, known)
            if tail and tail == known:
                self._answers = Answers(tail)
                return
            known = tail
            self._wire.send("\n")

    def enable(self, secret: str, permit: Callable[[str], None]) -> bool:
        """Ask for privileges; whether the prompt then ends in `#`. The secret is sent once, at its own prompt only.

        `permit` tells the guard that the secret may pass now.
        """
        self._wire.send("enable\n")
        asked_for = re.compile(f"{_PASSWORD.pattern}|{_PROMPT.pattern}", re.IGNORECASE)
        times_asked = 0
        while times_asked <= _MOST_PASSWORD_PROMPTS:
            tail = self._wait_for(asked_for)
            if tail and not _PASSWORD.fullmatch(tail):
                self._answers = Answers(tail)
                break
            if tail:
                times_asked += 1
                if times_asked == 1:
                    permit(secret)
                self._wire.send((secret if times_asked == 1 else "") + "\n")
        return self.prompt.endswith("#")

    def answer(
        self,
        command: str,
        following: str,
        *,
        begun: Callable[[datetime], Callable[[list[str]], None]],
        silence_s: float,
    ) -> None:
        """Read the answer to `command`: its lines to what `begun` returns, as soon as they are known to be of it.

        `begun` is called when the command's echo has been seen, with the time when it was sent. `following` is the
        command that will be asked next ("" where that is not known yet): its echo is what ends this answer, and it need
        not be sent again.
        Raises Closed, or Silent after `silence_s` seconds without a byte; what was had until then has been given.
        """
        if self._pending != command:
            self._asked = True
            self._answers.begin(drop)
            self._send(command)
            self._read_on(None, silence_s)
        self._answers.begin(begun(self._sent_at))
        self._pending = following or None
        self._read_on(following, silence_s)

    def _read_on(self, following: str | None, silence_s: float) -> None:
        """Read until the answer has ended; null: the command behind the answer was sent already."""
        last_heard = self._clock()
        while not self._answers.advance():
            tail = self._screen.tail
            if self._answers.ends_with(tail) and not self._hears_within(self._settle_s):
                self._answers.finish()
                return
            stops = bool(_PAGER.fullmatch(tail))
            ends = following is not None and self._answers.may_end(tail)
            waits = _SETTLE_S if stops else self._settle_s if ends else SILENT_S
            if self._hears_within(min(waits, silence_s)):
                last_heard = self._clock()
            elif stops:
                self._wire.send(" ")
                self._screen.answer_pager()
                self.paged = True
            elif following is not None and (ends or self._answers.may_have_ended(tail)):
                self._send(following)
                following = None
            elif self._clock() - last_heard >= silence_s:
                self._answers.close(self._screen.take_tail())
                raise Silent

    def _send(self, command: str) -> None:
        self._sent_at = datetime.now(UTC)
        self._answers.sent(command)
        self._wire.send(command + "\n")

    @property
    def _settle_s(self) -> float:
        return _SETTLE_PAGED_S if self.paged else _SETTLE_S

    def _hears_within(self, timeout_s: float) -> bool:
        """Take in what comes within so many seconds; whether anything did."""
        try:
            data = self._wire.receive(timeout_s)
        except DeviceError:  # the device's time is over: what was had is kept
            self._answers.close(self._screen.take_tail())
            raise
        if data is None:
            return False
        if not data:
            self._answers.close(self._screen.take_tail())
            raise Closed
        lines = self._screen.feed(data)
        if self._asked:  # before, it is the login's banner
            self._answers.add(lines)
        return True

    def _wait_for(self, wanted: re.Pattern[str], known: str | None = None) -> str | None:
        """The last line, once something has come and it is as wanted and nothing follows; null after long silence.

        One that is `known` is taken at once.
        """
        heard = self._hears_within(_NUDGE_S)
        while heard:
            tail = self._screen.tail.strip()
            matches = wanted.fullmatch(self._screen.tail)
            heard = not (matches and tail == known) and self._hears_within(_LOGIN_SETTLE_S if matches else _NUDGE_S)
            if matches and not heard:
                return tail
        return None
