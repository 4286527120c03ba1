"""What the causes look for in a device's facts: state that was lost, outages, memory failures, session changes.

All times are on the common clock. A sign carries its evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from msgspec import Struct, structs

from vpnaudit.diagnose.probes import aim_of, failed, is_failure, operations_of
from vpnaudit.diagnose.proofs import first_and_last, placed, sa_tables
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.device import SA_COMMANDS, Device
from vpnaudit.model.evidence import Evidence
from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Reason, Story, Weighing
from vpnaudit.model.logs import LogMessage
from vpnaudit.model.tunnel import LiveSa, TunnelEnd

FIREWALLS = ("ASA", "FTD", "PIX")


def _firewall(*tags: str) -> frozenset[str]:
    return frozenset(f"{facility}-{tag}" for facility in FIREWALLS for tag in tags)


RESTARTS = frozenset({"SYS-5-RESTART", "SYS-5-RELOAD"}) | _firewall("6-199002")
TAKEOVERS = _firewall("1-104001")
LINE_TAGS = frozenset({"LINEPROTO-5-UPDOWN", "LINK-3-UPDOWN", "LINK-5-CHANGED"}) | _firewall("4-411002")
TRACKING_TAGS = frozenset({"TRACK-6-STATE", "TRACKING-5-STATE"})
"""Of an interface that is tracked they say what its own line says, for logs that lack that."""
SESSION_TAGS = frozenset({"CRYPTO-5-SESSION_STATUS", "CRYPTO-5-IKEV2_SESSION_STATUS"})
SESSION_STATES = (
    dict.fromkeys(_firewall("5-713119", "5-750006"), "up")
    | dict.fromkeys(_firewall("4-113019", "5-713259", "5-750007"), "down")
)  # fmt: skip
"""Messages that say by their number whether a session came up or went down (field guide 1.6)."""
MEANT = ("idle timeout", "max time", "administrator", "user requested", "peer terminate", "policy not found")
"""In the reason of a firewall's message that a session ended (field guide 1.6): not for want of an answer."""
IKE_FAILURES = frozenset(
    {
        "CRYPTO-5-IKMP_SETUP_FAILURE",
        "CRYPTO-6-IKMP_MODE_FAILURE",
        "IKEV2-3-NEG_ABORT",
        "IKEV2-5-SA_DOWN",
        "CRYPTO-4-IKMP_PEER_DEAD",
        "CRYPTO-5-IKMP_PEER_DEAD",
        "CRYPTO-4-DPD",
        "CRYPTO-5-DPD",
        "CRYPTO-5-DPD_FAILURE",
    }
) | _firewall("3-713123")
IDENTITY_TAGS = frozenset(
    {
        "CRYPTO-4-RECVD_PKT_INV_IDENTITY",
        "CRYPTO-4-RECVD_PKT_INV_IDENTITY_ACL",
        "CRYPTO-4-RECVD_PKT_INV_PROT",
    }
) | _firewall("4-402116", "3-713061")
MEMORY_TAGS = frozenset({"SYS-2-MALLOCFAIL", "SYS-2-CHUNKEXPANDFAIL", "SYS-4-CHUNKMALLOCFAIL"}) | _firewall("3-211001")
NOT_OF_TWO = "the line came in on a group map's interface: the group shares one SPI, which no two ends agreed on"
IGNORED_POOLS = ("lsmpi", "reserve")
ONE_MOMENT_S = 60.0
"""Tables taken so close together show one state, but for a rekey in between that takes a second."""
PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


class Sign(Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened on a device. `at` null: known to have happened, not when."""

    at: datetime | None
    text: str
    evidence: tuple[Evidence, ...] = ()
    uncertainty_s: float = 1.0
    is_session: bool = False
    """A session that went down: the end of an outage, or of anything else that costs SAs."""
    is_line: bool = False
    """An interface that went down: of the path itself, where the others may be the end of something else."""
    is_probe: bool = False
    """A probe of the path that got no answer: the path was gone, or the box that it probes."""
    is_takeover: bool = False
    """A standby that became active."""
    interface: str | None = None
    """Where it took over; null: the message names none, or it is of the whole device."""


class Window(Struct, frozen=True, kw_only=True, gc=False):
    """A stretch of the common clock; null ends are open."""

    low: datetime | None = None
    high: datetime | None = None

    def has(self, sign: Sign) -> bool:
        """Whether the sign lies in the window, its uncertainty allowed for."""
        if sign.at is None:
            return False
        slack = timedelta(seconds=sign.uncertainty_s)
        return (self.low is None or sign.at + slack >= self.low) and (self.high is None or sign.at - slack <= self.high)


def receiver_of(story: Story, fleet: Fleet) -> Device:
    """The device that logged, or that lacks the SA."""
    return fleet.device_by_name[story.receiver]


def sender_of(story: Story, fleet: Fleet) -> Device | None:
    """The device at the other end, if it is ours."""
    return fleet.device_by_name.get(story.sender or "")


def receiver_end(story: Story) -> TunnelEnd | None:
    """The receiver's end of the story's tunnel."""
    return story.tunnel.end_of(story.receiver) if story.tunnel else None


def sender_end(story: Story) -> TunnelEnd | None:
    """The other end; its `device` is null where it is not ours."""
    if story.tunnel is None or story.tunnel.end_of(story.receiver) is None:
        return None
    return story.tunnel.other_end(story.receiver)


def begins(story: Story) -> datetime | None:
    """When the first event of the story was logged, on the common clock."""
    return min((e.first_at for e in story.episodes if e.first_at), default=None)


def ends(story: Story) -> datetime | None:
    """When the last event of the story was logged, on the common clock."""
    return max((e.last_at for e in story.episodes if e.last_at), default=None)


def slack(story: Story, fleet: Fleet) -> float:
    """By how much times of the two ends may differ, seconds: the bounds of both clocks. Capped at five minutes."""
    devices = [d for d in (receiver_of(story, fleet), sender_of(story, fleet)) if d is not None]
    known = [d.clock_uncertainty_s if d.clock_uncertainty_s is not None else 300.0 for d in devices]
    return min(sum(known) if len(devices) > 1 else 0.0, 300.0)


def sent_sa(story: Story) -> LiveSa | None:
    """The sender's live outbound SA that the story is about."""
    end = sender_end(story)
    if end is None:
        return None
    spis = {e.spi for e in story.episodes}
    if not spis and story.tunnel is not None:
        spis = {s.spi for s in story.tunnel.stale if s.receiver == story.receiver}
    return next((s for s in end.outbound if s.spi in spis), None)


def sa_table_read(story: Story, fleet: Fleet) -> bool:
    """Whether the receiver's SA table was had: without it an SPI that is nowhere says nothing."""
    end = receiver_end(story)
    return end.sa_table_read if end is not None else receiver_of(story, fleet).read(*SA_COMMANDS)


def sas_with_source_read(story: Story, fleet: Fleet) -> bool:
    """Whether what the receiver holds with the source was had: its whole table, or the part of it for that peer."""
    if sa_table_read(story, fleet):
        return True
    found = receiver_of(story, fleet).find(*SA_COMMANDS)
    return story.source is not None and any(story.source in c.capture.argument.split() for c in found)


def which_moment(story: Story) -> Weighing:
    """The question that tells tables of two moments from ends that disagree."""
    who = f"{story.receiver} and {story.sender}"
    return still_open(
        f"were the SA tables of {who} taken at one moment, or did the tunnel rekey in between?",
        f"{who}: show clock; show crypto ipsec sa, at one time",
    )


def sends_in_vain(story: Story, sa: LiveSa) -> Reason:
    """That the sender still uses the SA, in words that its receiver's table bears out or does not."""
    end, who = receiver_end(story), story.sender or story.source or "the sender"
    what = f"{story.receiver} lacks" if end is not None and end.sa_table_read else f"{story.receiver} refused"
    return reason(f"{who} sends on 0x{sa.spi:08X}, which {what}", sa.evidence)


def seen_to_be_stale(story: Story) -> bool:
    """Whether both tables were read: the sender's has the SA, the receiver's has not."""
    end = receiver_end(story)
    return sent_sa(story) is not None and end is not None and end.sa_table_read


def may_be_rekeyed_between(story: Story) -> bool:
    """Whether no line speaks of it, and the two ends' tables may be of moments between which they rekeyed.

    Two tables of one moment tell by themselves, and so do tables of two where the SAs' ages are known.
    """
    here, there = receiver_end(story), sender_end(story)
    if story.episodes or here is None or there is None:
        return False
    if here.sa_table_at is None or there.sa_table_at is None:
        return True
    apart = abs(here.sa_table_at - there.sa_table_at)
    sa = sent_sa(story)
    dated = sa is not None and all(s.installed_at is not None for s in (sa, *here.inbound))
    return apart > timedelta(seconds=ONE_MOMENT_S) and not dated


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


def no_race(story: Story) -> Weighing:
    """What a rekey cause says of lines that were not told to be races: open where no table says when rekeys were."""
    if story.mechanism != "unexplained":
        return out("the lines are not next to a rekey that is known", *placed(story))
    if repeated(story):
        return out("the lines are not next to a rekey that is known", *first_and_last(story))
    dated = _dated_sas(story)
    if story.tunnel is None or story.tunnel.rekey_period_s is None or not dated:
        command = f"{story.receiver}: show crypto ipsec sa, twice 10 minutes apart; show running-config"
        return still_open("was the tunnel rekeyed at that moment?", command)
    return out("the lines are not next to a rekey that is known", *placed(story), *dated)


def _dated_sas(story: Story) -> tuple[Evidence, ...]:
    """SAs whose age and lifetime tell when the tunnel was rekeyed."""
    ends_of = story.tunnel.ends if story.tunnel is not None else ()
    return tuple(s.evidence for end in ends_of for s in end.inbound if s.installed_at is not None)[:2]


def sender_may_keep(story: Story, fleet: Fleet) -> bool:
    """Whether lines that nothing explains may be of an SA that the sender keeps: a table that would tell was not had.

    Not where the receiver's own table has the SPI.
    """
    found = [x for e in story.episodes for event in e.events for x in event.found]
    if story.mechanism != "unexplained" or any(x.live and x.device == story.receiver for x in found):
        return False
    there = sender_end(story)
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


def messages(device: Device, tags: frozenset[str]) -> Iterator[tuple[ParsedCapture, LogMessage]]:
    """A device's log messages with one of the tags."""
    return ((c, m) for c, m in device.messages_once if m.tag in tags)


def _sign(device: Device, capture: ParsedCapture, message: LogMessage, text: str) -> Sign:
    evidence, within = (device.cite(capture, message.line),), device.logged_within_s(message)
    return Sign(at=device.logged_at(message), text=text, evidence=evidence, uncertainty_s=within)


def restarts(device: Device) -> Sequence[Sign]:
    """Boots: by uptime, and by the restart messages of the log."""
    return device.once(_restarts)


def _restarts(device: Device) -> list[Sign]:
    found = []
    if device.booted_at is not None and device.version is not None:
        capture, version = device.version
        text = f"{device.name} came up by its uptime ({version.uptime})"
        found.append(
            Sign(
                at=device.booted_at,
                text=text,
                evidence=(device.cite(capture, version.line),),
                uncertainty_s=device.boot_uncertainty_s + 30.0,
            )
        )
    for capture, message in messages(device, RESTARTS):
        found.append(_sign(device, capture, message, f"{device.name} logged a restart"))
    return found


def state_losses(device: Device) -> Sequence[Sign]:
    """Whatever makes a device forget its SAs: a restart, a failover, a clear."""
    return device.once(_state_losses)


def _state_losses(device: Device) -> list[Sign]:
    found = [*restarts(device)]
    for capture, message in device.messages_once:
        facility = message.tag.partition("-")[0]
        state = message.details.get("state", "").lower()
        command = message.details.get("command", "").lower()
        took_over = facility in {"HSRP", "VRRP", "REDUNDANCY", "RF"} and state.startswith(("active", "master"))
        if took_over or message.tag in TAKEOVERS:
            sign = _sign(device, capture, message, f"{device.name} took over from its partner")
            found.append(structs.replace(sign, is_takeover=True, interface=message.interface))
        elif command.startswith(("clear crypto", "do clear crypto")):
            found.append(_sign(device, capture, message, f"{device.name}: {command} was entered"))
    return found


def outages(device: Device, end: TunnelEnd | None, source: str | None) -> list[Sign]:
    """Times at which the path or the peer was gone.

    Line protocol down, session down, DPD or IKE given up, no answer to an IP SLA probe of the path.
    """
    lines = carriers(device, end)
    logged = [
        outage.sign
        for outage in device.once(_all_outages)
        if (outage.interface in lines if outage.interface is not None else outage.peer in {None, source} or not source)
    ]
    operations = operations_of(device)
    aims = {number: aim_of(device, operation, end, source, lines) for number, operation in operations.items()}
    probed = [sign for number, sign in device.once(_failed_probes) if aims.get(number) in {"peer", "first-hop"}]
    return logged + probed


class _Outage(Struct, frozen=True):
    """An outage that a device logged: of an interface, or of its dealings with a peer (null: the line names none)."""

    sign: Sign
    interface: str | None
    peer: str | None


def _all_outages(device: Device) -> list[_Outage]:
    found = []
    for capture, message in device.messages_once:
        down = _session_state(message) == "down"
        peer = message.details.get("peer") or message.source
        if down and (message.tag in LINE_TAGS or (message.tag in TRACKING_TAGS and message.interface)):
            sign = _sign(device, capture, message, f"{device.name}: {message.interface} went down")
            found.append(_Outage(structs.replace(sign, is_line=True), message.interface or "", None))
        elif (message.tag in SESSION_TAGS or message.tag in SESSION_STATES) and down and not _was_meant(message):
            sign = _sign(device, capture, message, f"{device.name}: the session with {peer} went down")
            found.append(_Outage(structs.replace(sign, is_session=True), None, peer))
        elif _is_ike_failure(message):
            sign = _sign(device, capture, message, f"{device.name}: IKE with {peer or 'the peer'} failed")
            found.append(_Outage(sign, None, peer))
    return found


def _failed_probes(device: Device) -> list[tuple[int, Sign]]:
    """Probes that got no answer, by operation: as logged, and the latest run as the statistics have it."""
    operations = operations_of(device)
    found = []
    for capture, message in device.messages_once:
        number = int(message.details.get("operation", "-1"))
        operation = operations.get(number)
        if operation is not None and is_failure(message, operation):
            text = f"{device.name}: IP SLA {number} to {operation.target} got no answer"
            found.append((number, structs.replace(_sign(device, capture, message, text), is_probe=True)))
    for shown, result in device.ip_sla:
        operation = operations.get(result.number)
        if operation is not None and failed(result) and result.started_at is not None:
            code = f"{result.return_code} at its latest run"
            sign = Sign(
                at=device.on_common_clock(result.started_at),
                text=f"{device.name}: IP SLA {result.number} to {operation.target} got no answer ({code})",
                evidence=(device.cite(shown, result.line),),
                is_probe=True,
            )
            found.append((result.number, sign))
    return found


def _session_state(message: LogMessage) -> str:
    return SESSION_STATES.get(message.tag) or message.details.get("state", "").lower()


def _was_meant(message: LogMessage) -> bool:
    """Whether a session's end gives a reason by which an end took it down: the path was there to do so."""
    reason_given = message.details.get("reason", "").lower()
    return any(words in reason_given for words in MEANT)


def _is_ike_failure(message: LogMessage) -> bool:
    return message.tag in IKE_FAILURES or "dpd" in message.details.get("reason", "").lower()


def carriers(device: Device, end: TunnelEnd | None) -> frozenset[str]:
    """The interfaces that carry a tunnel: its own, and the one that has its local address or is its source."""
    found: set[str] = set()
    if end is not None and end.interface:
        found.add(end.interface)
    for _, interface in device.interfaces:
        if end is not None and interface.address == end.address:
            found.add(interface.name)
    if device.config is not None and end is not None:
        for configured in device.config[1].interfaces:
            addresses = {a.partition("/")[0] for a in configured.addresses} | set(configured.standby_addresses)
            mine = end.interface in {configured.name, configured.nameif}
            if end.address in addresses or (mine and (configured.tunnel_source or configured.nameif)):
                found |= {configured.name, configured.known_as}
            if mine and configured.tunnel_source:
                found.add(configured.tunnel_source)
    return frozenset(found)


def alone_with(device: Device, address: str) -> tuple[Evidence, ...]:
    """The interfaces that have the address by the device's configuration; none where it shares it with a partner."""
    if device.config is None or any(address in i.standby_addresses for i in device.config[1].interfaces):
        return ()
    capture, config = device.config
    own = [i for i in config.interfaces if any(a.partition("/")[0] == address for a in i.addresses)]
    return tuple(device.cite(capture, i.line) for i in own)


def is_private(address: str) -> bool:
    """Whether an address is of a range that no other network reaches without translation (RFC 1918, RFC 6598).

    >>> is_private("10.60.0.2"), is_private("100.64.0.1"), is_private("192.0.2.1"), is_private("gw.example.net")
    (True, True, False, False)
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed.version == network.version and parsed in network for network in PRIVATE)


def memory_failures(device: Device) -> Sequence[Sign]:
    """Allocation failures in the log."""
    return device.once(_memory_failures)


def _memory_failures(device: Device) -> list[Sign]:
    found = []
    for capture, message in messages(device, MEMORY_TAGS):
        process = message.details.get("process", "a process")
        pool = message.details.get("pool", "unknown pool")
        found.append(_sign(device, capture, message, f"{device.name}: {process} got no memory from {pool}"))
    return found


def sessions(device: Device, source: str | None) -> list[tuple[str, Sign]]:
    """Session changes with one peer: ("up" or "down", sign)."""
    return [
        (state, sign) for state, peer, sign in device.once(_all_sessions) if source is None or peer in {source, None}
    ]


def _all_sessions(device: Device) -> list[tuple[str, str | None, Sign]]:
    found = []
    for capture, message in messages(device, SESSION_TAGS | SESSION_STATES.keys()):
        peer = message.details.get("peer") or message.source
        state = _session_state(message)
        if state in {"up", "down"}:
            found.append((state, peer, _sign(device, capture, message, f"the session with {peer} went {state}")))
    return found


def most_in_an_hour(times: Sequence[datetime]) -> int:
    """How many of the times, which are in order, lie within one hour at most."""
    most, start = 0, 0
    for index, at in enumerate(times):
        while at - times[start] > timedelta(hours=1):
            start += 1
        most = max(most, index - start + 1)
    return most


def logs_sessions_since(device: Device, begin: datetime) -> bool:
    """Whether a session's end is logged at all (`crypto logging session`), and the log reaches back before `begin`."""
    first = log_begins(device)
    covers = first is not None and first < begin - timedelta(seconds=120)
    return covers and device.config is not None and device.config[1].logging_session


def log_begins(device: Device) -> datetime | None:
    """The time of the earliest line of its logs, on the common clock."""
    return device.once(_log_begins)


def _log_begins(device: Device) -> datetime | None:
    return min((at for _, m in device.messages if (at := device.logged_at(m)) is not None), default=None)


def identity_errors(device: Device, source: str | None) -> list[Sign]:
    """Packets whose inner addresses the SA does not allow, and refused proxies, from one peer."""
    return [
        _sign(device, capture, message, f"{device.name}: a packet from {message.source or source} did not fit its SA")
        for capture, message in messages(device, IDENTITY_TAGS)
        if source is None or message.source in {None, source}
    ]


def stamp(at: datetime) -> str:
    """A time in a sentence.

    >>> from datetime import UTC, datetime
    >>> stamp(datetime(2026, 5, 1, 12, 0, 7, tzinfo=UTC))
    '2026-05-01 12:00:07 UTC'
    """
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: float) -> str:
    """A duration in a sentence.

    >>> span(45), span(600), span(9000)
    ('45 s', '10 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
