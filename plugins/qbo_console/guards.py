"""Who may see and who may act: Airflow's own permissions, asked once per router.

Looking needs what seeing a DAG's runs needs, so a role without task logs or plugin rights can read findings. Acting on a
company's connection needs the right to edit Airflow's Connections (Op and Admin).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, get_user, requires_access_connection, requires_access_dag
from fastapi import Depends, Form, HTTPException

from include.wiring.oauth_session import NoFernetKey, SealBroken, open_seal, seal

__all__ = ["BaseUser", "GetUserDep", "acting_user", "can_act", "form_token", "may_act", "may_look", "readable"]

CSRF_LIFE = 12 * 60 * 60
"""Seconds that a form may stay open."""

may_look = requires_access_dag("GET", DagAccessEntity.RUN)
"""Asks for the DAG named in the path; on pages of no single DAG, whether the user may see runs at all."""

may_act = requires_access_connection("PUT")
"""Asks for the right to edit Airflow's Connections."""


def readable(dag_ids: Iterable[str], user: BaseUser) -> list[str]:
    """Those DAGs whose runs the user may see."""
    manager = get_auth_manager()
    return [
        dag_id
        for dag_id in dag_ids
        if manager.is_authorized_dag(
            method="GET", access_entity=DagAccessEntity.RUN, details=DagDetails(id=dag_id), user=user
        )
    ]


def can_act(user: BaseUser) -> bool:
    """Whether the page shall offer the user what only Op and Admin may do."""
    return get_auth_manager().is_authorized_connection(method="PUT", details=ConnectionDetails(), user=user)


def form_token(user: BaseUser) -> tuple[str, str]:
    """What a form of this user must send back: sealed, good for this user and for hours. Nobody who may not act gets one.

    With it comes why there is none although the user may act: Airflow has no key to seal it with.
    """
    if not can_act(user):
        return "", ""
    try:
        return seal("form", {"user": str(user.get_id())}), ""
    except NoFernetKey as error:
        return "", str(error)


def acting_user(
    user: Annotated[BaseUser, Depends(get_user)],
    _: Annotated[None, Depends(may_act)],
    csrf: Annotated[str, Form()] = "",
) -> BaseUser:
    """The user of a form that acts. Refuses who may not act, and a form that this user was not given by our page."""
    try:
        given = open_seal("form", csrf, CSRF_LIFE)
    except SealBroken:
        raise HTTPException(
            403, "This form is too old, or did not come from our page. Go back, reload and try again."
        ) from None
    if given.get("user") != str(user.get_id()):
        raise HTTPException(403, "This form was given to somebody else. Reload the page and try again.")
    return user
