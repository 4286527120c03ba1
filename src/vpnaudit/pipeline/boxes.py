"""Which box a collection is of, where its name misleads: one box under two names, two boxes under one.

A serial number is one box's. Two numbers under one name may also be hardware that was exchanged, or members of one
system (failover pair, stack): boxes are told apart only where both were running at one time and neither knows of the
other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from vpnaudit.model.device import CONFIG_COMMAND, SA_COMMANDS
from vpnaudit.model.snapshot import DeviceCaptures, Problem, Snapshot
from vpnaudit.snapshot.board import board

Sourced = tuple[DeviceCaptures, Snapshot]

_HOSTNAME = re.compile(r"^(?:hostname (\S+)|(\S+) (?:uptime is|up) \d)", re.MULTILINE)
_CONTEXT = re.compile(r"<(?:context|system)>")
"""What an ASA with several contexts prints behind its version: they have one serial number."""
_ADDRESS = re.compile(r"^ +ip(?:v6)? address (?!dhcp)(\S+)", re.MULTILINE)
_PAIRED = re.compile(r"^(?:failover *$|failover (?:lan unit|cluster up) |Failover On|cluster group )", re.MULTILINE)
"""A firewall that has, or had, a partner with the same name and configuration."""
_OWN_ONLY = re.compile(r"\bspi: ?0x[0-9A-Fa-f]{2,8}|%[A-Z][A-Z0-9_]*-(?:[\w/]+-)?[0-7]-\w+:")
"""SPIs and log lines: what no two boxes answer alike to the byte."""
_OWN_COMMANDS = (*SA_COMMANDS, "show logging")


class Running(Struct, frozen=True, kw_only=True, gc=False):
    """When a box was read and since when it was up, good to `within_s`."""

    since: datetime
    at: datetime
    within_s: float


RunningOf = Callable[[DeviceCaptures], Running | None]


def under_one_name(sourced: Sequence[Sourced]) -> tuple[list[Sourced], list[Problem]]:
    """The collections of one box under one name, whatever their folders are called; a copy only once.

    One box: its serial number and its host name are the same and an address of their configurations, or what only one
    box can answer is, to the byte. A version alone, copied beside another log, makes no box of it.
    """
    found: dict[int, list[Sourced]] = {n: [one] for n, one in enumerate(sourced)}
    problems: list[Problem] = []
    for group in _groups(sourced):
        members = [sourced[n] for n in group]
        name = _name_of(members)
        members.sort(key=lambda m: (m[0].name.lower() != name.lower(), m[1].path, m[0].name))
        others = ", ".join(sorted({d.name for d, _ in members} - {name}))
        serial = next(filter(None, (board(d.captures) for d, _ in members)), None)
        how = f"serial number {serial}" if serial else "the same answers"
        problems.append(Problem(file=others, problem=f"is {name} once more ({how}): judged as one device", lost=False))
        found |= {n: [] for n in group}
        found[group[0]] = _without_copies([_called(m, name) for m in members])
    return [one for n in sorted(found) for one in found[n]], problems


def _groups(sourced: Sequence[Sourced]) -> list[list[int]]:
    """The collections, by number, that are of one box under several names."""
    alike: dict[object, list[int]] = {}
    for n, (device, _) in enumerate(sourced):
        for mark in _marks(device):
            alike.setdefault(mark, []).append(n)
    group_of = {n: [n] for n in range(len(sourced))}
    for first, *others in alike.values():
        for n in others:
            here, there = group_of[first], group_of[n]
            if here is not there and _is_one_box(sourced[first][0], sourced[n][0]):
                here += there
                group_of |= dict.fromkeys(there, here)
    groups = {id(group): sorted(group) for group in group_of.values()}
    return [g for g in groups.values() if len({sourced[n][0].name.lower() for n in g}) > 1]


def _marks(device: DeviceCaptures) -> Iterator[object]:
    serial = board(device.captures)
    if serial is not None:
        yield serial, _hostname(device)
    for capture in device.captures:
        if capture.command in _OWN_COMMANDS and _OWN_ONLY.search(capture.text):
            yield capture.words, hash(capture.text)


def _is_one_box(a: DeviceCaptures, b: DeviceCaptures) -> bool:
    if any(
        _CONTEXT.search(c.text) for d in (a, b) for c in d.captures if c.command in {"show version", CONFIG_COMMAND}
    ):
        return False
    if _are_copies(a, b):
        return True
    serial = board(a.captures)
    if serial is None or serial != board(b.captures):
        return False
    name = _hostname(a)
    return name is not None and name == _hostname(b) and not _addresses(a).isdisjoint(_addresses(b))


def _are_copies(a: DeviceCaptures, b: DeviceCaptures) -> bool:
    """Whether all that both answered is the same, and in it something that no other box would answer."""
    mine, others = ({c.words: c.text for c in d.captures} for d in (a, b))
    common = mine.keys() & others.keys()
    if any(mine[words] != others[words] for words in common):
        return False
    return any(words.startswith(_OWN_COMMANDS) and _OWN_ONLY.search(mine[words]) for words in common)


def _hostname(device: DeviceCaptures) -> str | None:
    found = (_HOSTNAME.search(c.text) for c in device.captures if c.command in {"show version", CONFIG_COMMAND})
    return next(((m[1] or m[2]).lower() for m in found if m is not None), None)


def _addresses(device: DeviceCaptures) -> set[str]:
    return {a for c in device.captures if c.command == CONFIG_COMMAND for a in _ADDRESS.findall(c.text)}


def _name_of(members: Sequence[Sourced]) -> str:
    """The name that the box has itself; where none of them is that, the shortest."""
    names = sorted({d.name for d, _ in members}, key=lambda n: (len(n), n))
    own = {_hostname(d) for d, _ in members}
    return next((n for n in names if n.lower() in own), names[0])


def _called(sourced: Sourced, name: str) -> Sourced:
    device, snapshot = sourced
    captures = tuple(structs.replace(c, device=name) for c in device.captures)
    return structs.replace(device, name=name, captures=captures), snapshot


def _without_copies(sourced: Sequence[Sourced]) -> list[Sourced]:
    """Collections that agree on whatever they have both are one."""
    found: list[Sourced] = []
    for device, snapshot in sourced:
        texts = {c.words: c.text for c in device.captures}
        like = (
            n for n, (known, _) in enumerate(found) if all(texts.get(c.words, c.text) == c.text for c in known.captures)
        )
        n = next(like, None)
        if n is None:
            found.append((device, snapshot))
            continue
        known, kept = found[n]
        more = tuple(c for c in device.captures if c.words not in {k.words for k in known.captures})
        found[n] = structs.replace(known, captures=(*known.captures, *more)), kept
    return found


def apart(ranked: Sequence[Sourced], running_of: RunningOf) -> tuple[list[list[Sourced]], list[Problem]]:
    """The collections of one name, the newest last, by the box that they are of; each box's own name stands in them.

    Boxes with two serial numbers are two where both were running at one time. What no number tells is of the newest.
    """
    serials = [board(device.captures) for device, _ in ranked] if len(ranked) > 1 else []
    if len(set(serials) - {None}) < 2:
        return [list(ranked)], []
    boxes: list[list[int]] = []
    left = list(range(len(ranked)))
    while left:
        mine = [n for n in left if serials[n] == serials[left[-1]]]
        others = {
            n for n in left if serials[n] not in {None, serials[mine[-1]]} and _is_other(n, mine, ranked, running_of)
        }
        boxes.append([n for n in left if n not in others])
        left = sorted(others)
    found = [[ranked[n] for n in box] for box in boxes]
    if len(found) == 1:
        return found, []
    names = _names(found)
    told = " and ".join(f"{name} ({serials[box[-1]]})" for name, box in zip(names, boxes, strict=True))
    problem = f"two boxes with this name were running at one time: judged apart, by their serial numbers, as {told}"
    named = [[_called(one, name) for one in box] for name, box in zip(names, found, strict=True)]
    return named, [Problem(file=ranked[-1][0].name, problem=problem, lost=False)]


def _is_other(n: int, mine: Sequence[int], ranked: Sequence[Sourced], running_of: RunningOf) -> bool:
    """Whether collection `n` is of another box than those of `mine`: by the first of them that was made after it."""
    later = next((m for m in mine if m > n), None)
    return later is not None and _were_two(ranked[n][0], ranked[later][0], running_of)


def _were_two(older: DeviceCaptures, newer: DeviceCaptures, running_of: RunningOf) -> bool:
    """Whether the later collection's box was up as the earlier one was made, of another box that is no partner."""
    then, now = running_of(older), running_of(newer)
    if then is None or now is None or _are_of_one_system(older, newer):
        return False
    return now.since + timedelta(seconds=then.within_s + now.within_s) < then.at <= now.at


def _are_of_one_system(a: DeviceCaptures, b: DeviceCaptures) -> bool:
    """Whether they may be partners: one is configured to have one, or names the other's serial number."""
    for mine, other in ((a, b), (b, a)):
        serial = board(other.captures) or ""
        if any(_PAIRED.search(c.text) or serial in c.text for c in mine.captures if c.command.startswith("show ")):
            return True
    return False


def _names(boxes: Sequence[Sequence[Sourced]]) -> list[str]:
    """By the source of each one's newest collection; where they share one, by the serial number."""
    newest = [box[-1] for box in boxes]
    names = [f"{snapshot.path}/{device.name}" for device, snapshot in newest]
    if len({name.lower() for name in names}) == len(names):
        return names
    return [f"{device.name} {board(device.captures)}" for device, _ in newest]
