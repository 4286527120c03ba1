"""Thousands of lines, a handful of diagnoses: many sources of one trouble are told once."""

from __future__ import annotations

from typing import Any

import pytest

WAVE = 0x77B40000


def scanned(lab: Any, sources: int, *, own_spi: bool = False, **given: Any) -> list[Any]:
    """A healthy pair, and so many strangers at the hub, three lines each."""
    one, two = lab.pair(hub=given)
    for n in range(sources):
        spi = 0x5000_0001 + 7 * n if own_spi else WAVE + (n % 2 << 16)
        one.line(spi, f"203.0.{113 + n // 200}.{n % 200 + 1}", *(9000 - 7 * n - 60 * k for k in range(3)))
    return [one, two]


@pytest.mark.parametrize("own_spi", [False, True], ids=["few SPIs", "an SPI each"])
def test_a_wave_of_strangers_is_one_diagnosis(lab: Any, own_spi: bool) -> None:
    (found,) = lab.diagnose(*scanned(lab, 400, own_spi=own_spi))
    assert (found.id, found.cause) == ("unconfigured-source sources at hub", "unconfigured-source")
    assert (found.subject.source, found.subject.tunnel, found.subject.devices) == (None, None, ("hub",))
    assert "400 sources that are no peers of hub" in found.title
    assert "1200 lines from 400 sources" in found.because[0].text
    assert len(found.because) < 10
    assert sum(e.lines for s in found.stories for e in s.episodes) == 1200


def test_a_few_strangers_are_told_by_their_names(lab: Any) -> None:
    found = lab.diagnose(*scanned(lab, 9))
    assert {d.subject.source for d in found} == {f"203.0.113.{n + 1}" for n in range(9)}


def test_where_nothing_but_the_log_is_known(lab: Any) -> None:
    """That ten sources have one SPI shows that they are no ten tunnels, whoever they are."""
    only_log = set(lab.router().answers())
    (wave,) = lab.diagnose(scanned(lab, 40, without=only_log)[0])
    assert (wave.id, wave.cause) == ("insufficient-evidence sources at hub", "insufficient-evidence")
    apart = lab.diagnose(scanned(lab, 40, own_spi=True, without=only_log)[0])
    assert len(apart) == 40, "an SPI each: they may be forty tunnels"


def test_a_days_streams_of_one_tunnel_are_a_handful(lab: Any) -> None:
    """Forty SPIs, thirty lines each, all of one tunnel: one diagnosis a cause, not one an SPI."""
    one, two = lab.pair()
    for k in range(40):
        one.line(0x1000_0000 + k * 7919, lab.spoke, *(80_000 - 2000 * k - 60 * m for m in range(30)))
    found = lab.diagnose(one, two)
    assert len(found) == len({d.cause for d in found}) <= 3
    assert sum(len(s.episodes) for d in found for s in d.stories) == 40
