from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.collect.screen import LONGEST_LINE, Screen


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"plain  \r\n", ["plain  "]),
        (b"one\r\r\ntwo\n\rthree\r\n", ["one", "two", "three"]),
        (b"abcd\b\bX\r\n", ["abXd"]),
        (b"wrong\b\b\b\b\b     \b\b\b\b\bok\r\n", ["ok"]),
        (b"\x1b[1;31mred\x1b[0m\x1b[K\r\n", ["red"]),
        (b"\x1b]0;title\x07text\r\n", ["text"]),
        (b"rubbish\r\x1b[Kclean\r\n", ["clean"]),
        (b"caf\xc3\xa9 \xff\r\n", ["caf\u00e9 \ufffd"]),
        (b"\b\b\bx\r\n", ["x"]),
        (b"\x1b[9999999C.\r\n", ["."]),
        (b"\x1b[\r\n", [""]),
    ],
)
def test_a_line_is_what_a_terminal_shows(sent: bytes, shown: list[str]) -> None:
    assert Screen().feed(sent) == shown


@pytest.mark.parametrize(
    ("behind", "shown"),
    [
        (b"\b" * 9 + b" " * 9 + b"\b" * 9 + b"next\r\n", "next"),
        (b"\r              \rnext\r\n", "next"),
        (b"\r              \r\r\n", ""),
        (b"\x1b[2K\rnext\r\n", "next"),
        (b"next\r\n", "next"),
        (b"\r\n", " --More-- "),
    ],
)
def test_a_pager_that_was_answered_leaves_nothing(behind: bytes, shown: str) -> None:
    screen = Screen()
    screen.feed(b"before\r\n --More-- ")
    assert screen.tail == " --More-- "
    screen.answer_pager()
    assert screen.tail == ""
    assert screen.feed(behind) == [shown]


PIECES = st.sampled_from([b"a", b"  ", b"\n", b"\r\n", b"\r", b"\b", b"\x1b[K", b"\x1b", b"\xc3", b"\xa9", b"\xe2\x82"])


@given(
    st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=60).map(b"".join)),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_chunks_do_not_matter(data: bytes, sizes: list[int]) -> None:
    whole = Screen()
    expected = whole.feed(data)
    pieces, got, start, turn = Screen(), [], 0, 0
    while start < len(data):
        size = sizes[turn % len(sizes)]
        got += pieces.feed(data[start : start + size])
        start, turn = start + size, turn + 1
    assert (got, pieces.tail) == (expected, whole.tail)


def test_a_line_without_end_takes_bounded_memory() -> None:
    screen = Screen()
    for _ in range(40):
        screen.feed(b"x" * (LONGEST_LINE // 20))
    assert screen.too_long
    assert len(screen.feed(b"\n")[0]) == LONGEST_LINE
