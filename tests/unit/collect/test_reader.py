"""The reader against a scripted wire: no channel, no clock of the world."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.collect.reader import Closed, Reader, Silent

SILENCE_S = 0.7


class ScriptedWire:
    """A device that echoes and answers; what it says arrives in pieces of the given sizes, with silences between.

    `sizes` are used in turn, the first not 0; 0 is a silence of SILENCE_S fake seconds.
    """

    def __init__(self, answers: dict[str, bytes], sizes: list[int], prompt: bytes = b"r1#") -> None:
        self.answers = answers
        self.prompt = prompt
        self.sent: list[str] = []
        self.now = 0.0
        self.closes = False
        self._typed = ""
        self._coming = bytearray(b"\r\nbanner\r\n" + prompt)
        self._sizes = sizes
        self._turn = 0
        self._silence = 0.0

    def send(self, text: str) -> None:
        self.sent.append(text)
        self._typed += text
        if not text.endswith("\n"):
            return
        typed, self._typed = self._typed.strip(), ""
        self._coming += typed.encode() + b"\r\n" + self.answers.get(typed, b"") + self.prompt

    def receive(self, timeout_s: float) -> bytes | None:
        if not self._coming:
            if self.closes:
                return b""
            self.now += timeout_s
            return None
        if self._silence > timeout_s:
            self._silence -= timeout_s
            self.now += timeout_s
            return None
        self.now += self._silence
        size = self._sizes[self._turn % len(self._sizes)]
        self._turn += 1
        self._silence = 0.0 if self._sizes[self._turn % len(self._sizes)] else SILENCE_S
        self._turn += self._silence > 0
        data = bytes(self._coming[:size])
        del self._coming[:size]
        return data


def read_all(answers: dict[str, bytes], sizes: list[int]) -> dict[str, list[str]]:
    wire = ScriptedWire(answers, sizes)
    reader = Reader(wire, clock=lambda: wire.now)
    reader.log_in()
    commands = list(answers)
    got: dict[str, list[str]] = {command: [] for command in commands}
    for command, following in zip(commands, [*commands[1:], ""], strict=True):
        reader.answer(command, following, begun=lambda _, command=command: got[command].extend, silence_s=60)
    return got


LINES = st.lists(
    st.sampled_from(
        [
            b"r1#", b"r1#show", b"r1#show ver", b" r1#", b"r1#show something else", b"", b"--More--", b"show version",
            b"*May  1 12:00:00.000: %SYS-5-CONFIG_I: Configured", b"interface Tunnel0", "caf\u00e9".encode(), b"end",
        ]
    ),
    max_size=12,
)  # fmt: skip
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@given(LINES, SIZES)
def test_any_chunking_gives_the_same_answer(lines: list[bytes], sizes: list[int]) -> None:
    # a text that ends in what a prompt and a log line look like cannot be told from them: another line follows
    text = b"".join(line + b"\r\n" for line in [*lines, b"the end"])
    got = read_all(
        {"show running-config": text, "show version": b"a version\r\n", "show clock": b"12:00:00\r\n"}, sizes
    )

    assert got["show running-config"] == [line.decode() for line in [*lines, b"the end"]]
    assert got["show version"] == ["a version"]
    assert got["show clock"] == ["12:00:00"]


@given(LINES.map(lambda lines: [line for line in lines if line != b"show version"]), SIZES, SIZES)
def test_silences_between_the_pieces_change_nothing(lines: list[bytes], sizes: list[int], more: list[int]) -> None:
    # without the one text that nobody could tell from the echo behind a log line: the next command itself
    text = b"".join(line + b"\r\n" for line in [*lines, b"the end"])
    got = read_all({"show running-config": text, "show version": b"a version\r\n"}, [*sizes, 0, *more, 0])

    assert got["show running-config"] == [line.decode() for line in [*lines, b"the end"]]
    assert got["show version"] == ["a version"]


def test_the_banner_is_no_answer_and_the_prompt_is_learnt() -> None:
    wire = ScriptedWire({}, [3])
    reader = Reader(wire, clock=lambda: wire.now)
    reader.log_in()
    assert reader.prompt == "r1#"


def test_a_closed_wire_gives_what_was_had() -> None:
    wire = ScriptedWire({"show version": b"one\r\ntwo"}, [500], prompt=b"r1#")
    reader = Reader(wire, clock=lambda: wire.now)
    reader.log_in()
    wire.prompt, wire.closes = b"", True
    got: list[str] = []
    with pytest.raises(Closed):
        reader.answer("show version", "", begun=lambda _: got.extend, silence_s=5)
    assert got == ["one", "two"]


def test_silence_ends_an_answer_after_its_time() -> None:
    wire = ScriptedWire({"show version": b"one\r\n"}, [500])
    reader = Reader(wire, clock=lambda: wire.now)
    reader.log_in()
    wire.prompt = b""
    before = wire.now
    got: list[str] = []
    with pytest.raises(Silent):
        reader.answer("show version", "", begun=lambda _: got.extend, silence_s=30)
    assert got == ["one"]
    assert 30 <= wire.now - before < 35


@pytest.mark.parametrize("size", [1, 4, 500])
def test_an_echo_that_scrolled_is_an_echo(size: int) -> None:
    """A terminal of fixed width shows the end of a long line behind a `$` (IOS line editor)."""

    class Scrolling(ScriptedWire):
        def send(self, text: str) -> None:
            before = len(self._coming)
            super().send(text)
            if len(text) > 30:
                start = before + len(text) - 1
                del self._coming[before:start]
                self._coming[before:before] = (
                    text[:20].encode() + b"\b" * 20 + b"$" + text[-16:-1].encode() + b" " * 4 + b"\b" * 4
                )

    command = "show crypto ipsec security-association lifetime"
    wire = Scrolling({"show clock": b"12:00:00\r\n", command: b"4608000 kilobytes\r\n"}, [size])
    reader = Reader(wire, clock=lambda: wire.now)
    reader.log_in()
    got: list[str] = []
    reader.answer("show clock", command, begun=lambda _: got.extend, silence_s=60)
    reader.answer(command, "", begun=lambda _: got.extend, silence_s=60)
    assert got == ["12:00:00", "4608000 kilobytes"]
