"""The statements of our own state, one file each in include/sql/state."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from include.billing_sync.ports import NAME_KINDS

FOLDER = Path(__file__).resolve().parents[1] / "sql" / "state"

NAMES = sorted(NAME_KINDS)
"""The kinds that are no documents, as the parameter ``names`` of statements."""


@cache
def sql(name: str) -> bytes:
    """The text of include/sql/state/<name>.sql. Raises FileNotFoundError when the installation is incomplete."""
    return (FOLDER / f"{name}.sql").read_bytes()
