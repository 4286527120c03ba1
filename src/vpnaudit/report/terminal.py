"""What the operator sees first: the verdict, then each diagnosis with its evidence and its cure, then the rest."""

from __future__ import annotations

import os
import shutil
from typing import TextIO

from vpnaudit.model.audit import Audit

ENDING = ".txt"

_PLAIN_WIDTH = 80
_NARROWEST, _WIDEST = 40, 120


def render(audit: Audit, *, width: int = _PLAIN_WIDTH, color: bool = False, quiet: bool = False) -> str:
    """Give the report as text of at most `width` columns (evidence folds); without `color` it holds no escape."""
    from vpnaudit.report.view.screen import drawn  # noqa: PLC0415 - rich is loaded only where something is drawn

    return drawn(audit, width=min(max(width, _NARROWEST), _WIDEST), color=color, quiet=quiet)


def print_to(file: TextIO, audit: Audit, *, color: bool, width: int | None, quiet: bool) -> None:
    """Print the report to `file`, in the colours and the encoding that it can take."""
    colored = color and not os.environ.get("NO_COLOR")
    columns = width or shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns
    file.write(_encodable(render(audit, width=columns, color=colored, quiet=quiet), file))


def _encodable(text: str, file: TextIO) -> str:
    encoding = getattr(file, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
