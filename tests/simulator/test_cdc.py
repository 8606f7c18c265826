"""Change data capture."""

from typing import Any

import pytest

from tests.simulator.client import Answer, Qbo, invoice


def cdc(qbo: Qbo, entities: str, since: str) -> Answer:
    """One call."""
    return qbo.get("cdc", entities=entities, changedSince=since)


def responses(answer: Answer) -> list[dict[str, Any]]:
    """One response per entity."""
    return answer.body["CDCResponse"][0]["QueryResponse"]


def later(qbo: Qbo, seconds: int = 10) -> str:
    """The time now; then the clock moves on."""
    now = qbo.simulator.clock()["now"]
    qbo.simulator.clock(advance=seconds)
    return now


def test_whole_objects_come_back_and_deletions_behind_them(qbo: Qbo) -> None:
    """A deletion has a status, an Id and its time; an entity without a change is an empty object."""
    since = later(qbo)
    first, second = (qbo.create("Invoice", **invoice()) for _ in range(2))
    qbo.post("invoice", {"Id": first["Id"], "SyncToken": "0"}, operation="delete")

    answer = cdc(qbo, "Invoice,Payment", since)

    invoices, payments = responses(answer)
    assert list(answer.body) == ["CDCResponse", "time"]
    assert [one["Id"] for one in invoices["Invoice"]] == [second["Id"], first["Id"]]
    assert invoices["Invoice"][0]["Line"]
    assert list(invoices["Invoice"][1]) == ["domain", "status", "Id", "MetaData"]
    assert (invoices["startPosition"], invoices["maxResults"], payments) == (1, 2, {})


def test_an_invoice_moves_its_customer_into_the_changes(qbo: Qbo) -> None:
    """LastUpdatedTime of the customer moved, so it is reported, with the same SyncToken."""
    since = later(qbo)
    qbo.create("Invoice", **invoice(customer="4"))

    customers = responses(cdc(qbo, "customer", since))[0]["Customer"]

    assert [(one["Id"], one["SyncToken"]) for one in customers] == [("4", "0")]


def test_an_inactive_object_is_reported_as_a_normal_one(qbo: Qbo) -> None:
    """Active false, not deleted."""
    since = later(qbo)
    qbo.post("customer", {"Id": "4", "SyncToken": "0", "sparse": True, "Active": False})

    assert responses(cdc(qbo, "Customer", since))[0]["Customer"][0]["Active"] is False


def test_a_thousand_objects_in_total(make_company: Any) -> None:
    """Over all entities of a call; the rest is cut off without a word."""
    qbo = make_company(customers=990)

    customers, items = responses(cdc(qbo, "Customer,Item", "2026-01-01"))

    assert (len(customers["Customer"]), items) == (1000, {})


def test_thirty_days_back_and_no_further(qbo: Qbo) -> None:
    """What is older is not reported, whatever is asked."""
    qbo.create("Invoice", **invoice())
    qbo.simulator.clock(advance=31 * 86_400)
    qbo.token = qbo.simulator.access_token()

    assert responses(cdc(qbo, "Invoice", "2020-01-01T00:00:00-08:00")) == [{}]


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"changedSince": "2026-01-01"}, 400, "2020"),
        ({"entities": "Invoice"}, 400, "2020"),
        ({"entities": "Invoice", "changedSince": "yesterday"}, 400, "2060"),
        ({"entities": "Nonsense", "changedSince": "2026-01-01"}, 400, "4001"),
        ({"entities": "TaxCode", "changedSince": "2026-01-01"}, 400, "4001"),
        ({"entities": "TimeActivity", "changedSince": "2026-01-01"}, 400, "4001"),
        ({"entities": "TaxReturn", "changedSince": "2026-01-01"}, 501, "501"),
    ],
)
def test_what_cannot_be_asked_is_refused(qbo: Qbo, parameters: dict[str, str], status: int, code: str) -> None:
    """Missing, unreadable, not covered, not simulated."""
    answer = qbo.get("cdc", **parameters)

    assert (answer.status, answer.error["code"]) == (status, code)
