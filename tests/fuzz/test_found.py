"""What fuzzing found, each made small."""

from __future__ import annotations

import pytest
from fuzz_inputs import samples
from fuzz_targets import holds, log, parsers

from fuzz import try_one
from vpnaudit.parse.engine import LONG_LINE, run_template
from vpnaudit.parse.logs import scan


def test_a_long_line_of_blanks_with_a_word_behind_is_shown_by_its_word() -> None:
    """Cut to its first characters it was blank, and a configuration's reader took its first word."""
    _, coverage = run_template("cisco_ios", "show_clock", " " * (LONG_LINE + 10) + "word")
    assert [line.text for line in coverage.unparsed] == ["word"]


@pytest.mark.parametrize("platform", ["cisco_asa", "cisco_ios"])
def test_a_configuration_with_a_long_line_of_blanks(platform: str) -> None:
    text = "interface Tunnel1\n" + "\t" * 3000 + "x\n no shutdown\n"
    holds(parsers()[platform, "show running-config"](text), text, is_log=False)


FAILED = "%SYS-2-MALLOCFAIL: Memory allocation of 65536 bytes failed from 0x1, alignment 0"
STRETCHED = {
    "the cause of a failed allocation": (f"{FAILED}\nPool: Processor  Free: 10  Cause: ", " ", "\x01"),
    "who logged a command": ("%PARSER-5-CFGLOG_LOGGEDCMD: User:", " ", "\x01"),
    "a key of an SA's debug": (f"{FAILED}\nx sa_0", "\t", "\x01"),
    "blanks before a key": (f"{FAILED}\n10:00:00: x", " ", "sa"),
}


@pytest.mark.parametrize("case", STRETCHED)
def test_a_stretched_line_of_a_log_is_read(case: str) -> None:
    """Each took time that grew with the square or the cube of the line; the fuzzer's own CPU limit ends such a run."""
    before, unit, behind = STRETCHED[case]
    text = f"{before}{unit * 100_000}{behind}\n"
    assert try_one(log, samples(collected=False)[0], text.encode(), 1) is None


def test_what_a_failed_allocation_says_is_read_over_wrapped_lines() -> None:
    text = f"{FAILED}\nPool:   I/O    Free:  10     Cause:   Not enough free memory   \nAlternate Pool: None  Free: 0\n"
    details = scan(text).facts.messages[0].details
    assert (details["pool"], details["free"], details["cause"]) == ("I/O", "10", "Not enough free memory")


@pytest.mark.parametrize(("user", "between"), [("console", "  "), ("a b", " "), ("", "  ")])
def test_a_logged_command_and_its_user(user: str, between: str) -> None:
    text = f"%PARSER-5-CFGLOG_LOGGEDCMD: User:{user}{between}logged command:clear crypto sa"
    details = scan(text).facts.messages[0].details
    assert (details.get("user") or "", details["command"]) == (user, "clear crypto sa")


@pytest.mark.parametrize("mark", ["--More--", "-- More --", "<--- More --->", "<-- More -->", " --More-- "])
def test_a_pager_mark_is_no_part_of_an_answer(mark: str) -> None:
    assert run_template("cisco_ios", "show_clock", f"{mark}\n")[1].unparsed == ()
