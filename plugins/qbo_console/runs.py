"""What a run found, under the run: its companies, and for each the kept page and CSV."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, HTTPException, Request, Response

from include.billing_sync.findings import NEWS
from include.billing_sync.reasons import CATALOGUE
from include.stores.findings import FindingsStore, KeptFindings
from include.wiring import connections
from include.wiring.checking import check_page
from qbo_console import answers, reconciliations
from qbo_console.rendering import render
from qbo_console.state import State

router = APIRouter(prefix="/runs/{dag_id}/{run_id}")


@router.get("")
def run_page(request: Request, dag_id: str, run_id: str, state: State) -> Response:
    """The companies of the run with the totals of both sides; none yet while the run is on its way."""
    found = FindingsStore(state).of_run(dag_id, run_id)
    return answers.page(
        request,
        "run.html",
        dag_id=dag_id,
        run_id=run_id,
        realms=found,
        nights=reconciliations.of_run(state, dag_id, run_id),
        catalogue=CATALOGUE,
        news=NEWS,
    )


@router.get("/{plan_id}")
def findings_page(request: Request, dag_id: str, run_id: str, plan_id: int, state: State) -> Response:
    """The kept page, with a way back and to the CSV above it."""
    kept = _kept(state, plan_id, dag_id, run_id)
    bar = render("findings_bar.html", base=answers.base_path(request), dag_id=dag_id, run_id=run_id, plan_id=plan_id)
    content = kept.page.replace("<main>", f"<main>\n{bar}", 1)
    return answers.html(content)


@router.get("/{plan_id}/findings.csv")
def findings_csv(dag_id: str, run_id: str, plan_id: int, state: State) -> Response:
    """The kept CSV as a download."""
    kept = _kept(state, plan_id, dag_id, run_id)
    return answers.csv_file(f"findings-{kept.realm_key}-{run_id}.csv", _csv_parts(plan_id))


@router.get("/{plan_id}/findings.html")
def findings_file(dag_id: str, run_id: str, plan_id: int, state: State) -> Response:
    """The kept page as a download, to be filed or sent on."""
    kept = _kept(state, plan_id, dag_id, run_id)
    return answers.html_file(f"findings-{kept.realm_key}-{run_id}.html", kept.page)


@router.get("/{plan_id}/checks.html")
def checks_page(dag_id: str, run_id: str, plan_id: int, state: State) -> Response:
    """What the checks before the push counted, rule by rule."""
    kept = _kept(state, plan_id, dag_id, run_id)
    page = check_page(state, plan_id, f"{kept.realm_key}, {run_id}")
    if page is None:
        raise HTTPException(404, "Nothing was checked for this plan.")
    return answers.html(page)


def _csv_parts(plan_id: int) -> Iterator[str]:
    with connections.connect_state() as state:
        yield from FindingsStore(state).csv_parts(plan_id)


def _kept(state: State, plan_id: int, dag_id: str, run_id: str) -> KeptFindings:
    # The guard has looked at the DAG in the path, so the plan must be one of that run.
    kept = FindingsStore(state).kept(plan_id, dag_id, run_id)
    if kept is None:
        raise HTTPException(404, "This run has kept no such findings.")
    return kept
