"""What `show logging` says about itself, above the log buffer."""

from __future__ import annotations

import re

from vpnaudit.model.logs import LogHeader

_OPENING = re.compile(r"^\s*Syslog logging:\s*\w+")
_DROPPED = re.compile(r"\((?P<dropped>\d{1,12}) messages? dropped(?:, (?P<limited>\d{1,12}) messages? rate-limited)?")
_BUFFER = re.compile(r"^\s*Buffer logging:\s*(?P<rest>.*)$")
_LEVEL = re.compile(
    r"level (?P<level>[\w-]{1,20}),(?P<classes> class(?:es)? [\w -]{1,200},)? (?P<count>\d{1,15}) messages? logged"
)
_STANDBY = re.compile(r"^\s*Standby logging:\s*(?P<state>enabled|disabled)\b")
_SIZE = re.compile(r"^\s*Log Buffer \((?P<bytes>\d{1,15}) bytes\)")
_HOST = re.compile(r"^\s*Logging to (?:(?!Source)[\w-]{1,64} (?=[\dA-Fa-f]))?(?P<host>[\w.:-]{2,255}?),?(?:\s|$)")
_KNOWN = re.compile(
    r"""^\s*(?:
        (?:Console|Monitor|Trap|Buffer|History|Exception|File|Persistent|Mail|ASDM|Permit-hostdown|Standby|Debug-trace
           |Count\ and\ timestamp|Timestamp|Hide\ Username|Cross-connect)\ [Ll]ogging\b
      | (?:Facility|Device\ ID|Timestamp\ logging|Deny\ Conn\ when\ Queue\ Full)\s?:
      | Count\ and\ timestamp\ logging\ messages
      | Global\ TCP\ syslog\ stats | NOT_PUTABLE: | CHANNEL_FLAP_CNT: | PARTIAL_REWRITE_CNT:
      | No\ (?:Active|Inactive)\ Message\ Discriminator | (?:Active|Inactive)\ Message\ Discriminator
      | No\ active\ filter\ modules | Filter\ modules: | filtering\ (?:disabled|enabled)
      | Logging\ (?:to|Source-Interface|Exception\ size) | link\ (?:up|down) | xml\ (?:disabled|enabled)
      | \d{1,12}\ flushes,\ \d{1,12}\ overruns\b
      | \d{1,15}\ message\ lines\ (?:logged|rate-limited|dropped)
      | tls-profile: | TLS\ Profiles: | Profile\ Name: | Ciphersuites: | Trustpoint: | TLS\ version:
      | \S{1,40}\s+(?:mnemonics|msg-body|severity|facility)\s+(?:drops|includes)\b
      | (?:[A-Z][A-Za-z-]{1,24}\d[\d/.:]{0,20})(?:\s+[\w.-]{1,40})?\s*$
      | (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\ [A-Z][a-z]{2}\ +\d{1,2}\ \d\d:\d\d:\d\d
    )""",
    re.VERBOSE,
)
_WORDS = frozenset(
    {
        "authentication",
        "buffer",
        "console",
        "debugging",
        "disabled",
        "disc",
        "dropped",
        "enabled",
        "encryption",
        "esm",
        "filtering",
        "flushes",
        "global",
        "informational",
        "level",
        "link",
        "lines",
        "logged",
        "logging",
        "message",
        "messages",
        "monitor",
        "overruns",
        "rate-limited",
        "session",
        "statistics",
        "up",
        "down",
        "warnings",
        "xml",
    }
)
"""Words of the header: a line of nothing else is the rest of one that was broken at another place than usual."""
_AROUND = re.compile(
    r"""\s*(?:
        (?:\S{1,80}[#>]\s?)?sh(?:ow)?\s+log                       # the command, behind a prompt or alone
      | \w[\w.@:/()~-]{0,99}[#>]\s*(?:(?:exit|end|quit|logout)\s*)?$   # a prompt alone, or what ends the session
      | (?:<-{1,4})?\s?-{1,4}\s?More\s?-{1,4}>?\s*$               # a pager's mark
      | Load\sfor\sfive\ssecs:\s | Time\ssource\sis\s | No\stime\ssource,\s
      | (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s[A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d(?:\.\d{1,6})?\s\S{1,8}\s*$
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""What stands around an answer: prompt, echo, pager, and the clock that a device was told to print with each answer."""
_OVERWRITTEN_WITHIN = 2
"""Lines below `Log Buffer` in which the rest of a message may stand whose start was overwritten."""


def _is_of_header_words(line: str) -> bool:
    words = line.lower().replace(",", " ").replace("(", " ").replace(")", " ").replace(":", " ").split()
    return bool(words) and all(word in _WORDS or (word.isascii() and word.isdigit()) for word in words)


class HeaderReader:
    """Takes the lines of a text in order and knows those that belong to the header of `show logging`."""

    def __init__(self) -> None:
        self._open = False
        self._facts: dict[str, object] = {}
        self._hosts: list[str] = []
        self._buffer_at: int | None = None

    def begins_buffer(self, number: int) -> bool:
        """Whether line `number` is the first below `Log Buffer`: in a buffer that wrapped, the rest of a message."""
        return self._buffer_at is not None and 0 < number - self._buffer_at <= _OVERWRITTEN_WITHIN

    def take(self, number: int, line: str) -> bool:
        """Read one line that carries no message; true if it belongs to the header."""
        if _OPENING.match(line):
            return self._begin(number, line)
        if not self._open:
            return _AROUND.match(line) is not None
        size = _SIZE.match(line)
        if size is not None:
            self._facts["buffer_bytes"] = int(size["bytes"])
            self._buffer_at = number
            self._open = False
            return True
        if not _KNOWN.match(line):
            return _is_of_header_words(line)
        self._read(line)
        return True

    def _begin(self, number: int, line: str) -> bool:
        self._open = True
        self._facts = {"line": number}
        self._hosts = []
        dropped = _DROPPED.search(line)
        if dropped is not None:
            self._facts["dropped"] = int(dropped["dropped"])
            if dropped["limited"]:
                self._facts["rate_limited"] = int(dropped["limited"])
        return True

    def _read(self, line: str) -> None:
        buffer, host, standby = _BUFFER.match(line), _HOST.match(line), _STANDBY.match(line)
        if buffer is not None:
            level = _LEVEL.search(buffer["rest"])
            self._facts["buffer_enabled"] = not buffer["rest"].strip().lower().startswith("disabled")
            if level is not None:
                self._facts["buffer_level"] = level["level"]
                self._facts["messages_logged"] = int(level["count"])
                self._facts["buffer_by_class"] = level["classes"] is not None
        elif standby is not None:
            self._facts["standby_logging"] = standby["state"] == "enabled"
        elif host is not None and host["host"] not in self._hosts:
            self._hosts.append(host["host"])

    def result(self) -> LogHeader | None:
        """The header, or None where the text has none."""
        if not self._facts:
            return None
        return LogHeader(**self._facts, hosts=tuple(self._hosts))  # type: ignore[arg-type]
