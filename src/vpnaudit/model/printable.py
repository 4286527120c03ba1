"""Text of devices and file names where it is shown."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Text that may stem from a device or a file's name, fit for a terminal: one line, no control characters.

    >>> printable("\x1b[31mred")
    '\\x1b[31mred'
    """
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
