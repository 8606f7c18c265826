"""Notices in `qbo_sync.notices`: what people were told of, each once, and what of a realm stands still."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from include.billing_sync.company import CompanyFacts
from include.billing_sync.notices import Notice, SignOnAge, Stuck, Waiting
from include.stores.statements import sql


class NoticeStore:
    """The notices of one realm, over a connection that it is given; the caller's transaction is the transaction."""

    def __init__(self, connection: Connection[Any], realm: int) -> None:
        self._connection = connection
        self._realm = realm

    def put(self, notices: Iterable[Notice], now: datetime) -> list[Notice]:
        """Remember notices; return those that were never told before."""
        return [one for one in notices if self._connection.execute(sql("notices/put"), self._row(one, now)).rowcount]

    def lock_unmailed(self) -> list[Notice]:
        """The notices that nobody was mailed; locked until the transaction ends, so that two runs cannot both mail them."""
        with self._connection.cursor(row_factory=class_row(Notice)) as cursor:
            return cursor.execute(sql("notices/lock_unmailed"), {"realm": self._realm}).fetchall()

    def mark_mailed(self, notices: Sequence[Notice]) -> None:
        """Note that they were mailed."""
        values = {
            "realm": self._realm,
            "topics": [one.topic for one in notices],
            "subjects": [one.subject for one in notices],
        }
        self._connection.execute(sql("notices/mark_mailed"), values)

    def told_facts(self) -> CompanyFacts | None:
        """The company's facts when a change was last told of; None before the first look."""
        row = self._one("select told_facts from qbo_sync.realms where id = %(realm)s")
        return CompanyFacts.from_json(row["told_facts"]) if row and row["told_facts"] else None

    def keep_told_facts(self, facts: CompanyFacts) -> None:
        """These facts are known to people from now on."""
        self._connection.execute(
            "update qbo_sync.realms set told_facts = %s where id = %s", (Jsonb(facts.to_json()), self._realm)
        )

    def sign_on_age(self) -> SignOnAge | None:
        """How long the sign-on lasts; None when there is none."""
        row = self._one(
            "select refresh_expires_at, hard_expires_at, needs_reconnect, needs_reconnect_at "
            "from qbo_sync.tokens where realm = %(realm)s"
        )
        return SignOnAge(**row) if row else None

    def reads_used(self, now: datetime) -> int:
        """The reads of this month over all companies of the app."""
        row = self._one(sql("notices/reads_used").decode(), now=now)
        return int(row["reads"]) if row else 0

    def stuck(self, now: datetime, sync_stream: str) -> Stuck:
        """What stands still. ``sync_stream`` names the watermark that each run of the sync moves."""
        row = self._one(sql("notices/stuck").decode(), sync_stream=sync_stream)
        with self._connection.cursor(row_factory=class_row(Waiting)) as cursor:
            values = {"realm": self._realm, "now": now}
            waiting = cursor.execute(sql("notices/waiting_plans"), values).fetchall()
        return Stuck(**(row or {}), waiting=waiting)

    def _row(self, notice: Notice, now: datetime) -> dict[str, Any]:
        told = {"topic": notice.topic, "subject": notice.subject, "text": notice.text, "cure": notice.cure}
        return {**told, "realm": self._realm, "now": now}

    def _one(self, statement: str, **values: Any) -> Mapping[str, Any] | None:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement.encode(), {"realm": self._realm, **values}).fetchone()
