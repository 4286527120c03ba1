"""Thousands of lines, a handful of diagnoses: many sources of one trouble are told once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from vpnaudit.diagnose import all_causes, diagnose
from vpnaudit.diagnose.waves import subjects
from vpnaudit.loss.story import speaks_of
from vpnaudit.model.config import ConfigInterface, MapEntry
from vpnaudit.model.judgement import Story
from vpnaudit.remedy.registry import for_diagnosis
from vpnaudit.settings import Settings

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


def test_boxes_behind_one_address_are_one_diagnosis(lab: Any) -> None:
    """The tunnel of one box, that of another, and SPIs that nobody has any more: they knock each other out."""

    def judged(cause: str, tunnel: str | None, source: str) -> Any:
        of = SimpleNamespace(id=tunnel) if tunnel else None
        story = Story(mechanism="unexplained", receiver="hub", sender=None, source=source, tunnel=of)
        return story, next(c for c in all_causes() if c.name == cause), {}

    boxes = [("t2", "2001:db8::1"), (None, "2001:DB8::1"), ("t1", "2001:db8:0::1")]
    told = [judged("address-shared", *one) for one in boxes]
    others = [judged("delete-lost", *boxes[0]), judged("address-shared", "t3", "192.0.2.9")]
    fleet = lab.fleet(lab.router())
    assert subjects([*told, *others], fleet) == ["t1", "t1", "t1", "t2", "t3"]


def member(lab: Any, name: str, address: str, **config: Any) -> Any:
    """A member of a group that misses its key, which ten hosts behind other members send on."""
    one = lab.router(name, address).configure("192.0.2.250")
    one.config["map_entries"] = (MapEntry(line=7, name="G", sequence=10, kind="gdoi"),)
    one.config["interfaces"] = (
        ConfigInterface(line=12, name=lab.outside, addresses=(f"{address}/24",), crypto_map="G"),
    )
    one.config.update(config)
    for n in range(10):
        one.line(0x6B0C_22F1, f"10.20.{n}.9", 240 - n, 180 - n, 120 - n, interface=lab.outside)
    return one


def test_a_rekey_that_a_group_missed_is_one_diagnosis(lab: Any) -> None:
    """All members share one SPI: what sources send on it to one member, or to ten, is one trouble."""
    (found,) = lab.diagnose(member(lab, "gm", "192.0.2.1"))
    assert (found.id, found.cause) == ("group-key-missed group of gm", "group-key-missed")
    assert (found.subject.source, found.owner_devices) == (None, ("gm",))
    assert "30 lines from 10 sources with 1 SPI" in found.because[0].text
    assert found.title.startswith("gm missed a rekey of its group")
    assert "suspected-defect" in {r.cause for r in found.ruled_out}, "there are no two ends that disagree"


def test_so_is_one_that_ten_members_missed(lab: Any) -> None:
    members = [member(lab, f"gm{n}", f"192.0.2.{n + 1}", gdoi_groups=("GET",)) for n in range(10)]
    (found,) = lab.diagnose(*members)
    assert found.id == "group-key-missed group GET"
    assert len(found.owner_devices) == 10
    assert found.title.startswith("10 members of one group lack the key of others")


@pytest.mark.parametrize("own_spi", [False, True], ids=["few SPIs", "an SPI each"])
def test_where_nothing_but_the_log_is_known(lab: Any, own_spi: bool) -> None:
    """Whoever they are, the same answers of one device settle all of them: one question, not forty."""
    only_log = set(lab.router().answers())
    (wave,) = lab.diagnose(scanned(lab, 40, own_spi=own_spi, without=only_log)[0])
    assert (wave.id, wave.cause) == ("insufficient-evidence sources at hub", "insufficient-evidence")
    assert wave.title == "40 sources at hub: the evidence allows several causes"
    assert sum(e.lines for s in wave.stories for e in s.episodes) == 120
    asked = {w.command for w in wave.would_settle}
    assert any("hub: show running-config" in (c or "") for c in asked)
    assert len(wave.would_settle) < 25, "of a few as examples"
    few = lab.diagnose(scanned(lab, 9, own_spi=own_spi, without=only_log)[0])
    assert len(few) == 9


def test_nobody_writes_to_forty_strangers(lab: Any) -> None:
    """Nor is the loss question of one tunnel asked of them."""
    hub = scanned(lab, 40, own_spi=True, without=set(lab.router().answers()))[0]
    fleet = lab.fleet(hub)
    (wave,) = diagnose(fleet, Settings())
    (one,) = for_diagnosis(wave, fleet, {})
    assert (one.kind, one.device) == ("investigate", "hub")
    assert not speaks_of(wave)


def test_an_example_stands_for_each_rival_that_is_open(lab: Any) -> None:
    """The last of many is the only one that went on, which leaves more open."""
    only_log = set(lab.router().answers())
    hub = scanned(lab, 12, own_spi=True, without=only_log)[0]
    last = hub.line(0x7100_0001, "203.0.113.200", *range(6000, 3000, -60))
    (wave,) = lab.diagnose(last)
    named = {n for w in wave.would_settle for n in w.causes} | {r.cause for r in wave.ruled_out}
    assert named | {"insufficient-evidence"} == {c.name for c in all_causes()}


def test_a_days_streams_of_one_tunnel_are_a_handful(lab: Any) -> None:
    """Forty SPIs, thirty lines each, all of one tunnel: one diagnosis a cause, not one an SPI."""
    one, two = lab.pair()
    for k in range(40):
        one.line(0x1000_0000 + k * 7919, lab.spoke, *(80_000 - 2000 * k - 60 * m for m in range(30)))
    found = lab.diagnose(one, two)
    assert len(found) == len({d.cause for d in found}) <= 3
    assert sum(len(s.episodes) for d in found for s in d.stories) == 40
