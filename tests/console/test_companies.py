"""The pages of a connected company, and disconnecting it."""

from __future__ import annotations

import html
import json
import re

import pytest

from demo.runner.ports import free_port
from include.stores.locks import RealmLock
from include.stores.realms import realm_by_id
from include.wiring import connections, oauth_session
from include.wiring.clients import shared_hook
from include.wiring.reference import refresh_company, refresh_lists
from include.wiring.settings import load_settings
from qbo_simulator.testing import DEFAULT_REALM
from tests.console.companies_fixture import BRITISH, sign_on
from tests.console.test_connect import csrf_of


@pytest.fixture
def connected(browser, realms, state, simulator):
    """Connects a realm and reads its lists; gives the realm's row."""

    def connect(key: str = "us", realm_id: str = DEFAULT_REALM, **options) -> int:
        realm = sign_on(state, simulator, key, realm_id, **options)
        shared = shared_hook(load_settings(key), realm, connections.connect_state)
        refresh_company(shared.client, state, realm_by_id(state, realm))
        refresh_lists(shared.client, state, realm, oauth_session.CHOICE_LISTS)
        shared.close()
        return realm

    return connect


def disconnect(visitor, key: str = "us", confirm: str | None = None):
    """Type the realm's name and press *Disconnect* on its page."""
    token = csrf_of(visitor.get(f"/qbo/connect/{key}").text)
    return visitor.post(f"/qbo/disconnect/{key}", data={"csrf": token, "confirm": key if confirm is None else confirm})


@pytest.mark.row("F3", "F5", "F8")
def test_a_connected_company_is_named_with_country_rights_and_expiry(browser, connected, simulator):
    """The page says who it is connected to, what was granted, and how long that is good for."""
    connected()
    name = simulator.call("GET", f"companyinfo/{DEFAULT_REALM}")[1]["CompanyInfo"]["CompanyName"]

    page = html.unescape(browser("VIEWER").get("/qbo/connect").text)

    for text in (f"Connected to: <b>{name}</b>, US", "read customers", "create and change invoices", "100 days"):
        assert text in page


@pytest.mark.row("F7", "F9")
def test_an_american_company_is_asked_for_no_tax_code(browser, connected, simulator):
    """The accounts to choose from are the company's income accounts and no others; a default tax code is no question there."""
    connected()

    page = browser("ADMIN").get("/qbo/connect/us").text

    incomes = {one["Id"] for one in simulator.state("Account") if one["AccountType"] in ("Income", "Other Income")}
    assert incomes
    assert set(re.findall(r"income_account: {id: &#34;(\d+)&#34;", page)) == incomes
    assert "needs none" in page


@pytest.mark.row("F7", "F9")
def test_a_british_company_is_offered_its_tax_codes(browser, connected, simulator):
    """Outside the US every line needs a code, so the page offers the company's own as default and asks for one."""
    connected("gb", BRITISH)

    page = browser("ADMIN").get("/qbo/connect/gb").text

    codes = {code["Id"] for code in simulator.state("TaxCode", BRITISH)}
    assert codes
    assert set(re.findall(r"\*,,(\d+),", page)) == codes
    assert "No default is chosen yet" in page


def test_a_chosen_account_is_marked(browser, connected, realms, simulator):
    """What settings.yaml chooses already is shown as chosen."""
    account = next(one for one in simulator.state("Account") if one["AccountType"] == "Income")
    choice = json.dumps({"id": account["Id"], "name": account["Name"]})
    realms.add("us", DEFAULT_REALM, income_account=choice)
    connected()

    assert browser("ADMIN").get("/qbo/connect/us").text.count(">chosen<") == 1


@pytest.mark.row("F2", "F169")
def test_what_is_not_ready_yet_is_listed_with_its_cure(browser, connected, simulator):
    """The company doctor speaks on the page: what is wrong in QuickBooks and what to do about it."""
    simulator.preferences(CustomTxnNumbers=False)
    connected()

    try:
        page = browser("ADMIN").get("/qbo/connect/us").text
    finally:
        simulator.preferences(CustomTxnNumbers=True)

    assert "Not ready yet" in page
    assert "custom transaction numbers" in page.lower()
    assert "What to do:" in page


def test_a_sign_on_that_ends_soon_is_shown(browser, connected):
    """With few days left the number stands out; the overview shows it as well."""
    connected(days=5)

    assert '<span class="Error">5 days</span>' in browser("VIEWER").get("/qbo/connect").text
    assert '<span class="Error">5 days</span>' in browser("VIEWER").get("/qbo/").text


def test_a_dead_sign_on_asks_to_reconnect(browser, connected, state):
    """Where Intuit refuses the stored sign-on the page says why and offers *Reconnect*."""
    realm = connected()
    state.execute("update qbo_sync.tokens set needs_reconnect = 'the sign-on is over' where realm = %s", (realm,))

    page = browser("ADMIN").get("/qbo/connect").text

    assert "the sign-on is over" in page
    assert "Reconnect</button>" in page


@pytest.mark.row("F16", "F17", "X6")
def test_disconnect_revokes_forgets_and_archives(browser, connected, realms, state, simulator):
    """Afterwards Intuit refuses the old token, no token is stored, the links are in the archive, and the page says so."""
    company = simulator.seed(realm_id="9130000000000055", name="Short Visit Inc")
    tokens = (company["access_token"], company["refresh_token"])
    realms.add("us", company["realm_id"])
    realm = connected("us", company["realm_id"], tokens=tokens)
    state.execute(
        "insert into qbo_sync.links (realm, environment, source, kind, billing_id, entity, qbo_id, sync_token, answer,"
        " origin, written_at) values (%s, 'sandbox', 'billing_db', 'invoice', '1', 'Invoice', '7', '0', '{}', 'created', now())",
        (realm,),
    )
    admin = browser("ADMIN")

    answer = disconnect(admin)

    assert answer.status_code == 200
    assert "us is disconnected" in answer.text
    assert "1 link was moved to the archive" in answer.text
    assert state.execute("select count(*) from qbo_sync.tokens").fetchone() == (0,)
    assert state.execute("select count(*) from qbo_sync.links").fetchone() == (0,)
    assert state.execute("select archived_by, billing_id from qbo_sync.link_archive").fetchall() == [("ann", "1")]
    assert "disconnected" in admin.get("/qbo/connect").text
    status, _ = simulator.call("GET", "preferences", realm_id=company["realm_id"], token=tokens[0])
    assert status == 401


def test_disconnect_wants_the_name_typed(browser, connected, state):
    """A wrong or empty confirmation changes nothing."""
    connected()
    admin = browser("ADMIN")

    for confirm in ("", "gb"):
        assert disconnect(admin, confirm=confirm).status_code == 400
    assert state.execute("select count(*) from qbo_sync.tokens").fetchone() == (1,)


def test_a_company_is_not_disconnected_under_a_running_push(browser, connected, state):
    """While a push holds the realm the page asks to come back later, and nothing is changed."""
    realm = connected()
    admin = browser("ADMIN")

    with RealmLock(connections.connect_state, realm, timeout=1):
        answer = disconnect(admin)

    assert answer.status_code == 409
    assert "A push is running" in answer.text
    assert state.execute("select count(*) from qbo_sync.tokens").fetchone() == (1,)


def test_a_disconnect_works_when_intuit_does_not_answer(browser, connected, realms, state):
    """The realm is disconnected here all the same, and the page says what is left to do at Intuit."""
    realm = connected()
    admin = browser("ADMIN")
    token = csrf_of(admin.get("/qbo/connect/us").text)
    realms.connect("us", realm_id=DEFAULT_REALM, base_url=f"http://127.0.0.1:{free_port()}")

    answer = admin.post("/qbo/disconnect/us", data={"csrf": token, "confirm": "us"})

    assert "did not confirm" in answer.text
    assert state.execute("select disconnected_at is not null from qbo_sync.realms where id = %s", (realm,)).fetchone()[
        0
    ]


def test_a_realm_whose_folder_is_gone_can_still_be_disconnected(browser, connected, realms, state):
    """A connected company never disappears from the page just because its settings did."""
    connected()
    (realms.folder / "us" / "settings.yaml").unlink()
    admin = browser("ADMIN")

    assert "no settings.yaml for it any more" in admin.get("/qbo/connect").text
    assert disconnect(admin).status_code == 200
    assert state.execute("select count(*) from qbo_sync.tokens").fetchone() == (0,)


def test_a_moved_connection_is_noticed(browser, connected, realms):
    """A Connection that was pointed at another company meanwhile is named before anybody signs on, and has a way out."""
    connected()
    realms.connect("us", realm_id=BRITISH)
    admin = browser("ADMIN")

    assert "disconnect it first" in admin.get("/qbo/connect").text
    assert disconnect(admin).status_code == 200
    page = admin.get("/qbo/connect").text
    assert "disconnect it first" not in page
    assert BRITISH in page
