"""What every test has: fixed width and no colour, no time zone or locale of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    for name in ("VPNAUDIT_USERNAME", "VPNAUDIT_PASSWORD", "VPNAUDIT_ENABLE_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of collected device output that lies beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"there is no {SHARED.name}/ beside the checkout: tests on others' device output cannot run")
    return SHARED
