"""Products and services, accounts, terms, payment methods."""

from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref

INVENTORY = {
    "Type": "Inventory",
    "IncomeAccountRef": ref(79),
    "ExpenseAccountRef": ref(80),
    "AssetAccountRef": ref(81),
    "TrackQtyOnHand": True,
    "QtyOnHand": 10,
    "InvStartDate": "2026-01-01",
}


def service(**values: Any) -> dict[str, Any]:
    """A service as a request."""
    return {"Name": "Backup", "Type": "Service", "IncomeAccountRef": ref(1), **values}


def test_a_service_needs_a_name_and_an_income_account(qbo: Qbo) -> None:
    """Defaults: not taxable, price 0, no stock; the account's name is filled in."""
    item = qbo.create("Item", **service())

    assert item["IncomeAccountRef"] == {"value": "1", "name": "Services"}
    assert (item["UnitPrice"], item["PurchaseCost"], item["Taxable"], item["TrackQtyOnHand"]) == (0, 0, False, False)
    assert (item["FullyQualifiedName"], item["Active"]) == ("Backup", True)


@pytest.mark.parametrize(
    ("values", "code", "detail"),
    [
        ({"Name": None}, "2020", "Required parameter Name is missing in the request"),
        ({"Name": "n" * 101}, "2050", "Min:0 Max:100 supported. Supplied length:101"),
        ({"Name": "a:b"}, "2040", "Invalid String"),
        ({"Sku": "s" * 101}, "2050", "Min:0 Max:100"),
        ({"Description": "d" * 4001}, "2050", "Min:0 Max:4000"),
        ({"PurchaseDesc": "d" * 1001}, "2050", "Min:0 Max:1000"),
        ({"IncomeAccountRef": None}, "2020", "Required parameter IncomeAccountRef"),
        ({"IncomeAccountRef": ref(999)}, "2500", "Invalid Reference Id : Accounts element id 999 not found"),
        ({"Type": "Magic"}, "2170", "Invalid Enumeration : Magic"),
        ({"Type": "Group"}, "6000", "Group items cannot be created"),
        ({"QtyOnHand": 3}, "6000", "belong to inventory items only"),
        ({"SubItem": True}, "6150", "ParentRef is required"),
        ({"ParentRef": ref(1)}, "6000", "Only a category can be the parent"),
        ({"UnitPrice": 10**11}, "2160", "Value is out of range"),
        ({"Name": "gardening"}, "6240", "Another product or service is already using this name."),
        ({"Weight": 1}, "2010", '"Weight" (class com.intuit.schema.finance.v3.Item)'),
        (INVENTORY | {"AssetAccountRef": None}, "2020", "Required parameter AssetAccountRef"),
        (INVENTORY | {"TrackQtyOnHand": False}, "2020", "Required parameter TrackQtyOnHand"),
        (INVENTORY | {"IncomeAccountRef": ref(35)}, "6430", "Invalid Account Type used : Checking"),
        (INVENTORY | {"IncomeAccountRef": ref(1)}, "6430", "Invalid Account Type used : Services"),
        (INVENTORY | {"AssetAccountRef": ref(4)}, "6430", "Invalid Account Type used : Undeposited Funds"),
        (INVENTORY | {"ExpenseAccountRef": ref(7)}, "6430", "Invalid Account Type used : Advertising"),
    ],
)
def test_an_item_that_breaks_a_rule_is_refused(qbo: Qbo, values: dict[str, Any], code: str, detail: str) -> None:
    """HTTP 400 with the code of the rule."""
    answer = qbo.post("item", {**service(), **values})

    assert (answer.status, answer.error["code"]) == (400, code)
    assert detail in answer.error["Detail"]


def test_items_live_under_categories(qbo: Qbo) -> None:
    """FullyQualifiedName and Level; a category stays active."""
    category = qbo.create("Item", Name="Voice", Type="Category")

    item = qbo.create("Item", **service(ParentRef=ref(category["Id"])))
    refused = qbo.post("item", {**category, "Active": False})

    assert (item["FullyQualifiedName"], item["Level"], item["SubItem"]) == ("Voice:Backup", 1, True)
    assert refused.error["code"] == "6000"


def test_inventory_is_sold_with_a_quantity_after_its_start(qbo: Qbo) -> None:
    """6520 without a quantity, 6270 before the start; tracking cannot be given up."""
    item = qbo.create("Item", **service())
    stock = qbo.create("Item", **service(Name="Router", **INVENTORY))

    without = qbo.post("invoice", invoice(item_line(item=stock["Id"])))
    early = qbo.post("invoice", invoice(item_line(item=stock["Id"], Qty=1), TxnDate="2025-12-31"))
    fine = qbo.post("invoice", invoice(item_line(item=stock["Id"], Qty=1), TxnDate="2026-01-01"))
    untracked = qbo.post("item", {**stock, "TrackQtyOnHand": False})

    assert item["Type"] == "Service"
    assert [without.error["code"], early.error["code"], fine.status] == ["6520", "6270", 200]
    assert untracked.error["code"] in ("2020", "6000")


def test_an_account_derives_its_classification_and_subtype(qbo: Qbo) -> None:
    """From its type; or the type from the subtype."""
    by_type = qbo.create("Account", Name="Fees", AccountType="Income")
    by_subtype = qbo.create("Account", Name="Till", AccountSubType="UndepositedFunds")

    assert (by_type["Classification"], by_type["AccountSubType"]) == ("Revenue", "SalesOfProductIncome")
    assert (by_subtype["AccountType"], by_subtype["Classification"]) == ("Other Current Asset", "Asset")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Name": None}, "2020"),
        ({"AccountType": None}, "6010"),
        ({"AccountType": None, "AccountSubType": "Nonsense"}, "6010"),
        ({"AccountType": "Piggy Bank"}, "2170"),
        ({"Name": "a:b"}, "2040"),
        ({"Name": 'a"b'}, "2040"),
        ({"Name": "Checking"}, "6240"),
        ({"AcctNum": "1" * 21}, "2050"),
        ({"AcctNum": "1:2"}, "2040"),
        ({"OpeningBalance": 10}, "6060"),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused(qbo: Qbo, values: dict[str, Any], code: str) -> None:
    """HTTP 400 with the code of the rule."""
    answer = qbo.post("account", {"Name": "New", "AccountType": "Bank", **values})

    assert (answer.status, answer.error["code"]) == (400, code)


def test_an_inactive_account_is_marked_as_recorded(qbo: Qbo) -> None:
    """Name and FullyQualifiedName get the suffix."""
    account = qbo.create("Account", Name="Spare", AccountType="Bank")

    gone = qbo.post("account", {**account, "Active": False})["Account"]

    assert (gone["Name"], gone["FullyQualifiedName"]) == ("Spare (deleted)", "Spare (deleted)")
    assert gone["SyncToken"] == "1"


def test_a_term_is_due_in_one_of_two_ways(qbo: Qbo) -> None:
    """DueDays or DayOfMonthDue, not both and not neither."""
    made = qbo.create("Term", Name="Net 7", DueDays=7)
    both = qbo.post("term", {"Name": "x", "DueDays": 7, "DayOfMonthDue": 5})
    neither = qbo.post("term", {"Name": "x"})

    assert made["Type"] == "STANDARD"
    assert [both.error["code"], neither.error["code"]] == ["6000", "6000"]


def test_a_payment_method_has_a_type(qbo: Qbo) -> None:
    """NON_CREDIT_CARD by default."""
    assert qbo.create("PaymentMethod", Name="Voucher")["Type"] == "NON_CREDIT_CARD"


@pytest.mark.parametrize(
    ("subtype", "kind", "classification"),
    [
        ("Savings", "Bank", "Asset"),
        ("PrepaidExpenses", "Other Current Asset", "Asset"),
        ("AccumulatedDepreciation", "Fixed Asset", "Asset"),
        ("LoanPayable", "Other Current Liability", "Liability"),
        ("NotesPayable", "Long Term Liability", "Liability"),
        ("OwnersEquity", "Equity", "Equity"),
        ("Travel", "Expense", "Expense"),
        ("ExchangeGainOrLoss", "Other Expense", "Expense"),
    ],
)
def test_the_subtype_tells_the_type_of_an_account(qbo: Qbo, subtype: str, kind: str, classification: str) -> None:
    """A request may name the subtype alone."""
    made = qbo.create("Account", Name="New", AccountSubType=subtype)

    assert (made["AccountType"], made["Classification"]) == (kind, classification)
