"""Log scanner: any text in (a device's buffer, a syslog file, a pasted mail), messages out.

Forms: field guide 1.2 to 1.8. A message begins with a `%FACILITY-N-NAME:` tag and whatever head stands in front of it
(`parse.stamps`); further lines belong to it by the rules of `parse.log_message`; what it says is `parse.messages`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise

from vpnaudit.model.facts import Coverage, Facts, Parsed, UnparsedLine
from vpnaudit.model.logs import FIREWALLS, INVALID_SPI_TAGS, LogMessage
from vpnaudit.parse.log_header import HeaderReader
from vpnaudit.parse.log_message import KEYED_LINE, OpenMessage
from vpnaudit.parse.messages import EVENT_NAME
from vpnaudit.parse.refusal import is_refused
from vpnaudit.parse.stamps import Found, Head, find_stamps, read_head
from vpnaudit.snapshot.json_line import unwrapped

_TAG = re.compile(
    r"%(?:> ?)?(?P<facility>[A-Z][A-Z0-9_]{0,60})(?P<sub>(?:->?[A-Za-z0-9_]{1,40}){0,3}?)->?(?P<severity>[0-7])"
    r"->?(?P<name>[A-Za-z0-9_]{1,80})(?P<colon> {0,2}:| - - -(?= ))?"
)
"""Where rsyslog makes RFC 5424 of a line it takes the tag for the program's name; its other fields are then `-`."""
_BARE_TAG = re.compile(
    r"(?<![\w%-])(?P<facility>CRYPTO|IPSEC|ASA|FTD|PIX)(?P<sub>)-(?P<severity>4)"
    r"-(?P<name>RECVD_PKT_INV_SPI|402114)(?P<colon> {0,2}:)?"
)
"""Web interfaces of log servers show a message's tag in a column of its own, without its percent sign."""
_PARTIAL_TAG = re.compile(r"%(?:> ?)?[A-Z][A-Z0-9_]{0,60}(?:-[A-Za-z0-9_]{0,80}){0,5}$")
_QUOTE = re.compile(r"\s{0,8}>(?:[ >]{0,16}>)? ?")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,16}[A-Za-z]|\x1b[()][A-Z0-9]")
_REPEATED = re.compile(r"\blast message repeated (?P<times>\d{1,9}) times?\b", re.IGNORECASE)
_DEBUG = re.compile(
    r"IPSEC ?:? ?(?:\(SESSION ID = \d{1,10}\) ?)?\((?P<ipsec>create_sa|delete_sa|spi_response|key_engine_delete_sas"
    r"|update_current_outbound_sa)\)"
    r"|ISAKMP(?:-ERROR|-PAK)?:? ?(?:\(\d{1,10}\):? ?)?(?P<ike>ignoring request to send delete notify|deleting SA\b)"
)
_DEBUG_NAMES = {
    "create_sa": "IPSEC_CREATE_SA",
    "delete_sa": "IPSEC_DELETE_SA",
    "spi_response": "IPSEC_SPI_RESPONSE",
    "key_engine_delete_sas": "IPSEC_DELETE_SAS",
    "update_current_outbound_sa": "IPSEC_OUTBOUND_SA",
    "ignoring request to send delete notify": "ISAKMP_NO_SA_FOR_DELETE",
    "deleting SA": "ISAKMP_DELETE_SA",
}
_OTHER_DEBUG = re.compile(r"\s{0,8}(?:(?:ISAKMP|IKEv2)(?:-[A-Z]{1,10})?: {0,12}\S|(?:ISAKMP|IPSEC) ?:? ?\(\w)")
"""Debug of IKE and IPsec on a console without time stamps."""
_NAMES_A_MESSAGE = re.compile(r"%[A-Z]|(?i:invalid spi|PKT_INV_SPI)")
"""In a line without a tag: it may be a message whose tag was spoilt, which must be seen."""
_SPOILT_TAG = r"(?![A-Z][A-Z0-9_]{2,60}-[0-7]-[A-Z])"
_OWN_TEXT = re.compile(rf"\s{{0,2}}:\s{{0,8}}{_SPOILT_TAG}\S")
_OTHER_PROGRAM = re.compile(rf" \S{{1,255}} (?:{_SPOILT_TAG}[A-Za-z][\w./-]{{0,63}}(?:\[\d{{1,10}}\])?: |-- MARK --)")
"""Behind a relay's stamp: a host, and a program of that host or the syslog daemon's sign of life."""
_EVENT_WORDS = re.compile(r"[ \t:|;,-]{0,6}(?:decaps|rec.d IPSEC|IPSEC: Received)", re.IGNORECASE)
_WRAPPER = "PLATFORM"
"""`%IOSXE-3-PLATFORM: … %IPSEC-3-…`: the second tag is the message (field guide 1.4)."""
_CARRIERS = frozenset({"HA_EM-6-LOG", "PARSER-5-CFGLOG_LOGGEDCMD"})
"""Messages whose text is somebody's words or a copy of another message: a tag inside is no message."""
_HEAD_WORDS_MAX = 3
_WAITING_MAX = 512
_HOSTS_MAX = 4096


def scan(text: str, numbers: Sequence[int] = ()) -> Parsed:
    """Read every message of a log. Never raises on any text.

    Lines of a message, debug lines with a device's own stamp, `show logging`'s header and repeat counts are understood;
    all others are told as unparsed.
    `numbers` are those of the lines in their file, where the text holds only some of its lines: where a line was left
    out, nothing goes on.
    """
    scanner = _Scanner()
    messages: list[LogMessage] = []
    ends = {n for n, (one, other) in enumerate(pairwise(numbers), 1) if other != one + 1}
    for index, line in enumerate(text.split("\n")):
        if index in ends:
            messages.extend(scanner.interrupt())
        messages.extend(scanner.feed(line))
    messages.extend(scanner.finish())
    facts = Facts(messages=tuple(messages), log_header=scanner.header.result())
    unparsed = tuple(UnparsedLine(line=n, text=t) for n, t in scanner.unparsed)
    coverage = Coverage(lines=scanner.lines, understood=scanner.lines - len(unparsed), unparsed=unparsed)
    return Parsed(facts=facts, coverage=coverage)


def scan_answer(text: str) -> Parsed:
    """Read the answer to `show logging`, which may be a refusal. Never raises."""
    if is_refused(text):
        lines = sum(1 for line in text.split("\n") if line.strip())
        return Parsed(coverage=Coverage(lines=lines, understood=lines), refused=True)
    return scan(text)


def _tags(line: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    at = line.find("%")
    while at >= 0:
        match = _TAG.match(line, at)
        if match is not None and (match["colon"] or _needs_no_colon(match, line)):
            found.append(match)
            at = line.find("%", match.end())
        else:
            at = line.find("%", at + 1)
    return found


def _bare_tag(line: str) -> list[re.Match[str]]:
    if EVENT_NAME not in line and "-402114" not in line:
        return []
    match = _BARE_TAG.search(line)
    return [match] if match is not None and _EVENT_WORDS.match(line, match.end()) is not None else []


def _needs_no_colon(match: re.Match[str], line: str) -> bool:
    """Copies lose the colon of an event; a mail's own sentence may name the tag and is no event."""
    known = match["name"] == EVENT_NAME or _tag(match) in INVALID_SPI_TAGS
    return known and _EVENT_WORDS.match(line, match.end()) is not None


def _tag(match: re.Match[str]) -> str:
    return f"{match['facility']}-{match['severity']}-{match['name']}"


def _is_untagged_line(line: str, stamps: Sequence[Found]) -> bool:
    """Whether it is a whole log line without a tag: a device's debug output, or another program's on the relay."""
    if _NAMES_A_MESSAGE.search(line):
        return False
    if _OTHER_PROGRAM.match(line, stamps[0].end):
        return not line[: stamps[0].start].strip("<>0123456789 ")
    own = next((s for s in stamps[:2] if _OWN_TEXT.match(line, s.end)), None)
    head = read_head(line[: own.end]) if own is not None else Head()
    return head.stamp is not None and head.start == 0


class _Scanner:
    """Takes lines one by one. `feed` and `finish` hand out the messages that nothing can be added to any more."""

    def __init__(self) -> None:
        self.header = HeaderReader()
        self.lines = 0
        self.unparsed: list[tuple[int, str]] = []
        self._number = 0
        self._waiting: deque[OpenMessage] = deque()
        self._current: OpenMessage | None = None
        self._last_of: dict[str | None, OpenMessage | None] = {}
        self._carried: Head | None = None
        self._carried_at = 0
        self._untagged_at = -1
        self._after_blank = False
        self._cut: tuple[str, int] | None = None

    def feed(self, raw: str) -> Iterator[LogMessage]:
        """Take the next line, without its end."""
        self._number += 1
        width = len(raw.rstrip("\r"))
        line = self._clean(raw)
        if not line.strip():
            self._after_blank = True
            return
        self.lines += 1
        if self._cut is not None:
            line, width = self._mend(line, width)
        elif width >= 40 and "%" in line[-60:] and _PARTIAL_TAG.search(line[-100:]):
            self._cut = (line, width)
            return
        self._line(line, width, self._number)
        self._after_blank = False
        while len(self._waiting) > _WAITING_MAX:
            yield self._waiting.popleft().close()

    def interrupt(self) -> Iterator[LogMessage]:
        """Lines were left out: what comes next is not the rest of what came last."""
        self._take_cut()
        if self._current is not None:
            self._current.open = False
        self._carried = None
        while len(self._waiting) > _WAITING_MAX:
            yield self._waiting.popleft().close()

    def _take_cut(self) -> None:
        if self._cut is not None:
            line, width = self._cut
            self._cut = None
            self._line(line, width, self._number)

    def finish(self) -> Iterator[LogMessage]:
        """End of text: the messages that are still open."""
        self._take_cut()
        while self._waiting:
            yield self._waiting.popleft().close()

    @staticmethod
    def _clean(raw: str) -> str:
        line = raw.rstrip("\r")
        if "\x1b" in line:
            line = _ESCAPES.sub("", line)
        if ">" in line[:9]:
            quote = _QUOTE.match(line)
            if quote is not None:
                return line[quote.end() :]
        return unwrapped(line) if line[-1:] == "}" else line

    def _mend(self, line: str, width: int) -> tuple[str, int]:
        """Join a line that ended inside a tag with the next, where that makes a tag; else take it by itself."""
        cut, cut_width = self._cut or ("", 0)
        self._cut = None
        joined = cut + line
        if any(m.start() < len(cut) < m.end() for m in _tags(joined)):
            return joined, width
        self._line(cut, cut_width, self._number - 1)
        return line, width

    def _line(self, line: str, width: int, number: int) -> None:
        tags = _tags(line) if "%" in line else _bare_tag(line)
        if tags:
            self._messages(line, width, number, tags)
        elif not self._plain(line, width, number):
            self.unparsed.append((number, line))

    def _messages(self, line: str, width: int, number: int, tags: list[re.Match[str]]) -> None:
        """Cut a line at its tags; each message's head may stand at the end of the text before it."""
        carried, self._carried = self._carried, None
        head = read_head(line[: tags[0].start()], firewall=tags[0]["facility"] in FIREWALLS)
        if carried is not None and head.stamp is None and head.relay_stamp is None:
            head = carried
            lead_at = tags[0].start()
            if self.unparsed and self.unparsed[-1][0] == self._carried_at:
                self.unparsed.pop()
        else:
            lead_at = head.start
        index = 0
        while index < len(tags):
            index = self._unwrap(line, tags, index)
            tag, end, next_head = tags[index], len(line), None
            if index + 1 < len(tags) and _tag(tag) not in _CARRIERS:
                following = tags[index + 1]
                between = line[tag.end() : following.start()]
                next_head = read_head(between, line_start=False, firewall=following["facility"] in FIREWALLS)
                end = tag.end() + next_head.start
            elif end == len(line):
                end = self._carry(line, tag.end())
            self._begin(
                OpenMessage(
                    line=number,
                    tag=_tag(tag),
                    sub=tag["sub"].strip("->"),
                    head=head,
                    lead=line[lead_at : tag.end()],
                    text=line[tag.end() : end],
                    width=width,
                )
            )
            if next_head is None:
                return
            head, lead_at = next_head, end
            index += 1

    @staticmethod
    def _unwrap(line: str, tags: list[re.Match[str]], index: int) -> int:
        """Step from a platform wrapper to the message inside."""
        while index + 1 < len(tags) and tags[index]["name"] == _WRAPPER:
            between = line[tags[index].end() : tags[index + 1].start()]
            if read_head(between, line_start=False).stamp is not None:
                break
            index += 1
        return index

    def _carry(self, line: str, start: int) -> int:
        """Keep a stamp that stands at the end of a line for the tag on the next; returns where the text ends."""
        text = line[start:].rstrip()
        if not text.endswith(":"):
            return len(line)
        stamps = find_stamps(text)
        if not stamps or text[stamps[-1].end :].strip(" :"):
            return len(line)
        self._carried = read_head(text, line_start=False)
        self._carried_at = self._number
        return start + self._carried.start

    def _begin(self, message: OpenMessage) -> None:
        if self._current is not None:
            self._current.open = False
        self._current = message
        self._waiting.append(message)
        self._note_last(message.host, message)

    def _note_last(self, host: str | None, message: OpenMessage | None) -> None:
        if len(self._last_of) > _HOSTS_MAX:
            self._last_of.clear()
        self._last_of[host] = message
        self._last_of[None] = message

    def _plain(self, line: str, width: int, number: int) -> bool:
        """Take a line without a tag; false where nothing knows it."""
        if self.header.take(number, line):
            return True
        if "repeated" in line and (repeated := _REPEATED.search(line)) is not None:
            self._repeat(line[: repeated.start()], int(repeated["times"]))
            return True
        if ("IPSEC" in line or "ISAKMP" in line) and (debug := _DEBUG.search(line)) is not None:
            self._debug(line, width, number, debug)
            return True
        stamps = find_stamps(line)
        if self._continues(line, width, stamped=bool(stamps), rest=line[stamps[-1].end :] if stamps else line):
            return True
        if stamps:
            self._other_line(line)
            untagged = _is_untagged_line(line, stamps)
        else:
            untagged = self._goes_on_untagged(line, number)
        if untagged:
            self._untagged_at = number
        return untagged or (self._current is None and not stamps and self.header.begins_buffer(number))

    def _goes_on_untagged(self, line: str, number: int) -> bool:
        """Whether a line without time stamp is debug output: it says so, or is indented below a line that is."""
        if _OTHER_DEBUG.match(line):
            if self._current is not None:
                self._current.open = False
            return True
        return line[:1].isspace() and self._untagged_at == number - 1

    def _continues(self, line: str, width: int, *, stamped: bool, rest: str) -> bool:
        current = self._current
        if current is None:
            return False
        keyed = KEYED_LINE.search(rest) if stamped else KEYED_LINE.match(line)
        if keyed is not None and len(rest[: keyed.start()].split()) <= _HEAD_WORDS_MAX:
            piece = (rest if stamped else line)[keyed.start() :]
            if current.wants(piece, after_blank=False, stamped=False):
                current.add(piece, width)
                return True
        if self._carried is not None or not current.wants(
            line, after_blank=self._after_blank, stamped=self._heads(line, stamped)
        ):
            return False
        end = self._carry(line, 0) if stamped else len(line)
        current.add(line[:end], width)
        return True

    @staticmethod
    def _heads(line: str, stamped: bool) -> bool:
        """Whether the line begins as a log line does; a stamp at its end is the next message's."""
        return stamped and not (line.rstrip().endswith(":") and find_stamps(line)[0].start > 20)

    def _other_line(self, line: str) -> None:
        """A log line without a tag: it ends the message before it, and may be the head of a tag on the next line."""
        end = self._carry(line, 0)
        if end < len(line) and self._carried is not None:
            return
        if self._current is not None:
            self._current.open = False
        head = read_head(line[: find_stamps(line)[-1].end])
        self._note_last(head.host, None)

    def _repeat(self, prefix: str, times: int) -> None:
        host = read_head(prefix).host
        hosts = len(self._last_of) - (None in self._last_of)
        if host not in self._last_of and hosts <= 1:
            host = None
        message = self._last_of.get(host)
        if message is not None:
            message.count += times

    def _debug(self, line: str, width: int, number: int, found: re.Match[str]) -> None:
        head = read_head(line[: found.start()])
        self._carried = None
        self._begin(
            OpenMessage(
                line=number,
                tag=f"DEBUG-7-{_DEBUG_NAMES[found['ipsec'] or found['ike']]}",
                sub="",
                head=head,
                lead=line[head.start : found.start()],
                text=line[found.start() :],
                width=width,
            )
        )
