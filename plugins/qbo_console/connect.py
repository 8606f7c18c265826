"""Connect, reconnect, disconnect: the pages that lead to Intuit's sign-on and back."""

from __future__ import annotations

import logging
from typing import Annotated, Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from include.wiring import oauth_session
from include.wiring.examination import examination
from include.wiring.oauth_session import Callback, SignOnRefused
from qbo_console import answers
from qbo_console.choices import choices
from qbo_console.companies import Company, companies, company
from qbo_console.guards import BaseUser, GetUserDep, acting_user, can_act, form_token, may_act
from qbo_console.state import State

router = APIRouter()
ActingUser = Annotated[BaseUser, Depends(acting_user)]

COOKIE = "qbo_sign_on"
PATH = "/connect"

log = logging.getLogger("ledgerline")


@router.get(PATH)
def connect_page(request: Request, user: GetUserDep, state: State) -> Response:
    """All realms with the state of their connection."""
    found = companies(state)
    return _page(request, user, "connect.html", tuple(found), realms=found, redirect_uri=_redirect_uri(request))


@router.get(f"{PATH}/{{realm_key}}")
def company_page(request: Request, user: GetUserDep, state: State, realm_key: str) -> Response:
    """One realm: what it is connected to, what its settings choose from, and what is not ready yet."""
    found = company(state, realm_key)
    # The examination reads lists that were never read, so it goes before the choices from them.
    examined = examination(realm_key) if found.is_connected else None
    offered = choices(state, found) if found.is_connected else None
    return _page(request, user, "company.html", (found,), company=found, choices=offered, examination=examined)


@router.post(f"{PATH}/{{realm_key}}")
def start_sign_on(request: Request, user: ActingUser, state: State, realm_key: str) -> Response:
    """Send the browser to Intuit's sign-on, with a text that only this user, browser and realm can bring back."""
    found = company(state, realm_key)
    if found.problems:
        raise SignOnRefused("This realm cannot be connected yet", "; ".join(found.problems))
    redirect_uri = _redirect_uri(request)
    start = oauth_session.begin(state, realm_key, str(user.get_id()), redirect_uri)
    answer = RedirectResponse(start.url, 303)
    answer.set_cookie(
        COOKIE,
        start.nonce,
        max_age=oauth_session.SIGN_ON_LIFE,
        path=_callback_path(request),
        secure=redirect_uri.startswith("https:"),
        httponly=True,
        # Intuit's redirection is a plain link from another site: Lax lets the cookie come along with it, Strict would not.
        samesite="lax",
    )
    return answer


@router.get("/callback", dependencies=[Depends(may_act)])
def callback(request: Request, user: GetUserDep, state: State) -> Response:
    """Where Intuit sends the browser back to. Ends on the company's page, so that a reload does not come here again."""
    asked = request.query_params
    came = Callback(
        user_id=str(user.get_id()),
        user_name=user.get_name(),
        nonce=request.cookies.get(COOKIE, ""),
        state=asked.get("state", ""),
        code=asked.get("code", ""),
        realm_id=asked.get("realmId", ""),
        error=asked.get("error", ""),
    )
    done = oauth_session.finish(state, came)
    answer = RedirectResponse(f"{answers.base_path(request)}{PATH}/{done.realm_key}", 303)
    answer.delete_cookie(COOKIE, path=_callback_path(request))
    return answer


@router.post("/disconnect/{realm_key}")
def disconnect(
    request: Request, user: ActingUser, state: State, realm_key: str, confirm: Annotated[str, Form()] = ""
) -> Response:
    """Revoke, forget, archive. The person types the realm's name, so that no slip of the hand does it."""
    if confirm.strip() != realm_key:
        raise SignOnRefused(
            "Not disconnected", f"Type {realm_key} into the field to confirm. Nothing was changed.", 400
        )
    done = oauth_session.sign_off(state, realm_key, user.get_name())
    return answers.page(request, "disconnected.html", is_framed=False, realm_key=realm_key, done=done)


def refused(request: Request, error: Exception) -> Response:
    """A sign-on or disconnect that did not happen, as a page; the cookie of a sign-on is spent in any case."""
    assert isinstance(error, SignOnRefused)  # noqa: S101 - what the handler is registered for
    log.info("%s", error)
    answer = answers.page(
        request,
        "sign_on_refused.html",
        status_code=error.status,
        is_framed=False,
        title=error.title,
        text=error.text,
    )
    answer.delete_cookie(COOKIE, path=_callback_path(request))
    return answer


def _page(request: Request, user: BaseUser, template: str, shown: tuple[Company, ...], **values: Any) -> Response:
    token, problem = form_token(user)
    targets = tuple(oauth_session.authorization_url(one.settings) for one in shown if one.settings and not one.problems)
    return answers.page(
        request,
        template,
        is_framed=False,
        form_targets=targets,
        csrf=token,
        key_problem=problem,
        can_act=can_act(user),
        **values,
    )


def _redirect_uri(request: Request) -> str:
    """The address that Intuit must know to the letter: from ``[api] base_url``, else from the browser's own address."""
    base = (conf.get("api", "base_url", fallback="") or "").rstrip("/")
    if base:
        return f"{base}/qbo/callback"
    return f"{request.url.scheme}://{request.url.netloc}{answers.base_path(request)}/callback"


def _callback_path(request: Request) -> str:
    return urlsplit(_redirect_uri(request)).path
