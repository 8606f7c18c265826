"""Late answers: what QuickBooks wrote for a push that had lost the right to store it, kept over a connection of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from include.billing_sync.late import LATE, duplicate_notice, late_duplicate
from include.billing_sync.pairs import Difference
from include.billing_sync.ports import NAME_KINDS, Settled
from include.billing_sync.statuses import Status
from include.stores.notices import NoticeStore
from include.stores.reconciliations import save_differences
from include.stores.settling import answer_text
from include.stores.statements import sql

_UNSETTLED = "QuickBooks wrote it; whoever pushes next looks for it"


def keep_late_answers(
    connection: psycopg.Connection[Any],
    results: Sequence[Settled],
    *,
    realm: int,
    epoch: int,
    run_id: str,
    now: datetime,
) -> list[Difference]:
    """Keep what QuickBooks wrote in the audit; what is there twice by it becomes a difference and a notice. Returns those.

    Link, status and plan item stay as whoever holds the lock left them. What is still to be created is looked for again.

    :param results: of sendings that QuickBooks answered with what it wrote; names (which cannot be there twice) are only kept
    """
    keys = {
        "sources": [result.item.source for result in results],
        "kinds": [result.item.kind for result in results],
        "billing_ids": [result.item.billing_id for result in results],
    }
    with connection.transaction():
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(sql("late/linked_ids"), {**keys, "realm": realm}).fetchall()
        linked = {(row["source"], row["kind"], row["billing_id"]): row["qbo_id"] for row in rows}
        judged = [(result, _duplicate(result, linked)) for result in results]
        rows = [_row(*one) | {"number": number} for number, one in enumerate(judged, 1)]
        answers = [answer_text(result) for result in results]
        values = {"rows": json.dumps(rows), "answers": answers, "realm": realm, "epoch": epoch, "run_id": run_id}
        connection.execute(sql("record_answers"), values)
        connection.execute(sql("late/look_again"), {**keys, "realm": realm})
        for result, found in judged:
            if found is not None:
                place = {"realm": realm, "source": result.item.source, "kind": result.item.kind}
                save_differences(connection, [found], {**place, "reconciliation_id": None})
        duplicates = [found for _, found in judged if found is not None]
        NoticeStore(connection, realm).put([duplicate_notice(found) for found in duplicates], now)
    return duplicates


def _duplicate(result: Settled, linked: dict[tuple[str, str, str], str]) -> Difference | None:
    item, entity = result.item, result.entity
    if entity is None or item.kind in NAME_KINDS:
        return None
    return late_duplicate(item, entity, linked.get((item.source, item.kind, item.billing_id)))


def _row(result: Settled, found: Difference | None) -> dict[str, Any]:
    item, answer, entity = result.item, result.answer, result.entity or {}
    total = entity.get("TotalAmt", item.total)
    return {
        "plan_id": item.plan_id,
        "item_id": item.id,
        "source": item.source,
        "kind": item.kind,
        "billing_id": item.billing_id,
        "doc_number": item.doc_number,
        "entity": item.entity,
        "action": item.action,
        "batch_id": item.batch_id,
        "b_id": item.b_id,
        "request_id": item.request_id,
        "http_status": answer.http_status if answer else None,
        "outcome": LATE,
        "status": str(Status.ERROR if found else Status.UNKNOWN),
        "reason": "ambiguous" if found else "planned",
        "qbo_id": str(entity["Id"]),
        "total": None if total is None else str(total),
        "intuit_tid": answer.intuit_tid if answer else None,
        "duration_ms": answer.duration_ms if answer else None,
        "detail": f"duplicate: {found.qbo_value}. {found.repair}" if found else _UNSETTLED,
    }
