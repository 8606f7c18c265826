"""The mapping book in qbo_sync.mappings: read, changed by a person, loaded from and saved to files. History is a trigger's.

A load makes the book equal to the files, but never undoes what a person decided on the pages since files and book were
last equal: it lists such keys and stops. What a run created stays although no file names it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

from include.billing_sync.mapping import Kind, MappingBook, MappingRow
from include.stores.statements import sql

Origin = Literal["csv", "console", "suggestion", "created"]
_BY_A_PERSON = ("console", "suggestion")


@dataclass(frozen=True, slots=True)
class StoredMapping:
    """A mapping as the book holds it: whence, by whom, when."""

    mapping: MappingRow
    origin: Origin
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key on which a person has decided since files and book were last equal, and the files say otherwise."""

    kind: Kind
    billing_key: str
    in_book: str
    in_file: str
    changed_by: str
    changed_at: datetime

    def __str__(self) -> str:
        when = self.changed_at.strftime("%Y-%m-%d %H:%M")
        return (
            f"{self.kind} {self.billing_key}: {self.changed_by} changed it at {when} to {self.in_book}, "
            f"the file says {self.in_file}"
        )


class ChangedByPersonError(Exception):
    """A load would undo decisions of people. ``conflicts`` lists them all; nothing was written."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        """Keep the conflicts; the text is one line each."""
        super().__init__("\n".join(map(str, conflicts)))
        self.conflicts = tuple(conflicts)


@dataclass(slots=True)
class LoadCounts:
    """What a load did with the rows of one kind."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class _Comparison:
    """The rows of one file against those of the book."""

    counts: LoadCounts = field(default_factory=LoadCounts)
    write: list[MappingRow] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def stored_mappings(
    connection: psycopg.Connection[Any], realm: int, kind: Kind | None = None, billing_keys: Sequence[str] | None = None
) -> list[StoredMapping]:
    """The rows of a realm by kind and key: all of them, or those of one kind, or of some keys."""
    keys = None if billing_keys is None else list(billing_keys)
    return [
        StoredMapping(
            MappingRow(
                row["kind"],
                row["billing_key"],
                row["billing_name"],
                row["qbo_id"],
                row["qbo_name"],
                row["is_excluded"],
            ),
            row["origin"],
            row["changed_by"],
            row["changed_at"],
        )
        for row in _rows(connection, "rows", realm=realm, kind=kind, billing_keys=keys)
    ]


def mapping_book(connection: psycopg.Connection[Any], realm: int) -> MappingBook:
    """The book of a realm, for looking up."""
    return MappingBook(stored.mapping for stored in stored_mappings(connection, realm))


def put(
    connection: psycopg.Connection[Any], realm: int, rows: Iterable[MappingRow], origin: Origin, changed_by: str
) -> None:
    """Write mappings; those that are in the book already in this form stay as they are, with their origin.

    To be called in a transaction that holds the lock of mappings/lock.sql wherever others may change the book.
    """
    content = json.dumps([asdict(row) for row in rows])
    connection.execute(
        sql("mappings/put"), {"realm": realm, "rows": content, "origin": origin, "changed_by": changed_by}
    )


def remove(
    connection: psycopg.Connection[Any], realm: int, kind: Kind, billing_keys: Sequence[str], changed_by: str
) -> None:
    """Take keys out of the book; the history says who did it."""
    with connection.transaction():
        connection.execute(sql("mappings/set_changed_by"), {"changed_by": changed_by})
        connection.execute(sql("mappings/remove"), {"realm": realm, "kind": kind, "billing_keys": list(billing_keys)})


def load(
    connection: psycopg.Connection[Any], realm: int, files: Mapping[Kind, Sequence[MappingRow]], changed_by: str
) -> dict[Kind, LoadCounts]:
    """Make the book equal to the files given, in one transaction; kinds without a file stay as they are.

    :raises ChangedByPersonError: when that would undo what a person decided since; nothing is written then.
    """
    with connection.transaction():
        connection.execute(sql("mappings/lock"))
        stored = stored_mappings(connection, realm)
        marks = _marks(connection, realm)
        compared = {
            kind: _compare(
                [row for row in stored if row.mapping.kind == kind],
                rows,
                marks.get(kind),
                _removed(connection, realm, kind, marks.get(kind)),
            )
            for kind, rows in files.items()
        }
        conflicts = [conflict for comparison in compared.values() for conflict in comparison.conflicts]
        if conflicts:
            raise ChangedByPersonError(conflicts)
        for kind, comparison in compared.items():
            put(connection, realm, comparison.write, "csv", changed_by)
            remove(connection, realm, kind, comparison.remove, changed_by)
        _mark(connection, realm, files)
    return {kind: comparison.counts for kind, comparison in compared.items()}


def rows_to_save(
    connection: psycopg.Connection[Any], realm: int, kinds: Sequence[Kind]
) -> dict[Kind, list[MappingRow]]:
    """The rows of each kind, for files that are equal to the book from now on. To be called inside a transaction.

    The caller writes the files before the transaction ends, so that a file that could not be written is not counted as
    equal.
    """
    connection.execute(sql("mappings/lock"))
    stored = stored_mappings(connection, realm)
    _mark(connection, realm, kinds)
    return {kind: [row.mapping for row in stored if row.mapping.kind == kind] for kind in kinds}


def _compare(
    stored: Sequence[StoredMapping],
    rows: Sequence[MappingRow],
    equal_at: datetime | None,
    removed: Mapping[str, tuple[str, datetime]],
) -> _Comparison:
    """What a load has to do for one kind, and which decisions of people stand against it."""
    result = _Comparison()
    wanted = {row.billing_key: row for row in rows}
    known = {row.mapping.billing_key: row for row in stored}
    for key, row in wanted.items():
        old = known.get(key)
        if old is not None and old.mapping == row:
            result.counts.unchanged += 1
            continue
        if old is not None and _is_decision(old, equal_at):
            result.conflicts.append(_conflict(old, _said(row)))
        elif old is None and key in removed:
            by, at = removed[key]
            result.conflicts.append(Conflict(row.kind, key, "nothing", _said(row), by, at))
        result.write.append(row)
        if old is None:
            result.counts.added += 1
        else:
            result.counts.changed += 1
    for key, old in known.items():
        if key in wanted or old.origin == "created":
            continue
        if _is_decision(old, equal_at):
            result.conflicts.append(_conflict(old, "nothing"))
        result.remove.append(key)
        result.counts.removed += 1
    return result


def _is_decision(stored: StoredMapping, equal_at: datetime | None) -> bool:
    return stored.origin in _BY_A_PERSON and (equal_at is None or stored.changed_at > equal_at)


def _conflict(stored: StoredMapping, in_file: str) -> Conflict:
    mapping = stored.mapping
    return Conflict(mapping.kind, mapping.billing_key, _said(mapping), in_file, stored.changed_by, stored.changed_at)


def _said(row: MappingRow) -> str:
    return "excluded" if row.is_excluded else f"{row.qbo_id} {row.qbo_name!r}"


def _removed(
    connection: psycopg.Connection[Any], realm: int, kind: Kind, since: datetime | None
) -> dict[str, tuple[str, datetime]]:
    rows = _rows(connection, "removed_since", realm=realm, kind=kind, since=since)
    return {row["billing_key"]: (row["changed_by"], row["changed_at"]) for row in rows}


def _marks(connection: psycopg.Connection[Any], realm: int) -> dict[str, datetime]:
    return {row["kind"]: row["equal_at"] for row in _rows(connection, "marks", realm=realm)}


def _mark(connection: psycopg.Connection[Any], realm: int, kinds: Iterable[Kind]) -> None:
    connection.execute(sql("mappings/mark"), {"realm": realm, "kinds": list(kinds)})


def _rows(connection: psycopg.Connection[Any], name: str, **values: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql(f"mappings/{name}"), values).fetchall()
