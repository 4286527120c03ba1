"""Reads the measured timelines of the lab (`lab/README.md` beside them says what each column is)."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXPERIMENTS = ("baseline", "reorder", "loss", "lifetime", "onesided", "reload", "targeted", "outage", "stranger")
ENDS = ("a", "b")
ADDRESSES = ("198.51.100.1", "203.0.113.1")
STREAM_S = 1.0
"""An SPI seen for longer after the fault is a stream (README of the lab)."""


@dataclass(frozen=True)
class Change:
    """An SA installed or gone at one end. `side`: 0 is a, 1 is b."""

    at: float
    side: int
    inbound: bool
    spi: int
    what: str


@dataclass(frozen=True)
class Message:
    """An IKE message with its fate (`side` sent it), or, `side` null, a thing done to the run."""

    at: float
    side: int | None
    words: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the path let the message through."""
        return self.words[-1] == "pass"


@dataclass(frozen=True)
class Stray:
    """An ESP packet for which the receiver had no SA. `installed`, `deleted`: its SPI's own times there."""

    at: float
    side: int
    source: str
    destination: str
    spi: int
    kind: str
    installed: float | None
    deleted: float | None
    packets: int


@dataclass(frozen=True)
class Run:
    """One run, as far as the lab recorded it: `changes` and `messages` are of one run of each setting only."""

    name: str
    experiment: str
    variant: str
    loss: float
    settings: Mapping[str, Any]
    end: float
    packets_sent: int
    changes: tuple[Change, ...]
    messages: tuple[Message, ...]
    strays: tuple[Stray, ...]

    @property
    def is_whole(self) -> bool:
        """Whether each end's SAs are known from begin to end."""
        return bool(self.changes)

    @property
    def ike_version(self) -> int:
        """1 or 2."""
        return int(self.settings.get("version", 1 if "v1" in self.variant else 2))

    @property
    def kind(self) -> str:
        """The experiment and its setting."""
        if self.experiment in {"reorder", "baseline", "loss"}:
            return f"{self.experiment} {self.variant}, {100 * self.loss:g} % lost"
        loss = f", {100 * self.loss:g} % lost" if self.experiment == "lifetime" else ""
        told = ", ".join(f"{key} {value}" for key, value in sorted(self.settings.items()) if value != "one-lost")
        return f"{self.experiment}, {told}{loss}"

    @property
    def done(self) -> str:
        """What was done, in short: what of the setting decides what is true."""
        how = f"IKEv{self.ike_version}"
        match self.experiment:
            case "baseline" | "reorder" | "loss":
                return f"{self.experiment} {self.variant}" + (f", {100 * self.loss:g} % lost" if self.loss else "")
            case "onesided":
                return f"{how}: one end deletes, DELETE lost for {self.settings['delete_lost_for']} s"
            case "targeted" if self.settings["case"] == "one-lost":
                return f"{how}: {self.settings['lost']} lost once, old SA: {self.settings['old_sa']}"
            case "targeted":
                return f"{how}: restart without a word, calls 10 s later"
            case "reload":
                return f"{how}: restart without a word, DPD {self.settings['dpd']}"
            case "outage":
                return f"{how}: outage of {self.settings['length']} s"
            case "lifetime":
                return f"{how}: lifetimes of 12 and 60 s, {100 * self.loss:g} % lost"
        return f"{how}: ESP from a stranger"

    def flow(self, stray: Stray) -> list[Stray]:
        """All packets of the same receiver, source, SPI and kind: the first may be too early, the last too late."""
        key = (stray.side, stray.source, stray.spi, stray.kind)
        return [s for s in self.strays if (s.side, s.source, s.spi, s.kind) == key]


def read_runs(folder: Path, experiment: str) -> list[Run]:
    """Every run of an experiment, in the order of its file. OSError where a file is missing."""
    changes, messages, strays = (_by_run(folder / f"{experiment}-{w}.csv") for w in ("sas", "path", "events"))
    return [
        Run(
            name=row["run"],
            experiment=experiment,
            variant=row["variant"],
            loss=float(row["loss"]),
            settings=json.loads(row["settings"]),
            end=float(row["end_s"]),
            packets_sent=int(row["packets_sent"]),
            changes=tuple(map(_change, changes[row["run"]])),
            messages=tuple(map(_message, messages[row["run"]])),
            strays=tuple(map(_stray, strays[row["run"]])),
        )
        for row in _rows(folder / f"{experiment}-runs.csv")
    ]


def read_all(folder: Path) -> list[Run]:
    """Every run of every experiment."""
    return [run for experiment in EXPERIMENTS for run in read_runs(folder, experiment)]


def _rows(file: Path) -> Iterable[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _by_run(file: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(file):
        found[row["run"]].append(row)
    return found


def _change(row: dict[str, str]) -> Change:
    side, inbound = ENDS.index(row["device"]), row["direction"] == "in"
    return Change(float(row["time"]), side, inbound, int(row["spi"], 16), row["action"])


def _message(row: dict[str, str]) -> Message:
    side = ENDS.index(row["way"][0]) if row["way"] else None
    return Message(float(row["time"]), side, tuple(row["what"].split()))


def _stray(row: dict[str, str]) -> Stray:
    return Stray(
        at=float(row["time"]),
        side=ENDS.index(row["receiver"]),
        source=row["source"],
        destination=row["destination"],
        spi=int(row["spi"], 16),
        kind=row["kind"],
        installed=float(row["installed"]) if row["installed"] else None,
        deleted=float(row["deleted"]) if row["deleted"] else None,
        packets=int(row["packets_of_this_spi"]),
    )
