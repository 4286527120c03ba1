"""Every log fixture gives its messages, its header and its count of lines understood.

`UPDATE_GOLDEN=1` writes the expected files anew; read the difference before it is kept.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vpnaudit.model.logs import LogMessage, Stamp
from vpnaudit.model.spi import spi_text
from vpnaudit.parse.logs import scan

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "logs"
CASES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
DEFAULTS: dict[str, Any] = {"lines": 1, "count": 1, "corrupt_text": False, "details": {}, "between": []}
DEFAULTS |= {"time_from": "", "clock_moved_s": 0.0, "clock_within_s": 0.0, "zone_within_s": 0.0, "by_relay": False}


def stamp_words(stamp: Stamp | None) -> str | None:
    if stamp is None:
        return None
    if stamp.kind == "uptime":
        return f"{stamp.text} = up {stamp.uptime_s} s to {stamp.resolution_s:g} s"
    year = stamp.year or "????"
    clock = f"{stamp.hour:02d}:{stamp.minute:02d}:{stamp.second:02d}.{stamp.microsecond:06d}"
    date = f"{year}-{stamp.month:02d}-{stamp.day:02d}"
    return f"{stamp.text} = {date} {clock} zone {stamp.zone} offset {stamp.utc_offset_min} mark {stamp.mark!r}"


def shown(message: LogMessage) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(message))
    built["stamp"], built["relay_stamp"] = stamp_words(message.stamp), stamp_words(message.relay_stamp)
    built["spi"] = spi_text(message.spi) if message.spi is not None else None
    del built["text"]
    return {k: v for k, v in built.items() if v is not None and DEFAULTS.get(k) != v}


def result(text: str) -> dict[str, Any]:
    parsed = scan(text)
    return {
        "lines": parsed.coverage.lines,
        "understood": parsed.coverage.understood,
        "unparsed": [u.line for u in parsed.coverage.unparsed],
        "header": msgspec.json.decode(msgspec.json.encode(parsed.facts.log_header)),
        "messages": [shown(m) for m in parsed.facts.messages],
    }


@pytest.mark.parametrize("case", CASES)
def test_fixture(case: str) -> None:
    found = result((FIXTURES / case / "input.txt").read_text(encoding="utf-8"))
    expected = FIXTURES / case / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_windows_line_ends_change_nothing(case: str) -> None:
    text = (FIXTURES / case / "input.txt").read_text(encoding="utf-8")
    assert scan(text.replace("\n", "\r\n")).facts == scan(text).facts


@pytest.mark.parametrize("case", CASES)
def test_a_quoted_copy_says_the_same(case: str) -> None:
    text = (FIXTURES / case / "input.txt").read_text(encoding="utf-8")
    quoted = scan("\n".join(f"> {line}" if line else ">" for line in text.split("\n"))).facts.messages
    assert [(m.tag, m.spi, m.source, m.destination) for m in quoted] == [
        (m.tag, m.spi, m.source, m.destination) for m in scan(text).facts.messages
    ]
