"""What every test has: fixed width and no colour, no time zone or locale of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("steady")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long before all else, half of its modules at the half: two workers begin there."""
    long = [item for item in items if item.get_closest_marker("long")]
    short = [item for item in items if not item.get_closest_marker("long")]
    modules = list(dict.fromkeys(item.path for item in long))
    first = [item for item in long if modules.index(item.path) % 2 == 0]
    second = [item for item in long if modules.index(item.path) % 2]
    half = max(len(items) // 2 - len(first), 0)
    items[:] = [*first, *short[:half], *second, *short[half:]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker its half at once, and from the other's end when it is done: a module's fixtures are made once."""
    from xdist.scheduler import WorkStealingScheduling  # noqa: PLC0415 - xdist is there where this is asked

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


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
