"""`make fuzz`: mutated device output through everything that reads it, on all cores; exit status 1 on a finding.

Before that, every regular expression is attacked, and readers are timed at n and at 4n of a stretched input.
Every input is made from the seed and its number alone, so `--seed S --first N --count 1` runs one of them again.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from fuzz_expressions import JOINED, expressions
from fuzz_expressions import Slow as SlowExpression
from fuzz_expressions import slow as slow_expression
from fuzz_growth import Growth, grows
from fuzz_inputs import Sample, samples, window
from fuzz_mutators import mutate
from fuzz_targets import TARGETS, Target, command

PORTION = 250
CPU_LIMIT_S = 20.0
"""CPU time of one target on one input; the slowest takes some hundredths of a second."""
FINDINGS_MAX = 25


class Finding(NamedTuple):
    """One input that one target did not take."""

    number: int
    target: str
    sample: str
    what: str
    where: str
    data: bytes


class OverTime(Exception):  # noqa: N818
    """The CPU time is up."""


class Portion(NamedTuple):
    """What came of some inputs; `slowest` is CPU seconds, target, sample and number."""

    inputs: int
    runs: Counter[str]
    findings: list[Finding]
    slowest: tuple[float, str, str, int]


def run_portion(seed: int, first: int, count: int, collected: bool = True) -> Portion:
    """Run the inputs `first` to `first + count - 1` of a seed."""
    runs: Counter[str] = Counter()
    findings: list[Finding] = []
    slowest = (0.0, "", "", 0)
    for number in range(first, first + count):
        sample, data, chosen, chance = case(seed, number, collected=collected)
        for target in (command, chosen):
            runs[target.__name__] += 1
            began = time.process_time()
            finding = try_one(target, sample, data, chance, number)
            took = time.process_time() - began
            slowest = max(slowest, (took, target.__name__, sample.name, number))
            if finding is not None:
                findings.append(finding)
    return Portion(count, runs, findings, slowest)


def case(seed: int, number: int, *, collected: bool = True) -> tuple[Sample, bytes, Target, int]:
    """Return the input of a number: its sample, the mutated bytes, the second target and the target's own chance."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311
    known = samples(collected=collected)
    sample = rng.choice(known)
    data = mutate(window(sample, rng), rng, [each.data[:20_000] for each in rng.choices(known, k=3)])
    chosen = rng.choices([target for target, _ in TARGETS], [weight for _, weight in TARGETS])[0]
    return sample, data, chosen, rng.randrange(2**32)


def try_one(target: Target, sample: Sample, data: bytes, chance: int, number: int = 0) -> Finding | None:
    """Run one target; a finding is any exception, and CPU time beyond the limit."""
    try:
        with _cpu_limit(CPU_LIMIT_S):
            target(sample, data, random.Random(chance))  # noqa: S311
    except Exception as error:  # noqa: BLE001 - any exception is what is looked for
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if "vpnaudit" in f.filename] or list(frames)
        where = f"{Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].name}"
        what = f"{type(error).__name__}: {str(error)[:300]}"
        return Finding(number, target.__name__, sample.name, what, where, data)
    return None


@contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise OverTime(f"more than {seconds} s of CPU time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def minimised(finding: Finding, fails: Callable[[bytes], bool], tries: int = 400) -> bytes:
    """Return a smaller input that still fails: lines are taken out first, then bytes, in ever smaller pieces."""
    data = finding.data
    for separator in (b"\n", b""):
        pieces = data.split(separator) if separator else [bytes([value]) for value in data]
        size = max(1, len(pieces) // 2)
        while size and tries > 0:
            at = 0
            while at < len(pieces) and tries > 0:
                tries -= 1
                fewer = pieces[:at] + pieces[at + size :]
                if fails(separator.join(fewer)):
                    pieces = fewer
                else:
                    at += size
            size //= 2
        data = separator.join(pieces)
    return data


def _minimise(seed: int, finding: Finding) -> bytes:
    sample, _, chosen, chance = case(seed, finding.number)
    target = command if finding.target == "command" else chosen

    def fails(data: bytes) -> bool:
        found = try_one(target, sample, data, chance)
        return found is not None and found.where == finding.where

    return minimised(finding, fails, 20 if finding.what.startswith("OverTime") else 400)


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--count", type=int, default=100_000, help="inputs")
    parser.add_argument("--growth", type=int, default=4_000, help="stretched inputs that are timed")
    parser.add_argument("--no-expressions", action="store_true", help="do not attack the regular expressions")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    with ProcessPoolExecutor(given.processes) as pool:
        slow = [] if given.no_expressions else _attack_expressions(pool)
        growths = _time_growth(pool, given.seed, given.growth)
        inputs = _fuzz(pool, given.seed, given.first, given.count)
    return 1 if slow or growths or inputs else 0


def _attack_expressions(pool: ProcessPoolExecutor) -> list[SlowExpression]:
    known = list(expressions())
    found = [each for each in pool.map(slow_expression, known, chunksize=20) if each is not None]
    alone = {each.where.partition(":")[0] for each in found if JOINED not in each.where}
    told = [each for each in found if JOINED not in each.where or each.where.partition(":")[0] not in alone]
    _say(f"{len(known):,} regular expressions, {len(told)} of them backtrack")
    for each in told:
        _say(
            f"\nFINDING {each.where}\n  {each.seconds[0] * 1000:.2f} ms, {each.seconds[1] * 1000:.2f} ms at four times"
        )
        _say(f"  {each.prefix[-80:]!r} and then {each.unit!r} often, then {each.end!r}")
    return told


def _time_growth(pool: ProcessPoolExecutor, seed: int, count: int) -> list[Growth]:
    found = [each for each in pool.map(partial(grows, seed), range(count), chunksize=50) if each is not None]
    _say(f"{count:,} stretched inputs, {len(found)} for which time grows faster than the input")
    for each in found:
        _say(f"\nFINDING {each.reader} on {each.sample}: {each.how}")
        _say(f"  {each.seconds[0]:.3f} s of CPU time, and {each.seconds[1]:.3f} s at four times the size")
    return found


def _fuzz(pool: ProcessPoolExecutor, seed: int, first: int, count: int) -> list[Finding]:
    began = time.monotonic()
    runs: Counter[str] = Counter()
    found: dict[tuple[str, str], Finding] = {}
    slowest = (0.0, "", "", 0)
    done = 0
    last = first + count
    coming = [pool.submit(run_portion, seed, at, min(PORTION, last - at)) for at in range(first, last, PORTION)]
    for each in as_completed(coming):
        portion = each.result()
        done += portion.inputs
        runs += portion.runs
        slowest = max(slowest, portion.slowest)
        for finding in portion.findings:
            found.setdefault((finding.where, finding.what.partition(":")[0]), finding)
        _progress(done, count, len(found), began)
        if len(found) >= FINDINGS_MAX:
            pool.shutdown(cancel_futures=True)
            break
    _say(f"\n{done:,} inputs, {runs.total():,} runs, seed {seed}, {time.monotonic() - began:.0f} s")
    _say(", ".join(f"{name} {count:,}" for name, count in sorted(runs.items())))
    _say(f"slowest: {slowest[0]:.2f} s of CPU time, {slowest[1]} on {slowest[2]}, input {slowest[3]}")
    for finding in found.values():
        _tell(seed, finding)
    return list(found.values())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _progress(done: int, count: int, findings: int, began: float) -> None:
    rate = done / max(0.001, time.monotonic() - began)
    end = "\r" if sys.stderr.isatty() else "\n"
    if sys.stderr.isatty() or done % (40 * PORTION) == 0 or done == count:
        sys.stderr.write(f"{done:,} of {count:,} inputs, {rate:.0f}/s, {findings} findings" + end)


def _tell(seed: int, finding: Finding) -> None:
    _say(f"\nFINDING {finding.target} in {finding.where}: {finding.what}")
    _say(f"  again: --seed {seed} --first {finding.number} --count 1   (from {finding.sample})")
    data = _minimise(seed, finding)
    _say(f"  minimised to {len(data)} bytes: {data[:1500]!r}")


if __name__ == "__main__":
    sys.exit(main())
