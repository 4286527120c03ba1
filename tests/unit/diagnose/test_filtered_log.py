"""A log that was read through a filter says nothing of what was not asked for."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from vpnaudit.diagnose.log_reach import log_reaches, log_since, whole_log

FILTER = "| include INV_SPI"


def hub_read_with(lab: Any, argument: str) -> Any:
    """A hub whose log has a line of three days ago, and one beside its events."""
    device = (
        lab.router("hub", lab.hub).line(lab.lost, lab.spoke, 600, 540).says("CRYPTO-5-SESSION_STATUS", 550).device()
    )
    (log,) = device.log_captures
    asked = structs.replace(log, capture=structs.replace(log.capture, argument=argument))
    return structs.replace(device, log_captures=(asked,))


@pytest.mark.parametrize(
    ("argument", "reaches", "since", "more"),
    [
        ("", True, "whose log begins at", "show logging, as a syslog server has it"),
        ("last 100", True, "whose log begins at", "show logging, as a syslog server has it"),
        (FILTER, False, "whose log was read only through a filter (include INV_SPI)", "show logging, without a filter"),
        ("| i CRYPTO", False, "whose log was read only through a filter", "show logging, without a filter"),
    ],
)
def test_how_far_it_reaches(lab: Any, argument: str, reaches: bool, since: str, more: str) -> None:
    device = hub_read_with(lab, argument)
    assert log_reaches(device, lab.ago(3600)) is reaches
    assert since in log_since(device)
    assert whole_log(device) == more


def test_a_log_beside_it_without_a_filter_counts(lab: Any) -> None:
    device = hub_read_with(lab, FILTER)
    whole = hub_read_with(lab, "").log_captures
    assert log_reaches(structs.replace(device, log_captures=(*device.log_captures, *whole)), lab.ago(3600))
