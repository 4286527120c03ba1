"""Whose a story is: who sends it, where no tunnel tells."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose import diagnose
from vpnaudit.diagnose.stories import tell
from vpnaudit.settings import Settings

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


def test_who_sends_to_another_of_ours_does_not_send_here(lab: Any) -> None:
    """Two pairs of routers have one SPI by chance; behind a NAT the source tells nothing."""
    fleet = sent_on(lab, NAT)
    other = lab.router("other", "192.0.2.77").configure(AFAR).pair(AFAR, SPI, 0x51AA_0002)
    hub = lab.router()
    hub.without = set(hub.answers())
    elsewhere = lab.router("elsewhere", AFAR).configure("192.0.2.77").pair("192.0.2.77", 0x51AA_0002, SPI)
    (story,) = tell(lab.fleet(hub.line(SPI, NAT, 400, 340), elsewhere, other))
    assert story.sender is None
    assert tell(fleet)[0].sender == "elsewhere", "its peer is nobody of ours: the hub may be behind that address"


def test_a_source_is_one_however_it_is_written(lab: Any) -> None:
    hub = lab.router()
    hub.without = set(hub.answers())
    hub.line(SPI, "2001:DB8:9::1", 900, 840).line(SPI + 7, "2001:db8:9:0::1", 400, 340)
    fleet = lab.fleet(hub)
    assert {story.receiver for story in tell(fleet)} == {"hub"}
    (found,) = diagnose(fleet, Settings())
    assert found.id == "insufficient-evidence source 2001:db8:9::1"


@pytest.mark.parametrize(("last_ago_s", "ongoing"), [(20, True), (400, False)])
def test_what_the_receivers_own_table_has_goes_on_while_lines_come(lab: Any, last_ago_s: int, ongoing: bool) -> None:
    """Both tables agree on an SPI that is refused all the same: they do not tell that it ended."""
    one, two = lab.pair()
    one.line(lab.into_hub, lab.spoke, *range(last_ago_s + 300, last_ago_s - 1, -60))
    (story,) = tell(lab.fleet(one, two))
    assert (story.mechanism, story.ongoing) == ("unexplained", ongoing)
