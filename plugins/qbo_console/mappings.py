"""The mapping book as pages: billing's keys on one side, QuickBooks' entries to choose from on the other."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import psycopg
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from include.billing_sync.mapping import KINDS, Kind
from include.billing_sync.mapping_files import ENTITIES
from include.billing_sync.settings import RealmSettings
from include.stores import reference
from include.stores.billing_keys import Search, State
from include.stores.decisions import DecidedMeanwhileError, decide, take_out, undo
from include.stores.mappings import Origin
from include.wiring.mapping_desk import (
    ENTRIES_SHOWN,
    Asked,
    BillingUnreadError,
    Desk,
    NotToBeChosenError,
    desk,
    exclusion_of,
    mapping_for,
)
from qbo_console import answers
from qbo_console.companies import company
from qbo_console.guards import BaseUser, GetUserDep, acting_user, can_act, form_token
from qbo_console.state import State as StateConnection

router = APIRouter(prefix="/mappings/{realm_key}")
ActingUser = Annotated[BaseUser, Depends(acting_user)]

TITLES: dict[Kind, str] = {
    "customer": "Customers",
    "category": "Categories",
    "service": "Services",
    "subscription": "Subscriptions",
    "tax_code": "Tax codes",
}
STATES: dict[State, str] = {"open": "not mapped", "mapped": "mapped", "excluded": "excluded"}
KEYS_SHOWN = 50

log = logging.getLogger("ledgerline")


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the book is on the page; its address says it, so that a link or a form leads back to it."""

    q: str = ""
    show: str = ""
    page: int = 1
    find: str = ""

    @property
    def state(self) -> State | None:
        """The state that the page is limited to."""
        return next((state for state in STATES if state == self.show), None)

    def query(self, **changed: str | int) -> str:
        """The address' query for this view with something changed; what is empty is left out."""
        values = {"q": self.q, "show": self.show, "page": self.page if self.page > 1 else "", "find": self.find}
        return urlencode({name: value for name, value in (values | changed).items() if value not in ("", None)})


@dataclass(frozen=True, slots=True)
class Decision:
    """What a form says: one of the buttons, the key that it is about, and what the person saw of it."""

    key: Annotated[str, Form()] = ""
    seen_at: Annotated[str, Form()] = ""
    qbo_id: Annotated[str, Form()] = ""
    suggested_id: Annotated[str, Form()] = ""
    deed: Annotated[str, Form()] = ""

    @property
    def seen(self) -> datetime | None:
        """When the row that the person saw was written; None when there was none."""
        try:
            return datetime.fromisoformat(self.seen_at) if self.seen_at else None
        except ValueError:
            raise HTTPException(400, "This form was not made by our page. Reload it and try again.") from None


def _view(q: str = "", show: str = "", page: Annotated[int, Query(ge=1, le=100_000)] = 1, find: str = "") -> View:
    return View(q.strip(), show, page, find.strip())


def _view_of_form(
    q: Annotated[str, Form()] = "",
    show: Annotated[str, Form()] = "",
    page: Annotated[int, Form(ge=1, le=100_000)] = 1,
) -> View:
    return View(q, show, page)


@router.get("")
def first_page(request: Request, realm_key: str) -> Response:
    """The customers."""
    return RedirectResponse(f"{_path(request, realm_key, 'customer')}", 303)


@router.get("/{kind}")
def mappings_page(
    request: Request,
    user: GetUserDep,
    state: StateConnection,
    realm_key: str,
    kind: str,
    view: Annotated[View, Depends(_view)],
    key: str | None = None,
    start: Annotated[int, Query(ge=0)] = 0,
    done: str | None = None,
) -> Response:
    """One kind: what billing has, undecided keys first, and what QuickBooks has to choose from for one of them."""
    found, wanted = company(state, realm_key), _kind(kind)
    search = Search(view.q, view.state, KEYS_SHOWN, (view.page - 1) * KEYS_SHOWN)
    asked = Asked(search, key, view.find, start, done)
    is_open = found.is_connected and not found.problems
    token, problem = form_token(user) if is_open else ("", "")
    shown = None
    if found.row is not None and found.settings is not None:
        shown = _shown(state, found.settings, found.row.id, wanted, asked)
    return answers.page(
        request,
        "mappings.html",
        is_framed=False,
        company=found,
        kind=wanted,
        entity=ENTITIES[wanted],
        titles=TITLES,
        states=STATES,
        view=view,
        start=start,
        desk=shown,
        keys_shown=KEYS_SHOWN,
        entries_shown=ENTRIES_SHOWN,
        csrf=token,
        key_problem=problem,
        can_act=can_act(user),
        path=_path(request, realm_key, wanted),
    )


@router.post("/{kind}")
def decision(
    request: Request,
    user: ActingUser,
    state: StateConnection,
    realm_key: str,
    kind: str,
    view: Annotated[View, Depends(_view_of_form)],
    said: Annotated[Decision, Depends()],
) -> Response:
    """Write one decision; it holds at once. Ends on the page, so that a reload does not decide again."""
    found, wanted = company(state, realm_key), _kind(kind)
    if not found.is_connected or found.problems or found.settings is None or found.row is None:
        raise HTTPException(409, f"{realm_key} is not connected, so its mapping book cannot be changed here.")
    try:
        _write(state, found.settings, found.row.id, wanted, said, user.get_name())
    except (DecidedMeanwhileError, NotToBeChosenError) as error:
        raise HTTPException(409, f"{error}. Nothing was changed. Go back and reload the page.") from None
    except BillingUnreadError as error:
        raise HTTPException(503, f"Billing cannot be read just now: {error}. Nothing was changed.") from error
    return RedirectResponse(f"{_path(request, realm_key, wanted)}?{view.query(done=said.key)}", 303)


def _shown(state: psycopg.Connection[Any], settings: RealmSettings, realm: int, kind: Kind, asked: Asked) -> Desk:
    try:
        return desk(settings, realm, state, kind, asked, is_us=_is_us(state, realm))
    except BillingUnreadError as error:
        raise HTTPException(503, f"Billing cannot be read just now: {error}.") from error


def _write(
    state: psycopg.Connection[Any], settings: RealmSettings, realm: int, kind: Kind, said: Decision, changed_by: str
) -> None:
    if said.deed == "undo":
        undo(state, realm, kind, said.key, seen_at=said.seen, changed_by=changed_by)
    elif said.deed == "take_out":
        take_out(state, realm, kind, said.key, seen_at=said.seen, changed_by=changed_by)
    elif said.deed == "exclude":
        row = exclusion_of(settings, realm, state, kind, said.key)
        decide(state, realm, row, seen_at=said.seen, origin="console", changed_by=changed_by)
    else:
        chosen = said.suggested_id or said.qbo_id
        row = mapping_for(settings, realm, state, kind, said.key, chosen, is_us=_is_us(state, realm))
        origin: Origin = "suggestion" if said.suggested_id else "console"
        decide(state, realm, row, seen_at=said.seen, origin=origin, changed_by=changed_by)
    log.info("%s: %s decided on %s %s", settings.realm_key, changed_by, kind, said.key)


def _kind(kind: str) -> Kind:
    for known in KINDS:
        if known == kind:
            return known
    raise HTTPException(404, f"There is no mapping of {kind}.")


def _is_us(state: psycopg.Connection[Any], realm: int) -> bool:
    facts = reference.company(state, realm)
    return facts is not None and facts.is_us


def _path(request: Request, realm_key: str, kind: str) -> str:
    return f"{answers.base_path(request)}/mappings/{quote(realm_key, safe='')}/{kind}"
