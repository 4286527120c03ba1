"""What the operator sees: width, colour, encoding, order."""

from __future__ import annotations

import io
import re

import msgspec
import pytest

from vpnaudit import report
from vpnaudit.model.audit import Audit
from vpnaudit.report import terminal

COLOR = re.compile(r"\x1b\[[0-9;]*m")


def printed(audit: Audit, *, color: bool = False, width: int | None = 80, quiet: bool = False) -> str:
    file = io.StringIO()
    report.print_terminal(audit, file, color=color, width=width, quiet=quiet)
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_no_line_is_wider_than_asked_for(width: int, typical: Audit) -> None:
    assert max(map(len, printed(typical, width=width).splitlines())) <= width


def test_the_verdict_comes_first_and_the_worst_diagnosis_next(typical: Audit) -> None:
    lines = printed(typical).splitlines()
    assert lines[0] == "1 of 4 tunnels is out of step now; for 1 it cannot be told."
    assert next(line for line in lines if line.startswith("1.")).startswith("1. HIGH  branch7 still sends")


def test_quiet_is_the_verdict_and_a_line_a_diagnosis(typical: Audit, empty: Audit) -> None:
    assert [line.split()[0] for line in printed(typical, width=120, quiet=True).splitlines()] == ["1", "1.", "2.", "3."]
    assert printed(empty, quiet=True).count("\n") == 1


def test_colour_changes_no_word(typical: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    colored = printed(typical, color=True)
    assert "\x1b[" in colored
    plain = "\n".join(line.rstrip() for line in COLOR.sub("", colored).splitlines())
    assert plain.strip() == printed(typical).strip()


def test_no_color_wins(typical: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in printed(typical, color=True)


def test_an_empty_no_color_says_nothing(typical: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b" in printed(typical, color=True)


def test_markup_of_the_library_stays_text(typical: Audit) -> None:
    tool = msgspec.structs.replace(typical.tool, version="[bold]1[/bold] :warning:")
    assert "[bold]1[/bold] :warning:" in printed(msgspec.structs.replace(typical, tool=tool), width=120)


def test_a_stream_that_lacks_a_character_gets_it_written_out(typical: Audit) -> None:
    tool = msgspec.structs.replace(typical.tool, name="東京")
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    report.print_terminal(msgspec.structs.replace(typical, tool=tool), stream, color=False, width=80)
    stream.flush()
    assert b"\\u6771\\u4eac" in raw.getvalue()


def test_the_width_of_the_terminal_is_asked_for_where_none_is_given(
    typical: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "64")
    assert printed(typical, width=None) == terminal.render(typical, width=64)


def test_three_hundred_tunnels_do_not_bury_the_three_that_matter(large: Audit) -> None:
    text = printed(large)
    assert text.startswith("3 of 300 tunnels are out of step now.")
    assert text.count("one-sided") == 3
    assert "297 more tunnels up or idle" in text
    assert "301 more devices read completely" in text
    assert len(text.splitlines()) < 30


def test_what_was_missing_is_told_beside_the_verdict(typical: Audit) -> None:
    text = " ".join(printed(typical).split())
    assert "branch8 (partial), branch9 (unreachable)" in text
    assert "show crypto ipsec sa detail on branch9 would settle 1 check (SPI-001)" in text
    assert "branch9 lacks: show crypto ipsec sa detail, show logging" in text
    assert "hub2/show_logging.txt, line 18: not UTF-8" in text


def test_long_evidence_is_cut_and_says_so(typical: Audit) -> None:
    diagnosis = typical.diagnoses[0]
    longer = msgspec.structs.replace(diagnosis, evidence=diagnosis.evidence[:1] * 9)
    text = printed(msgspec.structs.replace(typical, diagnoses=(longer,)))
    assert "and 3 more (all of them in the JSON and HTML reports)" in text
