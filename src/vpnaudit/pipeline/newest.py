"""Of several collections of one device the newest is judged; log files join it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct, structs

from vpnaudit.model.device import SA_COMMANDS
from vpnaudit.model.snapshot import Capture, DeviceCaptures, Problem, Snapshot
from vpnaudit.pipeline.boxes import RunningOf, Sourced, apart, under_one_name
from vpnaudit.pipeline.host_names import short_name

ClockOf = Callable[[DeviceCaptures], datetime | None]


class Chosen(Struct, frozen=True, kw_only=True, gc=False):
    """What is judged, what is older, and what has to be told of the names."""

    newest: tuple[Sourced, ...]
    past: tuple[Sourced, ...]
    problems: tuple[Problem, ...]


def newest_and_past(snapshots: Sequence[Snapshot], clock_of: ClockOf, running_of: RunningOf) -> Chosen:
    """Each device's newest collection with the log files of that host, by name; and all older collections.

    Names are compared without case: a prompt has the host name as configured, an inventory as somebody typed it; the
    newest collection's spelling stands for all. `clock_of` gives what a device's own `show clock` says, `running_of`
    since when its box was up.
    """
    by_name: dict[str, list[Sourced]] = {}
    collections = _merged((d, s) for s in snapshots if s.kind != "logs" for d in s.devices)
    collections, problems = under_one_name(collections)
    for captures, snapshot in collections:
        by_name.setdefault(captures.name.lower(), []).append((captures, snapshot))
    newest: dict[str, Sourced] = {}
    past: list[Sourced] = []
    for found in by_name.values():
        ranked = sorted(
            found, key=lambda pair: (not _of_one_peer(pair[0]), _taken(pair[0], pair[1], clock_of), pair[1].path)
        )
        boxes, told = apart(ranked, running_of)
        problems += told
        for box in boxes:
            name = box[-1][0].name
            newest[name.lower()] = box[-1]
            past += [(structs.replace(d, name=name), s) for d, s in box[:-1]]
    alone = _with_logs(newest, [(d, s) for s in snapshots if s.kind == "logs" for d in s.devices])
    ordered = sorted((*newest.values(), *alone), key=lambda pair: pair[0].name)
    return Chosen(newest=tuple(ordered), past=tuple(past), problems=tuple(problems))


def _merged(sourced: Iterable[Sourced]) -> list[Sourced]:
    """What one source calls by two spellings of one name is one collection."""
    found: dict[tuple[int, str], Sourced] = {}
    for captures, snapshot in sourced:
        key = (id(snapshot), captures.name.lower())
        known = found[key][0] if key in found else None
        if known is not None:
            captures = structs.replace(known, captures=(*known.captures, *captures.captures))  # noqa: PLW2901
        found[key] = (captures, snapshot)
    return list(found.values())


def _of_one_peer(captures: DeviceCaptures) -> bool:
    """A collection about one tunnel says nothing of the others: a whole one is judged before it, however old."""
    return any(entry.command in SA_COMMANDS for entry in captures.not_asked)


def _taken(captures: DeviceCaptures, snapshot: Snapshot, clock_of: ClockOf) -> float:
    """When a collection was made: its manifest's word, else the device's clock, else the files' time."""
    files = [c.modified_at for c in captures.captures if c.modified_at]
    at = snapshot.finished_at or clock_of(captures) or max(files, default=None)
    return at.timestamp() if at is not None else 0.0


def _with_logs(newest: dict[str, Sourced], logs: Sequence[Sourced]) -> list[Sourced]:
    """Give each known host its log files' captures; the hosts that nothing else knows come back."""
    owner = _owners(newest)
    alone: dict[str, Sourced] = {}
    for captures, snapshot in logs:
        name = captures.name.lower()
        owned = owner.get(name) or owner.get(short_name(name))
        place, key = (newest, owned) if owned is not None else (alone, name)
        known, kept = place.get(key, (structs.replace(captures, captures=()), snapshot))
        added = tuple(_of(c, known.name) for c in captures.captures)
        place[key] = (structs.replace(known, captures=(*known.captures, *added)), kept)
    return list(alone.values())


def _of(capture: Capture, device: str) -> Capture:
    return structs.replace(capture, device=device)


def _owners(newest: dict[str, Sourced]) -> dict[str, str]:
    """The devices by the names that a log may have for them; a short name that two of them have is neither's."""
    short = Counter(short_name(key) for key in newest)
    found = {short_name(key): key for key in newest if short[short_name(key)] == 1}
    found |= {device.address: key for key, (device, _) in newest.items() if device.address}
    return found | {key: key for key in newest}
