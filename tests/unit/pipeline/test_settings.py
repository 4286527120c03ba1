"""Settings and waivers as the command line meets them: mistakes on one line, exit status, byte for byte alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.errors import SettingsError
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.pipeline.settings import about_waivers, settings_from
from vpnaudit.report import render
from vpnaudit.simulate import build_fleet

AT = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet with one fault (a high diagnosis, high findings), as files."""
    place = tmp_path_factory.mktemp("fleet") / "captures"
    build_fleet(1, ("delete-lost",), AT).write_captures(place)
    return place


def settings_file(folder: Path, *waivers: str) -> Path:
    path = folder / "vpnaudit.yaml"
    path.write_text("waivers:\n" + "".join(f"  - {{{w}}}\n" for w in waivers), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rule", "meant"),
    [("DPD-01", "DPD-001"), ("dpd-of", "dpd-off"), ("DPD", "DPD-001"), ("delete_last", "delete-lost")],
)
def test_an_unknown_rule_is_one_line_with_what_was_meant(tmp_path: Path, rule: str, meant: str) -> None:
    path = settings_file(
        tmp_path, "rule: SPI-001, reason: r, expires: 2027-01-01", f"rule: {rule}, reason: r, expires: 2027-01-01"
    )
    with pytest.raises(SettingsError) as caught:
        settings_from(path)
    assert str(caught.value).startswith(f"{path}, line 3: waives {rule}, which no rule or cause is called")
    assert f"did you mean {meant}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rule", ["DPD-001", "dpd-off", "Delete-Lost"])
def test_rules_titles_and_causes_are_known(tmp_path: Path, rule: str) -> None:
    assert settings_from(settings_file(tmp_path, f"rule: {rule}, reason: r, expires: 2027-01-01")).waivers


def test_the_inventorys_own_file_is_read(tmp_path: Path) -> None:
    path = settings_file(tmp_path, "rule: DPD-001, reason: r, expires: 2027-01-01")
    assert settings_from(None, tmp_path).file == str(path)
    assert settings_from(None, tmp_path / "elsewhere").file is None


def test_waivers_that_need_a_look_are_told_with_their_line(captures: Path, tmp_path: Path) -> None:
    path = settings_file(
        tmp_path,
        "rule: delete-lost, reason: r, expires: 2026-05-01",
        "rule: SPI-001, reason: r, expires: 2026-04-30",
        "rule: REL-001, reason: r, expires: 2027-01-01",
        "rule: DPD-001, subject: nobody, reason: r, expires: 2027-01-01",
    )
    settings = settings_from(path)
    audit = audit_sources([captures], settings, AT + timedelta(days=400))
    assert [w.state for w in audit.waivers] == ["in-force", "expired", "passing", "unused"]
    told = about_waivers(audit, settings)
    assert [line.partition(":")[0] for line in told] == [f"{path}, line {n}" for n in (3, 4, 5)]
    assert "ran out on 2026-04-30" in told[0]
    assert "take it out" in told[1]
    assert "the waiver of DPD-001 for nobody matches nothing here" in told[2]
    assert len(about_waivers(audit, settings, whole=False)) == 2


ALL = "rule: {rule}, reason: accepted, expires: {expires}"


def high(document: dict[str, Any]) -> set[str]:
    """Everything that is at or above the default of --fail-on."""
    told = [(f["rule"], f["severity"]) for f in document["findings"] if f["status"] == "FAIL"]
    told += [(d["cause"], d["severity"]) for d in document["diagnoses"]]
    return {name for name, severity in told if severity in {"high", "critical"}}


def run(captures: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    result = CliRunner().invoke(app, ["audit", str(captures), "--json", "-", *more])
    return result.exit_code, json.loads(result.stdout), result.stderr


def test_what_is_accepted_does_not_count_for_the_exit_status(captures: Path, tmp_path: Path) -> None:
    status, document, told = run(captures)
    assert (status, told) == (1, "")
    wanted = sorted(high(document))
    assert "delete-lost" in wanted
    path = settings_file(tmp_path, *(ALL.format(rule=r, expires="2026-05-01") for r in wanted))
    status, accepted, told = run(captures, "--settings", str(path))
    assert (status, told) == (0, "")
    assert high(accepted) == high(document), "what is accepted stays"
    assert {d["waived"]["reason"] for d in accepted["diagnoses"] if d["cause"] == "delete-lost"} == {"accepted"}
    path = settings_file(tmp_path, *(ALL.format(rule=r, expires="2026-04-30") for r in wanted))
    status, _, told = run(captures, "--settings", str(path))
    assert status == 1
    assert told.count("ran out on 2026-04-30") == len(wanted)


@pytest.mark.parametrize(
    "line", ["rule: DPD-001, reason: r, expires: never", "rule: NO-001, reason: r, expires: 2027-01-01"]
)
def test_a_mistake_ends_the_run_with_one_line(captures: Path, tmp_path: Path, line: str) -> None:
    path = settings_file(tmp_path, line)
    result = CliRunner().invoke(app, ["audit", str(captures), "--settings", str(path)])
    assert isinstance(result.exception, SettingsError)
    assert f"{path}, line 2" in str(result.exception)


def test_waivers_are_judged_by_the_snapshots_day_not_by_todays(captures: Path, tmp_path: Path) -> None:
    settings = settings_from(settings_file(tmp_path, ALL.format(rule="delete-lost", expires="2026-05-01")))
    early, late = (render("json", audit_sources([captures], settings, AT + timedelta(days=d))) for d in (0, 4000))
    assert early == late
