"""What feeds the SPI ledger, from the text of a device: every kind of record, with its times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from vpnaudit.correlate import correlate
from vpnaudit.model.ledger import LedgerEntry
from vpnaudit.pipeline.devices import read_devices
from vpnaudit.settings import Settings

SPI, OUT = 0x3344AA55, 0x0A0B0C0D
TRACE = "show monitor event-trace crypto ipsec event all"


def stamp(at: datetime) -> str:
    return at.strftime("%b %d %H:%M:%S.000")


def ledger(bench: Any, *snapshots: Any, spi: int = SPI) -> list[LedgerEntry]:
    read = read_devices(snapshots, bench.at)
    fleet = correlate(
        read.devices,
        older=read.older,
        readings=read.readings,
        collected_at=bench.at,
        started_at=None,
        settings=Settings(),
    )
    return [e for e in fleet.ledger.entries() if e.spi == spi]


def hub(bench: Any, *lines: str, at: datetime | None = None, traced: str | None = None) -> Any:
    """A snapshot of the hub alone."""
    at = at or bench.at
    found = bench.answers("hub", lines=lines, at=at) | ({TRACE: traced} if traced is not None else {})
    return bench.snapshot(bench.device("hub", found, at=at), at=at)


def told(entry: LedgerEntry, bench: Any) -> tuple[Any, ...]:
    """Role, peer, how it is known, and how long before the collection it came and went."""
    ages = [(bench.at - t).total_seconds() if t else None for t in (entry.installed_at, entry.gone_at)]
    return (entry.role, entry.peer, entry.how, *ages)


def firewall(bench: Any, ago_s: float, text: str) -> str:
    return f"{bench.ago(ago_s).strftime('%b %d %Y %H:%M:%S')}: {text}"


def test_a_firewalls_sa_messages(bench: Any) -> None:
    ends = f"between {bench.hub} and {bench.spoke} (user= {bench.spoke})"
    sa = f"An inbound LAN-to-LAN SA (SPI= 0x{SPI:X}) {ends} has been"
    made = firewall(bench, 4000, f"%ASA-6-602303: IPSEC: {sa} created.")
    gone = firewall(bench, 400, f"%ASA-6-602304: IPSEC: {sa} deleted.")
    (entry,) = ledger(bench, hub(bench, made, gone))
    assert told(entry, bench) == ("receiver", bench.spoke, "log", 4000, 400)


def test_a_firewalls_negotiation_names_both_spis(bench: Any) -> None:
    """713049, the pair and the role (field guide 1.6)."""
    said = (
        f"%ASA-5-713049: Group = {bench.spoke}, IP = {bench.spoke}, Security negotiation complete for LAN-to-LAN Group "
        f"({bench.spoke})  Initiator, Inbound SPI = 0x{SPI:x}, Outbound SPI = 0x{OUT:x}"
    )
    snapshot = hub(bench, firewall(bench, 4000, said))
    (into,), (out,) = ledger(bench, snapshot), ledger(bench, snapshot, spi=OUT)
    assert told(into, bench) == ("receiver", bench.spoke, "log", 4000, None)
    assert told(out, bench) == ("sender", bench.spoke, "log", 4000, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "IPSEC(create_sa): sa created,\n  (sa) sa_dest= {hub}, sa_proto= 50,\n    sa_spi= 0x{spi:X}({spi}),",
            ("receiver", None, "log", 4000, None),
            id="installed",
        ),
        pytest.param(
            "IPSEC(create_sa): sa created,\n  (sa) sa_dest= {spoke}, sa_proto= 50,\n    sa_spi= 0x{spi:X}({spi}),",
            ("sender", "{spoke}", "log", 4000, None),
            id="installed towards the peer",
        ),
        pytest.param(
            "IPSEC(delete_sa): deleting SA,\n  (sa) sa_dest= {hub}, sa_proto= 50,\n    sa_spi= 0x{spi:X}({spi}),",
            ("receiver", None, "log", None, 4000),
            id="deleted",
        ),
        pytest.param(
            "IPSEC(key_engine_delete_sas): delete SA with spi 0x{spi:X} proto 50 for {hub}",
            ("receiver", None, "log", None, 4000),
            id="told to be deleted by IKE",
        ),
        pytest.param(
            "IPSEC(spi_response): getting spi {spi} for SA\n        from {spoke} to {hub} for prot 3",
            ("receiver", "{spoke}", "handed out", None, None),
            id="handed out in a negotiation",
        ),
        pytest.param(
            "IPSEC(update_current_outbound_sa): updated peer {spoke} current outbound sa to SPI {spi:X}",
            ("sender", "{spoke}", "log", 4000, None),
            id="taken into use towards the peer",
        ),
    ],
)
def test_debugs_in_the_log(bench: Any, text: str, expected: tuple[Any, ...]) -> None:
    words = {"hub": bench.hub, "spoke": bench.spoke, "spi": SPI}
    lines = [f"{stamp(bench.ago(4000))}: {text.format(**words)}"]
    (entry,) = ledger(bench, hub(bench, *lines))
    assert told(entry, bench) == tuple(e.format(**words) if isinstance(e, str) else e for e in expected)


def test_an_spi_that_was_handed_out_and_then_installed_was_installed(bench: Any) -> None:
    asked = f"{stamp(bench.ago(4001))}: IPSEC(spi_response): getting spi {SPI} for SA from {bench.spoke} to {bench.hub}"
    made = (
        f"{stamp(bench.ago(4000))}: IPSEC(create_sa): sa created, (sa) sa_dest= {bench.hub}, sa_spi= 0x{SPI:X}({SPI})"
    )
    assert [told(e, bench) for e in ledger(bench, hub(bench, asked, made))] == [
        ("receiver", bench.spoke, "log", 4000, None)
    ]


def test_an_spi_that_was_only_handed_out_is_told_so(bench: Any) -> None:
    """The third place for an SPI: the receiver gave it to the sender and never had the SA (field guide 11)."""
    asked = f"{stamp(bench.ago(700))}: IPSEC(spi_response): getting spi {SPI} for SA from {bench.spoke} to {bench.hub}"
    lines = [asked, *(bench.line(SPI, ago) for ago in (660, 600, 540))]
    audit = bench.audit(hub(bench, *lines))
    assert {(e.mechanism, e.confidence) for e in audit.events} == {("stale-sa", "likely")}
    assert "handed that SPI out" in audit.events[0].because


def trace(bench: Any, action: str, ago_s: float) -> str:
    word = {"create": "IPSEC-CREATE-SA:  sa create", "delete": "IPSEC-DELETE-SA:  sa delete"}[action]
    return (
        f"{stamp(bench.ago(ago_s))}: IPSEC-EVENT:{word} : (sa) sa_dest= {bench.hub}, sa_proto= 50, "
        f"sa_spi= 0x{SPI:X}({SPI})\n"
    )


def test_an_event_trace(bench: Any) -> None:
    traced = trace(bench, "create", 4000) + trace(bench, "delete", 400)
    (entry,) = ledger(bench, hub(bench, traced=traced))
    assert told(entry, bench) == ("receiver", None, "event trace", 4000, 400)


@pytest.mark.parametrize("manifest", [True, False])
def test_an_earlier_table(bench: Any, manifest: bool) -> None:
    """It had 2700 of 3600 s left two hours ago; without a manifest the device's own clock says when that was."""
    answers = bench.answers("hub", spis=(SPI, OUT), at=bench.ago(7200))
    at = bench.ago(7200) if manifest else None
    before = bench.snapshot(bench.device("hub", answers, at=at), at=at, path="nights/before")
    (entry,) = ledger(bench, before, hub(bench))
    assert told(entry, bench) == ("receiver", bench.spoke, "older snapshot", 8100, 4500)


def test_what_an_earlier_collection_logged_and_traced(bench: Any) -> None:
    """The buffer and the trace have turned over since; the records of then are as good."""
    made = (
        f"{stamp(bench.ago(9000))}: IPSEC(create_sa): sa created, (sa) sa_dest= {bench.spoke}, sa_spi= 0x{OUT:X}({OUT})"
    )
    before = hub(bench, made, at=bench.ago(7200), traced=trace(bench, "create", 8000))
    (traced,), (logged,) = ledger(bench, before, hub(bench)), ledger(bench, before, hub(bench), spi=OUT)
    assert told(traced, bench) == ("receiver", None, "event trace", 8000, None)
    assert told(logged, bench) == ("sender", bench.spoke, "log", 9000, None)


def test_what_two_collections_say_of_one_sa_is_one_entry(bench: Any) -> None:
    before = hub(bench, at=bench.ago(7200), traced=trace(bench, "create", 8000))
    now = hub(bench, traced=trace(bench, "create", 8000) + trace(bench, "delete", 400))
    assert [told(e, bench) for e in ledger(bench, before, now)] == [("receiver", None, "event trace", 8000, 400)]


def test_an_earlier_collection_by_a_clock_that_was_off(bench: Any) -> None:
    """Each collection has its own offset: then the clock was an hour ahead, now it is right."""
    ahead = bench.ago(7200 - 3600)
    answers = bench.answers("hub", at=ahead) | {TRACE: trace(bench, "create", 8000 - 3600)}
    before = bench.snapshot(bench.device("hub", answers, at=bench.ago(7200)), at=bench.ago(7200))
    (entry,) = ledger(bench, before, hub(bench))
    assert told(entry, bench)[3] == 8000
