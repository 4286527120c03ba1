r"""Run TextFSM templates over answers: rows with line numbers, and a count of what was not understood.

Templates are plain TextFSM (DESIGN 12): stock `textfsm.TextFSM` loads and runs them, and raises at the first line that
no rule knows, because every state ends in `^.*\S -> Error`. Here that rule records the line and parsing goes on in the
same state.

The machine is stock's, run faster: all rules of a state are tried as the branches of one expression, whose
`lastindex` tells which branch matched; what a line says in a state is worked out once, since a device prints most lines
of a long answer again and again; and a row can be used up as soon as it is whole. docs/performance.md has the
measurements (`benchmarks/parse_ipsec_sa.py`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import textfsm

from vpnaudit.model.facts import Coverage, Facts, Parsed, UnparsedLine
from vpnaudit.parse.refusal import is_refused

LONG_LINE = 2048
"""Characters. No device prints a longer line in an answer that we read; such a line is hostile or binary and is
declared not understood without showing it to any expression."""

_REPEATED_LENGTH = 160
_REPEATED_LINES = 2048
"""Characters of a line, and lines a state, whose outcome a run remembers: what repeats does so from the first records
on, and no text makes a run remember more."""

_PIECE = 1 << 16
"""Characters that are cut into lines at a time: the lines of a whole answer would take more than twice its size."""

ERROR_RULE = r"^.*\S"
"""The last rule of every state: any line that is not blank."""

_NAMED_GROUP = re.compile(r"\(\?P<\w+>")
_AROUND = re.compile(
    r"""\s*(?:\w[\w.@:/()~-]{0,99})?[#>]\s{0,9}                    # a prompt, and what was typed behind it
        (?:(?:(?:do\s{1,9})?sho?w?(?:\s{1,9}\S+){1,10}|exit|end|quit|logout)\s*)?$
      | \s{0,9}sho?w?(?:\s{1,9}[\w.:/|-]+){1,10}\s*$                        # the echo alone
      | \s*<?-+\s?More\s?-+>?\s*$                         # a pager mark
      | Load\sfor\sfive\ssecs:\s[\d%/]+;\sone\sminute:          # `terminal exec prompt timestamp`
      | Time\ssource\sis\s[\w\s-]+,\s
      | No\stime\ssource,\s
    """,
    re.VERBOSE,
)
"""Lines that stand around an answer and are no part of it; told apart only where no rule of the template fits."""

_REMARK = re.compile(r"(?<=\S)\s{1,40}(?:<[-=<~]|[\u2190\u21d0\u27f5]|!{2,3}(?=\s)|!-|/{2}\s|#{2,}\s|-{2,}>|={2,}>).*$")
_BOLD = re.compile(r"(?<![\w*])\*\*(?P<marked>[^\s*][^*]{0,400})\*\*(?![\w*(])")
"""How people point at a line: words behind an arrow, and the marks that a page shows as bold type."""

_INDENT = r"^\s*"
_INDENTED = re.compile(r"\^\\s\*(?![?+])")
_BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]")
"""Brackets and bars of an expression; escaped ones and those inside a class are swallowed with what they are in."""

_LARGEST = 2**63 - 1


class TemplateError(Exception):
    """A template uses what this engine does not run. Names the template and the feature."""


class Row:
    """One record: values by name, and the number of its first line (from 1) in the text.

    The first line is where the first value without Filldown was assigned.
    """

    __slots__ = ("_names", "_values", "line")

    def __init__(self, line: int, values: dict[str, Any], names: frozenset[str]) -> None:
        self.line = line
        self._values = values
        self._names = names

    def __getitem__(self, name: str) -> str:
        """Return the text of a value, "" where the text had none.

        Raises:
            KeyError: The template declares no such value.

        """
        return self._values.get(name) or self._absent(name)

    def text(self, name: str) -> str | None:
        """Return the text of a value, None where the text had none."""
        return self._values.get(name) or self._absent(name) or None

    def number(self, name: str) -> int | None:
        """Return a decimal value; None where the text had none, or no number that fits 63 bits."""
        text = self._values.get(name) or self._absent(name)
        if not text.isdecimal() or len(text) > 20:
            return None
        number = int(text)
        return number if number <= _LARGEST else None

    def each(self, name: str) -> tuple[str, ...]:
        """Return the texts of a List value, in order."""
        return tuple(self._values.get(name) or self._absent(name))

    def as_dict(self) -> dict[str, Any]:
        """Return the values that the text had, by name."""
        return dict(self._values)

    def __repr__(self) -> str:
        return f"Row(line={self.line}, {self._values!r})"

    def _absent(self, name: str) -> str:
        if name not in self._names:
            raise KeyError(name)
        return ""


class _Action(NamedTuple):
    """What a matched rule does: values to assign (name, group, is filldown, is list), then operations."""

    assigned: tuple[tuple[str, int, bool, bool], ...]
    record: str
    resume: int | None
    """Continue: go on with this same line at the rule of this number."""
    state: str
    error: bool


class _Matcher(NamedTuple):
    """The rules of a state from some rule on, as one expression. Actions by the number of the branch's own group."""

    match: Callable[[str], re.Match[str] | None]
    actions: dict[int, _Action]


class _Step(NamedTuple):
    """What one rule makes of one line: values (name, text, is filldown, is list), then operations."""

    assigned: tuple[tuple[str, str | None, bool, bool], ...]
    record: str
    state: str


class _Outcome(NamedTuple):
    """What a state makes of a line. A rule with Continue has done its step even where no rule after it fits."""

    steps: tuple[_Step, ...]
    understood: bool


class LineFSM(textfsm.TextFSM):
    """A template whose run keeps line numbers and goes on after lines that it does not know.

    A run leaves no state behind, so one template serves many threads.

    Raises:
        textfsm.TextFSMTemplateError: The template is no TextFSM.
        TemplateError: It uses Fillup, nested groups in a List, or a back reference by number.

    """

    def __init__(self, template: io.StringIO) -> None:
        super().__init__(template)  # type: ignore[no-untyped-call] # textfsm has no types
        self.names = frozenset(value.name for value in self.values)
        options = {value.name: set(value.OptionNames()) for value in self.values}
        self._refuse_what_is_not_run(options)
        self._filldown = frozenset(name for name, has in options.items() if "Filldown" in has)
        self._lists = frozenset(name for name, has in options.items() if "List" in has)
        self._required = tuple(name for name, has in options.items() if "Required" in has)
        self._matchers: dict[tuple[str, int], _Matcher] = {}

    def run(self, text: str) -> tuple[list[Row], Coverage]:
        """Read a text of any content. Never raises."""
        rows: list[Row] = []
        coverage = self.feed(text, rows.append)
        return rows, coverage

    def feed(self, text: str, take: Callable[[Row], None]) -> Coverage:
        """Read a text of any content, and hand over each row when it is whole, so that none need be kept.

        Raises only what `take` raises.
        """
        return _Run(self, take).read(text)

    def outcome(self, state: str, line: str) -> _Outcome:
        """Return what a state makes of a line that is not blank and has no blanks at its end."""
        if len(line) > LONG_LINE or state in {"End", "EOF"}:
            return _Outcome((), understood=False)
        found = self._outcome(state, line)
        if found.understood:
            return found
        plain = _BOLD.sub(r"\g<marked>", _REMARK.sub("", line))
        again = self._outcome(state, plain) if plain.strip() and plain != line else found
        return again if again.understood else found

    def _outcome(self, state: str, line: str) -> _Outcome:
        steps: list[_Step] = []
        start: int | None = 0
        while start is not None:
            matcher = self._matchers.get((state, start)) or self._make_matcher(state, start)
            matched = matcher.match(line)
            if matched is None:
                return _Outcome(tuple(steps), understood=start == 0 and _AROUND.match(line) is not None)
            action = matcher.actions[matched.lastindex]  # type: ignore[index] # every branch is a group
            if action.error:
                return _Outcome(tuple(steps), understood=False)
            if action.assigned or action.record or action.state:
                steps.append(_step(action, matched))
            start = action.resume
        return _Outcome(tuple(steps), understood=True)

    def completes(self, kept: dict[str, Any], current: dict[str, Any]) -> bool:
        """Whether values make a row: all that are Required are there, and not all are absent."""
        for name in self._required:
            if not (current.get(name) or kept.get(name)):
                return False
        return bool(self._required) or any(v is not None for v in (*kept.values(), *current.values()))

    def _refuse_what_is_not_run(self, options: dict[str, set[str]]) -> None:
        for value in self.values:
            if "Fillup" in options[value.name]:
                raise TemplateError(f"{value.name}: Fillup")
            if "List" in options[value.name] and value.compiled_regex.groups > 1:
                raise TemplateError(f"{value.name}: groups inside a List")
        for rules in self.states.values():
            for rule in rules:
                if re.search(r"(?<!\\)\\[1-9]|\(\?P=", rule.regex):
                    raise TemplateError(f"{rule.match}: back reference")

    def _make_matcher(self, state: str, start: int) -> _Matcher:
        """At the first line that needs it: a template has states of forms that most devices never print."""
        made = self._matchers[state, start] = self._matcher(state, start)
        return made

    def _matcher(self, state: str, start: int) -> _Matcher:
        branches: list[str] = []
        actions: dict[int, _Action] = {}
        group = 0
        for number, rule in enumerate(self.states[state][start:], start):
            if rule.line_op == "Error" and rule.regex == ERROR_RULE:
                continue
            # The empty group at the end is the last to close, so its number is the branch's `lastindex`; at the
            # beginning it would keep `re` from skipping branches by their first character.
            branch = _NAMED_GROUP.sub("(", rule.regex)
            branches.append(f"(?:{branch})()" if _has_bare_bar(branch) else f"{branch}()")
            pattern = re.compile(rule.regex)
            actions[group + 1 + pattern.groups] = self._action(rule, pattern, number, group)
            group += 1 + pattern.groups
        if not branches:
            return _Matcher(lambda _line: None, {})
        return _Matcher(re.compile(_alternatives(branches)).match, actions)

    def _action(self, rule: textfsm.TextFSMRule, pattern: re.Pattern[str], number: int, group: int) -> _Action:
        return _Action(
            assigned=tuple(
                (name, group + index, name in self._filldown, name in self._lists)
                for name, index in pattern.groupindex.items()
                if name in self.names
            ),
            record=rule.record_op,
            resume=number + 1 if rule.line_op == "Continue" else None,
            state=rule.new_state if rule.line_op != "Error" else "",
            error=rule.line_op == "Error",
        )


def _step(action: _Action, matched: re.Match[str]) -> _Step:
    return _Step(
        tuple([(name, matched[group], filldown, is_list) for name, group, filldown, is_list in action.assigned]),
        action.record,
        action.state,
    )


def _alternatives(branches: list[str]) -> str:
    """Join the branches, with what nearly every rule begins with (`^` and blanks) taken out in front."""
    if all(_INDENTED.match(branch) for branch in branches):
        return f"{_INDENT}(?:{'|'.join(branch.removeprefix(_INDENT) for branch in branches)})"
    return "|".join(branches)


def _has_bare_bar(regex: str) -> bool:
    """Whether a `|` stands outside all brackets."""
    depth = 0
    for piece in _BRACKETS.findall(regex):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "|" and depth == 0:
            return True
    return False


class _Run:
    """One text going through one template, its rows going to `take`."""

    def __init__(self, fsm: LineFSM, take: Callable[[Row], None]) -> None:
        self._fsm = fsm
        self._take = take
        self._state = "Start"
        self._kept: dict[str, Any] = {}
        self._current: dict[str, Any] = {}
        self._line = 0
        self._first_line = 0
        self._remembered: dict[str, dict[str, _Outcome]] = {state: {} for state in (*fsm.states, "End", "EOF")}

    def read(self, text: str) -> Coverage:
        lines = 0
        unparsed: list[UnparsedLine] = []
        for number, raw in enumerate(_lines(text), 1):
            line = raw.rstrip()
            if not line:
                continue
            lines += 1
            outcome = self._remembered[self._state].get(line) or self._work_out(line)
            if outcome.steps:
                self._line = number
                for step in outcome.steps:
                    self._do(step)
            if not outcome.understood:
                unparsed.append(UnparsedLine(line=number, text=line[:LONG_LINE].rstrip() or line.lstrip()[:LONG_LINE]))
        if self._state != "End" and "EOF" not in self._fsm.states:
            self._record()
        return Coverage(lines=lines, understood=lines - len(unparsed), unparsed=tuple(unparsed))

    def _work_out(self, line: str) -> _Outcome:
        outcome = self._fsm.outcome(self._state, line)
        remembered = self._remembered[self._state]
        if len(remembered) < _REPEATED_LINES and len(line) <= _REPEATED_LENGTH:
            remembered[line] = outcome
        return outcome

    def _do(self, step: _Step) -> None:
        for name, text, filldown, is_list in step.assigned:
            kept = self._kept if filldown else self._current
            if not is_list:
                kept[name] = text
            elif text is not None:
                kept.setdefault(name, []).append(text)
            if not filldown and not self._first_line:
                self._first_line = self._line
        if step.record:
            self._operate(step.record)
        if step.state:
            self._state = step.state

    def _operate(self, operation: str) -> None:
        if operation == "Record":
            self._record()
        elif operation == "Clear":
            self._clear()
        elif operation == "Clearall":
            self._clear()
            self._kept = {}

    def _record(self) -> None:
        if self._fsm.completes(self._kept, self._current):
            row = self._kept | self._current
            values = {n: list(v) if isinstance(v, list) else v for n, v in row.items() if v is not None}
            self._take(Row(self._first_line or self._line, values, self._fsm.names))
        self._clear()

    def _clear(self) -> None:
        self._current = {}
        self._first_line = 0


def _lines(text: str) -> Iterator[str]:
    r"""Yield what `text.split("\n")` has, without holding all of it."""
    start = 0
    end = text.find("\n", _PIECE)
    while end >= 0:
        yield from text[start:end].split("\n")
        start = end + 1
        end = text.find("\n", start + _PIECE)
    yield from text[start:].split("\n")


def template_text(platform: str, command_file: str) -> str:
    """Return a template's text: from the installed package, else from the checkout's top-level `templates/`.

    Args:
        platform: A folder of `templates/`, as "cisco_ios".
        command_file: The file without its ending, as "show_crypto_ipsec_sa".

    Raises:
        FileNotFoundError: There is no such template in either place.

    """
    return (template_folder(platform) / f"{command_file}.textfsm").read_text(encoding="utf-8")


def template_folder(platform: str) -> Path:
    """Return the folder that holds a platform's templates (DESIGN 12: the wheel's own first, then the checkout's)."""
    packaged = Path(str(files("vpnaudit"))) / "templates" / platform
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[3] / "templates" / platform


@cache
def load_template(platform: str, command_file: str) -> LineFSM:
    """Return a compiled template, compiled once."""
    return LineFSM(io.StringIO(template_text(platform, command_file)))


def run_template(platform: str, name: str, text: str) -> tuple[list[Row], Coverage]:
    """Run the template `templates/<platform>/<name>.textfsm` over a whole answer.

    Blank lines count in neither number of the coverage. No text raises.
    """
    return load_template(platform, name).run(text)


def parse_answer(platform: str, name: str, text: str, facts: Callable[[list[Row]], Facts]) -> Parsed:
    """Read an answer: a refusal, or what `facts` makes of the template's rows.

    This is what a command's file calls; `facts` turns rows into records and never raises.
    """
    if is_refused(text):
        return _refused(text)
    rows, coverage = run_template(platform, name, text)
    return Parsed(facts=facts(rows), coverage=coverage)


def parse_rows(platform: str, name: str, text: str, take: Callable[[Row], None], facts: Callable[[], Facts]) -> Parsed:
    """Read an answer that can be very long, as `parse_answer` does, handing over each row when it is whole.

    `take` makes its record of a row and lets go of the row; `facts` is called at the end. Neither ever raises.
    """
    if is_refused(text):
        return _refused(text)
    coverage = load_template(platform, name).feed(text, take)
    return Parsed(facts=facts(), coverage=coverage)


def _refused(text: str) -> Parsed:
    lines = sum(1 for line in text.split("\n") if line.strip())
    return Parsed(coverage=Coverage(lines=lines, understood=lines), refused=True)
