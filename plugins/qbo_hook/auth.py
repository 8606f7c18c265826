"""OAuth2 with Intuit: sign-on, refresh with rotation, revocation (QBO.md, section 1)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from qbo_hook import wire_json
from qbo_hook.environments import ACCOUNTING_SCOPE, Endpoints
from qbo_hook.errors import QboConfigError, QboError, QboTokenExpired, QboTokenUnavailable
from qbo_hook.tokens import TokenSet
from qbo_hook.transport import Transport
from qbo_hook.wire import JSON, Answer, Request, Timeout

# The store holds its lock while a refresh is under way, so the call is kept short (DESIGN.md, section 4).
TOKEN_TIMEOUT = Timeout(connect=5.0, total=20.0)


def utc_now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


class Refresher(Protocol):
    """What the client needs of the sign-on: a new pair for an old one."""

    def refresh(self, tokens: TokenSet) -> TokenSet:
        """Buy a new pair; see :meth:`QboAuth.refresh`."""


class QboAuth:
    """The OAuth2 client of one app.

    :param transport: carries the calls
    :param client_id: of the app in Intuit's developer portal
    :param client_secret: of the app; never logged
    :param endpoints: from :func:`qbo_hook.environments.endpoints_for`
    :param clock: gives the time in UTC, against which lifetimes are counted
    """

    def __init__(
        self,
        *,
        transport: Transport,
        client_id: str,
        client_secret: str,
        endpoints: Endpoints,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._transport = transport
        self._client_id = client_id
        self._client_secret = client_secret
        self.endpoints = endpoints
        self._clock = clock

    def authorize_url(self, state: str, redirect_uri: str, scope: str = ACCOUNTING_SCOPE) -> str:
        """The address at which a person signs on and chooses a company.

        :param state: random text that must come back unchanged
        :param redirect_uri: as registered for the app, to the letter
        :param scope: space-separated; accounting alone is enough
        """
        query = {
            "client_id": self._client_id,
            "response_type": "code",
            "scope": scope,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self.endpoints.authorization}?{urlencode(query)}"

    def exchange_code(self, code: str, redirect_uri: str, realm_id: str, scope: str = ACCOUNTING_SCOPE) -> TokenSet:
        """Turn the code of a finished sign-on into tokens; a code works once and for minutes.

        :param code: from the callback
        :param redirect_uri: the same as for :meth:`authorize_url`
        :param realm_id: ``realmId`` of the callback
        :param scope: what was asked for
        :raises QboTokenExpired: if the code is too old, used, or for another app
        :raises QboConfigError: if Intuit does not accept client id or secret
        :raises QboTokenUnavailable: if the token service gave no usable answer
        """
        reply = self._token_call({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri})
        return self._tokens(reply, realm_id, scope)

    def refresh(self, tokens: TokenSet) -> TokenSet:
        """Buy a new pair. Whatever comes back replaces the old pair, before it is used.

        :param tokens: the pair whose refresh token is spent
        :raises QboTokenExpired: if the refresh token is dead or superseded (``invalid_grant``)
        :raises QboConfigError: if Intuit does not accept client id or secret
        :raises QboTokenUnavailable: if the token service gave no usable answer
        """
        reply = self._token_call({"grant_type": "refresh_token", "refresh_token": tokens.refresh_token})
        renewed = self._tokens(reply, tokens.realm_id, tokens.scope)
        # Intuit names the ceiling only when it knows it; what was known once stays true.
        return renewed if renewed.hard_expires_at else replace(renewed, hard_expires_at=tokens.hard_expires_at)

    def revoke(self, tokens: TokenSet) -> None:
        """Give up both tokens at Intuit; afterwards the company is disconnected.

        :param tokens: of which the refresh token is sent
        :raises QboTokenUnavailable: if it is not sure that they were revoked
        """
        body = wire_json.dumps({"token": tokens.refresh_token})
        answer = self._call(self.endpoints.revocation, body, JSON)
        # A token that Intuit does not know (any more) is as good as revoked.
        if answer.status != 200 and _error_name(answer) not in ("invalid_grant", "invalid_token", "invalid_request"):
            raise QboTokenUnavailable("Intuit did not confirm that the tokens are revoked", **_facts(answer))

    def _token_call(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        answer = self._call(self.endpoints.token, urlencode(form).encode(), "application/x-www-form-urlencoded")
        if answer.status == 200:
            return _object(answer)
        raise _refusal(answer)

    def _call(self, url: str, body: bytes, content_type: str) -> Answer:
        parts = urlsplit(url)
        request = Request(method="POST", path=parts.path, body=body, content_type=content_type, kind="write")
        credentials = base64.b64encode(f"{self._client_id}:{self._client_secret}".encode()).decode()
        headers = {
            "Authorization": f"Basic {credentials}",
            "Accept": JSON,
            "Content-Type": content_type,
            # Asks for the five-year ceiling of refresh tokens, in force since November 2025 (QBO.md, section 0, point 2).
            "x-include-refresh-token-hard-expires-in": "true",
        }
        try:
            raw = self._transport.send(request, headers, f"{parts.scheme}://{parts.netloc}", TOKEN_TIMEOUT)
        except QboConfigError:
            raise
        except QboError as error:
            # Whatever became of the token call, the call to QBO that wanted the token was not sent.
            raise QboTokenUnavailable(f"Intuit's token service did not answer: {error.message}") from error
        return Answer.from_raw(raw)

    def _tokens(self, reply: Mapping[str, Any], realm_id: str, scope: str) -> TokenSet:
        now = self._clock()
        try:
            hard = reply.get("x_refresh_token_hard_expires_in")
            return TokenSet(
                access_token=_required_text(reply, "access_token"),
                refresh_token=_required_text(reply, "refresh_token"),
                access_expires_at=now + timedelta(seconds=int(reply["expires_in"])),
                refresh_expires_at=now + timedelta(seconds=int(reply["x_refresh_token_expires_in"])),
                realm_id=realm_id,
                scope=str(reply.get("scope") or scope),
                hard_expires_at=None if hard is None else now + timedelta(seconds=int(hard)),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise QboTokenUnavailable("Intuit's token service left out a token or its lifetime") from error


def _required_text(reply: Mapping[str, Any], name: str) -> str:
    value = reply[name]
    if not isinstance(value, str) or not value:
        raise ValueError(name)
    return value


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        reply = answer.json()
    except ValueError as error:
        raise QboTokenUnavailable("Intuit's token service answered something unreadable", **_facts(answer)) from error
    if not isinstance(reply, dict):
        raise QboTokenUnavailable("Intuit's token service answered something unreadable", **_facts(answer))
    return reply


def _refusal(answer: Answer) -> QboError:
    name = _error_name(answer)
    if name == "invalid_grant":
        return QboTokenExpired(f"The sign-on to QuickBooks is over: {_description(answer)}", **_facts(answer))
    if name in ("invalid_client", "unauthorized_client"):
        # Seen both as 400 and as 401 (QBO.md, section 1).
        return QboConfigError("Intuit does not accept this client id and secret for this environment", **_facts(answer))
    return QboTokenUnavailable(
        f"Intuit's token service answered HTTP {answer.status} {name}".rstrip(), **_facts(answer)
    )


def _error_name(answer: Answer) -> str:
    try:
        reply = answer.json()
    except ValueError:
        return ""
    return str(reply.get("error", "")) if isinstance(reply, dict) else ""


def _description(answer: Answer) -> str:
    reply = answer.json()
    said = str(reply.get("error_description") or "the refresh token is no longer valid (invalid_grant)")
    reason = reply.get("x_error_reason")
    return f"{said} ({reason})" if reason else said


def _facts(answer: Answer) -> dict[str, Any]:
    return {"http_status": answer.status, "intuit_tid": answer.intuit_tid}
