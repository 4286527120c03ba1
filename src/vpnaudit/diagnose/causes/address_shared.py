"""Several devices or tunnels stand behind one address, and knock each other's SAs out.

**Signature.** IKE SAs with one source come from different ports at once (several devices behind one NAT address), or
two tunnel interfaces have the same source and destination without `shared` protection.

**Ruled out by.** One identity and one SA set; no more lines than the rekeys of so many boxes can show; the sender's
own IKE SA, older than the lines at both ends.

**What to do.** Distinct identities, NAT-T on, one tunnel per pair of ends or `shared`. Source: field guide C7.
"""

from __future__ import annotations

from datetime import timedelta

from vpnaudit.diagnose.signs import begins, receiver_end, receiver_of, rekey_budget, sender_end, slack
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import Device
from vpnaudit.model.event import Confidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.settings import Settings

SAME_IKE_S = 60.0
"""Both ends of an IKE SA date it alike, within what lifetimes in whole seconds and captures a moment apart allow."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism in {"unknown-source", "misdelivered", "damaged"}:
        return out("the SPI is none that the devices behind one address would share")
    device = receiver_of(story, fleet)
    ports = _ports(device, story)
    if len(ports) > 1:
        spared = _spared(story, fleet, len(ports))
        if spared is not None:
            return spared
        text = f"{story.source} has SAs with {device.name} from ports {', '.join(map(str, sorted(ports)))}"
        because = [reason(text, *(r.evidence[0] for r in ports.values()))]
        return _fits(story, because, "possible" if _none_is_new(story, len(ports)) else "likely")
    twins = _twin_tunnels(device, story)
    if twins:
        return _fits(story, twins, "likely")
    if not device.ike_sas and story.tunnel is None:
        return still_open(
            f"does one device alone stand behind {story.source}?", f"{device.name}: show crypto isakmp sa"
        )
    return out(f"one set of SAs with {story.source or 'the source'}, from one port")


def _spared(story: Story, fleet: Fleet, boxes: int) -> Weighing | None:
    """Boxes that live side by side behind one address, as NAT-T lets them: their neighbours cost them nothing."""
    period = story.tunnel.rekey_period_s if story.tunnel is not None else None
    if story.mechanism == "rekey-race" and period is not None:
        episodes = [e for e in fleet.received_by[story.receiver].episodes if e.source == story.source]
        times = [e.first_at for e in episodes if e.first_at]
        length = (max(times) - min(times)).total_seconds() if times else 0.0
        if len({e.spi for e in episodes}) <= boxes * rekey_budget(period, length):
            return out(f"no more lines than the rekeys of the {boxes} boxes behind {story.source} can show")
    begin, here, there = begins(story), receiver_end(story), sender_end(story)
    if begin is None or here is None or there is None:
        return None
    bound = timedelta(seconds=SAME_IKE_S + slack(story, fleet))
    for own in here.live_ike:
        for other in there.live_ike:
            at, theirs = own.established_at, other.established_at
            if at and theirs and abs(at - theirs) <= bound and max(at, theirs) < begin - bound:
                text = f"{story.source}'s own IKE SA is older than the lines at both ends: no other box knocked it out"
                return out(text, own.evidence, other.evidence)
    return None


def _none_is_new(story: Story, boxes: int) -> bool:
    """Whether each box has an IKE SA from before the lines: a newcomer's would be younger, and alone at first."""
    begin, here = begins(story), receiver_end(story)
    live = here.live_ike if here is not None else ()
    if begin is None or len(live) < boxes:
        return False
    before = begin - timedelta(seconds=SAME_IKE_S)
    return all(i.established_at is not None and i.established_at < before for i in live)


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
