"""From what is typed to an answer: abbreviations, pipes, and each system's words for what it does not know."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vpnaudit.simulate.command_tables import ARGUMENT, ASA_COMMANDS, IOS_COMMANDS, Asked, Command
from vpnaudit.simulate.device import SimDevice
from vpnaudit.simulate.tunnel import Tunnel

_FILTER = re.compile(r"\s*(?P<kind>[a-z]+)\s+(?P<pattern>\S.*)$", re.IGNORECASE)
_FILTERS = ("include", "exclude", "begin", "section")
COMMANDS = {"cisco_ios": IOS_COMMANDS, "cisco_asa": ASA_COMMANDS}
COMPLAINS = {"cisco_ios": "", "cisco_asa": "ERROR: "}
"""How a complaint about what was typed begins."""
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
    width, complains = len(device.prompt(privileged=privileged)), COMPLAINS[device.platform]
    typed, bar, pipe = line.partition("|")
    found = _resolve(typed, device, privileged=privileged)
    if isinstance(found, str):
        return f"{complains}{found}" if found else ""
    if isinstance(found, int):
        return f"{' ' * (width + found)}^\n{complains}{MARKER}\n"
    command, argument = found
    if any(" ".join(command.words).startswith(_full(r)) for r in device.refused):
        return "% Authorization failed.\n\n"
    text = command.render(Asked(device, [t for t in tunnels if _takes_part(t, device)], when, argument))
    if not bar:
        return text
    filtered = _filter(text, pipe)
    return f"{' ' * (width + len(typed) + 2)}^\n{complains}{MARKER}\n" if filtered is None else filtered


def _takes_part(tunnel: Tunnel, device: SimDevice) -> bool:
    return any(e.device is device for e in tunnel.ends) or tunnel.wrong_device is device


def _full(text: str) -> str:
    return " ".join(text.lower().split())


def _resolve(typed: str, device: SimDevice, *, privileged: bool) -> tuple[Command, str] | int | str:
    """The command and its argument; or the column where the device stops understanding; or its complaint."""
    places = [(m.group(), m.start()) for m in re.finditer(r"\S+", typed)]
    if not places:
        return ""
    candidates = [c for c in COMMANDS[device.platform] if _is_there(c, device, privileged=privileged)]
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


def _is_there(command: Command, device: SimDevice, *, privileged: bool) -> bool:
    if command.members_only and device.group is None:
        return False
    return (device.hardware.xe or not command.xe_only) and (privileged or not command.privileged)


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
