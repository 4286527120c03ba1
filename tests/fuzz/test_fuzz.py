"""A short fuzzing run; `make fuzz` is the long one. Nothing here asserts a time."""

from __future__ import annotations

import random

import pytest
from fuzz_expressions import attacks, expressions
from fuzz_inputs import Sample, samples
from fuzz_mutators import LENGTH_MAX, MUTATORS, mutate
from fuzz_targets import TARGETS, Target, command

from fuzz import case, minimised, run_portion, try_one


@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_no_mutated_input_is_a_finding(first: int) -> None:
    portion = run_portion(20, first, 250, collected=False)
    told = [(f.target, f.sample, f.where, f.what, f.number) for f in portion.findings]
    assert told == []
    assert portion.inputs == 250


@pytest.mark.parametrize("target", [command, *(target for target, _ in TARGETS)], ids=lambda target: target.__name__)
@pytest.mark.parametrize("data", [b"", b"\x00", b"\n" * 50, b"\xff\xfe", b"\xef\xbb\xbf", bytes(range(256)) * 4])
def test_what_is_hardly_a_file_is_no_finding(target: Target, data: bytes) -> None:
    for sample in samples(collected=False)[::60]:
        assert try_one(target, sample, data, 1) is None


def test_an_input_is_made_from_its_seed_and_number_alone() -> None:
    assert case(7, 41, collected=False) == case(7, 41, collected=False)
    assert case(7, 41, collected=False) != case(8, 41, collected=False)


@pytest.mark.parametrize("mutator", MUTATORS, ids=lambda mutator: mutator.__name__)
def test_every_mutator_takes_anything(mutator: object) -> None:
    chance = random.Random(3)  # noqa: S311
    for data in (b"", b"\n", b"one line", b"two\nlines 12 192.0.2.1\n", bytes(range(256))):
        for _ in range(20):
            assert isinstance(mutator(data, chance, [b"other 1\ntext\n", b""]), bytes)  # type: ignore[operator]
    assert len(mutate(b"x" * LENGTH_MAX, chance, [b"y"])) <= LENGTH_MAX


def test_a_finding_is_found_and_made_small() -> None:
    def breaks(_sample: Sample, data: bytes, _chance: random.Random) -> None:
        assert b"7" not in data

    sample, data = samples(collected=False)[0], b"a line\nanother 17 line\nthe last\n"
    finding = try_one(breaks, sample, data, 1, 5)
    assert finding is not None
    assert (finding.number, finding.what.partition(":")[0]) == (5, "AssertionError")
    assert minimised(finding, lambda each: try_one(breaks, sample, each, 1) is not None) == b"7"


def test_every_expression_can_be_attacked() -> None:
    """What the long run measures is there: the package's own, the templates' rules, the engine's joined states."""
    found = list(expressions())
    assert len(found) > 500
    assert any(each.where.startswith("vpnaudit.parse.logs.") for each in found)
    assert any("all rules from" in each.where for each in found)
    assert all(isinstance(unit, str) and unit for each in found[:100] for _, unit in attacks(each.pattern))
