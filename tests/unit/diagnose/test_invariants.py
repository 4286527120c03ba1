"""What must not matter to a judgement, and what less evidence may not do. Over all stories of the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st
from msgspec import structs

from vpnaudit.diagnose import diagnose
from vpnaudit.model.fleet import Fleet
from vpnaudit.model.judgement import CONFIDENCES, Diagnosis
from vpnaudit.settings import Settings

EXAMPLES = configured(max_examples=60)
ALL_CASES = 60
"""More than there are stories; the drawn number is taken modulo."""


def a_story(stories: Any, number: int) -> Any:
    found = [s for case in stories.cases.values() for s in (*case.first.values(), *case.ruled_out.values())]
    return found[number % len(found)]


def others(lab: Any, pairs: int) -> list[Any]:
    """Healthy tunnels between routers that have to do with nobody else."""
    found = []
    for n in range(pairs):
        ends = [lab.router(f"zz-{n}-{side}", f"203.0.113.{200 + 2 * n + side}") for side in (0, 1)]
        spis = (0x6000_0001 + 2 * n, 0x6000_0002 + 2 * n)
        for here, there, (into, out) in zip(ends, reversed(ends), (spis, spis[::-1]), strict=True):
            here.configure(there.address).pair(there.address, into, out).ike(there.address)
        found += ends
    return found


def words(found: Sequence[Diagnosis]) -> list[tuple[Any, ...]]:
    """Everything that a diagnosis says."""
    return [
        (d.id, d.severity, d.confidence, d.owner, d.owner_devices, d.title, d.because, d.ruled_out, d.would_settle)
        for d in found
    ]


def surest(found: Sequence[Diagnosis]) -> dict[str | None, int]:
    """By source, the highest confidence of what is said of it."""
    best: dict[str | None, int] = {}
    for diagnosis in found:
        rank = CONFIDENCES.index(diagnosis.confidence)
        source = diagnosis.subject.source
        best[source] = min(rank, best.get(source, rank))
    return best


@EXAMPLES
@given(number=st.integers(0, ALL_CASES), order=st.randoms(use_true_random=False))
def test_the_order_of_devices_and_of_log_captures(lab: Any, stories: Any, number: int, order: Any) -> None:
    routers = a_story(stories, number)(lab)
    devices = [_with_log_twice(r) for r in routers]
    turned = [
        structs.replace(d, log_captures=tuple(order.sample(d.log_captures, len(d.log_captures)))) for d in devices
    ]
    order.shuffle(turned)
    plain, shuffled = lab.join(devices, routers), lab.join(turned, routers)
    assert _facts(plain) == _facts(shuffled)
    assert words(diagnose(plain, Settings())) == words(diagnose(shuffled, Settings()))


def _with_log_twice(router: Any) -> Any:
    """The buffer, and a syslog server's copy of it."""
    (buffer,) = router.device().log_captures or (None,)
    if buffer is None:
        return router.device()
    copy = structs.replace(buffer, capture=structs.replace(buffer.capture, command="syslog", file="syslog.log"))
    return router.device(buffer, copy)


def _facts(fleet: Fleet) -> tuple[Any, ...]:
    return fleet.tunnels, fleet.events, fleet.episodes


@EXAMPLES
@given(number=st.integers(0, ALL_CASES))
def test_a_syslog_servers_copy_of_the_buffer_tells_nothing_twice(lab: Any, stories: Any, number: int) -> None:
    routers = a_story(stories, number)(lab)
    once, twice = (lab.join(d, routers) for d in ([r.device() for r in routers], [_with_log_twice(r) for r in routers]))
    assert _verdicts(diagnose(once, Settings())) == _verdicts(diagnose(twice, Settings()))


@EXAMPLES
@given(number=st.integers(0, ALL_CASES), pairs=st.integers(1, 3))
def test_unrelated_healthy_pairs_change_no_diagnosis(lab: Any, stories: Any, number: int, pairs: int) -> None:
    build = a_story(stories, number)
    assert words(lab.diagnose(*build(lab))) == words(lab.diagnose(*build(lab), *others(lab, pairs)))


@EXAMPLES
@given(number=st.integers(0, ALL_CASES), gone=st.integers(0, 2))
def test_without_one_device_nothing_is_surer(lab: Any, stories: Any, number: int, gone: int) -> None:
    build = a_story(stories, number)
    whole = surest(lab.diagnose(*build(lab)))
    left = [r for n, r in enumerate(build(lab)) if n != gone]
    for source, rank in surest(lab.diagnose(*left)).items():
        assert source in whole, "and nobody is blamed who was not"
        assert rank >= whole[source]


@EXAMPLES
@given(number=st.integers(0, ALL_CASES), at=st.integers(0, 2), data=st.data())
def test_without_an_answer_nothing_is_proven_that_was_not(
    lab: Any, stories: Any, number: int, at: int, data: st.DataObject
) -> None:
    """Another cause may then be proven only where it asks for the answer that would have gone before it."""
    build = a_story(stories, number)
    routers = build(lab)
    router = routers[at % len(routers)]
    command = data.draw(st.sampled_from(sorted({*router.answers(), "show logging"})))
    router.without.add(command)
    proven = {d.cause for d in lab.diagnose(*build(lab)) if d.confidence == "proven"}
    for diagnosis in lab.diagnose(*routers):
        asked = {w.command for w in diagnosis.would_settle}
        if diagnosis.confidence == "proven" and diagnosis.cause not in proven:
            assert f"{router.name}: {command}" in asked


@EXAMPLES
@given(number=st.integers(0, ALL_CASES), ahead_s=st.sampled_from([-86_400.0, -7200.0, 90.0, 3600.0, 172_800.0]))
def test_clocks_that_the_manifest_tells_do_not_matter(lab: Any, stories: Any, number: int, ahead_s: float) -> None:
    """A router whose clock is off by a known time is judged as if it were right."""
    build = a_story(stories, number)
    right, wrong = build(lab), build(lab)
    if not all(r.manifest for r in right):
        return
    for router in wrong:
        router.ahead_s = ahead_s
        router.messages = [_moved(lab, m, ahead_s) for m in router.messages]
        router.traces = [structs.replace(t, at=t.at + lab.seconds(ahead_s)) for t in router.traces]
    assert _verdicts(lab.diagnose(*right)) == _verdicts(lab.diagnose(*wrong))


def _moved(lab: Any, message: Any, seconds: float) -> Any:
    return message if message.time is None else structs.replace(message, time=message.time + lab.seconds(seconds))


def _verdicts(found: Sequence[Diagnosis]) -> list[tuple[str, str, str]]:
    return [(d.id, d.severity, d.confidence) for d in found]
