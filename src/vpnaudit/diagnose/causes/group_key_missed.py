"""The group got a new key and this member missed it (GETVPN).

**Signature.** The line came in on an interface with a group (gdoi) map. All members of a group share one SPI, so a
member that misses a rekey logs that SPI from every other member; sources are the original, inner addresses. Whoever
sends on it, and however many members missed it, it is one diagnosis.

**Ruled out by.** No group map on the interface; the SPI among the member's own keys of the group.

**What to do.** Look at the member's registration (`show crypto gdoi`), the path to the key servers, and whether all key
servers of the group hold the same policy. Source: field guide C14, Cisco GETVPN resiliency guide.
"""

from __future__ import annotations

from vpnaudit.diagnose.interfaces import configured
from vpnaudit.diagnose.of_story import receiver_of
from vpnaudit.diagnose.proofs import agreed, configuration
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.config import MapEntry
from vpnaudit.model.device import CONFIG_COMMAND, Device
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing, WouldSettle
from vpnaudit.model.printable import counted
from vpnaudit.settings import Settings

ONE_KEY = "do all key servers of the group hold one key, or did they lose each other?"
"""Members of servers that were cut off from each other have each missed nothing, and refuse each other's packets."""
GROUP_KEYS = "group-member"
"""What a member's `show crypto gdoi` lists."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    device = receiver_of(story, fleet)
    if device.config is None:
        return still_open(f"does {device.name} take part in a GETVPN group?", f"{device.name}: show running-config")
    capture, config = device.config
    carrying = device.once(_carrying)
    inputs = {e.interface for episode in story.episodes for e in episode.events}
    hit = [name for name in carrying if name in inputs or inputs == {None}]
    if not hit:
        lines = sorted(i.line for name in inputs if name for i in configured(device, name))[:1]
        lines = lines or [m.line for m in config.map_entries[:1] if not device.once(_group_maps)]
        if not lines and not device.read(CONFIG_COMMAND):
            return still_open(f"does {device.name} take part in a GETVPN group?", f"{device.name}: show running-config")
        cited = [device.cite(capture, line) for line in lines]
        return out(f"{device.name} has no group map on the interface", *cited, *configuration(device))
    if story.tunnel is not None and story.tunnel.joined_by != "one end":
        return out(f"{story.source} is a peer of its own, not a member of the group", *agreed(story.receiver_end))
    spis = {e.spi for e in story.episodes}
    senders = {e.source for e in fleet.received_by[story.receiver].episodes if e.spi in spis}
    own = [c for c, listed in device.listed_spis if listed.table == GROUP_KEYS and listed.spi in spis]
    if own:
        return out(f"{device.name} has that key of the group", device.cite(own[0], None))
    holders = _holders(spis, story, fleet)
    carried = f"{hit[0]} carries the group map {carrying[hit[0]].name}"
    because = [
        reason(
            f"{carried}; {counted(len(senders), 'source')} sent on this SPI",
            device.cite(capture, carrying[hit[0]].line),
        ),
        *holders,
    ]
    confidence: Confidence = "likely" if holders or len(senders) > 1 else "possible"
    if holders and any(listed.table == GROUP_KEYS for _, listed in device.listed_spis):
        confidence = "proven"
        shown = next(c for c, listed in device.listed_spis if listed.table == GROUP_KEYS)
        because.append(reason(f"{device.name}'s keys of the group are others", device.cite(shown, None)))
    return Weighing(
        verdict="fits",
        confidence=confidence,
        because=tuple(because),
        would_settle=(WouldSettle(question=ONE_KEY, command="each key server: show crypto gdoi ks coop"),),
        owner_devices=(device.name,),
        title=f"{device.name} missed a rekey of its group: members send on an SPI that it does not have",
    )


def _group_maps(device: Device) -> dict[str, MapEntry]:
    entries = device.config[1].map_entries if device.config is not None else ()
    return {m.name: m for m in entries if m.kind == "gdoi"}


def _carrying(device: Device) -> dict[str, MapEntry]:
    """The interfaces that have a group map, with it."""
    interfaces = device.config[1].interfaces if device.config is not None else ()
    maps = device.once(_group_maps)
    return {i.name: maps[i.crypto_map] for i in interfaces if i.crypto_map in maps}


def _holders(spis: set[int], story: Story, fleet: Fleet) -> list[Reason]:
    """Who lists the SPI as a key of the group: another member, or a key server."""
    found: dict[str, Reason] = {}
    for other in fleet.devices:
        for capture, listed in other.listed_spis if other.name != story.receiver else ():
            if listed.table in {GROUP_KEYS, "key-server"} and listed.spi in spis:
                text = f"{other.name} has 0x{listed.spi:08X} as a key of the group"
                found.setdefault(other.name, reason(text, other.cite(capture, listed.line)))
    return list(found.values())[:3]


CAUSE = Cause(name="group-key-missed", order=10, owner="receiver", weigh=_weigh)
