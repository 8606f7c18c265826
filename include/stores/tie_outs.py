"""Tie-outs of our own state: statements in `include/sql/checks`, each of which must return no row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

_FOLDER = Path(__file__).resolve().parents[1] / "sql" / "checks"
SHOWN = 20


@dataclass(frozen=True, slots=True)
class BrokenTieOut:
    """A statement of truth that does not hold: how many rows contradict it, and the first of them as sentences."""

    name: str
    rows: int
    examples: tuple[str, ...]


def tie_out_names() -> list[str]:
    """Return the statements of truth by the names of their files."""
    return sorted(file.stem for file in _FOLDER.glob("*.sql"))


def broken_tie_outs(connection: psycopg.Connection[Any]) -> Iterator[BrokenTieOut]:
    """Check all of them and yield those that do not hold."""
    for name in tie_out_names():
        with connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute((_FOLDER / f"{name}.sql").read_bytes())
            examples = tuple(_sentence(row) for row in cursor.fetchmany(SHOWN))
            if examples:
                yield BrokenTieOut(name, cursor.rowcount, examples)


def _sentence(row: dict[str, Any]) -> str:
    document = row["doc_number"] or row["billing_id"]
    where = " ".join(filter(None, (row["realm_key"], document)))
    return f"{where}: {row['problem']}" if where else str(row["problem"])
