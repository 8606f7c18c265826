"""What the commands print: plain lines and tables that a terminal and a log both show."""

from __future__ import annotations

import sys
from collections.abc import Sequence


class CommandError(RuntimeError):
    """The command cannot do what was asked; the text is one line and names the cure."""


def say(text: str = "") -> None:
    """Print one line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Print one line to the error output."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return the lines of a table, columns two blanks apart.

    :param right: numbers of the columns that are set to the right, as amounts are
    """
    widths = [max(len(row[place]) for row in [headings, *rows]) for place in range(len(headings))]

    def line(cells: Sequence[str]) -> str:
        set_cells = (
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(set_cells).rstrip()

    return [line(headings), line(["-" * width for width in widths]), *(line(row) for row in rows)]
