"""Time beside the size of the input: a sample with one place stretched, or said again and again, at n and at 4n."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import NamedTuple

from fuzz_inputs import LOG_COMMANDS, Sample, samples
from fuzz_targets import RESOLVE, parsers, text_of

from vpnaudit.parse.logs import scan
from vpnaudit.platforms.registry import platform, tell_platform
from vpnaudit.redact import Redactor
from vpnaudit.snapshot.folder import tell_parts
from vpnaudit.snapshot.logfile import line_host
from vpnaudit.snapshot.terminal import undo_terminal, unfolded_log, without_line_stamps

RATIO_MAX = 8.0
"""Four times the text takes four times as long where time grows with it, sixteen times where with its square."""
_NOTICED_S = 0.02
_SMALL = 6_000
"""Characters of the stretched text at n."""
_UNITS = (
    " ",
    "\t",
    "0",
    "9",
    "a",
    ":",
    "-",
    ".",
    ",",
    "#",
    ">",
    "%",
    "(",
    "=",
    "/",
    "\r",
    "\x08",
    "\x1b[C",
    "1.",
    "a ",
    "0:",
)

Reader = Callable[[str], object]


class Growth(NamedTuple):
    """One reader whose time grows faster than its input; `seconds` of CPU at n and 4n."""

    reader: str
    sample: str
    how: str
    seconds: tuple[float, float]


def readers(sample: Sample) -> dict[str, Reader]:
    """Return what reads a sample's text."""
    found = platform(sample.platform)
    own = parsers().get((sample.platform, sample.command), scan)
    redactor = Redactor(found.secrets if found else ())
    return {
        "command" if sample.command not in LOG_COMMANDS else "log": own,
        "scan": scan,
        "terminal": lambda text: unfolded_log(undo_terminal(without_line_stamps(text))),
        "split": lambda text: tell_parts(text, "session", "file", "device", RESOLVE),
        "split as command": lambda text: tell_parts(text, "show_crypto_ipsec_sa", "file", "device", RESOLVE),
        "hosts": lambda text: [line_host(line) for line in text.split("\n")],
        "redact": redactor.text,
        "platform": lambda text: tell_platform([text]),
    }


def grows(seed: int, number: int) -> Growth | None:
    """Try the case of a number; None where time grows with the text."""
    rng = random.Random(f"growth/{seed}/{number}")  # noqa: S311
    sample = rng.choice(samples())
    text = text_of(sample.data)[:_SMALL]
    name, reader = rng.choice(sorted(readers(sample).items()))
    make, how = rng.choice((_one_line, _one_line, _many_lines, _one_again, _all_again))(text, rng)
    small, large = make(1), make(4)
    if cpu_s(reader, small, 1) < _NOTICED_S / 16 or cpu_s(reader, large, 1) < _NOTICED_S:
        return None
    seconds = (cpu_s(reader, small, 3), cpu_s(reader, large, 3))
    if seconds[1] < RATIO_MAX * max(seconds[0], 1e-6) or cpu_s(reader, make(16), 1) < RATIO_MAX * seconds[1]:
        return None
    return Growth(name, sample.name, how, seconds)


def cpu_s(reader: Reader, text: str, times: int) -> float:
    """Return the least CPU seconds of some calls."""
    least = float("inf")
    for _ in range(times):
        began = time.process_time()
        reader(text)
        least = min(least, time.process_time() - began)
    return least


Made = tuple[Callable[[int], str], str]


def _place(text: str, rng: random.Random) -> tuple[list[str], int, int]:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    return lines, at, rng.randrange(len(lines[at]) + 1)


def _one_line(text: str, rng: random.Random) -> Made:
    """A run of one character in a line: long, as only what cuts no line reads it."""
    lines, at, column = _place(text, rng)
    unit, line = rng.choice(_UNITS), lines[at]
    tail = rng.choice(("", line[column:]))

    def make(times: int) -> str:
        return "\n".join((*lines[:at], line[:column] + unit * (4 * _SMALL * times) + tail, *lines[at + 1 :]))

    return make, f"line {line[:80]!r}, column {column}: {unit!r} often, then {tail[:40]!r}"


def _many_lines(text: str, rng: random.Random) -> Made:
    """Many lines, each a bit long in the same place."""
    lines, at, column = _place(text, rng)
    unit, line = rng.choice(_UNITS), lines[at]

    def make(times: int) -> str:
        long = [f"{line[:column]}{unit * 100}{n}{line[column:]}" for n in range(60 * times)]
        return "\n".join((*lines[:at], *long, *lines[at:]))

    return make, f"line {line[:80]!r} again with {unit!r} in column {column}"


def _one_again(text: str, rng: random.Random) -> Made:
    lines, at, _ = _place(text, rng)
    numbered = rng.random() < 0.5

    def make(times: int) -> str:
        again = [f"{lines[at]}{n}" if numbered else lines[at] for n in range(1000 * times)]
        return "\n".join((*lines[:at], *again, *lines[at:]))

    return make, f"line {lines[at][:80]!r} again{' with numbers' if numbered else ''}"


def _all_again(text: str, rng: random.Random) -> Made:
    often = max(1, rng.choice((_SMALL, 4 * _SMALL)) // (len(text) + 1))
    return lambda times: (text + "\n") * (often * times), "the whole text again"
