"""A large log read by its needed lines says what it says when it is read whole."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from vpnaudit.model.logs import NEEDED_MARKS, LogMessage
from vpnaudit.parse.logs import scan
from vpnaudit.snapshot.logfile import line_host, read_log
from vpnaudit.snapshot.sieve import needed_lines

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = sorted((ROOT / "tests" / "fixtures" / "logs").glob("*/input.txt"))
CORPUS = ROOT.parent / "shared" / "corpus"
NOISE = "".join(
    f"Nov 24 08:{n // 60:02d}:{n % 60:02d} 10.9.9.9 {n}: Nov 24 08:{n // 60:02d}:{n % 60:02d}.123: "
    f"%SEC-6-IPACCESSLOGP: list OUT denied tcp 203.0.113.{n % 250}({n}) -> 192.0.2.1(23), 1 packet\n"
    for n in range(120)
)
EVENT = (
    "Nov 24 09:00:00 10.0.0.1 41: Nov 24 09:00:00.100: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has "
    "invalid spi for destaddr=192.0.2.9, prot=50, spi=0x9E6D41B7(2657960375), srcaddr=198.51.100.2"
)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def sieved(text: str, size: int = 1000) -> list[LogMessage]:
    lines = list(needed_lines(pieces(text.encode(), size), line_host))
    numbers = [number for number, _ in lines]
    messages = scan("\n".join(line for _, line in lines), numbers).facts.messages
    return needed(structs.replace(m, line=numbers[m.line - 1]) for m in messages)


def needed(messages: Iterator[LogMessage]) -> list[LogMessage]:
    return [m for m in messages if any(mark in m.raw or mark in f"-{m.tag}" for mark in NEEDED_MARKS)]


def whole(text: str) -> list[LogMessage]:
    return needed(iter(scan(text).facts.messages))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: p.parent.name)
def test_every_form_of_message_survives(path: Path) -> None:
    text = NOISE + path.read_text(encoding="utf-8") + NOISE
    assert sieved(text) == whole(text)


def corpus_logs() -> list[Path]:
    kinds = ("syslog", "show-logging", "console-log")
    return sorted(p for kind in kinds for p in CORPUS.glob(f"*/{kind}/*.txt"))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no folder shared/corpus beside the checkout")
@pytest.mark.parametrize("path", corpus_logs(), ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_what_others_collected_survives(path: Path) -> None:
    text = f"{NOISE}{path.read_text(encoding='utf-8', errors='replace')}\n{NOISE}"
    assert sieved(text) == whole(text)


def test_a_repeated_line_counts_for_the_last_message_of_its_own_host_only() -> None:
    repeated = "Nov 24 09:00:0{} 10.0.0.{} last message repeated 3 times\n"
    other = "Nov 24 09:00:01 10.0.0.2 7: Nov 24 09:00:01.000: %SYS-6-LOGGINGHOST_STARTSTOP: Logging started\n"
    text = f"{NOISE}{EVENT}\n{other}{repeated.format(2, 2)}{repeated.format(3, 1)}{NOISE}"
    assert [(m.tag, m.count) for m in sieved(text) if m.is_crypto] == [("CRYPTO-4-RECVD_PKT_INV_SPI", 4)]


@given(
    st.lists(
        st.sampled_from([EVENT, NOISE.split("\n")[0], "", "  connection id=29", "Pool: Processor", "x" * 50]),
        max_size=60,
    ),
    st.integers(1, 3000),
)
def test_the_size_of_the_chunks_does_not_matter(lines: list[str], size: int) -> None:
    text = NOISE + "\n".join(lines) + NOISE
    data = text.encode()
    assert list(needed_lines(pieces(data, size), line_host)) == list(needed_lines([data], line_host))


@given(st.binary(max_size=3000), st.integers(1, 400))
def test_lines_have_their_numbers_whatever_the_bytes(data: bytes, size: int) -> None:
    lines = data.split(b"\n")
    found = list(needed_lines(pieces(data, size), line_host))
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers))
    for number, text in found:
        assert text == lines[number - 1].rstrip(b"\r").decode("utf-8", "replace").replace("\x00", "")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_large_file_is_read_as_a_small_one(packed: bool, encoding: str) -> None:
    text = f"{NOISE}{EVENT}\n{NOISE}"
    data = text.encode(encoding)
    log = read_log(io.BytesIO(gzip.compress(data) if packed else data), "file", sieve_from=500)
    assert log.parts is not None
    assert log.problems == ()
    part = next(p for p in log.parts if p.device == "10.0.0.1")
    assert part.text == EVENT
    assert part.first_line == NOISE.count("\n") + 1


def test_what_is_not_text_is_not_read() -> None:
    log = read_log(io.BytesIO(bytes(range(256)) * 40), "file", sieve_from=500)
    assert log.parts is None
    assert log.problems == ("is not text",)


def test_a_line_without_end_does_not_grow_the_memory() -> None:
    found = list(needed_lines((b"CRYPTO" + b"x" * 100_000 for _ in range(40)), line_host))
    assert sum(len(text) for _, text in found) < 4_000_000
