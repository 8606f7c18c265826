"""`ledgerline tokens import` and `disconnect`: a company's sign-on without a browser, and its end."""

from __future__ import annotations

import argparse
import getpass
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from include.stores import realms
from include.stores.tokens import require_encryption
from include.wiring import connections
from include.wiring.cli_output import CommandError, complain, say
from include.wiring.migrations import require_current_schema

if TYPE_CHECKING:
    from include.billing_sync.settings import RealmSettings
    from qbo_hook.client import QboClient
    from qbo_hook.hook import ConnectionSettings
    from qbo_hook.tokens import TokenSet


def add_parser(commands: Any) -> None:
    """Add the commands of this module."""
    tokens = commands.add_parser("tokens", help="bring in a refresh token that was had elsewhere")
    actions = tokens.add_subparsers(metavar="ACTION", required=True)
    bring = actions.add_parser(
        "import",
        help="connect a realm's company with a refresh token",
        description=(
            "For the simulator, and for restoring a company without a browser. The token is used at once: what Intuit gives "
            "for it is stored, encrypted, once QuickBooks has shown that it opens the company of the realm's Connection."
        ),
    )
    bring.add_argument("--realm", metavar="KEY", required=True)
    bring.add_argument(
        "--refresh-token", metavar="TOKEN", help="asked for when left out, so that no shell remembers it"
    )
    bring.add_argument(
        "--move-label",
        action="store_true",
        help="the realm key moves here from another company, say from sandbox to production; that one keeps its links",
    )
    bring.set_defaults(run=run_import)

    disconnect = commands.add_parser(
        "disconnect",
        help="forget a company's tokens, archive its links, withdraw what is planned",
        description="Billing and QuickBooks stay as they are. A later sign-on finds the documents again by number and archive.",
    )
    disconnect.add_argument("--realm", metavar="KEY", required=True)
    disconnect.set_defaults(run=run_disconnect)


def run_import(arguments: argparse.Namespace) -> int:
    """Buy a pair for the refresh token, see whose it is, and only then store it."""
    from include.wiring.settings import load_settings

    settings = load_settings(arguments.realm)
    place = connections.quickbooks(settings.connection)
    # Whatever could fail is looked at before the token is used: Intuit may not take it a second time.
    require_encryption(connections.cipher())
    given = arguments.refresh_token or getpass.getpass("Refresh token: ")
    with connections.connect_state() as state:
        require_current_schema(state)
        _check_label(state, settings, place, may_move=arguments.move_label)
        tokens = _bought(settings, place, given)
        name, country = _connect(state, settings, place, tokens)
    say(f"{settings.realm_key}: connected to {name} ({country}, {place.environment}, company {place.realm_id})")
    return 0


def run_disconnect(arguments: argparse.Namespace) -> int:
    """End the sign-on here and at Intuit."""
    from include.wiring.oauth_session import sign_off

    with connections.connect_state() as state:
        require_current_schema(state)
        done = sign_off(state, arguments.realm, who=_me())
    say(f"{arguments.realm}: disconnected, {done.links_archived} links archived")
    if done.note:
        complain(done.note)
    return 0


def _check_label(
    state: psycopg.Connection[Any], settings: RealmSettings, place: ConnectionSettings, *, may_move: bool
) -> None:
    """Refuse a realm key that is another company's."""
    holder = realms.realm_by_key(state, settings.realm_key)
    if holder is None or may_move or (holder.base_url, holder.realm_id) == (place.base_url, place.realm_id):
        return
    raise CommandError(
        f"realm {settings.realm_key} is company {holder.realm_id} ({holder.environment}) at {holder.base_url}, but Connection "
        f"{settings.connection} leads to {place.realm_id} at {place.base_url}: disconnect the realm first, or use --move-label"
    )


def _bought(settings: RealmSettings, place: ConnectionSettings, refresh_token: str) -> TokenSet:
    from qbo_hook.environments import ACCOUNTING_SCOPE
    from qbo_hook.hook import QboHook
    from qbo_hook.tokens import TokenSet

    now = datetime.now(UTC)
    old = TokenSet("", refresh_token, now, now, place.realm_id, ACCOUNTING_SCOPE)
    tokens = QboHook(settings.connection).get_auth().refresh(old)
    if ACCOUNTING_SCOPE not in tokens.scope.split():
        raise CommandError(
            f"these tokens do not carry the right {ACCOUNTING_SCOPE}, only {tokens.scope}; nothing was stored"
        )
    return tokens


def _connect(
    state: psycopg.Connection[Any], settings: RealmSettings, place: ConnectionSettings, tokens: TokenSet
) -> tuple[str, str]:
    """Store the tokens and what QuickBooks says of the company; return its name and country."""
    from include.billing_sync.company import company_facts
    from include.stores import reference
    from include.wiring.clients import token_store

    client = _client(settings, tokens)
    info, preferences = client.company_info(), client.preferences()
    facts = company_facts(info, preferences)
    known = realms.realm_of(state, place.base_url, place.realm_id)
    different = known and realms.disagreements(
        place, known, token_realm_id=tokens.realm_id, company_country=facts.country
    )
    if different:
        raise CommandError(f"that is another company, and nothing was stored: {'; '.join(different)}")
    row = realms.ensure_realm(
        state, settings.realm_key, place.base_url, place.realm_id, place.environment, take_label=True
    )
    with closing(token_store(row.id, connections.connect_state)) as store:
        store.store(tokens)
    reference.save_company(state, row.id, facts, info, reference.database_time(state), preferences)
    realms.mark_connected(state, row.id, _me())
    return facts.company_name, facts.country


def _client(settings: RealmSettings, tokens: TokenSet) -> QboClient:
    """A client that alone knows these tokens: they are in no store before everything is known to fit."""
    from qbo_hook.hook import QboHook
    from qbo_hook.tokens import MemoryTokenStore

    return QboHook(settings.connection, token_store=MemoryTokenStore(tokens)).get_conn()


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "the command line"
