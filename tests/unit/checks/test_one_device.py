"""What one device printed, and what the checks say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings

NOW = datetime(2026, 5, 2, tzinfo=UTC)
HEAD = {
    "ios": "Building configuration...\n\nCurrent configuration : 5120 bytes\n!\nversion 15.7\nhostname edge1\n",
    "asa": "ASA Version 9.16(4)\nhostname edge1\n",
}
END = {"ios": "\nend\n", "asa": "\n: end\n"}
CASES = yaml.safe_load((Path(__file__).parent / "one_device.yaml").read_text(encoding="utf-8"))


def printed(case: dict[str, Any]) -> dict[str, str]:
    """File names and texts."""
    platform = case.get("platform", "ios")
    files = {name: text for name, text in case.items() if name.startswith("show_")}
    if "config" in case:
        files["show_running-config"] = HEAD[platform] + case["config"] + END[platform]
    return files


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_one_device(case: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "edge1").mkdir()
    for name, text in printed(case).items():
        (tmp_path / "edge1" / f"{name}.txt").write_text(text, encoding="utf-8")
    found = {f.rule: f for f in audit_sources([tmp_path], Settings(), NOW).findings}
    said = {
        r: f"{found[r].status} {found[r].severity}" if found[r].status == "FAIL" else found[r].status
        for r in case["expect"]
    }
    assert said == case["expect"]
