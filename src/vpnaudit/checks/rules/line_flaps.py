"""The line under a tunnel went down and up again.

## What it looks for

`%LINK-3-UPDOWN` and `%LINEPROTO-5-UPDOWN` with "down", for an interface over which the device's tunnels go. Lines of
the first minutes after a start are part of the start. Tunnel interfaces are left out: theirs follow the SAs, not the
path.

## Why it matters

An outage that lasts longer than DPD's patience, or that swallows the messages of a rekey, leaves the two ends with
different SAs. Three or more in one log are more than one bad minute (medium).

## What it cannot see

Outages further along the path, which no interface here notices. Lines that the buffer has lost, or whose level it
does not keep.

## Example

    Nov 20 02:11:07.120: %LINEPROTO-5-UPDOWN: Line protocol on Interface GigabitEthernet0/1, changed state to down

## What to do

Compare the times with those of the events (the diagnosis does). Ask the carrier for the longest outage, not the
average loss.

## How to check that it worked

`show logging | include UPDOWN` has no new line of that interface in the next days.

## Source

Field guide 4 C9, 6.3 and 11 (outages under 5 s never caused a stream).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from vpnaudit.checks.carriers import carriers
from vpnaudit.checks.finding import EVIDENCE_SHOWN, device_case
from vpnaudit.checks.log_reach import LOG_COMMAND, could_show, tagged, true_time
from vpnaudit.model.device import Device
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Finding, Rule
from vpnaudit.model.logs import LogMessage, of_firewalls
from vpnaudit.settings import Settings

TAGS = frozenset({"LINK-3-UPDOWN", "LINEPROTO-5-UPDOWN"}) | of_firewalls("411002")
LEAST_SEVERITY_LOGGED = 3
START_S = 300.0
"""Interfaces come up within so many seconds of a start."""


def check(fleet: Fleet, settings: Settings) -> Iterable[Finding]:
    """One finding a device that has tunnels."""
    for device in fleet.assessable_devices:
        if fleet.tunnels_of.get(device.name):
            yield _judge(fleet, device, settings.thresholds.line_flaps)


def _judge(fleet: Fleet, device: Device, many: int) -> Finding:
    case = device_case(RULE, device, "no line failure where tunnels go")
    names = {n.lower() for n in carriers(fleet, device)}
    if not names:
        peer = fleet.tunnels_of[device.name][0].other_end(device.name).address
        return case.unknown(device.name, f"{device.words.route_shown_by} {peer}", "over which interface its tunnels go")
    downs = [(c, m) for c, m in tagged(device, TAGS) if _is_failure(device, m) and (m.interface or "").lower() in names]
    if not downs:
        if not could_show(device, LEAST_SEVERITY_LOGGED):
            return case.unknown(device.name, LOG_COMMAND, "whether a line failed")
        return case.passed("none in the log", "", [device.cite(c, None) for c in device.log_captures[:1]])
    count, name = _count(downs)
    return case.failed(
        f"{name} failed {count} times" if count > 1 else f"{name} failed once",
        "An outage longer than DPD's patience, or at a rekey, leaves the two ends with different SAs.",
        [device.cite(c, m.line) for c, m in downs[-EVIDENCE_SHOWN:]],
        severity="medium" if count >= many else "low",
        parameters={"device": device.name, "interface": name},
    )


def _is_failure(device: Device, message: LogMessage) -> bool:
    at = true_time(device, message)
    if device.booted_at is not None and at is not None:
        start = timedelta(seconds=START_S + device.boot_uncertainty_s)
        if abs(at - device.booted_at) <= start:
            return False
    return message.details.get("state") == "down"


def _count(downs: list[tuple[ParsedCapture, LogMessage]]) -> tuple[int, str]:
    """Failures of the worst interface, and its name. One failure may log two lines: of the link and of the protocol."""
    lines: Counter[tuple[str, str]] = Counter()
    for _, message in downs:
        lines[(message.interface or "", message.tag)] += message.count
    (name, _), count = min(lines.items(), key=lambda item: (-item[1], item[0]))
    return count, name


RULE = Rule(id="LOSS-002", title="line-flaps", severity="medium", needs=(LOG_COMMAND,), check=check)
