"""Probes told one by one: ping of Linux, macOS, BusyBox and Windows, fping, and the extended ping of IOS and ASA."""

from __future__ import annotations

import re
from datetime import datetime

from vpnaudit.loss.probes.tally import MOST_PROBES, Tally, joined, of_numbers, of_outcomes, runs_of

_WRAP = 65_536
_HEAD = re.compile(
    r"(?:^|[\s\]])PING(?: (?P<target>[^\s(:]{1,255})|6?\(\d[^)]{0,40}\) \S{1,80} --> (?P<other>\S{1,80})"
    r"|6? (?P<six>[0-9A-Fa-f:]{2,45})[ (])"
)
_SEQUENCE = re.compile(r"(?:icmp_|icmp6_)?seq[= ](?P<number>\d{1,10})")
_STAMP = re.compile(r"\[(?P<stamp>\d{9,11}(?:\.\d{1,9})?)\] ")
_CLOCK = re.compile(
    r"\[?(?:(?P<date>\d{4}-\d\d-\d\d)[T ]|[A-Z][a-z]{2} {1,2}\d{1,2} )?"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d(?:[.,]\d{1,9})?)"
)
SUMMED = r"\d{1,12} [^\d,%\n]{1,40}, \d{1,12} [^\d,%\n]{1,40},[^\n]{0,60}\d ?%"
"""The summary of Linux in any language: `100 Pakete übertragen, 96 empfangen, 4% packet loss`."""
_TRANSMITTED = re.compile(
    r"(?P<sent>\d{1,12}) packets transmitted, (?P<received>\d{1,12}) (?:packets )?received"
    r"|^(?P<sent_>\d{1,12}) [^\d,%]{1,40}, (?P<received_>\d{1,12}) [^\d,%]{1,40},.{0,60}\d ?%"
)
_TOOK = re.compile(r", [^\d,%]{1,20} (?P<ms>\d{1,12}) ?ms$")
_DAY_S = 86_400.0
_ASSUMED = "no times in it: a probe a second is taken"


def read_ping(text: str) -> list[Tally]:
    """Linux, macOS, FreeBSD, BusyBox: numbered answers; what is not answered is lost, but for a late answer.

    Times stand in front of the lines (`ping -D`, `--apple-time`, or put there by another program), or in the summary.
    """
    blocks: list[_Ping] = []
    for raw in text.splitlines():
        line = raw.strip()
        head = _HEAD.search(line)
        if head is not None and not _TRANSMITTED.search(line):
            blocks.append(_Ping(head.group("target") or head.group("other") or head.group("six")))
            continue
        if not blocks and (_SEQUENCE.search(line) or _TRANSMITTED.search(line)):
            blocks.append(_Ping(""))
        if blocks:
            blocks[-1].take(line)
    return joined([t for b in blocks if (t := b.tally()) is not None])


class _Ping:
    """One run of ping. Numbers have 16 bits on the wire and are carried on when they wrap."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.answered: set[int] = set()
        self.asked: set[int] = set()
        self.stamps: list[tuple[int, float]] = []
        self.carried = 0
        self.previous = 0
        self.from_zero = False
        self.summary: tuple[int, int] | None = None
        self.took_s: float | None = None

    def take(self, line: str) -> None:
        done = _TRANSMITTED.search(line)
        if done is not None:
            sent, received = (
                done.group("sent") or done.group("sent_"),
                done.group("received") or done.group("received_"),
            )
            self.summary = (int(sent), int(received))
            self.from_zero = self.from_zero or "packets received" in line
            took = _TOOK.search(line)
            self.took_s = int(took.group("ms")) / 1000.0 if took else None
            return
        found = _SEQUENCE.search(line)
        if found is None or "DUP!" in line:
            return
        number = self._carried(int(found.group("number")))
        self.asked.add(number)
        if "ttl=" in line or "hlim=" in line:
            self.answered.add(number)
        stamp = self._stamp(line)
        if stamp is not None:
            self.stamps.append((number, stamp))
        self.from_zero = self.from_zero or number == 0 or line.startswith("Request timeout")

    def _stamp(self, line: str) -> float | None:
        """Seconds on a clock that runs on: past midnight where no date is printed."""
        epoch = _STAMP.match(line)
        if epoch is not None:
            return float(epoch.group("stamp"))
        clock = _CLOCK.match(line)
        if clock is None:
            return None
        of_day = 3600 * int(clock.group("hour")) + 60 * int(clock.group("minute"))
        seconds = of_day + float(clock.group("second").replace(",", "."))
        if clock.group("date") is not None:
            return seconds + _DAY_S * _day(clock.group("date"))
        while self.stamps and seconds < self.stamps[-1][1] - _DAY_S / 2:
            seconds += _DAY_S
        return seconds

    def _carried(self, number: int) -> int:
        number %= _WRAP
        if number + _WRAP // 2 < self.previous:
            self.carried += _WRAP
        elif number > self.previous + _WRAP // 2 and self.carried >= _WRAP:
            return self.carried - _WRAP + number  # a late answer to a probe of before the wrap
        self.previous = number
        return self.carried + number

    def tally(self) -> Tally | None:
        if not self.asked:
            return self._from_summary()
        first = 0 if self.from_zero else 1
        first = min(first, *self.asked) if self.summary is not None else min(self.asked)
        last = max(self.asked)
        if self.summary is not None and last - first + 1 < self.summary[0] <= last - first + 1 + _WRAP:
            last = first + self.summary[0] - 1
        found = of_numbers("ping", self.answered, first, last)
        found.target = self.target
        interval = self._interval_s(found.sent or 0)
        found.answered_s = found.lost_s = interval or 1.0
        if interval is None:
            found.notes.append(_ASSUMED)
        if self.summary is not None and self.summary[1] != len(self.answered):
            found.notes.append(
                f"its summary says {self.summary[1]} answers of {self.summary[0]}; the lines are what counts here"
            )
        return found

    def _from_summary(self) -> Tally | None:
        """`ping -q`: counts alone."""
        if self.summary is None or not 0 < self.summary[0] <= MOST_PROBES:
            return None
        sent, received = self.summary
        return Tally(
            form="ping",
            target=self.target,
            sent=sent,
            lost=max(0, sent - received),
            watched_s=self.took_s,
            notes=["only its summary: how losses stand together is not in it"],
        )

    def _interval_s(self, sent: int) -> float | None:
        if len(self.stamps) > 1:
            (first, began), (last, ended) = self.stamps[0], self.stamps[-1]
            if last > first and ended > began:
                return (ended - began) / (last - first)
        if self.took_s and sent > 1:
            return self.took_s / (sent - 1)
        return None


def _day(date: str) -> int:
    try:
        return datetime.fromisoformat(date).toordinal()
    except ValueError:
        return 0


_WINDOWS_ANSWER = re.compile(r"TTL=\d|:\s[^=<]{0,80}[=<]\s?\d{1,9}\s?\w{1,3}$")
_ADDRESS = r"[0-9A-Fa-f]{0,4}(?:[.:][0-9A-Fa-f]{0,4}){2,7}"
WINDOWS_HEAD = re.compile(
    rf"^(?=.{{0,255}}{_ADDRESS}|Pinging )[^=%\n]{{0,300}}\s\d{{1,5}}(?![\d.])[^=%\d\n]{{2,80}}:\s*$", re.MULTILINE
)
"""`Pinging 192.0.2.1 with 32 bytes of data:` in any language."""
_WINDOWS_LOST = ("timed out", "unreachable")
_WINDOWS_SUM = re.compile(
    r"=\s?(?P<sent>\d{1,9})[,;\u3001\uff0c][^\d=]{1,60}=\s?(?P<received>\d{1,9})[,;\u3001\uff0c][^\d=]{1,60}=\s?\d"
)
_WINDOWS_TIMEOUT_S = 4.0


def read_windows_ping(text: str) -> list[Tally]:
    """Windows, in any language: no numbers; a lost probe takes the time-out (4 s), an answered one a second.

    Its head ends in a colon, then each line is a probe up to the blank line before its sums; what is no answer is a
    loss, whatever it says.
    """
    runs: list[_WindowsPing] = []
    lead: list[str] = []
    after_blank = True
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            after_blank = True
            continue
        answered = _WINDOWS_ANSWER.search(line) is not None
        if WINDOWS_HEAD.match(line) is not None and not answered:
            runs.append(_WindowsPing(line))
        elif (sums := _WINDOWS_SUM.search(line)) is not None and runs:
            runs[-1].close(int(sums.group("sent")), int(sums.group("received")))
        elif runs:
            runs[-1].take(line, answered=answered, after_blank=after_blank)
        elif answered:
            runs.append(_WindowsPing(""))
            runs[-1].lead = lead
            runs[-1].take(line, answered=True, after_blank=False)
        else:
            lead.append(line)
        after_blank = False
    return joined([r.tally() for r in runs if r.told])


class _WindowsPing:
    """One run of ping. `lead`: what stands before the first answer of a run whose head is not there."""

    def __init__(self, head: str) -> None:
        self.head = head
        self.outcomes: list[bool] = []
        self.lead: list[str] = []
        self.losses: set[str] = set()
        self.open: list[str] = []
        self.said: tuple[int, int] | None = None

    def take(self, line: str, *, answered: bool, after_blank: bool) -> None:
        """A line that is no answer is a loss; behind a blank line, where sums begin, only if more answers follow."""
        if answered:
            self._lose(self.open)
            self.open = []
            self.outcomes.append(True)
        elif self.said is None and (self.open or (after_blank and self.outcomes)):
            self.open.append(line)
        elif self.said is None:
            self._lose([line])

    def _lose(self, lines: list[str]) -> None:
        self.outcomes += [False for _ in lines]
        self.losses.update(lines)

    @property
    def told(self) -> bool:
        """Whether it is a measurement: in a language that is not known, lines that all look lost need its sums."""
        sure = any(self.outcomes) or self.said is not None or self.head.startswith("Pinging ")
        return bool(self.outcomes) and sure

    def close(self, sent: int, received: int) -> None:
        """Its sums: what follows is not of it."""
        self.said = (sent, received)

    def tally(self) -> Tally:
        self._lose([line for line in self.open if line in self.losses])
        self.open = []
        lost_before = [x for x in self.lead if x in self.losses or any(w in x.lower() for w in _WINDOWS_LOST)]
        outcomes = [*(False for _ in lost_before), *self.outcomes]
        found = _windows(_windows_target(self.head), outcomes)
        if self.said is not None and self.said != (len(outcomes), outcomes.count(True)):
            said = f"its sums say {self.said[1]} answers of {self.said[0]}; the lines are what counts here"
            found.notes.append(said)
        return found


def _windows_target(head: str) -> str:
    """The address; where a name was asked for, its word in an English head."""
    words = head.split()
    if head.startswith("Pinging ") and len(words) > 1:
        return words[1]
    address = re.search(_ADDRESS, head)
    return address.group() if address is not None else ""


def _windows(target: str, outcomes: list[bool]) -> Tally:
    return of_outcomes(
        "ping (Windows)",
        outcomes,
        target=target,
        answered_s=1.0,
        lost_s=_WINDOWS_TIMEOUT_S,
        notes=["no times in it: a second after an answer and 4 s after a loss are taken, as Windows does by default"],
    )


_FPING = re.compile(
    r"(?:\[(?P<stamp>\d{9,11}(?:\.\d{1,9})?)\] )?(?P<target>\S{1,255}) {1,80}: "
    r"(?:\[(?P<number>\d{1,9})\], )?(?P<rest>\S.*)"
)
_FPING_SUM = re.compile(r"xmt/rcv/%loss = (?P<sent>\d{1,12})/(?P<received>\d{1,12})/")
_FPING_STEP = re.compile(r"\[\d\d:\d\d:\d\d\]")
_FPING_TIME = re.compile(r"-|\d{1,9}(?:\.\d{1,9})?")


def read_fping(text: str) -> list[Tally]:
    """Of fping: -l, -c (a line a probe), -C (a row of times, - is a loss), -q (the sum), -Q (sums a step, then all)."""
    numbered: dict[str, dict[int, bool]] = {}
    stamps: dict[str, list[tuple[int, float]]] = {}
    rows: dict[str, list[bool]] = {}
    sums: dict[str, tuple[int, int]] = {}
    in_step: set[str] | None = None
    for line in text.splitlines():
        match = _FPING.match(line)
        if match is None:
            in_step = set() if _FPING_STEP.fullmatch(line.strip()) else in_step
            continue
        target, rest = match.group("target"), match.group("rest")
        if match.group("number") is not None:
            number = int(match.group("number"))
            numbered.setdefault(target, {})[number] = "timed out" not in rest and "unreachable" not in rest
            if match.group("stamp"):
                stamps.setdefault(target, []).append((number, float(match.group("stamp"))))
        elif (counted := _FPING_SUM.match(rest)) is not None:
            sent, received = int(counted.group("sent")), int(counted.group("received"))
            if in_step is not None and target not in in_step:
                before = sums.get(target, (0, 0))
                sums[target] = (before[0] + sent, before[1] + received)
                in_step.add(target)
            else:
                sums[target] = (sent, received)
        elif all(_FPING_TIME.fullmatch(w) for w in rest.split()):
            rows.setdefault(target, []).extend(w != "-" for w in rest.split())
    found = [_numbered_fping(t, outcomes, stamps.get(t, [])) for t, outcomes in numbered.items()]
    found += [_listed_fping(t, outcomes) for t, outcomes in rows.items() if t not in numbered]
    found += [_summed_fping(t, *s) for t, s in sums.items() if t not in numbered and t not in rows and s[0]]
    return found


def _numbered_fping(target: str, outcomes: dict[int, bool], stamps: list[tuple[int, float]]) -> Tally:
    answered = [n for n, ok in outcomes.items() if ok]
    tally = of_numbers("fping", answered, min(outcomes), max(outcomes))
    tally.target = target
    interval = None
    if len(stamps) > 1 and stamps[-1][0] > stamps[0][0] and stamps[-1][1] > stamps[0][1]:
        interval = (stamps[-1][1] - stamps[0][1]) / (stamps[-1][0] - stamps[0][0])
    tally.answered_s = tally.lost_s = interval or 1.0
    if interval is None:
        tally.notes.append(_ASSUMED)
    return tally


def _listed_fping(target: str, outcomes: list[bool]) -> Tally:
    return of_outcomes("fping", outcomes, target=target, answered_s=1.0, lost_s=1.0, notes=[_ASSUMED])


def _summed_fping(target: str, sent: int, received: int) -> Tally:
    note = "only its sums: how losses stand together is not in it"
    return Tally(form="fping", target=target, sent=sent, lost=max(0, sent - received), notes=[note])


_IOS_HEAD = re.compile(
    r"Sending (?P<count>\d{1,10}), \[?[\d.]{1,12}\]?-byte ICMPv?6? ?Echos to (?P<target>\S{1,255}?),"
    r"(?: with a time-?out of| timeout is) (?P<timeout>\d{1,9}) second"
)
_IOS_MARKS = re.compile(r"[!.UQMNTtCR?&]{1,1000}")
_IOS_VERBOSE = re.compile(r"(?P<answered>Reply to request \d{1,10} \(\d)|Request \d{1,10} (?:timed out|failed)")
_IOS_RATE = re.compile(r"Success rate is \d{1,3} percent \((?P<received>\d{1,10})/(?P<sent>\d{1,10})\)")
_IOS_TIMES = re.compile(r"min/avg/max = \d{1,9}/(?P<average>\d{1,9})/")


def read_ios_ping(text: str) -> list[Tally]:
    """IOS and ASA: `!` an answer, all else a loss; the next probe follows an answer at once, a loss in a time-out."""
    blocks: list[_IosPing] = []
    for raw in text.splitlines():
        line = raw.strip()
        head = _IOS_HEAD.search(line)
        if head is not None:
            blocks.append(_IosPing(head.group("target"), float(head.group("timeout"))))
        elif _IOS_MARKS.fullmatch(line):
            if not blocks:
                blocks.append(_IosPing("", 2.0))
            blocks[-1].outcomes.extend(mark == "!" for mark in line)
        elif (verbose := _IOS_VERBOSE.match(line)) is not None:
            if not blocks:
                blocks.append(_IosPing("", 2.0))
            blocks[-1].outcomes.append(verbose.group("answered") is not None)
        elif blocks:
            blocks[-1].close(line)
    return joined([b.tally() for b in blocks if b.outcomes])


class _IosPing:
    """One ping of a device."""

    def __init__(self, target: str, timeout_s: float) -> None:
        self.target = target
        self.timeout_s = timeout_s
        self.outcomes: list[bool] = []
        self.average_s = 0.0
        self.said: tuple[int, int] | None = None

    def close(self, line: str) -> None:
        rate = _IOS_RATE.search(line)
        if rate is not None:
            self.said = (int(rate.group("received")), int(rate.group("sent")))
        times = _IOS_TIMES.search(line)
        if times is not None:
            self.average_s = int(times.group("average")) / 1000.0

    def tally(self) -> Tally:
        notes = []
        if self.said is not None and self.said != (self.outcomes.count(True), len(self.outcomes)):
            notes.append(f"it says {self.said[0]} of {self.said[1]}; the marks are what counts here")
        return Tally(
            form="ping (IOS)",
            target=self.target,
            sent=len(self.outcomes),
            lost=self.outcomes.count(False),
            runs=runs_of(self.outcomes),
            answered_s=self.average_s,
            lost_s=self.timeout_s,
            notes=notes,
        )
