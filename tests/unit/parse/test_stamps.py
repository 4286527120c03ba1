"""The shortcut for the usual head reads what the full way reads, whatever stands in front of a tag."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpnaudit.parse.stamps import read_any_head, read_head

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NUMBERS = st.integers(min_value=0, max_value=10**10 - 1).map(str)
CLOCKS = st.builds(
    "{}{:02d}:{:02d}:{:02d}{}".format,
    st.sampled_from(["", "2026 "]),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(["", ".0", ".007", ".123", ".123456", ",5"]),
)
NAMED = st.builds(
    "{}{} {} {}{}".format,
    st.sampled_from(["", "*", "."]),
    st.sampled_from(MONTHS),
    st.integers(1, 31).flatmap(lambda d: st.sampled_from([f"{d:2d}", f"{d:02d}", str(d)])),
    CLOCKS,
    st.sampled_from(["", " UTC", " CEST", "KST", " UTC+07:30", " -0500", " hub"]),
)
OTHER_STAMPS = st.sampled_from(
    [
        "2026-10-03T04:05:06Z",
        "2026-10-03 04:05:06,123",
        "2026 Oct  3 04:05:06",
        "1791000306.25",
        "00:00:46",
        "1d03h",
        "",
    ]
)
HOSTS = st.one_of(
    st.sampled_from(
        [
            "hub1",
            "hub",
            "192.0.2.1",
            "2001:db8::1",
            "edge-1.example.net",
            "fw01",
            "R1",
            "0/RP0/CPU0",
            "4711",
            "a1[7]",
            "-",
        ]
    ),
    st.from_regex(r"[\w.-]{1,12}", fullmatch=True),
)
SEPARATORS = st.sampled_from([" ", ": ", ":", "  ", " : ", ": : "])
PIECES = st.one_of(NAMED, OTHER_STAMPS, HOSTS, NUMBERS, st.sampled_from(["<189>", "<189>1", "%", "RP/0/RP0/CPU0:", ""]))
SECONDS = st.builds(
    "{} {:2d} {:02d}:{:02d}:{:02d}".format,
    st.sampled_from(MONTHS),
    st.integers(1, 31),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
)
OWN = st.builds("{}.{:03d}: ".format, SECONDS, st.integers(0, 999))
USUAL = st.builds(
    "{} {} {}{}".format,
    SECONDS | NAMED,
    HOSTS,
    st.just("") | NUMBERS.map(lambda n: f"{n}: "),
    st.just("") | OWN | NAMED.map(lambda s: f"{s}: "),
)
NEARLY_USUAL = st.builds(
    lambda head, at, cut, put: head[: at % (len(head) + 1)] + put + head[at % (len(head) + 1) + cut :],
    USUAL,
    st.integers(0, 80),
    st.integers(0, 2),
    st.sampled_from(["", " ", ":", ".", "*", "0", "x", "[", "%", "<189>", "\t", "é", "\N{ARABIC-INDIC DIGIT ONE}"]),
)
ANY = st.lists(st.tuples(PIECES, SEPARATORS), max_size=6).map(lambda parts: "".join(a + b for a, b in parts))


@given(head=st.one_of(USUAL, NEARLY_USUAL, ANY), line_start=st.booleans(), firewall=st.booleans())
@settings(max_examples=400)
def test_the_shortcut_reads_what_the_full_way_reads(head: str, *, line_start: bool, firewall: bool) -> None:
    short = read_head(head, line_start=line_start, firewall=firewall)
    assert short == read_any_head(head, line_start=line_start, firewall=firewall)


@pytest.mark.parametrize("firewall", [False, True])
@pytest.mark.parametrize(
    "head",
    [
        "Oct  3 04:05:06 hub1 4711: Oct  3 04:05:05.007: ",
        "Oct  3 04:05:06 hub1 Oct  3 04:05:05.007: ",
        "Oct  3 04:05:06 192.0.2.1 ",
        "Oct 03 04:05:06 fw01 ",
        "Oct  3 04:05:06 4711 Oct  3 04:05:05.007: ",
        "Oct  3 04:05:06 hub1. Oct  3 04:05:05.007: ",
    ],
)
def test_usual_heads(head: str, *, firewall: bool) -> None:
    assert read_head(head, firewall=firewall) == read_any_head(head, firewall=firewall)
