"""Shares, durations, rates and DPD as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.loss import quantities

SHARES = [
    ("0.3%", 0.003),
    ("0,3 %", 0.003),
    ("0.3 %", 0.003),
    ("3‰", 0.003),
    ("0.003", 0.003),
    (".3%", 0.003),
    ("0", 0.0),
    ("0%", 0.0),
    ("100%", 1.0),
    (" 1% ", 0.01),
    ("5%", 0.05),
]


@pytest.mark.parametrize(("text", "share"), SHARES)
def test_shares(text: str, share: float) -> None:
    assert quantities.share(text) == pytest.approx(share, rel=1e-12)


BAD_SHARES = [
    "",
    "abc",
    "-1%",
    "101%",
    "0.3",
    "1",
    "3",
    "nan",
    "inf",
    "1e-3",
    "0.3 s",
    "%",
    "1.2.3%",
    "0,3,1%",
    "٣%",
    "1" * 500,
]


@pytest.mark.parametrize("text", BAD_SHARES)
def test_no_shares(text: str) -> None:
    with pytest.raises(ValueError, match=r"loss|sign"):
        quantities.share(text)


def test_a_plain_number_that_could_be_either_asks_for_its_sign() -> None:
    with pytest.raises(ValueError, match=r"0\.3% or 30%"):
        quantities.share("0.3")


RANGES = [
    ("0.1%-0.3%", (0.001, 0.003)),
    ("0.1-0.3%", (0.001, 0.003)),
    ("0.1% \u2013 0.3%", (0.001, 0.003)),
    ("0.1% to 0.3 %", (0.001, 0.003)),
    ("0.001..0.003", (0.001, 0.003)),
    ("0.3%", (0.003,)),
]


@pytest.mark.parametrize(("text", "shares"), RANGES)
def test_ranges(text: str, shares: tuple[float, ...]) -> None:
    assert quantities.shares(text) == pytest.approx(shares)


DURATIONS = [
    ("30s", 30),
    ("30", 30),
    ("16.5m", 990),
    ("16,5 min", 990),
    ("1h", 3600),
    ("1h30m", 5400),
    ("1 h 30 min", 5400),
    ("2d", 172_800),
    ("500ms", 0.5),
    ("1 week", 604_800),
    ("90 minutes", 5400),
]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_durations(text: str, seconds: float) -> None:
    assert quantities.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "1x", "-5s", "0s", "5 s s", "1h30", "30%", "nan", "1 000s", "h1"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        quantities.seconds(text)


def test_zero_where_it_may_be() -> None:
    assert quantities.seconds("0s", zero=True) == 0.0


TRAFFIC = [
    ("75Mbps", 75),
    ("75 Mbit/s", 75),
    ("75M", 75),
    ("75 mbps", 75),
    ("1.5Gbps", 1500),
    ("1,5 Gbit/s", 1500),
    ("300kbps", 0.3),
    ("10MB/s", 80),
    ("1000000bps", 1),
]


@pytest.mark.parametrize(("text", "mbit"), TRAFFIC)
def test_traffic(text: str, mbit: float) -> None:
    assert quantities.mbit_s(text) == pytest.approx(mbit)


@pytest.mark.parametrize("text", ["75", "", "fast", "-1Mbps", "0Mbps", "75Mm", "75 Mbps/s", "1e3Mbps"])
def test_no_traffic(text: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        quantities.mbit_s(text)


DPD = [
    ("10/3", ((10, 3), (10, 3))),
    ("10 3", ((10, 3), (10, 3))),
    ("10s/3s", ((10, 3), (10, 3))),
    ("off", (None, None)),
    ("10/3,off", ((10, 3), None)),
    ("10/3,30/5", ((10, 3), (30, 5))),
]


@pytest.mark.parametrize(("text", "ends"), DPD)
def test_dpd(text: str, ends: object) -> None:
    assert quantities.dpd(text) == ends


@pytest.mark.parametrize("text", ["", "10", "10/", "10/3/2", "a/b", "0/3", "10/0", "10/3,10/3,10/3", "-10/3", "10.5/3"])
def test_no_dpd(text: str) -> None:
    with pytest.raises(ValueError, match="DPD"):
        quantities.dpd(text)


@given(st.text(max_size=80))
def test_any_text_gives_a_value_or_one_clear_line(text: str) -> None:
    for read in (quantities.share, quantities.shares, quantities.seconds, quantities.mbit_s, quantities.dpd):
        said = ""
        try:
            read(text)  # type: ignore[operator]
        except ValueError as error:
            said = str(error)
        assert "\n" not in said
        assert len(said) < 400
