"""A log file: which lines are whose.

A syslog server's file holds many devices: each gets the lines that its name stands in front of. What has no relay's
head (a device's own buffer, a pasted mail) is one device's, named by a prompt in it or by the file.
"""

from __future__ import annotations

import re

from vpnaudit.model.snapshot import Problem
from vpnaudit.snapshot.session import Part, read_prompt, sparse_part

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_STAMP = (
    rf"(?:(?:(?:19|20)\d\d )?{_MONTH} {{1,2}}\d{{1,2}} (?:(?:19|20)\d\d )?\d{{1,2}}:\d\d:\d\d(?:\.\d{{1,9}})?"
    r"|(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"
)
_NAME = r"(?P<host>[A-Za-z0-9][\w.:-]{0,252}?)"
_PRI = r"(?:<\d{1,3}>(?:1 )?:?)?\s{0,3}(?:\d{1,10}: )?"
_RELAYED = re.compile(rf"{_PRI}{_STAMP}\s{{1,3}}{_NAME}(?P<colon> ?:)?\s+(?P<next>\S.{{0,80}})")
_NAMED_FIRST = re.compile(
    rf"{_PRI}{_NAME}:\s+(?:\d{{1,10}}:\s+)?[*.]?(?:(?:19|20)\d\d )?"
    rf"(?:{_MONTH} {{1,2}}\d|\d{{1,3}}:\d\d:\d\d:|\d{{1,4}}[ywd])"
)
_FIREWALL = re.compile(r"%(?:ASA|FTD|PIX)-")
_OWN_HEAD = re.compile(rf"(?:\d{{1,10}}:|[*.]?{_MONTH} {{1,2}}\d|[*.]?(?:19|20)\d\d )")
_ZONE = re.compile(r"[A-Z]{2,5}$")
_CELLS_MAX = 50_000_000


def line_host(line: str) -> str | None:
    """Whose line it is, where a relay's head or an origin-id says so."""
    relayed = _RELAYED.match(line)
    if relayed is not None and _is_name(relayed):
        return relayed["host"]
    named = _NAMED_FIRST.match(line)
    return named["host"] if named is not None and not named["host"].isdigit() else None


def _is_name(found: re.Match[str]) -> bool:
    """A word after the stamp and before a colon is a zone, unless a second head or a firewall's tag follows."""
    host = found["host"]
    if host.isdigit():
        return False
    if not found["colon"]:
        return not _ZONE.match(host) or _OWN_HEAD.match(found["next"]) is not None
    if _FIREWALL.match(found["next"]):
        return not _ZONE.match(host)
    return _OWN_HEAD.match(found["next"]) is not None


def split_log(text: str, file: str, fallback: str) -> tuple[list[Part], list[Problem]]:
    """One part for each device of a log, all of command `syslog`.

    Lines without a head of their own go to the device of the line before them (a message's further lines).
    """
    lines = text.split("\n")
    owned: dict[str, dict[int, str]] = {}
    first: dict[int, str] = {}
    current: str | None = None
    for number, line in enumerate(lines):
        current = line_host(line) or current
        if current is None:
            first[number] = line
        elif line.strip():
            owned.setdefault(current, {})[number] = line
    if not owned:
        return [Part(device=_prompted(lines) or fallback, command="syslog", argument="", text=text, first_line=1)], []
    if len(owned) == 1:
        return [Part(device=next(iter(owned)), command="syslog", argument="", text=text, first_line=1)], []
    if len(owned) * len(lines) > _CELLS_MAX:
        problem = f"holds {len(owned)} devices, too many to be told apart; read as one"
        return [Part(device=fallback, command="syslog", argument="", text=text, first_line=1)], [
            Problem(file=file, problem=problem)
        ]
    parts = [sparse_part(host, "syslog", found) for host, found in sorted(owned.items())]
    if any(line.strip() for line in first.values()):
        parts.append(sparse_part(fallback, "syslog", first))
    return parts, []


def _prompted(lines: list[str]) -> str | None:
    """The name in the prompts of a console capture, if all are one device's and stand alone or before a log line."""
    hosts = {
        prompt.host
        for line in lines
        if (prompt := read_prompt(line)) is not None and line.rstrip().endswith("#") and not prompt.typed
    }
    return hosts.pop() if len(hosts) == 1 else None
