"""What counters, probes and logged outages say of one path."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vpnaudit.loss.evidence import Outage, Path, PathProbe, measured_loss, path_reasons
from vpnaudit.model.device import Device
from vpnaudit.model.event import Episode
from vpnaudit.model.facts import Facts, Parsed, ParsedCapture
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import Diagnosis, Story, Subject
from vpnaudit.model.ledger import Ledger
from vpnaudit.model.sa import IkeTimeout
from vpnaudit.model.snapshot import Capture
from vpnaudit.model.system import Counter, InterfaceState, IpSlaResult

AT = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
LINE = "GigabitEthernet0/0"


def _said(facts: Facts, *outages: Outage, begins: tuple[float, ...] = ()) -> list[str]:
    fleet = _fleet(facts)
    path = Path(outages=outages, carriers={"edge1": frozenset({LINE})})
    return [r.text for r in path_reasons(_diagnosis(begins), fleet, path)]


def _fleet(facts: Facts) -> Fleet:
    capture = Capture(device="edge1", command="show tech", file="edge1/x.txt", text="a line\n" * 9)
    device = Device(
        name="edge1",
        platform="cisco_ios",
        defaults=None,
        captures=(ParsedCapture(capture=capture, parsed=Parsed(facts=facts)),),
    )
    return Fleet(devices=(device,), tunnels=(), ledger=Ledger(()), events=(), episodes=(), collected_at=AT)


def _diagnosis(begins: tuple[float, ...]) -> Diagnosis:
    episodes = tuple(
        Episode(
            id=str(n),
            tunnel=None,
            device="edge1",
            source="198.51.100.2",
            spi=4096 + n,
            first=AT,
            last=AT,
            first_at=AT + timedelta(seconds=seconds),
            last_at=AT + timedelta(seconds=seconds),
            uncertainty_s=0.0,
            lines=1,
            mechanism="unexplained",
            confidence="possible",
        )
        for n, seconds in enumerate(begins)
    )
    story = Story(
        mechanism="unexplained", receiver="edge1", sender=None, source="198.51.100.2", tunnel=None, episodes=episodes
    )
    return Diagnosis(
        id="x",
        cause="insufficient-evidence",
        severity="low",
        confidence="possible",
        owner="unknown",
        owner_devices=(),
        subject=Subject(),
        title="",
        because=(),
        ruled_out=(),
        would_settle=(),
        stories=(story,),
    )


def _line(**counts: int) -> Facts:
    return Facts(interfaces=(InterfaceState(line=2, name=LINE, **counts),))


def test_damaged_packets_are_a_measured_rate() -> None:
    facts = _line(input_packets=100_000, input_errors=440, output_drops=7)
    (said,) = _said(facts)
    assert said.startswith(f"edge1 {LINE}: 440 input errors, 0.44 % of the packets that arrived there; 7 output drops")
    path = Path(carriers={"edge1": frozenset({LINE.lower()})})
    assert measured_loss(_fleet(facts), path) == pytest.approx(0.0044)


def test_a_clean_line_speaks_against_loss() -> None:
    assert _said(_line(input_packets=100_000, input_errors=0)) == [
        f"edge1 {LINE}: no input errors and no drops counted"
    ]


def test_what_was_not_counted_says_nothing() -> None:
    assert _said(_line()) == []
    assert _said(Facts(interfaces=(InterfaceState(line=2, name="Other", input_packets=9, input_errors=9),))) == []
    assert measured_loss(_fleet(_line()), Path(carriers={"edge1": frozenset({LINE})})) is None


def test_timers_that_ran_out() -> None:
    ran_out = Facts(
        ike_timeouts=(
            IkeTimeout(line=3, name="AUTH TIMER", count=9),
            IkeTimeout(line=4, name="PACKET MAXIMUM RETRANS TIMER", count=12),
            IkeTimeout(line=5, name="DPD MAX RETRANS TIMER", count=0),
        )
    )
    (said,) = _said(ran_out)
    assert said.startswith("edge1 gave up IKEv2 messages or peers, of all its tunnels")
    assert said.endswith(": PACKET MAXIMUM RETRANS TIMER 12")
    never = Facts(ike_timeouts=(IkeTimeout(line=4, name="DPD MAX RETRANS TIMER", count=0),))
    assert "never gave up" in _said(never)[0]


def _rekeys(asked: int, answered: int) -> Facts:
    name = "CREATE_CHILD_SA_IPSEC_REKEY"
    return Facts(
        counters=(
            Counter(line=3, name=name, value=asked, scope="TX(REQ)"),
            Counter(line=3, name=name, value=answered, scope="RX(RES)"),
            Counter(line=4, name="IKE_SA_INIT", value=900, scope="TX(REQ)"),
        )
    )


def test_rekeys_that_were_never_answered() -> None:
    assert _said(_rekeys(801, 785)) == [
        "edge1: 16 of 801 CREATE_CHILD_SA_IPSEC_REKEY requests were never answered (1.998 %)"
    ]
    assert _said(_rekeys(801, 801)) == []
    assert _said(_rekeys(3, 1)) == []


JITTER = IpSlaResult(
    line=5, number=20, successes=288, failures=2, sent=1000, lost=5, lost_out=3, lost_back=1, longest_run=3
)
ECHO = IpSlaResult(line=2, number=10, successes=86_210, failures=190, return_code="OK")


def _probe(result: IpSlaResult, aim: Any = "peer", target: str | None = "198.51.100.2") -> PathProbe:
    return PathProbe(device="edge1", number=result.number, aim=aim, target=target, result=result)


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        (
            _probe(ECHO, "unknown", None),
            (
                "IP SLA 10 failed 190 of 86400 times (0.2199 %); whether it probes this path is UNKNOWN: no address of "
                "its target was collected (show running-config | section ip sla)"
            ),
        ),
        (
            _probe(JITTER),
            (
                "IP SLA 20 to 198.51.100.2 failed 2 of 290 times (0.6897 %) and lost 5 of 1000 packets in its latest "
                "run (0.5 %, 3 on the way out and 1 on the way back, at most 3 in a row); it probes the peer, outside "
                "the tunnel"
            ),
        ),
        (
            _probe(IpSlaResult(line=2, number=7, successes=0, failures=9, return_code="Timeout"), "first-hop"),
            (
                "IP SLA 7 to 198.51.100.2 failed 9 of 9 times (100 %); its latest run ended with 'Timeout'; it probes "
                "the first hop of the path alone"
            ),
        ),
        (_probe(ECHO, "elsewhere"), "IP SLA 10 probes neither this peer nor a network of this tunnel: not counted"),
        (_probe(IpSlaResult(line=8, number=30)), None),
        (_probe(IpSlaResult(line=9, number=40, successes=0, failures=0)), None),
        (_probe(IpSlaResult(line=9, number=41, successes=0, failures=0, sent=0, lost=0)), None),
    ],
)
def test_the_devices_own_probes(probe: PathProbe, said: str | None) -> None:
    path = Path(carriers={"edge1": frozenset({LINE})}, probes=(probe,))
    found = [r.text for r in path_reasons(_diagnosis(()), _fleet(Facts()), path)]
    assert found == ([f"edge1: {said}"] if said else [])


@pytest.mark.parametrize(
    ("probe", "share"),
    [
        (_probe(ECHO), 190 / 86_400),
        (_probe(JITTER), 4 / 1000),
        (_probe(IpSlaResult(line=1, number=1, successes=9, failures=0, sent=10, lost=2)), 0.2),
        (_probe(IpSlaResult(line=1, number=1, successes=0, failures=9)), None),
        (_probe(IpSlaResult(line=1, number=1, successes=9, failures=0)), None),
        (_probe(IpSlaResult(line=1, number=1, successes=9, failures=1, sent=10, lost=10)), None),
        (_probe(ECHO, "first-hop"), None),
        (_probe(ECHO, "tunnel"), None),
        (_probe(ECHO, "unknown"), None),
    ],
)
def test_probes_to_the_peer_are_a_measured_rate(probe: PathProbe, share: float | None) -> None:
    path = Path(carriers={"edge1": frozenset({LINE})}, probes=(probe,))
    assert measured_loss(_fleet(Facts()), path) == pytest.approx(share)


SIGNS = "signs of an outage of this path (line, session, IKE or probe): 2"


def test_outages_within_two_minutes_before() -> None:
    outages = tuple(Outage(at=AT + timedelta(seconds=s), text=f"down {s}") for s in (0, 1000))
    assert _said(Facts(), *outages, begins=(60.0, 119.0, 400.0, 1004.0)) == [
        f"{SIGNS}; 3 of 4 episodes had one within two minutes before it"
    ]
    assert _said(Facts(), *outages, begins=(500.0,)) == [
        f"{SIGNS}; 0 of 1 episode had one within two minutes before it"
    ]
    assert _said(Facts(), begins=(60.0,)) == []
