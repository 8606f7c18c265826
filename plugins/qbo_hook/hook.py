"""Airflow's hook for QuickBooks Online: turns a Connection of type ``quickbooks`` into a client.

The only file of this room that knows Airflow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import BaseHook, Connection
from airflow.sdk.log import mask_secret

from qbo_hook.auth import QboAuth
from qbo_hook.client import QboClient
from qbo_hook.environments import PRODUCTION_URL, SANDBOX_URL, badge, base_url_for, endpoints_for
from qbo_hook.errors import QboConfigError, QboError, QboTokenExpired
from qbo_hook.governor import Governor, Limits, MemoryGovernor
from qbo_hook.retries import Waits
from qbo_hook.tokens import MemoryTokenStore, Refresh, TokenSet, TokenStore
from qbo_hook.transport import RequestsTransport


@dataclass(frozen=True)
class ConnectionSettings:
    """What a Connection says, checked; secrets do not show in a repr.

    :param client_id: of the app in Intuit's developer portal
    :param client_secret: of the app
    :param environment: ``sandbox`` or ``production``
    :param realm_id: Intuit's id of the company
    :param base_url: of the API
    :param webhook_verifier_token: None where no webhooks are received
    """

    client_id: str
    client_secret: str = field(repr=False)
    environment: str
    realm_id: str
    base_url: str
    webhook_verifier_token: str | None = field(default=None, repr=False)


class QboHook(BaseHook):
    """Has a client of one QuickBooks company, built from an Airflow Connection when it is first wanted.

    :param qbo_conn_id: id of a Connection of type ``quickbooks``
    :param token_store: keeps the company's tokens; by default in memory, which forgets them with the process
    :param governor: says when a call may go out; by default one for this process alone
    :param limits: of the company
    :param waits: how patient the client is
    """

    conn_name_attr = "qbo_conn_id"
    default_conn_name = "qbo_default"
    conn_type = "quickbooks"
    hook_name = "QuickBooks Online"

    def __init__(
        self,
        qbo_conn_id: str = default_conn_name,
        *,
        token_store: TokenStore | None = None,
        governor: Governor | None = None,
        limits: Limits | None = None,
        waits: Waits | None = None,
    ) -> None:
        super().__init__()
        self.qbo_conn_id = qbo_conn_id
        self._token_store = token_store or MemoryTokenStore()
        self._governor = governor
        self._limits = limits or Limits()
        self._waits = waits or Waits()
        self._transport = RequestsTransport()

    def connection_settings(self) -> ConnectionSettings:
        """The Connection's values, checked.

        :raises QboConfigError: if one is missing or wrong; the message names it
        :raises AirflowNotFoundException: if there is no such Connection
        """
        return self._settings

    def get_conn(self) -> QboClient:
        """The client of this company; the same one on every call.

        :raises QboConfigError: if the Connection is incomplete
        :raises AirflowNotFoundException: if there is no such Connection
        """
        return self._client

    def get_auth(self) -> QboAuth:
        """The sign-on of this Connection's app, for connecting and disconnecting a company.

        :raises QboConfigError: if the Connection is incomplete
        """
        return self._auth

    def test_connection(self) -> tuple[bool, str]:
        """Try the Connection, as far as that goes without a stored sign-on.

        :return: whether it works, and a sentence that says what does or what to do
        """
        try:
            return self._test()
        except QboError as error:
            return False, str(error)

    def _test(self) -> tuple[bool, str]:
        settings = self.connection_settings()
        if self._token_store.read() is not None:
            return True, _greeting(self.get_conn().company_info(), settings)
        self._try_credentials(settings.realm_id)
        return True, (
            f"Intuit accepts client id and secret ({badge(settings.base_url)}). Company {settings.realm_id} is reached after "
            "a person has signed on: open the QuickBooks connect page."
        )

    def _try_credentials(self, realm_id: str) -> None:
        """Offer a refresh token that nobody has: Intuit checks the app first, then refuses the token."""
        now = datetime.now(UTC)
        nobody = TokenSet("none", "none", access_expires_at=now, refresh_expires_at=now, realm_id=realm_id)
        try:
            self.get_auth().refresh(nobody)
        except QboTokenExpired:
            return
        raise QboConfigError("The token service accepts any refresh token: this is not Intuit")

    @cached_property
    def _settings(self) -> ConnectionSettings:
        connection = self.get_connection(self.qbo_conn_id)
        settings = _read(connection, self.qbo_conn_id)
        for secret in (settings.client_secret, settings.webhook_verifier_token):
            if secret:
                mask_secret(secret)
        return settings

    @cached_property
    def _auth(self) -> QboAuth:
        settings = self.connection_settings()
        return QboAuth(
            transport=self._transport,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            endpoints=endpoints_for(settings.environment, settings.base_url),
        )

    @cached_property
    def _client(self) -> QboClient:
        settings = self.connection_settings()
        return QboClient(
            transport=self._transport,
            auth=self._auth,
            tokens=MaskingStore(self._token_store),
            realm_id=settings.realm_id,
            base_url=settings.base_url,
            governor=self._governor or MemoryGovernor(self._limits),
            limits=self._limits,
            waits=self._waits,
        )


class MaskingStore:
    """A token store that has Airflow mask every token that passes, once.

    :param store: the store that really keeps them
    """

    def __init__(self, store: TokenStore) -> None:
        self._store = store
        self._masked: set[str] = set()

    def read(self) -> TokenSet | None:
        """See :meth:`qbo_hook.tokens.TokenStore.read`."""
        tokens = self._store.read()
        return tokens and self._mask(tokens)

    def refresh(self, stale: TokenSet, refresh: Refresh) -> TokenSet:
        """See :meth:`qbo_hook.tokens.TokenStore.refresh`."""
        return self._mask(self._store.refresh(stale, lambda tokens: self._mask(refresh(tokens))))

    def store(self, tokens: TokenSet) -> None:
        """See :meth:`qbo_hook.tokens.TokenStore.store`."""
        self._store.store(self._mask(tokens))

    def mark_needs_reconnect(self, why: str) -> None:
        """See :meth:`qbo_hook.tokens.TokenStore.mark_needs_reconnect`."""
        self._store.mark_needs_reconnect(why)

    def needs_reconnect(self) -> str | None:
        """See :meth:`qbo_hook.tokens.TokenStore.needs_reconnect`."""
        return self._store.needs_reconnect()

    def _mask(self, tokens: TokenSet) -> TokenSet:
        for token in {tokens.access_token, tokens.refresh_token} - self._masked:
            # Each call goes to the task's supervisor, so a token is announced once and not with every request.
            mask_secret(token)
            self._masked.add(token)
        return tokens


def _read(connection: Connection, conn_id: str) -> ConnectionSettings:
    found: Any = connection.extra_dejson
    extra: dict[str, Any] = found if isinstance(found, dict) else {}
    environment = str(extra.get("environment") or "")
    base_url = str(extra.get("base_url") or "").strip()
    wanted = {
        "login (client id)": connection.login,
        "password (client secret)": connection.password,
        "extra.environment": environment,
        "extra.realm_id": extra.get("realm_id"),
    }
    if missing := [name for name, value in wanted.items() if not value]:
        raise QboConfigError(f"Connection {conn_id} lacks {', '.join(missing)}")
    realm_id = str(extra["realm_id"])
    if not (realm_id.isascii() and realm_id.isdecimal()):
        raise QboConfigError(f"Connection {conn_id}: extra.realm_id must be digits only, not {realm_id!r}")
    if base_url and base_url.rstrip("/") not in (PRODUCTION_URL, SANDBOX_URL):
        _check_server(base_url, conn_id)
    settings = ConnectionSettings(
        client_id=str(connection.login),
        client_secret=str(connection.password),
        environment=environment,
        realm_id=realm_id,
        base_url=base_url_for(environment, base_url),
        webhook_verifier_token=extra.get("webhook_verifier_token") or None,
    )
    if settings.base_url in (PRODUCTION_URL, SANDBOX_URL) and settings.base_url != base_url_for(environment):
        raise QboConfigError(f"Connection {conn_id}: extra.base_url is not that of the {environment} environment")
    return settings


def _check_server(base_url: str, conn_id: str) -> None:
    """Raise QboConfigError for what is no address of a server, or is one of Intuit's in other words.

    The text repeats nothing of the address, which may hold a password.
    """
    try:
        parts = urlsplit(base_url)
        # Reading the port checks it.
        is_address = bool(parts.hostname) and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or "@" in parts.netloc or parts.query or parts.fragment or any(map(str.isspace, base_url)):
        raise QboConfigError(
            f"Connection {conn_id}: extra.base_url must be an address such as http://127.0.0.1:8099, "
            "without user, query or blanks"
        )
    if f".{parts.hostname}".rstrip(".").endswith(".intuit.com"):
        raise QboConfigError(
            f"Connection {conn_id}: Intuit's own servers are chosen by extra.environment: leave extra.base_url empty"
        )


def _greeting(company: dict[str, Any], settings: ConnectionSettings) -> str:
    country = company.get("Country", "country unknown")
    where = f"{badge(settings.base_url)}, company {settings.realm_id}"
    return f"Connected to: {company.get('CompanyName', 'a company without a name')} ({country}; {where})"
