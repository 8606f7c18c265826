"""The mapping book between its files (include/mappings/<realm>/*.csv) and the database."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from include.billing_sync.mapping import KINDS, Kind
from include.billing_sync.mapping_files import (
    ENTITIES,
    FILES,
    US_TAX_CODES,
    FileRow,
    Problem,
    check_against_lists,
    parse,
    render,
)
from include.stores import mappings, reference
from include.stores.mappings import LoadCounts


class MappingFilesError(ValueError):
    """The files cannot be loaded. ``problems`` holds one line each, with file and row; nothing was written."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the problems; the text is all of them."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_folder(folder: Path) -> dict[Kind, list[FileRow]]:
    """The mappings of all files in a realm's folder.

    :raises MappingFilesError: with everything that is wrong in any of them.
    """
    found: dict[Kind, list[FileRow]] = {}
    problems = list(_unknown_files(folder))
    for kind in KINDS:
        path = folder / FILES[kind]
        if path.is_file():
            found[kind], wrong = parse(kind, path.read_bytes())
            problems += wrong
    if not found and not problems:
        problems.append(Problem(str(folder), 0, f"holds none of {', '.join(FILES.values())}"))
    if problems:
        raise MappingFilesError([str(problem) for problem in problems])
    return found


def lists_named(files: Iterable[Kind]) -> list[str]:
    """The QuickBooks lists that mappings of these kinds name."""
    return sorted({ENTITIES[kind] for kind in files})


def check_folder(state: psycopg.Connection[Any], realm: int, files: dict[Kind, list[FileRow]], *, is_us: bool) -> None:
    """Compare the files with QuickBooks' lists as last read.

    :raises MappingFilesError: with every id that QuickBooks does not have, or has under another name.
    """
    problems: list[Problem] = []
    for kind, rows in files.items():
        ids = [row.mapping.qbo_id for row in rows if row.mapping.qbo_id is not None]
        entries = reference.list_rows(state, realm, [ENTITIES[kind]], ids)
        own = US_TAX_CODES if is_us and kind == "tax_code" else ()
        problems += check_against_lists(kind, rows, {entry.qbo_id: entry for entry in (*own, *entries)})
    if problems:
        raise MappingFilesError([str(problem) for problem in problems])


def load_folder(
    state: psycopg.Connection[Any], realm: int, files: dict[Kind, list[FileRow]], changed_by: str
) -> dict[Kind, LoadCounts]:
    """Make the book equal to the files. Raises ChangedByPersonError, see :func:`include.stores.mappings.load`."""
    return mappings.load(
        state, realm, {kind: [row.mapping for row in rows] for kind, rows in files.items()}, changed_by
    )


def save_folder(state: psycopg.Connection[Any], realm: int, folder: Path) -> dict[Kind, int]:
    """Write the book into its files. Each file is replaced as a whole; the book counts as saved once all are."""
    with state.transaction():
        rows = mappings.rows_to_save(state, realm, KINDS)
        for kind in KINDS:
            _replace(folder / FILES[kind], render(rows[kind]))
    return {kind: len(rows[kind]) for kind in KINDS}


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    os.replace(beside, path)


def _unknown_files(folder: Path) -> Iterable[Problem]:
    known = set(FILES.values())
    for path in sorted(folder.glob("*.csv")):
        if path.name not in known:
            yield Problem(path.name, 0, f"unknown file; allowed: {', '.join(FILES.values())}")
