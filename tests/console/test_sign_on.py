"""The whole sign-on: our page, the simulator's page, and the callback."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import requests
from airflow.sdk.crypto import get_fernet
from cryptography.fernet import Fernet

from include.stores.realms import realm_by_key
from include.stores.sign_ons import sign_ons
from include.wiring import clients, connections
from qbo_simulator.testing import DEFAULT_REALM
from tests.console.companies_fixture import BRITISH
from tests.console.test_connect import ACCOUNTING, start


def decide(sign_on_url: str, realm_id: str = DEFAULT_REALM, decision: str = "connect") -> str:
    """Choose a company on the simulator's page and press a button; returns where the browser is sent."""
    page = requests.get(sign_on_url, timeout=20)
    page.raise_for_status()
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    fields = {name: value.replace("&amp;", "&") for name, value in fields.items()}
    answer = requests.post(
        urljoin(sign_on_url, "/connect/oauth2"),
        data=fields | {"realm_id": realm_id, "decision": decision},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["location"]


def changed(callback: str, **values: str) -> str:
    """The callback's address with other values in it."""
    parts = urlsplit(callback)
    query = {name: found[0] for name, found in parse_qs(parts.query).items()} | values
    return f"{parts.path}?{urlencode(query)}"


def sign_on(visitor, realm_key: str = "us", realm_id: str = DEFAULT_REALM):
    """Press *Connect*, choose the company, come back."""
    return visitor.get(decide(start(visitor, realm_key).headers["location"], realm_id))


def counted(state) -> tuple[int, int]:
    """How many companies and sign-ons are stored."""
    return state.execute(
        "select (select count(*) from qbo_sync.realms), (select count(*) from qbo_sync.tokens)"
    ).fetchone()


@pytest.mark.row("F1", "F5")
def test_a_sign_on_connects_the_company(browser, realms, state):
    """Afterwards the page names the company, its row is connected by that user, and its tokens work."""
    admin = browser("OP", "olivia")

    answer = sign_on(admin)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/qbo/connect/us"
    assert 'qbo_sign_on="";' in answer.headers["set-cookie"]
    page = admin.get(answer.headers["location"]).text
    for text in ("Connected to: Craig", "US (read from QuickBooks)", "USD", "by olivia", "income_account:"):
        assert text in page
    realm = realm_by_key(state, "us")
    assert (realm.realm_id, realm.connected_by, realm.country) == (DEFAULT_REALM, "olivia", "US")
    assert sign_ons(state)[realm.id].scope == ACCOUNTING


@pytest.mark.row("F1")
def test_the_stored_tokens_are_encrypted_and_work(browser, realms, state, simulator):
    """Neither token stands in the database in the clear, no password does, and the client can use them."""
    sign_on(browser("ADMIN"))

    realm = realm_by_key(state, "us")
    stored = state.execute("select access_token, refresh_token from qbo_sync.tokens").fetchone()
    store = clients.token_store(realm.id, connections.connect_state)
    tokens = store.read()
    store.close()
    assert all(text.startswith("gAAAAA") for text in stored)
    assert tokens.refresh_token.startswith("RT1-")
    assert simulator.call("GET", "preferences", token=tokens.access_token)[0] == 200
    columns = state.execute(
        "select column_name from information_schema.columns where table_schema = 'qbo_sync'"
    ).fetchall()
    assert not [name for (name,) in columns if "password" in name]


@pytest.mark.row("F7", "F8")
def test_a_british_company_shows_its_country_and_tax_codes(browser, realms, simulator):
    """The country is read, and the tax codes to choose a default from are the company's own."""
    admin = browser("ADMIN")
    before = admin.get("/qbo/connect/gb").text

    page = admin.get(sign_on(admin, "gb", BRITISH).headers["location"]).text

    assert "tax_codes.csv" not in before
    assert "GB (read from QuickBooks)" in page
    for code in simulator.state("TaxCode", BRITISH):
        assert f"*,,{code['Id']}," in page


def test_saying_no_at_intuit_is_met_with_kindness(browser, realms, state):
    """Access denied stores nothing and says that nothing happened."""
    admin = browser("ADMIN")

    answer = admin.get(decide(start(admin).headers["location"], decision="cancel"))

    assert answer.status_code == 200
    assert "You said no at Intuit" in answer.text
    assert counted(state) == (0, 0)


def test_a_replayed_callback_is_refused(browser, realms, state):
    """The same address works once: not again with the cookie gone, and not even with the cookie put back."""
    admin = browser("ADMIN")
    location = start(admin).headers["location"]
    cookie = admin.cookies.get("qbo_sign_on")
    callback = decide(location)
    assert admin.get(callback).status_code == 303
    version = state.execute("select version, refreshed_at from qbo_sync.tokens").fetchone()

    again = admin.get(callback)
    with_cookie = admin.get(callback, headers={"Cookie": f"_token={admin.cookies['_token']}; qbo_sign_on={cookie}"})

    assert (again.status_code, with_cookie.status_code) == (403, 403)
    assert "used already" in again.text
    assert "used already" in with_cookie.text
    assert state.execute("select version, refreshed_at from qbo_sync.tokens").fetchone() == version


def test_a_sign_on_belongs_to_its_browser_and_its_user(browser, realms, state):
    """Somebody who is lured to another person's callback connects nothing, whoever they are."""
    admin = browser("ADMIN", "ann")
    callback = decide(start(admin).headers["location"])

    eve = browser("ADMIN", "eve")
    stranger = eve.get(callback)
    cookies = f"_token={eve.cookies['_token']}; qbo_sign_on={admin.cookies['qbo_sign_on']}"
    with_cookie = eve.get(callback, headers={"Cookie": cookies})

    assert (stranger.status_code, with_cookie.status_code) == (403, 403)
    assert counted(state) == (0, 0)


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("VIEWER", 403), ("USER", 403)])
def test_the_callback_is_for_op_and_admin(browser, realms, state, role, status):
    """Who may not edit connections cannot finish a sign-on either."""
    callback = decide(start(browser("ADMIN")).headers["location"])

    assert browser(role).get(callback).status_code == status
    assert counted(state) == (0, 0)


def test_a_state_that_was_changed_or_is_of_another_key_is_refused(browser, realms, state):
    """The state is sealed: a changed one, or one sealed elsewhere, is not ours."""
    admin = browser("ADMIN")
    callback = decide(start(admin).headers["location"])
    foreign = Fernet(Fernet.generate_key()).encrypt(b'{"for": "sign-on"}').decode()

    for forged in (foreign, "A" + parse_qs(urlsplit(callback).query)["state"][0][1:]):
        assert admin.get(changed(callback, state=forged)).status_code == 403
    assert counted(state) == (0, 0)


def test_another_company_than_the_connection_names_is_refused(browser, realms, state):
    """Choosing the wrong company at Intuit is told in one sentence, and nothing is stored."""
    answer = sign_on(browser("ADMIN"), "us", BRITISH)

    assert answer.status_code == 409
    assert f"You chose company {BRITISH} at Intuit" in answer.text
    assert f"is for company {DEFAULT_REALM}" in answer.text
    assert counted(state) == (0, 0)


def test_a_second_company_cannot_take_over_a_realm(browser, realms, state):
    """With a company behind the key, a sign-on to another one is refused, however the Connection was moved meanwhile."""
    late, quick = browser("ADMIN", "ann"), browser("ADMIN", "bob")
    realms.connect("us", realm_id=BRITISH)
    callback = decide(start(late).headers["location"], BRITISH)
    realms.connect("us", realm_id=DEFAULT_REALM)
    sign_on(quick)
    realms.connect("us", realm_id=BRITISH)

    answer = late.get(callback)

    assert answer.status_code == 409
    assert "Another company stands behind this realm" in answer.text
    assert realm_by_key(state, "us").realm_id == DEFAULT_REALM
    assert counted(state) == (1, 1)


def test_a_company_whose_country_changed_is_another_company(browser, realms, state):
    """A company never changes its country, so a known one that does is refused."""
    admin = browser("ADMIN")
    sign_on(admin)
    state.execute("update qbo_sync.realms set country = 'CA'")

    answer = sign_on(admin)

    assert answer.status_code == 409
    assert "That is another company" in answer.text


@pytest.mark.row("F4")
def test_a_missing_right_is_named(browser, realms, state, simulator):
    """Where QuickBooks does not let the new tokens read the company, the page names the scope that is needed."""
    admin = browser("ADMIN")
    callback = decide(start(admin).headers["location"])
    simulator.preferences(is_connected=False)

    try:
        answer = admin.get(callback)
    finally:
        simulator.preferences(is_connected=True)

    assert answer.status_code == 409
    assert "A right is missing" in answer.text
    assert ACCOUNTING in answer.text
    assert counted(state) == (0, 0)


@pytest.fixture
def mishap(simulator):
    """Makes calls to QuickBooks go wrong until the test ends."""
    yield simulator.fault
    simulator.clear_faults()


def test_a_company_that_quickbooks_closes_is_not_connected(browser, realms, state, mishap):
    """A lapsed subscription is told with its cure, and nothing is stored."""
    admin = browser("ADMIN")
    callback = decide(start(admin).headers["location"])
    mishap("fault", path="companyinfo", code="6190", status=403, detail="Subscription period has ended")

    answer = admin.get(callback)

    assert answer.status_code == 502
    assert "renew it in QuickBooks" in answer.text
    assert counted(state) == (0, 0)


def test_lists_that_cannot_be_read_do_not_undo_the_sign_on(browser, realms, state, mishap):
    """The company is connected all the same, and its page says which lists are missing and how to read them."""
    admin = browser("ADMIN")
    callback = decide(start(admin).headers["location"])
    mishap("fault", path="/query", code="4000", status=400, detail="not today", count=0)

    answer = admin.get(callback)

    assert answer.status_code == 303
    page = admin.get(answer.headers["location"]).text
    assert "Connected to:" in page
    assert "Not read from QuickBooks yet: Account, TaxCode" in page
    assert counted(state) == (1, 1)


def test_a_claimed_company_id_that_the_tokens_do_not_open_is_refused(browser, realms, state):
    """A callback whose realmId was changed to the expected one connects nothing: QuickBooks is asked with the new tokens."""
    admin = browser("ADMIN")
    callback = decide(start(admin).headers["location"], BRITISH)

    answer = admin.get(changed(callback, realmId=DEFAULT_REALM))

    assert answer.status_code in (409, 502)
    assert "Nothing was stored" in answer.text
    assert counted(state) == (0, 0)


def test_a_dead_code_is_told_in_intuits_words(browser, realms, state):
    """A code that Intuit does not accept ends on a page that says so."""
    admin = browser("ADMIN")
    callback = decide(start(admin).headers["location"])

    answer = admin.get(changed(callback, code="not-a-code"))

    assert answer.status_code == 502
    assert "Intuit did not finish the sign-on" in answer.text
    assert counted(state) == (0, 0)


@pytest.mark.row("X6", "F14")
def test_reconnecting_keeps_the_row_and_its_links(browser, realms, state):
    """After an expiry the same company is connected again under the same row, with everything that hangs on it."""
    admin = browser("ADMIN")
    sign_on(admin)
    realm = realm_by_key(state, "us")
    state.execute("update qbo_sync.tokens set needs_reconnect = 'expired'")
    state.execute(
        "insert into qbo_sync.links (realm, environment, source, kind, billing_id, entity, qbo_id, sync_token, answer,"
        " origin, written_at) values (%s, 'sandbox', 'billing_db', 'invoice', '1', 'Invoice', '7', '0', '{}', 'created', now())",
        (realm.id,),
    )
    state.execute(
        "insert into qbo_sync.mappings (realm, kind, billing_key, qbo_id, qbo_name, origin, changed_by)"
        " values (%s, 'customer', 'c1', '5', 'Acme', 'console', 'anna')",
        (realm.id,),
    )

    sign_on(admin)

    assert realm_by_key(state, "us").id == realm.id
    assert state.execute("select realm, qbo_id, changed_by from qbo_sync.mappings").fetchall() == [
        (realm.id, "5", "anna")
    ]
    assert sign_ons(state)[realm.id].needs_reconnect is None
    assert state.execute("select count(*) from qbo_sync.links").fetchone() == (1,)


@pytest.mark.parametrize("key", ["", "no-key-at-all"])
def test_without_a_usable_key_every_page_of_the_sign_on_says_so(browser, realms, monkeypatch, key):
    """No Fernet key, or one that is none: pages, forms and the way back from Intuit name the setting that is to be mended."""
    admin = browser("ADMIN")
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", key)
    get_fernet.cache_clear()
    try:
        answers = [
            admin.get("/qbo/connect"),
            admin.get("/qbo/connect/us"),
            admin.post("/qbo/connect/us", data={"csrf": "made before"}),
            admin.get("/qbo/callback?state=made-before&code=c&realmId=1"),
        ]
    finally:
        monkeypatch.undo()
        get_fernet.cache_clear()

    assert [answer.status_code for answer in answers] == [200, 200, 503, 503]
    assert all("fernet_key" in answer.text for answer in answers[1:])


def test_a_company_whose_tokens_nobody_can_read_can_be_disconnected(browser, realms, state, monkeypatch):
    """The key of before is lost: the company is disconnected here, and the person is told to do so in QuickBooks as well."""
    from tests.console.test_companies import disconnect

    admin = browser("ADMIN")
    sign_on(admin)
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    get_fernet.cache_clear()
    try:
        answer = disconnect(admin)
    finally:
        monkeypatch.undo()
        get_fernet.cache_clear()

    assert answer.status_code == 200, answer.text
    assert "disconnect the app there too" in answer.text
    assert realm_by_key(state, "us") is None
    assert counted(state) == (1, 0)


def test_a_disconnected_company_can_be_connected_again(browser, realms, state):
    """Disconnect, sign on again: the same row is connected, its page says so."""
    from tests.console.test_companies import disconnect

    admin = browser("ADMIN")
    sign_on(admin)
    realm = realm_by_key(state, "us")
    assert disconnect(admin).status_code == 200

    answer = sign_on(admin)

    assert "Connected to:" in admin.get(answer.headers["location"]).text
    assert realm_by_key(state, "us").id == realm.id


def test_the_address_of_airflow_decides_the_redirect_uri(browser, realms, monkeypatch):
    """Behind a proxy the redirect URI is the one that people and Intuit know, and the cookie is for HTTPS only."""
    admin = browser("ADMIN")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/af")

    answer = start(admin)

    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["redirect_uri"] == ["https://airflow.example.com/af/qbo/callback"]
    assert "Path=/af/qbo/callback" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]
