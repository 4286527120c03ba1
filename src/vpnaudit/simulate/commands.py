"""From what is typed to an answer: abbreviations, pipes, and IOS's words for what it does not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.render import config, ike, ipsec, logs, system
from vpnaudit.simulate.tunnel import Tunnel


@dataclass(frozen=True)
class Asked:
    """Who is asked, when (seconds since 1970), about which tunnels, and the words after the command's own."""

    device: SimDevice
    tunnels: Sequence[Tunnel]
    when: float
    argument: str = ""


Renderer = Callable[[Asked], str]
ARGUMENT = "*"
"""Stands in a command for a word that is taken as it is."""


@dataclass(frozen=True)
class Command:
    """A command's words and what prints its answer."""

    words: tuple[str, ...]
    render: Renderer
    xe_only: bool = False
    privileged: bool = False


def _command(text: str, render: Renderer, *, xe_only: bool = False, privileged: bool = False) -> Command:
    return Command(tuple(text.split()), render, xe_only=xe_only, privileged=privileged)


COMMANDS = (
    _command("terminal length *", lambda _: ""),
    _command("terminal width *", lambda _: ""),
    _command("show clock", lambda a: system.clock(a.device, a.when, detail=False)),
    _command("show clock detail", lambda a: system.clock(a.device, a.when, detail=True)),
    _command("show version", lambda a: system.version(a.device, a.when)),
    _command("show running-config", lambda a: config.running(a.device, a.tunnels), privileged=True),
    _command("show crypto isakmp sa", lambda a: ike.isakmp_sa(a.device, a.tunnels)),
    _command("show crypto isakmp sa detail", lambda a: ike.isakmp_sa_detail(a.device, a.tunnels, a.when)),
    _command("show crypto ikev2 sa", lambda a: ike.ikev2_sa(a.device, a.tunnels, a.when, detail=False)),
    _command("show crypto ikev2 sa detailed", lambda a: ike.ikev2_sa(a.device, a.tunnels, a.when, detail=True)),
    _command("show crypto ikev2 stats timeout", lambda a: ike.stats_timeout(a.device)),
    _command("show crypto session detail", lambda a: ike.session_detail(a.device, a.tunnels, a.when)),
    _command("show crypto ipsec sa", lambda a: ipsec.sas(a.device, a.tunnels, a.when)),
    _command("show crypto ipsec sa detail", lambda a: ipsec.sas(a.device, a.tunnels, a.when, detail=True)),
    _command("show crypto ipsec sa peer *", lambda a: ipsec.sas(a.device, a.tunnels, a.when, peer=a.argument)),
    _command(
        "show crypto ipsec sa peer * detail",
        lambda a: ipsec.sas(a.device, a.tunnels, a.when, detail=True, peer=a.argument),
    ),
    _command("show crypto map", lambda a: ipsec.crypto_map(a.device, a.tunnels)),
    _command("show memory statistics", lambda a: system.memory(a.device, a.when)),
    _command("show processes memory sorted", lambda a: system.processes(a.device, a.when)),
    _command("show interfaces", lambda a: system.interfaces(a.device, a.tunnels, a.when)),
    _command("show logging", lambda a: logs.logging(a.device)),
    _command("show monitor event-trace crypto ipsec event all", lambda a: logs.event_trace(a.device), xe_only=True),
    _command("show ip nhrp", lambda _: ""),
    _command("show dmvpn", lambda _: ""),
    _command("show ntp status", lambda a: system.ntp_status(a.device, a.when)),
)
_FILTER = re.compile(r"\s*(?P<kind>[a-z]+)\s+(?P<pattern>\S.*)$", re.IGNORECASE)
_FILTERS = ("include", "exclude", "begin", "section")
MARKER = "% Invalid input detected at '^' marker.\n"


def answer(
    device: SimDevice,
    tunnels: Sequence[Tunnel],
    line: str,
    when: float,
    *,
    privileged: bool = True,
) -> str:
    """What `device` prints for `line`, typed at its prompt: the caret of a refusal stands below the wrong word."""
    width = len(device.hostname) + 1
    typed, bar, pipe = line.partition("|")
    found = _resolve(typed, device, privileged=privileged)
    if isinstance(found, str):
        return found
    if isinstance(found, int):
        return f"{' ' * (width + found)}^\n{MARKER}\n"
    command, argument = found
    if any(" ".join(command.words).startswith(_full(r)) for r in device.refused):
        return "% Authorization failed.\n\n"
    text = command.render(Asked(device, [t for t in tunnels if _takes_part(t, device)], when, argument))
    if not bar:
        return text
    filtered = _filter(text, pipe)
    return f"{' ' * (width + len(typed) + 2)}^\n{MARKER}\n" if filtered is None else filtered


def _takes_part(tunnel: Tunnel, device: SimDevice) -> bool:
    return any(e.device is device for e in tunnel.ends) or tunnel.wrong_device is device


def _full(text: str) -> str:
    return " ".join(text.lower().split())


def _resolve(typed: str, device: SimDevice, *, privileged: bool) -> tuple[Command, str] | int | str:
    """The command and its argument; or the column where the device stops understanding; or its complaint."""
    places = [(m.group(), m.start()) for m in re.finditer(r"\S+", typed)]
    if not places:
        return ""
    candidates = [c for c in COMMANDS if (device.hardware.xe or not c.xe_only) and (privileged or not c.privileged)]
    argument = ""
    for depth, (word, column) in enumerate(places):
        fitting = [c for c in candidates if len(c.words) > depth and _fits(word, c.words[depth])]
        exact = [c for c in fitting if c.words[depth] == word.lower()]
        candidates = exact or fitting
        if not candidates:
            return column
        if len({c.words[depth] for c in candidates}) > 1:
            return f'% Ambiguous command:  "{typed.strip()}"\n'
        if candidates[0].words[depth] == ARGUMENT:
            argument = word
    whole = next((c for c in candidates if len(c.words) == len(places)), None)
    return (whole, argument) if whole else "% Incomplete command.\n\n"


def _fits(word: str, full: str) -> bool:
    return full == ARGUMENT or full.startswith(word.lower())


def _filter(text: str, pipe: str) -> str | None:
    match = _FILTER.match(pipe)
    kinds = [k for k in _FILTERS if match and k.startswith(match["kind"].lower())]
    if match is None or len(kinds) != 1:
        return None
    try:
        pattern = re.compile(match["pattern"])
    except re.error:
        return None
    lines = text.splitlines()
    if kinds[0] == "include":
        kept = [line for line in lines if pattern.search(line)]
    elif kinds[0] == "exclude":
        kept = [line for line in lines if not pattern.search(line)]
    elif kinds[0] == "begin":
        first = next((n for n, line in enumerate(lines) if pattern.search(line)), len(lines))
        kept = lines[first:]
    else:
        kept = _sections(lines, pattern)
    return "".join(f"{line}\n" for line in kept)


def _sections(lines: list[str], pattern: re.Pattern[str]) -> list[str]:
    """Matching lines with the lines below them that are indented further."""
    kept: list[str] = []
    inside: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if inside is not None and line.strip() and indent > inside:
            kept.append(line)
            continue
        inside = indent if pattern.search(line) else None
        if inside is not None:
            kept.append(line)
    return kept
