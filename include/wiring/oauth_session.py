"""Signing on to a QuickBooks company, and off again: what happens between our page, Intuit's page and the callback."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from include.billing_sync.settings import RealmSettings
from include.stores import realms as companies
from include.stores.locks import BusyError, RealmLock
from include.stores.tokens import NoEncryptionError, WrongKeyError
from include.wiring import clients, connections
from include.wiring.connections import ConnectionMissingError
from include.wiring.reference import refresh_lists
from include.wiring.settings import SettingsError, load_settings
from include.wiring.sign_on import CompanyShown, keep_sign_on, look_at_company
from qbo_hook.client import QboClient
from qbo_hook.environments import ACCOUNTING_SCOPE
from qbo_hook.errors import QboError
from qbo_hook.hook import ConnectionSettings, QboHook
from qbo_hook.tokens import TokenSet

SIGN_ON_LIFE = 600
"""Seconds between our page and the callback."""

CHOICE_LISTS = ("Account", "TaxCode")
"""The lists that a company's settings choose from; the others are read by `qbo_refresh_lists`."""

LOCK_WAIT = 3.0
"""Seconds that a disconnect waits for a push to end, before it asks the person to come back later."""

log = logging.getLogger("ledgerline")


class SealBroken(ValueError):
    """A sealed text was changed, is too old, or was sealed for something else."""


class NoFernetKey(RuntimeError):
    """Airflow has no Fernet key, or one that is none, so nothing can be kept secret."""

    failure_mode = "person"


class SignOnRefused(RuntimeError):
    """Nothing was connected or changed. ``title`` and ``text`` are for the person at the browser.

    :param status: the HTTP status that fits
    """

    def __init__(self, title: str, text: str, status: int = 409) -> None:
        super().__init__(f"{title}: {text}")
        self.title = title
        self.text = text
        self.status = status


@dataclass(frozen=True, slots=True)
class SignOnStart:
    """Where the browser goes, and what it keeps in a cookie until it comes back."""

    url: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Callback:
    """What came back from Intuit, with the browser's cookie and the user of Airflow who is signed in there."""

    user_id: str
    user_name: str
    nonce: str = ""
    state: str = ""
    code: str = ""
    realm_id: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class SignedOn:
    """The company that is connected now."""

    realm_key: str
    company_name: str


@dataclass(frozen=True, slots=True)
class SignedOff:
    """What a disconnect did. ``note`` is empty when Intuit confirmed that the tokens are revoked."""

    links_archived: int
    note: str = ""


def seal(purpose: str, content: Mapping[str, Any]) -> str:
    """Content as a text that only this Airflow can read or make, with its time, for one purpose.

    :raises NoFernetKey: if Airflow has none
    """
    sealed: bytes = _fernet().encrypt(json.dumps({"for": purpose, **content}).encode())
    return sealed.decode()


def open_seal(purpose: str, text: str, life: int) -> dict[str, Any]:
    """What :func:`seal` was given.

    :param life: seconds for which the text is good
    :raises SealBroken: if it was changed, is older, or has another purpose
    :raises NoFernetKey: if Airflow has none
    """
    from cryptography.fernet import InvalidToken

    try:
        content: dict[str, Any] = json.loads(_fernet().decrypt(text.encode(), life))
    except InvalidToken:
        raise SealBroken(f"not a valid {purpose}") from None
    if content.pop("for", None) != purpose:
        raise SealBroken(f"not a {purpose}")
    return content


def place_of(settings: RealmSettings) -> ConnectionSettings:
    """What the realm's Connection says.

    :raises SignOnRefused: if there is none, or it is incomplete; ``text`` says what to do
    """
    try:
        return connections.quickbooks(settings.connection)
    except (ConnectionMissingError, QboError) as error:
        raise SignOnRefused("The connection cannot be used", str(error)) from error


def authorization_url(settings: RealmSettings) -> str:
    """The page at which a person signs on to this realm's company; the Connection must be a good one."""
    return QboHook(settings.connection).get_auth().endpoints.authorization


def begin(state: psycopg.Connection[Any], realm_key: str, user_id: str, redirect_uri: str) -> SignOnStart:
    """Start a sign-on; nothing is stored.

    The text that travels over Intuit is bound to the user, the realm, the browser (by its cookie) and the moment; and to
    the state of the realm's connection, so that it is of no use once a sign-on has succeeded.

    :raises SignOnRefused: if the realm's settings or its Connection cannot be used
    """
    settings, place = _place(realm_key)
    nonce = secrets.token_urlsafe(32)
    content = {
        "user": user_id,
        "realm": realm_key,
        "nonce": nonce,
        "redirect_uri": redirect_uri,
        "stamp": _stamp(companies.realm_of(state, place.base_url, place.realm_id)),
    }
    auth = QboHook(settings.connection).get_auth()
    return SignOnStart(auth.authorize_url(seal("sign-on", content), redirect_uri, ACCOUNTING_SCOPE), nonce)


def finish(state: psycopg.Connection[Any], callback: Callback) -> SignedOn:
    """Turn a callback into a connected company, or refuse it and store nothing.

    :param state: in autocommit mode, because QuickBooks is waited for
    :raises SignOnRefused: with what to tell the person
    """
    content = _ours(callback)
    settings, place = _place(str(content["realm"]))
    if _stamp(companies.realm_of(state, place.base_url, place.realm_id)) != content["stamp"]:
        raise SignOnRefused("This sign-on was used already", "Start again from the connect page.", 403)
    _check_answer(callback, settings, place)
    _check_label(state, settings, place)
    shown = _shown(settings, _exchanged(callback, settings, str(content["redirect_uri"])))
    try:
        realm = keep_sign_on(state, settings, place, shown, callback.user_name)
    except companies.AnotherCompanyError as error:
        raise SignOnRefused("That is another company", f"{error}. Nothing was stored.") from error
    log.info("%s connected by %s: %s, %s", settings.realm_key, callback.user_name, place.environment, place.realm_id)
    _read_lists(shown.client, state, realm)
    return SignedOn(settings.realm_key, shown.facts.company_name)


def sign_off(state: psycopg.Connection[Any], realm_key: str, who: str) -> SignedOff:
    """Disconnect a company: revoke its tokens at Intuit, forget them, archive its links. Billing stays as it is.

    :raises SignOnRefused: if it is not connected, or is being pushed to just now
    """
    realm = companies.realm_by_key(state, realm_key)
    if realm is None or not realm.is_connected:
        raise SignOnRefused("Not connected", f"{realm_key} is not connected to QuickBooks.")
    try:
        with RealmLock(connections.connect_state, realm.id, timeout=LOCK_WAIT):
            note = _revoke(realm_key, realm.id)
            done = companies.disconnect(state, realm.id, who=who, why=f"disconnected by {who}")
    except BusyError:
        raise SignOnRefused(
            "A push is running",
            f"{realm_key} is being pushed to QuickBooks just now. Try again when the run has ended.",
        ) from None
    log.info("%s disconnected by %s: %s links archived", realm_key, who, done.links_archived)
    return SignedOff(done.links_archived, note)


def _place(realm_key: str) -> tuple[RealmSettings, ConnectionSettings]:
    try:
        settings = load_settings(realm_key)
    except SettingsError as error:
        raise SignOnRefused("The realm's settings cannot be used", str(error)) from error
    return settings, place_of(settings)


def _ours(callback: Callback) -> dict[str, Any]:
    again = "Start again from the connect page, in the same browser, and finish within ten minutes."
    try:
        content = open_seal("sign-on", callback.state, SIGN_ON_LIFE)
    except SealBroken:
        raise SignOnRefused("This sign-on is too old, or was not started here", again, 403) from None
    is_same_browser = hmac.compare_digest(str(content["nonce"]).encode(), callback.nonce.encode())
    if not is_same_browser or content["user"] != callback.user_id:
        raise SignOnRefused("This sign-on was not started in this browser, or was used already", again, 403)
    return content


def _check_answer(callback: Callback, settings: RealmSettings, place: ConnectionSettings) -> None:
    if callback.error == "access_denied":
        raise SignOnRefused(
            "You said no at Intuit",
            "Nothing was connected and nothing was changed. You can start again whenever you like.",
            200,
        )
    if callback.error or not callback.code or not callback.realm_id:
        raise SignOnRefused(
            "Intuit did not finish the sign-on", f"It answered: {callback.error or 'no code'}. Start again.", 502
        )
    if callback.realm_id != place.realm_id:
        raise SignOnRefused(
            "That is another company",
            f"You chose company {callback.realm_id} at Intuit, but the connection {settings.connection} of realm "
            f"{settings.realm_key} is for company {place.realm_id}. Nothing was stored. Sign on again and choose that "
            "company, or correct the company id in the connection.",
        )


def _check_label(state: psycopg.Connection[Any], settings: RealmSettings, place: ConnectionSettings) -> None:
    holder = companies.realm_by_key(state, settings.realm_key)
    if holder is not None and (holder.base_url, holder.realm_id) != (place.base_url, place.realm_id):
        name = holder.company_name or f"company {holder.realm_id}"
        raise SignOnRefused(
            "Another company stands behind this realm",
            f"Realm {settings.realm_key} is {name} ({holder.environment}, {holder.realm_id}), and the connection "
            f"{settings.connection} now leads to {place.environment} company {place.realm_id}. Nothing was stored. "
            "Disconnect the realm first, or give the other company a realm of its own.",
        )


def _exchanged(callback: Callback, settings: RealmSettings, redirect_uri: str) -> TokenSet:
    try:
        auth = QboHook(settings.connection).get_auth()
        tokens = auth.exchange_code(callback.code, redirect_uri, callback.realm_id, ACCOUNTING_SCOPE)
    except QboError as error:
        raise SignOnRefused("Intuit did not finish the sign-on", error.message, 502) from error
    if ACCOUNTING_SCOPE not in tokens.scope.split():
        raise SignOnRefused(
            "A right is missing",
            f"Intuit did not grant {ACCOUNTING_SCOPE}, which reading lists and writing invoices needs. It granted: "
            f"{tokens.scope or 'nothing'}. Nothing was stored. Add Accounting to the scopes of the app and sign on again.",
        )
    return tokens


def _shown(settings: RealmSettings, tokens: TokenSet) -> CompanyShown:
    try:
        return look_at_company(settings, tokens)
    except QboError as error:
        if error.fault_class == "not_authorised":
            raise SignOnRefused(
                "A right is missing",
                f"QuickBooks does not let the app read this company ({error.message}). Add {ACCOUNTING_SCOPE} to the "
                "scopes of the app, and sign on as somebody who may see the company's books. Nothing was stored.",
            ) from error
        said = " ".join(filter(None, (f"{error}.", error.cure, "Nothing was stored.")))
        raise SignOnRefused("QuickBooks did not show the company", said, 502) from error
    except ValueError as error:
        raise SignOnRefused("QuickBooks did not show the company", f"{error}. Nothing was stored.", 502) from error


def _read_lists(client: QboClient, state: psycopg.Connection[Any], realm: int) -> None:
    """Read what the settings choose from. Where this fails the company is connected all the same, and its page says so."""
    try:
        refresh_lists(client, state, realm, CHOICE_LISTS)
    except QboError as error:
        log.warning("accounts and tax codes were not read: %s", error)


def _revoke(realm_key: str, realm: int) -> str:
    """Give the tokens up at Intuit. Whatever happens there, and whatever can be read here, the realm is disconnected here."""
    try:
        with closing(clients.token_store(realm, connections.connect_state)) as store:
            tokens = store.read()
        if tokens is not None:
            QboHook(load_settings(realm_key).connection).get_auth().revoke(tokens)
    except (QboError, SettingsError, ConnectionMissingError, WrongKeyError, NoEncryptionError) as error:
        log.warning("tokens of %s were not revoked at Intuit: %s", realm_key, error)
        return (
            "Intuit did not confirm that the tokens are revoked. To be sure, open the app list of the company in "
            "QuickBooks and disconnect the app there too."
        )
    return ""


def _stamp(row: companies.Realm | None) -> str:
    return "new" if row is None else f"{row.connected_at} {row.disconnected_at}"


def _fernet() -> Any:
    from airflow.sdk.crypto import get_fernet
    from airflow.sdk.exceptions import AirflowException

    try:
        fernet = get_fernet()
    except AirflowException as error:
        raise NoFernetKey(f"Airflow's Fernet key ([core] fernet_key) cannot be used: {error}") from None
    if not fernet.is_encrypted:
        raise NoFernetKey("Airflow has no Fernet key ([core] fernet_key): tokens cannot be kept encrypted")
    return fernet
