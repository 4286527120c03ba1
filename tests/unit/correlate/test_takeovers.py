"""A single line next to a rekey, at a unit that had just taken over: its partner's SAs may have stayed behind."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.model.system import FailoverState

OLD_SPI = 0x3344AA55


@pytest.mark.parametrize(
    ("said", "mechanism"),
    [
        pytest.param({}, "unexplained", id="without the SAs"),
        pytest.param({"keeps_sas": None}, "unexplained", id="nobody says whether with them"),
        pytest.param({"keeps_sas": True}, "rekey-race", id="with them"),
        pytest.param({"state": "Standby Ready"}, "rekey-race", id="it stands by"),
        pytest.param({"ago_s": 90_000}, "rekey-race", id="long ago"),
        pytest.param({"ago_s": 300}, "rekey-race", id="later"),
    ],
)
def test_a_line_after_a_takeover_that_show_failover_dates(lab: Any, said: dict[str, Any], mechanism: str) -> None:
    changes = {"last_at": lab.ago(said.get("ago_s", 920)), **{k: v for k, v in said.items() if k != "ago_s"}}
    one, two = lab.pair()
    base = {"line": 10, "on": True, "state": "Active", "keeps_sas": False}
    one.more["show failover"] = lab.facts(failover=FailoverState(**{**base, **changes}))
    (event,) = lab.fleet(one.line(OLD_SPI, lab.spoke, 905), two).events
    assert event.mechanism == mechanism
