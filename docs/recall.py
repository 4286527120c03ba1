"""Measures on a corpus of collected device output how much our parsers find, and ntc-templates beside them.

`python docs/recall.py [CORPUS]` writes docs/recall.md; `--missing` prints instead what is missing, invented or not
understood, each with its sample and line. CORPUS is by default `../shared/corpus` beside the checkout:
`<platform>/<command>/<sample>.txt`, each with the facts that others noted in `<sample>.expect.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recall_facts import Record, Values, expected_records, kinds_noted, our_records
from recall_ntc import facts_read

from vpnaudit.model.facts import Parsed, UnparsedLine
from vpnaudit.model.snapshot import Capture
from vpnaudit.pipeline.devices import parse_capture
from vpnaudit.platforms.registry import platform, resolve_command

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parents[1] / "shared" / "corpus"
PAGE = HERE / "recall.md"
NO_DEVICE_OUTPUT = HERE / "recall_not_device_output.txt"
LOG_FOLDERS = frozenset({"syslog", "console-log"})
LOG_COMMANDS = LOG_FOLDERS | {"show-logging", "show-logging-logfile"}
NAMED_ONLY = frozenset({"isakmp", "ikev2", "sessions", "pools", "version"})
"""Kinds whose notes name some keys of a record: only those are compared."""
NEVER_NOTED = {("cisco_asa", "sas"): frozenset({"status"})}
"""By platform and kind: keys of a kind that is noted whole which the notes leave out all the same (`SA State:`)."""
NOTED_IN_PART = frozenset({"config isakmp_key_address", "config sa_lifetime"})
"""Kinds of which the notes leave some out (keys of keyrings, lifetimes inside one-line map entries)."""


@dataclass(frozen=True)
class Problem:
    """A fact or a line of a sample that is not as it must be."""

    sample: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.sample}:{self.line}: {self.what}"


@dataclass
class Score:
    """What was measured of one sample, or of all samples of a command."""

    samples: int = 0
    read: bool = False
    expected: int = 0
    found: int = 0
    lines: int = 0
    unparsed: int = 0
    by_people: int = 0
    invented: int = 0
    problems: list[Problem] = field(default_factory=list)
    others_read: int = 0
    others_found: int = 0

    def add(self, other: Score) -> None:
        """Sum up."""
        self.read = self.read or other.read
        self.problems += other.problems
        counts = ("samples", "expected", "found", "lines", "unparsed", "by_people", "invented")
        for name in (*counts, "others_read", "others_found"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def samples(corpus: Path = CORPUS) -> list[Path]:
    """Every sample of the corpus that has noted facts; none where there is no corpus."""
    return [p for p in sorted(corpus.glob("*/*/*.txt")) if _notes_file(p).is_file()]


def name_of(sample: Path) -> str:
    """`<platform>/<command>/<sample>`."""
    return "/".join((*sample.parts[-3:-1], sample.stem))


def measure(sample: Path) -> Score:
    """Run the parser of the sample's command on it and hold what it says against the notes."""
    text = sample.read_text(encoding="utf-8", errors="replace")
    expected = notes_of(sample)
    score = Score(samples=1, expected=sum(len(r.values) for r in expected))
    parsed = parse(sample, text)
    if parsed is None:
        score.problems += [Problem(name_of(sample), 0, "facts are noted, no parser reads this")] * bool(expected)
        return score
    score.read = True
    noted = kinds_noted(_notes(sample))
    ours = [r for r in our_records(parsed.facts) if r.kind.partition(" ")[0] in noted]
    score.found, score.invented, score.problems = compare(sample, text, expected, ours)
    _count_lines(score, sample, parsed)
    return score


def notes_of(sample: Path) -> list[Record]:
    """The facts that others noted about a sample."""
    return list(expected_records(_notes(sample)))


def others(sample: Path) -> tuple[bool, int]:
    """Whether ntc-templates reads the sample, and how many of the noted facts it finds."""
    folder = sample.parent.name
    name = "cisco_ios" if sample.parts[-3] == "cisco_xe" else sample.parts[-3]
    command = "show logging" if folder in LOG_COMMANDS else _typed(folder)
    text = sample.read_text(encoding="utf-8", errors="replace")
    return facts_read(name, command, text, notes_of(sample))


def _notes(sample: Path) -> Values:
    notes: Values = json.loads(_notes_file(sample).read_text(encoding="utf-8"))
    return notes


def _notes_file(sample: Path) -> Path:
    return sample.with_name(f"{sample.stem}.expect.json")


def parse(sample: Path, text: str) -> Parsed | None:
    """What the parser of the sample's command says; None where none reads it."""
    found = platform(sample.parts[-3])
    folder = sample.parent.name
    if found is None:
        return None
    command = (folder, "") if folder in LOG_FOLDERS else resolve_command(found.name, folder)
    if command is None:
        return None
    capture = Capture(device=sample.stem, command=command[0], argument=command[1], text=text, file=sample.name)
    return parse_capture(capture, found).parsed


def _count_lines(score: Score, sample: Path, parsed: Parsed) -> None:
    by_people = people_wrote()
    name = name_of(sample)
    unknown = [u for u in parsed.coverage.unparsed if digest(name, u.text) not in by_people]
    score.lines = parsed.coverage.lines
    score.unparsed = len(unknown)
    score.by_people = len(parsed.coverage.unparsed) - len(unknown)
    score.problems += [_unknown_line(name, u) for u in unknown]


def _unknown_line(name: str, line: UnparsedLine) -> Problem:
    return Problem(name, line.line, f"not understood: {line.text.strip()!r} [{digest(name, line.text)}]")


def digest(sample: str, line: str) -> str:
    """By which a line that no device printed is known, without its text or the sample's name standing here."""
    return hashlib.sha256(f"{sample}\n{line.strip()}".encode()).hexdigest()[:16]


def people_wrote() -> dict[str, str]:
    """Digests of lines in the corpus that are no answer of a device to the command, and what they are instead."""
    rows = (r.split(maxsplit=1) for r in NO_DEVICE_OUTPUT.read_text(encoding="utf-8").splitlines() if r[:1] != "#")
    return {row[0]: row[1] for row in rows}


# One against the other


def compare(
    sample: Path, text: str, expected: Sequence[Record], found: Sequence[Record]
) -> tuple[int, int, list[Problem]]:
    """How many noted facts were found, how many were invented, and which are missing or invented."""
    name = name_of(sample)
    hits, invented, problems = 0, 0, list[Problem]()
    for kind in dict.fromkeys(r.kind for r in (*expected, *found)):
        wanted = [r for r in expected if r.kind == kind]
        rest = [r for r in found if r.kind == kind]
        for one in sorted(wanted, key=lambda r, rest=rest: -_best(r, rest)[0]):  # type: ignore[misc]
            other = _best(one, rest)[1]
            if other is None:
                problems.append(Problem(name, _line_of(text, one), f"missing {kind} {one.values}"))
                continue
            rest.remove(other)
            hits += _agreeing(one, other)
            wrong = list(_contradicted(one, other, NEVER_NOTED.get((sample.parts[-3], kind), frozenset())))
            invented += sum(have is not None for _, _, have in wrong)
            problems += [
                Problem(name, other.line, f"{kind} {key}: {want!r}, read {have!r}") for key, want, have in wrong
            ]
        extra = [] if kind in NOTED_IN_PART else rest
        invented += len(extra)
        problems += [Problem(name, r.line, f"invented {kind} {r.values}") for r in extra]
    return hits, invented, problems


def _best(wanted: Record, rest: Sequence[Record]) -> tuple[int, Record | None]:
    ranked = [(_agreeing(wanted, r), -n, r) for n, r in enumerate(rest)]
    best = max(ranked, key=lambda row: row[:2], default=None)
    return (best[0], best[2]) if best is not None and best[0] > 0 else (0, None)


def _agreeing(wanted: Record, have: Record) -> int:
    return sum(_agree(key, value, have.values.get(key)) for key, value in wanted.values.items())


def _agree(key: str, wanted: object, have: object) -> bool:
    if key == "spellings" and isinstance(wanted, tuple) and isinstance(have, tuple):
        return set(wanted) <= set(have)
    return wanted == have


def _contradicted(wanted: Record, have: Record, unnoted: frozenset[str]) -> Iterator[tuple[str, object, object]]:
    """Key, noted value, read value where they differ. Of kinds that are noted whole also what is not noted at all."""
    keys = wanted.values if wanted.kind in NAMED_ONLY else {**wanted.values, **have.values}
    for key in (k for k in keys if k not in unnoted):
        one, other = wanted.values.get(key), have.values.get(key)
        if not _agree(key, one, other):
            yield key, one, other


def _line_of(text: str, record: Record) -> int:
    """The first line in which a value of the record stands; 0 where none does."""
    for value in record.values.values():
        shown = rf"0x0*{value:x}\b|\b{value}\b" if isinstance(value, int) else re.escape(str(value))
        found = re.search(shown, text, re.IGNORECASE)
        if found is not None:
            return text.count("\n", 0, found.start()) + 1
    return 0


# The page


def page(corpus: Path) -> str:
    """The page that is committed: names of commands and platforms, and numbers."""
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for sample in samples(corpus):
        score = measure(sample)
        read, score.others_found = others(sample)
        score.others_read = int(read)
        scores[sample.parts[-3], sample.parent.name].add(score)
    total = Score()
    for score in scores.values():
        total.add(score)
    rows = [_row(*key, score) for key, score in sorted(scores.items()) if score.read]
    unread = [f"`{_typed(key[1])}` ({key[0]})" for key, score in sorted(scores.items()) if not score.read]
    kinds = Counter(people_wrote().values())
    return PAGE_TEXT.format(
        fingerprint=fingerprint(corpus),
        samples=total.samples,
        rows="\n".join([*rows, _row("all", "", total)]),
        unread=", ".join(unread) or "none",
        people="\n".join(f"- {count} {what}" for what, count in sorted(kinds.items())),
    )


def _typed(folder: str) -> str:
    """A folder's name as the command is typed."""
    words = folder.replace("-detailed", "-detail").replace("-", " ")
    for hyphened in ("running-config", "vpn-sessiondb", "event-trace", "spi-lookup", "rekey-sa", "local-sa"):
        words = words.replace(hyphened.replace("-", " "), hyphened)
    return "console-log" if words == "console log" else words


def _row(name: str, folder: str, s: Score) -> str:
    command = f"`{_typed(folder)}`" if folder else ""
    ours = f"{s.samples} | {s.expected} | {s.found} | {s.invented} | {s.lines} | {s.unparsed} | {s.by_people}"
    return f"| {name} | {command} | {ours} | {s.others_read} | {s.others_found} |"


def fingerprint(corpus: Path) -> str:
    """Tells one corpus from another: of the names and contents of its samples."""
    known = hashlib.sha256()
    for sample in samples(corpus):
        known.update(f"{name_of(sample)}\0".encode())
        known.update(sample.read_bytes())
    return known.hexdigest()[:16]


PAGE_TEXT = """\
# What is found in device output that others collected

Written by `python docs/recall.py`, which runs each sample of a corpus through the parser of its command and holds the
result against facts that were noted about it beforehand by other means (a plain line scan, and the results that the
samples' own sources publish). A test does the same and demands: all found, nothing invented, every line understood.

- **Facts**: each value of each noted record: of an IPsec SA its SPI, direction, protocol, interface, peer, end points,
  remaining life and status; of an IKE SA its ends, state, life and children's SPIs; sessions, memory pools, releases,
  the crypto statements of a configuration, crypto messages with SPI and addresses; and each line with a message's tag.
- **Found**: the record that agrees best with the noted one has that value. Each record counts once.
- **Invented**: a record that has no noted counterpart (SAs, peers, sessions, IKE SAs, messages, statements), a value
  other than the noted one, and, for IPsec SAs and messages, which are noted whole, a value where none is noted (but an
  ASA's `SA State:`, which the notes leave out). Of pre-shared keys' addresses and of lifetimes the notes hold only a
  part: more of those is no invention. Records of a kind of which a sample's notes do not speak are not judged.
- **Unknown**: lines that no rule of the command's template or of the log reader knows. Blank lines do not count.
- **People's**: lines of the samples with which no device answered that command. Each was looked at, and is known by a
  digest in `recall_not_device_output.txt`:

{people}
- **ntc-templates**: `parse_output` of the installed release on the same text, with its own names of platforms and
  commands (IOS-XE is `cisco_ios`; syslog files are given to `show logging`). *Read* are the samples from which it
  returns any row; *facts* are counted as ours are, and what a field holds in other words counts as found. It has
  templates for few of these commands, and says so by an error: 0 stands for that too.

Corpus {fingerprint}, {samples} samples.

| Platform | Command | Samples | Facts | Found | Invented | Lines | Unknown | People's | ntc: read | ntc: facts |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}

Not read yet, and counted above only in the last row: {unread}.
"""


def main(arguments: Sequence[str]) -> int:
    """Write the page, or print what is missing."""
    folders = [Path(a) for a in arguments if not a.startswith("--")]
    corpus = folders[0] if folders else CORPUS
    if not samples(corpus):
        sys.stderr.write(f"{corpus}: no samples with noted facts there\n")
        return 2
    if "--missing" in arguments:
        problems = [p for sample in samples(corpus) for p in measure(sample).problems]
        sys.stdout.write("".join(f"{p}\n" for p in problems))
        return int(bool(problems))
    PAGE.write_text(page(corpus), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
