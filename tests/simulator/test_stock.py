"""Inventory: quantities follow purchases and sales, and what was sold costs what it was bought for."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.bookkeeper import SHRINKAGE, STOCKED
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import adjustment_line, purchased_item_line

ASSET, COST, EQUITY = "81", "80", "34"


@pytest.fixture
def item(qbo: Qbo) -> str:
    """Two on hand, at 5.00 each."""
    return str(qbo.create("Item", **{**STOCKED, "QtyOnHand": 2, "PurchaseCost": 5})["Id"])


def buy(qbo: Qbo, item: str, quantity: Any, amount: Any, entity: str = "Bill", **values: Any) -> dict[str, Any]:
    """A purchase of the item."""
    return qbo.create(entity, VendorRef=ref(30), Line=[purchased_item_line(amount, item, Qty=quantity)], **values)


def sell(qbo: Qbo, item: str, quantity: Any, entity: str = "Invoice", **values: Any) -> dict[str, Any]:
    """A sale of the item at 20.00 each."""
    return qbo.create(entity, **invoice(item_line(quantity * 20, item, Qty=quantity, UnitPrice=20)), **values)


def stock(qbo: Qbo, item: str) -> tuple[Decimal, Decimal, Decimal]:
    """Quantity on hand, its worth, and the cost of what was sold."""
    posted = qbo.simulator.ledger(qbo.realm_id)["accounts"]
    return qbo.read("Item", item)["QtyOnHand"], Decimal(posted.get(ASSET, 0)), Decimal(posted.get(COST, 0))


def test_the_first_stock_stands_against_opening_balance_equity(qbo: Qbo, item: str) -> None:
    """Two at 5.00 on the first day."""
    assert stock(qbo, item) == (2, 10, 0)
    assert qbo.simulator.ledger(qbo.realm_id)["accounts"][EQUITY] == "-10.00"
    assert qbo.read("Account", ASSET)["CurrentBalance"] == 10


def test_what_was_bought_first_is_sold_first(qbo: Qbo, item: str) -> None:
    """Two at 5.00, three at 7.00: four sold cost 24.00, one at 7.00 is left; the item's token stays."""
    buy(qbo, item, 3, 21)

    sell(qbo, item, 4)

    assert stock(qbo, item) == (1, 7, 24)
    assert qbo.read("Item", item)["SyncToken"] == "0"


def test_a_purchase_that_is_dated_back_changes_the_cost_of_what_was_sold(qbo: Qbo, item: str) -> None:
    """Sales take what is older; a deleted purchase takes its goods along."""
    buy(qbo, item, 3, 21, TxnDate="2026-03-01")
    sell(qbo, item, 4, TxnDate="2026-04-01")
    cheap = buy(qbo, item, 2, 2, TxnDate="2026-02-01")
    dated_back = stock(qbo, item)

    qbo.post("bill", {"Id": cheap["Id"], "SyncToken": "0"}, operation="delete")

    assert dated_back == (3, 21, 12)
    assert stock(qbo, item) == (1, 7, 24)


def test_what_is_sold_before_it_is_bought_costs_what_it_is_bought_for(qbo: Qbo, item: str) -> None:
    """Until then the last cost known is taken; less than nothing is on hand meanwhile."""
    sell(qbo, item, 5, TxnDate="2026-04-01")
    short = stock(qbo, item)

    buy(qbo, item, 2, 20, TxnDate="2026-05-01")
    buy(qbo, item, 2, 40, TxnDate="2026-06-01")

    assert short == (-3, -15, 25)
    assert stock(qbo, item) == (1, 20, 50)


def test_goods_come_back_with_a_credit_memo_and_go_back_to_the_vendor(qbo: Qbo, item: str) -> None:
    """What a customer returns is worth what it had cost; what a vendor credits beyond that lowers the cost of sales."""
    sell(qbo, item, 1)
    sell(qbo, item, 1, entity="CreditMemo")
    returned = stock(qbo, item)

    buy(qbo, item, 1, 6, entity="VendorCredit")

    assert returned == (2, 10, 0)
    assert stock(qbo, item) == (1, 5, -1)


def test_a_voided_sale_gives_the_goods_back(qbo: Qbo, item: str) -> None:
    """Quantities of a voided invoice are zero."""
    sold = sell(qbo, item, 2)

    qbo.post("invoice", {"Id": sold["Id"], "SyncToken": "0"}, operation="void")

    assert stock(qbo, item) == (2, 10, 0)


def test_profit_and_loss_shows_the_cost_on_the_day_of_the_sale(qbo: Qbo, item: str) -> None:
    """Cost of goods sold of the period in which was sold."""
    sell(qbo, item, 1, TxnDate="2026-04-01")

    april, may = (
        qbo.get("reports/ProfitAndLoss", start_date=f"2026-{month}-01", end_date=f"2026-{month}-28").text
        for month in ("04", "05")
    )

    assert '"Cost of Goods Sold","id":"80"},{"value":"5.00"}' in april
    assert "5.00" not in may


def test_quantities_are_not_set_by_hand_and_days_before_the_first_are_refused(qbo: Qbo, item: str) -> None:
    """Another QtyOnHand is an adjustment (501); buying or selling before InvStartDate is 6270, without a quantity 6520."""
    read = qbo.read("Item", item)
    line = purchased_item_line(5, item, Qty=1)

    assert qbo.post("item", {**read, "QtyOnHand": 7}).status == 501
    assert qbo.post("item", {**read, "Description": "x"})["Item"]["QtyOnHand"] == 2
    early = qbo.post("bill", {"VendorRef": ref(30), "TxnDate": "2014-12-31", "Line": [line]})
    assert early.error["code"] == "6270"
    without = qbo.post("bill", {"VendorRef": ref(30), "Line": [purchased_item_line(5, item)]})
    assert without.error["code"] == "6520"


def test_a_saved_company_keeps_its_stock(qbo: Qbo, item: str, tmp_path: Any) -> None:
    """Loaded again, the next sale takes what is left of it, at what it had cost."""
    buy(qbo, item, 1, 9)
    assert stock(qbo, item) == (3, 19, 0)
    qbo.simulator.save_company(tmp_path / "company.sqlite", qbo.realm_id)
    for _ in range(2):
        sell(qbo, item, 1)
    assert stock(qbo, item) == (1, 9, 10)

    qbo.simulator.load_company(tmp_path / "company.sqlite")

    again = Qbo(qbo.simulator)
    sell(again, item, 3)
    assert stock(again, item) == (0, 0, 19)


def count(item: str, *differences: Any, **values: Any) -> dict[str, Any]:
    """An inventory adjustment as a request."""
    return {"AdjustAccountRef": ref(SHRINKAGE), "Line": [adjustment_line(item, one) for one in differences], **values}


def missing(qbo: Qbo) -> Decimal:
    """What stands on the account of adjustments; all is in balance."""
    ledger = qbo.simulator.ledger(qbo.realm_id)
    assert (ledger["unbalanced"], sum(map(Decimal, ledger["accounts"].values()))) == ([], 0)
    return Decimal(ledger["accounts"].get(SHRINKAGE, 0))


def test_what_is_missing_on_the_shelf_costs_what_was_bought_first(qbo: Qbo, item: str) -> None:
    """Two at 5.00 and one at 7.00 are gone: 17.00 on the adjustment's account, nothing on the cost of sales."""
    buy(qbo, item, 3, 21)

    made = qbo.create("InventoryAdjustment", **count(item, -3, DocNumber="C-1"))

    detail = {"ItemRef": {"value": item, "name": "Stocked"}, "QtyDiff": -3}
    line = {"Id": "1", "LineNum": 1, "DetailType": "ItemAdjustmentLineDetail", "ItemAdjustmentLineDetail": detail}
    assert (made["Line"], made["DocNumber"], made["SyncToken"]) == ([line], "C-1", "0")
    assert made["AdjustAccountRef"]["name"]
    assert (stock(qbo, item), missing(qbo)) == ((2, 14, 0), 17)
    assert qbo.read("Item", item)["SyncToken"] == "0"


def test_what_is_found_is_worth_what_the_last_ones_cost(qbo: Qbo, item: str) -> None:
    """Two at 5.00 are on hand; two more are found, one of four is sold for cost; a deleted count takes its goods along."""
    found = qbo.create("InventoryAdjustment", **count(item, 2))
    sell(qbo, item, 1)
    before = stock(qbo, item), missing(qbo)

    qbo.post("inventoryadjustment", {"Id": found["Id"], "SyncToken": "0"}, operation="delete")

    assert before == ((3, 15, 5), -10)
    assert (stock(qbo, item), missing(qbo)) == ((1, 5, 5), 0)


def test_a_count_is_changed_as_a_whole(qbo: Qbo, item: str) -> None:
    """Other lines, and another account: the old one is empty again."""
    made = qbo.create("InventoryAdjustment", **count(item, -1, -1))

    changed = qbo.post("inventoryadjustment", {**made, **count(item, -1), "AdjustAccountRef": ref(COST)})

    assert [line["Id"] for line in changed["InventoryAdjustment"]["Line"]] == ["3"]
    assert (stock(qbo, item), missing(qbo)) == ((1, 5, 5), 0)
    [row] = qbo.query(f"select * from InventoryAdjustment where AdjustAccountRef = '{COST}'").rows
    assert row == changed["InventoryAdjustment"]


def test_what_is_counted_before_it_is_bought_costs_what_it_is_bought_for(qbo: Qbo, item: str) -> None:
    """Three are missing of two: the third at the last cost known, then at that of the next purchase."""
    qbo.create("InventoryAdjustment", **count(item, -3, TxnDate="2026-04-01"))
    short = stock(qbo, item), missing(qbo)

    buy(qbo, item, 2, 20, TxnDate="2026-05-01")

    assert short == ((-1, -5, 0), 15)
    assert (stock(qbo, item), missing(qbo)) == ((1, 10, 0), 20)


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"AdjustAccountRef": None}, "2020", "AdjustAccountRef"),
        ({"AdjustAccountRef": ref("84")}, "6430", "Invalid Account Type used"),
        ({"AdjustAccountRef": ref("999")}, "2500", "Accounts element id 999 not found"),
        ({"Line": []}, "2020", "Line"),
        ({"Line": [{"DetailType": "ItemAdjustmentLineDetail"}]}, "2020", "Line.ItemAdjustmentLineDetail"),
        ({"Line": [adjustment_line("1", None)]}, "2020", "QtyDiff"),
        ({"Line": [adjustment_line("1", 1)]}, "6000", "is not tracked"),
        ({"Line": [adjustment_line("999", 1)]}, "2500", "Items element id 999 not found"),
        ({"TxnDate": "2014-12-31"}, "6270", "prior to start date"),
        ({"Line": [{"DetailType": "SalesItemLineDetail"}]}, "2170", "SalesItemLineDetail"),
    ],
)
def test_counts_that_quickbooks_refuses(qbo: Qbo, item: str, change: dict[str, Any], code: str, text: str) -> None:
    """Each with its code at status 400; what is on hand stays."""
    body = {**count(item, -1), **change}

    answer = qbo.post("inventoryadjustment", {name: value for name, value in body.items() if value is not None})

    assert (answer.status, answer.error["code"]) == (400, code)
    assert text in answer.error["Detail"]
    assert stock(qbo, item) == (2, 10, 0)


def test_the_books_of_a_count_can_be_closed(qbo: Qbo, item: str) -> None:
    """6210 for a new one, a change and a deletion; change data capture shows the one that there is."""
    made = qbo.create("InventoryAdjustment", **count(item, -1, TxnDate="2026-01-31"))
    qbo.simulator.preferences(BookCloseDate="2026-01-31")

    answers = [
        qbo.post("inventoryadjustment", count(item, -1, TxnDate="2026-01-31")),
        qbo.post("inventoryadjustment", {**made, "PrivateNote": "x"}),
        qbo.post("inventoryadjustment", made, operation="delete"),
    ]

    assert [answer.error["code"] for answer in answers] == ["6210"] * 3
    seen = qbo.get("cdc", entities="InventoryAdjustment", changedSince="2020-01-01T00:00:00Z")
    assert seen.body["CDCResponse"][0]["QueryResponse"][0]["InventoryAdjustment"] == [made]


def test_a_quantity_is_set_by_a_count_and_not_by_the_item(qbo: Qbo, item: str) -> None:
    """501 with the cure for another QtyOnHand in an update of the item."""
    change = {"Id": item, "SyncToken": "0", "sparse": True, "QtyOnHand": 5}

    answer = qbo.post("item", change)

    assert (answer.status, "post an InventoryAdjustment" in answer.text) == (501, True)
