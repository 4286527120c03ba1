"""What a terminal leaves in a saved session: pager marks, backspaces, escape sequences. Line numbers stay."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,16}[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]")
_PAGER = re.compile(
    r"^ ?(?:-- ?More ?--|<--- ?More ?--->)(?: {0,3}\x08+ {1,80}\x08+|[ \x08]{0,80}\r {1,80}\r|\x08+| ?)", re.MULTILINE
)
_CONTROLS = re.compile(r"[\x07\x08\r\x1b]")


def undo_terminal(text: str) -> str:
    """The text as it stood on the screen after the last key."""
    if "More" in text:
        text = _PAGER.sub("", text)
    if not _CONTROLS.search(text):
        return text
    return "\n".join(_screen(line) if _CONTROLS.search(line) else line for line in text.split("\n"))


def _screen(line: str) -> str:
    line = _ESCAPES.sub("", line).replace("\x07", "")
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
