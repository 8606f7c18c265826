"""The app under /qbo: one router behind Airflow's login, and one that is open to everybody on purpose."""

from __future__ import annotations

import logging
from pathlib import Path

import psycopg
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from include.wiring.connections import STATE, ConnectionMissingError
from include.wiring.migrations import SchemaVersionError
from include.wiring.oauth_session import NoFernetKey, SignOnRefused
from qbo_console import answers, connect, mappings, overview, reconciliations, runs
from qbo_console.guards import may_look

log = logging.getLogger("ledgerline")

_SCRIPT = Path(__file__).parent / "static" / "console.js"

_MESSAGES = {
    401: ("Please sign in", "Your Airflow session has ended, or you have not signed in yet."),
    403: ("Not for this role", "Your role in Airflow does not allow this. Ask an administrator of this Airflow."),
    404: ("Not found", "There is no such page."),
    405: ("Not like this", "This address is called by a form only. Go back to the page you came from."),
}

_STRANGE = "The address or the form holds something that cannot be. Go back to the page you came from."


def build_app() -> FastAPI:
    """Build the app; reads no connection and no setting. It publishes no description of its routes."""
    app = FastAPI(title="Ledgerline", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(_private())
    app.include_router(_public())
    app.add_exception_handler(HTTPException, _friendly)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(psycopg.DataError, _not_understood)
    app.add_exception_handler(NoFernetKey, _no_key)
    app.add_exception_handler(SignOnRefused, connect.refused)
    app.add_exception_handler(ConnectionMissingError, _no_state)
    app.add_exception_handler(SchemaVersionError, _no_schema)
    app.add_exception_handler(psycopg.OperationalError, _no_state)
    app.add_exception_handler(psycopg.errors.InsufficientPrivilege, _no_right)
    return app


def _private() -> APIRouter:
    # What no text in PostgreSQL can hold is refused first: Airflow's own look at the DAG would fail on it.
    router = APIRouter(dependencies=[Depends(_can_be_looked_up), Depends(may_look)])
    router.include_router(overview.router)
    router.include_router(runs.router)
    router.include_router(reconciliations.router)
    router.include_router(mappings.router)
    router.include_router(connect.router)
    return router


def _public() -> APIRouter:
    router = APIRouter()
    router.add_api_route("/console.js", _script, include_in_schema=False)
    return router


def _can_be_looked_up(request: Request) -> None:
    """Refuses an address with a zero byte. Raises HTTPException: 404 for one in the path, 400 for one in the query."""
    if any("\0" in str(value) for value in request.path_params.values()):
        raise HTTPException(404)
    if any("\0" in value for value in request.query_params.values()):
        raise HTTPException(400, _STRANGE)


def _script() -> FileResponse:
    """The one script of our pages; it holds nothing to guard."""
    return FileResponse(_SCRIPT, media_type="text/javascript", headers={"X-Content-Type-Options": "nosniff"})


def _friendly(request: Request, error: Exception) -> Response:
    """A refusal as a page: Airflow shows it inside its frame, where JSON would help nobody."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what the handler is registered for
    title, text = _MESSAGES.get(error.status_code, ("That did not work", ""))
    is_ours = error.status_code not in (401, 404, 405) and error.detail not in ("Forbidden", "Not authenticated")
    return answers.page(
        request,
        "refusal.html",
        status_code=error.status_code,
        title=title,
        text=str(error.detail) if is_ours else text,
        offers_login=error.status_code == 401,
    )


def _not_understood(request: Request, error: Exception) -> Response:
    """A value that is none of its kind, as a page; one in the path names nothing that there is."""
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    is_path = any(fault["loc"][0] == "path" for fault in faults)
    if not faults:
        log.error("the database cannot take a value of %s: %s", request.url.path, error)
    return _friendly(request, HTTPException(404) if is_path else HTTPException(400, _STRANGE))


def _no_key(request: Request, error: Exception) -> Response:
    """Airflow has no key, or one that is none, so no form can be sealed or opened."""
    return answers.page(
        request,
        "refusal.html",
        status_code=503,
        title="Airflow has no usable key",
        text=f"{error}.",
        offers_login=False,
    )


def _no_schema(request: Request, error: Exception) -> Response:
    """The database is there, but its schema is missing or of another release; the error names the cure."""
    return answers.page(
        request,
        "refusal.html",
        status_code=503,
        title="The state database is not ready",
        text=f"{error}.",
        offers_login=False,
    )


def _no_right(request: Request, error: Exception) -> Response:
    """The schema is there, and nobody has let the user of the Connection work in it."""
    log.error("the user of %s lacks a right: %s", STATE, error)
    return answers.page(
        request,
        "refusal.html",
        status_code=503,
        title="The state database is not ready",
        text=f"The user of the connection {STATE} may not do this. An administrator of the database gives it the right with: "
        "grant qbo_sync_run to that user.",
        offers_login=False,
    )


def _no_state(request: Request, error: Exception) -> Response:
    """The database of our state does not answer, or Airflow does not know where it is."""
    log.error("the console has no state database: %s", error)
    return answers.page(
        request,
        "refusal.html",
        status_code=503,
        title="The state database does not answer",
        text=f"The database of the connection {STATE} cannot be reached. Ask an administrator of this Airflow.",
        offers_login=False,
    )
