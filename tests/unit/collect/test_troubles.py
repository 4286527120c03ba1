"""Every trouble has an end and a name: one row each, always beside a device that must not notice."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import Any

import asyncssh
import pytest

from vpnaudit.collect import watchdog
from vpnaudit.inventory import Credentials
from vpnaudit.model.platform import CommandSpec, Platform

pytestmark = pytest.mark.long

Start = Callable[..., Any]

CLOCK = b"*12:00:00.000 UTC Fri May 1 2026\r\n"
VERSION = b"Cisco IOS Software, Version 15.9(3)M\r\nr1 uptime is 1 week\r\n"
LOG = b"".join(b"*May  1 12:00:%02d.000: %%SYS-5-CONFIG_I: Configured from console\r\n" % n for n in range(50))
ANSWERS = {"show clock": CLOCK, "show version": VERSION, "show logging": LOG}
HAD = "show clock"
ALL = ("show clock", "show version", "show logging")
LIMIT_S, SILENCE_S = 2.5, 1.0


def _refuses(_: str) -> None:
    raise AssertionError


def _plan(plan: Start) -> Platform:
    specs = (CommandSpec(command=c, parse=_refuses, needed=True, timeout_s=SILENCE_S) for c in ALL)  # type: ignore[arg-type]
    platform: Platform = plan(*specs)
    return platform


async def _is_reset(router: Any, session: Any) -> None:
    await session.send(b"Cisco IOS Software\r\nhalf a li")
    router.connections[-1].abort()


async def _line_is_cleared(_router: Any, session: Any) -> None:
    await session.send(b"Cisco IOS Software\r\n\r\n[Connection to r1 closed by foreign host]\r\n")
    raise EOFError


async def _reloads(router: Any, session: Any) -> None:
    await session.send(
        b"Cisco IOS Software\r\n\r\n\r\n***\r\n*** --- SHUTDOWN NOW ---\r\n***\r\n" + router.prompt + b"\r\n"
    )
    raise EOFError


async def _never_ends(_router: Any, session: Any) -> None:
    while True:
        await session.send(b"x" * 500 + b"\r\n")
        await asyncio.sleep(0.01)


async def _drips(_router: Any, session: Any) -> None:
    while True:
        await session.send(b"x")
        await asyncio.sleep(0.2)


async def _falls_silent(_router: Any, session: Any) -> None:
    await session.send(b"Cisco IOS Software\r\n")
    while True:
        await session.key()


async def _is_not_authorised(_router: Any, session: Any) -> None:
    await session.send(b"Command authorization failed.\r\n\r\n")


async def _is_not_authorised_either(_router: Any, session: Any) -> None:
    await session.send(b"% Authorization failed.\r\n")


async def _any_bytes(_router: Any, session: Any) -> None:
    await session.send(bytes(b for b in range(256) if b not in b"\n\x1b") + b"\xff\xc3(\r\n")


async def _holds_the_prompt(router: Any, session: Any) -> None:
    line = b"*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: logged command: " + router.prompt + b"\r\n"
    await session.send(line + router.prompt + b"\r\n" + router.prompt + b"show version\r\n" + line)


async def _ends_without_a_line_end(_router: Any, session: Any) -> None:
    await session.send(b"Cisco IOS Software\r\nthe last line")


BANNER = b"\x1b[2J\x1b[H\x1b]0;title\x07*** # > r1# \r\nr1#\r\n> # $ %\r\n\x1b[31mAuthorised\x1b[0m access only#\r\n"

ROWS: dict[str, tuple[dict[str, Any], str, str, tuple[str, ...]]] = {
    "wrong password": ({"password": "another"}, "auth-failed", "refused the user name and password", ()),
    "locked out": ({"hangs_up_at_login": True}, "auth-failed", "closed the connection instead of accepting", ()),
    "slow login": ({"login_takes_s": 0.5}, "complete", "", ALL),
    "login takes too long": ({"login_takes_s": 9}, "timeout", "not done within 2.5 s: still logging in", ()),
    "keyboard-interactive only": ({"keyboard_only": True}, "complete", "", ALL),
    "exec not authorised": ({"exec_refused": b"% Authorization failed.\r\n"}, "error", "closed the session before", ()),
    "no shell": ({"opens_no_shell": True}, "timeout", "not done within 2.5 s", ()),
    "no prompt": ({"name": "a\u00e9\u00e9"}, "timeout", "still waiting for the prompt", ()),
    "enable refused": ({"privileged": False, "secret": "another"}, "complete", "enable was refused", ALL),
    "a command not authorised": (
        {"instead": {"show version": _is_not_authorised}}, "partial", "needed and not had: show version", ALL
    ),
    "a command not authorised, in other words": (
        {"instead": {"show version": _is_not_authorised_either}}, "partial", "needed and not had: show version", ALL
    ),
    "pager that does not obey": ({"page": 7, "obeys_length": False}, "complete", "", ALL),
    "pager that cannot be turned off": ({"page": 7, "length_zero": False}, "complete", "", ALL),
    "banner full of prompts": ({"banner": BANNER}, "complete", "", ALL),
    "log lines with the prompt": ({"instead": {"show logging": _holds_the_prompt}}, "complete", "", ALL),
    "reset in the middle": (
        {"instead": {"show version": _is_reset}}, "partial", "show version: the device closed the session", ALL[:2]
    ),
    "line cleared": (
        {"instead": {"show version": _line_is_cleared}}, "partial", "show version: the device closed", ALL[:2]
    ),
    "reload": ({"instead": {"show version": _reloads}}, "partial", "show version: the device closed", ALL[:2]),
    "never ends": ({"instead": {"show version": _never_ends}}, "partial", "still in the middle of show v", ALL[:2]),
    "drips": ({"instead": {"show version": _drips}}, "partial", "2.5 s: still in the middle of show version", ALL[:2]),
    "falls silent": ({"instead": {"show version": _falls_silent}}, "partial", "no answer within 1 s", ALL[:2]),
    "no line end": ({"instead": dict.fromkeys(ALL, _ends_without_a_line_end)}, "complete", "", ALL),
    "no UTF-8": ({"instead": {"show version": _any_bytes}}, "complete", "", ALL),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "status", "said", "kept"), ROWS.values(), ids=ROWS.keys())
def test_every_trouble_has_an_end_and_a_name(
    settings: dict[str, Any],
    status: str,
    said: str,
    kept: tuple[str, ...],
    serve: Start,
    plan: Start,
    collected: Start,
) -> None:
    troubled = serve(**{"answers": ANSWERS, **settings})
    good = serve(name="zz", answers=ANSWERS)
    got = collected(_plan(plan), troubled, good, timeout_s=LIMIT_S)

    device, other = got.manifest["devices"]
    assert (device["status"], tuple(c["command"] for c in device["commands"])) == (status, kept), device["error"]
    assert re.search(re.escape(said), device["error"] or ""), device["error"]
    assert "\n" not in (device["error"] or "")
    assert bool(device["error"]) == bool(said)
    assert (other["status"], other["error"]) == ("complete", None)
    assert got.text("show logging", device=1) == LOG.decode().replace("\r\n", "\n")


async def _says_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass


async def _drips_its_banner(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"S")
            await writer.drain()
            await asyncio.sleep(0.02)


async def _asks_for_a_name(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\r\n\r\nUser Access Verification\r\n\r\nUsername: ")
    await _says_nothing(reader, writer)


async def _speaks_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 another service\r\n" * 200)
    await _says_nothing(reader, writer)


async def _says_ssh_and_no_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-Cisco-1.25\r\n")
    await _says_nothing(reader, writer)


NO_BANNER: dict[str, tuple[Any, float, str, str]] = {
    "nothing": (_says_nothing, 0.3, "timeout", "no SSH banner within 0.3 s of the connection"),
    "a byte at a time": (_drips_its_banner, 0.3, "timeout", "no SSH banner within 0.3 s of the connection"),
    "the device's time ends first": (
        _says_nothing, 20, "timeout", "not done within 1 s: still waiting for the SSH banner"
    ),
    "telnet": (_asks_for_a_name, 0.3, "timeout", "no SSH banner within 0.3 s of the connection"),
    "another service": (_speaks_on, 20, "error", "no SSH banner came, but other text: is SSH at this port?"),
    "no key exchange": (_says_ssh_and_no_more, 0.3, "timeout", "not done within 1 s: still opening SSH"),
}  # fmt: skip


@pytest.mark.parametrize("row", NO_BANNER.values(), ids=NO_BANNER.keys())
def test_a_banner_that_does_not_come_has_its_own_limit(
    row: tuple[Any, float, str, str],
    plan: Start,
    collected: Start,
    talk: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    says, limit_s, status, said = row
    monkeypatch.setattr(watchdog, "BANNER_S", limit_s)
    hosts = {"r1": {"hostname": "127.0.0.1", "port": talk(says), "platform": "cisco_ios"}}
    got = collected(_plan(plan), hosts=hosts, known=False, timeout_s=1)
    assert (got.device["status"], got.device["error"]) == (status, said)


def test_the_limit_of_the_banner_is_of_the_banner_alone(
    serve: Start, plan: Start, collected: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "BANNER_S", 0.3)
    router = serve(answers=ANSWERS, login_takes_s=0.5)
    assert collected(_plan(plan), router).device["status"] == "complete"


def test_what_a_trouble_left_is_what_came(serve: Start, plan: Start, collected: Start) -> None:
    texts = {}
    for name in (
        "reset in the middle",
        "reload",
        "log lines with the prompt",
        "pager that does not obey",
        "no line end",
    ):
        got = collected(_plan(plan), serve(**{"answers": ANSWERS, **ROWS[name][0]}), timeout_s=8)
        texts[name] = got.text("show logging" if ROWS[name][1] == "complete" else "show version")
    assert texts["no line end"] == "Cisco IOS Software\nthe last line\n"
    stamp = "*May  1 12:00:00.000: %PARSER-5-CFGLOG_LOGGEDCMD: logged command: r1#\n"
    assert texts["reset in the middle"] == "Cisco IOS Software\nhalf a li\n"
    assert texts["reload"].startswith("Cisco IOS Software\n")
    assert texts["log lines with the prompt"] == f"{stamp}r1#\nr1#show version\n{stamp}"
    assert texts["pager that does not obey"] == LOG.decode().replace("\r\n", "\n")


def test_a_device_that_comes_back_is_had_at_another_attempt(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers=ANSWERS, drops=4)
    events: list[Any] = []
    options = {"retry_pause_s": 0.01, "watch": [events.append]}
    got = collected(_plan(plan), router, retries=1, **options)
    assert got.device["status"] in {"refused", "error"}
    assert "(tried 2 times)" in got.device["error"]
    got = collected(_plan(plan), router, retries=2, **options)
    assert (got.device["status"], got.device["error"], router.logins) == ("complete", None, 1)
    assert [e.attempt for e in events if e.event == "retry"] == [1, 1, 2]


@pytest.mark.parametrize("settings", [{"password": "another"}, {"hangs_up_at_login": True}], ids=str)
def test_a_login_is_never_tried_twice(settings: dict[str, Any], serve: Start, plan: Start, collected: Start) -> None:
    router = serve(**settings)
    collected(_plan(plan), router, retries=5, retry_pause_s=0.01)
    assert router.logins == 1


def test_the_run_stops_when_the_first_logins_are_all_refused(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(password="another", login_takes_s=0.05)
    key = {"hostname": "127.0.0.1", "port": router.port, "platform": "cisco_ios"}
    dead = {"hostname": "127.0.0.1", "port": 1, "platform": "cisco_ios"}
    hosts = {f"r{n:02}": dead if n % 5 == 0 else key for n in range(40)}
    got = collected(_plan(plan), router, hosts={**hosts, "r1": key}, workers=20, most_refused=3)

    assert router.logins == 3
    assert router.most_under_way <= 3
    statuses = [(d["status"], (d["error"] or "")[:10]) for d in got.manifest["devices"]]
    assert statuses.count(("auth-failed", "the device")) == 3
    left = [d for d in got.manifest["devices"] if d["status"] == "error"]
    assert {d["error"] for d in left} == {
        "not tried: the first 3 logins of the run were all refused (accounts get locked)"
    }
    assert len(got.manifest["devices"]) == 41


def test_one_good_login_lets_all_try(serve: Start, plan: Start, collected: Start) -> None:
    bad, good = serve(password="another"), serve(name="a", answers=ANSWERS)
    key = {"hostname": "127.0.0.1", "port": bad.port, "platform": "cisco_ios"}
    got = collected(_plan(plan), good, bad, hosts={f"r{n}": key for n in range(1, 9)}, workers=1, most_refused=2)

    assert [d["status"] for d in got.manifest["devices"]] == ["complete"] + ["auth-failed"] * 8


def test_credentials_that_fail_are_given_up_beside_those_that_work(serve: Start, plan: Start, collected: Start) -> None:
    bad, good = serve(password="another"), serve(name="a", answers=ANSWERS)
    key = {"hostname": "127.0.0.1", "port": bad.port, "platform": "cisco_ios", "username": "local"}
    hosts = {f"r{n}": key for n in range(1, 9)}
    credentials = Credentials("audit", "canary-password-1", "canary-enable-2")
    got = collected(
        _plan(plan), good, hosts=hosts, workers=1, most_refused=2, credentials=credentials, host_keys="accept-new"
    )

    assert bad.logins == 2
    assert [d["status"] for d in got.manifest["devices"]] == ["complete"] + ["auth-failed"] * 2 + ["error"] * 6
    assert "with these credentials" in got.manifest["devices"][-1]["error"]


def test_a_changed_key_is_named_and_never_tried_again(
    serve: Start, plan: Start, collected: Start, tmp_path: Any, other_key: asyncssh.SSHKey
) -> None:
    router = serve(answers=ANSWERS)
    (tmp_path / "inventory").mkdir()
    other = other_key.export_public_key().decode().strip()
    (tmp_path / "inventory" / "known_hosts").write_text(f"[127.0.0.1]:{router.port} {other}\n")
    got = collected(_plan(plan), router, known=False, retries=3, retry_pause_s=0.01)

    assert (got.device["status"], router.logins) == ("host-key", 0)
    assert "has changed" in got.device["error"]


def test_a_run_that_has_all_is_only_finished(serve: Start, plan: Start, collected: Start) -> None:
    router = serve(answers=ANSWERS)
    first = collected(_plan(plan), router)
    partial = first.folder.rename(first.folder.with_name(first.folder.name + ".partial"))
    got = collected(_plan(plan), router, resume=partial)
    assert (got.folder, got.manifest["devices"], router.logins) == (first.folder, first.manifest["devices"], 1)
