"""OAuth 2: discovery, token endpoint, revocation, user information."""

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from qbo_simulator.web.http import new_tid
from qbo_simulator.web.tokens import Tokens
from qbo_simulator.world import World


def discovery(base_url: str) -> dict[str, Any]:
    """The discovery document, with every endpoint at this server."""
    return {
        "issuer": f"{base_url}/op/v1",
        "authorization_endpoint": f"{base_url}/connect/oauth2",
        "token_endpoint": f"{base_url}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base_url}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base_url}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base_url}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone", "com.intuit.quickbooks.accounting"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


class OAuthError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, error: str, description: str | None = None, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Client id and secret of an HTTP Basic header."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client_id, secret


class TokenEndpoint:
    """Exchanges codes and refresh tokens for access tokens."""

    def __init__(self, world: World, tokens: Tokens) -> None:
        self.world = world
        self.tokens = tokens

    def authenticate(self, authorization: str, form: dict[str, str]) -> str:
        """The client id of the calling app; raises ``invalid_client``."""
        given = basic_credentials(authorization)
        if given is None and "client_id" in form:
            given = (form["client_id"], form.get("client_secret", ""))
        if given is None or self.tokens.app_secret(given[0]) != given[1]:
            raise OAuthError("invalid_client", status=self.world.settings.invalid_client_status)
        return given[0]

    def exchange(self, authorization: str, form: dict[str, str], wants_hard_expiry: bool) -> dict[str, Any]:
        """Answer a token request; raises ``OAuthError``."""
        client_id = self.authenticate(authorization, form)
        kind = form.get("grant_type")
        if kind == "refresh_token":
            return self._refresh(client_id, form.get("refresh_token", ""), wants_hard_expiry)
        if kind == "authorization_code":
            return self._code(client_id, form, wants_hard_expiry)
        raise OAuthError("unsupported_grant_type" if kind else "invalid_request")

    def _refresh(self, client_id: str, value: str, wants_hard_expiry: bool) -> dict[str, Any]:
        row = self.tokens.find(value)
        now = self.world.clock.now()
        if row is None or row[0] != "refresh":
            raise OAuthError("invalid_grant", "Incorrect Token type or clientID")
        _kind, grant_key, issued, expires, state = row
        owner, _realm_id, details = self.tokens.grant(grant_key)
        if owner != client_id:
            raise OAuthError("invalid_grant", "Incorrect Token type or clientID")
        if details["is_revoked"] or state == "revoked":
            raise OAuthError("invalid_grant", "Token invalid")
        if now >= expires or now >= details["granted"] + self.world.settings.refresh_hard_seconds:
            raise OAuthError("invalid_grant")
        if state == "rotated":
            current = self.tokens.newest_refresh(grant_key)
        elif now - issued >= self.world.settings.refresh_rotation_seconds:
            current = self.tokens.rotate(grant_key, value)
        else:
            self.tokens.prolong(value)
            current = value
        return self._answer(grant_key, current, details, wants_hard_expiry)

    def _code(self, client_id: str, form: dict[str, str], wants_hard_expiry: bool) -> dict[str, Any]:
        row = self.tokens.find(form.get("code", ""))
        if row is None or row[0] != "code" or row[4] != "valid" or self.world.clock.now() >= row[3]:
            raise OAuthError("invalid_grant")
        owner, _realm_id, details = self.tokens.grant(row[1])
        if owner != client_id or details.get("redirect_uri") != form.get("redirect_uri"):
            raise OAuthError("invalid_grant")
        self.tokens.use_up(form["code"])
        self.tokens.activate(row[1])
        return self._answer(row[1], self.tokens.issue_refresh(row[1]), details, wants_hard_expiry)

    def _answer(
        self, grant_key: int, refresh_token: str, details: dict[str, Any], wants_hard_expiry: bool
    ) -> dict[str, Any]:
        settings = self.world.settings
        now = self.world.clock.now()
        hard_end = details["granted"] + settings.refresh_hard_seconds
        answer: dict[str, Any] = {
            "token_type": "bearer",
            "expires_in": int(settings.access_token_seconds),
            "refresh_token": refresh_token,
            "x_refresh_token_expires_in": int(min(settings.refresh_idle_seconds, hard_end - now)),
            "access_token": self.tokens.issue_access(grant_key),
        }
        if wants_hard_expiry:
            answer["x_refresh_token_hard_expires_in"] = int(hard_end - now)
        return answer

    def revoke(self, authorization: str, value: str) -> None:
        """Kill the grant behind either token."""
        client_id = self.authenticate(authorization, {})
        row = self.tokens.find(value)
        if row is None or row[4] == "revoked" or self.tokens.grant(row[1])[0] != client_id:
            raise OAuthError("invalid_request", "Token invalid")
        self.tokens.revoke_grant(row[1])


def router(world: World, tokens: Tokens) -> APIRouter:
    """Routes of discovery, tokens, revocation and user information."""
    routes = APIRouter()
    endpoint = TokenEndpoint(world, tokens)

    async def document(request: Request) -> JSONResponse:
        return JSONResponse(discovery(str(request.base_url).rstrip("/")))

    for path in ("/.well-known/openid_sandbox_configuration", "/.well-known/openid_configuration"):
        routes.add_api_route(path, document, methods=["GET"])
        routes.add_api_route(path + "/", document, methods=["GET"])

    def refused(error: OAuthError) -> JSONResponse:
        body = {"error": error.error} | ({"error_description": error.description} if error.description else {})
        return JSONResponse(body, error.status, {"intuit_tid": new_tid(world.clock.now())})

    @routes.post("/oauth2/v1/tokens/bearer")
    async def bearer(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        wants_hard_expiry = request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
        try:
            with world.transaction():
                answer = endpoint.exchange(request.headers.get("authorization", ""), form, wants_hard_expiry)
        except OAuthError as error:
            return refused(error)
        return JSONResponse(
            answer, headers={"intuit_tid": new_tid(world.clock.now()), "cache-control": "no-cache, no-store"}
        )

    @routes.post("/v2/oauth2/tokens/revoke")
    async def revoke(request: Request) -> Response:
        try:
            value = json.loads(await request.body() or b"{}").get("token", "")
        except (ValueError, AttributeError):
            return refused(OAuthError("invalid_request"))
        try:
            with world.transaction():
                endpoint.revoke(request.headers.get("authorization", ""), str(value))
        except OAuthError as error:
            return refused(error)
        return Response(status_code=200, headers={"intuit_tid": new_tid(world.clock.now())})

    return routes
