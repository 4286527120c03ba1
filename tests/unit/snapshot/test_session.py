"""Saved terminal sessions as terminal programs and operators leave them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from vpnaudit.errors import SourceError
from vpnaudit.model.snapshot import Snapshot
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.platforms.registry import resolve_command, tell_platform
from vpnaudit.settings import Settings
from vpnaudit.snapshot.read import read_source
from vpnaudit.snapshot.session import read_prompt, split_session
from vpnaudit.snapshot.terminal import undo_terminal, unfolded_log, without_line_stamps

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def resolve(typed: str) -> tuple[str, str] | None:
    return resolve_command(None, typed)


def answers(text: str) -> list[tuple[str, str, str, str, int]]:
    parts, _ = split_session(text, "s.log", resolve)
    return [(p.device, p.command, p.argument, p.text, p.first_line) for p in parts]


def problems(text: str) -> list[str]:
    return [p.problem for p in split_session(text, "s.log", resolve)[1]]


def read(tmp_path: Path, data: str | bytes) -> Snapshot:
    path = tmp_path / "session.log"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (snapshot,) = read_source(path, resolve, lambda _texts: None)
    return snapshot


def texts(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    return {(d.name, c.command): c.text for d in snapshot.devices for c in d.captures}


@pytest.mark.parametrize(
    ("line", "host", "asked"),
    [
        ("hub1#show clock", "hub1", "show clock"),
        ("hub1>show clock", "hub1", "show clock"),
        ("hub-1.example.net# sh clock", "hub-1.example.net", "sh clock"),
        ("hub1(config)#do show clock", "hub1", "show clock"),
        ("hub1(config-if)#show clock", "hub1", "show clock"),
        ("hub1(config)#interface Tunnel1", "hub1", ""),
        ("RP/0/RP0/CPU0:core1#show logging", "core1", "show logging"),
        ("RP/0/RSP0/CPU0:core1(config)#end", "core1", ""),
        ("fw01/pri/act# show crypto ipsec sa", "fw01", "show crypto ipsec sa"),
        ("fw01/sec/stby(config)# show clock", "fw01", "show clock"),
        ("fw01/act/pri/blue# show clock", "fw01/blue", "show clock"),
        ("fw01/blue# show clock", "fw01/blue", "show clock"),
        ("fw01/blue/pri/act#", "fw01/blue", ""),
    ],
)
def test_prompts(line: str, host: str, asked: str) -> None:
    prompt = read_prompt(line)
    assert prompt is not None
    assert (prompt.host, prompt.asked) == (host, asked)


@pytest.mark.parametrize("line", ["# comment", " -> next", "a b#c", "http://x#y z", "(config)#", "192.0.2.1 > 1", ""])
def test_what_is_no_prompt(line: str) -> None:
    assert read_prompt(line) is None


def test_typed_abbreviations_with_filters_and_pipes() -> None:
    assert answers("hub1#sh cry ips sa pe 192.0.2.1 | i spi\n  a\nhub1#sh clo\nb") == [
        ("hub1", "show crypto ipsec sa", "peer 192.0.2.1 | i spi", "  a", 2),
        ("hub1", "show clock", "", "b", 4),
    ]


def test_from_one_router_to_another_and_back() -> None:
    text = """hub1#show clock
1
hub1#ssh -l noc 192.0.2.9
Password:

Welcome to spoke2

spoke2>en
Password:
spoke2#show clock
2
spoke2#exit

[Connection to 192.0.2.9 closed by foreign host]
hub1#sh version
3
hub1#"""
    assert [(a[0], a[1], a[3]) for a in answers(text)] == [
        ("hub1", "show clock", "1"),
        ("spoke2", "show clock", "2"),
        ("hub1", "show version", "3"),
    ]


def test_a_context_of_a_firewall_is_a_device() -> None:
    prompt = "fw01/blue/pri/act#"
    text = f"fw01/pri/act# changeto context blue\n{prompt} show crypto ipsec sa\na\n{prompt} show clock\nb"
    assert {a[0] for a in answers(text)} == {"fw01/blue"}


MESSAGE = "*Nov 24 09:00:03.100: %SYS-5-CONFIG_I: Configured from console by noc on vty0 (10.0.0.5)"
MONITORED = {
    "between": (f"a\n{MESSAGE}\nb", "a\n\nb", f"{MESSAGE}"),
    "two": (f"a\n{MESSAGE}\n{MESSAGE}\nb", "a\n\n\nb", f"{MESSAGE}\n{MESSAGE}"),
    "numbered": (f"a\n000123: {MESSAGE}\nb", "a\n\nb", f"000123: {MESSAGE}"),
    "named": (f"a\nhub1: {MESSAGE}\nb", "a\n\nb", f"hub1: {MESSAGE}"),
    "firewall": (
        "a\n%ASA-4-402116: IPSEC: Received an ESP packet\nb",
        "a\n\nb",
        "%ASA-4-402116: IPSEC: Received an ESP packet",
    ),
    "in a line": (f"  interface: Tunnel{MESSAGE}\nb", "  interface: Tunnel\nb", f"{MESSAGE}"),
    "of two lines": (
        "a\nNov 24 09:00:03.100: %CRYPTO-4-PKT_REPLAY_ERR: decrypt: replay check failed\n    connection id=5\n    b",
        "a\n\n\n    b",
        "Nov 24 09:00:03.100: %CRYPTO-4-PKT_REPLAY_ERR: decrypt: replay check failed\n    connection id=5",
    ),
    "none": (
        'a\n event syslog pattern "%SYS-5-CONFIG_I: x"\nb',
        'a\n event syslog pattern "%SYS-5-CONFIG_I: x"\nb',
        None,
    ),
}


@pytest.mark.parametrize("case", list(MONITORED))
def test_what_terminal_monitor_prints_into_an_answer_is_a_log(case: str) -> None:
    printed, answer, log = MONITORED[case]
    found = {a[1]: a[3] for a in answers(f"hub1#show crypto ipsec sa\n{printed}\nhub1#")}
    assert found["show crypto ipsec sa"] == answer
    assert found.get("syslog") == log


def test_a_log_in_an_answer_keeps_its_line_number() -> None:
    lines = ["hub1#show crypto ipsec sa", "a", MESSAGE, "b", "hub1#", MESSAGE, "hub1#"]
    (answer, log) = answers("\n".join(lines))
    assert (answer[4], log[4]) == (2, 3)
    assert log[3].split("\n") == [MESSAGE, "", "", MESSAGE]


def test_the_answer_of_show_logging_stays_whole() -> None:
    assert answers(f"hub1#show logging\n{MESSAGE}\nhub1#") == [("hub1", "show logging", "", MESSAGE, 2)]


def test_a_log_line_before_the_first_prompt_is_the_devices() -> None:
    assert answers(f"{MESSAGE}\nhub1#show clock\na")[1][:2] == ("hub1", "syslog")


def test_what_was_typed_twice_is_asked_once() -> None:
    text = (
        f"hub1#sh cry ips\nhub1#show crypto ips\n{MESSAGE}\nhub1#show crypto ipsec sa\na\n"
        "hub1#show cry ?\n  ipsec\nhub1#show cry "
    )
    assert [a[1:4] for a in answers(text)] == [("show crypto ipsec sa", "", "a"), ("syslog", "", MESSAGE)]
    assert problems(text) == []


def test_the_same_command_twice_is_two_answers() -> None:
    assert [a[3] for a in answers("hub1#show clock\na\nhub1#show clock\nb")] == ["a", "b"]


def test_unknown_show_commands_are_told() -> None:
    assert problems("hub1#show ip route\nx\nhub1#show clock\na\nhub1#conf t\nhub1(config)#show foo") == [
        "command not known, its answer was not read: show ip route"
    ]


STAMPED = {
    "SecureCRT": "[2026-11-24 09:00:00.123] {}",
    "only the time": "[09:00:00] {}",
    "Tera Term": "[Tue Nov 24 09:00:00.123 2026] {}",
    "ts": "2026-11-24 09:00:00 {}",
    "ISO": "2026-11-24T09:00:00+01:00 {}",
    "round": "(24.11.2026 09:00:00) {}",
}


@pytest.mark.parametrize("form", list(STAMPED))
def test_a_stamp_before_each_line_is_taken_off(form: str, tmp_path: Path) -> None:
    lines = [
        "hub1#show crypto ipsec sa",
        "interface: Tunnel1",
        "    Crypto map tag: a",
        "hub1#show clock",
        "09:00:01.5 UTC",
    ]
    snapshot = read(tmp_path, "\r\n".join(STAMPED[form].format(line) for line in lines))
    assert texts(snapshot) == {
        ("hub1", "show crypto ipsec sa"): "interface: Tunnel1\n    Crypto map tag: a",
        ("hub1", "show clock"): "09:00:01.5 UTC",
    }


@pytest.mark.parametrize(
    "text",
    [
        "09:00:00.000 UTC Tue Nov 24 2026\n",
        "2026-11-24 09:00:00 hub1 12: Nov 24 09:00:00.1: %SYS-5-CONFIG_I: a\n" * 3,
        "hub1#show clock\n09:00:00.000 UTC Tue Nov 24 2026\nhub1#",
    ],
)
def test_other_stamps_stay(text: str) -> None:
    assert without_line_stamps(text) == text


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("a\n\x1b[7m--More--\x1b[27m\x1b[8D\x1b[J  b", "a\n  b"),
        ("a\n --More-- \r\x1b[K  b", "a\n  b"),
        ("a\n--More--(12%)\r             \r  b", "a\n  b"),
        ("a\n<--- More --->\r              \r    b", "a\n    b"),
        ("a\n<--- More --->                  b", "a\n    b"),
        ("a\n --More--             b", "a\n    b"),
        ("a\n --More-- b", "a\nb"),
        ("\x1b]0;hub1\x07hub1#show clock", "hub1#show clock"),
        ("\x1b[?1h\x1b=hub1#\x1b(Bshow\x1b[0m clock", "hub1#show clock"),
        ("hub1#sho\x1b[1Dw clock", "hub1#shw clock"),
        ("hub1#shox\x08 \x08w clock", "hub1#show clock"),
        ("\x1b[999C\x1b[999Dx", "x"),
        ("\x1b", ""),
        ("\x1b[", "["),
    ],
)
def test_what_a_terminal_did_is_undone(printed: str, seen: str) -> None:
    assert undo_terminal(printed) == seen


TRANSCRIPT = (
    'Script started on 2026-11-24 09:00:00+00:00 [TERM="xterm"]\n'
    "=~=~=~=~=~=~=~=~=~=~=~= PuTTY log 2026.11.24 09:00:00 =~=~=~=~=~=~=~=~=~=~=~=\n"
    "\x1b[?2004hnoc@jump:~$ ssh hub1\n\n\nhub1#terminal length 0\nhub1#sh clock\n"
    "Load for five secs: 1%/0%; one minute: 2%; five minutes: 2%\n"
    "Time source is NTP, 09:00:00.123 UTC Tue Nov 24 2026\n\n09:00:00.123 UTC Tue Nov 24 2026\nhub1#exit\n"
    "Connection to hub1 closed.\nnoc@jump:~$ exit\n\nScript done on 2026-11-24 09:05:00+00:00\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
def test_a_whole_transcript(encoding: str, end: str, tmp_path: Path) -> None:
    data = TRANSCRIPT.replace("\n", end).encode(encoding)
    snapshot = read(tmp_path, b"\xfe\xff" + data if encoding == "utf-16-be" else data)
    assert snapshot.problems == ()
    assert texts(snapshot) == {
        ("hub1", "show clock"): "Load for five secs: 1%/0%; one minute: 2%; five minutes: 2%\n"
        "Time source is NTP, 09:00:00.123 UTC Tue Nov 24 2026\n\n09:00:00.123 UTC Tue Nov 24 2026"
    }


def test_a_transcript_without_a_known_command_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not known"):
        read(tmp_path, "hub1#show ip route\nx\nhub1#\n")


def folded(text: str, width: int) -> str:
    """As it comes off a screen of so many columns."""
    return "\n".join(line[at : at + width] for line in text.split("\n") for at in range(0, max(len(line), 1), width))


EVENTS = "\n".join(
    f"Nov 24 09:0{n}:00.100: %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for "
    f"destaddr=192.0.2.{9 + n}, prot=50, spi=0x9E6D41B{n}({0x9E6D41B0 + n}), srcaddr=198.51.100.2"
    for n in range(5)
)
HEADER = "Syslog logging: enabled (0 messages dropped, 3 messages rate-limited, 0 flushes, 0 overruns, xml disabled)"


@pytest.mark.parametrize("width", [60, 72, 80, 100, 132])
def test_a_message_broken_by_a_narrow_screen_is_whole(width: int) -> None:
    text = f"hub1#show logging\n{HEADER}\n\n{EVENTS}\n*Nov 24 09:09:00.100: %SYS-5-CONFIG_I: x\nhub1#show clock\na"
    joined, numbers = unfolded_log(folded(text, width))
    assert joined.split("\n") == text.split("\n")
    lines = folded(text, width).split("\n")
    assert all(whole.startswith(lines[number - 1]) for whole, number in zip(text.split("\n"), numbers, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        EVENTS,
        f"{EVENTS}\nhub1#show clock\na",
        f"{EVENTS[:500]}\n{'=' * 170}\n{'=' * 170}\na\nb",
        "100% of a line\n" * 9,
        "\n".join(f"1w2d: %CRYPTO-4-IKMP_NO_SA: {'x' * 60}{n}" for n in range(9)),
        "\n".join(f"01:02:0{n}: %CRYPTO-4-IKMP_NO_SA: {'x' * 60}" for n in range(9)),
        "\n".join(("%SYS-5-A: " + "x" * 80, "", "%SYS-5-A: " + "y" * 80, "", "a")),
    ],
)
def test_what_only_happens_to_be_of_one_length_stays(text: str) -> None:
    assert unfolded_log(text) == (text, ())


def test_an_event_broken_in_its_spi_has_its_line(tmp_path: Path) -> None:
    text = f"hub1#show logging\n{HEADER}\n\n{EVENTS}\nhub1#exit\n"
    width = next(w for w in range(60, 200) if any(line.endswith("spi=0x9E6D") for line in folded(text, w).split("\n")))
    (tmp_path / "a.log").write_text(folded(text, width))
    (tmp_path / "b.log").write_text(text)
    one, two = (audit_sources([tmp_path / name], Settings(), NOW) for name in ("a.log", "b.log"))
    assert [(e.spi, e.time, e.raw) for e in one.events] == [(e.spi, e.time, e.raw) for e in two.events]
    starts = [n for n, line in enumerate(folded(text, width).split("\n"), 1) if line.startswith("Nov 24")]
    assert [e.evidence[0].line for e in one.events] == starts


def test_an_incomplete_or_refused_command_is_no_loss() -> None:
    text = "hub1#sh cry\n% Incomplete command.\n\nhub1#show foo\n        ^\n% Invalid input detected at '^' marker.\n\n"
    assert problems(f"{text}hub1#show clock\na\nfw1#show bar\nERROR: % Incomplete command\nfw1#show clock\nb") == []


def test_show_techs_of_several_devices_in_one_file(tmp_path: Path) -> None:
    def tech(host: str, *more: str) -> str:
        sections = [(command, f"x {host}") for command in more]
        sections += [("show version", f"{host} uptime is 3 days"), ("show running-config", f"hostname {host}")]
        return "".join(f"------------------ {name} ------------------\n\n{text}\n\n" for name, text in sections)

    (tmp_path / "all.txt").write_text(
        tech("hub1", "show logging", "show clock") + tech("hub2", "show clock") + tech("hub3", "show clock")
    )
    (snapshot,) = read_source(tmp_path / "all.txt", partial(resolve_command, None), lambda _texts: None)
    found = [(d.name, c.command, c.text.strip()) for d in snapshot.devices for c in d.captures]
    assert [(d, text) for d, c, text in found if c == "show clock"] == [(f"hub{n}", f"x hub{n}") for n in (1, 2, 3)]
    assert ("hub1", "show logging", "x hub1") in found


def test_contexts_of_one_firewall_have_one_platform(tmp_path: Path) -> None:
    (tmp_path / "s.log").write_text(
        "fw1/inside/act# sh ver\n\nCisco Adaptive Security Appliance Software Version 9.8(4)\n\nfw1 up 3 days 2 hours\n"
        "fw1/inside/act# changeto context admin\nfw1/admin/act(config)# show clock\n09:00:00.000 UTC Tue Nov 24 2026\n"
        "fw2/admin/act# show clock\n09:00:00.000 UTC Tue Nov 24 2026\n"
    )
    (snapshot,) = read_source(tmp_path / "s.log", resolve, tell_platform)
    platforms = {d.name: d.platform for d in snapshot.devices}
    assert platforms == {"fw1/inside": "cisco_asa", "fw1/admin": "cisco_asa", "fw2/admin": None}
