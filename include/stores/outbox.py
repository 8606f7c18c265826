"""The outbox in Postgres: plan items are claimed, committed, and settled on the connection that holds the realm's lock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from include.billing_sync.exact_json import StoredJson
from include.billing_sync.outcomes import IN_DOUBT, not_linkable
from include.billing_sync.ports import Claimed, Decide, Item, Link, Sending, Settled
from include.billing_sync.statuses import ItemState
from include.stores.settling import store_settled
from include.stores.statements import NAMES, sql


class LockLost(Exception):
    """Another process pushes this realm now, or the realm was disconnected: this one must send nothing more."""


class PostgresOutbox:
    """The outbox of one realm for the process that holds its lock.

    ``connection`` is the lock's own direct connection, in autocommit: every claim and every settling is one transaction on it,
    so that a process that lost the lock can store nothing. ``epoch`` is the push epoch raised when the lock was taken.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        realm: int,
        environment: str,
        epoch: int,
        run_id: str,
    ) -> None:
        self.connection = connection
        self.realm = realm
        self.environment = environment
        self.epoch = epoch
        self.run_id = run_id
        self.since = self.now()

    def now(self) -> datetime:
        """The database's clock, the same for all workers: sendings are recorded under it."""
        moment: datetime = self._one(b"select clock_timestamp() as now")["now"]
        return moment

    def names_to_write(self, plan_id: int, without: Sequence[int]) -> list[Item]:
        """Customers and items that are still planned, in the plan's order."""
        return self._items(sql("names_to_write"), plan_id=plan_id, without=list(without))

    def creates_not_looked_at(self, plan_id: int, limit: int, without: Sequence[int]) -> list[Item]:
        """The next planned creates that were not looked for in QBO under this lock."""
        return self._items(
            sql("creates_not_looked_at"),
            plan_id=plan_id,
            limit=limit,
            since=self.since,
            without=list(without),
        )

    def names_of_plan(self, plan_id: int, references: Sequence[str]) -> Mapping[str, tuple[str, str, str]]:
        """State, outcome and detail of the customers and items that a plan writes, by reference such as ``@customer:42``."""
        rows = self._rows(
            b"select '@' || kind || ':' || billing_id as reference, state, outcome, detail from qbo_sync.plan_items"
            b" where plan_id = %(plan_id)s and kind = any(%(names)s) and '@' || kind || ':' || billing_id = any(%(wanted)s)",
            plan_id=plan_id,
            wanted=list(references),
        )
        return {row["reference"]: (row["state"], row["outcome"] or "", row["detail"] or "") for row in rows}

    def next_group(self, plan_id: int, limit: int, without: Sequence[int]) -> list[Item]:
        """What goes into the next call: a whole batch that is repeated, a single item, or up to ``limit`` new ones."""
        items = self._items(
            sql("next_items"),
            plan_id=plan_id,
            limit=limit,
            since=self.since,
            without=list(without),
        )
        if not items:
            return []
        first = items[0]
        if first.is_single:
            return [first]
        if first.batch_id:
            return [item for item in items if item.batch_id == first.batch_id and not item.is_single]
        fresh = [item for item in items if not item.is_single and not item.batch_id]
        return fresh[:limit]

    def next_send(self, plan_id: int, without: Sequence[int]) -> Item | None:
        """The next mail to be sent by QBO for a document of this plan that is in QBO."""
        found = self._items(sql("next_send"), plan_id=plan_id, without=list(without))
        return found[0] if found else None

    def unsettled(self) -> list[Item]:
        """Items of the realm whose outcome is unknown: marked so, or claimed under an earlier lock and never answered."""
        items = self._items(sql("unsettled_items"), realm=self.realm, epoch=self.epoch)
        return [_without_answer(item) if item.state == ItemState.SENDING else item for item in items]

    def mark_looked_at(self, items: Sequence[Item]) -> None:
        """Remember that QBO was asked for these numbers under this lock."""
        if items:
            self.connection.execute(
                "update qbo_sync.plan_items set looked_at = clock_timestamp() where id = any(%(ids)s)",
                {"ids": [item.id for item in items]},
            )

    def claim(self, items: Sequence[Item], decide: Decide) -> list[Claimed | Settled]:
        """Claim and commit, in one transaction: what is still planned, under our epoch, with nothing else in flight.

        Nothing is claimed when the push of another company took the same document in this very moment.
        Raises LockLost when the realm's epoch is no longer ours.
        """
        try:
            with self._transaction():
                return self._claim(items, decide)
        except (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected):
            return []

    def _claim(self, items: Sequence[Item], decide: Decide) -> list[Claimed | Settled]:
        known = {item.id: item.payload for item in items if isinstance(item.payload, StoredJson)}
        epoch = self._ask_epoch()
        clock = self.connection.cursor(row_factory=dict_row).execute(b"select clock_timestamp() as now")
        with self.connection.cursor(row_factory=dict_row) as cursor:
            values = {"ids": [item.id for item in items], "names": NAMES, "known": list(known)}
            cursor.execute(sql("lock_planned_items"), values)
            self._check_epoch(epoch)
            with clock:
                now: datetime = clock.fetchall()[0]["now"]
            rows = [item_from_row(row | {"payload": known.get(row["id"], row["payload"])}) for row in cursor.fetchall()]
        decided = [part for item in rows if (part := decide(item)) is not None]
        claims = [part for part in decided if isinstance(part, Claimed)]
        if claims:
            self._store_claims(claims, now)
        self._store_settled([part for part in decided if isinstance(part, Settled)])
        return [self._as_claimed(part, now) if isinstance(part, Claimed) else part for part in decided]

    def settle(self, results: Sequence[Settled]) -> Sequence[Settled]:
        """Store outcome, link, status and the answered event of each result in one transaction; returns what was stored.

        Where the link of one cannot be (its QBO id is another document's), that one is left to a person, and the rest is stored
        item by item.
        """
        try:
            self._settle(results)
        except psycopg.errors.UniqueViolation:
            return [self._settle_alone(result) for result in results]
        return results

    def _settle(self, results: Sequence[Settled]) -> None:
        with self._transaction():
            epoch = self._ask_epoch()
            self._store_settled(results)
            self._check_epoch(epoch)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A transaction in which no statement waits for the one before. All are known to be done before it commits."""
        with self.connection.pipeline(), self.connection.transaction():
            yield

    def _settle_alone(self, result: Settled) -> Settled:
        try:
            self._settle([result])
        except psycopg.errors.UniqueViolation as violation:
            result = not_linkable(result, self._why_not_linkable(result) or str(violation))
            self._settle([result])
        return result

    def _why_not_linkable(self, result: Settled) -> str:
        """Which link is in the way."""
        item, qbo_id = result.item, str((result.entity or {}).get("Id"))
        rows = self._rows(
            sql("links_in_the_way"),
            realm=self.realm,
            environment=self.environment,
            source=item.source,
            kind=item.kind,
            billing_id=item.billing_id,
            entity=item.entity,
            qbo_id=qbo_id,
        )
        theirs = [f"which is linked to billing document {row['billing_id']}" for row in rows if row["qbo_id"] == qbo_id]
        mine = [
            f"while this document is linked to id {row['qbo_id']} already" for row in rows if row["qbo_id"] != qbo_id
        ]
        return f"QuickBooks shows {item.entity} id {qbo_id}, {', '.join(theirs + mine)}" if rows else ""

    def hold_up(self, plan_id: int, reason: str, detail: str) -> None:
        """All documents of the plan that are still planned wait for the same reason."""
        with self.connection.transaction():
            self._check_epoch(self._ask_epoch())
            values = {"plan_id": plan_id, "reason": reason, "detail": detail, "names": NAMES}
            self.connection.execute(sql("hold_up_documents"), values)

    def archived(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Sequence[Link]]:
        """The archived links of these documents in this realm, by (kind, billing id)."""
        rows = self._rows(sql("archived_links"), realm=self.realm, **_keys(items))
        found: dict[tuple[str, str], list[Link]] = {}
        for row in rows:
            found.setdefault((row["kind"], row["billing_id"]), []).append(link_from_row(row["link"]))
        return found

    def sendings(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Sequence[Sending]]:
        """The creates of these documents sent in this realm, except where an answer proved that nothing was done."""
        rows = self._rows(sql("sendings_of_documents"), realm=self.realm, **_keys(items))
        found: dict[tuple[str, str], list[Sending]] = {}
        for row in rows:
            found.setdefault((row["kind"], row["billing_id"]), []).append(Sending(row["at"], row["request"]))
        return found

    def doubts(self, items: Sequence[Item]) -> set[tuple[str, str]]:
        """The documents whose last sending of the same action was left to a person."""
        actions = [item.action for item in items]
        rows = self._rows(
            sql("documents_in_doubt"), realm=self.realm, outcome=IN_DOUBT, actions=actions, **_keys(items)
        )
        return {(row["kind"], row["billing_id"]) for row in rows}

    def linked(self, entity: str, qbo_ids: Iterable[str]) -> Mapping[str, str]:
        """The billing id behind each of these QBO ids that is linked now; of a customer, or mapped."""
        rows = self._rows(
            b"select qbo_id, billing_id from qbo_sync.links"
            b" where realm = %(realm)s and entity = %(entity)s and qbo_id = any(%(ids)s)"
            b" union select qbo_id, billing_key from qbo_sync.mappings"
            b" where realm = %(realm)s and %(entity)s = 'Customer' and kind = 'customer' and qbo_id = any(%(ids)s)",
            realm=self.realm,
            entity=entity,
            ids=list(qbo_ids),
        )
        return {row["qbo_id"]: row["billing_id"] for row in rows}

    def known_once(self, entity: str, qbo_ids: Iterable[str]) -> set[str]:
        """Which of these QBO ids stand in the archive of links."""
        rows = self._rows(
            b"select qbo_id from qbo_sync.link_archive where realm = %(realm)s and entity = %(entity)s and qbo_id = any(%(ids)s)",
            realm=self.realm,
            entity=entity,
            ids=list(qbo_ids),
        )
        return {row["qbo_id"] for row in rows}

    def links_of(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Link]:
        """The active links of these documents, by (kind, billing id)."""
        rows = self._rows(
            sql("links_of_documents"),
            environment=self.environment,
            realm=self.realm,
            **_keys(items),
        )
        return {(row["kind"], row["billing_id"]): link_from_row(row) for row in rows}

    def _ask_epoch(self) -> psycopg.Cursor[DictRow]:
        return self.connection.cursor(row_factory=dict_row).execute(
            b"select push_epoch, disconnected_at from qbo_sync.realms where id = %(realm)s for share",
            {"realm": self.realm},
        )

    def _check_epoch(self, asked: psycopg.Cursor[DictRow]) -> None:
        with asked:
            row = asked.fetchone()
        if row is None:
            raise LockLost(f"realm {self.realm} has no row in qbo_sync.realms")
        if row["push_epoch"] != self.epoch:
            raise LockLost(
                f"realm {self.realm}: another process pushes it now (epoch {row['push_epoch']}, ours is {self.epoch})"
            )
        if row["disconnected_at"]:
            raise LockLost(
                f"realm {self.realm} was disconnected at {row['disconnected_at']:%Y-%m-%d %H:%M}: nothing more is sent"
            )

    def _store_claims(self, claims: Sequence[Claimed], now: datetime) -> None:
        rows = [
            {
                "id": claim.item.id,
                "b_id": claim.write.b_id,
                "request_id": claim.write.request_id,
                "batch_id": claim.write.request_id.removesuffix(claim.write.b_id),
                "position": position,
                "qbo_id": claim.write.qbo_id,
                "meant": claim.item.meant,
            }
            for position, claim in enumerate(claims)
        ]
        values = {
            "rows": json.dumps(rows),
            "ids": [claim.item.id for claim in claims],
            "requests": [claim.write.text for claim in claims],
            "epoch": self.epoch,
            "now": now,
            "run_id": self.run_id,
        }
        self.connection.execute(sql("claim_items"), values)

    def _store_settled(self, results: Sequence[Settled]) -> None:
        if results:
            store_settled(
                self.connection,
                results,
                realm=self.realm,
                environment=self.environment,
                epoch=self.epoch,
                run_id=self.run_id,
            )

    def _as_claimed(self, claim: Claimed, now: datetime) -> Claimed:
        batch_id = claim.write.request_id.removesuffix(claim.write.b_id)
        item = replace(
            claim.item,
            state=ItemState.SENDING,
            batch_id=batch_id,
            b_id=claim.write.b_id,
            request_id=claim.write.request_id,
            push_epoch=self.epoch,
            claimed_at=now,
            sent_at=now,
            qbo_id=claim.write.qbo_id,
        )
        return replace(claim, item=item)

    def _items(self, statement: bytes, **values: Any) -> list[Item]:
        return [item_from_row(row) for row in self._rows(statement, **values)]

    def _rows(self, statement: bytes, **values: Any) -> list[DictRow]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, {"names": NAMES, **values}).fetchall()

    def _one(self, statement: bytes, **values: Any) -> DictRow:
        rows = self._rows(statement, **values)
        if len(rows) != 1:
            raise LockLost(f"realm {self.realm} has no row in qbo_sync.realms")
        return rows[0]


def item_from_row(row: Mapping[str, Any]) -> Item:
    """A plan item from its row; JSON numbers must have been read as Decimal. A payload may be given as its text."""
    payload = row.get("payload")
    values = {name: row.get(name) for name in _ITEM_FIELDS} | {
        "warnings": row.get("warnings") or (),
        "payload": StoredJson(payload) if isinstance(payload, str) else payload,
    }
    return Item(**values)


def link_from_row(row: Mapping[str, Any]) -> Link:
    """A link from its row, or from the JSON that the archive keeps of one."""
    total = row.get("total")
    return Link(
        kind=row["kind"],
        billing_id=row["billing_id"],
        entity=row["entity"],
        qbo_id=row["qbo_id"],
        sync_token=row["sync_token"],
        fingerprint=row.get("fingerprint"),
        canon_version=row.get("canon_version"),
        answer=row.get("answer") or {},
        doc_number=row.get("doc_number"),
        total=None if total is None else Decimal(total),
        email_status=row.get("email_status"),
        source=row["source"],
        realm=row.get("realm"),
    )


def _without_answer(item: Item) -> Item:
    """A sending that nobody has heard of since: whoever made it was killed, or lost the right to store its answer."""
    return replace(item, state=ItemState.UNKNOWN, outcome="no_answer", unknown_times=item.unknown_times + 1)


def _keys(items: Sequence[Item]) -> dict[str, list[str]]:
    return {
        "sources": [item.source for item in items],
        "kinds": [item.kind for item in items],
        "billing_ids": [item.billing_id for item in items],
    }


_ITEM_FIELDS = tuple(name for name in Item.__dataclass_fields__ if name not in {"warnings", "payload"})
