"""What a terminal would show of the bytes that a device sends: lines, with erased text gone."""

from __future__ import annotations

import re

LONGEST_LINE = 1 << 20
"""Bytes. No device prints such a line; what goes beyond is dropped, and said."""

_LONGEST_TAIL = 512
"""Bytes. A prompt or a pager's mark is shorter."""

_TOKENS = re.compile(
    r"(?P<csi>\x1b\[(?P<number>[0-9]{0,4})[0-?]*[ -/]*(?P<final>[@-~]))"
    r"|(?P<escape>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?)"
    r"|(?P<back>\x08)|(?P<return>\r)|(?P<text>[^\x1b\x08\r]+)"
)
_MOVING = re.compile(r"[\x08\r\x1b]")
_BLANK_AFTER_PAGER = re.compile(rb" ?\r*")


class Screen:
    r"""Cuts a stream of bytes into lines, in time that is linear in its length, however it is chunked.

    A line ends at `\n`; carriage returns around it, cursor movements, erasures and ANSI sequences are undone. Bytes
    that are no UTF-8 become U+FFFD. `too_long` says that a line went beyond LONGEST_LINE.
    """

    def __init__(self) -> None:
        self.too_long = False
        self._open: list[bytes] = []
        self._size = 0
        self._paged_at: int | None = None
        self._tail: str | None = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that these bytes end."""
        lines = []
        if self._size or self._paged_at is not None:
            first, ends, data = data.partition(b"\n")
            self._add(first)
            if not ends:
                return []
            lines.append(self.take_tail())
        plain, data = _plain_lines(data)
        return lines + plain + self._other_lines(data)

    def _other_lines(self, data: bytes) -> list[str]:
        first, *rest = data.split(b"\n")
        self._add(first)
        lines = []
        for piece in rest:
            lines.append(self.take_tail())
            self._add(piece)
        return lines

    @property
    def tail(self) -> str:
        """What stands on the last line, which has not ended; "" where it is too long to be a prompt."""
        if self._size > _LONGEST_TAIL:
            return ""
        if self._tail is None:
            self._tail = _shown(b"".join(self._open)[self._paged_at or 0 :], paged=self._paged_at is not None)
        return self._tail

    def answer_pager(self) -> None:
        """The pager's mark on the last line was answered: what comes next takes its place."""
        self._paged_at, self._tail = self._size, None

    def take_tail(self) -> str:
        """The last line as it is now, which thereby has ended."""
        raw = b"".join(self._open)
        paged_at = self._paged_at
        self._open, self._size, self._paged_at, self._tail = [], 0, None, ""
        if paged_at is None:
            return _shown(raw)
        if _BLANK_AFTER_PAGER.fullmatch(raw, paged_at):
            return _shown(raw)  # the line ended behind the mark: it was text
        return _shown(raw[paged_at:], paged=True)

    def _add(self, piece: bytes) -> None:
        room = LONGEST_LINE - self._size
        if len(piece) > room:
            self.too_long = True
            piece = piece[:room]
        if piece:
            self._open.append(piece)
            self._size += len(piece)
            self._tail = None


def _plain_lines(data: bytes) -> tuple[list[str], bytes]:
    """The lines of a piece that moves no cursor, as nearly all that devices print does not, and what is left of it."""
    end = data.rfind(b"\n") + 1
    text = data[: max(0, end - 1)].replace(b"\r\n", b"\n").removesuffix(b"\r")
    if not end or end > LONGEST_LINE or any(mark in text for mark in (b"\x08", b"\r", b"\x1b")):
        return [], data
    return text.decode("utf-8", "replace").split("\n"), data[end:]


def _shown(raw: bytes, *, paged: bool = False) -> str:
    text = raw.decode("utf-8", "replace").strip("\r")
    if not paged and not _MOVING.search(text):
        return text
    cells: list[str] = []
    column = 0
    for token in _TOKENS.finditer(text):
        if token["text"] is not None:
            cells[column : column + len(token["text"])] = token["text"]
            column += len(token["text"])
        elif token["back"] is not None:
            column = max(0, column - 1)
        elif token["return"] is not None:
            column = 0
        elif token["csi"] is not None:
            column = _moved(cells, column, token["final"], token["number"])
    if not any(cell != " " for cell in cells[column:]):
        del cells[column:]  # blanks behind the cursor are what an erasure left
    shown = "".join(cells)
    return shown if shown.strip(" ") or not paged else ""


def _moved(cells: list[str], column: int, final: str, number: str) -> int:
    """The column after a control sequence, which may also erase. Those that do neither are ignored."""
    amount = min(int(number or 1), LONGEST_LINE)
    if final in "KJ":
        if number in {"", "0"}:
            del cells[column:]
        elif number == "1":
            cells[:column] = " " * min(column, len(cells))
        else:
            cells[:] = " " * min(column, len(cells))
    elif final == "D":
        return max(0, column - amount)
    elif final == "G":
        return min(amount - 1, len(cells))
    elif final == "C":
        return min(column + amount, len(cells))
    return column
