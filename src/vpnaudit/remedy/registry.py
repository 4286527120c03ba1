"""Finds the remedy of a cause or of an area of findings by walking their folders."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any

from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Finding, Remediation, Story
from vpnaudit.model.platform import RemedySyntax
from vpnaudit.remedy import causes, findings
from vpnaudit.remedy.offer import Remedies
from vpnaudit.remedy.situation import FindingSituation, Situation


def for_diagnosis(diagnosis: Diagnosis, fleet: Fleet, syntaxes: Mapping[str, RemedySyntax]) -> tuple[Remediation, ...]:
    """What to do about a diagnosis, in the order in which to do it: narrowest first, the sender before the receiver.

    `syntaxes` is by platform name; on a device whose platform is not in it the change is told in words. A cause
    without a file here has no remedy.
    """
    remedies = _causes().get(diagnosis.cause)
    if remedies is None:
        return ()
    wave = len({s.source for s in diagnosis.stories if s.tunnel is None}) > 1
    stories = _one_a_receiver(diagnosis.stories) if wave else diagnosis.stories
    found = _once(r for story in stories for r in remedies(Situation.of(diagnosis, story, fleet, syntaxes)))
    if wave:
        found = tuple(r for r in found if r.kind != "ask")  # many strangers have no owner who could be asked
    # Where the sender is not ours, asking its owner is the sender's part and comes before anything at our end.
    return tuple(sorted(found, key=lambda r: r.kind != "ask"))


def for_finding(finding: Finding, fleet: Fleet, syntaxes: Mapping[str, RemedySyntax]) -> tuple[Remediation, ...]:
    """What to do about a finding that failed. PASS and UNKNOWN have none: an UNKNOWN names its command itself."""
    remedies = _findings().get(finding.rule.partition("-")[0])
    if remedies is None or finding.status != "FAIL":
        return ()
    return _once(remedies(FindingSituation.of(finding, fleet, syntaxes)))


def cause_names() -> tuple[str, ...]:
    """The causes that have a file here."""
    return tuple(sorted(_causes()))


def finding_areas() -> tuple[str, ...]:
    """The areas of findings that have a file here."""
    return tuple(sorted(_findings()))


def _one_a_receiver(stories: Sequence[Story]) -> tuple[Story, ...]:
    """Of many sources at one device, or at some of one group, what is to be done there is the same for each."""
    return tuple({s.receiver: s for s in reversed(stories)}.values())[::-1]


def _once(remedies: Remedies) -> tuple[Remediation, ...]:
    found: dict[str, Remediation] = {}
    for remedy in remedies:
        if remedy is not None:
            found.setdefault(remedy.id, remedy)
    return tuple(found.values())


@cache
def _causes() -> dict[str, Callable[[Situation], Remedies]]:
    return {name.replace("_", "-"): module.remedies for name, module in _modules(causes)}


@cache
def _findings() -> dict[str, Callable[[FindingSituation], Remedies]]:
    return {name.upper(): module.remedies for name, module in _modules(findings)}


def _modules(package: ModuleType) -> list[tuple[str, Any]]:
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__))
    return [(name, importlib.import_module(f"{package.__name__}.{name}")) for name in names]
