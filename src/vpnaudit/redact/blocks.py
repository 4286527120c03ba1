"""Secrets of several lines, and those that are known by a line before them."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple, Protocol

MASK = "<redacted>"
"""What stands in the place of a secret."""

_LONGEST_BLOCK = 2000
"""Lines. A block whose end does not come is no block: a certificate chain has some hundred."""

_HEX_OR_BASE64 = r"[0-9A-Za-z+/=]+|(?:[0-9A-Fa-f]{1,64}[ \t]++){1,16}[0-9A-Fa-f]{0,64}"

DUMP = re.compile(
    r"[ \t]*+(?:(?:[0-9A-Fa-f]{8} ){3,15}[0-9A-Fa-f]{2,8}"
    r"|(?=[A-Za-z0-9+/]{60,76}={0,2}[ \t]*$)(?=[^a-z]{0,75}[a-z])(?=[^A-Z]{0,75}[A-Z])[^0-9]{0,75}[0-9].*)[ \t]*$"
)
"""A line of a certificate or a key, by its looks."""


class Context(Protocol):
    """What the lines so far say about the next.

    While it is `at_rest` it has only to do with lines that hold a word of WORDS when they are in lower case and their
    tabs are blanks, and with those that DUMP matches.
    """

    WORDS: ClassVar[tuple[str, ...]]

    @property
    def at_rest(self) -> bool:
        """Whether it says nothing of the next line."""

    def mask(self, line: str) -> str | None:
        """The line masked as its context wants it; null where it is a line like any other."""


class Block(NamedTuple):
    """The lines that `first` and `last` find stay, what is between is masked.

    A line that `body` does not match is no longer of the block: its end was lost, and what follows is wanted.
    """

    first: re.Pattern[str]
    body: re.Pattern[str]
    last: re.Pattern[str]


BLOCKS: tuple[Block, ...] = (
    Block(  # PEM, with its headers (`Proc-Type: 4,ENCRYPTED`)
        re.compile(r"-----BEGIN [A-Z0-9 ]{1,60}-----"),
        re.compile(rf"^(?:{_HEX_OR_BASE64}|[A-Za-z-]+: .*)$"),
        re.compile(r"-----END [A-Z0-9 ]{1,60}-----"),
    ),
    Block(  # IOS and ASA `crypto pki|ca certificate chain`; not `certificate ... nvram:file`, which has no body
        re.compile(
            r"^\s*certificate\s+(?:(?:ca|self-signed|rollover|ra-\w+|server)\s+){0,3}[0-9A-F]+\s*$", re.IGNORECASE
        ),
        re.compile(rf"^(?:{_HEX_OR_BASE64})$"),
        re.compile(r"^\s*quit\s*$"),
    ),
    Block(  # IOS `crypto key pubkey-chain rsa`, `ip ssh pubkey-chain`, `show crypto key mypubkey`: hexadecimal lines
        re.compile(r"^\s*(?:key-string|Key Data:)\s*$"),
        re.compile(rf"^(?:{_HEX_OR_BASE64})$"),
        re.compile(r"^\s*(?:quit|exit)\s*$"),
    ),
)


class Blocks:
    """Certificates and keys."""

    WORDS: ClassVar[tuple[str, ...]] = ("-----begin", "certificate", "key-string", "key data:")

    def __init__(self) -> None:
        self._open: Block | None = None
        self._lines = 0

    @property
    def at_rest(self) -> bool:
        """See `Context`."""
        return self._open is None

    def mask(self, line: str) -> str | None:
        """See `Context`. A line of a certificate or key whose first line was not seen is masked by its looks."""
        if self._open is not None:
            masked = self._within(line, self._open)
            if masked is not None:
                return masked
        if DUMP.match(line):
            return _mask_whole(line)
        for block in BLOCKS:
            if block.first.search(line) and not block.last.search(line):
                self._open, self._lines = block, 0
                return line
        return None

    def _within(self, line: str, block: Block) -> str | None:
        if block.last.search(line):
            self._open = None
            return line
        self._lines += 1
        text = line.strip()
        if self._lines > _LONGEST_BLOCK or not (text in {"", MASK} or block.body.match(text)):
            self._open = None
            return None
        return _mask_whole(line) if text else line


class KeyChain:
    """`key 1` below `key chain NAME` is a number, not a key: an audit's reader may want it."""

    _CHAIN = re.compile(r"key[ \t]+chain[ \t]")
    _NUMBER = re.compile(r"[ \t]+key[ \t]+[0-9]{1,20}[ \t]*$")

    WORDS: ClassVar[tuple[str, ...]] = ("chain",)

    def __init__(self) -> None:
        self._within = False

    @property
    def at_rest(self) -> bool:
        """See `Context`."""
        return not self._within

    def mask(self, line: str) -> str | None:
        """See `Context`."""
        if line[:1] not in {" ", "\t", ""}:
            self._within = self._CHAIN.match(line) is not None
        return line if self._within and self._NUMBER.match(line) else None


class Tables:
    """`show crypto isakmp key` and its like: a heading, then rows whose last, or first, column is the secret."""

    _KINDS = (
        (
            re.compile(r"[ \t]*(?:Keyring|Hostname/Address)[ \t].{0,120}Preshared Key[ \t]*$", re.IGNORECASE),
            re.compile(
                r"(?:[^ \t]+[ \t]+)?[ \t]*[0-9A-Za-z][\w.:/-]*(?:[ \t]+\[[^\]]*\]|[ \t]+[0-9.]{7,15})?[ \t]{2,}"
                r"(?P<secret>[^ \t].*)$"
            ),
        ),
        (
            re.compile(r"[ \t]*Auth key[ \t]+MD5 String", re.IGNORECASE),
            re.compile(r"[ \t]*[0-9]{1,5}[ \t]+(?P<secret>[^ \t].*)$"),
        ),
        (
            re.compile(r"Community[ \t]+Group[ \t]/[ \t]Access", re.IGNORECASE),
            re.compile(r"(?P<secret>[^ \t#>]+)[ \t]+[^ \t]"),
        ),
    )
    _RULED = re.compile(r"[ \t-]*$")

    WORDS: ClassVar[tuple[str, ...]] = ("preshared key", "auth key", "community")

    def __init__(self) -> None:
        self._row: re.Pattern[str] | None = None

    @property
    def at_rest(self) -> bool:
        """See `Context`."""
        return self._row is None

    def mask(self, line: str) -> str | None:
        """See `Context`. A line that is no row ends the table."""
        if self._row is not None and not self._RULED.match(line):
            found = self._row.match(line)
            if found is not None:
                start, end = found.span("secret")
                return line[:start] + MASK + line[end:]
            self._row = None
        for heading, row in self._KINDS:
            if heading.match(line):
                self._row = row
                return line
        return None


class Script:
    """An EEM applet that answers a prompt for a password: `pattern "assword"`, then `cli command "hunter2"`."""

    _ASKED = re.compile(r"pattern[ \t]+\"[^\"]{0,80}(?:assw|ecret|assphrase)", re.IGNORECASE)
    _ANSWER = re.compile(r"cli[ \t]+command[ \t]+\"(?P<secret>[^\"]*)", re.IGNORECASE)

    WORDS: ClassVar[tuple[str, ...]] = ("pattern",)

    def __init__(self) -> None:
        self._asked = False

    @property
    def at_rest(self) -> bool:
        """See `Context`."""
        return not self._asked

    def mask(self, line: str) -> str | None:
        """See `Context`."""
        answer = self._ANSWER.search(line) if self._asked else None
        if answer is not None:
            start, end = answer.span("secret")
            self._asked = False
            line = line[:start] + MASK + line[end:]
        if self._ASKED.search(line):
            self._asked = True
        return line if answer is not None else None


class Banner:
    """What a banner says about how to get in: `password is hunter2`, `login: admin / hunter2`."""

    _FIRST = re.compile(r"banner[ \t]+[a-z-]+[ \t]+(?P<mark>\^.|[^ \t])", re.IGNORECASE)
    _TELLS = re.compile(
        r"\b(?:pass(?:word|wd|phrase|code)?|pwd|secret|psk|key|pin|community)[ \t]{0,9}(?:is\b|[:=])[ \t:=]{0,9}"
        r"(?P<secret>[^ \t:=].*)",
        re.IGNORECASE,
    )
    _LONGEST = 200

    WORDS: ClassVar[tuple[str, ...]] = ("banner",)

    def __init__(self) -> None:
        self._mark = ""
        self._left = 0

    @property
    def at_rest(self) -> bool:
        """See `Context`."""
        return self._left == 0

    def mask(self, line: str) -> str | None:
        """See `Context`."""
        first = self._FIRST.match(line)
        if first is not None:
            self._mark = first["mark"]
            self._left = 0 if self._mark in line[first.end() :] else self._LONGEST
        elif self._left == 0:
            return None
        elif self._mark in line:
            self._left = 0
        else:
            self._left -= 1
        told = self._TELLS.search(line)
        if told is None:
            return None
        start = told.start("secret")
        end = line.rfind(self._mark, start) if self._left == 0 else len(line)
        return line[:start] + MASK + line[end if end > start else len(line) :]


CONTEXTS: tuple[type[Context], ...] = (Blocks, KeyChain, Tables, Script, Banner)
"""The first that knows a line masks it."""


def _mask_whole(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + MASK
