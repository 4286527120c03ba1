"""What is shown to people: text of devices and file names, numbers with their nouns."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Text that may stem from a device or a file's name, fit for a terminal: one line, no control characters.

    >>> printable("\x1b[31mred")
    '\\x1b[31mred'
    """
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun; `many` where that takes more than an s.

    >>> counted(1, "line"), counted(1200, "line"), counted(2, "diagnosis", "diagnoses")
    ('1 line', '1,200 lines', '2 diagnoses')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
