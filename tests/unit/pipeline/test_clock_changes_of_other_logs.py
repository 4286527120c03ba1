"""A clock that was set moves the lines of all of a device's logs, whichever of them has the message."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.correlate import correlate
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.pipeline.syslog import attach
from vpnaudit.settings import Settings

SPI = 0x3344AA55


def updated(bench: Any, before_ago_s: float, after_ago_s: float) -> str:
    before, after = (bench.ago(s).strftime("%H:%M:%S UTC %a %b %d %Y") for s in (before_ago_s, after_ago_s))
    stamp = bench.ago(after_ago_s).strftime("%b %d %H:%M:%S.000")
    said = f"System clock has been updated from {before} to {after}, configured from console by console."
    return f"{stamp}: %SYS-6-CLOCKUPDATE: {said}"


def ages(bench: Any, buffer: list[str], file: list[str], *, beside: bool) -> list[float | None]:
    """How long before the collection each event happened; the syslog file is a source, or is given beside it."""
    hub = bench.snapshot(bench.device("hub", bench.answers("hub", lines=buffer)))
    logs = bench.logs("hub", *file)
    read = attach(read_devices([hub], bench.at), logs, bench.at)[0] if beside else read_devices([hub, logs], bench.at)
    found = correlate(read.devices, readings=read.readings, collected_at=bench.at, started_at=None, settings=Settings())
    return sorted((bench.at - e.at).total_seconds() if e.at else None for e in found.events)


@pytest.mark.parametrize("beside", [False, True], ids=["a source", "beside the collection"])
@pytest.mark.parametrize("in_buffer", [True, False], ids=["the buffer tells it", "the file tells it"])
@pytest.mark.parametrize("ahead_s", [-3600, 7200], ids=["set forward", "set back"])
def test_lines_in_the_buffer_and_in_a_syslog_file(bench: Any, ahead_s: float, in_buffer: bool, beside: bool) -> None:
    """The oldest line stands in the file alone, the next in both, the last in the buffer alone: of after the change."""
    change = updated(bench, 150 - ahead_s, 150)
    old, both, new = (
        bench.line(SPI, 300 - ahead_s),
        bench.line(SPI, 240 - ahead_s),
        bench.line(SPI, 60),
    )
    buffer = [both, *([change] if in_buffer else []), new]
    file = [old, both, *([] if in_buffer else [change])]
    assert ages(bench, buffer, file, beside=beside) == [60, 240, 300]
