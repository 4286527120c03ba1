"""Log lines of one router, pasted beside a session of the other: the session's device did not log them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.pipeline.conftest import Bench

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings

NOW = datetime(2026, 5, 2, tzinfo=UTC)
LINE = (
    "Mar 10 01:{minute:02d}:07.098: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
    "destaddr={to}, prot=50, spi=0xAAAA1111(2863272209), srcaddr={by}"
)


def lines(to: str, by: str) -> str:
    return "".join(LINE.format(minute=minute, to=to, by=by) + "\n" for minute in range(50, 55))


def session(bench: Bench, name: str) -> str:
    spis = (0xBBBB2222, 0xAAAA1111) if name == "spoke" else None
    return "".join(f"{name}#{c}\n{a}" for c, a in bench.answers(name, spis=spis).items()) + f"{name}#\n"


def logged(audit: Audit) -> set[tuple[str, str | None, int]]:
    return {(e.device, e.source, e.evidence[0].line or 0) for e in audit.events}


@pytest.fixture
def pasted(bench: Bench, tmp_path: Path) -> dict[str, Audit]:
    """Audits by what was pasted."""
    hub, spoke = "192.0.2.1", "198.51.100.7"
    foreign, own, spoke_text = lines(hub, spoke), lines(spoke, hub), session(bench, "spoke")
    texts = {
        "before": f"our hub says:\n\n{foreign}\nand the branch:\n\n{spoke_text}",
        "behind": f"{spoke_text}\nour hub says:\n\n{foreign}",
        "beside the hub": f"{session(bench, 'hub')}{spoke_text}\nand in the hub's log:\n\n{foreign}",
        "own": f"{own}\n{spoke_text}",
        "of both": f"{own}\nour hub says:\n\n{foreign}\n{spoke_text}",
        "of a third": f"{lines('203.0.113.9', '203.0.113.8')}\n{spoke_text}",
    }
    audits = {}
    for name, text in texts.items():
        file = tmp_path / f"{name.replace(' ', '-')}.txt"
        file.write_text(text, encoding="utf-8")
        audits[name] = audit_sources((file,), Settings(), NOW)
    return audits


@pytest.mark.parametrize(
    ("name", "devices"),
    [
        ("before", {"192.0.2.1"}),
        ("behind", {"192.0.2.1"}),
        ("beside the hub", {"hub"}),
        ("own", {"spoke"}),
        ("of both", {"192.0.2.1", "spoke"}),
        ("of a third", {"spoke"}),
    ],
)
def test_lines_are_of_the_device_that_their_packets_went_to(
    pasted: dict[str, Audit], name: str, devices: set[str]
) -> None:
    assert {device for device, _, _ in logged(pasted[name])} == devices
    assert not pasted[name].problems


def test_lines_keep_their_numbers_and_the_year_of_the_session(pasted: dict[str, Audit]) -> None:
    assert sorted(line for _, _, line in logged(pasted["before"])) == [3, 4, 5, 6, 7]
    assert sorted(line for _, _, line in logged(pasted["of both"])) == [1, 2, 3, 4, 5, 9, 10, 11, 12, 13]
    assert {e.time[:10] for e in pasted["before"].events if e.time} == {"2026-03-10"}


def test_the_two_ends_are_joined(pasted: dict[str, Audit]) -> None:
    (diagnosis,) = pasted["before"].diagnoses
    assert diagnosis.subject.devices == ("192.0.2.1", "spoke")
