"""No good record is lost to what stands between, before or behind it: a hit line is told, and it alone."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from fuzz_inputs import LOG_COMMANDS, Sample, samples
from fuzz_targets import RESOLVE, parsers, text_of
from hypothesis import given, settings
from hypothesis import strategies as st

from vpnaudit.model.facts import Facts
from vpnaudit.parse.logs import scan
from vpnaudit.platforms.registry import platform
from vpnaudit.snapshot.folder import tell_parts

GARBAGE = ("zq wv 12", "?!? ???", "q" * 300, "zq \x01\x1b wv", "%%% zq", "\ufffd\ufffd\ufffd", "9" * 3000)
"""Lines that mean nothing in any answer."""
_CUT_WITHOUT = ("line", "cut")


def _answers() -> list[Sample]:
    known = parsers()
    return [
        sample
        for sample in samples(collected=False)
        if (sample.platform, sample.command) in known
        and sample.command not in LOG_COMMANDS
        and "config" not in sample.command
        and not sample.name.startswith("situations")
    ]


def _said(facts: Facts) -> Any:
    """What the records say, without where they stand."""
    return _without_lines(msgspec.to_builtins(facts))


def _without_lines(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_lines(each)
            for key, each in value.items()
            if key not in _CUT_WITHOUT and not key.endswith("_line")
        }
    return [_without_lines(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("sample", _answers(), ids=lambda sample: sample.name.removesuffix("/input.txt"))
def test_a_meaningless_line_anywhere_in_an_answer_is_told_and_changes_nothing(sample: Sample) -> None:
    parse = parsers()[sample.platform, sample.command]
    text = text_of(sample.data).rstrip("\n")
    lines = text.split("\n")
    before = parse(text)
    if before.refused:
        return
    chance = random.Random(sample.name)  # noqa: S311
    for at in chance.sample(range(len(lines)), min(6, len(lines))):
        after = parse("\n".join((*lines[:at], chance.choice(GARBAGE), *lines[at:])))
        assert _said(after.facts) == _said(before.facts), at + 1
        moved = [line.line + (line.line > at) for line in before.coverage.unparsed]
        assert [line.line for line in after.coverage.unparsed] == sorted([*moved, at + 1])


FLOWS = {
    ("cisco_ios", "show crypto ipsec sa"): (
        "interface: Tunnel{n}\n    Crypto map tag: Tunnel{n}-head-0, local addr 192.0.2.1\n\n"
        "   protected vrf: (none)\n   local  ident (addr/mask/prot/port): (10.1.{n}.0/255.255.255.0/0/0)\n"
        "   remote ident (addr/mask/prot/port): (10.2.{n}.0/255.255.255.0/0/0)\n"
        "   current_peer 198.51.100.{n} port 500\n     current outbound spi: 0x8A1B2C{n:02X}(1)\n"
        "     inbound esp sas:\n      spi: 0x1F2E3D{n:02X}(1)\n        transform: esp-aes esp-sha-hmac ,\n"
        "     outbound esp sas:\n      spi: 0x8A1B2C{n:02X}(1)\n        transform: esp-aes esp-sha-hmac ,"
    ),
    ("cisco_ios", "show crypto isakmp sa"): "192.0.2.{n}       198.51.100.1    QM_IDLE           10{n:02} ACTIVE",
    ("cisco_ios", "show crypto session"): (
        "Interface: Tunnel{n}\nSession status: UP-ACTIVE\nPeer: 198.51.100.{n} port 500\n"
        "  IKEv1 SA: local 192.0.2.1/500 remote 198.51.100.{n}/500 Active\n"
    ),
    ("cisco_ios", "show interfaces"): (
        "GigabitEthernet0/{n} is up, line protocol is up\n  Internet address is 192.0.2.{n}/30\n"
        "     {n} input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored"
    ),
    ("cisco_asa", "show crypto ipsec sa"): (
        "    Crypto map tag: EDGE, seq num: {n}, local addr: 192.0.2.1\n\n"
        "      local ident (addr/mask/prot/port): (10.1.{n}.0/255.255.255.0/0/0)\n"
        "      remote ident (addr/mask/prot/port): (10.2.{n}.0/255.255.255.0/0/0)\n"
        "      current_peer: 198.51.100.{n}\n    inbound esp sas:\n      spi: 0x1F2E3D{n:02X} (523124044)\n"
        "    outbound esp sas:\n      spi: 0x8A1B2C{n:02X} (2317036605)"
    ),
}
HEADS = {("cisco_ios", "show crypto isakmp sa"): "dst             src             state          conn-id status\n"}
NOISE = st.lists(st.one_of(st.sampled_from(GARBAGE), st.just("")), max_size=3)


@settings(max_examples=30)
@given(st.sampled_from(sorted(FLOWS)), st.lists(NOISE, min_size=1, max_size=12))
def test_each_of_many_records_is_found_with_noise_between(key: tuple[str, str], noise: list[list[str]]) -> None:
    blocks = [FLOWS[key].format(n=n) for n in range(1, len(noise) + 1)]
    head = HEADS.get(key, "")
    clean = parsers()[key](head + "\n".join(blocks))
    parsed = parsers()[key](
        head + "\n".join("\n".join((block, *between)) for block, between in zip(blocks, noise, strict=True))
    )
    assert clean.coverage.unparsed == ()
    assert max(len(records) for records in _tuples(clean.facts)) >= len(noise)
    assert _said(parsed.facts) == _said(clean.facts)
    assert len(parsed.coverage.unparsed) == sum(1 for between in noise for line in between if line.strip())


def _tuples(facts: Facts) -> list[tuple[Any, ...]]:
    values = (getattr(facts, name) for name in facts.__struct_fields__)
    return [value for value in values if isinstance(value, tuple)]


EVENT = (
    "Mar  3 2026 10:00:{n:02}.000 UTC: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
    "destaddr=192.0.2.1, prot=50, spi=0x{spi:X}({spi}), srcaddr=198.51.100.{n}"
)
ANY_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\n%"), max_size=200)


@settings(max_examples=60)
@given(st.lists(st.lists(st.one_of(st.sampled_from(GARBAGE), ANY_LINE), max_size=3), min_size=1, max_size=12))
def test_each_log_line_is_found_with_noise_between(noise: list[list[str]]) -> None:
    lines: list[str] = []
    for n, between in enumerate(noise, 1):
        lines += [
            EVENT.format(n=n, spi=0x11220000 + n),
            *between,
        ]
    text = "\n".join(lines)
    messages = [m for m in scan(text).facts.messages if m.tag == "CRYPTO-4-RECVD_PKT_INV_SPI"]
    assert [(m.spi, m.source) for m in messages] == [
        (0x11220000 + n, f"198.51.100.{n}") for n in range(1, len(noise) + 1)
    ]


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from(GARBAGE), max_size=3), min_size=1, max_size=8))
def test_each_answer_of_a_session_is_found_with_noise_between(noise: list[list[str]]) -> None:
    lines: list[str] = []
    for n, between in enumerate(noise, 1):
        block = FLOWS["cisco_ios", "show crypto session"].format(n=n)
        lines += ["hub-1#show crypto session", "Crypto session current status", "", *block.split("\n"), *between]
    parts, problems, kind = tell_parts("\n".join(lines), "saved", "saved", "saved", RESOLVE)
    assert (kind, problems) == ("session", [])
    sessions = [parsers()["cisco_ios", p.command](p.text).facts.sessions for p in parts if p.command != "syslog"]
    assert [[each.peers for each in found] for found in sessions] == [
        [(f"198.51.100.{n}",)] for n in range(1, len(noise) + 1)
    ]


def test_every_platform_has_answers_in_these_tests() -> None:
    assert {"cisco_ios", "cisco_asa"} <= {sample.platform for sample in _answers()}
    assert all(platform(name) is not None for name, _ in FLOWS)
