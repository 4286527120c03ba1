"""Whatever a device prints, nothing of it acts: no control character, no markup, no formula."""

from __future__ import annotations

import csv as table_reader
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from vpnaudit import report
from vpnaudit.model.audit import Audit
from vpnaudit.report import csv
from vpnaudit.report.markdown import escaped
from vpnaudit.report.view.clean import visible, visible_lines

Filled = Callable[[str], Audit]

NASTY = (
    "\x1b[2J\x1b]0;title\x07\x9b31m",
    "a\u202eb\u2066c\u200d\ufeff\u2028\u2029d\x85e\x00f\x7f",
    "line one\r\nline two\rover\ttab",
    "[bold red]up[/] [link=https://example.net]x[/link] :warning:",
    "</style></script><script>window.pwned = 1</script>",
    "\"><img src=x onerror=alert(1)> ' onload=x {{ 7*7 }} {% raw %}",
    "javascript:alert(1) https://example.net/ www.example.net a@example.net",
    "`code` ``more`` ``` fence\n```\n# head\n| a | b |\n|---|---|\n<b>x</b>",
    "![x](javascript:alert(1)) [y](https://example.net) <https://example.net> *b* _i_ ~~s~~ &lt; \\",
    '=cmd|"/c calc"!A1',
    "+1-1",
    "@SUM(A1)",
    "-2+3",
    "\t=1",
    "\r=1",
    "\uff1d1+1",
    "1. one",
    "- item",
    "+ item",
    "# head",
    "===",
    "    indented",
    "> quote",
    "",
    " ",
    "x" * 400,
)
texts = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="`*_[]()<>|\\#+-=.!&~@'\"{}%\n\t 1a", max_size=40),
)
few = settings(max_examples=15, deadline=None)

ALLOWED_MARKDOWN = {
    *("heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "fence", "text"),
    *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "strong_open", "strong_close"),
    *("table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close"),
    *("tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close", "text_special", "softbreak"),
}


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page_of(audit: Audit) -> Page:
    page = Page()
    page.feed(report.render("html", audit))
    page.close()
    return page


def only_prints(text: str) -> bool:
    return text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("show clock", "show clock"),
        ("Zürich 東京", "Zürich 東京"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\tb\nc\rd", "a b\\nc\\rd"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_does_not_print_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_are_split_at_line_feeds_only() -> None:
    assert visible_lines("a\r\nb\u2028c\nd") == ("a", "b\\u2028c", "d")


def check_terminal(filled: Filled, text: str) -> None:
    assert only_prints(report.render("terminal", filled(text)))


@pytest.mark.parametrize("text", NASTY)
def test_terminal_with_what_is_known_to_bite(filled: Filled, text: str) -> None:
    check_terminal(filled, text)


@given(texts)
@few
def test_terminal_with_any_text(filled: Filled, text: str) -> None:
    check_terminal(filled, text)


def check_json(filled: Filled, text: str) -> None:
    written = report.render("json", filled(text))
    assert only_prints(written)
    assert json.loads(written)["source"]["path"] == text


@pytest.mark.parametrize("text", NASTY)
def test_json_with_what_is_known_to_bite(filled: Filled, text: str) -> None:
    check_json(filled, text)


@given(texts)
@few
def test_json_with_any_text(filled: Filled, text: str) -> None:
    check_json(filled, text)


def test_json_survives_a_lone_surrogate(filled: Filled) -> None:
    written = report.render("json", filled("a\udc9bb"))
    written.encode()
    assert json.loads(written)["source"]["path"] == "a\ufffdb"
    assert list(json.loads(written)) == list(json.loads(report.render("json", filled("a"))))


@pytest.mark.parametrize("name", ["html", "markdown", "terminal"])
def test_a_lone_surrogate_can_be_written_to_a_file(name: str, filled: Filled) -> None:
    assert "\\udc9b" in report.render(name, filled("a\udc9bb"))
    report.render(name, filled("a\udc9bb")).encode()


def check_markdown(filled: Filled, text: str) -> None:
    written = report.render("markdown", filled(text))
    assert only_prints(written)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(written)
    inner = [child for token in tokens for child in token.children or ()]
    assert {t.type for t in (*tokens, *inner)} <= ALLOWED_MARKDOWN
    inlines = [t for t in tokens if t.type == "inline"]
    assert f"1. {visible(text).strip()}".rstrip() in ["".join(c.content for c in t.children or ()) for t in inlines]


@pytest.mark.parametrize("text", NASTY)
def test_markdown_with_what_is_known_to_bite(filled: Filled, text: str) -> None:
    check_markdown(filled, text)


@given(texts)
@few
def test_markdown_with_any_text(filled: Filled, text: str) -> None:
    check_markdown(filled, text)


@pytest.mark.parametrize(
    "text", ["https://example.net", "www.example.net", "WWW.example.net", "@someone", "a@b.example"]
)
def test_markdown_leaves_nothing_that_renderers_link_by_themselves(text: str) -> None:
    assert not re.search(r"(?i)://|www\.|@", escaped(text))


@pytest.fixture(scope="module")
def harmless(typical: Audit) -> Page:
    return page_of(typical)


def check_html(filled: Filled, harmless: Page, text: str) -> None:
    page = page_of(filled(text))
    assert set(page.tags) <= set(harmless.tags)
    assert page.tags.count("script") == page.tags.count("style") == 1
    names = {name for name, _ in page.attributes}
    assert names <= {name for name, _ in harmless.attributes}
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert only_prints("".join(page.text))
    assert text.strip() == "" or visible(text).strip() in "".join(page.text) or "\n" in text or "\r" in text


@pytest.mark.parametrize("text", NASTY)
def test_html_with_what_is_known_to_bite(filled: Filled, harmless: Page, text: str) -> None:
    check_html(filled, harmless, text)


@given(texts)
@few
def test_html_with_any_text(filled: Filled, harmless: Page, text: str) -> None:
    check_html(filled, harmless, text)


def test_html_names_no_other_place(typical: Audit) -> None:
    page = page_of(typical)
    assert not {name for name, _ in page.attributes} & {"src", "style", "action", "srcset"}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "http" not in report.render("html", typical).replace('http-equiv="', "")


def check_csv(filled: Filled, text: str) -> None:
    for name, written in csv.render_files(filled(text)).items():
        rows = list(table_reader.reader(io.StringIO(written, newline="")))
        assert {len(row) for row in rows} == {len(rows[0])}, name
        for cell in (cell for row in rows for cell in row):
            assert cell.isprintable()
            assert cell[:1] not in set("=+-@") or float(cell) is not None


@pytest.mark.parametrize("text", NASTY)
def test_csv_with_what_is_known_to_bite(filled: Filled, text: str) -> None:
    check_csv(filled, text)


@given(texts)
@few
def test_csv_with_any_text(filled: Filled, text: str) -> None:
    check_csv(filled, text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("-3.5", "-3.5"),
        ("+12", "+12"),
        (-4, "-4"),
        ("-3.5e", "'-3.5e"),
        ("-\u0663", "'-\u0663"),
        ("--1", "'--1"),
        ("@x", "'@x"),
        ("\tx", "' x"),
        ("\rx", "'\\rx"),
        ("\uff0b1", "'\uff0b1"),
        ("a=b", "a=b"),
        (None, ""),
        (0, "0"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(value: csv.Cell, shown: str) -> None:
    assert csv.cell(value) == shown


def test_csv_lines_end_as_rfc_4180_wants(typical: Audit) -> None:
    for written in csv.render_files(typical).values():
        assert written.endswith("\r\n")
        assert written.count("\n") == written.count("\r\n")
