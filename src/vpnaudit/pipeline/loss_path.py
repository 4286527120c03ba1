"""The path of a diagnosis for the loss question: what diagnosis reads as outages, handed to `loss`."""

from __future__ import annotations

from msgspec import structs

from vpnaudit.diagnose.interfaces import lines_of
from vpnaudit.diagnose.path_outages import path_outages, that_lasted
from vpnaudit.diagnose.probes import probes_of
from vpnaudit.diagnose.signs import Sign
from vpnaudit.loss.evidence import Outage, Path, PathProbe
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Story
from vpnaudit.model.tunnel import TunnelEnd
from vpnaudit.settings import Settings


def path_of(diagnosis: Diagnosis, fleet: Fleet, settings: Settings) -> Path:
    """Outages as both ends saw them, what their IP SLA operations count, and the interfaces that carry the tunnel."""
    signs: dict[tuple[str, str], Sign] = {}
    lines: dict[str, frozenset[str]] = {}
    probes: dict[tuple[str, int], PathProbe] = {}
    for story in diagnosis.stories:
        signs.update({(str(s.at), s.text): s for s in _outages(story, fleet, settings)})
        for device, end, peer in _ends(story, fleet):
            names = lines_of(device, end)
            lines[device.name] = lines.get(device.name, frozenset()) | names
            for probe in _probes(device, end, peer, names):
                known = probes.get((device.name, probe.number))
                if known is None or _NEARNESS.index(probe.aim) < _NEARNESS.index(known.aim):
                    probes[device.name, probe.number] = probe
    return Path(
        outages=tuple(
            Outage(at=s.at, text=s.text, evidence=s.evidence, uncertainty_s=s.uncertainty_s, until=s.until)
            for s in (signs[k] for k in sorted(signs))
        ),
        carriers=lines,
        probes=tuple(probes[k] for k in sorted(probes)),
    )


_NEARNESS = ("peer", "first-hop", "tunnel", "unknown", "elsewhere")
"""Of several stories' tunnels the one that a probe says most of."""


def _outages(story: Story, fleet: Fleet, settings: Settings) -> list[Sign]:
    """Those that `packet-loss` is weighed by. One after which no session was set up lasted until the episode."""
    found = path_outages(story, fleet, settings)
    first = {e.id: e.first_at for e in story.episodes}
    known = {id(sign) for sign in found.signs}
    lasting = [
        structs.replace(sign, until=first[episode])
        for episode, signs in found.before.items()
        for sign in signs
        if id(sign) not in known
    ]
    return [*that_lasted(found.signs, story, fleet), *lasting]


def _probes(device: Device, end: TunnelEnd | None, peer: str | None, names: frozenset[str]) -> list[PathProbe]:
    return [
        PathProbe(device=device.name, number=p.number, aim=p.aim, target=p.target, result=p.result, evidence=p.evidence)
        for p in probes_of(device, end, peer, names)
    ]


def _ends(story: Story, fleet: Fleet) -> list[tuple[Device, TunnelEnd | None, str | None]]:
    """The ends that are ours, each with the address by which it knows the other."""
    here = fleet.device_by_name[story.receiver]
    end = story.tunnel.end_of(here.name) if story.tunnel is not None else None
    found = [(here, end, story.source)]
    there = fleet.device_by_name.get(story.sender or "")
    if there is not None and story.tunnel is not None and end is not None:
        found.append((there, story.tunnel.end_of(there.name), end.seen))
    return found
