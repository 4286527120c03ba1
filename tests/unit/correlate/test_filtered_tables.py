"""SA tables that were asked for in part: they tell of what they show, and of nothing else."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings

WHOLE = next(
    p
    for p in sorted((Path(__file__).resolve().parents[2] / "fixtures" / "situations").glob("*/captures/*/*.txt"))
    if p.name == "show_crypto_ipsec_sa.txt" and "interface: Tunnel" in p.read_text(encoding="utf-8")
)
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("show_crypto_ipsec_sa.txt", True),
        ("show_crypto_ipsec_sa_interface_Tunnel0.txt", True),
        ("show_crypto_ipsec_sa_vrf_RED.txt", True),
        ("show_crypto_ipsec_sa_include_spi.txt", False),
    ],
)
def test_a_part_of_the_table(name: str, known: bool, tmp_path: Path) -> None:
    (tmp_path / "edge1").mkdir()
    shutil.copyfile(WHOLE, tmp_path / "edge1" / name)
    audit = audit_sources([tmp_path], Settings(), NOW)
    assert {t.state != "unknown" for t in audit.tunnels} == {known}
