from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.collect.guard import Guard, only_shows
from vpnaudit.collect.refusal import is_refusal
from vpnaudit.collect.sessions import SESSIONS, GuardedSession
from vpnaudit.errors import GuardError

COMMANDS = ("show clock", "show running-config | section crypto", "show version | redirect flash:x", "reload")


def guard() -> Guard:
    return Guard("r1", ("terminal length 0", "terminal width 0"), COMMANDS)


@pytest.mark.parametrize(
    "data",
    ["show clock\n", "show running-config | section crypto\n", "terminal length 0\n", "enable\n", "exit\n", "\n", " "],
)
def test_what_a_session_needs_passes(data: str) -> None:
    guard().check(data)


@pytest.mark.parametrize(
    "data",
    [
        "show clock", "show clock\r\n", "show clock\nreload\n", "show version\n", "show version | redirect flash:x\n",
        "reload\n", "configure terminal\n", "terminal width 511\n", "terminal monitor\n", "y", "\x00", "\x03", "", "  ",
        "SHOW CLOCK\n", " show clock\n", "show clock \n", "the secret\n",
    ],
)  # fmt: skip
def test_everything_else_does_not(data: str) -> None:
    with pytest.raises(GuardError):
        guard().check(data)


def test_the_secret_passes_once_and_only_when_it_is_expected() -> None:
    one = guard()
    one.expect_secret("the secret")
    one.check("the secret\n")
    with pytest.raises(GuardError):
        one.check("the secret\n")
    one.expect_secret("the secret")
    one.check("\n")
    with pytest.raises(GuardError):
        one.check("the secret\n")


@pytest.mark.parametrize(
    ("command", "passes"),
    [
        ("show crypto ipsec sa peer 192.0.2.1 detail", True),
        ("show processes cpu sorted | exclude 0.00", True),
        ("show running-config | i key|crypto", True),
        ("show logging | count CRYPTO", True),
        ("show x | redirect flash:y", False),
        ("show x | redir flash:y", False),
        ("show x | t flash:y", False),
        ("show x | append flash:y", False),
        ("show x | include y | tee flash:z", False),
        ("show x | include y|red z", False),
        ("show x |", False),
        ("show x | format y", False),
        ("show x > bootflash:y", False),
        ("show tech redirect flash:x", False),
        ("show x?", False),
        ("show x\ty", False),
        ("show  x", False),
        ("show", False),
        ("show caf\u00e9", False),
        ("clear crypto sa", False),
        ("do show clock", False),
    ],
)
def test_only_commands_that_show_pass(command: str, passes: bool) -> None:
    assert only_shows(command) is passes


@given(st.text(max_size=60))
def test_no_text_with_a_control_character_passes(text: str) -> None:
    if any(c < " " or c > "~" for c in text):
        assert not only_shows(f"show {text}")


@pytest.mark.parametrize("kind", sorted(set(SESSIONS.values()), key=lambda kind: kind.__name__))
@pytest.mark.parametrize("method", ["enable", "config_mode", "find_prompt", "save_config", "is_alive"])
def test_none_of_netmikos_own_writing_passes(kind: type[GuardedSession], method: str) -> None:
    quick: dict[str, Any] = {"fast_cli": True, "global_delay_factor": 0.001, "read_timeout_override": 0.1}
    session = kind(host="192.0.2.1", username="u", password="p", secret="s", auto_connect=False, **quick)
    sent: list[str] = []

    class Channel:
        def write_channel(self, data: str) -> None:
            sent.append(data)

        def read_channel(self) -> str:
            return "r1>"

    session.channel = Channel()  # type: ignore[assignment]
    session.remote_conn = object()  # type: ignore[assignment]
    session.protect(Guard("r1", (), ()), None, "r1")  # type: ignore[arg-type]
    with contextlib.suppress(Exception):  # whatever it makes of the refusal
        getattr(session, method)()
    assert set(sent) <= {"\n", "enable\n"}
    session._guard = None
    with pytest.raises(RuntimeError):
        session.write_channel("\n")
    session.remote_conn = None
    session.disconnect()


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        (["              ^", "% Invalid input detected at '^' marker.", ""], True),
        (["% Incomplete command."], True),
        (["% Authorization failed."], True),
        (["Command authorization failed."], True),
        (["% Unknown command or computer name, or unable to find computer address"], True),
        (['Translating "shw"...domain server (255.255.255.255)', "% Unknown command or computer name"], True),
        (["ERROR: % Invalid input detected at '^' marker."], True),
        (['% Ambiguous command:  "show cr"'], True),
        (["No SAs found"], False),
        ([], False),
        (["% NTP is not enabled."], False),
        (["There are no IKEv2 SAs"], False),
        (["interface: Tunnel0", "% Invalid input detected at '^' marker."], False),
        (["% Invalid input"] * 40, False),
    ],
)
def test_a_refusal_is_told_from_an_answer(lines: list[str], refused: bool) -> None:
    assert is_refusal(lines) is refused
