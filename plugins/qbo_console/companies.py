"""The companies as a person sees them: settings, connection, sign-on and what is still missing, gathered per realm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from fastapi import HTTPException

from include.billing_sync.findings import badge
from include.billing_sync.settings import RealmSettings
from include.stores.realms import Realm, all_realms
from include.stores.sign_ons import SignOn, sign_ons
from include.wiring.oauth_session import SignOnRefused, place_of
from include.wiring.settings import load_each

RIGHTS = {
    "com.intuit.quickbooks.accounting": "Accounting: read customers, products and services, accounts and tax codes; "
    "create and change invoices, credit memos and payments",
    "com.intuit.quickbooks.payment": "Payments",
    "openid": "Sign-on identity",
}
SOON = 14
"""Days before the end of a sign-on from which on the page warns."""


@dataclass(frozen=True, slots=True)
class Company:
    """One realm. ``problems`` are sentences that keep it from being connected; ``row`` is None before the first sign-on."""

    realm_key: str
    settings: RealmSettings | None
    environment: str
    base_url: str
    expected_realm_id: str
    row: Realm | None
    sign_on: SignOn | None
    problems: tuple[str, ...] = ()

    @property
    def is_connected(self) -> bool:
        """Whether somebody has signed on and nobody has disconnected since."""
        return self.row is not None and self.row.is_connected

    @property
    def needs_reconnect(self) -> str | None:
        """Why a person must sign on again, or None."""
        if not self.is_connected:
            return None
        if self.sign_on is None:
            return "no sign-on is stored"
        if self.days_left is not None and self.days_left < 0:
            return "the sign-on has expired"
        return self.sign_on.needs_reconnect

    @property
    def state(self) -> str:
        """One word for the page: connected, reconnect, disconnected or new."""
        if self.is_connected:
            return "reconnect" if self.needs_reconnect else "connected"
        return "disconnected" if self.row is not None and self.row.disconnected_at else "new"

    @property
    def name(self) -> str:
        """The company's name, once it is known."""
        return (self.row.company_name if self.row else None) or self.realm_key

    @property
    def days_left(self) -> int | None:
        """Whole days until the sign-on ends if nobody uses it; negative when it has ended."""
        return None if self.sign_on is None else (self.sign_on.ends_at - datetime.now(UTC)).days

    @property
    def ends_soon(self) -> bool:
        """Whether the page should warn."""
        return self.days_left is not None and self.days_left < SOON

    @property
    def rights(self) -> list[str]:
        """What was granted, in words."""
        granted = (self.sign_on.scope or "").split() if self.sign_on else []
        return [RIGHTS.get(scope, scope) for scope in granted]

    @property
    def badge(self) -> str:
        """production, sandbox or simulator; empty when the connection does not say."""
        return badge(self.base_url, self.environment) if self.base_url else ""


def companies(state: psycopg.Connection[Any]) -> list[Company]:
    """All realms that are configured, and those that are connected and configured no more."""
    good, bad = load_each()
    rows = all_realms(state, with_disconnected=True)
    tokens = sign_ons(state)
    found = [_configured(settings, rows, tokens) for settings in good.values()]
    found += [_broken(key, error.problems, rows, tokens) for key, error in bad.items()]
    known = {company.realm_key for company in found}
    missing = ("there is no settings.yaml for it any more",)
    found += [
        _broken(row.realm_key, missing, rows, tokens) for row in rows if row.is_connected and row.realm_key not in known
    ]
    return sorted(found, key=lambda company: company.realm_key)


def company(state: psycopg.Connection[Any], realm_key: str) -> Company:
    """One of :func:`companies`. Raises HTTPException (404) for a realm that nobody has set up."""
    found = next((one for one in companies(state) if one.realm_key == realm_key), None)
    if found is None:
        raise HTTPException(404, f"There is no realm {realm_key}.")
    return found


def _configured(settings: RealmSettings, rows: list[Realm], tokens: Mapping[int, SignOn]) -> Company:
    try:
        place = place_of(settings)
    except SignOnRefused as error:
        return _broken(settings.realm_key, (error.text,), rows, tokens, settings)
    here = (place.base_url.rstrip("/"), place.realm_id)
    holder = next((row for row in rows if row.realm_key == settings.realm_key and row.is_connected), None)
    if holder is not None and (holder.base_url, holder.realm_id) != here:
        return _broken(settings.realm_key, (_taken(holder),), rows, tokens, settings)
    row = next((row for row in rows if (row.base_url, row.realm_id) == here), None)
    sign_on = tokens.get(row.id) if row else None
    return Company(settings.realm_key, settings, place.environment, place.base_url, place.realm_id, row, sign_on)


def _taken(holder: Realm) -> str:
    return (
        f"its connection leads to another company now, but the realm is still connected to "
        f"{holder.company_name or 'the company'} ({holder.environment}, company {holder.realm_id}): disconnect it first"
    )


def _broken(
    realm_key: str,
    problems: tuple[str, ...],
    rows: list[Realm],
    tokens: Mapping[int, SignOn],
    settings: RealmSettings | None = None,
) -> Company:
    row = next((row for row in rows if row.realm_key == realm_key and row.disconnected_at is None), None)
    return Company(
        realm_key,
        settings,
        row.environment if row else "",
        row.base_url if row else "",
        row.realm_id if row else "",
        row,
        tokens.get(row.id) if row else None,
        problems,
    )
