"""An audit of answers about one peer alone."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

STRANGER = "203.0.113.66"


@pytest.mark.parametrize("source", ["198.51.100.7", STRANGER], ids=["a peer", "no peer"])
@pytest.mark.parametrize("asked", ["whole", "for it", "for another"])
def test_what_was_asked_for_a_peer_is_not_asked_again(bench: Any, source: str, asked: str) -> None:
    lines = [bench.line(0x3344AA55, n, source=source) for n in range(600, 0, -60)]
    answers = bench.answers("hub", lines=lines)
    del answers["show running-config"]
    if asked == "for another" or source == STRANGER:
        answers["show crypto ipsec sa"] = ""
    hub = bench.device("hub", answers)
    argument = {"whole": "", "for it": f"peer {source}", "for another": "peer 203.0.113.9"}[asked]
    captures = tuple(
        structs.replace(c, argument=argument if c.command == "show crypto ipsec sa" else "") for c in hub.captures
    )
    (diagnosis,) = bench.audit(bench.snapshot(structs.replace(hub, captures=captures))).diagnoses
    assert diagnosis.cause == "insufficient-evidence"
    questions = {w.question for w in diagnosis.would_settle}
    assert ("which SPIs does the receiver have?" in questions) is (asked == "for another")
