"""Whose a story is: who sends it, where no tunnel tells."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose.stories import tell

BRANCH, AFAR, NAT = "198.51.100.20", "198.51.100.30", "203.0.113.99"
SPI = 0x6B0C_22F1


def sent_on(lab: Any, source: str) -> Any:
    """A hub of which there is the log alone refuses an SPI, and one router of ours, elsewhere, sends on it."""
    hub = lab.router()
    hub.without = set(hub.answers())
    elsewhere = lab.router("elsewhere", AFAR).configure("192.0.2.77").pair("192.0.2.77", 0x51AA_0002, SPI)
    branch = lab.router("branch", BRANCH).configure("192.0.2.88").pair("192.0.2.88", 0x51AA_0003, 0x51AA_0004)
    return lab.fleet(hub.line(SPI, source, 400, 340), elsewhere, branch)


@pytest.mark.parametrize(
    ("source", "sender"),
    [
        pytest.param(AFAR, "elsewhere", id="it has the address that the line names"),
        pytest.param(BRANCH, None, id="another of ours has it: each receiver draws its SPIs for itself"),
        pytest.param(NAT, "elsewhere", id="none of ours has it: a NAT may stand between"),
    ],
)
def test_who_sends_has_the_address_of_the_line(lab: Any, source: str, sender: str | None) -> None:
    (story,) = tell(sent_on(lab, source))
    assert (story.tunnel, story.source, story.sender) == (None, source, sender)
