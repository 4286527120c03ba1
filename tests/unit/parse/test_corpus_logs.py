"""Logs and headers written by others, beyond what test_recall.py compares."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpnaudit.parse.logs import scan

SHARED = Path(__file__).resolve().parents[3] / "../shared"
HEADED = sorted(SHARED.glob("corpus/cisco_*/show-logging/*.txt"))
pytestmark = pytest.mark.shared


@pytest.mark.skipif(not HEADED, reason=f"no collected output in {SHARED}")
def test_headers_of_show_logging_are_read() -> None:
    headers = [
        scan(path.read_text(encoding="utf-8")).facts.log_header
        for path in HEADED
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
