"""Connect, reconnect and disconnect, through real pages, against the simulator's sign-on."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from qbo_simulator.testing import CLIENT_ID, DEFAULT_REALM

ACCOUNTING = "com.intuit.quickbooks.accounting"


def csrf_of(page: str) -> str:
    """The token in the first form of a page."""
    return re.search(r'name="csrf" value="([^"]+)"', page).group(1)


def start(visitor, realm_key: str = "us"):
    """Press *Connect* on the connect page."""
    token = csrf_of(visitor.get("/qbo/connect").text)
    return visitor.post(f"/qbo/connect/{realm_key}", data={"csrf": token})


def test_the_page_lists_the_realms_and_the_redirect_uri(browser, realms):
    """Every configured realm is there with its company id and badge, and the address to register at Intuit."""
    page = browser("ADMIN").get("/qbo/connect").text

    for text in ("us", "gb", DEFAULT_REALM, "simulator", "not connected", "/qbo/callback"):
        assert text in page


@pytest.mark.row("F3", "F4")
def test_connect_leads_to_the_sign_on_with_the_accounting_scope_alone(browser, realms, simulator):
    """The redirection names app, scope, callback and a state; the cookie is for the callback only."""
    answer = start(browser("OP"))

    place = urlsplit(answer.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert answer.status_code == 303
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"{simulator.base_url}/connect/oauth2"
    assert (asked["client_id"], asked["scope"], asked["response_type"]) == (CLIENT_ID, ACCOUNTING, "code")
    assert asked["redirect_uri"].endswith("/qbo/callback")
    cookie = answer.headers["set-cookie"]
    for part in ("qbo_sign_on=", "HttpOnly", "Path=/qbo/callback", "SameSite=lax", "Max-Age=600"):
        assert part in cookie
    assert DEFAULT_REALM not in asked["state"]


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("VIEWER", 403), ("USER", 403)])
@pytest.mark.parametrize("path", ["/qbo/connect/us", "/qbo/disconnect/us"])
def test_only_op_and_admin_may_act(browser, realms, role, status, path):
    """Anonymous visitors are asked to sign in; viewers and users are refused, even with a token from elsewhere."""
    token = csrf_of(browser("ADMIN").get("/qbo/connect").text)

    answer = browser(role).post(path, data={"csrf": token, "confirm": "us"})

    assert answer.status_code == status
    assert "location" not in answer.headers


def test_a_viewer_may_look_and_is_offered_nothing_to_press(browser, realms):
    """The connect page is readable for viewers, without any form."""
    page = browser("VIEWER").get("/qbo/connect")

    assert page.status_code == 200
    assert "You may look" in page.text
    assert "<form" not in page.text


def test_a_form_without_its_token_is_refused(browser, realms):
    """A page elsewhere that makes an administrator's browser post to us gets nothing done."""
    admin = browser("ADMIN")

    for token in ("", "made-up", csrf_of(browser("ADMIN", "eve").get("/qbo/connect").text)):
        assert admin.post("/qbo/connect/us", data={"csrf": token}).status_code == 403
        assert admin.post("/qbo/disconnect/us", data={"csrf": token, "confirm": "us"}).status_code == 403


def test_acting_needs_a_post(browser, realms):
    """A mere link connects or disconnects nothing."""
    assert browser("ADMIN").get("/qbo/disconnect/us").status_code == 405


def test_pages_that_act_are_never_framed(browser, realms, simulator):
    """No frame, not even Airflow's, shows them; and their forms may lead to the sign-on and nowhere else."""
    headers = browser("ADMIN").get("/qbo/connect").headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert f"form-action 'self' {simulator.base_url};" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "query",
    ["", "?state=made-up&code=x&realmId=1", "?error=access_denied"],
)
def test_a_callback_that_nobody_started_is_refused(browser, realms, query):
    """Without the state that we gave to this user and browser, nothing of a callback is believed."""
    answer = browser("ADMIN").get(f"/qbo/callback{query}")

    assert answer.status_code == 403
    assert "not started here" in answer.text


def test_an_unknown_realm_is_not_found(browser, realms):
    """Neither page nor form invents a realm."""
    admin = browser("ADMIN")

    assert admin.get("/qbo/connect/nowhere").status_code == 404
    assert start(admin, "nowhere").status_code == 404


def test_a_connection_that_lacks_something_is_named(browser, realms):
    """The page says which part of the Connection is missing, and offers no sign-on for that realm."""
    realms.connect("us", realm_id="")

    page = browser("ADMIN").get("/qbo/connect").text

    assert "Connection qbo_us lacks extra.realm_id" in page
    assert "/qbo/connect/us" not in page
    assert "/qbo/connect/gb" in page


def test_settings_that_are_wrong_stop_their_own_realm_only(browser, realms):
    """A mistake in one settings.yaml is shown with its file, and the other realm can be connected."""
    (realms.folder / "us" / "settings.yaml").write_text("connection: qbo_us\ntime_zone: Nowhere/Land\n")

    page = browser("ADMIN").get("/qbo/connect").text

    assert "time_zone" in page
    assert "/qbo/connect/gb" in page
