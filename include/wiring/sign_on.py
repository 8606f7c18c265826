"""A company's sign-on, kept: what the browser's callback and `ledgerline tokens import` do alike once they hold tokens."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from include.billing_sync.company import CompanyFacts, company_facts
from include.billing_sync.settings import RealmSettings
from include.stores import realms as companies
from include.stores import reference
from include.wiring import clients, connections
from qbo_hook.client import QboClient
from qbo_hook.hook import ConnectionSettings, QboHook
from qbo_hook.tokens import MemoryTokenStore, TokenSet


@dataclass(frozen=True, slots=True)
class CompanyShown:
    """The company that tokens open, as QuickBooks shows it, with a client that alone knows these tokens."""

    client: QboClient
    tokens: TokenSet
    facts: CompanyFacts
    info: Mapping[str, Any]
    preferences: Mapping[str, Any]


def look_at_company(settings: RealmSettings, tokens: TokenSet) -> CompanyShown:
    """Ask QuickBooks whose tokens these are; nothing is stored.

    :raises QboError: if it does not show the company
    :raises ValueError: if its answer lacks what documents need
    """
    # The tokens are in no store before everything is known to fit.
    client = QboHook(settings.connection, token_store=MemoryTokenStore(tokens)).get_conn()
    info, preferences = client.company_info(), client.preferences()
    return CompanyShown(client, tokens, company_facts(info, preferences), info, preferences)


def keep_sign_on(
    state: psycopg.Connection[Any],
    settings: RealmSettings,
    place: ConnectionSettings,
    shown: CompanyShown,
    who: str,
    *,
    take_label: bool = False,
) -> int:
    """Connect the company: its row, its tokens, what QuickBooks says of it. Returns the row's id.

    :param take_label: the realm key may move here from another company
    :raises AnotherCompanyError: before anything is stored, if Connection, row, tokens and CompanyInfo do not agree
    :raises RealmLabelTakenError: if another connected company carries the realm key and ``take_label`` is not set
    """
    facts = shown.facts
    known = companies.realm_of(state, place.base_url, place.realm_id)
    if known is not None:
        companies.require_agreement(
            companies.disagreements(
                place,
                known,
                token_realm_id=shown.tokens.realm_id,
                company_country=facts.country,
                home_currency=facts.home_currency,
            )
        )
    row = companies.ensure_realm(
        state, settings.realm_key, place.base_url, place.realm_id, place.environment, take_label=take_label
    )
    with closing(clients.token_store(row.id, connections.connect_state)) as store:
        store.store(shown.tokens)
    read_at = reference.database_time(state)
    reference.save_company(state, row.id, facts, shown.info, read_at, shown.preferences)
    companies.mark_connected(state, row.id, who)
    return row.id
