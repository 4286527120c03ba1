"""What a terminal leaves in a saved session: pager marks, backspaces, escape sequences, stamps. Line numbers stay."""

from __future__ import annotations

import re

from vpnaudit.snapshot.copied import undo_copy

_OPERATING = re.compile(r"\x1b[\]PX^_][^\x07\x1b\n]{0,400}(?:\x07|\x1b\\)?")
"""A window's title and the like: a string that ends with BEL or ST."""
_CURSOR = re.compile(r"\x1b\[(?P<count>\d{0,3})(?P<way>[CDG])")
_ESCAPES = re.compile(r"\x1b\[[0-9;?<=>!]{0,16}[ -/]{0,2}[@-~]|\x1b[ -/]{1,2}[0-~]|\x1b[0-Z\\^-~]")
_PAGER = re.compile(
    r"^ ?(?:-- ?More ?--(?: ?\(\d{1,3}%\))?|<--- ?More ?--->)"
    r"(?: {0,3}\x08+ {1,80}\x08+|[ \x08]{0,80}\r {1,80}\r|[ \x08]{0,80}\r|\x08+| ?)",
    re.MULTILINE,
)
_PAGER_PRINTED = re.compile(r"^(?: --More-- {9}|<--- More ---> {14})(?![\x08\r])", re.MULTILINE)
"""The mark and the blanks that wiped it, where the log keeps printable characters only (PuTTY's "printable output")."""
_CONTROLS = re.compile(r"[\x00\x07\x08\r\x1b]")

_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,6})?(?: [AP]M)?"
_DAY = r"(?:\d{4}[-/.]\d\d[-/.]\d\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d)"
_BRACKETED = re.compile(
    rf"[\[(<](?:{_DAY}[ T_-])?(?:{_CLOCK}|\d\d:\d\d)(?: \d{{4}})?(?:Z| ?[+-]\d\d:?\d\d)?[\])>][ \t]?"
)
_BARE = re.compile(rf"(?:{_DAY}[ T_-]{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?|{_CLOCK})(?:[ \t]|: |$)")
_STAMPED_SHARE = 0.9
_STAMPED_SAMPLE = 32_768
"""Characters of a text's beginning that tell whether its lines are stamped."""
_FARTHEST = 16
"""Columns that one sequence moves the cursor here: it wipes a pager's mark; more would only make the text grow."""
_NARROWEST = 60
_FOLDS_LEAST = 2
_FOLDED_SHARE = 0.8
_MESSAGE = re.compile(
    r"%[A-Z][A-Z0-9_]{1,60}(?:-[A-Z0-9_]{1,40}){0,2}-[0-7]-[A-Z0-9_]{1,80} ?:|^ {0,8}[A-Z]\w{2,12} logging: "
)
"""A message, or a line of `show logging`'s header."""
_HEADED = re.compile(
    r"\d{1,10}: |\d{1,4}[ywd]\d{1,2}[wdh]: |\d{1,3}:\d\d:\d\d: |[*<]|\.[A-Z][a-z]{2} | {4}"
    rf"|(?:(?:19|20)\d\d[- ]|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {{1,2}}\d).{{0,60}}?{_CLOCK}"
)
"""A line that begins a message of its own."""
_PROMPT_AFTER = re.compile(r"[A-Za-z0-9][\w./:-]{0,100}(?:\([^()\s]{1,60}\))?[#>]")


def as_printed(text: str) -> str:
    """A file's text as the device printed it, whatever terminals, pages and mails it went through since."""
    return undo_terminal(without_line_stamps(undo_copy(text)))


def undo_terminal(text: str) -> str:
    """The text as it stood on the screen after the last key."""
    if "\x1b" in text:
        text = _without_escapes(text)
    if "More" in text:
        text = _PAGER.sub("", _PAGER_PRINTED.sub("", text))
    if not _CONTROLS.search(text):
        return text
    return "\n".join(_screen(line) if _CONTROLS.search(line) else line for line in text.split("\n"))


def unfolded_log(text: str) -> tuple[str, tuple[int, ...]]:
    """Join log messages that a screen of so many columns broke; with the numbers that the lines had, if any was.

    Copied off a screen, a message is cut at one column, wherever that falls, if in the middle of a number: no line is
    longer, and nearly every message that fills its line goes on in the next.
    """
    lines = text.split("\n")
    width = max(map(len, lines))
    if width < _NARROWEST or "%" not in text:
        return text, ()
    full = {n for n, line in enumerate(lines[:-1]) if len(line) == width}
    begun = [n for n in full if _MESSAGE.search(lines[n])]
    folded = sum(1 for n in begun if _goes_on(lines[n + 1]))
    if folded < max(_FOLDS_LEAST, _FOLDED_SHARE * len(begun)):
        return text, ()
    joined: list[str] = []
    numbers: list[int] = []
    is_open = False
    for number, line in enumerate(lines):
        further = is_open and _goes_on(line)
        if further:
            joined[-1] += line
        else:
            joined.append(line)
            numbers.append(number + 1)
        is_open = number in full and (further or _MESSAGE.search(line) is not None)
    return "\n".join(joined), tuple(numbers)


def _goes_on(line: str) -> bool:
    return line != "" and not (_HEADED.match(line) or _PROMPT_AFTER.match(line) or _MESSAGE.search(line))


def without_line_stamps(text: str) -> str:
    """Take off the time that a terminal program wrote before each line, where nearly every line has one.

    Only where a prompt stands right behind one, or where they are in brackets and the text has no message: a log's own
    stamps stay.
    """
    sample = [line for line in text[:_STAMPED_SAMPLE].split("\n") if line.strip()]
    for stamp in (_BRACKETED, _BARE):
        found = [(line, m.end()) for line in sample if (m := stamp.match(line)) is not None]
        if len(found) < max(2, _STAMPED_SHARE * len(sample)):
            continue
        no_log = stamp is _BRACKETED and _MESSAGE.search(text) is None
        if no_log or any(_PROMPT_AFTER.match(line, end) for line, end in found):
            return "\n".join(line[m.end() :] if (m := stamp.match(line)) else line for line in text.split("\n"))
    return text


def _without_escapes(text: str) -> str:
    text = _OPERATING.sub("", text)
    return _ESCAPES.sub("", _CURSOR.sub(_moved, text))


def _moved(found: re.Match[str]) -> str:
    """A move of the cursor along its line, said with backspaces, blanks or a carriage return."""
    count = min(_FARTHEST, max(1, int(found["count"] or 1)))
    if found["way"] == "D":
        return "\x08" * count
    return " " * count if found["way"] == "C" else "\r"


def _screen(line: str) -> str:
    line = line.replace("\x07", "").replace("\x00", "").replace("\x1b", "")
    if "\x08" in line:
        line = _backspaced(line)
    parts = [part for part in line.split("\r") if part.strip()]
    return parts[-1] if parts else ""


def _backspaced(line: str) -> str:
    """Backspace moves the cursor left; what is typed then overwrites."""
    cells: list[str] = []
    at = 0
    for character in line:
        if character == "\x08":
            at = max(0, at - 1)
        elif character == "\r":
            cells.append(character)
            at = len(cells)
        else:
            cells[at : at + 1] = [character]
            at += 1
    return "".join(cells).rstrip(" ")
