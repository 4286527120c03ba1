"""The settings of an audit, checked against what there is to set, and what became of its waivers."""

from __future__ import annotations

from pathlib import Path

from vpnaudit.errors import SettingsError
from vpnaudit.model.audit import Audit, AuditWaiver
from vpnaudit.pipeline.pages import is_known, nearest
from vpnaudit.settings import Settings
from vpnaudit.settings.load import load_settings

SETTINGS_FILE = "vpnaudit.yaml"
WHAT_TO_DO = {
    "expired": "ran out on {until}, and {covers} of what it accepted counts again: repair it, or set a new `expires`",
    "passing": "is needed no more, what it accepted passes now: take it out",
    "unused": "matches nothing here: take it out, or correct its rule or subject",
}
"""For each state of a waiver that somebody should look at: what is so, and what to do about it."""


def settings_from(given: Path | None, inventory: Path | None = None) -> Settings:
    """The settings file that was named, else the one beside the inventory, else the defaults.

    Raises SettingsError where the file cannot be read, or waives a rule or cause that does not exist.
    """
    if given is None and inventory is not None:
        beside = (inventory.parent if inventory.is_file() else inventory) / SETTINGS_FILE
        given = beside if beside.is_file() else None
    settings = load_settings(given)
    for waiver in settings.waivers:
        if not is_known(waiver.rule):
            near = nearest(waiver.rule)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            problem = f"waives {waiver.rule}, which no rule or cause is called; {meant}`vpnaudit explain` lists them"
            raise SettingsError(f"{settings.file}, line {waiver.line}", problem)
    return settings


def about_waivers(audit: Audit, settings: Settings, *, whole: bool = True) -> tuple[str, ...]:
    """One line for each waiver that somebody should look at: file, line, what to do.

    `whole` false: only a part of the fleet was asked, so that a waiver of something else is no mistake.
    """
    told = [w for w in audit.waivers if w.state in WHAT_TO_DO and (whole or w.state != "unused")]
    return tuple(f"{settings.file}, line {w.line}: {_named(w)} {_said(w)}" for w in told)


def _named(waiver: AuditWaiver) -> str:
    return f"the waiver of {waiver.rule}" + (f" for {waiver.subject}" if waiver.subject else "")


def _said(waiver: AuditWaiver) -> str:
    return WHAT_TO_DO[waiver.state].format(until=waiver.until, covers=waiver.covers)
