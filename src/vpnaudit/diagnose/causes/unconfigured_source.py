"""The packet came from an address that is no peer of this device: a scan, a stray, or a spoofed source.

**Signature.** The receiver's configuration and IKE table were read; the source is no configured, live or learned peer
and no address of ours, and nothing there (dynamic map, virtual template, multipoint tunnel) takes any peer. Anyone on
the Internet can produce the line: source and SPI are unauthenticated claims.

**Ruled out by.** A peer, now or by the receiver's own log (an SA, a handed-out SPI, a session); a dynamic map, a hub
that accepts any. Open where the lines' destination is no address of the receiver: the log may be another device's.

**What to do.** Nothing is out of step. Let IKE and ESP in from peers only, on the outside filter. Source: field guide
C2.
"""

from __future__ import annotations

from vpnaudit.diagnose.of_story import (
    from_another_address,
    goes_on,
    logged_elsewhere,
    of_another_device,
    on_group_interface,
    receiver_of,
)
from vpnaudit.diagnose.proofs import agreed, configuration, placed
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.addresses import normal
from vpnaudit.model.device import CONFIG_COMMAND, IKE_COMMANDS, Device
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Story, Weighing, WouldSettle
from vpnaudit.model.recorded_peers import recorded_peers
from vpnaudit.settings import Settings

MANY_SOURCES = 3


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:
    device = receiver_of(story, fleet)
    if story.mechanism != "unknown-source":
        return of_another_device(story, fleet) if logged_elsewhere(story) else _known_peer(story, fleet)
    sharing = {s for e in story.episodes for s in fleet.strangers_by_spi.get(e.spi, ())}
    wave = len(sharing) >= MANY_SOURCES or any(e.confidence == "proven" for e in story.episodes)
    event = story.episodes[0].events[0]
    because = [reason(event.because, *device.cite_whole(CONFIG_COMMAND), *device.cite_whole(*IKE_COMMANDS[:2]))]
    if len(sharing) >= MANY_SOURCES:
        because.append(reason(f"{len(sharing)} sources that are no peers sent the same SPI, as scans do"))
    persists = not wave and goes_on(story, settings)
    confidence: Confidence = "proven" if wave else "possible" if persists else "likely"
    return Weighing(
        verdict="fits",
        confidence=confidence,
        because=tuple(because),
        would_settle=(_former_peer(story),) if persists else (),
        owner_devices=(device.name,),
        title=f"{story.source} is no peer of {device.name}: a scan, a stray or a spoofed source",
    )


def _former_peer(story: Story) -> WouldSettle:
    """One SPI, time and again, from one source: a peer that was removed at this end alone looks the same."""
    question = f"was {story.source} once a peer of {story.receiver}? One whose entry was removed goes on sending"
    return WouldSettle(question=question, command=f"{story.source}: show crypto ipsec sa, if its owner is known")


def _known_peer(story: Story, fleet: Fleet) -> Weighing:
    device = receiver_of(story, fleet)
    source = story.source or "the source"
    if story.tunnel is not None:
        return _of_a_tunnel(story, source)
    behind = [t.end_of(device.name) for t in fleet.faced.get((device.name, normal(source)), ())]
    if behind:
        text = f"{source} is the address of {len(behind)} peers of {device.name}, and the SPI does not tell whose it is"
        return out(text, *(line for end in behind for line in agreed(end)))
    if on_group_interface(story, fleet):
        text = f"{device.name} has a group map on that interface, where sources are inner addresses and no peers"
        return out(text, *placed(story), *configuration(device))
    learned = _learned(device, source)
    if learned is not None:
        return learned
    if any(event.found for episode in story.episodes for event in episode.events):
        return out("the SPI is or was an SA of ours, agreed on with a peer", *placed(story))
    if device.read(CONFIG_COMMAND) and device.read(*IKE_COMMANDS):
        question = f"is {source} a peer that {device.name} should take? It takes peers that nobody configured"
        return still_open(question, f"{device.name}: {device.words.sessions_shown_by}, and who owns the address")
    command = f"{device.name}: show running-config; show crypto isakmp sa"
    return still_open(f"is {source} a configured peer of {device.name}?", command)


def _of_a_tunnel(story: Story, source: str) -> Weighing:
    moved, own = from_another_address(story), agreed(story.receiver_end)
    if moved:
        return out(moved[0].text, *moved[0].evidence)
    if own or story.tunnel is None:
        return out(f"{source} is a peer of {story.receiver}", *own)
    return out(f"{story.sender or source} has {story.receiver} for its peer", *agreed(*story.tunnel.ends))


def _learned(device: Device, source: str) -> Weighing | None:
    """A peer that no configuration names: by NHRP now, or by the device's own log once."""
    by_nhrp = next((device.cite(c, n.line) for c, n in device.nbma_peers if normal(n.nbma) == normal(source)), None)
    if by_nhrp is not None:
        return out(f"{source} is a peer that {device.name} learned by NHRP", by_nhrp)
    recorded = recorded_peers(device).get(normal(source))
    if recorded is not None:
        return out(f"{source} was a peer: {device.name}'s log has an SA or a session with it", recorded)
    return None


CAUSE = Cause(name="unconfigured-source", order=20, owner="path", weigh=_weigh)
