"""The mapping pages: billing's keys on one side, QuickBooks' entries to choose from on the other."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.console.airflow_fixture import Visitor
from tests.world import World

PATH = "/qbo/mappings/demo"
NASTY = """O'Neil & "Söhne" <script>alert(1)</script> 🚀"""


@pytest.fixture
def visit(site: str, world: World) -> Any:
    """Gives a visitor of the pages of this world, signed in to Airflow under a role."""
    return lambda role="OP", name="ann": Visitor(site, role, name)


def sides(page: str) -> tuple[str, str]:
    """What stands on billing's side of the page, and on QuickBooks' side."""
    left, right = re.findall(r"<section>(.*?)</section>", page, re.DOTALL)
    return html.unescape(left), html.unescape(right)


def keys(page: str) -> list[str]:
    """Billing's ids on the page, in their order."""
    return re.findall(r'<td class="small id"><a [^>]*>(.*?)</a></td>', sides(page)[0])


def entries(page: str) -> set[str]:
    """The names that the list of all entries offers to choose."""
    return set(re.findall(r'aria-label="Choose (.*?)">Choose', sides(page)[1].split("All of them")[1]))


def fields(page: str) -> dict[str, str]:
    """What the form of the list sends along with the button that is pressed."""
    form = re.findall(r'<form method="post"[^>]*>(.*?)</form>', page, re.DOTALL)[-1]
    return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}


def press(visitor: Visitor, address: str, **button: str) -> Any:
    """Open a page of the mappings, press a button on it, and follow to the page that shows what became of it."""
    page = visitor.get(address).text
    sent = {name: value for name, value in fields(page).items() if name not in ("qbo_id", "suggested_id", "deed")}
    answer = visitor.post(address.partition("?")[0], data={**sent, **button})
    return visitor.get(answer.headers["location"]) if answer.status_code == 303 else answer


def book(world: World) -> list[tuple[Any, ...]]:
    return world.sql(
        "select kind, billing_key, qbo_id, qbo_name, is_excluded, origin, changed_by from qbo_sync.mappings"
        " where kind = 'customer' order by billing_key"
    )


@pytest.mark.row("F27")
def test_billing_stands_on_one_side_and_quickbooks_on_the_other(world: World, visit: Any) -> None:
    """All customers of billing, undecided ones first with what they resemble; all active ones of QuickBooks to choose."""
    world.customer("c2", "Cool Cars ")
    world.customer("c3", "Abel")
    world.map("customer", "c3", "3", "Cool Cars")

    page = visit().get(f"{PATH}/customer").text

    assert keys(page) == ["c2", "c1", "c3"]
    assert "like Cool Cars (100 %)" in sides(page)[0]
    listed = {one["FullyQualifiedName"] for one in world.qbo.state("Customer") if one.get("Active") is not False}
    assert (
        entries(visit().get(f"{PATH}/customer?start=0").text) | entries(visit().get(f"{PATH}/customer?start=25").text)
        == listed
    )
    assert 'class="mark Synced">chosen' not in page
    assert "taken by c3" in sides(page)[1]


@pytest.mark.row("F28")
def test_a_choice_is_confirmed_at_once_and_serves_the_next_push(world: World, visit: Any) -> None:
    """The row turns confirmed with who and when, the book and its history have it, and the invoice goes to that customer."""
    billing_id = world.invoice("T-MAP")

    page = press(visit("OP", "carol"), f"{PATH}/customer?key=c1", qbo_id="2").text

    assert re.search(r"Northwind Cafe.*confirmed.*Bill's Windsurf Shop.*carol, 20", html.unescape(page), re.DOTALL)
    assert book(world) == [("customer", "c1", "2", "Bill's Windsurf Shop", False, "console", "carol")]
    (history,) = world.sql("select operation, changed_by from qbo_sync.mapping_history where kind = 'customer'")
    assert history == ("insert", "carol")
    world.run()
    assert world.status(billing_id) == ("Synced", "created")
    assert world.in_qbo("T-MAP")[0]["CustomerRef"]["value"] == "2"


def test_a_form_with_signs_that_no_key_has_changes_nothing(world: World, visit: Any) -> None:
    """A zero byte in a field is refused with a page, and the book stays as it was."""
    world.map("customer", "c1", "3", "Cool Cars")
    before = book(world)

    answers = [
        press(visit(), f"{PATH}/customer?key=c1", key="\0", **button) for button in ({"qbo_id": "2"}, {"deed": "undo"})
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert book(world) == before


@pytest.mark.row("F29")
def test_a_customer_is_excluded_and_counts_as_decided(world: World, visit: Any) -> None:
    """Never sync: no work left to do on the page, and the next run skips the invoice for that reason."""
    billing_id = world.invoice("T-HOUSE")

    page = press(visit(), f"{PATH}/customer?key=c1", deed="exclude").text

    assert "not mapped 0" in page
    assert "excluded 1" in page
    world.run()
    assert world.status(billing_id) == ("Skipped", "excluded_customer")
    assert world.in_qbo("T-HOUSE") == []


def test_a_decision_is_undone(world: World, visit: Any) -> None:
    """Undo puts back what was there before, with its origin; undone a first decision leaves nothing."""
    world.map("customer", "c1", "3", "Cool Cars")
    press(visit(), f"{PATH}/customer?key=c1", qbo_id="2")
    press(visit(), f"{PATH}/customer?key=c1&done=c1", deed="undo")

    assert book(world) == [("customer", "c1", "3", "Cool Cars", False, "csv", "ann")]

    world.customer("c2", "Abel")
    press(visit(), f"{PATH}/customer?key=c2", qbo_id="2")
    press(visit(), f"{PATH}/customer?key=c2", deed="undo")

    assert [row[1] for row in book(world)] == ["c1"]


def test_a_mapping_is_taken_out(world: World, visit: Any) -> None:
    """Nothing is decided any more, and the history says who did it."""
    world.map("customer", "c1", "3", "Cool Cars")

    page = press(visit("ADMIN", "dora"), f"{PATH}/customer?key=c1", deed="take_out").text

    assert "not mapped any more" in page
    assert book(world) == []
    last = world.sql("select operation, changed_by from qbo_sync.mapping_history order by id desc limit 1")
    assert last == [("delete", "dora")]


def test_the_later_of_two_people_is_told_of_the_earlier_one(world: World, visit: Any) -> None:
    """A form that shows an older state writes nothing, and names who decided meanwhile."""
    early = fields(visit().get(f"{PATH}/customer?key=c1").text)
    press(visit("OP", "carol"), f"{PATH}/customer?key=c1", qbo_id="2")

    answer = visit().post(f"{PATH}/customer", data={**early, "qbo_id": "3"})

    assert answer.status_code == 409
    assert "carol changed it at" in answer.text
    assert [row[2] for row in book(world)] == ["2"]


def test_only_op_and_admin_may_decide(world: World, visit: Any) -> None:
    """Others see the page without a button to decide, and are refused with a token from elsewhere too."""
    sent = fields(visit("ADMIN").get(f"{PATH}/customer?key=c1").text)
    pages = [visit(role).get(f"{PATH}/customer?key=c1") for role in ("VIEWER", "USER")]

    refused = [visit(role).post(f"{PATH}/customer", data={**sent, "qbo_id": "2"}) for role in (None, "VIEWER", "USER")]

    assert [answer.status_code for answer in refused] == [401, 403, 403]
    assert book(world) == []
    for page in pages:
        assert page.status_code == 200
        assert "You may look" in page.text
        assert "Bill&#39;s Windsurf Shop" in page.text
        assert 'method="post"' not in page.text


def test_a_form_from_elsewhere_is_refused(world: World, visit: Any) -> None:
    """Without the token of our page, or with somebody else's, nothing is written."""
    sent = fields(visit().get(f"{PATH}/customer?key=c1").text)
    others = fields(visit("ADMIN", "eve").get(f"{PATH}/customer?key=c1").text)

    for token in ("", "made-up", others["csrf"]):
        answer = visit().post(f"{PATH}/customer", data={**sent, "csrf": token, "qbo_id": "2"})
        assert answer.status_code == 403

    assert book(world) == []


def test_only_what_both_sides_have_is_mapped(world: World, visit: Any) -> None:
    """An entry or a key that is not there is refused by its name, and nothing is written."""
    pressed = {
        "QuickBooks has no active Customer with id 99999": {"qbo_id": "99999"},
        "QuickBooks has no active Customer with id": {"qbo_id": ""},
        "billing has no customer nobody": {"key": "nobody", "qbo_id": "2"},
        "billing has no customer no one": {"key": "no one", "deed": "exclude"},
    }

    for why, button in pressed.items():
        answer = press(visit(), f"{PATH}/customer?key=c1", **button)
        assert answer.status_code == 409
        assert why in html.unescape(answer.text)

    assert book(world) == []


def test_an_inactive_entry_is_not_offered(world: World, visit: Any) -> None:
    """What was made inactive in QuickBooks cannot be chosen, not even by a form that is older."""
    world.sql("update qbo_sync.reference set is_active = false where entity = 'Customer' and qbo_id = '2'")

    assert "Bill's Windsurf Shop" not in html.unescape(visit().get(f"{PATH}/customer?find=windsurf").text)
    assert press(visit(), f"{PATH}/customer?key=c1", qbo_id="2").status_code == 409


def test_names_of_any_kind_are_shown_found_and_mapped(world: World, visit: Any) -> None:
    """Quotes, markup and emoji in a name and an id are text on the page, and arrive whole in the book."""
    odd = "id '\"<b>& 1%/é"
    world.customer(odd, NASTY)

    page = visit().get(f"{PATH}/customer", params={"q": "söhne", "key": odd}).text

    assert "<script>alert" not in page
    assert html.escape(NASTY, quote=False).replace('"', "&#34;").replace("'", "&#39;") in page
    assert keys(page) == [odd]
    answer = visit().post(f"{PATH}/customer", data={**fields(page), "qbo_id": "2"})
    assert odd in html.unescape(visit().get(answer.headers["location"]).text)
    assert world.sql("select billing_key, billing_name from qbo_sync.mappings where kind = 'customer'") == [
        (odd, NASTY)
    ]


def test_thousands_of_customers_come_in_pages(world: World, visit: Any) -> None:
    """5,000 customers on both sides: fifty at a time, found by a part of the name, none lost between the pages."""
    world.sql(
        "insert into billing.customers (customer_id, customer_name, currency)"
        " select 'n' || n, 'Firm ' || to_char(n, 'FM0000'), 'USD' from generate_series(1, 4999) as n"
    )
    world.sql(
        "insert into qbo_sync.reference (realm, entity, qbo_id, name, payload)"
        " select realm, 'Customer', 'b' || n, 'Firm ' || to_char(n, 'FM0000'), '{}'"
        " from generate_series(1, 5000) as n, (select distinct realm from qbo_sync.reference) as realms"
    )

    seen = [key for page in range(1, 101) if page in (1, 2, 99, 100) for key in _page(visit, page=page)]
    found = visit().get(f"{PATH}/customer", params={"q": "firm 4321", "find": "FIRM 4321"}).text

    assert len(seen) == len(set(seen)) == 200
    assert "all 5,000" in visit().get(f"{PATH}/customer").text
    assert keys(found) == ["n4321"]
    assert entries(found) == {"Firm 4321"}


def _page(visit: Any, page: int) -> list[str]:
    return keys(visit().get(f"{PATH}/customer", params={"page": page}).text)


def test_the_other_tabs_map_items_and_tax_codes(world: World, visit: Any) -> None:
    """Categories in use and the row for everything else lead to items; tax codes of the US are TAX and NON."""
    world.invoice("T-1", lines=[{"amount": 1, "category": "hours"}])
    world.sql("delete from qbo_sync.mappings where kind in ('category', 'tax_code')")

    categories = visit().get(f"{PATH}/category").text
    taxes = visit().get(f"{PATH}/tax_code").text
    press(visit(), f"{PATH}/category?key=hours", qbo_id="2")
    press(visit(), f"{PATH}/tax_code?key=*", qbo_id="NON")

    assert keys(categories) == ["*", "hours"]
    assert entries(categories) >= {"Hours", "Concrete", "Pump"}
    assert {"TAX", "NON"} <= entries(taxes)
    assert world.sql(
        "select kind, billing_key, billing_name, qbo_name from qbo_sync.mappings"
        " where kind in ('category', 'tax_code') order by kind"
    ) == [("category", "hours", "hours", "Hours"), ("tax_code", "*", None, "NON")]
    for kind in ("service", "subscription"):
        assert "category" in sides(visit().get(f"{PATH}/{kind}").text)[0]


def test_a_customer_that_billing_no_longer_lists_stays_in_sight(world: World, visit: Any) -> None:
    """What the book holds is shown, also when billing has dropped the customer."""
    world.map("customer", "gone", "2", "Bill's Windsurf Shop")

    page = visit().get(f"{PATH}/customer?show=mapped").text

    assert keys(page) == ["gone"]
    assert "no longer in billing" in page


def test_unknown_realms_and_kinds_are_no_page(world: World, visit: Any) -> None:
    """A slip in the address leads to a page that says so."""
    assert visit().get("/qbo/mappings/nowhere/customer").status_code == 404
    assert visit().get(f"{PATH}/vendor").status_code == 404
    assert visit().get(PATH).headers["location"].endswith("/mappings/demo/customer")


def test_billing_that_does_not_answer_is_named(world: World, visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says which side is missing, and nothing is half done."""
    monkeypatch.setenv("AIRFLOW_CONN_BILLING_DB", "postgres://nobody@127.0.0.1:1/none")

    answer = visit().get(f"{PATH}/customer")

    assert answer.status_code == 503
    assert "the database of the connection billing_db does not answer" in answer.text
