"""The audit document itself, `vpnaudit.audit/1`, and its JSON Schema."""

from __future__ import annotations

import msgspec

from vpnaudit.model.audit import Audit

ENDING = ".json"


def render(audit: Audit) -> str:
    r"""Give the document as indented JSON: keys in the order of the structs, UTF-8, a line feed at the end.

    The same audit gives the same bytes. Characters that do not print stand as `\uXXXX`, so that the text is safe on a
    terminal; a lone surrogate, which no UTF-8 file can hold, becomes U+FFFD.
    """
    try:
        encoded = msgspec.json.encode(audit, order="deterministic")
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_without_surrogates(msgspec.to_builtins(audit)))
    return _escaped(msgspec.json.format(encoded, indent=2).decode()) + "\n"


def schema() -> str:
    """Give the JSON Schema (2020-12) of the document."""
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:vpnaudit:audit:1",
        "title": "vpnaudit.audit/1",
        **msgspec.json.schema(Audit),
    }
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def _escaped(text: str) -> str:
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(c if c == "\n" or c.isprintable() else _unicode_escape(c) for c in text)


def _unicode_escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(v) for v in value]
    return value
