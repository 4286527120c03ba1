"""What copying leaves in a text: the blanks and marks of a web page, a mail's quotes, line numbers. Line numbers stay.

Forums, tickets, chats and mails are where people keep a device's output, and how they hand it on.
"""

from __future__ import annotations

import re
from itertools import count

from msgspec import Struct

_BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_NOTHING = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_ENTITY = re.compile(r"&(?:(?P<name>lt|gt|quot|apos|nbsp|amp)|#(?:0?(?P<number>39|34|160)|[xX](?P<hex>27|22|[aA]0)));")
_NAMED = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " ", "amp": "&"}
_NUMBERED = {"39": "'", "34": '"', "160": " ", "27": "'", "22": '"', "a0": " "}
_MARKUP = re.compile(
    r"</?(?:a|b|blockquote|br|code|div|em|font|i|kbd|li|mark|p|pre|samp|small|span|strong|tt|u)(?:\s[^<>\n]{0,400})?/?>",
    re.IGNORECASE,
)
_TYPED = re.compile(
    r"^(?P<indent>[ \t]{0,16})(?:`|\*\*)?(?P<prompt>[\w./()@-]{1,80}[#>] ?)"
    r"(?:`|\*\*)?(?P<typed>sho?w? [^`*\n]{1,120}?)(?:`|\*\*)+[ \t]*$",
    re.MULTILINE,
)
"""A command that Markdown sets in bold type or as code."""
_QUOTED_PRINTABLE = re.compile(r"^Content-Transfer-Encoding: *quoted-printable", re.MULTILINE | re.IGNORECASE)
_OCTETS = re.compile(r"(?:=[0-9A-F]{2})+")
_ESCAPED = re.compile(r"(?<=[A-Za-z0-9])\\_(?=[A-Za-z0-9])")
"""An underscore as Markdown's editors write it."""


class _Border(Struct, frozen=True, kw_only=True, gc=False):
    """What a mail or an editor puts at each line: the mark at one line, and so many lines in a row that have it."""

    mark: re.Pattern[str]
    run: re.Pattern[str]
    least: int


_BORDERS = (
    # A firewall's bare prompt `>` stands before one line alone.
    _Border(
        mark=re.compile(r"^ {0,3}(?:> ?){1,9}"),
        run=re.compile(r"(?:^ {0,3}>.*\n(?:[ \t]*\n)*){2} {0,3}>", re.MULTILINE),
        least=3,
    ),
    _Border(
        mark=re.compile(r"^[|\u2502] ?"),
        run=re.compile(r"(?:^[|\u2502].*\n(?:[ \t]*\n)*){4}[|\u2502]", re.MULTILINE),
        least=5,
    ),
    _Border(mark=re.compile(r"[ \t]?\\$"), run=re.compile(r"(?:\\\n(?:[ \t]*\n)*.*){4}\\$", re.MULTILINE), least=5),
)
_NUMBER = re.compile(r" {0,6}(?P<number>\d{1,6})[.|)]?(?:[ \t]|$)")
_NUMBERED_LEAST = 5


def undo_copy(text: str) -> str:
    """The text as it was before somebody copied it from a page or quoted it in a mail."""
    if "=3D" in text and _QUOTED_PRINTABLE.search(text):
        text = _without_soft_breaks(text)
    if not text.isascii():
        text = _NOTHING.sub("", _BLANKS.sub(" ", text))
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    if "</" in text or "<br" in text or "<BR" in text:
        text = _MARKUP.sub("", text)
    if "`" in text or "**" in text:
        text = _TYPED.sub(r"\g<indent>\g<prompt>\g<typed>", text)
    if "\\_" in text:
        text = _ESCAPED.sub("_", text)
    for border in _BORDERS:
        text = _without_runs(text, border)
    return _without_numbers(text)


def _without_soft_breaks(text: str) -> str:
    """Undo quoted-printable (RFC 2045, 6.7), as a mail's own file has it; a blank line stands for a joined one."""
    lines: list[str] = []
    pieces: list[str] = []
    for line in text.split("\n"):
        bare = line.rstrip("\r \t")
        if bare.endswith("=") and not bare.endswith("=="):
            pieces.append(bare[:-1])
            continue
        lines.append(_OCTETS.sub(_decoded, "".join([*pieces, bare])))
        lines += [""] * len(pieces)
        pieces.clear()
    if pieces:
        lines += ["".join(pieces), *[""] * (len(pieces) - 1)]
    return "\n".join(lines)


def _decoded(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("=", "")).decode("utf-8", "replace")


def _character(found: re.Match[str]) -> str:
    if found["name"]:
        return _NAMED[found["name"]]
    return _NUMBERED[found["number"] or found["hex"].lower()]


def _without_runs(text: str, border: _Border) -> str:
    """Take a border off where several lines in a row have it."""
    if border.run.search(text) is None:
        return text
    lines = text.split("\n")
    begin = 0
    while begin < len(lines):
        end = begin
        while end < len(lines) and (not lines[end].strip() or border.mark.search(lines[end]) is not None):
            end += 1
        if sum(1 for line in lines[begin:end] if line.strip()) >= border.least:
            lines[begin:end] = [border.mark.sub("", line, count=1) for line in lines[begin:end]]
        begin = end + 1
    return "\n".join(lines)


def _without_numbers(text: str) -> str:
    """Take the numbers 1, 2, 3 … off where every line begins with its own, as a listing shows them."""
    if not text[:9].lstrip(" ").startswith("1"):
        return text
    body = text.rstrip("\n")
    lines = body.split("\n")
    found = [_NUMBER.match(line) for line in lines]
    if len(lines) < _NUMBERED_LEAST or any(
        match is None or int(match["number"]) != n for match, n in zip(found, count(1), strict=False)
    ):
        return text
    rest = [line[match.end() :] for line, match in zip(lines, found, strict=True) if match is not None]
    listing = any(line.lstrip()[:1].isalpha() for line in rest)
    return "\n".join(rest) + text[len(body) :] if listing else text
