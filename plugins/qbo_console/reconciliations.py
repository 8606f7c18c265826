"""What a run of the nightly reconciliation found, under the run: for each company the kept page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from fastapi import APIRouter, HTTPException, Request, Response

from include.billing_sync.documents import plain
from include.billing_sync.findings import csv_parts, safe
from include.stores.reconciliations import Reconciliation, Shown, all_differences, finished_of_run, kept_page
from include.wiring import connections
from qbo_console import answers
from qbo_console.rendering import render
from qbo_console.state import State

COLUMNS = (
    "class", "number", "date", "customer", "field", "billing", "quickbooks", "amount", "currency", "explained",
    "proposed_repair", "type", "billing_id", "qbo_id",
)  # fmt: skip

router = APIRouter(prefix="/runs/{dag_id}/{run_id}/reconciliation/{number}")


def of_run(state: psycopg.Connection[Any], dag_id: str, run_id: str) -> list[Reconciliation]:
    """What the run compared, one per realm; nothing for runs of DAGs that compare nothing."""
    return finished_of_run(state, dag_id, run_id)


@router.get("")
def reconciliation_page(request: Request, dag_id: str, run_id: str, number: int, state: State) -> Response:
    """The kept page, with a way back above it."""
    _, page = _kept(state, dag_id, run_id, number)
    bar = render(
        "reconciliation_bar.html", base=answers.base_path(request), dag_id=dag_id, run_id=run_id, number=number
    )
    return answers.html(page.replace("<main>", f"<main>\n{bar}", 1))


@router.get("/reconciliation.html")
def reconciliation_file(dag_id: str, run_id: str, number: int, state: State) -> Response:
    """The kept page as a download, to be filed or sent on."""
    realm_key, page = _kept(state, dag_id, run_id, number)
    return answers.html_file(f"reconciliation-{realm_key}-{run_id}.html", page)


@router.get("/differences.csv")
def differences_csv(dag_id: str, run_id: str, number: int, state: State) -> Response:
    """Every difference as a download, those that the page leaves out among them."""
    realm_key, _ = _kept(state, dag_id, run_id, number)
    return answers.csv_file(f"differences-{realm_key}-{run_id}.csv", csv_parts(_rows(number, dag_id, run_id)))


def _rows(number: int, dag_id: str, run_id: str) -> Iterator[Sequence[str]]:
    yield COLUMNS
    with connections.connect_state() as state, state.transaction():
        yield from map(_row, all_differences(state, number, dag_id, run_id))


def _row(one: Shown) -> list[str]:
    cells = {
        "class": one.drift.value,
        "number": safe(one.doc_number),
        "date": one.day.isoformat() if one.day else "",
        "customer": safe(one.customer),
        "field": safe(one.field),
        "billing": safe(one.billing_value),
        "quickbooks": safe(one.qbo_value),
        "amount": plain(one.amount),
        "currency": safe(one.currency),
        "explained": one.explained,
        "proposed_repair": safe(one.repair),
        "type": one.entity,
        "billing_id": safe(one.billing_id),
        "qbo_id": one.qbo_id or "",
    }
    return [cells[column] for column in COLUMNS]


def _kept(state: psycopg.Connection[Any], dag_id: str, run_id: str, number: int) -> tuple[str, str]:
    # The guard has looked at the DAG in the path, so the page must be one of that DAG's run.
    kept = kept_page(state, number, dag_id, run_id)
    if kept is None:
        raise HTTPException(404, "This run has kept no such page.")
    return kept
