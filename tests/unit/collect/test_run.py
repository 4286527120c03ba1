"""Whole collections over real SSH."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from vpnaudit.errors import UsageError
from vpnaudit.inventory import Credentials
from vpnaudit.model.platform import CommandSpec

Start = Callable[..., Any]

CLOCK = b"*12:00:00.000 UTC Fri May 1 2026\r\n"
CONFIG = (
    b"Building configuration...\r\n\r\nhostname r1\r\ncrypto isakmp key 0 canary-psk-3 address 192.0.2.1\r\nend\r\n\r\n"
)
CONFIG_TEXT = "Building configuration...\n\nhostname r1\ncrypto isakmp key 0 <redacted> address 192.0.2.1\nend\n\n"
CANARIES = (b"canary-password-1", b"canary-enable-2", b"canary-psk-3")


def refuses(_: str) -> None:
    raise AssertionError


def wanted(command: str, *, timeout_s: float = 5) -> CommandSpec:
    return CommandSpec(command=command, parse=refuses, timeout_s=timeout_s)  # type: ignore[arg-type]


def test_answers_are_kept_as_they_came_but_masked(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers={"show clock": CLOCK, "show running-config": CONFIG})
    got = collected(plan("show clock", "show running-config"), router)

    assert got.device["status"] == "complete"
    assert got.device["error"] is None
    assert got.device["address"] == "127.0.0.1"
    assert got.text("show running-config") == CONFIG_TEXT
    assert got.text("show clock") == "*12:00:00.000 UTC Fri May 1 2026\n"
    entry = got.entry("show running-config")
    assert entry["file"] == "r1/show_running-config.txt"
    assert entry["sha256"] == hashlib.sha256(CONFIG_TEXT.encode()).hexdigest()
    assert entry["bytes"] == len(CONFIG_TEXT)
    assert {c["device_clock"] for c in got.device["commands"]} == {"*12:00:00.000 UTC Fri May 1 2026"}
    assert not list(got.folder.parent.glob("*.partial"))


def test_a_device_gets_only_read_only_bytes(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers={"show clock": CLOCK, "show version": b"x\r\n"}, privileged=False, secret="canary-enable-2")
    collected(plan("show clock", "show version"), router)

    lines = bytes(router.received).decode().split("\n")
    assert set(lines) == {
        "",
        "enable",
        "canary-enable-2",
        "terminal length 0",
        "terminal width 0",
        "show clock",
        "show version",
        "exit",
    }
    assert lines.count("canary-enable-2") == 1
    assert lines[lines.index("canary-enable-2") - 1] == "enable"


def test_an_asa_gets_its_own_session_lines(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers={"show clock": CLOCK}, name="asa/pri/act")
    got = collected(plan("show clock", name="cisco_asa"), router)

    assert got.device["status"] == "complete"
    assert set(bytes(router.received).decode().split("\n")) == {"", "terminal pager 0", "show clock", "exit"}


def test_secrets_reach_no_file_no_log_and_no_stream(
    serve: Start,
    plan: Start,
    collected: Start,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    routers = [
        serve(answers={"show running-config": CONFIG}, privileged=False, secret="canary-enable-2"),
        serve(name="r2", password="another"),
        serve(name="r3", privileged=False, secret="another", answers={"show running-config": CONFIG}),
    ]
    got = collected(plan("show running-config"), *routers)

    assert [d["status"] for d in got.manifest["devices"]] == ["complete", "auth-failed", "complete"]
    heard = capfd.readouterr()
    seen = [heard.out.encode(), heard.err.encode(), caplog.text.encode()]
    seen += [str(vars(record)).encode() for record in caplog.records]
    seen += [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    for canary in CANARIES:
        assert not any(canary in text for text in seen)
    assert heard.err == ""
    assert not list(tmp_path.rglob("*.log"))


def test_a_refused_login_is_tried_once(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(password="another")
    got = collected(plan("show clock"), router)

    assert (got.device["status"], got.device["commands"]) == ("auth-failed", [])
    assert "user name and password" in got.device["error"]
    assert router.logins == 1


def test_without_privileges_what_is_refused_is_recorded(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers={"show clock": CLOCK}, privileged=False, secret="another")
    got = collected(plan("show clock", "show running-config"), router)

    assert got.device["status"] == "partial"
    assert "enable was refused" in got.device["error"]
    assert "show running-config" in got.device["error"]
    assert got.entry("show running-config")["refused"] is True
    assert got.entry("show clock")["refused"] is False


def test_a_refusal_of_what_is_only_wanted_changes_nothing(serve: Start, plan: Start, collected: Start) -> None:
    got = collected(plan("show clock", wanted("show dmvpn")), serve(answers={"show clock": CLOCK}))

    assert (got.device["status"], got.device["error"]) == ("complete", None)
    assert got.entry("show dmvpn")["refused"] is True


LINES = b"".join(b"line %d of the answer\r\n" % n for n in range(30))


@pytest.mark.parametrize(
    "settings",
    [
        {"chunk": 1},
        {"chunk": 7},
        {"wrap": 26},
        {"banner": b"Welcome to r1#\r\nr1>\r\nmore"},
        {"page": 5, "length_zero": False},
        {"page": 5, "length_zero": False, "mark": b"<--- More --->", "erase": b"\r              \r"},
        {"page": 5, "length_zero": False, "erase": b"\r\x1b[K"},
        {"page": 5, "length_zero": False, "chunk": 1},
        {"width_zero": False, "length_zero": False},
    ],
    ids=str,
)
def test_the_answer_is_whole(settings: dict[str, Any], serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers={"show clock": CLOCK, "show crypto isakmp sa": LINES}, **settings)
    got = collected(plan("show clock", "show crypto isakmp sa"), router)

    assert got.device["status"] == "complete"
    assert got.text("show crypto isakmp sa") == LINES.decode().replace("\r\n", "\n")


async def _pauses_behind_a_prompt(_router: Any, session: Any) -> None:
    await session.send(b"banner motd ^C\r\nr1#")
    await asyncio.sleep(0.3)
    await session.send(b"\r\nr1#show version\r\nr1#\r\n^C\r\nend\r\n")


def test_a_prompt_inside_an_answer_does_not_end_it(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(
        answers={"show clock": CLOCK, "show version": b"a version\r\n"},
        instead={"show running-config": _pauses_behind_a_prompt},
    )
    got = collected(plan("show running-config", "show clock", "show version"), router)

    text = "banner motd ^C\nr1#\nr1#show version\nr1#\n^C\nend\n"
    assert got.text("show running-config") == text
    assert got.text("show clock").startswith("*12:00")
    assert got.text("show version") == "a version\n"
    last = serve(name="r2", instead={"show running-config": _pauses_behind_a_prompt_of_r2})
    assert collected(plan("show running-config"), last).text("show running-config") == text.replace("r1#", "r2#")


async def _pauses_behind_a_prompt_of_r2(_router: Any, session: Any) -> None:
    await session.send(b"banner motd ^C\r\nr2#")
    await asyncio.sleep(0.3)
    await session.send(b"\r\nr2#show version\r\nr2#\r\n^C\r\nend\r\n")


async def _logs_then_echoes(_router: Any, session: Any, command: str) -> bool:
    if command.startswith("show"):
        await session.send(b"\r\n*May  1 12:00:00.000: %SYS-5-CONFIG_I: Configured from console\r\n")
    await session.send(command.encode())
    return True


async def _logs_and_prompts_again(router: Any, session: Any, command: str) -> bool:
    if command.startswith("show"):
        await session.send(b"\r\n*May  1 12:00:00.000: %SYS-5-CONFIG_I: Configured from console\r\n" + router.prompt)
    await session.send(command.encode())
    return True


async def _logs_inside_the_echo(_router: Any, session: Any, command: str) -> bool:
    await session.send(command[:6].encode())
    if command.startswith("show"):
        await session.send(b"\r\n*May  1 12:00:00.000: %SYS-5-CONFIG_I: Configured from console\r\n")
    await session.send(command[6:].encode())
    return True


@pytest.mark.parametrize("hook", [_logs_then_echoes, _logs_and_prompts_again, _logs_inside_the_echo])
def test_a_log_line_before_the_echo_belongs_to_no_answer(
    hook: Any, serve: Start, plan: Start, collected: Start
) -> None:
    router = serve(answers={"show clock": CLOCK, "show version": b"a version\r\n"}, before_echo=hook)
    got = collected(plan("show clock", "show version"), router)

    assert got.device["status"] == "complete"
    assert got.text("show clock") == CLOCK.decode().replace("\r\n", "\n")
    assert got.text("show version") == "a version\n"


async def _logs_behind_the_prompt(router: Any, session: Any) -> None:
    await session.send(CLOCK + router.prompt + b"\r\n%SYS-5-CONFIG_I: Configured from console\r\n")
    while await session.key() != b"\n":
        pass
    await session.send(b"show version\r\na version\r\n")


def test_a_log_line_that_hides_the_prompt_does_not_stop_the_session(
    serve: Start, plan: Start, collected: Start
) -> None:
    router = serve(instead={"show clock": _logs_behind_the_prompt})
    got = collected(plan("show clock", "show version"), router)

    assert (got.text("show clock"), got.text("show version")) == (CLOCK.decode().replace("\r\n", "\n"), "a version\n")


async def _hangs_up(_router: Any, session: Any) -> None:
    await session.send(b"hostname r1\r\ncrypto isakmp key canary-psk-3 add")
    raise EOFError


async def _falls_silent(_router: Any, session: Any) -> None:
    await session.send(b"hostname r1\r\ncrypto isakmp key canary-psk-3 add")
    while True:
        await session.key()


async def _never_ends(_router: Any, session: Any) -> None:
    while True:
        await session.send(b"x" * 70 + b"\r\n")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [(_hangs_up, "closed the session"), (_falls_silent, "no answer within 1 s")],
)
def test_what_was_had_of_a_broken_answer_is_kept(
    behaviour: Any, said: str, serve: Start, plan: Start, collected: Start
) -> None:
    router = serve(answers={"show clock": CLOCK}, instead={"show running-config": behaviour})
    config = CommandSpec(command="show running-config", parse=refuses, needed=True, timeout_s=1)  # type: ignore[arg-type]
    got = collected(plan("show clock", config, "show version"), router)

    assert got.device["status"] == "partial"
    assert said in got.device["error"]
    assert got.text("show running-config") == "hostname r1\ncrypto isakmp key <redacted> add\n"


def test_a_device_that_never_ends_costs_its_own_time(serve: Start, plan: Start, collected: Start) -> None:
    slow = serve(answers={"show clock": CLOCK}, instead={"show version": _never_ends})
    good = serve(name="r2", answers={"show clock": CLOCK, "show version": b"a version\r\n"})
    got = collected(plan("show clock", "show version"), slow, good, timeout_s=2)

    assert [d["status"] for d in got.manifest["devices"]] == ["partial", "complete"]
    assert "2 s" in got.device["error"]
    assert got.text("show version").startswith("x" * 70)


def test_an_answer_beyond_the_limit_is_cut_and_the_session_goes_on(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers={"show clock": CLOCK, "show logging": LINES * 20})
    got = collected(plan("show logging", "show clock"), router, max_output=100)

    assert got.device["status"] == "partial"
    assert "100 bytes" in got.device["error"]
    assert 0 < got.entry("show logging")["bytes"] <= 100
    assert got.text("show clock").startswith("*12:00")


def test_any_bytes_are_an_answer(serve: Start, plan: Start, collected: Start) -> None:
    hostile = bytes(range(256)).replace(b"\n", b"") * 3
    router = serve(
        answers={
            "show clock": CLOCK,
            "show logging": b"\xff\xfe caf\xe9\r\r\n\x1b[31mred\x1b[0m\r\n" + hostile + b"\r\n",
        }
    )
    got = collected(plan("show logging", "show clock"), router)

    assert got.device["status"] == "complete"
    assert got.text("show logging").startswith("\ufffd\ufffd caf\ufffd\nred\n")


def test_a_large_answer_takes_linear_time(serve: Start, plan: Start, collected: Start) -> None:
    lines = b"".join(
        b"%08d: *May  1 12:00:00.000: an ordinary line of a log, of usual length\r\n" % n for n in range(60_000)
    )
    got = collected(plan("show logging"), serve(answers={"show logging": lines}))

    assert got.text("show logging") == lines.decode().replace("\r\n", "\n")


def test_a_command_that_is_not_read_only_is_never_sent(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers={"show clock": CLOCK})
    got = collected(plan("show clock", "show running-config | redirect flash:x"), router)

    assert got.device["status"] == "error"
    assert "read-only" in got.device["error"]
    assert router.received == b""


def test_unreachable_devices_have_their_status(plan: Start, collected: Start, unused_port: int) -> None:
    hosts = {
        "closed": {"hostname": "127.0.0.1", "port": unused_port, "platform": "cisco_ios"},
        "nowhere": {"hostname": "no-such-host.invalid", "platform": "cisco_ios"},
        "other": {"hostname": "127.0.0.1", "platform": "junos"},
    }
    got = collected(plan("show clock"), hosts=hosts)

    statuses = {d["name"]: d["status"] for d in got.manifest["devices"]}
    assert statuses == {"closed": "refused", "nowhere": "unreachable", "other": "error"}
    assert all("\n" not in d["error"] for d in got.manifest["devices"])


@pytest.mark.parametrize(
    ("greeting", "close", "status"),
    [
        (b"", True, "refused"),
        (b"", False, "timeout"),
        (b"SSH-2.0-x\r\n", False, "timeout"),
        (b"HTTP/1.1 400\r\n" * 200, True, "error"),
    ],
    ids=["closes", "silent", "no-key-exchange", "no-ssh"],
)
def test_a_server_that_is_no_ssh_server(
    greeting: bytes, close: bool, status: str, raw_server: Start, plan: Start, collected: Start
) -> None:
    port = raw_server(greeting, close=close)
    hosts = {"r9": {"hostname": "127.0.0.1", "port": port, "platform": "cisco_ios"}}
    got = collected(plan("show clock"), hosts=hosts, timeout_s=1)

    assert got.device["status"] == status
    assert got.device["error"]


def test_a_device_that_opens_no_shell_costs_its_own_time(serve: Start, plan: Start, collected: Start) -> None:
    got = collected(plan("show clock"), serve(opens_no_shell=True), timeout_s=1)

    assert (got.device["status"], got.device["commands"]) == ("timeout", [])
    assert "1 s" in got.device["error"]


def test_strict_refuses_an_unknown_host_key_before_the_password_is_sent(
    serve: Start, plan: Start, collected: Start
) -> None:
    router = serve(answers={"show clock": CLOCK})
    got = collected(plan("show clock"), router, known=False)

    assert got.device["status"] == "host-key"
    assert f"[127.0.0.1]:{router.port}" in got.device["error"]
    assert router.logins == 0


def test_accept_new_notes_a_key_and_refuses_another(
    serve: Start, plan: Start, collected: Start, tmp_path: Path, other_key: asyncssh.SSHKey
) -> None:
    router = serve(answers={"show clock": CLOCK})
    known = tmp_path / "inventory" / "known_hosts"
    first = collected(plan("show clock"), router, known=False, host_keys="accept-new")
    assert first.device["status"] == "complete"
    assert known.read_text().startswith(f"[127.0.0.1]:{router.port} ssh-ed25519 ")
    assert collected(plan("show clock"), router, known=False).device["status"] == "complete"

    known.write_text(f"# ours\n[127.0.0.1]:{router.port} {other_key.export_public_key().decode()}")
    changed = collected(plan("show clock"), router, known=False, host_keys="accept-new")
    assert changed.device["status"] == "host-key"
    assert f"{known}:2" in changed.device["error"]
    assert router.logins == 2


def test_progress_hears_of_each_device_once(serve: Start, plan: Start, collected: Start) -> None:
    begun: list[str] = []
    done: list[tuple[str, str, str | None]] = []
    collected(
        plan("show clock"),
        serve(answers={"show clock": CLOCK}),
        serve(name="r2", password="another"),
        on_start=begun.append,
        on_done=lambda *event: done.append(event),
    )

    assert sorted(begun) == ["r1", "r2"]
    assert sorted(event[:2] for event in done) == [("r1", "complete"), ("r2", "auth-failed")]


def test_no_user_name_is_one_line(serve: Start, plan: Start, collected: Start) -> None:
    got = collected(plan("show clock"), serve(), credentials=Credentials())
    assert got.device["status"] == "error"
    assert "user name" in got.device["error"]


def test_a_wrong_host_key_mode_is_a_mistake_of_the_caller(plan: Start, collected: Start) -> None:
    with pytest.raises(UsageError, match="neither strict"):
        collected(plan("show clock"), hosts={"r1": {"platform": "cisco_ios"}}, host_keys="yes")


def test_a_hostile_device_name_stays_in_the_snapshot(plan: Start, collected: Start, serve: Start) -> None:
    router = serve(answers={"show clock": CLOCK})
    hosts = {"../../evil": {"hostname": "127.0.0.1", "port": router.port, "platform": "cisco_ios"}}
    got = collected(plan("show clock"), router, hosts=hosts)

    for device in got.manifest["devices"]:
        for command in device["commands"]:
            file = (got.folder / command["file"]).resolve()
            assert file.is_relative_to(got.folder.resolve())
            assert file.is_file()
