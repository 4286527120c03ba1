"""One tunnel out of an audit."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from vpnaudit.errors import UsageError
from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.tunnel import narrow

OTHER = "192.0.2.77"


@pytest.fixture(scope="module")
def audit(bench: Any) -> Audit:
    """Two hubs with the same spoke, a stranger at both, and streams at each."""
    lines = [bench.line(0x3344AA55, n) for n in range(600, 0, -60)]
    strangers = [bench.line(0x77B40000, 400, source="203.0.113.66")]
    first = bench.device("hub", bench.answers("hub", lines=[*strangers, *lines]))
    other = {c: t.replace(bench.hub, OTHER) for c, t in bench.answers("hub", lines=[*strangers, *lines]).items()}
    second = bench.device("second", {c: t.replace("hostname hub", "hostname second") for c, t in other.items()})
    return bench.audit(bench.snapshot(first, second, bench.device("spoke")))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("device", "peer"),
    [
        ("hub", "spoke"),
        ("hub", "198.51.100.7"),
        ("spoke", "hub"),
        ("spoke", "192.0.2.1"),
        ("192.0.2.1", "spoke"),
        ("HUB", "Spoke"),
    ],
)
def test_by_names_and_addresses(audit: Audit, device: str, peer: str) -> None:
    found = narrow(audit, device, peer)
    assert [t.id for t in found.tunnels] == ["192.0.2.1-198.51.100.7"]
    assert [d.name for d in found.devices if d.name != device] == sorted({"hub", "spoke"} - {device})
    assert {d.subject.tunnel for d in found.diagnoses} == {"192.0.2.1-198.51.100.7"}
    assert {e.device for e in found.events} == {"hub"}


def test_another_hubs_trouble_with_the_same_peer_stays_out(audit: Audit) -> None:
    assert {d.subject.tunnel for d in audit.diagnoses} >= {"192.0.2.1-198.51.100.7", f"{OTHER}-198.51.100.7"}
    assert {d.subject.tunnel for d in narrow(audit, "hub", "198.51.100.7").diagnoses} == {"192.0.2.1-198.51.100.7"}


def test_a_source_that_is_no_peer(audit: Audit) -> None:
    found = narrow(audit, "hub", "203.0.113.66")
    assert [d.cause for d in found.diagnoses] == ["unconfigured-source"]
    assert (found.tunnels, {e.device for e in found.episodes}) == ((), {"hub"})


def test_one_of_many_sources_that_are_told_together(bench: Any) -> None:
    strangers = [bench.line(0x77B40000, 400, source=f"203.0.113.{n}") for n in range(60, 75)]
    whole = bench.audit(bench.snapshot(bench.device("hub", bench.answers("hub", lines=strangers))))
    assert [d.subject.source for d in whole.diagnoses] == [None]
    found = narrow(whole, "hub", "203.0.113.66")
    assert ([d.id for d in found.diagnoses], len(found.episodes)) == ([d.id for d in whole.diagnoses], 1)


def test_the_numbers_are_those_of_what_is_left(audit: Audit) -> None:
    found = narrow(audit, "hub", "spoke")
    summary = found.summary
    assert (summary.devices, summary.tunnels) == (2, 1)
    assert (
        (summary.events, summary.diagnoses) == (len(found.events), len(found.diagnoses)) == (10, len(found.diagnoses))
    )
    failed = [f for f in found.findings if f.status == "FAIL"]
    assert sum(structs.asdict(summary.findings).values()) == len(failed)
    wanted = {r for x in (*found.diagnoses, *found.findings) for r in x.remediations}
    assert {r.id for r in found.remediations} == wanted


@pytest.mark.parametrize(
    ("device", "peer", "words"),
    [
        ("hub", "203.0.113.1", "its peers are 198.51.100.7"),
        ("spoke", "nobody", r"its peers are 192\.0\.2\.1$"),
        ("nobody", "hub", "devices here: hub, second, spoke"),
    ],
)
def test_what_is_there_is_said_where_nothing_fits(audit: Audit, device: str, peer: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        narrow(audit, device, peer)
