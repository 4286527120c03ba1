"""Several devices or tunnels stand behind one address, and knock each other's SAs out.

**Signature.** IKE SAs with one source come from different ports at once (several devices behind one NAT address), or
its sessions take turns between ports, or two tunnel interfaces have the same source and destination without `shared`
protection.

**Ruled out by.** One identity and one SA set; no more lines than the rekeys of so many boxes can show, while no session
with them is logged to come or go; the sender's own IKE SA, older than the lines at both ends. A single line that
nothing explains leaves it open, and so does a stale SA where no IKE SA is known to have been set up as the lines began.

**What to do.** Distinct identities, NAT-T on, one tunnel per pair of ends or `shared`. Source: field guide C7.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from vpnaudit.diagnose.of_story import clocks_are_known, receiver_of, rekey_budget, slack
from vpnaudit.diagnose.outages import sessions
from vpnaudit.diagnose.proofs import SHOWN, ike_tables, lifetimes_of, placed, sa_tables
from vpnaudit.diagnose.signs import messages
from vpnaudit.diagnose.verdicts import out, reason, still_open, unlikely
from vpnaudit.model.addresses import is_one_address, normal
from vpnaudit.model.config import ConfigInterface
from vpnaudit.model.device import IKE_COMMANDS, SA_COMMANDS, Device
from vpnaudit.model.event import Confidence
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.model.platform import Words
from vpnaudit.model.sessions import SESSION_TAGS
from vpnaudit.settings import Settings

SPIS_OF_A_REKEY = 2
"""The old one and the new one (field guide 3.3)."""
NEWCOMER_S = 120.0
"""Its initial contact deletes the other's SAs as its IKE SA stands; the other's next packet leaves the line."""
SAME_IKE_S = 60.0
"""Both ends of an IKE SA date it alike, within what lifetimes in whole seconds and captures a moment apart allow."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    return _not_of_its_sas(story) or _of_ports(story, fleet)


def _not_of_its_sas(story: Story) -> Weighing | None:
    if story.mechanism == "misdelivered":
        return out(
            "the SPI is a live SA of another device: its SAs were not knocked out, its packets went astray",
            *placed(story),
        )
    if story.mechanism in {"unknown-source", "damaged"}:
        return out("the SPI is none that the devices behind one address would share", *placed(story))
    return None


def _of_ports(story: Story, fleet: Fleet) -> Weighing:
    device = receiver_of(story, fleet)
    ports = _ports(device, story)
    if len(ports) > 1:
        spared = _spared(story, fleet, len(ports))
        if spared is not None:
            return spared
        kept = story.mechanism == "stale-sa" and not _turns(device, story)
        if kept and (without := _without_newcomer(story, len(ports))) is not None:
            return without
        text = f"{story.source} has SAs with {device.name} from ports {', '.join(map(str, sorted(ports)))}"
        because = [reason(text, *(r.evidence[0] for r in ports.values()))]
        return _fits(story, because, "likely" if _is_sure(story, len(ports)) else "possible")
    twins = _twin_tunnels(device, story)
    if twins:
        # A race needs no twin to leave a line.
        return _fits(story, twins, "possible" if story.mechanism == "rekey-race" else "likely")
    shown = _of_source(device, story)
    if not shown and not _tables_read(device, story):
        return still_open(
            f"does one device alone stand behind {story.source}?", f"{device.name}: show crypto isakmp sa"
        )
    if not shown:
        whole = (*sa_tables(device), *ike_tables(device))
        return unlikely(f"{device.name} has no SAs with {story.source or 'the source'} from any port", *whole)
    return out(f"one set of SAs with {story.source or 'the source'}, from one port", *shown)


def _of_source(device: Device, story: Story) -> list[Evidence]:
    """What the tables have of the source: its port where they print it, else its SAs."""
    ports = [line for r in _ports(device, story).values() for line in r.evidence]
    end = story.receiver_end
    held = [*(s.evidence for s in end.sas), *(i.evidence for i in end.ike_sas)] if end is not None else []
    return (ports or held)[:SHOWN]


def _tables_read(device: Device, story: Story) -> bool:
    end = story.receiver_end
    return (end is not None and end.sa_table_read) or device.read(*SA_COMMANDS) or device.read(*IKE_COMMANDS)


def _spared(story: Story, fleet: Fleet, boxes: int) -> Weighing | None:
    """Boxes that live side by side behind one address, as NAT-T lets them: their neighbours cost them nothing."""
    period = story.tunnel.period_of_lines_s if story.tunnel is not None else None
    if story.mechanism == "rekey-race" and not sessions(receiver_of(story, fleet), story.source):
        episodes = [e for e in fleet.received_by[story.receiver].episodes if is_one_address(e.source, story.source)]
        times = [e.first_at for e in episodes if e.first_at]
        length = (max(times) - min(times)).total_seconds() if times else 0.0
        of_one = rekey_budget(period, length) if period is not None else SPIS_OF_A_REKEY
        if len({e.spi for e in episodes}) <= boxes * of_one:
            paced = lifetimes_of(*story.tunnel.ends) if story.tunnel is not None else ()
            text = f"no more lines than the rekeys of the {boxes} boxes behind {story.source} can show"
            return out(text, *placed(story), *paced)
    if story.mechanism == "unexplained" and sum(e.lines for e in story.episodes) == 1:
        question = f"do the boxes behind {story.source} knock each other's SAs out? One line does not tell"
        return still_open(question, f"{story.receiver}: show logging")
    begin, here, there = story.begins, story.receiver_end, story.sender_end
    if begin is None or here is None or there is None or not clocks_are_known(story, fleet):
        return None
    bound = timedelta(seconds=SAME_IKE_S + slack(story, fleet))
    for own in here.live_ike:
        for other in there.live_ike:
            at, theirs = own.established_at, other.established_at
            if at and theirs and abs(at - theirs) <= bound and max(at, theirs) < begin - bound:
                text = f"{story.source}'s own IKE SA is older than the lines at both ends: no other box knocked it out"
                return out(text, own.evidence, other.evidence)
    return None


def _without_newcomer(story: Story, boxes: int) -> Weighing | None:
    """A stale SA with several boxes behind the sender's address, and none that is known to have come as it began.

    Where the sender is ours, its own IKE SA's age would tell that it was left alone.
    """
    here, there = story.receiver_end, story.sender_end
    if _none_is_new(story, boxes) and here is not None:
        text = f"each box behind {story.source} has an IKE SA from before the lines: none came and knocked another out"
        return unlikely(text, *(i.evidence for i in here.live_ike[:boxes]))
    if _has_newcomer(story) or there is None or there.device is None:
        return None
    question = f"did a box behind {story.source} set up its IKE SA as the lines began, or is each older than they are?"
    words = here.words if here is not None else Words()
    return still_open(question, f"{story.receiver}: {words.ike_shown_by}")


def _is_sure(story: Story, boxes: int) -> bool:
    """Whether what the boxes cost each other shows: a newcomer as an SA was lost, or SPIs that nobody has any more."""
    if story.mechanism == "stale-sa":
        return _has_newcomer(story)
    return not _none_is_new(story, boxes)


def _has_newcomer(story: Story) -> bool:
    """Whether an IKE SA with the source was set up as the lines began or after: its box took the other's SAs away."""
    begin, here = story.begins, story.receiver_end
    live = here.live_ike if here is not None else ()
    return begin is not None and any(
        i.established_at is not None and i.established_at >= begin - timedelta(seconds=NEWCOMER_S) for i in live
    )


def _none_is_new(story: Story, boxes: int) -> bool:
    """Whether each box has an IKE SA from before the lines: a newcomer's would be younger, and alone at first."""
    begin, here = story.begins, story.receiver_end
    live = here.live_ike if here is not None else ()
    if begin is None or len(live) < boxes:
        return False
    before = begin - timedelta(seconds=SAME_IKE_S)
    return all(i.established_at is not None and i.established_at < before for i in live)


def _ports(device: Device, story: Story) -> dict[int, Reason]:
    """SAs and sessions of the source by port; 500 and 4500 are one device before and after NAT was found."""
    shown = device.once(_ports_by_peer).get(normal(story.source or ""), {})
    found = {port: reason("", device.cite(capture, line)) for port, (capture, line) in shown.items()}
    for port, told in _turns(device, story).items():
        found.setdefault(port, told)
    return found


def _ports_by_peer(device: Device) -> dict[str, dict[int, tuple[ParsedCapture, int]]]:
    """The first record of each peer's port."""
    shown = [(c, s.peer, s.peer_port, s.line) for c, s in device.ipsec_sas]
    shown += [(c, i.remote, i.remote_port, i.line) for c, i in device.ike_sas if i.ends_known]
    shown += [
        (c, s.peers[0], s.peer_port, s.line)
        for c, s in device.sessions
        if s.peers and (s.status or "").startswith("UP")
    ]
    found: dict[str, dict[int, tuple[ParsedCapture, int]]] = {}
    for capture, peer, port, line in shown:
        if peer is not None and port is not None:
            found.setdefault(normal(peer), {}).setdefault(_one_device(port), (capture, line))
    return found


def _turns(device: Device, story: Story) -> dict[int, Reason]:
    return device.once(_taking_turns).get(normal(story.source or ""), {})


def _one_device(port: int) -> int:
    return 4500 if port == 500 else port


def _taking_turns(device: Device) -> dict[str, dict[int, Reason]]:
    """By peer the ports of its logged sessions, where one comes back after another had its turn.

    One device whose NAT gives it a new port does not come back on the old one while another is in use: two do.
    """
    logged: dict[str, list[tuple[int, Reason]]] = {}
    for capture, message in messages(device, SESSION_TAGS):
        peer, port = message.details.get("peer"), message.details.get("port")
        if peer and port and message.details.get("state") == "up":
            told = reason("", device.cite(capture, message.line))
            logged.setdefault(normal(peer), []).append((_one_device(int(port)), told))
    return {peer: dict(turns) for peer, turns in logged.items() if _come_back([port for port, _ in turns])}


def _come_back(ports: Sequence[int]) -> bool:
    """Whether a port comes again after another.

    >>> _come_back([4500, 4501, 4500]), _come_back([4500, 4500, 4501, 4501])
    (True, False)
    """
    turns = [port for port, _ in groupby(ports)]
    return len(set(turns)) < len(turns)


def _twin_tunnels(device: Device, story: Story) -> list[Reason]:
    twins = device.once(_protected_tunnels).get(normal(story.source or ""), [])
    sources = {i.tunnel_source for i in twins}
    if device.config is None or len(twins) < 2 or len(sources) > 1:
        return []
    capture = device.config[0]
    names = ", ".join(i.name for i in twins)
    text = f"{device.name}: {names} have the same source and destination, and their protection is not shared"
    return [reason(text, *(device.cite(capture, i.line) for i in twins))]


def _protected_tunnels(device: Device) -> dict[str, list[ConfigInterface]]:
    """By destination, the tunnel interfaces whose protection is their own."""
    found: dict[str, list[ConfigInterface]] = {}
    for interface in device.config[1].interfaces if device.config is not None else ():
        if interface.ipsec_profile and not interface.shutdown and not interface.protection_shared:
            found.setdefault(normal(interface.tunnel_destination or ""), []).append(interface)
    return found


def _fits(story: Story, because: list[Reason], confidence: Confidence) -> Weighing:
    return Weighing(
        verdict="fits",
        confidence=confidence,
        because=tuple(because),
        owner_devices=(story.receiver,),
        title=f"several devices or tunnels share {story.source} towards {story.receiver}",
    )


CAUSE = Cause(name="address-shared", order=90, owner="path", weigh=_weigh)
