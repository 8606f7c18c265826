"""Reconciliations: both sides laid out in tables of the session, paired in SQL, and what they differ in, kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from include.billing_sync.documents import plain
from include.billing_sync.exact_json import dumps
from include.billing_sync.pairs import Billed, Difference, DriftClass, Edit, Held, Known, LastWrite, Pair
from include.billing_sync.reconcile_totals import Totals
from include.stores.statements import sql

KIND = "invoice"
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Opened:
    """A reconciliation that has begun, by the database's clock."""

    id: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A finished reconciliation of one realm, without its page."""

    id: int
    realm: int
    dag_id: str
    run_id: str
    from_date: date | None
    to_date: date | None
    started_at: datetime
    ended_at: datetime
    totals: Totals
    realm_key: str
    base_url: str
    environment: str
    company_name: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A kept difference as a page shows it."""

    drift: DriftClass
    field: str
    billing_value: str | None
    qbo_value: str | None
    amount: Decimal
    day: date | None
    doc_number: str | None
    billing_id: str | None
    entity: str
    qbo_id: str | None
    repair: str
    explained: str
    customer: str | None
    currency: str | None


class ReconciliationStore:
    """The reconciliations of one realm, over one connection in autocommit: the laid-out sides live and end with it."""

    def __init__(self, connection: psycopg.Connection[Any], *, realm: int, source: str, dag_id: str) -> None:
        self._connection = connection
        self._realm = realm
        self._dag_id = dag_id
        self._place = {"realm": realm, "source": source, "kind": KIND}

    def begin(self, run_id: str, from_date: date | None, to_date: date | None) -> Opened:
        """Open the reconciliation of a run; what an earlier try of it has kept is replaced."""
        run = {"realm": self._realm, "dag_id": self._dag_id, "run_id": run_id}
        values = {**run, "from_date": from_date, "to_date": to_date}
        self._connection.execute(sql("reconcile/create_staging"))
        with self._connection.transaction():
            self._connection.execute(sql("reconcile/forget_try"), values)
            row = self._rows("begin", values)[0]
        return Opened(row["id"], row["started_at"])

    def synced_until(self, stream: str, since: datetime) -> datetime | None:
        """Billing's clock up to which a sync has looked, if it did so after ``since``."""
        rows = self._rows("synced_until", {"realm": self._realm, "stream": stream, "since": since})
        return rows[0]["value"] if rows else None

    def put_billed(self, documents: Sequence[tuple[Billed, str | None]]) -> None:
        """Lay out documents of billing, each with its customer's id."""
        rows = dumps([_billed_row(billed, customer_id) for billed, customer_id in documents])
        self._connection.execute(sql("reconcile/put_billed"), {"rows": rows})

    def put_held(self, documents: Sequence[Held]) -> None:
        """Lay out documents of QuickBooks."""
        rows = dumps([_held_row(held) for held in documents])
        self._connection.execute(sql("reconcile/put_held"), {"rows": rows})

    def last_writes(self, entity: str, qbo_ids: Sequence[str]) -> dict[str, LastWrite]:
        """QBO id -> our last write with QuickBooks' answer, for those that are linked."""
        rows = self._rows("answers_of_links", {**self._place, "entity": entity, "ids": list(qbo_ids)})
        return {row["qbo_id"]: LastWrite(row["answer"], row["fingerprint"]) for row in rows}

    def match_links(self) -> None:
        """Say which document of billing each one in QuickBooks is, by our links."""
        # Nobody else ever counts the rows of a session's own tables, and a plan made for none of them is a slow one.
        self._connection.execute(b"analyze pg_temp.reconcile_billed, pg_temp.reconcile_held")
        self._connection.execute(sql("reconcile/match_links"), self._place)

    def links_not_held(self) -> list[tuple[str, str]]:
        """Entity and QBO id of what is linked, billed in the period, and was not seen in QuickBooks."""
        return [(row["entity"], row["qbo_id"]) for row in self._rows("links_not_held", self._place)]

    def links_not_billed(self) -> list[str]:
        """Billing ids of what is linked, seen in QuickBooks, and was not billed in the period."""
        return [row["billing_id"] for row in self._rows("links_not_billed", {})]

    def match_numbers(self) -> None:
        """Pair what no link explains by number, and name the twins of what is left."""
        self._connection.execute(sql("reconcile/match_numbers"), self._place)
        # How few are left decides whether all sendings are read or a few looked up.
        self._connection.execute(b"analyze pg_temp.reconcile_held (billing_id)")
        self._connection.execute(sql("reconcile/mark_twins"), self._place)

    def pairs(self, started_at: datetime) -> Iterator[list[Pair]]:
        """Both sides of every document, in chunks; inside a transaction of the caller, which may write between them."""
        with self._connection.cursor("reconcile_pairs", row_factory=dict_row) as cursor:
            cursor.execute(sql("reconcile/pairs"), {**self._place, "started_at": started_at})
            while rows := cursor.fetchmany(CHUNK):
                yield [_pair(row) for row in rows]

    def save(self, reconciliation_id: int, found: Iterable[Difference]) -> None:
        """Keep differences."""
        save_differences(self._connection, found, {**self._place, "reconciliation_id": reconciliation_id})

    def take_up_late(self, reconciliation_id: int) -> None:
        """Close what late answers left and this comparison looked at: where it still stands, the comparison names it itself."""
        values = {**self._place, "reconciliation_id": reconciliation_id}
        self._connection.execute(sql("reconcile/take_up_late"), values)

    def finish(self, reconciliation_id: int, totals: Totals) -> None:
        """End the reconciliation with its totals."""
        values = {"id": reconciliation_id, "totals": Jsonb(totals.to_json())}
        self._connection.execute(sql("reconcile/finish"), values)

    def of_run(self, run_id: str) -> Reconciliation | None:
        """What the run compared for this realm; None when it did not come so far."""
        found = finished_of_run(self._connection, self._dag_id, run_id, self._realm)
        return found[-1] if found else None

    def shown(self, reconciliation_id: int, limit: int) -> list[Shown]:
        """The first differences of each class and explanation, in the order of the classes."""
        rows = self._rows("shown_differences", {"id": reconciliation_id, "row_limit": limit})
        order = list(DriftClass)
        return sorted((_shown(row) for row in rows), key=lambda one: order.index(one.drift))

    def keep_report(self, reconciliation_id: int, page: str) -> None:
        """Keep the page."""
        self._connection.execute(sql("reconcile/keep_report"), {"id": reconciliation_id, "report": page})

    def _rows(self, name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(sql(f"reconcile/{name}"), values).fetchall()


def save_differences(
    connection: psycopg.Connection[Any], found: Iterable[Difference], place: Mapping[str, Any]
) -> None:
    """Keep differences; ``place`` names realm, source, kind and reconciliation_id (None: no comparison found them)."""
    rows = [_difference_row(one) for one in found]
    if rows:
        connection.execute(sql("reconcile/save_differences"), {**place, "rows": dumps(rows)})


def finished_of_run(
    connection: psycopg.Connection[Any], dag_id: str, run_id: str, realm: int | None = None
) -> list[Reconciliation]:
    """The finished reconciliations of a run, of one realm or all, ordered by realm key."""
    with connection.cursor(row_factory=dict_row) as cursor:
        values = {"dag_id": dag_id, "run_id": run_id, "realm": realm}
        rows = cursor.execute(sql("reconcile/of_run"), values).fetchall()
    return [Reconciliation(**row | {"totals": Totals.from_json(row["totals"])}) for row in rows]


def kept_page(
    connection: psycopg.Connection[Any], reconciliation_id: int, dag_id: str, run_id: str
) -> tuple[str, str] | None:
    """Realm key and page of a reconciliation; None when the run has none of that number, or its page is gone."""
    with connection.cursor(row_factory=dict_row) as cursor:
        values = {"id": reconciliation_id, "dag_id": dag_id, "run_id": run_id}
        row = cursor.execute(sql("reconcile/page_of_run"), values).fetchone()
    return (row["realm_key"], row["report"]) if row else None


def all_differences(
    connection: psycopg.Connection[Any], reconciliation_id: int, dag_id: str, run_id: str
) -> Iterator[Shown]:
    """Every difference of a reconciliation of that run, as a stream; runs inside a transaction of the caller."""
    with connection.cursor(f"differences_{reconciliation_id}", row_factory=dict_row) as cursor:
        cursor.itersize = CHUNK
        values = {"id": reconciliation_id, "dag_id": dag_id, "run_id": run_id}
        cursor.execute(sql("reconcile/differences_of_run"), values)
        yield from map(_shown, cursor)


def _billed_row(billed: Billed, customer_id: str | None) -> dict[str, Any]:
    return {
        "billing_id": billed.billing_id,
        "entity": billed.entity,
        "doc_number": billed.doc_number,
        "doc_date": billed.day,
        "customer_id": customer_id,
        "customer_name": billed.customer_name,
        "currency": billed.currency,
        "total": billed.total,
        "tax": billed.tax,
        "balance": billed.balance,
        "state": billed.state,
        "is_opted_out": billed.is_opted_out,
        "origin": billed.origin,
        "fingerprint": billed.fingerprint,
        "updated_at": billed.updated_at.isoformat() if billed.updated_at else None,
        "is_ours": billed.is_ours,
    }


def _held_row(held: Held) -> dict[str, Any]:
    return {
        "qbo_id": held.qbo_id,
        "entity": held.entity,
        "doc_number": held.doc_number,
        "doc_date": held.day,
        "customer_ref": held.customer_ref,
        "customer_name": held.customer_name,
        "currency": held.currency,
        "total": held.total,
        "tax": held.tax,
        "balance": held.balance,
        "is_void": held.is_void,
        "marked": held.marked,
        "edits": [{"field": edit.field, "ours": edit.ours, "theirs": edit.theirs} for edit in held.edits],
    }


def _pair(row: Mapping[str, Any]) -> Pair:
    return Pair(
        _billed(row) if row["is_billed"] else None,
        _held(row) if row["held_id"] is not None else None,
        Known(
            billing_id=row["billing_id"],
            qbo_id=row["link_id"],
            fingerprint=row["link_fingerprint"],
            meant=row["meant"] or {},
            written_day=row["written_day"],
            is_in_motion=row["is_in_motion"],
            status=row["status"],
            reason=row["reason"],
            reasons=tuple(one["reason"] for one in row["reasons"] or ()),
        ),
    )


def _billed(row: Mapping[str, Any]) -> Billed:
    return Billed(
        billing_id=row["billing_id"],
        entity=row["entity"],
        doc_number=row["doc_number"],
        day=row["doc_date"],
        customer_name=row["customer_name"],
        currency=row["currency"],
        total=row["total"],
        tax=row["tax"],
        balance=row["balance"],
        state=row["state"],
        is_opted_out=row["is_opted_out"],
        origin=row["origin"],
        fingerprint=row["fingerprint"],
        updated_at=row["updated_at"],
        customer_ref=row["mapped_ref"],
        is_customer_retired=row["is_customer_retired"],
        is_ours=row["is_ours"],
    )


def _held(row: Mapping[str, Any]) -> Held:
    return Held(
        entity=row["held_entity"],
        qbo_id=row["held_id"],
        doc_number=row["held_number"],
        day=row["held_date"],
        customer_ref=row["held_customer_ref"],
        customer_name=row["held_customer_name"],
        currency=row["held_currency"],
        total=row["held_total"],
        tax=row["held_tax"],
        balance=row["held_balance"],
        is_void=row["is_void"],
        edits=tuple(Edit(**edit) for edit in row["edits"]),
        twin=row["twin"],
        twin_of=row["twin_of"],
        is_strayed=row["is_strayed"],
    )


def _difference_row(one: Difference) -> dict[str, Any]:
    return {
        "class": str(one.drift),
        "billing_id": one.billing_id,
        "entity": one.entity,
        "qbo_id": one.qbo_id,
        "doc_number": one.doc_number,
        "doc_date": one.day,
        "field": one.field,
        "billing_value": one.billing_value,
        "qbo_value": one.qbo_value,
        "amount": plain(one.amount),
        "currency": one.currency or None,
        "customer_name": one.customer_name,
        "proposed_repair": one.repair,
        "resolution": one.explained or None,
    }


def _shown(row: Mapping[str, Any]) -> Shown:
    return Shown(
        drift=DriftClass(row["class"]),
        field=row["field"],
        billing_value=row["billing_value"],
        qbo_value=row["qbo_value"],
        amount=row["amount"],
        day=row["doc_date"],
        doc_number=row["doc_number"],
        billing_id=row["billing_id"],
        entity=row["entity"],
        qbo_id=row["qbo_id"],
        repair=row["proposed_repair"],
        explained=row["explained"],
        customer=row["customer_name"],
        currency=row["currency"],
    )
