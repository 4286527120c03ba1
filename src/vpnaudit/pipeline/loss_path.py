"""The path of a diagnosis for the loss question: what diagnosis reads as outages, handed to `loss`."""

from __future__ import annotations

from vpnaudit.diagnose.signs import Sign, carriers, outages
from vpnaudit.loss.evidence import Outage, Path
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Story


def path_of(diagnosis: Diagnosis, fleet: Fleet) -> Path:
    """Logged outages of both ends, and the interfaces that carry the tunnel there."""
    signs: dict[tuple[str, str], Sign] = {}
    lines: dict[str, frozenset[str]] = {}
    for story in diagnosis.stories:
        for name, end_signs, names in _ends(story, fleet):
            lines[name] = lines.get(name, frozenset()) | names
            signs.update({(str(s.at), s.text): s for s in end_signs})
    ordered = sorted(signs)
    return Path(
        outages=tuple(
            Outage(at=s.at, text=s.text, evidence=s.evidence, uncertainty_s=s.uncertainty_s)
            for s in (signs[k] for k in ordered)
        ),
        carriers=lines,
    )


def _ends(story: Story, fleet: Fleet) -> list[tuple[str, list[Sign], frozenset[str]]]:
    here = fleet.device_by_name[story.receiver]
    end = story.tunnel.end_of(here.name) if story.tunnel is not None else None
    found = [(here.name, outages(here, end, story.source), carriers(here, end))]
    there = fleet.device_by_name.get(story.sender or "")
    if there is not None and story.tunnel is not None and end is not None:
        other = story.tunnel.end_of(there.name)
        found.append((there.name, outages(there, other, end.seen), carriers(there, other)))
    return found
