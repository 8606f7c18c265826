"""What a person decides on a page about one key of the mapping book: map it, exclude it, take it out, or undo that.

Each decision names the state that the person saw. If the book has moved on since, nothing is written: the later of two
people is told of the earlier one instead of overwriting what nobody showed them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg

from include.billing_sync.mapping import Kind, MappingRow
from include.stores.mappings import Origin, StoredMapping, put, remove, stored_mappings
from include.stores.statements import sql


class DecidedMeanwhileError(Exception):
    """The key is not in the state that the person saw. Nothing was written; ``stored`` is what the book holds now."""

    def __init__(self, kind: Kind, key: str, stored: StoredMapping | None) -> None:
        """Keep what the book holds; the text is for the person."""
        if stored is None:
            now = "it was taken out of the mapping book"
        else:
            row = stored.mapping
            meaning = "excluded" if row.is_excluded else f"mapped to {row.qbo_name} (id {row.qbo_id})"
            now = f"{stored.changed_by} changed it at {stored.changed_at:%Y-%m-%d %H:%M}; it is {meaning} now"
        super().__init__(f"{kind} {key}: {now}")
        self.stored = stored


def decide(
    connection: psycopg.Connection[Any],
    realm: int,
    row: MappingRow,
    *,
    seen_at: datetime | None,
    origin: Origin,
    changed_by: str,
) -> None:
    """Write what a person chose for one key. Returns when it is committed, unless the caller has a transaction open.

    :param seen_at: when the row that the person saw was written; None: there was none
    :raises DecidedMeanwhileError: when the book has moved on
    """
    with _as_seen(connection, realm, row.kind, row.billing_key, seen_at):
        put(connection, realm, [row], origin, changed_by)


def take_out(
    connection: psycopg.Connection[Any],
    realm: int,
    kind: Kind,
    key: str,
    *,
    seen_at: datetime | None,
    changed_by: str,
) -> None:
    """Take a key out of the book, so that nothing is decided about it. Raises DecidedMeanwhileError."""
    with _as_seen(connection, realm, kind, key, seen_at):
        remove(connection, realm, kind, [key], changed_by)


def undo(
    connection: psycopg.Connection[Any],
    realm: int,
    kind: Kind,
    key: str,
    *,
    seen_at: datetime | None,
    changed_by: str,
) -> None:
    """Put back what the last change of a key replaced, with its origin, or nothing. Raises DecidedMeanwhileError."""
    with _as_seen(connection, realm, kind, key, seen_at):
        found = connection.execute(
            sql("mappings/last_change"), {"realm": realm, "kind": kind, "billing_key": key}
        ).fetchone()
        before: Mapping[str, Any] | None = found[0] if found else None
        if before is None:
            remove(connection, realm, kind, [key], changed_by)
        else:
            put(connection, realm, [_row(kind, before)], before["origin"], changed_by)


@contextmanager
def _as_seen(
    connection: psycopg.Connection[Any], realm: int, kind: Kind, key: str, seen_at: datetime | None
) -> Iterator[None]:
    """A transaction in which nobody else changes the book, and the key is as the person saw it."""
    with connection.transaction():
        connection.execute(sql("mappings/lock"))
        stored = next(iter(stored_mappings(connection, realm, kind, [key])), None)
        if (stored.changed_at if stored else None) != seen_at:
            raise DecidedMeanwhileError(kind, key, stored)
        yield


def _row(kind: Kind, kept: Mapping[str, Any]) -> MappingRow:
    return MappingRow(
        kind, kept["billing_key"], kept["billing_name"], kept["qbo_id"], kept["qbo_name"], kept["is_excluded"]
    )
