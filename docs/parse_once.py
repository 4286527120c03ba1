"""For programs that judge one fleet many times with more and less of its evidence: each text is parsed once.

What a capture's text says does not depend on what else was collected; parsing it anew for every amount of evidence was
half of the time. Reading the files, dating the lines, joining and judging are done each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from msgspec import structs

from vpnaudit.model.facts import ParsedCapture
from vpnaudit.model.platform import Platform
from vpnaudit.model.snapshot import Capture
from vpnaudit.pipeline import devices

Key = tuple[str | None, str, str, tuple[int, ...]]


@contextmanager
def parsing_each_text_once() -> Iterator[None]:
    """Within it the pipeline remembers what it parsed."""
    known: dict[Key, ParsedCapture] = {}
    parse = devices.parse_capture

    def remembered(capture: Capture, found: Platform | None) -> ParsedCapture:
        key = (found.name if found else None, capture.command, capture.text, capture.numbers)
        if key not in known:
            known[key] = parse(capture, found)
        read = known[key]
        whole = structs.replace(capture, text=read.capture.text, numbers=read.capture.numbers)  # lines may be rejoined
        return structs.replace(read, capture=whole)

    with patch.object(devices, "parse_capture", remembered):
        yield
