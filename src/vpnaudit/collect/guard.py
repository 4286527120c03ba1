"""The read-only guard: what may be sent to a device, and nothing else (DESIGN 11)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from vpnaudit.errors import GuardError

_LINE_END = "\n"
PAGER_KEY = " "
ENABLE = "enable"
_ALWAYS = frozenset({"", ENABLE, "exit"})

_SHOW = re.compile(r"show [!-~]+(?: [!-~]+)*")
_PIPES = ("begin", "count", "exclude", "grep", "include", "section")
"""The output modifiers that only choose lines. Devices take any abbreviation of them."""
_WRITERS = ("append", "redirect", "tee")
"""The output modifiers that write a file."""


class Guard:
    """Lets through the exact lines that a session needs, and a platform's `show` commands.

    `session_lines` are those that the platform's session class prepares the terminal with, `commands` what is to be
    collected. Everything else raises GuardError, before a byte is sent.
    """

    def __init__(self, device: str, session_lines: Iterable[str], commands: Iterable[str]) -> None:
        self._device = device
        self._session_lines = _ALWAYS | frozenset(session_lines)
        self._commands = frozenset(commands)
        self._secret: str | None = None

    def expect_secret(self, secret: str) -> None:
        """Let the enable secret through once: the device asks for it now."""
        self._secret = secret

    def check(self, data: str) -> None:
        """Raise GuardError unless exactly this may be sent now."""
        secret, self._secret = self._secret, None
        if data == PAGER_KEY:
            return
        line = data.removesuffix(_LINE_END)
        if data == line or "\n" in line or "\r" in line:
            raise GuardError(self._device, data)
        if secret is not None and line == secret:
            return
        if line in self._session_lines or (line in self._commands and only_shows(line)):
            return
        raise GuardError(self._device, data)


@lru_cache(maxsize=4096)  # a fleet's devices are asked the same
def only_shows(command: str) -> bool:
    """Whether a command is a `show` that prints and does nothing else.

    Printable ASCII only (no line break, no control key), no `?` (which asks for help and leaves the line typed), no
    `>` (which writes a file on NX-OS), and behind a pipe only what chooses lines. `redirect`, `tee` and `append` are
    refused wherever they stand as a word, and every abbreviation of them behind any pipe.

    >>> only_shows("show crypto ipsec sa | include spi")
    True
    >>> only_shows("show running-config | redir flash:x")
    False
    """
    if not _SHOW.fullmatch(command) or "?" in command or ">" in command:
        return False
    if any(word.lower() in _WRITERS for word in re.split(r"[ |]", command)):
        return False
    _, *pipes = command.split("|")
    for position, pipe in enumerate(pipes):
        word = (pipe.split() or [""])[0].lower()
        if position == 0 and not (word and any(name.startswith(word) for name in _PIPES)):
            return False
        if word and any(name.startswith(word) for name in _WRITERS):
            return False
    return True
