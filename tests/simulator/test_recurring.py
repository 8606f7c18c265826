"""Templates of transactions: RecurringTransaction."""

from typing import Any

import pytest

from qbo_simulator.entities.recurring import TEMPLATES
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import TRANSACTIONS

MONTHLY: dict[str, Any] = {
    "Name": "Rent",
    "ScheduleInfo": {"IntervalType": "Monthly", "DayOfMonth": 1, "StartDate": "2030-01-01"},
}


def template(kind: str, **values: Any) -> dict[str, Any]:
    """A request for a template of a kind."""
    return {kind: {**TRANSACTIONS[kind], "RecurringInfo": MONTHLY, **values}}


def create(qbo: Qbo, kind: str, **values: Any) -> dict[str, Any]:
    """A template, as it stands inside the name of what is made from it."""
    made = qbo.post("recurringtransaction", template(kind, **values))["RecurringTransaction"]
    return dict(made[kind])


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_is_kept_and_nothing_is_made(qbo: Qbo, kind: str) -> None:
    """Read and query show it inside its name; no transaction, no number, no balance and no posting comes of it."""
    before = qbo.simulator.ledger()
    customer = qbo.read("Customer", "1")["Balance"]

    made = create(qbo, kind)

    assert (made["SyncToken"], made["RecurDataRef"]) == ("0", {"value": made["Id"]})
    schedule = {**MONTHLY["ScheduleInfo"], "NumInterval": 1, "NextDate": "2030-01-01"}
    assert made["RecurringInfo"] == {
        "Name": "Rent", "RecurType": "Automated", "Active": True, "ScheduleInfo": schedule,
    }  # fmt: skip
    assert not {"DocNumber", "TxnDate", "DueDate"} & set(made)
    assert qbo.get(f"recurringtransaction/{made['Id']}")["RecurringTransaction"] == {kind: made}
    assert qbo.query("select * from RecurringTransaction").rows == [{kind: made}]
    assert qbo.query(f"select count(*) from {kind}").body["QueryResponse"]["totalCount"] == 0
    assert qbo.simulator.ledger() == before
    assert qbo.read("Customer", "1")["Balance"] == customer
    assert "recurring" not in qbo.get("reports/TransactionList").text.lower()


def test_a_template_is_changed_by_the_current_token_and_deleted(qbo: Qbo) -> None:
    """Full and sparse; how it recurs is kept; a stale token is 5010; what is deleted is 610."""
    made = create(qbo, "Invoice", PrivateNote="first")
    address = {"Id": made["Id"], "SyncToken": "0"}

    sparse = qbo.post("recurringtransaction", {"Invoice": {**address, "sparse": True, "PrivateNote": "second"}})
    stale = qbo.post("recurringtransaction", {"Invoice": {**address, **invoice()}})
    full = qbo.post("recurringtransaction", {"Invoice": {**address, "SyncToken": "1", **invoice(item_line(7))}})
    gone = qbo.post("recurringtransaction", {"Invoice": {**address, "SyncToken": "2"}}, operation="delete")

    one, two = (answer["RecurringTransaction"]["Invoice"] for answer in (sparse, full))
    assert (one["PrivateNote"], one["TotalAmt"], one["SyncToken"]) == ("second", 100, "1")
    assert (two["TotalAmt"], "PrivateNote" in two, two["RecurringInfo"]) == (7, False, made["RecurringInfo"])
    assert (stale.status, stale.error["code"]) == (400, "5010")
    deleted = {"Invoice": {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}}
    assert gone["RecurringTransaction"] == deleted
    assert qbo.get(f"recurringtransaction/{made['Id']}").error["code"] == "610"
    assert qbo.query("select * from RecurringTransaction").rows == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "2020"),
        (template("Invoice") | template("Bill"), "2020"),
        ({"Payment": {}}, "2010"),
        ({"Invoice": []}, "2010"),
        (template("Invoice", RecurringInfo=None), "2020"),
        (template("Invoice", RecurringInfo={"ScheduleInfo": {"IntervalType": "Monthly"}}), "2020"),
        (template("Invoice", RecurringInfo={"Name": "x"}), "2020"),
        (template("Invoice", RecurringInfo={**MONTHLY, "RecurType": "Sometimes"}), "2170"),
        (template("Invoice", RecurringInfo={**MONTHLY, "Odd": 1}), "2010"),
        (template("Invoice", CustomerRef=ref(999)), "2500"),
        (template("Invoice", Line=[]), "2020"),
        (template("Invoice", Odd=1), "2010"),
    ],
)
def test_a_template_that_would_be_no_transaction_is_refused(qbo: Qbo, body: Any, code: str) -> None:
    """The rules of what is made from it hold for it, and those of how it recurs."""
    answer = qbo.post("recurringtransaction", body)

    assert (answer.status, answer.error["code"]) == (400, code)
    assert qbo.query("select * from RecurringTransaction").rows == []


def test_a_template_by_hand_needs_no_schedule(qbo: Qbo) -> None:
    """Unscheduled ones are only a form to start from."""
    made = create(qbo, "Bill", RecurringInfo={"Name": "By hand", "RecurType": "UnScheduled", "Active": False})

    assert made["RecurringInfo"] == {
        "Name": "By hand", "RecurType": "UnScheduled", "Active": False, "ScheduleInfo": {},
    }  # fmt: skip


def test_templates_are_written_in_batches(qbo: Qbo) -> None:
    """Create, repeat under the same id, and delete."""
    item = {"bId": "1", "operation": "create", "RecurringTransaction": template("Estimate")}

    (first,) = qbo.batch(item, requestid="r")
    (again,) = qbo.batch(item, requestid="r")
    made = first["RecurringTransaction"]["Estimate"]
    address = {"Estimate": {"Id": made["Id"], "SyncToken": "0"}}
    (gone,) = qbo.batch({"bId": "1", "operation": "delete", "RecurringTransaction": address})

    assert again == first
    assert gone["RecurringTransaction"]["Estimate"]["status"] == "Deleted"


def test_changes_of_templates_are_a_gap_that_is_named(qbo: Qbo) -> None:
    """501 in change data capture, instead of an answer without them."""
    answer = qbo.get("cdc", entities="RecurringTransaction", changedSince="2026-01-01T00:00:00Z")

    assert (answer.status, "RecurringTransaction" in answer.text) == (501, True)
