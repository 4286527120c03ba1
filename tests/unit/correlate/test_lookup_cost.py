"""Looking an event up costs the same for ten tunnels and for many: steps are counted, time is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType
from typing import Any

import pytest

from vpnaudit.correlate.events import Facing
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.ledger import Ledger, LedgerEntry

EVIDENCE = Evidence(device="hub", command="show crypto ipsec sa", file="hub/x.txt", line=1, text="")


def lines_run(call: Callable[[], object], *of: Callable[..., object]) -> int:
    """How many lines of the given functions the call runs."""
    codes: set[CodeType] = {f.__code__ for f in of}
    count = 0

    def step(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return step

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        return step if frame.f_code in codes or frame.f_code.co_filename == of[0].__code__.co_filename else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def ledger(tunnels: int) -> Ledger:
    return Ledger(
        LedgerEntry(
            spi=0x1000 + n,
            device=f"r{n}",
            role="receiver",
            peer=None,
            address=None,
            live=True,
            how="live table",
            evidence=EVIDENCE,
        )
        for n in range(tunnels)
    )


@pytest.mark.parametrize("spi", [0x1003, 0x0003], ids=["known", "unknown"])
def test_an_spi(spi: int) -> None:
    few, many = (ledger(n) for n in (10, 20_000))
    steps = [lines_run(partial(at.find, spi, device="r3", role="receiver"), Ledger.find) for at in (few, many)]
    assert steps[0] == steps[1] > 0
    assert bool(many.find(spi, "receiver")) is (spi == 0x1003)


def test_the_tunnel_of_an_event(lab: Any) -> None:
    """A hub of many spokes is asked for one of them."""
    steps = []
    for spokes in (10, 300):
        hub = lab.router("hub", lab.hub)
        for n in range(spokes):
            hub.configure(f"203.0.{n // 250}.{n % 250 + 1}")
        facing = Facing(lab.fleet(hub).tunnels)
        (found,) = facing.find("hub", "203.0.0.4")
        assert found.remote.address == "203.0.0.4"
        steps.append(lines_run(partial(facing.find, "hub", "203.0.0.4"), Facing.find))
    assert steps[0] == steps[1] > 0
