"""Several devices or tunnels stand behind one address, and knock each other's SAs out.

**Signature.** IKE SAs with one source come from different ports at once (several devices behind one NAT address), or
two tunnel interfaces have the same source and destination without `shared` protection.

**Ruled out by.** One identity and one SA set.

**What to do.** Distinct identities, NAT-T on, one tunnel per pair of ends or `shared`. Source: field guide C7.
"""

from __future__ import annotations

from vpnaudit.diagnose.signs import receiver_of
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import Device
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.settings import Settings


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("the SPI is none that the devices behind one address would share")
    device = receiver_of(story, fleet)
    ports = _ports(device, story)
    if len(ports) > 1:
        text = f"{story.source} has SAs with {device.name} from ports {', '.join(map(str, sorted(ports)))}"
        return _fits(story, [reason(text, *(r.evidence[0] for r in ports.values()))], "likely")
    twins = _twin_tunnels(device, story)
    if twins:
        return _fits(story, twins, "likely")
    if not device.ike_sas and story.tunnel is None:
        return still_open(
            f"does one device alone stand behind {story.source}?", f"{device.name}: show crypto isakmp sa"
        )
    return out(f"one set of SAs with {story.source or 'the source'}, from one port")


def _ports(device: Device, story: Story) -> dict[int, Reason]:
    """SAs and sessions of the source by port; 500 and 4500 are one device before and after NAT was found."""
    shown = [(c, s.peer, s.peer_port, s.line) for c, s in device.ipsec_sas]
    shown += [(c, i.remote, i.remote_port, i.line) for c, i in device.ike_sas if i.ends_known]
    shown += [
        (c, s.peers[0], s.peer_port, s.line)
        for c, s in device.sessions
        if s.peers and (s.status or "").startswith("UP")
    ]
    found: dict[int, Reason] = {}
    for capture, peer, port, line in shown:
        if peer == story.source and port is not None:
            found.setdefault(4500 if port == 500 else port, reason("", device.cite(capture, line)))
    return found


def _twin_tunnels(device: Device, story: Story) -> list[Reason]:
    if device.config is None:
        return []
    capture, config = device.config
    twins = [
        i
        for i in config.interfaces
        if i.ipsec_profile and i.tunnel_destination == story.source and not i.shutdown and not i.protection_shared
    ]
    sources = {i.tunnel_source for i in twins}
    if len(twins) < 2 or len(sources) > 1:
        return []
    names = ", ".join(i.name for i in twins)
    text = f"{device.name}: {names} have the same source and destination, and their protection is not shared"
    return [reason(text, *(device.cite(capture, i.line) for i in twins))]


def _fits(story: Story, because: list[Reason], confidence: Confidence) -> Weighing:
    return Weighing(
        verdict="fits",
        confidence=confidence,
        because=tuple(because),
        owner_devices=(story.receiver,),
        title=f"several devices or tunnels share {story.source} towards {story.receiver}",
    )


CAUSE = Cause(name="address-shared", order=90, owner="path", weigh=_weigh)
