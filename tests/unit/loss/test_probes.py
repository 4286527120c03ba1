"""Measurements of a path in every form that people have, told by their content."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpnaudit.loss.probes import Measured, read_probes
from vpnaudit.loss.probes.measured import in_words

PROBES = Path(__file__).resolve().parents[2] / "fixtures" / "loss" / "probes"


class Case(NamedTuple):
    name: str
    form: str
    target: str
    sent: int | None
    lost: int | None
    bursts: dict[int, int] | None
    longest_s: tuple[float, float] | None


CASES = [
    Case("linux_ping_stamped.txt", "ping", "198.51.100.2", 60, 6, {1: 1, 5: 1}, (4.0, 6.0)),
    Case("linux_ping_quiet.txt", "ping", "vpn.example.net", 86_400, 259, None, None),
    Case("macos_ping.txt", "ping", "203.0.113.7", 10, 2, {2: 1}, (1.0, 3.0)),
    Case("busybox_ping.txt", "ping", "203.0.113.7", 5, 2, {1: 2}, (0.0, 2.0)),
    Case("windows_ping.txt", "ping (Windows)", "198.51.100.2", 6, 3, {3: 1}, (8.0, 13.0)),
    Case("windows_ping_german.txt", "ping (Windows)", "198.51.100.2", 4, 1, {1: 1}, (0.0, 5.0)),
    Case("windows_ping_french.txt", "ping (Windows)", "198.51.100.2", 6, 2, {2: 1}, (4.0, 9.0)),
    Case("windows_ping_japanese.txt", "ping (Windows)", "198.51.100.2", 6, 2, {2: 1}, (4.0, 9.0)),
    Case("windows_ping6_all_lost.txt", "ping (Windows)", "2001:db8::9", 3, 3, {3: 1}, (8.0, 13.0)),
    Case("windows_ping_beginning_gone.txt", "ping (Windows)", "", 5, 3, {1: 1, 2: 1}, (4.0, 9.0)),
    Case("linux_ping_german.txt", "ping", "198.51.100.2", 6, 2, {2: 1}, (0.2, 0.6)),
    Case("linux_ping_french_quiet.txt", "ping", "198.51.100.2", 1000, 4, None, None),
    Case("ping_with_times_in_front.txt", "ping", "198.51.100.2", 8, 3, {3: 1}, (2.0, 4.0)),
    Case("macos_ping_past_midnight.txt", "ping", "198.51.100.2", 4, 1, {1: 1}, (0.0, 1.0)),
    Case("macos_ping6.txt", "ping", "2001:db8::9", 4, 1, {1: 1}, (0.0, 2.0)),
    Case("fping_steps.txt", "fping", "198.51.100.2", 21, 12, None, None),
    Case("fping_steps_broken_off.txt", "fping", "198.51.100.2", 20, 1, None, None),
    Case("ios_ping_verbose.txt", "ping (IOS)", "198.51.100.2", 5, 1, {1: 1}, (0.0, 2.012)),
    Case("ios_ip_sla_of_12.4.txt", "IP SLA", "operation 30", 100, 3, None, None),
    Case("smokeping_rrd_comma.txt", "smokeping", "", 6, 3, None, (0.0, 600.0)),
    Case("fping_loop.txt", "fping", "198.51.100.2", 20, 3, {3: 1}, (2.0, 4.0)),
    Case("fping_row.txt", "fping", "198.51.100.2", 10, 3, {1: 1, 2: 1}, (1.0, 3.0)),
    Case("fping_quiet.txt", "fping", "198.51.100.2", 1000, 3, None, None),
    Case("mtr_report.txt", "mtr", "198.51.100.2", 1000, 3, None, None),
    Case("mtr.csv", "mtr", "198.51.100.2", 1000, 3, None, None),
    Case("mtr_old.csv", "mtr", "198.51.100.2", 500, 2, None, None),
    Case("mtr.json", "mtr", "198.51.100.2", 1000, 3, None, None),
    Case("smokeping_rrd.txt", "smokeping", "", 25, 11, None, (300.0, 900.0)),
    Case("smokeping_legend.txt", "smokeping", "", None, None, None, None),
    Case("ios_ping.txt", "ping (IOS)", "198.51.100.2", 100, 7, {1: 2, 5: 1}, (8.0, 10.018)),
    Case("ios_ip_sla.txt", "IP SLA", "operation 10", 86_400, 190, None, None),
    Case("asa_ping.txt", "ping (IOS)", "198.51.100.2", 10, 1, {1: 1}, (0.0, 2.002)),
    Case("iperf3_udp.json", "iperf3", "198.51.100.2", 10_000, 2021, None, (1.0, 4.0)),
]


def _read(name: str) -> Measured:
    return read_probes((PROBES / name).read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_each_form_is_told_by_its_content(case: Case) -> None:
    found = _read(case.name)
    assert (found.form, found.target, found.sent, found.lost) == (case.form, case.target, case.sent, case.lost)
    assert (None if found.bursts is None else {b.probes: b.times for b in found.bursts}) == case.bursts
    if case.longest_s is None:
        assert found.longest_s is None
    else:
        assert found.longest_s == pytest.approx(case.longest_s)
    assert in_words(found)[0].startswith("Measured with")


def test_every_fixture_has_a_case() -> None:
    assert {p.name for p in PROBES.iterdir()} == {c.name for c in CASES} | {name for name, _ in REFUSED}


REFUSED = [
    ("iperf3_tcp.json", "UDP"),
    ("iperf3_failed.json", "Connection refused"),
    ("iperf3_broken_off.json", "breaks off"),
    ("ios_ip_sla_never_run.txt", "none of its IP SLA operations"),
]


@pytest.mark.parametrize(("name", "words"), REFUSED)
def test_what_counts_no_loss_says_so(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _read(name)


def test_a_late_answer_is_no_loss() -> None:
    found = _read("linux_ping_stamped.txt")
    assert found.lost == 6
    assert found.watched_s == pytest.approx(60.0)
    assert found.comes_in_bursts


def test_the_average_alone_is_still_an_answer() -> None:
    found = _read("smokeping_legend.txt")
    assert found.loss == pytest.approx(0.0021)
    assert found.loss_interval is None
    assert "longest outage is not in it" in " ".join(in_words(found))


def test_numbers_that_wrap_go_on() -> None:
    lines = ["PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data."]
    lines += [
        f"64 bytes from 192.0.2.1: icmp_seq={n % 65536} ttl=60 time=1.0 ms" for n in range(1, 66_000) if n != 65_540
    ]
    found = read_probes("\n".join(lines).encode())
    assert (found.sent, found.lost) == (65_999, 1)


def test_powershell_writes_utf_16() -> None:
    text = (PROBES / "windows_ping.txt").read_text(encoding="utf-8")
    assert read_probes(text.encode("utf-16")).lost == 3


def test_without_loss_the_interval_says_how_little_it_can_be() -> None:
    text = "PING x (192.0.2.1)\n" + "".join(f"64 bytes from x: icmp_seq={n} ttl=60 time=1 ms\n" for n in range(1, 1001))
    found = read_probes(text.encode())
    assert found.loss == 0.0
    assert found.loss_interval == pytest.approx((0.0, 0.00368), abs=1e-5)
    assert "No outage over" in " ".join(in_words(found))
    assert found.comes_in_bursts is None


def test_losses_apart_are_random_losses_together_are_bursts() -> None:
    def ping(lost: set[int]) -> Measured:
        lines = [f"64 bytes from x: icmp_seq={n} ttl=60 time=1 ms" for n in range(1, 2001) if n not in lost]
        return read_probes("\n".join(["PING x (192.0.2.1)", *lines]).encode())

    assert ping(set(range(100, 2000, 190))).comes_in_bursts is False
    assert ping(set(range(900, 910))).comes_in_bursts is True


HOSTILE = [
    b"",
    b"\x00\xff\xfe\x00" * 50,
    b"{" * 100_000,
    b'{"report": {"hubs": [1]}}',
    b'{"report": {"hubs": [{"Loss%": "nan", "Snt": 1e400}], "mtr": []}}',
    b'{"end": {"sum": {"packets": -5, "lost_packets": true}}}',
    b"64 bytes from x: icmp_seq=99999999999999999999 ttl=1\n" * 3,
    b"64 bytes from x: icmp_seq=4294967295 ttl=1\n64 bytes from x: icmp_seq=0 ttl=1\n" * 2000,
    b"5 packets transmitted, 9 received, 0% packet loss\n",
    b"99999999999 packets transmitted, 0 received, 100% packet loss, time 1ms\n",
    b"Sending 5, 100-byte ICMP Echos to \x1b[31mx, timeout is 2 seconds:\n" + b"!" * 900 + b"\n",
    b"HOST: x Loss% Snt\n 1.|-- a 200% 5\n 2.|-- b -3% 0\n",
    b"MTR.0.9;a;b;c;x;y;z;w;\n" * 10,
    b" x : " + b"- " * 50_000 + b"\n",
    b"loss median\n9999999999: 1 2\n9999999999: 1e308 2\n",
    b"(" * 50_000 + b"icmp_seq=1",
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_give_a_result_or_one_clear_line(data: bytes) -> None:
    _survives(data)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(sorted(p.name for p in PROBES.iterdir())), st.integers(0, 400))
def test_damaged_files_too(junk: bytes, name: str, at: int) -> None:
    whole = (PROBES / name).read_bytes()
    _survives(whole[:at] + junk + whole[at + len(junk) :])


def _survives(data: bytes) -> None:
    try:
        found = read_probes(data)
    except ValueError as error:
        said = str(error)
    else:
        said = in_words(found)[0]
        assert 0.0 <= found.loss <= 1.0
        assert found.sent is None or found.lost is None or 0 <= found.lost <= found.sent
    assert 0 < len(said) < 500


def test_a_target_that_answers_nothing_is_said() -> None:
    assert any("nothing came back at all" in note for note in _read("windows_ping6_all_lost.txt").notes)
    assert not any("nothing came back" in note for note in _read("windows_ping_french.txt").notes)


def test_lines_between_blank_ones_are_probes_too() -> None:
    text = (PROBES / "windows_ping_french.txt").read_bytes()
    found = read_probes(text.replace(b"\r\n", b"\r\n\r\n"))
    assert (found.sent, found.lost) == (6, 2)


def test_prose_with_a_colon_is_no_measurement() -> None:
    with pytest.raises(ValueError, match="no measurement"):
        read_probes(b"from 192.0.2.9 we saw 32 losses:\nyes indeed\n")
