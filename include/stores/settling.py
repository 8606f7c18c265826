"""Results of the push as rows: plan item, link, status and answered event, stored together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import psycopg

from include.billing_sync.documents import NO_CONTENT
from include.billing_sync.mapping import Kind
from include.billing_sync.owned import owned_fields
from include.billing_sync.ports import NAME_KINDS, Entity, Settled
from include.billing_sync.statuses import Action, ItemState
from include.stores.statements import sql

MAPPING_KINDS: Mapping[str, Kind] = {"account": "account", "customer": "customer", "item": "service"}


def store_settled(
    connection: psycopg.Connection[Any],
    results: Sequence[Settled],
    *,
    realm: int,
    environment: str,
    epoch: int,
    run_id: str,
) -> None:
    """Store the results inside the transaction, and the pipeline, that are open on ``connection``."""
    place = {"realm": realm, "environment": environment, "epoch": epoch, "run_id": run_id, "archived_by": run_id}
    rows = [_row(result, number) for number, result in enumerate(results, 1)]
    of_documents = [row for row in rows if row["kind"] not in NAME_KINDS]
    all_rows = json.dumps(rows)
    written = [result for result in results if result.state == ItemState.DONE and result.entity is not None]
    linked = [result for result in written if result.item.action != Action.SEND and not result.archive_link]
    mailed = [result for result in written if result.item.action == Action.SEND]
    named = [result for result in results if result.state == ItemState.DONE and result.item.kind in NAME_KINDS]
    _execute(connection, "settle_items", all_rows, {**place, "ids": [result.item.id for result in results]})
    _execute_for(connection, "archive_links", [_ended(result) for result in results if result.archive_link], place)
    links = [_link_row(result, number) for number, result in enumerate(linked, 1)]
    owned = [json.dumps(link.pop("owned")) for link in links]
    _execute_for(connection, "save_links", links, {**place, "owned": owned})
    mailings = [_link_row(result, number) for number, result in enumerate(mailed, 1)]
    _execute_for(connection, "save_mailings", mailings, place)
    _execute_for(connection, "save_created_names", [_mapping_row(result) for result in named], place)
    if of_documents:
        is_all = len(of_documents) == len(rows)
        _execute(connection, "save_statuses", all_rows if is_all else json.dumps(of_documents), place)
    # QuickBooks' words are by far the longest part: like what is ours in them, they go beside the rows, not inside their JSON.
    _execute(connection, "record_answers", all_rows, {**place, "answers": [answer_text(result) for result in results]})


def _execute_for(
    connection: psycopg.Connection[Any], name: str, rows: Sequence[Mapping[str, Any]], place: Mapping[str, Any]
) -> None:
    if rows:
        _execute(connection, name, json.dumps(rows), place)


def _execute(connection: psycopg.Connection[Any], name: str, rows: str, place: Mapping[str, Any]) -> None:
    connection.execute(sql(name), {**place, "rows": rows})


def _row(result: Settled, number: int) -> dict[str, Any]:
    item, answer, entity = result.item, result.answer, result.entity
    return {
        "number": number,
        "item_id": item.id,
        "plan_id": item.plan_id,
        "source": item.source,
        "kind": item.kind,
        "billing_id": item.billing_id,
        "doc_number": item.doc_number,
        "doc_date": item.doc_date.isoformat() if item.doc_date else None,
        "entity": item.entity,
        "action": item.action,
        "state": str(result.state),
        "outcome": result.outcome,
        "status": str(result.status),
        "reason": result.reason,
        "reasons": list(result.reasons),
        "detail": result.detail or None,
        "is_single": result.is_single,
        "keeps_ids": result.keeps_ids,
        "unknown_times": result.unknown_times,
        "sync_token": result.sync_token,
        "batch_id": item.batch_id,
        "b_id": item.b_id,
        "request_id": item.request_id,
        "qbo_id": _id(entity) or item.qbo_id,
        "qbo_total": _total(entity),
        "billing_total": _text(item.total),
        "total": _total(entity) or _text(item.total),
        "fingerprint": item.fingerprint,
        "http_status": answer.http_status if answer else None,
        "intuit_tid": answer.intuit_tid if answer else None,
        "duration_ms": answer.duration_ms if answer else None,
    }


def answer_text(result: Settled) -> str | None:
    """QuickBooks' own words for a result, as the audit keeps them."""
    return result.answer.text or None if result.answer else None


def _link_row(result: Settled, number: int) -> dict[str, Any]:
    """The link of what QBO shows.

    An object that an archived link names keeps what that link knew of our last write: its content, its version and QBO's
    answer; only the total is today's, so that a difference stays named. So a change in billing reaches it as an update, and
    what somebody edited since is seen as an edit and kept. So it is with what was edited before a lost sending was found.
    """
    item, entity = result.item, result.entity
    if entity is None:
        raise ValueError("a link is made from what QBO shows")
    known = result.adopted_from
    is_ours = result.outcome in {"written", "found"} or result.is_agreed
    ours = NO_CONTENT if item.action == Action.VOID else item.fingerprint
    fingerprint = ours if is_ours else known.fingerprint if known else None
    canon = item.canon_version if is_ours else known.canon_version if known else None
    is_remembered = not is_ours and known is not None and bool(known.answer)
    meant = result.meant_answer
    owned = known.answer if known and is_remembered else meant or owned_fields(entity)
    token = known.sync_token if known and is_remembered else (meant or entity)["SyncToken"]
    return {
        "number": number,
        "item_id": item.id,
        "source": item.source,
        "kind": item.kind,
        "billing_id": item.billing_id,
        "entity": item.entity,
        "qbo_id": str(entity["Id"]),
        "doc_number": entity.get("DocNumber") or item.doc_number,
        "sync_token": str(token),
        "fingerprint": fingerprint,
        "canon_version": canon,
        "total": _total(entity),
        "owned": owned,
        "email_status": entity.get("EmailStatus"),
        "origin": result.origin or "created",
    }


def _mapping_row(result: Settled) -> dict[str, Any]:
    entity = result.entity or {}
    item = result.item
    return {
        "mapping_kind": MAPPING_KINDS[item.kind],
        "billing_id": item.billing_id,
        "entity": item.entity,
        "qbo_id": _id(result.entity) or item.qbo_id,
        "name": entity.get("DisplayName") or entity.get("Name") or item.doc_number,
        "currency": (entity.get("CurrencyRef") or {}).get("value"),
        "sync_token": entity.get("SyncToken") or "0",
        "payload": owned_fields(entity) | _kind_of_account(entity) if entity else {},
    }


def _kind_of_account(entity: Entity) -> dict[str, Any]:
    """What tells what an account may be chosen for; entries of other lists have neither."""
    return {name: entity[name] for name in ("AccountType", "AccountSubType") if name in entity}


def _ended(result: Settled) -> dict[str, Any]:
    item = result.item
    return {"source": item.source, "kind": item.kind, "billing_id": item.billing_id, "why": result.archive_link}


def _id(entity: Entity | None) -> str | None:
    return str(entity["Id"]) if entity and "Id" in entity else None


def _total(entity: Entity | None) -> str | None:
    return _text(entity.get("TotalAmt")) if entity else None


def _text(amount: Decimal | int | None) -> str | None:
    return None if amount is None else format(Decimal(amount), "f")
