"""The TextFSM engine, and what every template must keep to."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import textfsm
from hypothesis import given
from hypothesis import strategies as st

from vpnaudit.model.facts import Facts
from vpnaudit.parse import index
from vpnaudit.parse.duration import duration_s
from vpnaudit.parse.engine import (
    ERROR_RULE,
    LONG_LINE,
    LineFSM,
    Row,
    TemplateError,
    load_template,
    parse_answer,
    run_template,
    template_folder,
    template_text,
)
from vpnaudit.parse.refusal import is_refused

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
TEMPLATES = [
    (folder.name, path.stem)
    for folder in sorted(path for path in template_folder("").iterdir() if path.is_dir())
    for path in sorted(folder.glob("*.textfsm"))
]
NONSENSE = ("zq", "zq wv", "Zq Wv Xk Yq", "zq: wv", "zq = wv 12", "!!! ???", "(zq) {wv}", "12 zq 34 wv")
FREE_TEXT = "Banner"
"""States of this name read what a person wrote, up to the mark that ends it: there any line is as good."""
WILDCARDS = re.compile(r"\(\?P<\w+>|\(\?:|\\[sSwWDbB]|\[\^[^\]]*\]|[.^$()*+?|]|\{\d*,?\d*\}")

PLAIN = """\
Value Filldown PLACE (\\S+)
Value Required NAME (\\w+)
Value COUNT (\\d+)
Value List TAGS (\\w+)

Start
  ^place -> Continue.Record
  ^place -> Continue.Clearall
  ^place ${PLACE}$$
  ^name -> Continue.Record
  ^name ${NAME}$$
  ^count ${COUNT}$$ -> More
  ^.*\\S -> Error

More
  ^tag ${TAGS}$$
  ^name -> Continue.Record
  ^name ${NAME}$$ -> Start
  ^.*\\S -> Error
"""
TEXT = "place a\nname x\ncount 1\n\ntag p\ntag q\nname y\nplace b\nname z\n"


def machine(template: str = PLAIN) -> LineFSM:
    return LineFSM(io.StringIO(template))


def as_stock(fsm: LineFSM, rows: list[Row]) -> list[list[object]]:
    """Rows in stock's form: a list for List values, "" for what is absent."""
    lists = {value.name for value in fsm.values if "List" in value.OptionNames()}
    return [[list(row.each(n)) if n in lists else row[n] for n in (v.name for v in fsm.values)] for row in rows]


def test_rows_carry_their_first_line() -> None:
    rows, coverage = machine().run(TEXT)
    assert [(row.line, row["PLACE"], row["NAME"], row["COUNT"], row.each("TAGS")) for row in rows] == [
        (2, "a", "x", "1", ("p", "q")),
        (7, "a", "y", "", ()),
        (9, "b", "z", "", ()),
    ]
    assert (coverage.lines, coverage.understood) == (8, 8)


def test_rows_are_stocks_rows() -> None:
    fsm = machine()
    assert as_stock(fsm, fsm.run(TEXT)[0]) == textfsm.TextFSM(io.StringIO(PLAIN)).ParseText(TEXT)


def test_an_unknown_line_is_told_and_the_state_stays() -> None:
    rows, coverage = machine().run("name x\ncount 1\nwhat is this\ntag p\n")
    assert [row.each("TAGS") for row in rows] == [("p",)]
    assert [(line.line, line.text) for line in coverage.unparsed] == [(3, "what is this")]
    assert (coverage.lines, coverage.understood) == (4, 3)


@pytest.mark.parametrize(
    "line",
    [
        "name x <--- this",
        "name x   <- this",
        "name x <<<<< this",
        "name x <=== this",
        "name x \u2190 this",
        "name x !! this",
        "name x --> this",
        "name x // this",
        "name x !--- this",
        "**name x**",
        "name **x**",
        "name **x** <-- this",
    ],
)
def test_words_that_point_at_a_line_are_none_of_it(line: str) -> None:
    rows, coverage = machine().run(f"{line}\ncount 1\n")
    assert [(row["NAME"], row["COUNT"]) for row in rows] == [("x", "1")]
    assert coverage.unparsed == ()


@pytest.mark.parametrize("line", ["name x this", "name x -this", "name x#this", "name x < this", "name **x", "n**m**"])
def test_other_words_behind_a_line_make_it_unknown(line: str) -> None:
    assert len(machine().run(f"{line}\n")[1].unparsed) == 1


def test_a_line_that_only_continue_rules_know_is_unknown() -> None:
    """Stock goes on to the next rules after Continue, and so comes to the Error rule."""
    _, coverage = machine().run("name not a name\n")
    assert [line.line for line in coverage.unparsed] == [1]


def test_two_runs_do_not_mix() -> None:
    fsm = machine()
    assert [row.as_dict() for row in fsm.run(TEXT)[0]] == [row.as_dict() for row in fsm.run(TEXT)[0]]


def test_rows_are_handed_over_one_by_one() -> None:
    fsm = machine()
    taken: list[Row] = []
    coverage = fsm.feed(TEXT, taken.append)
    rows, same = fsm.run(TEXT)
    assert [(row.line, row.as_dict()) for row in taken] == [(row.line, row.as_dict()) for row in rows]
    assert coverage == same


def test_what_one_state_does_not_know_another_may() -> None:
    _, coverage = machine().run("tag p\nname x\ncount 1\ntag p\ncount 1\nname y\ntag p\ncount 1\n")
    assert [line.line for line in coverage.unparsed] == [1, 5, 7]


@pytest.mark.parametrize("ending", ["", "\n", "\n\n", "x"])
def test_lines_are_numbered_through_a_long_text(ending: str) -> None:
    """More lines than a run remembers, more text than is cut at a time, and lines of every length around that."""
    lines = [f"name n{n}" if n % 3 else f"unknown {n} " + "z" * (n % 1000) for n in range(9_000)]
    text = "\n".join(lines) + ending
    rows, coverage = machine().run(text)
    split = text.split("\n")
    assert [(row.line, row["NAME"]) for row in rows] == [
        (number, line.removeprefix("name ")) for number, line in enumerate(split, 1) if line.startswith("name")
    ]
    assert [(line.line, line.text) for line in coverage.unparsed] == [
        (number, line.rstrip()) for number, line in enumerate(split, 1) if line.startswith("unknown")
    ]


def test_one_line_may_be_longer_than_what_is_cut_at_a_time() -> None:
    rows, coverage = machine().run("name a\n" + "q" * 1_000_000 + "\nname b\n" + "q" * 1_000_000)
    assert [(row.line, row["NAME"]) for row in rows] == [(1, "a"), (3, "b")]
    assert [line.line for line in coverage.unparsed] == [2, 4]


def test_values_by_name() -> None:
    rows, _ = machine().run("name x\ncount 12\n")
    assert (rows[0].number("COUNT"), rows[0].text("PLACE"), rows[0].text("NAME")) == (12, None, "x")
    with pytest.raises(KeyError):
        rows[0]["NOWHERE"]


@pytest.mark.parametrize(("count", "number"), [("9" * 19, None), (str(2**63 - 1), 2**63 - 1), ("9" * 400, None)])
def test_numbers_stay_within_63_bits(count: str, number: int | None) -> None:
    rows, _ = machine().run(f"name x\ncount {count}\n")
    assert rows[0].number("COUNT") == number


@pytest.mark.parametrize(
    "line",
    [
        "hub-1#",
        "hub-1>show clock",
        "hub-1# sh cry ips sa | include spi",
        "  fw/admin(ctx)# show crypto ipsec sa peer 192.0.2.1 detail",
        "show crypto ipsec sa",
        " show platform resources ",
        "#show crypto ipsec sa",
        "> show  crypto ikev2 sa",
        "hub-1#show crypto  ipsec sa",
        " --More-- ",
        "<--- More --->",
        "Load for five secs: 3%/0%; one minute: 4%; five minutes: 4%",
        "Time source is NTP, 12:34:56.789 UTC Tue Nov 24 2026",
    ],
)
def test_what_stands_around_an_answer_is_known(line: str) -> None:
    assert machine().run(f"{line}\nname x\n")[1].unparsed == ()


@pytest.mark.parametrize(
    "line", ["hub-1# show it " + "1 2 3 4 " * 5, "a -> b", "no prompt here", "-->", "x" * 200 + "#"]
)
def test_what_only_looks_like_a_prompt_is_not(line: str) -> None:
    assert len(machine().run(f"{line}\n")[1].unparsed) == 1


def test_a_line_too_long_is_not_understood_and_cut() -> None:
    _, coverage = machine().run("name " + "x" * 1_000_000 + "\nname y\n")
    assert [len(line.text) for line in coverage.unparsed] == [LONG_LINE]


def test_what_follows_an_end_is_told() -> None:
    rows, coverage = machine("Value A (\\w+)\n\nStart\n  ^a ${A}$$ -> Record End\n  ^.*\\S -> Error\n").run(
        "a b\na c\n"
    )
    assert ([row["A"] for row in rows], [line.line for line in coverage.unparsed]) == (["b"], [2])


@pytest.mark.parametrize(
    "template",
    [
        "Value Fillup A (\\w+)\n\nStart\n  ^${A}\n",
        "Value List A ((?P<x>\\w+)\\d)\n\nStart\n  ^${A}\n",
        "Value A (\\w+)\n\nStart\n  ^(a)\\1 ${A}\n",
    ],
)
def test_what_the_engine_does_not_run_is_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        machine(template)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_any_text_has_a_coverage(text: str) -> None:
    _, coverage = machine().run(text)
    assert coverage.understood + len(coverage.unparsed) == coverage.lines


@given(st.lists(st.sampled_from(["place a", "place b", "name x", "name y", "count 1", "tag p", "", "  "])))
def test_any_known_lines_give_stocks_rows(lines: list[str]) -> None:
    """Where stock raises at an unknown line there is nothing to compare."""
    text = "\n".join(lines)
    fsm = machine()
    rows, coverage = fsm.run(text)
    if not coverage.unparsed:
        assert as_stock(fsm, rows) == textfsm.TextFSM(io.StringIO(PLAIN)).ParseText(text)


def test_a_missing_template_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        template_text("cisco_ios", "show_nothing")


@pytest.mark.parametrize(("platform", "name"), TEMPLATES)
def test_stock_loads_each_template(platform: str, name: str) -> None:
    assert textfsm.TextFSM(io.StringIO(template_text(platform, name))).states
    assert load_template(platform, name) is load_template(platform, name)


@pytest.mark.parametrize(("platform", "name"), TEMPLATES)
def test_each_state_ends_in_the_error_rule(platform: str, name: str) -> None:
    for state, rules in load_template(platform, name).states.items():
        if state != "EOF":
            assert (rules[-1].regex, rules[-1].line_op) == (ERROR_RULE, "Error"), state
            assert [rule.match for rule in rules[:-1] if rule.line_op == "Error"] == [], state


@pytest.mark.parametrize(("platform", "name"), TEMPLATES)
def test_no_rule_is_made_of_wildcards(platform: str, name: str) -> None:
    """Coverage must be able to fall: a rule says something of the line, and none takes lines that mean nothing."""
    states = load_template(platform, name).states.items()
    for state, rules in ((state, rules) for state, rules in states if not state.startswith(FREE_TEXT)):
        for rule in rules[:-1]:
            assert WILDCARDS.sub("", rule.regex), f"{state}: {rule.match}"
            taken = [line for line in NONSENSE if re.match(rule.regex, line)]
            assert len(taken) < 2, f"{state}: {rule.match} takes {taken}"


@pytest.mark.parametrize(("platform", "name"), TEMPLATES)
def test_the_engine_gives_stocks_rows_on_the_fixtures(platform: str, name: str) -> None:
    fsm = load_template(platform, name)
    for path in sorted((FIXTURES / platform).glob(f"{name}*/*/input.txt")):
        text = "\n".join(line.rstrip() for line in path.read_text(encoding="utf-8").split("\n"))
        try:
            stock = textfsm.TextFSM(io.StringIO(template_text(platform, name))).ParseText(text)
        except textfsm.TextFSMError:
            continue
        assert as_stock(fsm, fsm.run(text)[0]) == stock, path


@pytest.mark.parametrize("platform", sorted({platform for platform, _ in TEMPLATES}))
def test_the_index_is_current(platform: str) -> None:
    assert index.is_current(platform), "run: python -m vpnaudit.parse.index"


def test_the_index_abbreviates_as_ntc_templates_does() -> None:
    rows = index.index_text("cisco_ios").splitlines()
    assert "show_crypto_ipsec_sa.textfsm, .*, cisco_ios, sh[[ow]] cry[[pto]] ips[[ec]] sa" in rows
    assert "show_crypto_ikev2_sa.textfsm, .*, cisco_ios, sh[[ow]] cry[[pto]] ikev2 ses[[sion]]" in rows


@pytest.mark.parametrize(
    "text",
    [
        "               ^\n% Invalid input detected at '^' marker.\n\n",
        "hub-1#show crypto ikev2 sa\n            ^\n% Invalid input detected at '^' marker.\n\nhub-1#",
        "% Incomplete command.\n",
        '% Ambiguous command:  "sh c"\n',
        'Translating "shw"...domain server (255.255.255.255)\n% Unknown command or computer name, or no such\n',
        "% Authorization failed.\n",
        "Command authorization failed.\n",
        "ERROR: % Invalid input detected at '^' marker.\n",
        "% Permission denied for the role\n",
    ],
)
def test_refusals(text: str) -> None:
    assert is_refused(text)
    parsed = parse_answer("cisco_ios", "show_crypto_ipsec_sa", text, lambda _rows: Facts())
    assert parsed.refused
    assert parsed.coverage.lines == parsed.coverage.understood > 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No SAs found\n",
        "hub-1#show clock\n",
        "Tracing currently disabled, from exec command\n",
        "interface: Tunnel1\n% Invalid input detected at '^' marker.\n",
        "%NTP is not enabled.\n",
        "x\n" * 4000 + "% Incomplete command.\n",
    ],
)
def test_answers_are_no_refusals(text: str) -> None:
    assert not is_refused(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:01:47", 107),
        ("167:00:00", 601_200),
        ("3d18h", 324_000),
        ("7w0d", 4_233_600),
        ("2y10w", 69_120_000),
        ("4 hours, 2 mins", 14_520),
        ("1 day, 1 sec", 86_401),
        ("0", 0),
        ("never", None),
        ("", None),
        ("1:2", None),
        ("5 apples", None),
        ("9" * 50 + "d", None),
    ],
)
def test_durations(text: str, seconds: int | None) -> None:
    assert duration_s(text) == seconds


def test_running_by_name() -> None:
    rows, coverage = run_template("cisco_ios", "show_crypto_ipsec_sa", "No SAs found\n")
    assert (rows, coverage.understood) == ([], 1)
