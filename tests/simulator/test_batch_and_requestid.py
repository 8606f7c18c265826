"""Batches, and the memory of request ids."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line


def create(bid: str, number: str) -> dict[str, Any]:
    """A batch item that creates an invoice."""
    return {"bId": bid, "operation": "create", "Invoice": invoice(DocNumber=number)}


def test_items_of_a_batch_stand_and_fall_alone(qbo: Qbo) -> None:
    """HTTP 200 with a Fault in the item, element empty, bId last, as recorded."""
    answers = qbo.batch(
        {"bId": "bid1", "operation": "create", "Vendor": {"DisplayName": "Boraski Family Store"}},
        {"bId": "bid2", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
        {"bId": "bid3", "operation": "update", "Customer": {"sparse": True, "Id": "1", "SyncToken": "9", "Notes": "x"}},
        {"bId": "bid4", "Query": "select * from Customer where Id = '1'"},
        {"bId": "bid5", "operation": "create", "Invoice": {"Line": []}},
    )

    assert [list(answer) for answer in answers] == [
        ["Vendor", "bId"], ["Fault", "bId"], ["Fault", "bId"], ["QueryResponse", "bId"], ["Fault", "bId"],
    ]  # fmt: skip
    errors = [answers[place]["Fault"]["Error"][0] for place in (1, 2, 4)]
    assert [(error["code"], error["element"]) for error in errors] == [
        ("610", ""),
        ("5010", ""),
        ("2020", "CustomerRef"),
    ]


def test_deleted_and_voided_items_are_answered_like_single_calls(qbo: Qbo) -> None:
    """status Deleted; optionsData void voids."""
    first, second = (qbo.create("Invoice", **invoice()) for _ in range(2))

    answers = qbo.batch(
        {"bId": "1", "operation": "delete", "Invoice": {"Id": first["Id"], "SyncToken": "0"}},
        {"bId": "2", "operation": "update", "optionsData": "void", "Invoice": {"Id": second["Id"], "SyncToken": "0"}},
    )

    assert answers[0] == {"Invoice": {"domain": "QBO", "status": "Deleted", "Id": first["Id"]}, "bId": "1"}
    assert answers[1]["Invoice"]["PrivateNote"] == "Voided"


def test_changes_and_reports_are_asked_for_inside_a_batch(qbo: Qbo) -> None:
    """CDCQuery and ReportQuery answer as their own resources do; what is wrong with one is a fault of that item."""
    made = qbo.create("Invoice", **invoice())
    since = "2000-01-01T00:00:00Z"

    answers = qbo.batch(
        {"bId": "1", "CDCQuery": {"Entities": "Invoice,Bill", "ChangedSince": since}},
        {"bId": "2", "ReportQuery": "BalanceSheet?end_date=2030-01-01"},
        {"bId": "3", "CDCQuery": {"Entities": "Nonsense", "ChangedSince": since}},
        {"bId": "4", "CDCQuery": {"Entities": "Invoice"}},
        {"bId": "5", "CDCQuery": {"Odd": 1}},
        {"bId": "6", "ReportQuery": "Nonsense"},
        {"bId": "7", "Query": "select * from Invoice", "operation": "query"},
        {"bId": "8", "Query": "select * from Invoice", "Customer": {"DisplayName": "Both"}},
        {"bId": "9", "Query": 5},
    )

    listed, nothing = answers[0]["CDCResponse"]["QueryResponse"]
    assert ([one["Id"] for one in listed["Invoice"]], nothing) == ([made["Id"]], {})
    assert answers[1]["Report"]["Header"]["ReportName"] == "BalanceSheet"
    faults = [answers[place]["Fault"]["Error"][0]["code"] for place in (2, 3, 4, 5, 7, 8)]
    assert faults == ["4001", "2020", "2010", "500", "2020", "2010"]
    assert answers[6]["QueryResponse"]["Invoice"][0]["Id"] == made["Id"]
    assert qbo.query("select * from Customer where DisplayName = 'Both'").rows == []


def test_a_batch_returns_a_thousand_objects_and_no_more(make_company: Callable[..., Qbo]) -> None:
    """The query that would return more is refused (10100); those before it are answered."""
    qbo = make_company(invoices=600)
    query = {"Query": "select * from Invoice maxresults 600"}

    first, second, third = qbo.batch({"bId": "1", **query}, {"bId": "2", **query}, {"bId": "3", **create("3", "N")})

    assert len(first["QueryResponse"]["Invoice"]) == 600
    assert second["Fault"]["Error"][0]["code"] == "10100"
    assert third["Invoice"]["DocNumber"] == "N"


def test_thirty_items_pass_and_thirty_one_are_refused_as_a_whole(qbo: Qbo) -> None:
    """1040; nothing of it is executed."""
    assert len(qbo.batch(*[create(f"b{number}", f"N{number}") for number in range(30)])) == 30

    answer = qbo.post("batch", {"BatchItemRequest": [create(f"b{number}", f"M{number}") for number in range(31)]})

    assert (answer.status, answer.error["code"]) == (400, "1040")
    assert len(qbo.simulator.state("Invoice")) == 30


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "2020"),
        ({"BatchItemRequest": "x"}, "2020"),
        ({"BatchItemRequest": [], "More": 1}, "2010"),
        ([], "2020"),
    ],
)
def test_what_is_no_batch_is_refused(qbo: Qbo, payload: Any, code: str) -> None:
    """HTTP 400 for the whole request."""
    answer = qbo.post("batch", payload)

    assert (answer.status, answer.error["code"]) == (400, code)


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"bId": "1", "operation": "explode", "Invoice": {}}, "2170"),
        ({"bId": "1", "operation": "create"}, "2020"),
        ({"bId": "1", "operation": "create", "Nonsense": {}}, "2010"),
        ({"bId": "1", "operation": "create", "TaxReturn": {}}, "501"),
        ({"bId": "1", "operation": "create", "Invoice": "text"}, "2010"),
        ({"bId": "1", "Query": "select * from"}, "4000"),
    ],
)  # fmt: skip
def test_what_is_no_batch_item_is_refused_in_its_place(qbo: Qbo, item: dict[str, Any], code: str) -> None:
    """The other items go on."""
    refused, fine = qbo.batch(item, create("2", "N2"))

    assert refused["Fault"]["Error"][0]["code"] == code
    assert fine["Invoice"]["DocNumber"] == "N2"


def test_a_repeated_request_returns_the_first_answer_and_makes_nothing(qbo: Qbo) -> None:
    """The same requestid twice: one invoice, the same body but for the time."""
    first = qbo.post("invoice", invoice(), requestid="r-1")

    second = qbo.post("invoice", invoice(), requestid="r-1")

    assert first["Invoice"] == second["Invoice"]
    assert len(qbo.simulator.state("Invoice")) == 1


def test_the_first_answer_is_kept_although_the_invoice_has_changed_since(qbo: Qbo) -> None:
    """The original response, not the object of today; also after a deletion."""
    first = qbo.post("invoice", invoice(item_line(10)), requestid="r-1")["Invoice"]
    changed = qbo.post("invoice", {**first, "Line": [item_line(20)]})["Invoice"]

    after_change = qbo.post("invoice", invoice(item_line(10)), requestid="r-1")["Invoice"]
    qbo.post("invoice", changed, operation="delete")
    after_deletion = qbo.post("invoice", invoice(item_line(10)), requestid="r-1")["Invoice"]

    assert after_change == after_deletion == first


def test_a_repeated_update_and_delete_perform_nothing(qbo: Qbo) -> None:
    """Updates and deletes are remembered like creates; no 5010 and no 610 for the repeat."""
    made = qbo.create("Invoice", **invoice())
    update = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    deletion = {"Id": made["Id"], "SyncToken": "1"}

    updates = [qbo.post("invoice", update, requestid="u")["Invoice"]["SyncToken"] for _ in range(2)]
    deletions = [qbo.post("invoice", deletion, operation="delete", requestid="d").status for _ in range(2)]

    assert (updates, deletions) == (["1", "1"], [200, 200])


def test_a_refused_first_attempt_is_not_remembered(qbo: Qbo) -> None:
    """A 400 leaves the id free (setting requestid_remembers_faults)."""
    qbo.post("invoice", invoice(customer="99"), requestid="r-1")

    assert qbo.post("invoice", invoice(), requestid="r-1").status == 200


def test_a_repeated_batch_runs_only_what_was_not_done(qbo: Qbo) -> None:
    """The identity of an item is requestid + bId, also when it is repeated as a single call."""
    qbo.batch(create("a", "N1"), requestid="batch-")

    both = qbo.batch(create("a", "N1"), create("b", "N2"), requestid="batch-")
    single = qbo.post("invoice", invoice(DocNumber="N2"), requestid="batch-b")["Invoice"]

    assert [answer["Invoice"]["DocNumber"] for answer in both] == ["N1", "N2"]
    assert single["Id"] == both[1]["Invoice"]["Id"]
    assert len(qbo.simulator.state("Invoice")) == 2


def test_request_ids_of_two_companies_do_not_meet(qbo: Qbo, make_company: Any) -> None:
    """An id is unique within a realm."""
    other = make_company("77")
    qbo.post("invoice", invoice(), requestid="same")

    other.post("invoice", invoice(), requestid="same")

    assert len(qbo.simulator.state("Invoice", realm_id="77")) == 1


def test_ids_that_are_too_long_are_2130(qbo: Qbo) -> None:
    """50 characters alone; in a batch 36, and 10 for each bId."""
    fits = qbo.post("invoice", invoice(), requestid="r" * 50)
    single = qbo.post("invoice", invoice(), requestid="r" * 51)
    batch = qbo.post("batch", {"BatchItemRequest": [create("1", "X1")]}, requestid="r" * 37)
    item = qbo.batch(create("b" * 11, "X2"), requestid="r")[0]

    assert fits.status == 200
    assert [single.error["code"], batch.error["code"], item["Fault"]["Error"][0]["code"]] == ["2130"] * 3


@pytest.mark.parametrize("memory", ["off", "lapsed"])
def test_without_memory_a_repeat_makes_a_second_invoice(qbo: Qbo, memory: str) -> None:
    """QBO's memory is finite: the setting says when it is gone."""
    if memory == "off":
        qbo.simulator.settings(requestid_memory="off")
    qbo.post("invoice", invoice(), requestid="r-1")
    qbo.simulator.settings(requestid_memory=memory)

    qbo.post("invoice", invoice(), requestid="r-1")

    assert len(qbo.simulator.state("Invoice")) == 2


def test_memory_ends_after_its_retention(qbo: Qbo) -> None:
    """requestid_retention_seconds of simulated time."""
    qbo.simulator.settings(requestid_retention_seconds=3600)
    qbo.post("invoice", invoice(), requestid="r-1")
    qbo.simulator.clock(advance=3000)
    qbo.post("invoice", invoice(), requestid="r-1")

    qbo.simulator.clock(advance=1000)
    qbo.token = qbo.simulator.access_token()
    qbo.post("invoice", invoice(), requestid="r-1")

    assert len(qbo.simulator.state("Invoice")) == 2


def test_a_repeat_can_be_answered_with_a_fault(qbo: Qbo) -> None:
    """A 6000 fault to a repeat does not mean that the first was refused."""
    qbo.post("invoice", invoice(), requestid="r-1")
    qbo.simulator.settings(requestid_memory="fault")

    answer = qbo.post("invoice", invoice(), requestid="r-1")

    assert (answer.status, answer.error["code"]) == (400, "6000")
    assert len(qbo.simulator.state("Invoice")) == 1


def test_another_payload_under_the_same_id_is_a_setting(qbo: Qbo) -> None:
    """By default the first answer; with fault, 600."""
    qbo.simulator.settings(requestid_changed_payload="fault")
    qbo.post("invoice", invoice(item_line(1)), requestid="r-1")

    same = qbo.post("invoice", invoice(item_line(1)), requestid="r-1")
    other = qbo.post("invoice", invoice(item_line(2)), requestid="r-1")

    assert same.status == 200
    assert (other.status, other.error["code"], other.error["Message"]) == (400, "600", "Duplicate Request ID")


def test_a_refusal_is_remembered_when_set_so(qbo: Qbo) -> None:
    """Whether faults are cached is undocumented: with the setting on, the id stays refused."""
    qbo.simulator.settings(requestid_remembers_faults=True)
    first = qbo.post("invoice", invoice(customer="99"), requestid="r-1")
    in_batch = {"bId": "1", "operation": "create", "Invoice": {"CustomerRef": {"value": "99"}}}
    qbo.batch(in_batch, requestid="b")

    second = qbo.post("invoice", invoice(), requestid="r-1")
    again = qbo.batch({**in_batch, "Invoice": invoice()}, requestid="b")

    assert second.error == first.error
    assert "Fault" in again[0]
    assert qbo.simulator.state("Invoice") == []
