"""How often is often: the exact interval against the rekeys of the tunnel, and what may be said of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.loss.rates import rate, rate_words
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.settings import Settings

DAY, HOUR = 86_400.0, 3600.0
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.mark.parametrize(
    ("spis", "window_s", "period_s", "verdict"),
    [
        pytest.param(1, 10 * DAY, HOUR, "normal", id="one in ten days of hourly rekeys"),
        pytest.param(2, DAY, HOUR, "open", id="two in one day: up to 7.2, of 24 rekeys"),
        pytest.param(2, DAY, 8 * HOUR, "open", id="two in one day of three rekeys"),
        pytest.param(10, 10 * DAY, HOUR, "normal", id="one a day for ten days"),
        pytest.param(20, 10 * DAY, 8 * HOUR, "poor", id="two a day, where a day has three rekeys"),
        pytest.param(12, DAY, HOUR, "poor", id="every second rekey"),
        pytest.param(100, DAY, HOUR, "more-than-rekeys", id="more than two a rekey"),
        pytest.param(3, 990.0, HOUR, "more-than-rekeys", id="three in a quarter of an hour, at most half a rekey"),
        pytest.param(1, 95.0, HOUR, "open", id="one in a log of a minute and a half: every rekey may show two"),
        pytest.param(2, 1800.0, HOUR, "open", id="two in half an hour: one rekey can show both"),
        pytest.param(3, 1800.0, 900.0, "poor", id="three of three rekeys at most"),
        pytest.param(3, 990.0, None, None, id="no lifetime known"),
        pytest.param(0, DAY, HOUR, "open", id="none in a day: up to 3.7"),
    ],
)
def test_only_what_the_whole_interval_bears_out(
    spis: int, window_s: float, period_s: float | None, verdict: str | None
) -> None:
    assert rate(spis, window_s, period_s).verdict == verdict


@pytest.mark.parametrize(
    ("spis", "days", "words"),
    [
        (3, 0.01, "more than a couple a day"),
        (1, 10, "fewer than a couple a day"),
        (2, 1, "which may be a couple a day"),
        (1, 0.001, "which may be a couple a day"),
    ],
)
def test_a_couple_a_day(spis: int, days: float, words: str) -> None:
    assert words in rate_words(rate(spis, days * DAY, None))


@pytest.mark.parametrize(
    ("of", "poor", "normal"),
    [
        ("races", "more than one rekey in ten, so the ends hand over poorly", "one rekey in ten, which is normal"),
        ("stale", "a stale SA at more than one rekey in ten.", "a stale SA at fewer than one rekey in ten."),
        ("unknown", "more than one rekey in ten, if they are of rekeys.", "fewer than one rekey in ten, if they are"),
    ],
)
def test_how_ends_hand_over_is_told_by_races_alone(of: Any, poor: str, normal: str) -> None:
    assert poor in rate_words(rate(12, DAY, HOUR), of)
    assert normal in rate_words(rate(1, 10 * DAY, HOUR), of)


def test_what_may_be_more_than_one_a_rekey_is_no_share_of_the_rekeys() -> None:
    assert "24 rekeys a day, so 0.063 to 14 SPIs a rekey: too few lines" in rate_words(rate(1, 24 * 60.0, HOUR))


@given(spis=st.integers(0, 5000), window_s=st.floats(60, 1e8), period_s=st.floats(30, 1e6))
def test_the_interval_holds_the_rate(spis: int, window_s: float, period_s: float) -> None:
    found = rate(spis, window_s, period_s)
    assert found.interval[0] <= found.a_day <= found.interval[1]
    assert rate_words(found)


def test_a_rate_needs_a_window() -> None:
    with pytest.raises(ValueError, match="window"):
        rate(1, 0.0, HOUR)


def test_a_diagnosis_says_it_of_its_own_tunnel() -> None:
    audit = audit_sources(
        [FIXTURES / "situations" / "a15_volume_bound_tunnel" / "captures"],
        Settings(),
        datetime(2026, 11, 25, tzinfo=UTC),
    )
    (said,) = [b for b in audit.diagnoses[0].because if "95 % interval" in b]
    assert "This tunnel has" in said
    assert "SPIs a rekey" in said
