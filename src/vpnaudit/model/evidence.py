"""Evidence: a device, a command, a line, its text."""

from __future__ import annotations

from msgspec import Struct


class Evidence(Struct, frozen=True, kw_only=True, gc=False, order=True):
    """Where a claim can be looked up. `line` is a number in `file`, from 1; null where the whole answer is meant."""

    device: str
    command: str
    file: str
    line: int | None = None
    text: str = ""
