"""`docs/performance.md`: each benchmark writes what stands between its own marks."""

from __future__ import annotations

import statistics
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


def spread(values: list[float], digits: int) -> str:
    """Median and range."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def write(script: str, lines: list[str]) -> None:
    """Put the lines into the page, between the marks of `script`."""
    begin, end = f"<!-- benchmarks/{script} -->\n", f"<!-- end of benchmarks/{script} -->\n"
    before, found, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise SystemExit(f"{PAGE} has no section between {begin.strip()} and {end.strip()}")
    PAGE.write_text(before + begin + "\n" + "\n".join(lines) + "\n\n" + end + after, encoding="utf-8")
