"""A syslog server's files beside a collection: whose their lines are, and whose log buffer need not be asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from vpnaudit.errors import SourceError
from vpnaudit.model.audit import Audit
from vpnaudit.model.device import Device
from vpnaudit.model.platform import CommandSpec, Needless
from vpnaudit.model.snapshot import Capture, DeviceCaptures, Problem, Snapshot
from vpnaudit.parse.dated import TimeContext
from vpnaudit.parse.logs import scan
from vpnaudit.parse.times import date_messages
from vpnaudit.pipeline.audit import judge, read_sources
from vpnaudit.pipeline.devices import Read, read_devices, with_logs
from vpnaudit.pipeline.host_names import short_name
from vpnaudit.pipeline.one_peer import addresses_of
from vpnaudit.settings import Settings
from vpnaudit.snapshot.read import read_logs

if TYPE_CHECKING:
    from nornir.core import Nornir
    from nornir.core.inventory import Host

_LATELY = timedelta(days=1)
"""A device whose last line is older may have another server by now: its buffer is asked as well."""
_LAST_LINES = 50
_SHOWN = 5
_BECAUSE = "its lines are in the syslog server's files"


class LineOwners(Struct, frozen=True, kw_only=True, gc=False):
    """Whose the lines of a syslog server are.

    `judged`: of each device how many lines it has by each name that the logs have for it; `others`: how many each host
    has that is no device of the audit. `without`: the devices that have none.
    """

    judged: dict[str, dict[str, int]] = {}
    others: dict[str, int] = {}
    without: tuple[str, ...] = ()

    @property
    def told(self) -> list[str]:
        """What was taken for whose, and what for nobody's; a line for each."""
        lines = []
        if self.judged:
            count = sum(sum(names.values()) for names in self.judged.values())
            renamed = [
                f"{d} as {n}" for d in sorted(self.judged) for n in sorted(self.judged[d]) if n.lower() != d.lower()
            ]
            said = f"syslog: {_counted(count, 'line')} of {_counted(len(self.judged), 'device')} judged"
            said += f" ({_some(renamed)})" if renamed else ""
            lines.append(said + (f"; none of {_some(self.without)}" if self.without else ""))
        elif self.without:
            lines.append("syslog: no line is of a device of this audit")
        if self.others:
            count, hosts = sum(self.others.values()), _counted(len(self.others), "other host")
            lines.append(f"syslog: {_counted(count, 'line')} of {hosts} not judged: {_some(sorted(self.others))}")
        return lines


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")


def read_syslog(path: Path) -> Snapshot:
    """The logs of a file, or of every file under a folder; each with its path in it. Of large ones the needed lines.

    Raises SourceError where nothing can be read; one of several files that cannot is a problem of the snapshot.
    """
    if not path.is_dir():
        return read_logs((path,))
    captures: list[Capture] = []
    problems: list[Problem] = []
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if not file.is_file() or any(part.startswith(".") for part in file.relative_to(path).parts):
            continue
        try:
            found = read_logs((file,))
        except SourceError as error:
            problems.append(Problem(file=name, problem=error.problem))
            continue
        folder = name.rpartition("/")[0]
        where = f"{folder}/" if folder else ""
        captures += [structs.replace(c, file=where + c.file) for d in found.devices for c in d.captures]
        problems += [structs.replace(p, file=where + p.file) for p in found.problems]
    if not captures:
        raise SourceError(str(path), "no log in it can be read")
    return Snapshot(kind="logs", path=path.name, devices=_by_host(captures), problems=tuple(problems))


def _by_host(captures: Iterable[Capture]) -> tuple[DeviceCaptures, ...]:
    hosts: dict[str, list[Capture]] = {}
    for capture in captures:
        hosts.setdefault(capture.device, []).append(capture)
    return tuple(DeviceCaptures(name=name, captures=tuple(hosts[name])) for name in sorted(hosts))


def audit_beside(
    paths: Sequence[Path], syslog: Path | None, settings: Settings, now: datetime
) -> tuple[Audit, LineOwners]:
    """Audit sources, with a syslog server's files beside them; lines of hosts that are none of theirs are counted."""
    snapshots = read_sources(paths)
    read = read_devices(snapshots, now)
    if syslog is None:
        return judge(snapshots, read, settings, now), LineOwners()
    logs = read_syslog(syslog)
    read, owners = attach(read, logs, now)
    return judge((*snapshots, structs.replace(logs, devices=())), read, settings, now), owners


def attach(read: Read, logs: Snapshot, now: datetime) -> tuple[Read, LineOwners]:
    """Give each device its lines: told by its name, its configured host name, or an address that it alone has."""
    owners = _owners(read.devices)
    mine: dict[str, list[Capture]] = {}
    judged: dict[str, Counter[str]] = {}
    others: Counter[str] = Counter()
    for host in logs.devices:
        for capture in host.captures:
            owner = _owner(owners, capture)
            counted = others if owner is None else judged.setdefault(owner, Counter())
            counted[host.name] += sum(1 for line in capture.text.split("\n") if line.strip())
            if owner is not None:
                mine.setdefault(owner, []).append(structs.replace(capture, device=owner))
    devices = tuple(with_logs(d, mine[d.name], logs, now) if d.name in mine else d for d in read.devices)
    joined = structs.replace(read, devices=devices, problems=(*read.problems, *logs.problems))
    without = tuple(d.name for d in read.devices if d.name not in mine)
    named = {device: dict(names) for device, names in judged.items()}
    return joined, LineOwners(judged=named, others={h: n for h, n in others.items() if n}, without=without)


def _owner(owners: Mapping[str, str], capture: Capture) -> str | None:
    """Whose a capture is; one whose lines have no head is of the host that its folder is named after."""
    names = (capture.device, *reversed(capture.file.split("/")[:-1]))
    return next((owner for name in names if (owner := _found(owners, name)) is not None), None)


def _found(owners: Mapping[str, str], host: str) -> str | None:
    name = host.lower()
    return owners.get(name) or owners.get(short_name(name))


def _owners(devices: Sequence[Device]) -> dict[str, str]:
    """The devices by all that a log may call them; a name that two of them have is neither's."""
    ranks = (
        [(d.name.lower(), d.name) for d in devices],
        [(h.lower(), d.name) for d in devices if d.config is not None and (h := d.config[1].hostname)],
        [(short_name(d.name.lower()), d.name) for d in devices],
        [(d.address.lower(), d.name) for d in devices if d.address],
        [(a.lower(), d.name) for d in devices for a in sorted(d.own_addresses)],
    )
    found: dict[str, str] = {}
    for rank in ranks:
        claims: dict[str, set[str]] = {}
        for name, device in rank:
            claims.setdefault(name, set()).add(device)
        found = {name: min(who) for name, who in claims.items() if len(who) == 1} | found
    return found


class LogPlan(Struct, frozen=True, kw_only=True, dict=True):
    """Which hosts a syslog server has heard of in the last day, by the names that its lines have for them."""

    hosts: frozenset[str]

    @classmethod
    def of(cls, logs: Snapshot, nornir: Nornir, now: datetime) -> LogPlan:
        """By the lines' own times. A log whose lines name nobody is of the host that its folder is named after."""
        late = [c for d in logs.devices for c in d.captures if _is_late(c, now)]
        known = {n.lower() for h in nornir.inventory.hosts.values() for n in (h.name, *addresses_of(h))}
        folders = {part.lower() for c in late for part in c.file.split("/")[:-1]}
        return cls(hosts=frozenset((*(c.device.lower() for c in late), *(folders & known))))

    def applied(self, host: Host, commands: Sequence[CommandSpec]) -> tuple[CommandSpec, ...]:
        """The commands of a device, without its buffer where the server has its lines.

        A device that the inventory's names do not tell is told in its session, by its configuration.
        """
        return tuple(self._without(host, c) if c.command == "show logging" else c for c in commands)

    def _without(self, host: Host, command: CommandSpec) -> CommandSpec:
        if any(_found(self._by_name, name) for name in (host.name, *addresses_of(host))):
            return structs.replace(command, left_out=_BECAUSE)
        if self._configured is None:
            return command
        return structs.replace(command, needless=(*command.needless, self._configured))

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {short_name(h): h for h in self.hosts} | {h: h for h in self.hosts}

    @cached_property
    def _configured(self) -> Needless | None:
        names = "|".join(re.escape(name) for name in sorted(self._by_name))
        line = rf"^(?:hostname|\s{{1,8}}ip(?:v6)? address) (?:{names})(?=[\s/]|$)"
        sure = (re.compile(line, re.IGNORECASE),)
        return Needless(answer="show running-config", sure=sure, because=_BECAUSE) if names else None


def _is_late(capture: Capture, now: datetime) -> bool:
    """Whether the last lines of a log are of the last day (or of a clock that runs ahead)."""
    text = "\n".join(capture.text.rsplit("\n", _LAST_LINES)[-_LAST_LINES:])
    context = TimeContext(
        clock=None, config=None, collected_at=None, modified_at=capture.modified_at, now=now, text=text
    )
    return any(now - at < _LATELY for at in _times(text, context))


def _times(text: str, context: TimeContext) -> Iterator[datetime]:
    for message in date_messages(scan(text, ()).facts.messages, context):
        if message.time is not None:
            yield message.time
