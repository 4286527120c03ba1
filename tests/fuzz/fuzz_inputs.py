"""What is mutated: every fixture, and collected device output beside the checkout where it is there."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import NamedTuple

from vpnaudit.platforms.registry import platform, resolve_command

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
COLLECTED = Path(__file__).resolve().parents[3] / "shared" / "corpus"
LOG_FOLDERS = frozenset({"logs", "syslog", "console-log"})
LOG_COMMANDS = frozenset({"show logging", "syslog"})
LINES_MAX = 120
"""Lines of one input: a longer sample gives a window of so many. A run sees many inputs instead of long ones."""


class Sample(NamedTuple):
    """One text as it came. `command` is "syslog" for logs and "" where it holds several (sessions, show-techs)."""

    name: str
    platform: str
    command: str
    data: bytes


@cache
def samples(*, collected: bool = True) -> tuple[Sample, ...]:
    """Return every sample, in an order that does not change from one machine to the next."""
    found = [_sample(path, FIXTURES) for path in sorted(FIXTURES.rglob("*")) if _is_input(path)]
    if collected and COLLECTED.is_dir():
        found += [_sample(path, COLLECTED) for path in sorted(COLLECTED.glob("*/*/*.txt"))]
    return tuple(found)


def window(sample: Sample, rng: random.Random) -> bytes:
    """Return the whole sample, or some lines of a long one: its beginning as often as any other place."""
    lines = sample.data.split(b"\n")
    if len(lines) <= LINES_MAX:
        return sample.data
    start = rng.choice((0, rng.randrange(len(lines) - LINES_MAX)))
    return b"\n".join(lines[start : start + LINES_MAX])


def _is_input(path: Path) -> bool:
    return path.is_file() and path.suffix not in {".json", ".yaml", ".md"}


def _sample(path: Path, root: Path) -> Sample:
    parts = path.relative_to(root).parts
    name, data = "/".join(parts), path.read_bytes()
    if LOG_FOLDERS & set(parts[:-1]):
        return Sample(name, "cisco_ios", "syslog", data)
    found = platform(parts[0])
    told = resolve_command(found.name if found else None, parts[1] if found else path.stem)
    return Sample(name, found.name if found else "cisco_ios", told[0] if told else "", data)
