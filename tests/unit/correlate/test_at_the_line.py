"""Tables and lines of different moments: what a table says of a line that came after it was taken."""

from __future__ import annotations

from typing import Any

import pytest

from vpnaudit.diagnose.stories import tell
from vpnaudit.model.config import ConfigInterface
from vpnaudit.model.event import Event

OLD_SPI, NEW_SPI = 0x3344AA55, 0x6A55D01B


def first(lab: Any, *routers: Any) -> Event:
    return lab.fleet(*routers).events[0]


def read_before_the_rekey(lab: Any, *ago_s: float, read_s: float = 900, **spoke: Any) -> list[Any]:
    """The spoke was read `read_s` ago and sent on an SA that the hub replaced 610 and deleted 605 seconds ago."""
    one = lab.router("hub", lab.hub).configure(lab.spoke).pair(lab.spoke, NEW_SPI, lab.into_spoke, age_s=610)
    two = lab.router("spoke", lab.spoke, taken_at=lab.ago(read_s), **spoke).configure(lab.hub)
    two.pair(lab.hub, 0x1A2B3C4D, OLD_SPI, age_s=2000)
    one.trace("create", OLD_SPI, lab.hub, 4000).trace("delete", OLD_SPI, lab.hub, 605)
    return [one.line(OLD_SPI, lab.spoke, *ago_s), two]


@pytest.mark.parametrize(
    ("ago_s", "read_s", "mechanism", "words"),
    [
        pytest.param((604,), 900, "rekey-race", "deleted it at most a minute before", id="read before: a late packet"),
        pytest.param((604, 598, 592), 900, "stale-sa", "no longer has it", id="read before: more than one"),
        pytest.param((604,), 300, "stale-sa", "sends on it now", id="read after: it sent on it still"),
        pytest.param((604, 540, 480, 420), 500, "stale-sa", "sent on it at 01:51:40", id="read while the lines came"),
    ],
)
def test_the_senders_table(lab: Any, ago_s: tuple[float, ...], read_s: float, mechanism: str, words: str) -> None:
    event = first(lab, *read_before_the_rekey(lab, *ago_s, read_s=read_s))
    assert (event.mechanism, event.confidence) == (mechanism, "proven"), event.because
    assert words in event.because


@pytest.mark.parametrize(
    ("ago_s", "mechanism"),
    [pytest.param((604,), "rekey-race", id="one line"), pytest.param((604, 400, 300), "stale-sa", id="a stream")],
)
def test_a_senders_table_of_no_known_time(lab: Any, ago_s: tuple[float, ...], mechanism: str) -> None:
    """The receiver's own record goes first, and is not proof."""
    clock = {"manifest": False, "without": {"show clock"}}
    event = first(lab, *read_before_the_rekey(lab, *ago_s, **clock))
    assert event.mechanism == mechanism, event.because
    assert event.confidence == ("likely" if mechanism == "rekey-race" else "proven")


def receiver_read_before(lab: Any, *ago_s: float, read_s: float = 1800, deleted_s: float | None = None) -> list[Any]:
    """The hub's table, read `read_s` ago, has the SA of the lines; its log goes on."""
    one, two = lab.pair(hub={"taken_at": lab.ago(read_s), "log_since_s": 86_400})
    if deleted_s is not None:
        one.says("ASA-6-602304", deleted_s, spi=lab.into_hub, details={"direction": "in"}, between=(lab.spoke, lab.hub))
    two.sas, two.flows = [], []
    return [one.line(lab.into_hub, lab.spoke, *ago_s), two]


STREAM = (1000.0, 940.0, 880.0, 820.0)


@pytest.mark.parametrize(
    ("ago_s", "given", "mechanism", "words"),
    [
        pytest.param(STREAM, {}, "stale-sa", "older table", id="a stream after the table"),
        pytest.param(
            (*STREAM, 760.0), {"read_s": 900}, "unexplained", "own live", id="a stream that the table fell in"
        ),
        pytest.param(STREAM, {"deleted_s": 1010}, "stale-sa", "(log) and no longer", id="deleted before the stream"),
        pytest.param((1000,), {"deleted_s": 1010}, "rekey-race", "at most a minute", id="deleted before one line"),
        pytest.param((1000,), {"deleted_s": 1010, "read_s": 1030}, "rekey-race", "a minute", id="and read just before"),
        pytest.param((1000,), {"deleted_s": 500}, "unexplained", "own live", id="deleted later: it was there"),
        pytest.param((1000,), {}, "stale-sa", "older table", id="one line, and nobody knows when it went"),
        pytest.param((1000,), {"read_s": 990}, "unexplained", "own live", id="one line before the table"),
    ],
)
def test_the_receivers_table(
    lab: Any, ago_s: tuple[float, ...], given: dict[str, float], mechanism: str, words: str
) -> None:
    event = first(lab, *receiver_read_before(lab, *ago_s, **given))
    assert event.mechanism == mechanism, event.because
    assert words in event.because


def test_a_rekey_ends_what_an_older_table_has(lab: Any) -> None:
    """No record says when the SA went; one line beside the install of its successor is a late packet."""
    one, two = receiver_read_before(lab, 998)
    one.says("ASA-6-602303", 1000, spi=NEW_SPI, details={"direction": "in"}, between=(lab.spoke, lab.hub))
    event = first(lab, one, two)
    assert (event.mechanism, event.confidence) == ("rekey-race", "likely"), event.because


@pytest.mark.parametrize(
    ("log_s", "ongoing"),
    [
        pytest.param(-3600, False, id="its log runs on without them"),
        pytest.param(-810, True, id="its log ends with them"),
        pytest.param(10, True, id="its log ends with the collection, and the tables tell"),
    ],
)
def test_what_goes_on_where_a_log_runs_on_after_the_tables(lab: Any, log_s: float, ongoing: bool) -> None:
    one, two = lab.out_of_step()
    if log_s < 0:
        one.messages = []
        one.line(lab.lost, lab.spoke, *(float(s) for s in range(-300, -840, -60)))
    one.says("SYS-5-CONFIG_I", log_s)
    (story,) = tell(lab.fleet(one, two))
    assert story.ongoing is ongoing


@pytest.mark.parametrize(
    ("tag", "fields"),
    [
        pytest.param("ASA-6-602303", {"details": {"direction": "in"}, "spi": NEW_SPI, "pair": True}, id="an SA"),
        pytest.param("IPSEC_SPI_RESPONSE", {"spi": NEW_SPI, "named": "source"}, id="an SPI that was handed out"),
        pytest.param("CRYPTO-5-SESSION_STATUS", {"state": "DOWN"}, id="a session"),
    ],
)
def test_a_source_that_the_receivers_log_knows_is_no_stranger(lab: Any, tag: str, fields: dict[str, Any]) -> None:
    one, two = lab.pair()
    one.line(OLD_SPI, lab.stranger, 400)
    assert first(lab, one, two).mechanism == "unknown-source"
    more: dict[str, Any] = {"spi": fields.get("spi"), "details": dict(fields.get("details", {}))}
    if fields.get("pair"):
        more["between"] = (lab.stranger, lab.hub)
    if fields.get("named"):
        more["source"] = lab.stranger
    if "state" in fields:
        more["details"] = {"state": fields["state"], "peer": lab.stranger}
    one.says(tag, 5000, **more)
    assert first(lab, one, two).mechanism == "unexplained"


@pytest.mark.parametrize(
    ("destination", "hub", "elsewhere"),
    [
        pytest.param("192.0.2.150", {}, True, id="another's address"),
        pytest.param("192.0.2.1", {}, False, id="its own"),
        pytest.param("192.0.2.150", {"without": {"show interfaces"}}, False, id="its addresses were not all read"),
        pytest.param("2001:db8::150", {}, False, id="IPv6, which no table of addresses has"),
        pytest.param("Z.Z.Z.Z", {}, False, id="no address"),
    ],
)
def test_lines_for_another_address_are_perhaps_another_devices(
    lab: Any, destination: str, hub: dict[str, Any], elsewhere: bool
) -> None:
    one, two = lab.pair(hub=hub)
    one.line(OLD_SPI, lab.stranger, 600, 540, 480, 420, destination=destination)
    (found,) = lab.diagnose(one, two)
    assert found.cause == ("insufficient-evidence" if elsewhere else "unconfigured-source")
    asked = any("the log may be another device's" in w.question for w in found.would_settle)
    assert asked is elsewhere


def test_a_standby_address_is_the_devices_own(lab: Any) -> None:
    one, two = lab.pair()
    one.config["interfaces"] = (
        ConfigInterface(
            line=12,
            name=lab.outside,
            addresses=(f"{lab.hub}/24",),
            standby_addresses=("192.0.2.150",),
            crypto_map="M",
        ),
    )
    one.line(OLD_SPI, lab.stranger, 600, destination="192.0.2.150")
    assert first(lab, one, two).mechanism == "unknown-source"
