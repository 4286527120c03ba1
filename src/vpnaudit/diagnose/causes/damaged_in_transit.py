"""The SPI was changed on the way: one or two bits differ from a live one.

**Signature.** One line, or some that lie minutes apart; the SPI differs in one or two bits from a live inbound SPI of
that source; several such, errors on the interface that they came in on, or packets of that source whose authentication
failed in those days make it likely.

**Ruled out by.** No near SPI, or a stream of exact repeats.

**What to do.** Look at the errors of the receiving interface and of the path. Source: DESIGN 7, field guide 3.1.
"""

from __future__ import annotations

from vpnaudit.diagnose.interfaces import carriers
from vpnaudit.diagnose.log_reach import begin_is_seen
from vpnaudit.diagnose.of_story import receiver_of, repeated, sas_with_source_read
from vpnaudit.diagnose.proofs import first_and_last, placed, sa_tables
from vpnaudit.diagnose.signs import messages
from vpnaudit.diagnose.verdicts import out, reason, still_open
from vpnaudit.model.addresses import is_one_address
from vpnaudit.model.device import Device
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Cause, Reason, Story, Weighing
from vpnaudit.model.logs import of_firewalls
from vpnaudit.model.printable import counted
from vpnaudit.settings import Settings

NOT_AUTHENTIC = frozenset({"CRYPTO-4-RECVD_PKT_MAC_ERR", "IPSEC-3-HMAC_ERROR"}) | of_firewalls("402120")
"""Packets with a valid SPI that were changed, or made with another key (field guide 1.4, 1.6)."""


def _weigh(story: Story, fleet: Fleet, settings: Settings) -> Weighing:  # noqa: ARG001 - every cause has one shape
    if story.mechanism != "damaged":
        return _not_near(story, fleet)
    device = receiver_of(story, fleet)
    if not (repeated(story) or begin_is_seen(story, fleet)):
        question = f"did the same SPI come before? {device.name}'s log begins with that line"
        return still_open(question, f"{device.name}: show logging, as a syslog server has it")
    event = story.episodes[0].events[0]
    names = {e.interface for episode in story.episodes for e in episode.events if e.interface}
    names |= carriers(device, story.receiver_end)
    errors = [(c, i) for c, i in device.interfaces if i.name in names and (i.input_errors or 0) > 0]
    because = [reason(event.because, *event.evidence[:1], *(entry.evidence for entry in event.found))]
    because += [
        reason(f"{i.name} has {i.input_errors} input errors", device.cite_below(c, i.line, "input errors"))
        for c, i in errors
    ]
    because += _not_authentic(device, story)
    spis = len({e.spi for e in story.episodes})
    many = f"{spis} packets from {story.source} were" if spis > 1 else f"a packet from {story.source} was"
    return Weighing(
        verdict="fits",
        confidence="likely" if len(because) > 1 or spis > 1 else "possible",
        because=tuple(because),
        owner_devices=(device.name,),
        title=f"{many} damaged on the way to {device.name}",
    )


def _not_authentic(device: Device, story: Story) -> list[Reason]:
    """Packets of that source with a valid SPI whose authentication failed: what hits the SPI hits the rest oftener."""
    failed = [(c, m) for c, m in messages(device, NOT_AUTHENTIC) if is_one_address(m.source, story.source)]
    if not failed:
        return []
    capture, first = failed[0]
    text = f"{counted(len(failed), 'line')} of packets from {story.source} whose authentication failed"
    return [reason(text, device.cite(capture, first.line))]


def _not_near(story: Story, fleet: Fleet) -> Weighing:
    if repeated(story):
        return out("the same SPI came more than once: damage does not repeat itself exactly", *first_and_last(story))
    if story.mechanism == "unknown-source":
        return out("the source is no peer: there is no SPI of its own that was changed", *placed(story))
    if story.mechanism != "unexplained":
        return out("the SPI has a place of its own", *placed(story))
    if sas_with_source_read(story, fleet):
        device = receiver_of(story, fleet)
        return out("no live SPI of that source is within two bits of it", *placed(story), *sa_tables(device))
    return still_open("is it within a bit or two of a live SPI?", f"{story.receiver}: show crypto ipsec sa")


CAUSE = Cause(name="damaged-in-transit", order=40, owner="path", weigh=_weigh)
