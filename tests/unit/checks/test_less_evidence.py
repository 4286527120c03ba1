"""Evidence that is not there gives UNKNOWN: taking captures away turns no PASS into a FAIL, and no FAIL into a PASS."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vpnaudit.errors import SourceError
from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SITUATIONS = Path(__file__).resolve().parents[2] / "fixtures" / "situations"
FLEETS = {
    "a router that reloaded": "a01_receiver_reloaded_sender_without_dpd",
    "a router short of memory": "a12_low_memory_at_receiver",
    "routers with stamps of their uptime": "a40_uptime_stamps",
    "a reloaded ASA and a router": "b01_asa_reloaded_ios_sender_without_dpd",
    "an ASA with its keepalive off": "b02_ios_reloaded_asa_sender_keepalive_disabled",
}
Verdicts = dict[tuple[str, str], set[str]]
"""What each rule says of the subjects that a device has a part in. Tunnels may change their name with less evidence."""


@pytest.fixture(scope="module")
def fleets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("fleets")
    for name, situation in FLEETS.items():
        shutil.copytree(SITUATIONS / situation / "captures", place / name)
    return {name: place / name for name in FLEETS}


def verdicts(audit: Audit) -> Verdicts:
    """COL is left out: it fails by what is missing."""
    found: Verdicts = defaultdict(set)
    for finding in audit.findings:
        for device in finding.subject.devices:
            if not finding.rule.startswith("COL-"):
                found[finding.rule, device].add(finding.status)
    return found


@cache
def whole(folder: Path) -> Verdicts:
    return verdicts(audit_sources([folder], Settings(), NOW))


def less(folder: Path, dropped: list[Path]) -> Verdicts | None:
    """The verdicts without some captures; null where nothing is left to read."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place, "captures")
        for path in folder.rglob("*"):
            if path.is_file() and path not in dropped:
                target = copy / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        try:
            return verdicts(audit_sources([copy], Settings(), NOW))
        except SourceError:
            return None


@pytest.mark.parametrize("fleet", FLEETS)
@given(data=st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_captures_taken_away_leave_no_false_verdict(fleets: dict[str, Path], fleet: str, data: st.DataObject) -> None:
    folder = fleets[fleet]
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    dropped = data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=len(files), unique=True))
    before, after = whole(folder), less(folder, dropped)
    for key, said in (after or {}).items():
        if "FAIL" in said:
            assert "FAIL" in before[key], (key, "was not failed with all the evidence")
    for key, said in before.items():
        now = (after or {}).get(key, set())
        if "FAIL" in said:
            assert now != {"PASS"}, (key, "is passed with less evidence")


def test_the_fleets_have_what_can_be_lost(fleets: dict[str, Path]) -> None:
    for folder in fleets.values():
        failed = {rule for (rule, _), said in whole(folder).items() if "FAIL" in said}
        assert len(failed) >= 3, folder.name
        assert {"PASS", "FAIL"} <= {word for said in whole(folder).values() for word in said}
