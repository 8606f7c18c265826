"""OAuth 2: discovery, sign-on, token endpoint, revocation, user information."""

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from qbo_simulator import wire
from qbo_simulator.web import signon
from qbo_simulator.web.http import Answer, BadBody, Call, TooLarge, html_answer
from qbo_simulator.web.tokens import Tokens
from qbo_simulator.world import World

JSON = "application/json;charset=UTF-8"


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

    def __init__(
        self, error: str, description: str | None = None, status: int = 400, reason: tuple[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.reason = reason

    def body(self) -> dict[str, str]:
        """The JSON of the refusal; most come without a description."""
        body = {"error": self.error}
        if self.description:
            body["error_description"] = self.description
        if self.reason:
            body["x_error_reason"], body["x_error_reason_detail"] = self.reason
        return body


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


class OAuth:
    """From a call outside ``/v3/`` to its answer."""

    def __init__(self, world: World, tokens: Tokens) -> None:
        self.world = world
        self.tokens = tokens

    def answer(self, call: Call) -> Answer:
        """Route by method and path."""
        route = (call.method, call.path.rstrip("/"))
        try:
            if route in (
                ("GET", "/.well-known/openid_sandbox_configuration"),
                ("GET", "/.well-known/openid_configuration"),
            ):
                return _json(discovery(f"http://{call.headers.get('host', 'localhost')}"))
            if route == ("POST", "/oauth2/v1/tokens/bearer"):
                return _json(self._exchange(call), [("cache-control", "no-cache, no-store")])
            if route == ("POST", "/v2/oauth2/tokens/revoke"):
                return self._revoke(call)
            if route == ("GET", "/connect/oauth2"):
                return self._sign_on_page(call)
            if route == ("POST", "/connect/oauth2"):
                return self._decide(call)
            if route == ("GET", "/v1/openid_connect/userinfo"):
                return self._user_info(call)
            if route == ("GET", "/op/v1/jwks"):
                return _json({"keys": []})
        except OAuthError as error:
            return _json(error.body(), status=error.status)
        return html_answer(404)

    # -- tokens -------------------------------------------------------------------------------------------------------

    def _authenticate(self, authorization: str, form: dict[str, str]) -> str:
        """The client id of the calling app; raises ``invalid_client``."""
        given = basic_credentials(authorization)
        if given is None and "client_id" in form:
            given = (form["client_id"], form.get("client_secret", ""))
        if given is None or self.tokens.app_secret(given[0]) != given[1]:
            raise OAuthError("invalid_client", status=self.world.settings.invalid_client_status)
        return given[0]

    def _exchange(self, call: Call) -> dict[str, Any]:
        form = _form(call)
        client_id = self._authenticate(call.headers.get("authorization", ""), form)
        wants_hard_expiry = call.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
        kind = form.get("grant_type")
        if kind == "refresh_token":
            return self._refresh(client_id, form.get("refresh_token", ""), wants_hard_expiry)
        if kind == "authorization_code":
            return self._redeem(client_id, form, wants_hard_expiry)
        raise OAuthError("unsupported_grant_type" if kind else "invalid_request")

    def _refresh(self, client_id: str, value: str, wants_hard_expiry: bool) -> dict[str, Any]:
        token = self.tokens.find(value)
        now = self.world.clock.now()
        if token is None or token.kind != "refresh":
            raise OAuthError("invalid_grant", "Incorrect Token type or clientID")
        grant = self.tokens.grant(token.grant_key)
        if grant.client_id != client_id:
            raise OAuthError("invalid_grant", "Incorrect Token type or clientID")
        if grant.is_revoked or token.state == "revoked":
            raise OAuthError("invalid_grant", "Token invalid")
        if grant.realm_id not in self.world.companies:
            raise OAuthError(
                "invalid_grant",
                "Unauthorized Request: User is not a member of the specified Realm",
                reason=("user_not_in_realm", "User is not a member of the specified Realm"),
            )
        if now >= token.expires or now >= grant.granted + self.world.settings.refresh_hard_seconds:
            raise OAuthError("invalid_grant")
        if token.state == "rotated":
            current = self.tokens.newest_refresh(grant.key)
        elif now - token.issued >= self.world.settings.refresh_rotation_seconds:
            current = self.tokens.rotate(grant.key, value)
        else:
            self.tokens.prolong(value)
            current = value
        return self._tokens(grant.key, current, wants_hard_expiry)

    def _redeem(self, client_id: str, form: dict[str, str], wants_hard_expiry: bool) -> dict[str, Any]:
        code = self.tokens.find(form.get("code", ""))
        if code is None or code.kind != "code" or code.state != "valid" or self.world.clock.now() >= code.expires:
            raise OAuthError("invalid_grant")
        grant = self.tokens.grant(code.grant_key)
        if grant.client_id != client_id or grant.redirect_uri != form.get("redirect_uri"):
            raise OAuthError("invalid_grant")
        self.tokens.use_up(code.value)
        self.tokens.activate(grant)
        return self._tokens(grant.key, self.tokens.issue_refresh(grant.key), wants_hard_expiry)

    def _tokens(self, grant_key: int, refresh_token: str, wants_hard_expiry: bool) -> dict[str, Any]:
        settings = self.world.settings
        now = self.world.clock.now()
        hard_end = self.tokens.grant(grant_key).granted + settings.refresh_hard_seconds
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

    def _revoke(self, call: Call) -> Answer:
        client_id = self._authenticate(call.headers.get("authorization", ""), {})
        try:
            # Documented as JSON; a public client sends a form, as the standard says.
            is_form = call.content_type == "application/x-www-form-urlencoded"
            given = _form(call) if is_form else wire.decode(call.payload() or b"{}")
            value = str(given.get("token", ""))
        except (ValueError, AttributeError, BadBody, TooLarge) as error:
            raise OAuthError("invalid_request") from error
        token = self.tokens.find(value)
        if token is None or token.state == "revoked" or self.tokens.grant(token.grant_key).client_id != client_id:
            raise OAuthError("invalid_request", "Token invalid")
        self.tokens.revoke(self.tokens.grant(token.grant_key))
        return Answer(200, b"", JSON)

    # -- sign-on ------------------------------------------------------------------------------------------------------

    def _sign_on_page(self, call: Call) -> Answer:
        problem = self._problem(call.query_values())
        if problem:
            return signon.error_page(problem)
        app = self.tokens.app_name(call.query_values()["client_id"])
        return signon.page(app, call.query_values(), list(self.world.companies.values()))

    def _problem(self, values: dict[str, str]) -> str | None:
        """What is wrong with a request to sign on: nobody can be sent back with it, so it is shown."""
        if self.tokens.app_secret(values.get("client_id", "")) is None:
            return "The client_id query parameter is missing or unknown."
        redirect_uri = values.get("redirect_uri", "")
        if not redirect_uri.startswith(("http://", "https://")):
            return "The redirect_uri query parameter value is invalid."
        allowed = self.tokens.redirect_uris(values["client_id"])
        if allowed and redirect_uri not in allowed:
            return (
                "The redirect_uri query parameter value is invalid. Make sure it is listed in the app's Redirect URIs."
            )
        if values.get("response_type") != "code":
            return "The response_type query parameter must be code."
        if not values.get("scope", "").strip():
            return "The scope query parameter is missing."
        return None

    def _decide(self, call: Call) -> Answer:
        form = _form(call)
        problem = self._problem(form)
        if problem:
            return signon.error_page(problem)
        state = {"state": form["state"]} if "state" in form else {}
        if form.get("decision") != "connect":
            return _redirect(form["redirect_uri"], {"error": "access_denied", **state})
        company = self.world.companies.get(form.get("realm_id", ""))
        if company is None:
            return signon.error_page("Choose a company.")
        company.is_connected = True
        self.world.save_company(company)
        grant_key = self.tokens.add_grant(form["client_id"], company.realm_id, form["scope"], form["redirect_uri"])
        code = self.tokens.issue_code(grant_key)
        return _redirect(form["redirect_uri"], {"code": code, **state, "realmId": company.realm_id})

    def _user_info(self, call: Call) -> Answer:
        token = self.tokens.find(call.headers.get("authorization", "").partition(" ")[2])
        now = self.world.clock.now()
        if token is None or token.kind != "access" or token.state != "valid" or now >= token.expires:
            raise OAuthError("invalid_token", "Token invalid", status=401)
        user = self.world.companies[self.tokens.grant(token.grant_key).realm_id].user_name
        given, _, family = user.partition(" ")
        mail = f"{given.lower()}@example.com"
        return _json(
            {
                "sub": f"user-{given.lower()}",
                "email": mail,
                "emailVerified": True,
                "givenName": given,
                "familyName": family,
            }
        )


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))


def _json(body: dict[str, Any], headers: list[tuple[str, str]] | None = None, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body, separators=(",", ":")).encode(), JSON, headers or [])


def _redirect(uri: str, values: dict[str, str]) -> Answer:
    joint = "&" if "?" in uri else "?"
    return Answer(302, b"", "text/html", [("location", f"{uri}{joint}{urlencode(values)}")])
