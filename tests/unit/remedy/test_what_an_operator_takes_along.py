"""What the remedies of whole situations say: fit for the device, the same at both ends, with all that was logged."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.platforms.cisco_ios.remedies import REMEDIES
from vpnaudit.settings import Settings

SITUATIONS = Path(__file__).resolve().parents[2] / "fixtures" / "situations"


def _audited(name: str) -> Audit:
    return audit_sources([SITUATIONS / name / "captures"], Settings(), datetime(2028, 1, 1, tzinfo=UTC))


def test_the_letter_lists_what_every_story_has_of_that_peer() -> None:
    audit = _audited("f37_two_routers_behind_one_address")
    (letter,) = [r.commands for r in audit.remediations if r.kind == "ask"]
    listed = {spi for line in letter if line.startswith("- ") for spi in re.findall("0x[0-9A-F]{8}", line)}
    assert listed == {event.spi for event in audit.events}


def test_both_ends_are_given_one_volume() -> None:
    audit = _audited("f11_volume_runs_out_every_eight_minutes")
    volumes = [c.strip() for r in audit.remediations for c in r.commands if "lifetime kilobytes" in c]
    assert volumes == ["set security-association lifetime kilobytes disable"] * 2


def test_a_diagnosis_says_why_in_its_own_words() -> None:
    """A finding that offers the same change offers it for what it alone knows."""
    audit = _audited("f41_this_peer_was_cleared")
    whys = [r.why for r in audit.remediations if r.device == "juneau-r1" and r.kind == "exec"]
    assert any("the receiver lost when it lost its state" in why for why in whys)


@pytest.mark.parametrize("topic", ["memory", "counters"])
def test_classic_ios_is_not_asked_for_a_data_plane(topic: str) -> None:
    classic, xe = REMEDIES.look(topic, None, "ios"), REMEDIES.look(topic, None, "ios-xe")  # type: ignore[arg-type]
    assert not any(command.startswith("show platform") for command in classic)
    assert any(command.startswith("show platform") for command in xe)
    assert classic


def test_no_remedy_asks_a_classic_router_for_a_data_plane() -> None:
    audit = _audited("f33_no_memory_for_ike")
    assert [c for r in audit.remediations for c in r.commands if c.startswith("show platform")] == []
