"""Rules of the log scanner that no single sample shows."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpnaudit.parse.log_message import OpenMessage
from vpnaudit.parse.logs import scan
from vpnaudit.parse.messages import address
from vpnaudit.parse.stamps import find_stamps, read_head

EVENT = (
    "Oct  3 04:05:06.789: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
    "destaddr={dst}, prot=50, spi=0x{spi:X}({spi}), srcaddr={src}, input interface={interface}"
)
SPIS = st.integers(min_value=0, max_value=2**32 - 1)
ADDRESSES = st.ip_addresses().map(str)
INTERFACES = st.sampled_from(["GigabitEthernet0/0.100", "Tunnel10001", "Port-channel1.7", "Te1/0/9", "Vlan20"])


def event(spi: int = 0xA1B2C3D4, src: str = "198.51.100.2", dst: str = "192.0.2.9", interface: str = "Vlan20") -> str:
    return EVENT.format(spi=spi, src=src, dst=dst, interface=interface)


@given(spi=SPIS, src=ADDRESSES, dst=ADDRESSES, interface=INTERFACES)
@settings(deadline=None)
def test_a_printed_line_reads_back(spi: int, src: str, dst: str, interface: str) -> None:
    (message,) = scan(event(spi, src, dst, interface)).facts.messages
    assert (message.spi, message.source, message.destination, message.interface) == (spi, src, dst, interface)
    assert not message.corrupt_text


@given(
    spi=SPIS, src=st.ip_addresses(v=4).map(str), interface=INTERFACES, width=st.integers(min_value=50, max_value=110)
)
@settings(deadline=None)
def test_a_mail_may_wrap_it_anywhere_between_words(spi: int, src: str, interface: str, width: int) -> None:
    wrapped = "\n".join(textwrap.wrap(event(spi, src, interface=interface), width, break_on_hyphens=False))
    (message,) = scan(f"{wrapped}\nRegards\nN. N.\n").facts.messages
    assert (message.spi, message.source, message.interface) == (spi, src, interface)


@given(spi=SPIS, src=st.ip_addresses(v=4).map(str), interface=INTERFACES, width=st.sampled_from([80, 132]))
@settings(deadline=None)
def test_a_terminal_may_break_it_anywhere(spi: int, src: str, interface: str, width: int) -> None:
    line = event(spi, src, interface=interface)
    broken = "\n".join(line[i : i + width] for i in range(0, len(line), width))
    (message,) = scan(f"{broken}\nHUB1#\n").facts.messages
    assert (message.spi, message.source, message.interface) == (spi, src, interface)


@given(st.text(alphabet=st.sampled_from(list("%-:>. \n\t0127AZSPIcrypto_=,()'<Oct")), max_size=400))
@settings(deadline=None)
def test_any_text_gives_a_result(text: str) -> None:
    parsed = scan(text)
    assert 0 <= parsed.coverage.understood <= parsed.coverage.lines


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_around_an_event_leave_it_alone(noise: bytes) -> None:
    text = noise.decode("latin-1").replace("%", "")
    messages = scan(f"{text}\n\n{event()}\n\n{text}").facts.messages
    assert 0xA1B2C3D4 in {m.spi for m in messages}


@pytest.mark.parametrize(
    ("head", "stamp", "relay", "host", "sequence"),
    [
        ("Oct  3 04:05:06.789: ", "Oct  3 04:05:06.789", None, None, None),
        ("<188>000123: *Oct  3 04:05:06KST: ", "*Oct  3 04:05:06KST", None, None, 123),
        (".Oct 13 2026 04:05:06.123 CEST: : ", ".Oct 13 2026 04:05:06.123 CEST", None, None, None),
        ("Oct  3 04:05:06 10.0.0.1 12: Oct  3 04:05:05: ", "Oct  3 04:05:05", "Oct  3 04:05:06", "10.0.0.1", 12),
        ("Oct  3 04:05:06 hub1 ", None, "Oct  3 04:05:06", "hub1", None),
        ("*Oct 03 04:05:06: hub1.example ", "*Oct 03 04:05:06", None, "hub1.example", None),
        ("hub1: Oct 3 2026 04:05:06.866: ", "Oct 3 2026 04:05:06.866", None, "hub1", None),
        ("R1: ", None, None, "R1", None),
        ("<190>: hub1: 2y10w: ", "2y10w", None, "hub1", None),
        ("The log shows: Oct  3 04:05:06: ", "Oct  3 04:05:06", None, None, None),
        ("On the hub we see ", None, None, None, None),
        ("7:04: ", None, None, None, None),
        ("HUB1#*Oct  3 04:05:06.1: ", "*Oct  3 04:05:06.1", None, None, None),
    ],
)
def test_head(head: str, stamp: str | None, relay: str | None, host: str | None, sequence: int | None) -> None:
    found = read_head(head)
    assert (found.stamp.text if found.stamp else None) == stamp
    assert (found.relay_stamp.text if found.relay_stamp else None) == relay
    assert (found.host, found.sequence) == (host, sequence)


@pytest.mark.parametrize(
    ("text", "seconds", "resolution"),
    [("00:00:46:", 46, 1), ("1d03h:", 97200, 3600), ("20w2d:", 142 * 86400, 86400), ("2y10w:", 800 * 86400, 604800)],
)
def test_uptime_stamps_are_coarser_the_older_the_device(text: str, seconds: int, resolution: int) -> None:
    (found,) = find_stamps(text)
    assert (found.stamp.kind, found.stamp.uptime_s, found.stamp.resolution_s) == ("uptime", seconds, resolution)


def test_a_stamp_at_the_end_of_a_line_is_the_next_tags() -> None:
    first, second = event(1), event(2).replace("04:05", "04:06")
    stamp, _, rest = second.partition(": ")
    messages = scan(f"{first} {stamp}:\n> {rest}\n").facts.messages
    assert [m.stamp.minute for m in messages if m.stamp] == [5, 6]
    assert [m.line for m in messages] == [1, 2]


def test_a_repeat_count_goes_to_the_line_before_of_the_same_host() -> None:
    text = (
        "Oct  3 04:05:06 hub1 %SYS-5-CONFIG_I: Configured from console by noc\n"
        "Oct  3 04:05:07 hub2 %SYS-5-CONFIG_I: Configured from console by noc\n"
        "Oct  3 04:05:08 hub1 last message repeated 4 times\n"
        "Oct  3 04:05:09 hub3 last message repeated 4 times\n"
    )
    assert [m.count for m in scan(text).facts.messages] == [5, 1]


def test_a_decimal_that_contradicts_marks_the_text() -> None:
    (message,) = scan(event(0x1234).replace("(4660)", "(4661)")).facts.messages
    assert (message.spi, message.corrupt_text) == (0x1234, True)


def test_a_copy_inside_an_event_managers_message_is_no_event() -> None:
    text = "Oct  3 04:05:06: %HA_EM-6-LOG: spi-watch: " + event()
    assert [m.tag for m in scan(text).facts.messages] == ["HA_EM-6-LOG"]


def test_a_sentence_that_names_the_tag_is_no_event() -> None:
    assert scan("We see many %CRYPTO-4-RECVD_PKT_INV_SPI lines on the hub.\n").facts.messages == ()


def test_a_lost_colon_and_quoted_printable_do_no_harm() -> None:
    text = event().replace("INV_SPI:", "INV_SPI").replace("=", "=3D")
    (message,) = scan(text).facts.messages
    assert (message.spi, message.source, message.destination) == (0xA1B2C3D4, "198.51.100.2", "192.0.2.9")


def test_a_mail_with_a_blank_line_after_each_line() -> None:
    wrapped = "\n\n".join(textwrap.wrap(event(), 70, break_on_hyphens=False))
    (message,) = scan(f"{wrapped}\n\nRegards\n").facts.messages
    assert (message.spi, message.source, message.destination) == (0xA1B2C3D4, "198.51.100.2", "192.0.2.9")


def test_a_signature_is_not_part_of_an_event() -> None:
    (message,) = scan(f"{event()}\nWith kind regards,\nN. N.\n").facts.messages
    assert message.raw == event()
    assert message.lines == 1


def test_more_messages_than_may_stay_open_come_in_order() -> None:
    text = "\n".join(event(n) for n in range(3000))
    assert [m.spi for m in scan(text).facts.messages] == list(range(3000))


def test_an_open_message_takes_a_bounded_number_of_lines() -> None:
    text = event().split(" destaddr")[0] + "\n" + "destaddr=\n" * 500
    (message,) = scan(text).facts.messages
    assert message.lines < 100
    assert OpenMessage.__doc__


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("192.0.2.1.", "192.0.2.1"),
        ("<192.0.2.1>", "192.0.2.1"),
        ("2001:db8::", "2001:db8::"),
        ("", None),
        ("a=b", None),
    ],
)
def test_address(printed: str, expected: str | None) -> None:
    assert address(printed) == expected
