"""Inventory: quantities follow purchases and sales, and what was sold costs what it was bought for."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.bookkeeper import STOCKED
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import purchased_item_line

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
