"""Bundles: one line of a sales form that holds the lines of the items in it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import TRANSACTIONS, expense_line, purchased_item_line


def bundle(qbo: Qbo, name: str = "Garden set", parts: tuple[tuple[str, int], ...] = (("1", 2), ("11", 1))) -> str:
    """A bundle made by a person in QuickBooks."""
    lines = [{"ItemRef": ref(item), "Qty": count} for item, count in parts]
    values = {"Name": name, "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": lines}}
    made = qbo.simulator.act("create", realm_id=qbo.realm_id, entity="Item", values=values)["Item"]
    return str(made["Id"])


def group_line(item: str, *lines: dict[str, Any], **detail: Any) -> dict[str, Any]:
    """A line of a bundle."""
    inside = {"Line": list(lines)} if lines else {}
    return {
        "DetailType": "GroupLineDetail",
        "GroupLineDetail": {"GroupItemRef": ref(item), **inside, **detail},
    }


def inside(line: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Item, amount and id of the lines in a bundle."""
    return [
        (one["SalesItemLineDetail"]["ItemRef"]["value"], one["Amount"], one["Id"])
        for one in line["GroupLineDetail"]["Line"]
    ]


def test_the_api_reads_bundles_and_makes_none(qbo: Qbo) -> None:
    """A person makes it; through the API it is read and renamed, and its parts stay; creating one is 6000."""
    made = qbo.read("Item", bundle(qbo))
    renamed = qbo.post("item", {"Id": made["Id"], "SyncToken": "0", "Name": "Other"})["Item"]
    refused = qbo.post("item", {"Name": "Mine", "Type": "Group"})

    parts = made["ItemGroupDetail"]["ItemGroupLine"]
    assert [(part["ItemRef"]["value"], part["Qty"]) for part in parts] == [("1", 2), ("11", 1)]
    assert (made["Type"], made["PrintGroupedItems"]) == ("Group", False)
    assert (renamed["Name"], renamed["ItemGroupDetail"]) == ("Other", made["ItemGroupDetail"])
    assert (refused.status, refused.error["code"]) == (400, "6000")


@pytest.mark.parametrize(("parts", "code"), [([], "2020"), ([{"Qty": 1}], "2020"), ([{"ItemRef": ref("999")}], "2500")])
def test_a_bundle_needs_items_that_exist(qbo: Qbo, parts: list[Any], code: str) -> None:
    """A person is refused as well."""
    values = {"Name": "Empty", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": parts}}

    with pytest.raises(Exception, match=code):
        qbo.simulator.act("create", entity="Item", values=values)


def test_a_bundle_without_lines_takes_those_of_its_items(qbo: Qbo) -> None:
    """Quantity times the parts, at the prices of the items; the subtotal and the balance hold the sum."""
    prices = [qbo.read("Item", item)["UnitPrice"] for item in ("1", "11")]

    made = qbo.create("Invoice", **invoice(item_line(100), group_line(bundle(qbo), Quantity=3)))

    amounts = [prices[0] * 6, prices[1] * 3]
    line = made["Line"][1]
    assert (line["LineNum"], line["Amount"]) == (2, sum(amounts))
    assert (line["GroupLineDetail"]["Quantity"], line["GroupLineDetail"]["GroupItemRef"]["name"]) == (3, "Garden set")
    assert inside(line) == [("1", amounts[0], "3"), ("11", amounts[1], "4")]
    assert (made["Line"][2]["Amount"], made["TotalAmt"], made["Balance"]) == (100 + sum(amounts),) * 3
    assert qbo.simulator.ledger()["unbalanced"] == []


def test_lines_given_inside_a_bundle_are_lines_like_any_other(qbo: Qbo) -> None:
    """Their tax counts, their arithmetic is checked, what they name must exist, and only sales lines may be there."""
    item = bundle(qbo)
    good = group_line(item, item_line(50, tax="TAX"), item_line(7, tax="NON"))

    made = qbo.create("Invoice", **invoice(good))
    wrong = qbo.post("invoice", invoice(group_line(item, item_line(50, Qty=2, UnitPrice=20))))
    unknown = qbo.post("invoice", invoice(group_line(item, item_line(50, item="999"))))
    nested = qbo.post("invoice", invoice(group_line(item, {"DetailType": "DescriptionOnly"})))

    assert (made["Line"][0]["Amount"], made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (57, 4, 61)
    assert [one.error["code"] for one in (wrong, unknown, nested)] == ["6070", "2500", "6440"]


@pytest.mark.parametrize(("detail", "code"), [({}, "2020"), ({"GroupItemRef": ref("1")}, "6440"), ({"Odd": 1}, "2010")])
def test_a_group_line_names_a_bundle(qbo: Qbo, detail: dict[str, Any], code: str) -> None:
    """Missing, no bundle, unknown property."""
    answer = qbo.post("invoice", invoice({"DetailType": "GroupLineDetail", "GroupLineDetail": detail}))

    assert (answer.status, answer.error["code"]) == (400, code)


def test_an_echoed_bundle_keeps_its_line_ids(qbo: Qbo) -> None:
    """The ids inside are kept as those outside are; a new line takes the next."""
    made = qbo.create("Invoice", **invoice(group_line(bundle(qbo)), item_line(5)))
    changed = [*made["Line"][:2], item_line(1)]

    updated = qbo.post("invoice", {**made, "Line": changed, "sparse": True})["Invoice"]

    assert inside(updated["Line"][0]) == inside(made["Line"][0])
    assert [line["Id"] for line in updated["Line"][:3]] == ["1", "4", "5"]


def test_a_voided_bundle_is_zero_throughout(qbo: Qbo) -> None:
    """Amounts and quantities, inside and outside."""
    made = qbo.create("Invoice", **invoice(group_line(bundle(qbo), Quantity=2)))

    voided = qbo.post("invoice", made, operation="void")["Invoice"]

    line = voided["Line"][0]
    assert (line["Amount"], line["GroupLineDetail"]["Quantity"]) == (0, 0)
    assert [(amount, one["SalesItemLineDetail"]["Qty"]) for (_, amount, _), one in
            zip(inside(line), line["GroupLineDetail"]["Line"], strict=True)] == [(0, 0), (0, 0)]  # fmt: skip
    assert qbo.simulator.ledger()["unbalanced"] == []


def test_a_bundle_outside_the_us_is_taxed_line_by_line(make_company: Callable[..., Qbo]) -> None:
    """20 % and 5 % inside one bundle, net and gross; a line without a code is 6000."""
    qbo = make_company(country="GB")
    item = bundle(qbo)

    net = qbo.create("Invoice", **invoice(group_line(item, item_line(100, tax="2"), item_line(40, tax="3"))))
    gross = qbo.create(
        "Invoice",
        **invoice(group_line(item, item_line(100, tax="2", TaxInclusiveAmt=120)), GlobalTaxCalculation="TaxInclusive"),
    )
    bare = qbo.post("invoice", invoice(group_line(item, item_line(100))))

    assert (net["Line"][0]["Amount"], net["TxnTaxDetail"]["TotalTax"], net["TotalAmt"]) == (140, 22, 162)
    assert (gross["Line"][0]["Amount"], gross["TxnTaxDetail"]["TotalTax"], gross["TotalAmt"]) == (100, 20, 120)
    assert (bare.status, bare.error["code"]) == (400, "6000")
    assert qbo.simulator.ledger(qbo.realm_id)["unbalanced"] == []


def test_a_renamed_bundle_shows_its_new_name_on_documents(qbo: Qbo) -> None:
    """As every reference does."""
    item = bundle(qbo)
    made = qbo.create("Estimate", **invoice(group_line(item)))
    qbo.post("item", {"Id": item, "SyncToken": "0", "Name": "New name", "sparse": True})

    shown = qbo.read("Estimate", made["Id"])["Line"][0]["GroupLineDetail"]["GroupItemRef"]

    assert shown == {"value": item, "name": "New name"}


def test_discounts_count_bundles(qbo: Qbo) -> None:
    """Ten per cent of everything that is sold."""
    discount = {
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
    }

    made = qbo.create("CreditMemo", **invoice(group_line(bundle(qbo), item_line("33.33")), item_line(100), discount))

    assert made["Line"][-1]["Amount"] == Decimal("13.33")
    assert made["TotalAmt"] == Decimal("120.00")


BOUGHT = ("Bill", "VendorCredit", "Purchase", "PurchaseOrder")


@pytest.mark.parametrize("entity", BOUGHT)
def test_a_bundle_is_bought_at_the_costs_of_its_items(qbo: Qbo, entity: str) -> None:
    """Quantity times the parts; the total holds their sum; what was read can be written again."""
    qbo.post("item", {"Id": "11", "SyncToken": "0", "sparse": True, "PurchaseCost": 8})
    item = bundle(qbo)

    made = qbo.create(entity, **{**TRANSACTIONS[entity], "Line": [group_line(item, Quantity=3)]})
    again = qbo.post(entity.lower(), made)[entity]

    [line] = made["Line"]
    bought = [one["ItemBasedExpenseLineDetail"] for one in line["GroupLineDetail"]["Line"]]
    assert [(one["ItemRef"]["value"], one["Qty"], one["UnitPrice"]) for one in bought] == [("1", 6, 0), ("11", 3, 8)]
    assert (line["Amount"], made["TotalAmt"]) == (24, 24)
    assert again["Line"] == made["Line"]


def test_a_bundle_that_was_bought_is_posted_item_by_item(qbo: Qbo) -> None:
    """To the account of each item."""
    line = group_line(bundle(qbo), purchased_item_line(5, "1"), purchased_item_line(7, "11"))

    qbo.create("Bill", VendorRef=ref(30), Line=[line])

    accounts = qbo.simulator.ledger()["accounts"]
    assert (accounts["80"], accounts["33"]) == ("12.00", "-12.00")


def test_only_items_are_in_a_bundle_that_is_bought(qbo: Qbo) -> None:
    """A line on an account is refused (6440)."""
    line = group_line(bundle(qbo), expense_line(5))

    refused = qbo.post("bill", {"VendorRef": ref(30), "Line": [line]})

    assert refused.error["code"] == "6440"
