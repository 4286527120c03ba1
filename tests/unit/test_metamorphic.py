"""What must not matter, and what less evidence may do.

`python -m tests.unit.test_metamorphic [SEEDS] [FAULT…]` (with `src` on the path) prints what is left of each judgement
when evidence is taken away: every fault x every removal x some seeds. A row is wrong where a cause is named that
neither is true nor was named with all evidence, or where less evidence gave more confidence.
"""

from __future__ import annotations

import importlib
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from vpnaudit.model.audit import Audit, AuditDiagnosis
from vpnaudit.model.judgement import CONFIDENCES
from vpnaudit.pipeline.audit import audit_sources
from vpnaudit.report import render
from vpnaudit.settings import Settings
from vpnaudit.simulate import FAULTS, SimFleet, build_fleet

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "docs") not in sys.path:
    sys.path.append(str(ROOT / "docs"))
parse_once = importlib.import_module("parse_once")
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
HOURS = 12.0
"""Of life before that, in the table of removals: a fault's lines of half a day say what those of a day do."""
OPEN = "insufficient-evidence"
GROUPS: dict[str, tuple[str, ...]] = {
    "configuration": ("show_running-config*", "show_crypto_map*"),
    "running-config": ("show_running-config*",),
    "logs": ("show_logging*",),
    "SA tables": ("show_crypto_ipsec_sa*",),
    "IKE tables": ("show_crypto_isakmp*", "show_crypto_ikev2_sa*", "show_crypto_session*"),
    "clock": ("show_clock*", "show_ntp*"),
    "traces": ("show_monitor*",),
    "version": ("show_version*",),
    "memory": ("show_memory*", "show_processes*"),
    "interfaces": ("show_interfaces*",),
}
Removal = Callable[[Path, dict[str, object]], None]


def _drop(patterns: Sequence[str], ends: Sequence[str], folder: Path, truth: dict[str, object]) -> None:
    wanted = {truth[end] for end in ends}
    for device in sorted(folder.iterdir()):
        if ends and device.name not in wanted:
            continue
        for pattern in patterns:
            for file in sorted(device.glob(pattern)):
                file.unlink()
        if not any(device.iterdir()):
            device.rmdir()


def removals() -> dict[str, Removal]:
    """Every removal by name: each group of commands at both ends, the receiver, the sender; and whole devices."""
    found: dict[str, Removal] = {}
    for name, patterns in GROUPS.items():
        found[f"{name} of all"] = partial(_drop, patterns, ())
        found[f"{name} of the receiver"] = partial(_drop, patterns, ("receiver",))
        found[f"{name} of the sender"] = partial(_drop, patterns, ("sender",))
    found["the receiver's folder"] = partial(_drop, ("*",), ("receiver",))
    found["the sender's folder"] = partial(_drop, ("*",), ("sender",))
    found["all but the logs"] = partial(_drop, ("show_[!l]*",), ())
    found["all but the receiver's logs and configuration"] = _logs_and_config
    for name, keep in CUTS.items():
        found[f"{name} of the logs"] = partial(_cut_logs, keep)
    return found


Cut = Callable[[list[str]], list[str]]
CUTS: dict[str, Cut] = {
    "the older half": lambda lines: lines[len(lines) // 2 :],
    "all but the last line": lambda lines: lines[-1:],
    "what is no event": lambda lines: [line for line in lines if "INV_SPI" in line or "-402114" in line],
}
"""What a buffer loses that wraps, and what `| include` leaves."""


def _cut_logs(keep: Cut, folder: Path, truth: dict[str, object]) -> None:  # noqa: ARG001 - one form for all removals
    for file in sorted(folder.glob("*/show_logging*")):
        head, mark, body = file.read_text(encoding="utf-8").partition("Log Buffer")
        title, *lines = body.splitlines(keepends=True)
        text = "".join((head, mark, title, *keep([line for line in lines if line.strip()])))
        file.unlink()  # one file with the whole folder's
        file.write_text(text, encoding="utf-8", newline="\n")


def _logs_and_config(folder: Path, truth: dict[str, object]) -> None:
    for device in sorted(folder.iterdir()):
        if device.name != truth["receiver"]:
            shutil.rmtree(device)
            continue
        for file in sorted(device.iterdir()):
            if not file.name.startswith(("show_logging", "show_running-config")):
                file.unlink()


@dataclass(frozen=True)
class Row:
    """One removal's outcome. `wrong` says what is wrong with it, or is empty."""

    fault: str
    seed: int
    removal: str
    truth: str
    found: tuple[tuple[str, str], ...]
    wrong: str


def judged(audit: Audit) -> tuple[tuple[str, str], ...]:
    """(cause, confidence) of every diagnosis."""
    return tuple((d.cause, d.confidence) for d in audit.diagnoses)


WEAKER = {"frequent-rekey": ("normal-rekey",)}
"""What is true as well, and all that a line or two can show."""


def _wrong(truth: str, receiver: str, whole: Audit, less: Audit) -> str:
    """What is wrong with what is said of the receiver; of what other devices logged the fleet states no truth."""
    known = {d.cause: d.confidence for d in reversed(whole.diagnoses)}
    for d in (d for d in less.diagnoses if _is_of(receiver, d)):
        if d.confidence == "possible" and any(truth in w.causes for w in d.would_settle):
            continue  # the likelier of two that print the same, with the other shown as open
        if d.cause not in {truth, OPEN, *WEAKER.get(truth, ()), *known}:
            return f"{d.cause} ({d.confidence}) is not true"
        was = known.get(d.cause)
        if d.cause != OPEN and was is not None and CONFIDENCES.index(d.confidence) < CONFIDENCES.index(was):
            return f"{d.cause} was {was}, is {d.confidence} with less"
    return ""


def _is_of(receiver: str, diagnosis: AuditDiagnosis) -> bool:
    return not diagnosis.episodes or any(e.startswith(f"{receiver} ") for e in diagnosis.episodes)


def table(faults: Sequence[str], seeds: Sequence[int], wanted: Sequence[str] | None = None) -> Iterator[Row]:
    """Every row. Each fleet is built once."""
    for fault in faults:
        for seed in seeds:
            yield from _rows(fault, seed, wanted)


def _rows(fault: str, seed: int, wanted: Sequence[str] | None) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as place, parse_once.parsing_each_text_once():
        whole = Path(place, "whole")
        fleet = build_fleet(seed, (fault,), NOW, hours=HOURS)
        fleet.write_captures(whole)
        truth = fleet.truth[0]
        cause = truth["cause"] or "nothing"
        reference = audit_sources([whole], Settings(), NOW)
        for name, remove in removals().items():
            if wanted is not None and name not in wanted:
                continue
            less = Path(place, "less")
            shutil.copytree(whole, less, copy_function=os.link)
            remove(less, truth)
            audit = audit_sources([less], Settings(), NOW)
            shutil.rmtree(less)
            yield Row(fault, seed, name, cause, judged(audit), _wrong(cause, truth["receiver"], reference, audit))


def fleet_of(seed: int, *faults: str, now: datetime = NOW) -> SimFleet:
    return build_fleet(seed, faults, now)


def audit_of(folder: Path, *more: Path, now: datetime = NOW) -> Audit:
    return audit_sources([folder, *more], Settings(), now)


@cache
def document_of(folder: Path) -> str:
    return render("json", audit_of(folder))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet with several faults, as files."""
    place = tmp_path_factory.mktemp("mixed") / "captures"
    fleet_of(3, "delete-lost", "rekey-race", "stranger").write_captures(place)
    return place


def run(folder: str, *more: str, cwd: Path, **environment: str) -> bytes:
    found = subprocess.run(
        [sys.executable, "-m", "vpnaudit", "audit", folder, *more, "--json", "-"],
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
    )
    assert found.returncode == 1, found.stderr.decode()
    return found.stdout


def test_neither_environment_nor_dates_of_files_change_a_byte(mixed: Path, tmp_path: Path) -> None:
    plain = run("captures", cwd=mixed.parent, TZ="UTC", LANG="C", PYTHONHASHSEED="0")
    copy = tmp_path / "captures"
    for number, file in enumerate(sorted(mixed.rglob("*.txt"), reverse=True)):
        target = copy / file.relative_to(mixed)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        os.utime(target, (number * 86_400, number * 86_400))
    other = run(
        "captures", cwd=tmp_path, TZ="Pacific/Kiritimati", LANG="tr_TR.UTF-8", LC_ALL="C.UTF-8", PYTHONHASHSEED="77"
    )
    assert plain == other
    assert json.loads(plain)["diagnoses"]


def test_the_order_of_sources_changes_no_byte(mixed: Path) -> None:
    names = sorted(d.name for d in mixed.iterdir())
    orders = (names, names[::-1], names[2:] + names[:2])
    documents = {render("json", audit_of(*(mixed / n for n in order))) for order in orders}
    assert len(documents) == 1


def without_order(value: Any) -> Any:
    """Lists sorted: two documents that say the same in another order become equal."""
    if isinstance(value, dict):
        return {k: without_order(v) for k, v in sorted(value.items())}
    if isinstance(value, list):
        return sorted((without_order(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


def test_other_names_change_nothing_but_the_names(mixed: Path, tmp_path: Path) -> None:
    new = {"hub-a": "zz-one", "hub-b": "aa-two", "branch-01": "kk-0003", "branch-02": "ll-0004"}
    copy = tmp_path / "captures"
    for file in mixed.rglob("*.txt"):
        text = file.read_text(encoding="utf-8")
        for old, name in new.items():
            text = text.replace(old, name).replace(old.upper(), name.upper())
        target = copy / new[file.parent.name] / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    text = render("json", audit_of(copy))
    for old, name in new.items():
        text = text.replace(name, old).replace(name.upper(), old.upper())
    left, right = (without_order(json.loads(t)) for t in (text, document_of(mixed)))
    for document in (left, right):
        for diagnosis in document["diagnoses"]:
            diagnosis["subject"]["devices"] = sorted(diagnosis["subject"]["devices"])
    assert left["diagnoses"] == right["diagnoses"]
    assert left["events"] == right["events"]
    assert left == right


ELSEWHERE = {"192.0.2.": "101.7.2.", "198.51.100.": "102.51.100.", "203.0.113.": "103.0.113."}
"""Addresses as long as those that they stand for (tables keep their columns), in the same order."""


def test_other_addresses_change_nothing_but_the_addresses(mixed: Path, tmp_path: Path) -> None:
    for file in mixed.rglob("*.txt"):
        text = file.read_text(encoding="utf-8")
        for old, new in ELSEWHERE.items():
            text = text.replace(old, new)
        target = tmp_path / "captures" / file.relative_to(mixed)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    text = render("json", audit_of(tmp_path / "captures"))
    for old, new in ELSEWHERE.items():
        text = text.replace(new, old)
    left, right = (without_order(json.loads(t)) for t in (text, document_of(mixed)))
    assert left["diagnoses"]
    assert left == right


V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f]+(?![\w:])")
SITUATIONS = ROOT / "tests/fixtures/situations"


@pytest.mark.parametrize("situation", ["c42_ipv6_delete_lost", "f28_ipv6_stranger"])
def test_the_spelling_of_an_ipv6_address_changes_nothing(situation: str, tmp_path: Path) -> None:
    """Written out in full in the configuration, in small letters in the tables, in capitals in the log."""

    def respell(match: re.Match[str], to: Callable[[ipaddress.IPv6Address], str]) -> str:
        try:
            return to(ipaddress.IPv6Address(match.group()))
        except ValueError:
            return match.group()

    spellings: dict[str, Callable[[ipaddress.IPv6Address], str]] = {
        "show_running-config": lambda a: a.exploded.upper(),
        "show_crypto": str,
        "show_logging": lambda a: str(a).upper(),
    }
    shutil.copytree(SITUATIONS / situation / "captures", tmp_path / "captures")
    for file in sorted((tmp_path / "captures").rglob("*.txt")):
        to = next((s for name, s in spellings.items() if file.name.startswith(name)), None)
        if to is not None:
            file.write_text(V6.sub(partial(respell, to=to), file.read_text()))
    as_it_was, respelled = audit_of(SITUATIONS / situation / "captures"), audit_of(tmp_path / "captures")
    assert [t.id for t in respelled.tunnels] == [t.id for t in as_it_was.tunnels]
    assert [(f.id, f.status) for f in respelled.findings] == [(f.id, f.status) for f in as_it_was.findings]
    assert told(respelled) == told(as_it_was)
    assert "LOSS-002" not in {f.rule for f in as_it_was.findings if f.status == "UNKNOWN"}, "the carrying interface"
    for ours, theirs in zip(respelled.diagnoses, as_it_was.diagnoses, strict=True):
        assert [(r.cause, r.verdict) for r in ours.ruled_out] == [(r.cause, r.verdict) for r in theirs.ruled_out]
        assert len(ours.because) == len(theirs.because)


def told(audit: Audit) -> list[tuple[str, str, str, str, int, tuple[str, ...]]]:
    return sorted(
        (d.id, d.severity, d.confidence, d.owner, len(d.episodes), tuple(r.cause for r in d.ruled_out))
        for d in audit.diagnoses
    )


MOMENTS = {
    "a week": NOW + timedelta(days=7),
    "five years": NOW.replace(year=2031),
    "new year": datetime(2027, 1, 1, 1, 30, tzinfo=UTC),
    "leap day": datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    "end of summer time": datetime(2026, 10, 25, 6, 0, tzinfo=UTC),
    "end of summer time, year over": datetime(2027, 11, 7, 9, 0, tzinfo=UTC),
    "long ago": datetime(2009, 6, 30, 23, 59, tzinfo=UTC),
}


@cache
def base(faults: tuple[str, ...]) -> list[tuple[str, str, str, str, int, tuple[str, ...]]]:
    with tempfile.TemporaryDirectory() as place:
        fleet_of(1, *faults).write_captures(Path(place))
        return told(audit_of(Path(place)))


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_other_dates_change_nothing_but_the_times(moment: str, tmp_path: Path) -> None:
    faults = ("peer-reloaded-no-dpd", "rekey-race", "delete-lost", "wrong-ha-member")
    fleet_of(1, *faults, now=MOMENTS[moment]).write_captures(tmp_path)
    assert told(audit_of(tmp_path, now=datetime(2040, 1, 1, tzinfo=UTC))) == base(faults)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"healthy"}))
def test_an_unrelated_healthy_tunnel_changes_no_diagnosis(fault: str, tmp_path: Path) -> None:
    fleet_of(2, fault).write_captures(tmp_path / "alone")
    fleet_of(2, fault, "healthy", "healthy").write_captures(tmp_path / "more")
    alone, more = audit_of(tmp_path / "alone"), audit_of(tmp_path / "more")
    assert len(more.tunnels) == len(alone.tunnels) + 2
    assert told(more) == told(alone)


def test_an_unrelated_device_changes_no_diagnosis(tmp_path: Path) -> None:
    fleet_of(2, "delete-lost").write_captures(tmp_path / "fleet")
    (tmp_path / "other" / "edge-9").mkdir(parents=True)
    (tmp_path / "other" / "edge-9" / "show_version.txt").write_text(
        "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.7(3)M8, RELEASE SOFTWARE (fc1)\n"
        "edge-9 uptime is 3 weeks, 2 days, 1 hour, 5 minutes\n",
        encoding="utf-8",
    )
    alone, both = audit_of(tmp_path / "fleet"), audit_of(tmp_path / "fleet", tmp_path / "other")
    assert told(both) == told(alone)
    assert both.summary.devices == alone.summary.devices + 1


QUICK = (
    "configuration of all",
    "logs of the receiver",
    "SA tables of all",
    "SA tables of the receiver",
    "IKE tables of all",
    "clock of all",
    "clock of the sender",
    "traces of all",
    "the receiver's folder",
    "the sender's folder",
    "all but the logs",
    "the older half of the logs",
    "what is no event of the logs",
)
"""The removals that once led to a wrong cause, and one of each other kind; the whole table takes minutes."""


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_less_evidence_gives_no_other_cause_and_no_more_confidence(fault: str) -> None:
    wrong = [f"{r.removal}: {r.wrong}" for r in table([fault], [2], QUICK) if r.wrong]
    assert not wrong


def main() -> None:
    """Print the table, wrong rows marked."""
    seeds = range(1, 1 + int(sys.argv[1] if len(sys.argv) > 1 else 3))
    faults = sys.argv[2:] or list(FAULTS)
    count = wrong = 0
    for row in table(faults, seeds):
        count += 1
        wrong += bool(row.wrong)
        found = ", ".join(f"{c} ({k})" for c, k in row.found) or "nothing"
        print(f"{row.fault:22} {row.seed} {row.removal:46} {found:60} {'WRONG: ' + row.wrong if row.wrong else ''}")  # noqa: T201
    print(f"{count} rows, {wrong} wrong")  # noqa: T201


if __name__ == "__main__":
    main()
