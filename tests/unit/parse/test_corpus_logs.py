"""Logs written by others: exactly the events and tag lines that are in them, nothing invented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vpnaudit.model.logs import LogMessage
from vpnaudit.parse.logs import scan

SHARED = Path(__file__).resolve().parents[3] / "../shared"
FOLDERS = {"syslog", "show-logging", "show-logging-logfile", "console-log"}
SAMPLES = sorted(p for p in SHARED.glob("corpus/*/*/*.expect.json") if p.parent.name in FOLDERS)
pytestmark = pytest.mark.shared


def facts(message: LogMessage) -> dict[str, Any]:
    known = {"tag": message.tag, "spi": message.spi, "src": message.source, "dst": message.destination}
    return {k: v for k, v in known.items() if v is not None} | (
        {"between": list(message.between)} if message.between else {}
    )


@pytest.mark.skipif(not SAMPLES, reason=f"no collected output in {SHARED}")
@pytest.mark.parametrize("expected", SAMPLES, ids=lambda p: "/".join(p.parts[-3:]))
def test_sample(expected: Path) -> None:
    wanted = json.loads(expected.read_text(encoding="utf-8"))
    text = expected.with_name(expected.name.replace(".expect.json", ".txt")).read_text(encoding="utf-8")
    messages = scan(text).facts.messages
    assert [facts(m) for m in messages if m.is_crypto] == wanted["events"]
    assert len({m.line for m in messages if not m.tag.startswith("DEBUG-")}) == wanted["tag_lines"]


@pytest.mark.skipif(not SAMPLES, reason=f"no collected output in {SHARED}")
def test_headers_of_show_logging_are_read() -> None:
    headers = [
        scan(path.read_text(encoding="utf-8")).facts.log_header
        for path in sorted(SHARED.glob("corpus/cisco_*/show-logging/*.txt"))
        if "Syslog logging:" in path.read_text(encoding="utf-8")
    ]
    assert headers
    assert all(h is not None and h.buffer_enabled is not None for h in headers)


def test_the_mail_has_three_events() -> None:
    mails = sorted(SHARED.glob("seed/*.txt"))
    if not mails:
        pytest.skip(f"no mail in {SHARED / 'seed'}")
    messages = scan(mails[0].read_text(encoding="utf-8")).facts.messages
    assert [m.is_invalid_spi for m in messages] == [True, True, True]
    assert len({m.spi for m in messages}) == 3
    assert all(m.stamp and m.source and m.destination and m.interface and not m.corrupt_text for m in messages)
    assert [m.stamp.minute for m in messages if m.stamp] == [12, 20, 28]
