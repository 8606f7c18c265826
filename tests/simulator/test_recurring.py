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


def schedule(**values: Any) -> dict[str, Any]:
    """RecurringInfo with a schedule from 15 January 2030 on."""
    return {"RecurringInfo": {"Name": "Due", "ScheduleInfo": {"StartDate": "2030-01-15", **values}}}


def dates(qbo: Qbo, kind: str = "Invoice") -> list[str]:
    """The dates of what was made, oldest first."""
    return [row["TxnDate"] for row in qbo.query(f"select * from {kind} orderby TxnDate").rows]


def at(qbo: Qbo, day: str) -> None:
    """Noon of a day, signed on anew."""
    qbo.simulator.clock(set=f"{day}T12:00:00-08:00")
    qbo.token = qbo.simulator.access_token(qbo.realm_id)


DAILY: dict[str, Any] = {"IntervalType": "Daily", "NumInterval": 10}
YEARLY: dict[str, Any] = {"IntervalType": "Yearly", "MonthOfYear": "February", "DayOfMonth": 29}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (DAILY, ["2030-01-15", "2030-01-25", "2030-02-04", "2030-02-14", "2030-02-24", "2030-03-06"]),
        (
            {"IntervalType": "Weekly", "DayOfWeek": "Monday", "NumInterval": 3},
            ["2030-01-21", "2030-02-11", "2030-03-04"],
        ),
        ({"IntervalType": "Monthly", "DayOfMonth": 31}, ["2030-01-31", "2030-02-28"]),
        ({"IntervalType": "Monthly", "DayOfWeek": "Friday", "WeekOfMonth": 2}, ["2030-02-08", "2030-03-08"]),
        ({"IntervalType": "Monthly", "DayOfWeek": "Tuesday", "WeekOfMonth": 5}, ["2030-01-29", "2030-02-26"]),
        (YEARLY, ["2030-02-28"]),
        ({**DAILY, "MaxOccurrences": 2}, ["2030-01-15", "2030-01-25"]),
        ({**DAILY, "EndDate": "2030-02-01"}, ["2030-01-15", "2030-01-25"]),
        ({"IntervalType": "Monthly", "DayOfMonth": 15, "DaysBefore": 5}, ["2030-01-15", "2030-02-15", "2030-03-15"]),
    ],
    ids=lambda one: "-".join(str(part) for part in one.values()) if isinstance(one, dict) else "",
)
def test_an_automated_template_is_made_on_each_of_its_days(
    qbo: Qbo, wanted: dict[str, Any], expected: list[str]
) -> None:
    """By 10 March 2030: each at the date that it was due, whenever the clock jumped."""
    at(qbo, "2030-01-10")
    create(qbo, "Invoice", **schedule(**wanted))
    at(qbo, "2030-02-03")
    at(qbo, "2030-03-10")

    assert dates(qbo) == expected


def test_what_a_template_makes_is_a_transaction_like_any_other(qbo: Qbo) -> None:
    """It names its template, moves the customer's balance, and the template tells the last day and the next."""
    at(qbo, "2030-01-10")
    made = create(qbo, "Invoice", **schedule(IntervalType="Monthly", DayOfMonth=20))

    at(qbo, "2030-02-01")

    [invoice_made] = qbo.query("select * from Invoice").rows
    after = qbo.get(f"recurringtransaction/{made['Id']}")["RecurringTransaction"]["Invoice"]
    told = after["RecurringInfo"]["ScheduleInfo"]
    assert invoice_made["RecurDataRef"] == {"value": made["Id"]}
    assert (invoice_made["TotalAmt"], invoice_made["DueDate"]) == (made["TotalAmt"], "2030-02-19")
    assert qbo.read("Customer", "1")["Balance"] == invoice_made["Balance"]
    assert (told["PreviousDate"], told["NextDate"], after["SyncToken"]) == ("2030-01-20", "2030-02-20", "0")
    assert qbo.post("invoice", invoice_made)["Invoice"]["RecurDataRef"] == {"value": made["Id"]}


def test_days_before_the_template_are_not_made_up_for(qbo: Qbo) -> None:
    """A schedule that began long ago goes on with its next day."""
    at(qbo, "2030-03-01")

    made = create(qbo, "Bill", **schedule(IntervalType="Monthly", DayOfMonth=1))

    assert made["RecurringInfo"]["ScheduleInfo"]["NextDate"] == "2030-03-01"
    assert dates(qbo, "Bill") == ["2030-03-01"]


@pytest.mark.parametrize("values", [{"RecurType": "Reminded"}, {"Active": False}])
def test_reminders_and_inactive_templates_make_nothing(qbo: Qbo, values: dict[str, Any]) -> None:
    """A person would."""
    at(qbo, "2030-01-10")
    info = schedule(**DAILY)["RecurringInfo"]
    create(qbo, "Invoice", RecurringInfo={**info, **values})

    at(qbo, "2030-03-01")

    assert dates(qbo) == []


def test_what_quickbooks_would_refuse_is_left_out(qbo: Qbo) -> None:
    """Days in closed books are passed over, later ones made."""
    at(qbo, "2030-01-10")
    create(qbo, "Invoice", **schedule(IntervalType="Monthly", DayOfMonth=15, MaxOccurrences=2))
    qbo.simulator.preferences(BookCloseDate="2030-01-31")

    at(qbo, "2030-06-01")

    assert dates(qbo) == ["2030-02-15", "2030-03-15"]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"NumInterval": 0}, "2070"),
        ({"DayOfMonth": 32}, "2070"),
        ({"WeekOfMonth": -1}, "2070"),
        ({"DaysBefore": 10**12}, "2070"),
        ({"DayOfWeek": "Someday"}, "2170"),
        ({"MonthOfYear": "Brumaire"}, "2170"),
        ({"StartDate": "2030-02-30"}, "2060"),
        ({"IntervalType": "Hourly"}, "2170"),
    ],
    ids=str,
)
def test_a_schedule_that_cannot_be_is_refused(qbo: Qbo, wanted: dict[str, Any], code: str) -> None:
    """Numbers out of range, days and months that there are not."""
    request = template("Invoice", **schedule(**{"IntervalType": "Monthly", **wanted}))

    assert qbo.post("recurringtransaction", request).error["code"] == code


def test_schedules_reach_to_the_ends_of_the_calendar(qbo: Qbo) -> None:
    """One that began in the year 1 is due today; one at the end of time has no second day."""
    at(qbo, "2030-01-10")
    old = create(qbo, "Invoice", **schedule(StartDate="0001-01-01", IntervalType="Daily"))
    last = create(qbo, "Bill", **schedule(StartDate="9999-12-31", IntervalType="Daily"))

    assert old["RecurringInfo"]["ScheduleInfo"]["NextDate"] == "2030-01-10"
    assert last["RecurringInfo"]["ScheduleInfo"]["NextDate"] == "9999-12-31"
    assert dates(qbo) == ["2030-01-10"]


def test_a_next_day_in_the_past_is_not_believed(qbo: Qbo) -> None:
    """What a caller says is taken from today on only."""
    at(qbo, "2030-03-01")

    told = create(qbo, "Invoice", **schedule(**DAILY, NextDate="0001-01-02", DaysBefore=5))

    assert told["RecurringInfo"]["ScheduleInfo"]["NextDate"] == "2030-03-06"
