"""Random sequences of operations over every transaction: debits equal credits, and all balances say the same."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbo_simulator.testing import RunningSimulator
from tests.simulator.bookkeeper import ENTITIES, EXPENSES, VOIDED, Bookkeeper
from tests.simulator.client import Qbo
from tests.simulator.equations import check_books

DEEDS = st.lists(
    st.tuples(st.sampled_from(["create", "create", "create", "change", "end"]), st.integers(0, 2**32)), max_size=40
)
LONG = 400
# Without these the equations would be held by refusals.
REACHED = {
    *(f"create {name}" for name in ENTITIES),
    *(f"void {name}" for name in VOIDED),
    "applied void Invoice",
    "applied void CreditMemo",
    "Payment of Invoice",
    "Payment of CreditMemo",
    "BillPayment of Bill",
    "BillPayment of VendorCredit",
    "Payment of JournalEntry",
    "BillPayment of JournalEntry",
    *(f"Payment of {kind}" for kind in ("Deposit", *EXPENSES)),
    *(f"BillPayment of {kind}" for kind in ("Deposit", *EXPENSES)),
    "Invoice from Estimate",
    "Invoice from ReimburseCharge",
    "Bill from PurchaseOrder",
    "Purchase from PurchaseOrder",
    "change Payment",
    "change BillPayment",
    "change Invoice",
    "change Bill",
    "change Deposit",
    "change Purchase",
    "change InventoryAdjustment",
    "delete InventoryAdjustment",
    "delete Payment",
    "delete BillPayment",
    "delete Deposit",
    *(f"GroupLineDetail on {name}" for name in ("Invoice", "Bill", "Purchase", "VendorCredit")),
    *(f"stock on {name}" for name in ("Invoice", "CreditMemo", "Bill", "VendorCredit", "Purchase", "RefundReceipt")),
}
REACHED_BY_COUNTRY = {
    "US": {
        "Deposit of Payment",
        "Deposit of SalesReceipt",
        "DiscountLineDetail on Invoice",
        "DiscountLineDetail on CreditMemo",
        "GroupLineDetail on Invoice",
    },
    "GB": {
        "TaxInclusive Invoice",
        "TaxExcluded Invoice",
        "TaxInclusive Bill",
        "NotApplicable CreditMemo",
        "GroupLineDetail on Invoice",
    },
}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DEEDS)
def test_the_books_balance_after_any_sequence_of_operations(process: RunningSimulator, deeds: Any) -> None:
    """Whatever is created, changed, voided and deleted in whatever order."""
    process.reset()
    bookkeeper = Bookkeeper(Qbo(process))

    for deed, seed in deeds:
        bookkeeper.do(deed, seed)

    check_books(bookkeeper.qbo)


@pytest.mark.parametrize(("country", "currency"), [("US", ""), ("GB", ""), ("US", "EUR")])
def test_the_books_balance_all_along_a_sequence_that_reaches_everything(
    make_company: Callable[..., Qbo], country: str, currency: str
) -> None:
    """A long sequence creates, changes, voids and deletes what there is, applied or not: the property is not held by refusals."""
    company = make_company(country=country, preferences={"MultiCurrencyEnabled": bool(currency)})
    bookkeeper = Bookkeeper(company, country, currency)

    for number in range(LONG):
        deed = ("create", "create", "create", "change", "end")[number % 5]
        bookkeeper.do(deed, number, "" if deed == "create" else ENTITIES[number // 5 % len(ENTITIES)])
        if number % 40 == 39:
            check_books(bookkeeper.qbo, is_foreign=bool(currency))

    assert REACHED | REACHED_BY_COUNTRY[country] <= set(bookkeeper.done)
