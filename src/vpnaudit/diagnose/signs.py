"""What the causes look for in a device's facts: state that was lost, outages, memory failures, session changes.

All times are on the common clock. A sign carries its evidence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import pairwise

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
from vpnaudit.settings import Settings

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
        "IKEV2-3-NEG_ABORT",
        "CRYPTO-4-IKMP_PEER_DEAD",
        "CRYPTO-5-IKMP_PEER_DEAD",
        "CRYPTO-4-DPD",
        "CRYPTO-5-DPD",
        "CRYPTO-5-DPD_FAILURE",
    }
) | _firewall("3-713123")
"""That a peer gave no answer. `IKMP_MODE_FAILURE` is none: a mode fails because one end refuses what the other says."""
REFUSED = ("policy", "proposal", "auth exchange", "authentication", "identity", "selector", "certificate")
"""In the reason of an IKE failure: the peer was heard, so the path was there."""
IKE_SWITCHED = "CRYPTO-6-ISAKMP_ON_OFF"
COUNTED = frozenset({"counters", "stats", "statistics", "accelerator", "protocol", "logging", "pki", "ca"})
"""What else can be cleared below `crypto`, and costs no SA."""
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
LOG_LEAD_S = 90.0
"""A log with a line so long before a stream's first one would have had an earlier one of it, at one a minute."""
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
    is_nameless: bool = False
    """Of IKE with a peer that the message does not name: of this one, or of any other."""
    is_takeover: bool = False
    """A standby that became active."""
    interface: str | None = None
    """Where it took over, or lost its crypto map; null: the message names none, or it is of the whole device."""
    peer: str | None = None
    """The one whose SAs were cleared; null: everybody's."""


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


class InOrder:
    """Signs by their time, so that those of a window are found without a look at all."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        dated = [(s.at, place, s) for place, s in enumerate(signs) if s.at is not None]
        self._dated = sorted(dated, key=lambda found: found[:2])
        self._times = [at for at, _, _ in self._dated]
        self._slack = timedelta(seconds=max((s.uncertainty_s for _, _, s in self._dated), default=0.0))

    def within(self, window: Window) -> list[Sign]:
        """Those that the window has, in the order in which they were given."""
        low = bisect_left(self._times, window.low - self._slack) if window.low is not None else 0
        high = bisect_right(self._times, window.high + self._slack) if window.high is not None else len(self._times)
        found = [(place, sign) for _, place, sign in self._dated[low:high] if window.has(sign)]
        return [sign for _, sign in sorted(found, key=lambda one: one[0])]


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


def clocks_are_known(story: Story, fleet: Fleet) -> bool:
    """Whether times of the two ends can be set side by side at all."""
    devices = (receiver_of(story, fleet), sender_of(story, fleet))
    return all(d is None or d.clock_uncertainty_s is not None for d in devices)


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


def goes_on(story: Story, settings: Settings) -> bool:
    """Whether one SPI came for longer than a stale SA needs to show itself (DESIGN 7)."""
    return any(e.duration_s > settings.thresholds.stale_after_s for e in story.episodes)


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
    """Whatever makes a device forget its SAs: a restart, a failover, a clear, a crypto map that is taken off."""
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
        elif message.tag == IKE_SWITCHED and state == "off":
            text = f"{device.name} switched IKE off: its last crypto map was taken off"
            found.append(_sign(device, capture, message, text))
        elif _clears_sas(command) or _takes_map_off(command):
            entered = message.details["command"]
            sign = _sign(device, capture, message, f"{device.name}: `{entered}` was entered")
            found.append(structs.replace(sign, peer=_peer_of(command), interface=_of_map(device, command)))
    return found


def _clears_sas(command: str) -> bool:
    """Whether a command that was logged ends IKE or IPsec SAs; counters can be cleared too.

    >>> [_clears_sas(c) for c in ("do clear crypto sa", "clear ipsec sa peer 192.0.2.1", "clear crypto sa counters")]
    [True, True, False]
    """
    words = command.removeprefix("do ").split()
    return words[:1] == ["clear"] and words[1:2] in (["crypto"], ["ipsec"], ["isakmp"]) and COUNTED.isdisjoint(words)


def _takes_map_off(command: str) -> bool:
    """Whether a whole crypto map goes (`no crypto map NAME`), not one entry of it.

    >>> _takes_map_off("no crypto map VPN"), _takes_map_off("no crypto map VPN 10")
    (True, False)
    """
    words = command.split()
    return words[:3] == ["no", "crypto", "map"] and len(words) == 4


def _peer_of(command: str) -> str | None:
    """The address that a clear names; one behind `local` is the device's own.

    >>> _peer_of("clear crypto session local 192.0.2.1 remote 198.51.100.7"), _peer_of("clear crypto sa")
    ('198.51.100.7', None)
    """
    words = command.split()
    named = (as_written(word) for before, word in pairwise(words) if before != "local")
    return next((address for address in named if address is not None), None)


@lru_cache(maxsize=65_536)
def as_written(text: str) -> str | None:
    """An address in its one canonical form; null: it is none.

    >>> as_written("2001:DB8:0::1"), as_written("gw.example.net")
    ('2001:db8::1', None)
    """
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _one_spelling(text: str | None) -> str | None:
    """A peer as it is compared: logs and tables write one IPv6 address in several ways."""
    return as_written(text) or text if text is not None else None


def _of_map(device: Device, command: str) -> str | None:
    """The one interface whose crypto map a command takes off, if the configuration has it there (again)."""
    if device.config is None or not _takes_map_off(command):
        return None
    name = command.rsplit(maxsplit=1)[-1]
    carrying = [i.name for i in device.config[1].interfaces if (i.crypto_map or "").lower() == name]
    return carrying[0] if len(carrying) == 1 else None


def losses_of(story: Story, fleet: Fleet) -> list[Sign]:
    """What made the receiver forget SAs, the tunnel's among them.

    What happened on an interface that does not carry the tunnel, or to the SAs with another peer, cost it none.
    """
    device, source = receiver_of(story, fleet), as_written(story.source or "")
    inputs = {e.interface for episode in story.episodes for e in episode.events if e.interface}
    lines = carriers(device, receiver_end(story)) | inputs
    return [
        sign
        for sign in state_losses(device)
        if not (sign.interface is not None and lines and sign.interface not in lines)
        and (sign.peer is None or source is None or sign.peer == source)
    ]


def unread_partner(story: Story, fleet: Fleet) -> str | None:
    """Who else has the address to which the packets came, where no such device's SA table was had."""
    device, end = receiver_of(story, fleet), receiver_end(story)
    to = story.episodes[0].events[0].destination if story.episodes else None
    shared = to or (end.address if end is not None else None) or story.receiver
    partners = [name for name in fleet.sharing.get(shared, ()) if name != story.receiver]
    if partners:
        return next((name for name in partners if not fleet.device_by_name[name].read(*SA_COMMANDS)), None)
    if device.config is not None:
        has_one = any(shared in i.standby_addresses for i in device.config[1].interfaces)
    else:
        has_one = any(s.is_takeover for s in losses_of(story, fleet))
    return f"the partner of {device.name}" if has_one else None


def outages(device: Device, end: TunnelEnd | None, source: str | None) -> list[Sign]:
    """Times at which the path or the peer was gone.

    Line protocol down, session down, DPD or IKE given up, no answer to an IP SLA probe of the path.
    """
    lines, wanted = carriers(device, end), {_one_spelling(source), None}
    logged = [
        _own_line(outage, end)
        for outage in device.once(_all_outages)
        if (outage.interface in lines if outage.interface is not None else outage.peer in wanted or not source)
    ]
    operations = operations_of(device)
    aims = {number: aim_of(device, operation, end, source, lines) for number, operation in operations.items()}
    probed = [sign for number, sign in device.once(_failed_probes) if aims.get(number) in {"peer", "first-hop"}]
    return logged + probed


def _own_line(outage: _Outage, end: TunnelEnd | None) -> Sign:
    """The line of a tunnel interface goes down with its SAs: that tells of its session, not of the path."""
    if end is not None and end.vti and outage.interface is not None and outage.interface == end.interface:
        return structs.replace(outage.sign, is_line=False, is_session=True)
    return outage.sign


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
            found.append(_Outage(structs.replace(sign, is_session=True), None, _one_spelling(peer)))
        elif _is_ike_failure(message):
            sign = _sign(device, capture, message, f"{device.name}: IKE with {peer or 'a peer'} failed")
            found.append(_Outage(structs.replace(sign, is_nameless=peer is None), None, _one_spelling(peer)))
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
    reason_given = message.details.get("reason", "").lower()
    if message.tag in IKE_FAILURES:
        return not any(words in reason_given for words in REFUSED)
    return "dpd" in reason_given


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
    """The interfaces that have the address by the device's configuration; none where it may share it with another.

    A partner by standby address; any router by a loopback, whose address routing may bring to several (anycast).
    """
    if device.config is None or any(address in i.standby_addresses for i in device.config[1].interfaces):
        return ()
    capture, config = device.config
    own = [i for i in config.interfaces if any(a.partition("/")[0] == address for a in i.addresses)]
    if any(i.name.startswith("Loopback") for i in own):
        return ()
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
    wanted = {_one_spelling(source), None}
    return [(state, sign) for state, peer, sign in device.once(_all_sessions) if source is None or peer in wanted]


def _all_sessions(device: Device) -> list[tuple[str, str | None, Sign]]:
    found = []
    for capture, message in messages(device, SESSION_TAGS | SESSION_STATES.keys()):
        peer = message.details.get("peer") or message.source
        state = _session_state(message)
        if state in {"up", "down"}:
            sign = _sign(device, capture, message, f"the session with {peer} went {state}")
            found.append((state, _one_spelling(peer), sign))
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


def log_reaches(device: Device, at: datetime | None) -> bool:
    """Whether its logs show what happened at that time: they begin before it, or the buffer has lost no line yet.

    Logs of nothing but lines with an invalid SPI may have been filtered for them.
    """
    begin = log_begins(device)
    since = begin is not None and at is not None and begin <= at
    return device.once(_log_is_whole) or (since and any(not m.is_invalid_spi for _, m in device.messages))


def _log_is_whole(device: Device) -> bool:
    """Whether `show logging` counts no more lines than it shows: then none was pushed out since the boot."""
    if device.log_header is None:
        return False
    capture, header = device.log_header
    shown = sum(m.count for m in capture.parsed.facts.messages)
    return header.messages_logged is not None and header.messages_logged <= shown


def begin_is_seen(story: Story, fleet: Fleet) -> bool:
    """Whether the story's first line is the first of its stream: the log shows what was before it.

    A log that begins with the stream has lost the beginning of it, at one line a minute (field guide 1.3).
    """
    begin = begins(story)
    return begin is not None and log_reaches(receiver_of(story, fleet), begin - timedelta(seconds=LOG_LEAD_S))


def is_older_than_sa(at: datetime, story: Story, fleet: Fleet) -> bool:
    """Whether something dates from before the SA that the sender keeps, and so from before its receiver lost it."""
    sa = sent_sa(story)
    return sa is not None and sa.installed_at is not None and at <= sa.installed_at and clocks_are_known(story, fleet)


def identity_errors(device: Device, source: str | None) -> list[Sign]:
    """Packets whose inner addresses the SA does not allow, and refused proxies, from one peer."""
    return [
        _sign(device, capture, message, f"{device.name}: a packet from {message.source or source} did not fit its SA")
        for capture, message in messages(device, IDENTITY_TAGS)
        if source is None or _one_spelling(message.source) in {None, _one_spelling(source)}
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
