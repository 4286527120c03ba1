"""What a story's ends, tables and lines say of it: the questions that several causes ask."""

from __future__ import annotations

from datetime import datetime, timedelta

from vpnaudit.diagnose.outages import WITH_ITS_SESSION_S, why_sessions_ended
from vpnaudit.diagnose.proofs import first_and_last, placed, sa_tables
from vpnaudit.diagnose.signs import one_spelling, stamp
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.addresses import address_in, normal
from vpnaudit.model.device import SA_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Reason, Story, Weighing
from vpnaudit.model.ledger import RECORDED, LedgerEntry
from vpnaudit.model.tunnel import LiveIke, LiveSa
from vpnaudit.settings import Settings

NOT_OF_TWO = "the line came in on a group map's interface: the group shares one SPI, which no two ends agreed on"
MOST_PROBES = 6
"""So often IOS asks before it gives a peer up, a firewall seldomer (field guide 6.3)."""
LONGEST_SA_S = 28_800.0
"""Taken where no lifetime is known: the longest of the platforms' defaults (ASA)."""
ONE_MOMENT_S = 60.0
"""Tables taken so close together show one state, but for a rekey in between that takes a second."""


def receiver_of(story: Story, fleet: Fleet) -> Device:
    """The device that logged, or that lacks the SA."""
    return fleet.device_by_name[story.receiver]


def sender_of(story: Story, fleet: Fleet) -> Device | None:
    """The device at the other end, if it is ours."""
    return fleet.device_by_name.get(story.sender or "")


def both_devices(story: Story) -> tuple[str, ...]:
    """The devices of ours at its ends, by name."""
    return tuple(sorted(d for d in (story.receiver, story.sender) if d))


def without_ike(story: Story, fleet: Fleet) -> str:
    """In words that the receiver has no IKE SA with the sender, where others behind its address may have one."""
    device, here = receiver_of(story, fleet), story.receiver_end
    told = f"{device.name} has no IKE SA with {story.source}"
    for tunnel in fleet.faced.get((device.name, normal(story.source or "")), ()):
        end = tunnel.end_of(device.name)
        if here is None or end is None or end == here or end.vrf != here.vrf or not end.live_ike:
            continue
        other = tunnel.other_end(device.name).device or "another box"
        return f"{told} but that of {other}, which is behind the same address"
    return told


def is_over_by(at: datetime, story: Story) -> bool:
    """Whether the last line came before `at`: what began then says nothing of what was there while they came."""
    last = story.ends
    return last is not None and last < at and not story.ongoing


def slack(story: Story, fleet: Fleet) -> float:
    """By how much times of the two ends may differ, seconds: the bounds of both clocks. Capped at five minutes."""
    devices = [d for d in (receiver_of(story, fleet), sender_of(story, fleet)) if d is not None]
    known = [d.clock_uncertainty_s if d.clock_uncertainty_s is not None else 300.0 for d in devices]
    return min(sum(known) if len(devices) > 1 else 0.0, 300.0)


def clocks_are_known(story: Story, fleet: Fleet) -> bool:
    """Whether times of the two ends can be set side by side at all."""
    devices = (receiver_of(story, fleet), sender_of(story, fleet))
    return all(d is None or d.clock_uncertainty_s is not None for d in devices)


def may_be_another_box(story: Story) -> bool:
    """Whether the SA that the sender keeps may be that of another box behind the receiver's NAT.

    It protects networks of which the receiver's configuration has none, or that was not read.
    """
    sa, here = story.sent_sa, story.receiver_end
    if sa is None or here is None or here.vti:
        return False
    behind = normal(here.seen) != normal(here.address)
    return here.protects_nothing_of(sa) or (behind and not here.proxies)


def last_of_sa(story: Story, fleet: Fleet) -> LedgerEntry | None:
    """The receiver's own record (log, event trace) of the deletion of an SA that the story is about: the latest."""
    spis = {e.spi for e in story.episodes}
    own = [x for spi in spis for x in fleet.ledger.find(spi, "receiver", device=story.receiver)]
    dated = [(x.gone_at, x.spi, x) for x in own if x.how in RECORDED and x.gone_at is not None]
    return max(dated, key=lambda found: found[:2])[2] if dated else None


def where_it_stood(story: Story) -> tuple[Reason, ...]:
    """By which record the first line's SPI was told to be an SA of these ends, where no table has it any more."""
    event = story.episodes[0].events[0] if story.episodes else None
    if event is None or not event.found or story.sent_sa is not None:
        return ()
    return (reason(event.because, *(entry.evidence for entry in event.found[:2])),)


def from_another_address(story: Story) -> tuple[Reason, ...]:
    """That the packets come from another address than the one by which the receiver knows the SA's other end."""
    there, sa = story.sender_end, story.sent_sa
    source = one_spelling(story.source)
    if there is not None and sa is not None and source not in {None, normal(there.address), normal(there.seen)}:
        text = (
            f"the lines name {story.source}, and {sa.device} sends on that SPI to {story.receiver}, which knows it as "
            f"{there.seen}: its packets take another way, by a NAT or another provider"
        )
        return (reason(text, sa.evidence),)
    return tuple(
        reason(
            f"the lines name {story.source}, and {story.receiver} had 0x{entry.spi:08X} with {entry.peer}: the address "
            "of its other end changed, by a NAT or another provider",
            entry.evidence,
        )
        for entry in _with_others(story)[:1]
    )


def former_peers(story: Story) -> tuple[str, ...]:
    """The addresses by which the receiver knew the other end of the SAs, where the lines name another one."""
    return tuple(dict.fromkeys(entry.peer for entry in _with_others(story) if entry.peer is not None))


def _with_others(story: Story) -> list[LedgerEntry]:
    """The receiver's records of the SPIs that have another peer than the source, and so far as is known not its own."""
    own = (x for e in story.episodes for v in e.events for x in v.found if x.role == "receiver")
    known = (x for x in own if x.device == story.receiver and address_in(x.peer) is not None)
    there = story.sender_end
    same = {one_spelling(story.source), *((normal(there.address), normal(there.seen)) if there is not None else ())}
    return [x for x in known if one_spelling(x.peer) not in same] if story.source is not None else []


def deleted_by_its_own(story: Story, fleet: Fleet) -> tuple[Reason, ...]:
    """That the receiver deleted the SA, where its own record has that."""
    last = last_of_sa(story, fleet)
    if last is None or last.gone_at is None:
        return ()
    text = f"{story.receiver} deleted its inbound SA 0x{last.spi:08X} at {stamp(last.gone_at)}"
    near = timedelta(seconds=WITH_ITS_SESSION_S)
    ended = why_sessions_ended(receiver_of(story, fleet), story.source)
    why = [(w, s) for w, s in ended if s.at is not None and abs(s.at - last.gone_at) <= near]
    said = (reason(f"{s.text} then, with the reason `{w}`", *s.evidence) for w, s in why)
    return (reason(text, last.evidence), *tuple(said)[-1:])


def sa_table_read(story: Story, fleet: Fleet) -> bool:
    """Whether the receiver's SA table was had: without it an SPI that is nowhere says nothing."""
    end = story.receiver_end
    return end.sa_table_read if end is not None else receiver_of(story, fleet).read(*SA_COMMANDS)


def sas_with_source_read(story: Story, fleet: Fleet) -> bool:
    """Whether what the receiver holds with the source was had: its whole table, or the part of it for that peer."""
    if sa_table_read(story, fleet):
        return True
    found = receiver_of(story, fleet).find(*SA_COMMANDS)
    source = one_spelling(story.source)
    return source is not None and any(source in map(normal, c.capture.argument.split()) for c in found)


def which_moment(story: Story) -> Weighing:
    """The question that tells tables of two moments from ends that disagree."""
    who = f"{story.receiver} and {story.sender}"
    return still_open(
        f"were the SA tables of {who} taken at one moment, or did the tunnel rekey in between?",
        f"{who}: show clock; show crypto ipsec sa, at one time",
    )


def sends_in_vain(story: Story, sa: LiveSa) -> Reason:
    """That the sender still uses the SA, in words that its receiver's table bears out or does not.

    A table from before the last of lines that are over says what it sent on then.
    """
    there, last = story.sender_end, story.ends
    taken_at = there.sa_table_at if there is not None else None
    older = not story.ongoing and taken_at is not None and last is not None and taken_at < last
    end, who = story.receiver_end, story.sender or story.source or "the sender"
    what = f"{story.receiver} lacks" if end is not None and end.sa_table_read else f"{story.receiver} refused"
    return reason(f"{who} {'sent' if older else 'sends'} on 0x{sa.spi:08X}, which {what}", sa.evidence)


def seen_to_be_stale(story: Story) -> bool:
    """Whether both tables were read: the sender's has the SA, the receiver's has not."""
    end = story.receiver_end
    return story.sent_sa is not None and end is not None and end.sa_table_read


def may_be_rekeyed_between(story: Story) -> bool:
    """Whether no line speaks of it, and the two ends' tables may be of moments between which they rekeyed.

    Two tables of one moment tell by themselves, and so do tables of two where the SAs' ages are known.
    """
    here, there = story.receiver_end, story.sender_end
    if story.episodes or here is None or there is None:
        return False
    if here.sa_table_at is None or there.sa_table_at is None:
        return True
    apart = abs(here.sa_table_at - there.sa_table_at)
    sa = story.sent_sa
    dated = sa is not None and all(s.installed_at is not None for s in (sa, *here.inbound))
    return apart > timedelta(seconds=ONE_MOMENT_S) and not dated


def is_without_dpd(ike: LiveIke) -> bool:
    """Whether an IKE SA's listing shows that DPD is not in force on it: no letter D, or an interval of 0 seconds."""
    sa = ike.sa
    if sa.version == "v1":
        return sa.capabilities is not None and "D" not in sa.capabilities
    return sa.dpd is not None and sa.dpd.interval_s == 0


def logged_elsewhere(story: Story) -> bool:
    """Whether no line of a source without a tunnel here went to an address of the receiver."""
    events = [v for e in story.episodes for v in e.events]
    return story.tunnel is None and bool(events) and all(v.elsewhere for v in events)


def of_another_device(story: Story, fleet: Fleet) -> Weighing:
    """The question that comes before all others then."""
    where, device = story.episodes[0].events[0].destination, receiver_of(story, fleet)
    return still_open(
        f"is {where} an address of {device.name}? None that was read is: the log may be another device's",
        f"{device.name}: {device.words.interfaces_shown_by}, and from where its log was taken",
    )


def is_with_dpd(ike: LiveIke) -> bool:
    """Whether the listing shows that it is: the letter D, or an interval. The plain listing tells neither."""
    sa = ike.sa
    return "D" in (sa.capabilities or "") if sa.version == "v1" else sa.dpd is not None and bool(sa.dpd.interval_s)


def on_group_interface(story: Story, fleet: Fleet) -> bool:
    """Whether the lines came in where the receiver has a group (GETVPN) map, from no peer of its own.

    Sources there are inner addresses, and the SA is the group's: no two ends agreed on it (field guide C14).
    """
    config = receiver_of(story, fleet).config
    if config is None or story.tunnel is not None:
        return False
    maps = {m.name for m in config[1].map_entries if m.kind == "gdoi"}
    carrying = {i.name for i in config[1].interfaces if i.crypto_map in maps}
    inputs = {e.interface for episode in story.episodes for e in episode.events}
    return bool(carrying & inputs) or (bool(carrying) and inputs == {None})


def repeated(story: Story) -> bool:
    """Whether one SPI came more than once."""
    return any(e.lines > 1 for e in story.episodes)


def goes_on(story: Story, settings: Settings) -> bool:
    """Whether one SPI came for longer than a stale SA needs to show itself (DESIGN 7)."""
    return any(e.duration_s > settings.thresholds.stale_after_s for e in story.episodes)


def no_race(story: Story) -> Weighing:
    """What a rekey cause says of lines that were not told to be races: open where no table says when rekeys were."""
    if story.mechanism == "stale-sa":
        return _more_than_a_race(story)
    if story.mechanism != "unexplained":
        return out("the lines are explained without a rekey", *placed(story))
    if repeated(story):
        return out("the lines are not next to a rekey that is known", *first_and_last(story))
    dated = dated_sas(story)
    if story.tunnel is None or story.tunnel.rekey_period_s is None or not dated:
        command = f"{story.receiver}: show crypto ipsec sa, twice 10 minutes apart; show running-config"
        return still_open("was the tunnel rekeyed at that moment?", command)
    return out("the lines are not next to a rekey that is known", *placed(story), *dated)


def _more_than_a_race(story: Story) -> Weighing:
    """A sender that goes on with an SA does so whether or not a rekey was near."""
    if repeated(story):
        return out("the same SPI came again: more than a packet that met a rekey", *first_and_last(story))
    return out("its sender kept the SA: more than a packet that met a rekey", *placed(story))


def dated_sas(story: Story) -> tuple[Evidence, ...]:
    """SAs whose age and lifetime tell when the tunnel was rekeyed."""
    ends_of = story.tunnel.ends if story.tunnel is not None else ()
    return tuple(s.evidence for end in ends_of for s in end.inbound if s.installed_at is not None)[:2]


def is_its_own(story: Story) -> bool:
    """Whether the receiver's own table has a live SA with the SPI of one of the lines."""
    found = (x for e in story.episodes for event in e.events for x in event.found)
    return any(x.live and x.role == "receiver" and x.device == story.receiver for x in found)


def sender_may_keep(story: Story, fleet: Fleet) -> bool:
    """Whether lines that nothing explains may be of an SA that the sender keeps: a table that would tell was not had.

    Not where the receiver's own table has the SPI.
    """
    if story.mechanism != "unexplained" or is_its_own(story):
        return False
    there = story.sender_end
    return not (sa_table_read(story, fleet) and there is not None and there.sa_table_read)


def not_kept(story: Story, fleet: Fleet) -> Weighing:
    """That no SA is known which the sender kept: by where the SPI stands, or by the sender's table."""
    sender = sender_of(story, fleet)
    tables = sa_tables(sender) if sender is not None and story.mechanism == "unexplained" else ()
    return out("no SA that the sender kept was seen", *placed(story), *tables)


def rekey_budget(period_s: float, length_s: float) -> float:
    """How many SPIs rekeys every `period_s` can honestly show in `length_s`: the old and the new one (field guide 3.3).

    >>> rekey_budget(3600, 7200)
    6.0
    """
    return 2 * (length_s / period_s + 1)


def inputs_of(story: Story) -> frozenset[str]:
    """The interfaces through which the packets came."""
    return frozenset(e.interface for episode in story.episodes for e in episode.events if e.interface)


def came_in_by(story: Story) -> frozenset[str]:
    """The same, those of tunnels left out: these go down with their SAs."""
    return frozenset(i for i in inputs_of(story) if not i.lower().startswith(("tunnel", "virtual")))


def is_older_than_sa(at: datetime, story: Story, fleet: Fleet) -> bool:
    """Whether something dates from before the SA that the sender keeps, and so from before its receiver lost it."""
    sa = story.sent_sa
    return sa is not None and sa.installed_at is not None and at <= sa.installed_at and clocks_are_known(story, fleet)
