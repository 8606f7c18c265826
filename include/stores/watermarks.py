"""Watermarks: how far each stream of a realm has been read, by billing's own clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg

from include.stores.statements import sql


class WatermarkStore:
    """The watermarks of one realm, and the documents that wait for something else than a change in billing."""

    def __init__(self, connection: psycopg.Connection[Any], realm: int) -> None:
        self._connection = connection
        self._realm = realm

    def value(self, stream: str) -> datetime | None:
        """How far the stream was read; None when it never was."""
        row = self._connection.execute(
            b"select value from qbo_sync.watermarks where realm = %s and stream = %s", (self._realm, stream)
        ).fetchone()
        return row[0] if row else None

    def move(self, stream: str, value: datetime, run_id: str) -> None:
        """Move the watermark, inside the transaction that stores what was read up to it."""
        self._connection.execute(
            sql("move_watermark"), {"realm": self._realm, "stream": stream, "value": value, "run_id": run_id}
        )

    def waiting_documents(self, source: str, kind: str, *, is_every: bool) -> list[str]:
        """Ids of documents that are to be tried again although billing did not change them.

        Those that are pending or unsettled, always; those that were skipped or refused, when ``is_every``.
        """
        values = {"realm": self._realm, "source": source, "kind": kind, "is_every": is_every}
        return [row[0] for row in self._connection.execute(sql("waiting_documents"), values)]

    def last_cause(self, dag_id: str, before: int) -> str | None:
        """The cause under which a plan was made last. One whose making failed has released nothing."""
        row = self._connection.execute(
            b"select choices ->> 'cause' from qbo_sync.plans where realm = %s and dag_id = %s and id < %s"
            b" and choices ? 'cause' and planned_at is not null order by id desc limit 1",
            (self._realm, dag_id, before),
        ).fetchone()
        return row[0] if row else None
