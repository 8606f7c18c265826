"""OAuth: discovery, sign-on, codes, rotation, expiry, revocation, and the words of every refusal."""

import base64
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from qbo_simulator.testing import CLIENT_ID, CLIENT_SECRET, DEFAULT_REALM, REFRESH_TOKEN
from tests.simulator.client import Answer, Qbo

DAY = 86_400
REDIRECT = "https://app.example/callback"
BASIC = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
SIGN_ON = {
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "scope": "com.intuit.quickbooks.accounting",
    "state": "st&te",
}


def post_form(qbo: Qbo, path: str, values: dict[str, str], authorization: str = BASIC, **headers: str) -> Answer:
    """A form, as token requests are."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": authorization, **headers}
    return qbo.call("POST", path, urlencode(values).encode(), sent)


def refresh(qbo: Qbo, token: str = REFRESH_TOKEN, authorization: str = BASIC, **headers: str) -> Answer:
    """A refresh."""
    values = {"grant_type": "refresh_token", "refresh_token": token}
    return post_form(qbo, "/oauth2/v1/tokens/bearer", values, authorization, **headers)


def sign_on(qbo: Qbo, **values: str) -> dict[str, list[str]]:
    """Choose a company and a button; what comes back to the app."""
    answer = post_form(qbo, "/connect/oauth2", {**SIGN_ON, "realm_id": DEFAULT_REALM, "decision": "connect", **values})
    assert (answer.status, answer.headers["location"].startswith(REDIRECT)) == (302, True), answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)


def redeem(qbo: Qbo, code: str, redirect_uri: str = REDIRECT, authorization: str = BASIC) -> Answer:
    """Exchange a code."""
    values = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return post_form(qbo, "/oauth2/v1/tokens/bearer", values, authorization)


@pytest.mark.parametrize("name", ["openid_sandbox_configuration", "openid_configuration"])
def test_both_discovery_documents_point_here(qbo: Qbo, name: str) -> None:
    """With and without a slash at the end."""
    for slash in ("", "/"):
        document = qbo.get(f"/.well-known/{name}{slash}").body

        base = f"http://127.0.0.1:{qbo.simulator.port}"
        assert document["token_endpoint"] == f"{base}/oauth2/v1/tokens/bearer"
        assert document["authorization_endpoint"] == f"{base}/connect/oauth2"
        assert {"issuer", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"} <= set(document)


def test_a_refresh_answers_an_hour_of_access(qbo: Qbo) -> None:
    """bearer, 3600 seconds, a refresh token beginning with RT1-, 101 days for it."""
    answer = refresh(qbo)

    body = answer.body
    assert (answer.status, body["token_type"], body["expires_in"]) == (200, "bearer", 3600)
    assert (body["refresh_token"], body["x_refresh_token_expires_in"]) == (REFRESH_TOKEN, 8_726_400)
    assert "x_refresh_token_hard_expires_in" not in body
    assert "intuit_tid" in answer.headers
    qbo.token = body["access_token"]
    assert qbo.get("customer/1").status == 200


def test_the_hard_end_is_told_to_those_who_ask(qbo: Qbo) -> None:
    """Five years, and less as time goes by; the rolling expiry does not reach beyond it."""
    header = {"x-include-refresh-token-hard-expires-in": "true"}
    qbo.simulator.settings(refresh_rotation_seconds=10**9)

    first = refresh(qbo, **header).body
    for _ in range(18):
        qbo.simulator.clock(advance=99 * DAY)
        refresh(qbo)
    late = refresh(qbo, **header).body

    assert 157_679_000 < first["x_refresh_token_hard_expires_in"] <= 157_680_000
    assert late["x_refresh_token_hard_expires_in"] == late["x_refresh_token_expires_in"] < 44 * DAY


def test_the_value_rotates_after_a_day_and_the_old_one_dies(qbo: Qbo) -> None:
    """Within a day the same value; afterwards a new one, and invalid_grant for the old."""
    # The token is as old as the server, which other tests have used for minutes.
    qbo.simulator.clock(advance=DAY - 7200)
    same = refresh(qbo).body["refresh_token"]
    qbo.simulator.clock(advance=7200)

    new = refresh(qbo).body["refresh_token"]
    dead = refresh(qbo)

    assert same == REFRESH_TOKEN
    assert new.startswith("RT1-")
    assert new != REFRESH_TOKEN
    assert (dead.status, dead.body) == (400, {"error": "invalid_grant", "error_description": "Token invalid"})
    assert refresh(qbo, new).status == 200


def test_within_a_grace_period_the_old_value_brings_the_new_one(qbo: Qbo) -> None:
    """Undocumented, hence a setting."""
    qbo.simulator.settings(refresh_grace_seconds=600)
    qbo.simulator.clock(advance=DAY + 1)
    new = refresh(qbo).body["refresh_token"]

    again = refresh(qbo).body["refresh_token"]
    qbo.simulator.clock(advance=601)

    assert again == new
    assert refresh(qbo).body["error"] == "invalid_grant"


def test_an_idle_refresh_token_dies_after_101_days(qbo: Qbo) -> None:
    """invalid_grant alone, 25 bytes; being used it rolls on."""
    qbo.simulator.settings(refresh_rotation_seconds=10**9)
    for _ in range(3):
        qbo.simulator.clock(advance=90 * DAY)
        assert refresh(qbo).status == 200

    qbo.simulator.clock(advance=102 * DAY)
    answer = refresh(qbo)

    assert (answer.status, answer.text) == (400, '{"error":"invalid_grant"}')


@pytest.mark.parametrize(
    ("authorization", "status"), [("Basic " + base64.b64encode(b"simclient:wrong").decode(), 401), ("", 401), ("Basic %%", 401)]
)  # fmt: skip
def test_an_unknown_app_is_an_invalid_client(qbo: Qbo, authorization: str, status: int) -> None:
    """401, or 400 by setting: both have been seen."""
    answer = refresh(qbo, authorization=authorization)
    qbo.simulator.settings(invalid_client_status=400)

    assert (answer.status, answer.body) == (status, {"error": "invalid_client"})
    assert refresh(qbo, authorization=authorization).status == 400


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "RT1-none"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
    ],
)
def test_what_the_token_endpoint_cannot_do_is_400(qbo: Qbo, values: dict[str, str], error: str) -> None:
    """With the error in the words of OAuth."""
    answer = post_form(qbo, "/oauth2/v1/tokens/bearer", values)

    assert (answer.status, answer.body["error"]) == (400, error)


def test_the_token_of_another_app_is_an_invalid_grant(qbo: Qbo) -> None:
    """Refresh tokens belong to the app that received them."""
    other = qbo.simulator.seed(realm_id="77", client_id="other", client_secret="secret")

    answer = refresh(qbo, other["refresh_token"])

    assert answer.body == {"error": "invalid_grant", "error_description": "Incorrect Token type or clientID"}


def test_a_grant_for_a_company_that_is_gone_says_so(qbo: Qbo) -> None:
    """user_not_in_realm."""
    qbo.simulator.seed(realm_id="77", refresh_token="RT1-77")
    qbo.simulator.control("DELETE", "companies/77")

    answer = refresh(qbo, "RT1-77")

    assert (answer.status, answer.body["x_error_reason"]) == (400, "user_not_in_realm")


def test_the_page_shows_the_companies_and_carries_the_request(qbo: Qbo) -> None:
    """A form in HTML; what the app sent is escaped."""
    answer = qbo.get("/connect/oauth2", **{**SIGN_ON, "state": '"><script>'})

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Craig&#x27;s Design and Landscaping Services" in answer.text
    assert "<script>" not in answer.text
    assert 'name="realm_id" value="9130000000000001"' in answer.text
    assert re.findall(r'name="decision" value="(\w+)"', answer.text) == ["connect", "cancel"]


def test_granting_leads_through_a_code_to_tokens(qbo: Qbo) -> None:
    """Code, state and realmId come back; the code works once."""
    back = sign_on(qbo)

    tokens = redeem(qbo, back["code"][0])
    again = redeem(qbo, back["code"][0])

    assert (back["state"], back["realmId"]) == (["st&te"], [DEFAULT_REALM])
    qbo.token = tokens.body["access_token"]
    assert qbo.get("customer/1").status == 200
    assert refresh(qbo, tokens.body["refresh_token"]).status == 200
    assert (again.status, again.text) == (400, '{"error":"invalid_grant"}')


def test_refusing_sends_access_denied(qbo: Qbo) -> None:
    """With the state, without a code."""
    assert sign_on(qbo, decision="cancel") == {"error": ["access_denied"], "state": ["st&te"]}


def test_a_code_is_bound_to_its_time_its_app_and_its_address(qbo: Qbo) -> None:
    """Five minutes, the same redirect_uri, the same client."""
    qbo.simulator.seed(realm_id="77", client_id="other", client_secret="secret")
    other = "Basic " + base64.b64encode(b"other:secret").decode()

    wrong_address = redeem(qbo, sign_on(qbo)["code"][0], redirect_uri="https://elsewhere.example/")
    wrong_app = redeem(qbo, sign_on(qbo)["code"][0], authorization=other)
    late = sign_on(qbo)["code"][0]
    qbo.simulator.clock(advance=301)

    for answer in (wrong_address, wrong_app, redeem(qbo, late), redeem(qbo, "none")):
        assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("missing", ["client_id", "redirect_uri", "response_type", "scope"])
def test_a_broken_request_to_sign_on_is_shown_not_sent_back(qbo: Qbo, missing: str) -> None:
    """Nobody is redirected to an address that cannot be trusted."""
    values = {name: value for name, value in SIGN_ON.items() if name != missing}

    page = qbo.get("/connect/oauth2", **values)
    posted = post_form(qbo, "/connect/oauth2", {**values, "decision": "connect", "realm_id": DEFAULT_REALM})

    for answer in (page, posted):
        assert (answer.status, missing in answer.text) == (400, True)


def test_only_registered_addresses_are_redirected_to(qbo: Qbo) -> None:
    """An app with redirect URIs accepts no other."""
    qbo.simulator.control("POST", "apps", {"client_id": "strict", "client_secret": "s", "redirect_uris": [REDIRECT]})

    fine = qbo.get("/connect/oauth2", **{**SIGN_ON, "client_id": "strict"})
    other = qbo.get("/connect/oauth2", **{**SIGN_ON, "client_id": "strict", "redirect_uri": "https://evil.example/"})

    assert (fine.status, other.status) == (200, 400)


@pytest.mark.parametrize(
    "scope", ["com.intuit.quickbooks.payment", "openid email", "com.intuit.quickbooks.accounting.read"]
)
def test_a_grant_opens_no_more_than_its_scope(qbo: Qbo, scope: str) -> None:
    """Tokens are given for whatever was granted; without the accounting right the company's data stays closed: 403, 3100."""
    tokens = redeem(qbo, sign_on(qbo, scope=scope)["code"][0]).body

    qbo.token = tokens["access_token"]
    answer = qbo.get("customer/1")

    assert (answer.status, answer.body["fault"]["error"][0]["code"]) == (403, "3100")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_kills_both(qbo: Qbo, which: str) -> None:
    """Data calls answer 401 Token revoked, refreshes invalid_grant; a second revocation is refused."""
    tokens = refresh(qbo).body
    revoke = {"Content-Type": "application/json", "Authorization": BASIC}

    answer = qbo.call("POST", "/v2/oauth2/tokens/revoke", {"token": tokens[which]}, revoke)

    qbo.token = tokens["access_token"]
    data = qbo.get("customer/1")
    assert answer.status == 200
    assert (data.status, data.body["fault"]["error"][0]["detail"]) == (401, "Token revoked")
    assert refresh(qbo).body["error"] == "invalid_grant"
    assert qbo.call("POST", "/v2/oauth2/tokens/revoke", {"token": tokens[which]}, revoke).status == 400


def test_an_expired_access_token_is_the_recorded_401(qbo: Qbo) -> None:
    """After an hour of simulated time; WWW-Authenticate and the wide envelope."""
    qbo.simulator.clock(advance=3601)

    answer = qbo.get("customer/1")

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.body) == [
        "warnings", "intuitObject", "fault", "report", "queryResponse", "batchItemResponse", "attachableResponse",
        "syncErrorResponse", "requestId", "time", "status", "cdcresponse",
    ]  # fmt: skip
    error = answer.body["fault"]["error"][0]
    assert error["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    assert (error["detail"].startswith("Token expired: "), error["code"], error["element"]) == (True, "3200", None)
    assert answer.body["fault"]["type"] == "AUTHENTICATION"


@pytest.mark.parametrize("authorization", ["Bearer nonsense", "Basic abc", "", f"Bearer {REFRESH_TOKEN}"])
def test_an_unknown_token_is_401(qbo: Qbo, authorization: str) -> None:
    """A refresh token is no access token either."""
    answer = qbo.call("GET", "customer/1", headers={"Authorization": authorization})

    assert (answer.status, answer.body["fault"]["error"][0]["detail"]) == (401, "Token invalid")


@pytest.mark.parametrize("realm_id", ["77", "999"])
def test_the_token_of_one_company_is_403_at_another(qbo: Qbo, realm_id: str) -> None:
    """3100 for a company that exists and for one that does not."""
    qbo.simulator.seed(realm_id="77")
    qbo.realm_id = realm_id

    answer = qbo.get("customer/1")

    assert answer.status == 403
    assert answer.body["fault"] == {
        "error": [
            {
                "message": "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
                "detail": None,
                "code": "3100",
                "element": None,
            }
        ],
        "type": "SERVICE",
    }


def test_a_disconnected_company_is_403(qbo: Qbo) -> None:
    """Until somebody signs on again."""
    qbo.simulator.preferences(is_connected=False)
    assert qbo.get("customer/1").status == 403

    sign_on(qbo)

    assert qbo.get("customer/1").status == 200


def test_the_user_is_told_to_a_valid_token(qbo: Qbo) -> None:
    """Userinfo; 401 otherwise."""
    headers: dict[str, Any] = {"Authorization": f"Bearer {qbo.token}"}

    answer = qbo.call("GET", "/v1/openid_connect/userinfo", headers=headers)
    refused = qbo.call("GET", "/v1/openid_connect/userinfo", headers={"Authorization": "Bearer x"})

    assert (answer.body["givenName"], refused.status) == ("Craig", 401)


def test_the_journal_shows_token_calls_without_secrets(qbo: Qbo) -> None:
    """The beginning of a token remains, to tell two apart."""
    qbo.simulator.clear_journal()

    refresh(qbo)

    entry = qbo.simulator.journal(path="bearer")[0]
    assert REFRESH_TOKEN not in str(entry)
    assert CLIENT_SECRET not in str(entry)
    assert entry["answer_body"]["access_token"] == "eyJh***"
