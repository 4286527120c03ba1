"""The usual invalid-SPI line is read in one step; it must say what reading it pair by pair says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.parse.messages import MessageFacts, event_end
from vpnaudit.parse.messages.facts import read_pairs
from vpnaudit.parse.messages.vpn import read_event

ADDRESSES = st.sampled_from(
    ["192.0.2.9", "198.51.100.2", "203.0.113.254", "A.B.C.D", "x.x.x.x", "2001:db8::1", "", "1.2.3.4."]
)
PREFIXES = st.sampled_from(["decaps: ", " decaps: ", "decaps:", "", "srcaddr ", "spi ", "a: b ", "prot: "])
INTERFACES = st.sampled_from(
    [
        "",
        ", input interface=GigabitEthernet0/0",
        ", input interface=Tunnel1.",
        ", input interface=",
        ", input interface=e",
    ]
)
ENDS = st.sampled_from(["", " ", ".", ",", " and so on", "=", " prot=51", ")"])


@st.composite
def lines(draw: st.DrawFn) -> str:
    spi = draw(st.integers(0, 2**32 - 1))
    decimal = draw(st.sampled_from([spi, spi + 1]))
    return (
        f"{draw(PREFIXES)}rec'd IPSEC packet has invalid spi for destaddr={draw(ADDRESSES)}, "
        f"prot={draw(st.sampled_from(['50', '51', 'esp', '4']))}, spi=0x{spi:X}({decimal}), "
        f"srcaddr={draw(ADDRESSES)}{draw(INTERFACES)}{draw(ENDS)}"
    )


def by_pairs(text: str) -> tuple[MessageFacts, str]:
    facts = MessageFacts()
    read_pairs(text, facts)
    return facts, text[: event_end(text)].strip()


@given(lines())
def test_one_step_says_what_the_pairs_say(text: str) -> None:
    facts = MessageFacts()
    read_event(text, facts)
    body = text[: facts.pairs_end or event_end(text)].strip()
    facts.pairs_end = None
    assert (facts, body) == by_pairs(text)


def test_the_usual_line_takes_the_step() -> None:
    facts = MessageFacts()
    read_event(
        " decaps: rec'd IPSEC packet has invalid spi for destaddr=192.0.2.9, prot=50, spi=0x9E6D41B7(2657960375), "
        "srcaddr=198.51.100.2, input interface=GigabitEthernet0/0/1.100",
        facts,
    )
    assert (facts.spi, facts.pairs_end is not None) == (0x9E6D41B7, True)
