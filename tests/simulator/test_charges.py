"""What is bought for a customer: its charge, the invoice that takes it up, and what becomes of both."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import TRANSACTIONS, expense_line, purchased_item_line

BILLABLE: dict[str, Any] = {"CustomerRef": ref(1), "BillableStatus": "Billable"}


def bought(qbo: Qbo, *lines: dict[str, Any], entity: str = "Bill", **values: Any) -> dict[str, Any]:
    """A bill (or an expense) with lines for customers."""
    return qbo.create(
        entity, **{**TRANSACTIONS[entity], "Line": list(lines) or [expense_line(25, **BILLABLE)], **values}
    )


def charges(qbo: Qbo, condition: str = "CustomerRef = '1'") -> list[dict[str, Any]]:
    """The charges that QuickBooks shows, oldest first."""
    return qbo.query(f"select * from ReimburseCharge where {condition} orderby Id").rows


def invoiced(qbo: Qbo, *found: dict[str, Any], on_line: bool = True, **values: Any) -> Any:
    """An invoice of charges as an answer."""
    links = [[{"TxnId": one["Id"], "TxnType": "ReimburseCharge"}] for one in found]
    if not on_line:
        return qbo.post("invoice", invoice(item_line(25), LinkedTxn=[link for [link] in links], **values))
    return qbo.post("invoice", invoice(*({**item_line(25), "LinkedTxn": link} for link in links), **values))


def status(qbo: Qbo, document: dict[str, Any], entity: str = "Bill") -> list[str]:
    """What the lines of an expense say of their billing."""
    lines = qbo.read(entity, document["Id"])["Line"]
    return [line[line["DetailType"]]["BillableStatus"] for line in lines]


@pytest.mark.parametrize(("entity", "kind"), [("Bill", "Bill"), ("Purchase", "Expense")])
def test_a_billable_line_makes_a_charge(qbo: Qbo, entity: str, kind: str) -> None:
    """Its customer, amount and content, linked on both sides; a line that nobody is billed for has none."""
    lines = (
        expense_line(25, **BILLABLE) | {"Description": "Stones"},
        purchased_item_line(30, Qty=2, UnitPrice=15, CustomerRef=ref(2), BillableStatus="Billable"),
        expense_line(7),
    )

    made = bought(qbo, *lines, entity=entity, TxnDate="2026-03-01")

    [first], [second] = charges(qbo), charges(qbo, "CustomerRef = '2' and HasBeenInvoiced = false")
    assert (first["Amount"], first["HasBeenInvoiced"], first["TxnDate"]) == (25, False, "2026-03-01")
    assert first["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": kind, "TxnLineId": "1"}]
    detail = {"ItemAccountRef": {"value": "7", "name": "Advertising"}, "TaxCodeRef": ref("NON")}
    line = {"Id": "1", "LineNum": 1, "Description": "Stones", "Amount": 25, "DetailType": "ReimburseLineDetail"}
    assert first["Line"] == [{**line, "ReimburseLineDetail": detail}]
    told = second["Line"][0]["ReimburseLineDetail"]
    assert (told["ItemRef"]["value"], told["Qty"], told["UnitPrice"]) == ("11", 2, 15)
    links = [[{"TxnId": one["Id"], "TxnType": "ReimburseCharge"}] for one in (first, second)]
    assert [line.get("LinkedTxn") for line in made["Line"]] == [*links, None]
    assert qbo.read(entity, made["Id"]) == made
    assert qbo.read("ReimburseCharge", first["Id"]) == first


@pytest.mark.parametrize("on_line", [True, False])
def test_an_invoice_takes_up_a_charge_and_lets_go_of_it(qbo: Qbo, on_line: bool) -> None:
    """Linked on its line or at its head: invoiced and billed; deleted, voided or changed, the charge waits again."""
    document = bought(qbo)
    [charge] = charges(qbo)

    made = invoiced(qbo, charge, on_line=on_line)["Invoice"]
    taken = qbo.read("ReimburseCharge", charge["Id"])
    billed = status(qbo, document)
    qbo.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")

    assert (taken["HasBeenInvoiced"], billed) == (True, ["HasBeenBilled"])
    assert taken["LinkedTxn"] == [*charge["LinkedTxn"], {"TxnId": made["Id"], "TxnType": "Invoice"}]
    [freed] = charges(qbo)
    assert (freed["HasBeenInvoiced"], freed["LinkedTxn"], status(qbo, document)) == (
        False, charge["LinkedTxn"], ["Billable"],
    )  # fmt: skip
    again = invoiced(qbo, charge, on_line=on_line)["Invoice"]
    without = invoice(item_line(25), LinkedTxn=[])
    qbo.post("invoice", {"Id": again["Id"], "SyncToken": "0", **without})
    assert (charges(qbo)[0]["HasBeenInvoiced"], status(qbo, document)) == (False, ["Billable"])
    last = invoiced(qbo, charge, on_line=on_line)["Invoice"]
    qbo.post("invoice", {"Id": last["Id"], "SyncToken": "0"}, operation="delete")
    assert (charges(qbo)[0]["HasBeenInvoiced"], status(qbo, document)) == (False, ["Billable"])


def test_a_charge_is_invoiced_once_and_to_its_customer(qbo: Qbo) -> None:
    """620 for one that is invoiced already, for another customer's and for none at all; nothing is written."""
    bought(qbo, expense_line(25, **BILLABLE), expense_line(5, **{**BILLABLE, "CustomerRef": ref(2)}))
    [mine], [other] = charges(qbo), charges(qbo, "CustomerRef = '2'")
    made = invoiced(qbo, mine)["Invoice"]

    moved = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "CustomerRef": ref(2)}
    answers = [invoiced(qbo, mine), invoiced(qbo, other), invoiced(qbo, {"Id": "9999"}), qbo.post("invoice", moved)]

    assert [(one.status, one.error["code"], one.error["element"]) for one in answers] == [(400, "620", "LinkedTxn")] * 4
    words = (
        "has been invoiced already",
        "belongs to another customer",
        "does not exist",
        "belongs to another customer",
    )
    assert all(word in one.error["Detail"] for word, one in zip(words, answers, strict=True))
    assert [one["Id"] for one in qbo.simulator.state("Invoice")] == [made["Id"]]
    assert qbo.read("ReimburseCharge", other["Id"]) == other


def test_the_charge_of_a_changed_line_follows_it(qbo: Qbo) -> None:
    """Another amount is another version of the charge; a line that is billable no more, or gone, has none."""
    made = bought(qbo, expense_line(25, **BILLABLE), expense_line(5, **BILLABLE))
    first, second = charges(qbo)

    same = qbo.post("bill", made)["Bill"]
    untouched = charges(qbo)
    lines = [{**same["Line"][0], "Amount": 40}, {"Id": "2", **expense_line(5, CustomerRef=ref(1))}]
    changed = qbo.post("bill", {**same, "Line": lines})["Bill"]

    assert (same["Line"], untouched) == (made["Line"], [first, second])
    [left] = charges(qbo)
    assert (left["Id"], left["Amount"], left["SyncToken"]) == (first["Id"], 40, "1")
    assert "LinkedTxn" not in changed["Line"][1]
    assert qbo.get(f"reimbursecharge/{second['Id']}").error["code"] == "610"
    qbo.post("bill", {"Id": made["Id"], "SyncToken": "2"}, operation="delete")
    assert charges(qbo) == []


def test_what_has_been_invoiced_is_not_changed_behind_the_invoice(qbo: Qbo) -> None:
    """501 for another amount, another billing, a line that is gone and a deletion; everything beside it may change."""
    made = bought(qbo, expense_line(25, **BILLABLE), expense_line(5))
    invoiced(qbo, *charges(qbo))
    read = qbo.read("Bill", made["Id"])
    billed, other = read["Line"]

    def changed(*lines: dict[str, Any]) -> Any:
        return qbo.post("bill", {**read, "Line": list(lines)})

    unknown = [
        changed({**billed, "Amount": 26}, other),
        changed({"Id": "1", **expense_line(25, **BILLABLE)}, other),
        changed(other),
        qbo.post("bill", read, operation="delete"),
    ]
    kept = changed(billed, {**other, "Amount": 6})["Bill"]

    assert [(one.status, "has been invoiced" in one.text) for one in unknown] == [(501, True)] * 4
    assert (kept["TotalAmt"], kept["Line"][0], status(qbo, made)) == (31, billed, ["HasBeenBilled", "NotBillable"])


@pytest.mark.parametrize(
    ("entity", "line", "values"),
    [
        ("VendorCredit", expense_line(5, **BILLABLE), {}),
        ("Purchase", expense_line(5, **BILLABLE), {"Credit": True}),
    ],
)
def test_billable_credits_are_not_simulated(
    qbo: Qbo, entity: str, line: dict[str, Any], values: dict[str, Any]
) -> None:
    """501, instead of a credit that nobody is told of."""
    answer = qbo.post(entity.lower(), {**TRANSACTIONS[entity], "Line": [line], **values})

    assert (answer.status, "billable lines of a credit" in answer.text) == (501, True)
    assert (charges(qbo), qbo.simulator.state(entity)) == ([], [])


def test_billable_lines_inside_a_bundle_are_not_simulated(qbo: Qbo) -> None:
    """501, as for a credit."""
    parts = {"ItemGroupLine": [{"ItemRef": ref("11"), "Qty": 1}]}
    values = {"Name": "Set", "Type": "Group", "ItemGroupDetail": parts}
    bundle = qbo.simulator.act("create", entity="Item", values=values)["Item"]
    inside = [purchased_item_line(30, **BILLABLE)]
    line = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": ref(bundle["Id"]), "Line": inside}}

    answer = qbo.post("bill", {**TRANSACTIONS["Bill"], "Line": [line]})

    assert (answer.status, "inside a bundle" in answer.text) == (501, True)


def test_a_charge_is_made_by_quickbooks_alone(qbo: Qbo) -> None:
    """500 Unsupported Operation for a create, an update and a deletion; change data capture and deletions show it."""
    made = bought(qbo)
    [charge] = charges(qbo)

    answers = [
        qbo.post("reimbursecharge", {"CustomerRef": ref(1), "Amount": 5}),
        qbo.post("reimbursecharge", {**charge, "Amount": 5}),
        qbo.post("reimbursecharge", charge, operation="delete"),
    ]
    qbo.post("bill", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")

    assert [(one.status, one.error["code"]) for one in answers] == [(400, "500")] * 3
    seen = qbo.get("cdc", entities="ReimburseCharge", changedSince="2020-01-01T00:00:00Z").body["CDCResponse"][0]
    [gone] = seen["QueryResponse"][0]["ReimburseCharge"]
    assert (gone["Id"], gone["status"]) == (charge["Id"], "Deleted")


def test_a_charge_in_another_currency_tells_its_rate(make_company: Callable[..., Qbo]) -> None:
    """As the expense that it comes from."""
    qbo = make_company(preferences={"MultiCurrencyEnabled": True}, exchange_rates={"EUR": "1.25"})
    vendor = qbo.create("Vendor", DisplayName="Lieferant", CurrencyRef=ref("EUR"))["Id"]

    bought(qbo, VendorRef=ref(vendor), CurrencyRef=ref("EUR"))

    [charge] = charges(qbo)
    assert (charge["CurrencyRef"]["value"], float(charge["ExchangeRate"])) == ("EUR", 1.25)


def test_a_charge_moves_no_money(qbo: Qbo) -> None:
    """The list of transactions shows the bill alone, and the customer owes nothing before he is invoiced."""
    bought(qbo)

    rows = qbo.get("reports/TransactionList").body["Rows"]["Row"]

    assert [row["ColData"][1]["value"] for row in rows] == ["Bill"]
    assert (qbo.read("Customer", "1")["Balance"], qbo.simulator.ledger(qbo.realm_id)["unbalanced"]) == (0, [])
