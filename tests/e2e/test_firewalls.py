"""The nightly job where ASAs stand among the routers: each is opened, asked and judged as what it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from vpnaudit.cli.app import app
from vpnaudit.cli.fleet import LOGIN, write_inventory
from vpnaudit.simulate import build_fleet, running

pytestmark = pytest.mark.long


def test_run_collects_from_firewalls_and_routers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(("USERNAME", "PASSWORD", "ENABLE_SECRET"), LOGIN, strict=True):
        monkeypatch.setenv(f"VPNAUDIT_{name}", value)
    fleet = build_fleet(7, ("lifetimes-differ", "stranger"), datetime.now(UTC), hours=6, ends="firewalls")
    inventory, document = tmp_path / "inventory", tmp_path / "audit.json"
    with running(fleet, *LOGIN) as serving:
        write_inventory(fleet, serving, inventory)
        words = ["run", "-i", str(inventory), "-o", str(tmp_path / "out"), "--json", str(document)]
        result = CliRunner().invoke(app, words)
    assert result.exit_code == 1, result.stderr
    groups = yaml.safe_load((inventory / "groups.yaml").read_text())
    assert groups == {"firewalls": {"platform": "cisco_asa"}, "routers": {"platform": "cisco_ios"}}
    audit = json.loads(document.read_text())
    assert {(d["platform"], d["status"], tuple(d["missing"])) for d in audit["devices"]} == {
        ("cisco_asa", "complete", ()),
        ("cisco_ios", "complete", ()),
    }
    assert {t["cause"] for t in fleet.truth} <= {d["cause"] for d in audit["diagnoses"]}
