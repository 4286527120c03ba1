"""Logs audited while they grow: judged anew whenever something came, at a pace that the machine can bear."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from vpnaudit.model.audit import Audit
from vpnaudit.pipeline.audit import audit_snapshots
from vpnaudit.settings import Settings
from vpnaudit.snapshot.follow import FollowedLogs

LOOK_EVERY_S = 1.0
"""Seconds between two looks at the files."""
_REST = 4
"""After a judgement this many times as long passes until the next: a long log costs a fifth of one core at most."""


def follow_logs(paths: Sequence[str | Path], stdin: BinaryIO | None, settings: Settings) -> Iterator[Audit]:
    """Yield the audit of what is there, then one each time that more came; ends with the last stream only.

    Raises SourceError where a log is missing, packed or no text.
    """
    with FollowedLogs(paths, stdin) as logs:
        logs.read()
        while True:
            begun = time.monotonic()
            yield audit_snapshots((logs.snapshot(),), settings, datetime.now(UTC))
            time.sleep(min(_REST * (time.monotonic() - begun), 60))
            while not logs.read():
                if logs.ended:
                    return
                time.sleep(LOOK_EVERY_S)
