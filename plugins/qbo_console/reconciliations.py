"""What a run of the nightly reconciliation found, under the run: for each company the kept page."""

from __future__ import annotations

from typing import Any

import psycopg
from fastapi import APIRouter, HTTPException, Request, Response

from include.stores.reconciliations import Reconciliation, finished_of_run, kept_page
from qbo_console import answers
from qbo_console.rendering import render
from qbo_console.state import State

DAG_ID = "qbo_reconcile"
"""The one DAG that reconciles. The guard asks about the DAG in the path, so no other may lead to its pages."""

router = APIRouter(prefix="/runs/{dag_id}/{run_id}/reconciliation/{number}")


def of_run(state: psycopg.Connection[Any], dag_id: str, run_id: str) -> list[Reconciliation]:
    """What the run compared, one per realm; nothing for other DAGs."""
    return finished_of_run(state, run_id) if dag_id == DAG_ID else []


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


def _kept(state: psycopg.Connection[Any], dag_id: str, run_id: str, number: int) -> tuple[str, str]:
    kept = kept_page(state, number, run_id) if dag_id == DAG_ID else None
    if kept is None:
        raise HTTPException(404, "This run has kept no such page.")
    return kept
