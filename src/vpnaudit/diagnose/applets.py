"""Event manager applets that end SAs, and when they ran."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from vpnaudit.diagnose.signs import Sign, messages, sign_of
from vpnaudit.model.clears import clears_sas, scope_of
from vpnaudit.model.config import AppletCommand, EventApplet
from vpnaudit.model.device import Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.logs import INVALID_SPI_TAGS

_APPLET_TAGS = frozenset(f"HA_EM-{severity}-LOG" for severity in range(8))
"""What an applet says itself, at the severity that its action names."""
_RUNS_S = 5.0
"""An applet's line comes before or after its commands, which take this long."""


class Clearing(Struct, frozen=True, kw_only=True, gc=False):
    """An applet that ends SAs when it runs. `answers_lines`: each line with an invalid SPI starts it."""

    applet: EventApplet
    commands: tuple[AppletCommand, ...]
    answers_lines: bool
    evidence: tuple[Evidence, ...]

    @property
    def peers(self) -> frozenset[str | None]:
        """Whose SAs it ends; null: everybody's."""
        return frozenset(scope_of(command.text).peer for command in self.commands)

    @property
    def words(self) -> str:
        """Its name, and what it types."""
        return f"applet {self.applet.name} (`{self.commands[0].text}`)"


def clearing_applets(device: Device) -> Sequence[Clearing]:
    """The applets of its configuration that end SAs."""
    return device.once(_clearing_applets)


def _clearing_applets(device: Device) -> list[Clearing]:
    if device.config is None:
        return []
    capture, config = device.config
    found = []
    for applet in config.applets:
        commands = tuple(command for command in applet.commands if clears_sas(command.text))
        if commands:
            lines = (applet.line, *(command.line for command in commands[:1]))
            clearing = Clearing(
                applet=applet,
                commands=commands,
                answers_lines=applet.event == "syslog" and _is_of_events(applet.pattern or ""),
                evidence=tuple(device.cite(capture, line) for line in lines),
            )
            found.append(clearing)
    return found


def _is_of_events(pattern: str) -> bool:
    """Whether a pattern is the tag, or a part of the tag, of lines with an invalid SPI.

    >>> _is_of_events("RECVD_PKT_INV_SPI"), _is_of_events(".*CRYPTO-4-RECVD_PKT_INV_SPI.*"), _is_of_events("UPDOWN")
    (True, True, False)
    """
    words = pattern.strip(".*%: ").upper()
    return len(words) > 3 and any(words in tag or tag in words for tag in INVALID_SPI_TAGS)


def applet_runs(device: Device) -> Sequence[Sign]:
    """When its applets ended SAs, by the lines that they log; one sign for each peer whose SAs were ended."""
    return device.once(_applet_runs)


def _applet_runs(device: Device) -> list[Sign]:
    applets = {clearing.applet.name: clearing for clearing in clearing_applets(device)}
    if not applets:
        return []
    found = []
    for capture, message in messages(device, _APPLET_TAGS):
        clearing = applets.get(message.details.get("applet", ""))
        if clearing is not None:
            found += [_run(sign_of(device, capture, message, ""), device, clearing, c) for c in clearing.commands]
    return found


def run_times(device: Device) -> dict[str, list[datetime]]:
    """The same by the applet's name, in order of time."""
    return device.once(_run_times)


def _run_times(device: Device) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = {}
    for sign in applet_runs(device):
        if sign.applet is not None and sign.at is not None:
            found.setdefault(sign.applet, []).append(sign.at)
    return {name: sorted(times) for name, times in found.items()}


def _run(said: Sign, device: Device, clearing: Clearing, command: AppletCommand) -> Sign:
    return Sign(
        at=said.at,
        text=f"{device.name}: its applet {clearing.applet.name} ran, which types `{command.text}`",
        evidence=(*said.evidence, *clearing.evidence),
        uncertainty_s=said.uncertainty_s + _RUNS_S,
        peer=scope_of(command.text).peer,
        is_clear=True,
        applet=clearing.applet.name,
        is_inferred=True,
        is_answer=clearing.answers_lines,
    )
