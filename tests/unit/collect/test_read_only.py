"""Nothing is changed: every byte that a device got, over each platform's whole plan, against what may be sent.

What may be sent is written down here once more, not taken from the guard.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from vpnaudit.pipeline.nightly import plans

pytestmark = pytest.mark.long

Start = Callable[..., Any]

SECRET = "canary-enable-2"
SESSION = {
    "cisco_ios": {"terminal length 0", "terminal width 0", "terminal width 511"},
    "cisco_asa": {"terminal pager 0"},
    "cisco_nxos": {"terminal length 0", "terminal width 0", "terminal width 511"},
    "cisco_xr": {"terminal length 0", "terminal width 0", "terminal width 511"},
}
SHOW = re.compile(r"show [a-z0-9 .|-]+")
WRITES = re.compile(r"\b(?:redirect|tee|append|debug|clear|reload|configure|copy|write|delete|erase)\b|>")


async def _falls_silent(_router: Any, session: Any) -> None:
    await session.send(b"half a li")
    while True:
        await session.key()


async def _hangs_up(_router: Any, session: Any) -> None:
    await session.send(b"half a li")
    raise EOFError


async def _asks(_router: Any, session: Any) -> None:
    """Questions that a device asks; the next thing typed would be the answer."""
    await session.send(b"Delete all? [confirm]\r\nSave? [yes/no]: \r\nSystem configuration has been modified\r\n")


SILENCE_S = 0.5
"""How long a device that troubles the session may say nothing."""
PAGES = b"".join(b"line %d\r\n" % n for n in range(12))
MANNERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "enable": {"privileged": False, "secret": SECRET},
    "enable refused": {"privileged": False, "secret": "another"},
    "pager": {"page": 9, "length_zero": False, "privileged": False, "secret": SECRET},
    "questions": {"instead": {"show version": _asks}},
    "silence": {"instead": {"show version": _falls_silent}},
    "hang-up": {"instead": {"show version": _hangs_up}},
    "banner that asks": {"banner": b"Password: \r\nenable\r\nr1#configure terminal\r\nreload? [confirm]\r\n"},
}


@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS.keys())
@pytest.mark.parametrize("platform", SESSION)
def test_every_byte_that_a_device_gets_is_allowed(
    platform: str, manner: dict[str, Any], serve: Start, collected: Start
) -> None:
    plan = plans()[platform]
    if "instead" in manner:
        in_time = tuple(structs.replace(c, timeout_s=SILENCE_S) for c in plan.commands)
        plan = structs.replace(plan, commands=in_time)
    commands = {c.command for c in plan.commands if c.collected}
    answers = dict.fromkeys(commands, PAGES)
    router = serve(**{"answers": answers, "name": "r1", **manner})
    got = collected(plan, router, timeout_s=60)

    received = bytes(router.received).decode("ascii")
    lines = received.split("\n")
    typed = {line.lstrip(" ") for line in lines}  # a blank is the pager's key
    assert "\r" not in received
    assert lines.count(SECRET) == (1 if manner.get("secret") else 0)
    assert typed <= {"", "enable", SECRET, "exit", *SESSION[platform], *commands}
    assert all(SHOW.fullmatch(command) and not WRITES.search(command) for command in commands)
    if "page" not in manner:
        assert not any(line.startswith(" ") for line in lines)
    if not manner.get("instead"):
        assert commands <= typed, got.device["error"]


def test_every_platform_that_is_collected_is_looked_at() -> None:
    assert {platform.name for platform in plans().values()} == set(SESSION)
