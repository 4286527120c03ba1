"""Text from devices made harmless: what does not print is written out, so that it can be seen and does nothing."""

from __future__ import annotations


def visible(text: str) -> str:
    r"""Give `text` as one line in which every character prints.

    Controls (C0, C1, the ESC of terminal sequences), bidirectional marks, zero-width characters, line separators and
    lone surrogates become `\x1b`, `\u202e` and so on; a tab becomes one blank.

    >>> visible("up\x1b[2J\u202e")
    'up\\x1b[2J\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _written_out(c) for c in text)


def visible_lines(text: str) -> tuple[str, ...]:
    """Split at line feeds (with or without carriage return) and make each line `visible`."""
    return tuple(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def _written_out(character: str) -> str:
    if character == "\t":
        return " "
    return character.encode("ascii", "backslashreplace").decode("ascii") if ord(character) > 127 else _escape(character)


def _escape(character: str) -> str:
    return {"\n": "\\n", "\r": "\\r"}.get(character, f"\\x{ord(character):02x}")
