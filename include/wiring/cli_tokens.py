"""`ledgerline tokens import` and `disconnect`: a company's sign-on without a browser, and its end."""

from __future__ import annotations

import argparse
import getpass
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
    from include.wiring.sign_on import keep_sign_on, look_at_company

    settings = load_settings(arguments.realm)
    place = connections.quickbooks(settings.connection)
    # Whatever could fail is looked at before the token is used: Intuit may not take it a second time.
    require_encryption(connections.cipher())
    given = arguments.refresh_token or getpass.getpass("Refresh token: ")
    with connections.connect_state() as state:
        require_current_schema(state)
        _check_label(state, settings, place, may_move=arguments.move_label)
        tokens = _bought(settings, place, given)
        shown = look_at_company(settings, tokens)
        keep_sign_on(state, settings, place, shown, _me(), take_label=True)
    company = f"{shown.facts.company_name} ({shown.facts.country}, {place.environment}, company {place.realm_id})"
    say(f"{settings.realm_key}: connected to {company}")
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


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "the command line"
