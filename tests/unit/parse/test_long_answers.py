"""Answers of thousands of tunnels: the same records as short ones, and memory that the text's size bounds.

The texts and the scanner written by hand are those of `benchmarks/`; how long it takes is measured there.
"""

from __future__ import annotations

import importlib.util
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from vpnaudit.platforms.cisco_ios.show_crypto_ipsec_sa import parse

pytestmark = pytest.mark.long

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
TIMES_THE_TEXT = 10
"""The text itself is one of them."""


def of_benchmarks(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TEXTS = of_benchmarks("ipsec_sa_text")


def peak_bytes(work: Callable[[], object]) -> int:
    """What the work allocated beyond what was there, at its peak, with its result."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("layout", ["tunnel_interfaces", "crypto_map"])
def test_a_scanner_written_by_hand_reads_the_same_records(layout: str) -> None:
    text = getattr(TEXTS, layout)(300)
    assert parse(text) == of_benchmarks("ipsec_sa_by_hand").parse(text)


def test_every_tunnel_of_a_long_answer_is_read() -> None:
    """Longer than what a run remembers, and than the pieces in which it is cut into lines."""
    text = TEXTS.tunnel_interfaces(3_000)
    parsed = parse(text)
    lines = text.split("\n")
    assert [lines[sa.line - 1].strip() for sa in parsed.facts.ipsec_sas] == [
        f"spi: 0x{sa.spi:X}({sa.spi})" for sa in parsed.facts.ipsec_sas
    ]
    assert (len(parsed.facts.ipsec_sas), len(parsed.facts.ipsec_flows)) == (6_000, 3_000)
    assert parsed.coverage.unparsed == ()
    assert not parsed.facts.cut


def test_a_long_answer_that_is_cut_says_so() -> None:
    text = TEXTS.tunnel_interfaces(60)
    assert parse(text[: text.rindex("outbound pcp")]).facts.cut
    assert parse(text[: text.rindex("inbound esp")]).facts.cut


def test_the_lists_of_one_identity_may_be_longer_than_the_tail_that_is_looked_at() -> None:
    head, _, tail = TEXTS.tunnel_interfaces(1).partition("     inbound ah sas:")
    many = "".join(
        f"      spi: 0x{n:X}({n})\n        transform: esp-gcm ,\n" for n in range(1 << 28, (1 << 28) + 2_000)
    )
    assert not parse(f"{head}{many}     inbound ah sas:{tail}").facts.cut
    assert parse(f"{head}{many}").facts.cut


def test_memory_stays_below_the_promise() -> None:
    text = TEXTS.tunnel_interfaces(600)
    parse(text)
    assert peak_bytes(lambda: parse(text)) < (TIMES_THE_TEXT - 1) * len(text)


def test_memory_of_twice_the_answer_is_twice_as_much() -> None:
    """No more: what a run remembers of lines does not grow with the text."""
    short, long = TEXTS.tunnel_interfaces(400), TEXTS.tunnel_interfaces(800)
    parse(short)
    assert peak_bytes(lambda: parse(long)) < 2.6 * peak_bytes(lambda: parse(short))
