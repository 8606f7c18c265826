"""A request that QuickBooks takes, for every transaction that can be created, and for the lists."""

from typing import Any

from tests.simulator.client import invoice, ref


def expense_line(amount: Any = 100, account: str = "7", **detail: Any) -> dict[str, Any]:
    """A line on an account."""
    values = {"AccountRef": ref(account), **detail}
    return {
        "Amount": amount,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": values,
    }


def purchased_item_line(amount: Any = 30, item: str = "11", **detail: Any) -> dict[str, Any]:
    """A line for an item."""
    values = {"ItemRef": ref(item), **detail}
    return {"Amount": amount, "DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": values}


def journal_line(side: str, amount: Any, account: str, **detail: Any) -> dict[str, Any]:
    """A debit or a credit."""
    values = {"PostingType": side, "AccountRef": ref(account), **detail}
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": values}


def adjustment_line(item: str, difference: Any) -> dict[str, Any]:
    """More or less of an item than the books say."""
    detail = {"ItemRef": ref(item), "QtyDiff": difference}
    return {"DetailType": "ItemAdjustmentLineDetail", "ItemAdjustmentLineDetail": detail}


def named(kind: str, value: str) -> dict[str, Any]:
    """The name on a line of a journal entry."""
    return {"Type": kind, "EntityRef": ref(value)}


def deposit_line(amount: Any = 20, account: str = "83", **detail: Any) -> dict[str, Any]:
    """Money that comes from an account."""
    values = {"AccountRef": ref(account), **detail}
    return {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": values}


_TIMES = {"CreateTime": "2026-01-05T09:00:00-08:00", "LastUpdatedTime": "2026-01-05T09:00:00-08:00"}


def budget(number: int, **values: Any) -> dict[str, Any]:
    """A budget as QuickBooks prints it: two months of one account."""
    months = ("2026-01-01", "2026-02-01")
    return {
        "Id": str(number), "SyncToken": "0", "MetaData": _TIMES, "Name": f"Plan {number}", "Active": True,
        "StartDate": "2026-01-01", "EndDate": "2026-12-31", "BudgetType": "ProfitAndLoss", "BudgetEntryType": "Monthly",
        "BudgetDetail": [{"BudgetDate": one, "Amount": 250, "AccountRef": {**ref(7), "name": "Advertising"}} for one in months],
        **values,
    }  # fmt: skip


TRANSACTIONS: dict[str, dict[str, Any]] = {
    "Invoice": invoice(),
    "CreditMemo": invoice(),
    "SalesReceipt": invoice(),
    "RefundReceipt": invoice(DepositToAccountRef=ref(35)),
    "Estimate": invoice(),
    "Payment": {"CustomerRef": ref(1), "TotalAmt": 12.5},
    "Bill": {"VendorRef": ref(30), "Line": [expense_line(), purchased_item_line(Qty=2, UnitPrice=15)]},
    "VendorCredit": {"VendorRef": ref(30), "Line": [expense_line(10)]},
    "Purchase": {"PaymentType": "CreditCard", "AccountRef": ref(41), "Line": [expense_line(10)]},
    "PurchaseOrder": {"VendorRef": ref(30), "Line": [purchased_item_line(Qty=2, UnitPrice=15)]},
    "JournalEntry": {"Line": [journal_line("Debit", 9.99, "35"), journal_line("Credit", 9.99, "34")]},
    "Deposit": {"DepositToAccountRef": ref(35), "Line": [deposit_line()]},
    "Transfer": {"FromAccountRef": ref(35), "ToAccountRef": ref(36), "Amount": 120},
    "CreditCardPayment": {"CreditCardAccountRef": ref(41), "BankAccountRef": ref(35), "Amount": 40},
    "TimeActivity": {"NameOf": "Employee", "EmployeeRef": ref(54), "Hours": 3, "CustomerRef": ref(1)},
}
LISTS: dict[str, dict[str, Any]] = {
    "Account": {"Name": "New", "AccountType": "Bank"},
    "Class": {"Name": "New"},
    "Customer": {"DisplayName": "New"},
    "Department": {"Name": "New"},
    "Employee": {"GivenName": "New", "FamilyName": "One"},
    "Item": {"Name": "New", "Type": "Service", "IncomeAccountRef": ref(1)},
    "PaymentMethod": {"Name": "New"},
    "Term": {"Name": "New", "DueDays": 5},
    "Vendor": {"DisplayName": "New vendor"},
}
