"""What was measured: lines of progress while the bench works, and the table at its end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

_STARTED = time.monotonic()


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: what was wanted, what was found, and whether that is met (None: nothing was wanted)."""

    part: str
    measure: str
    target: str
    measured: str
    is_met: bool | None = None


def say(text: str) -> None:
    """Print one line of progress with the seconds since the bench began."""
    print(f"[{time.monotonic() - _STARTED:6.0f} s] {text}", flush=True)


def table(rows: Sequence[Row]) -> str:
    """The rows in columns, each as wide as its longest cell."""
    cells = [("part", "measure", "target", "measured", "met")]
    cells += [(row.part, row.measure, row.target, row.measured, _met(row.is_met)) for row in rows]
    widths = [max(len(row[place]) for row in cells) for place in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _met(is_met: bool | None) -> str:
    return "-" if is_met is None else "yes" if is_met else "NO"
