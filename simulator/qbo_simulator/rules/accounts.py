"""Rules of the chart of accounts."""

from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books
from qbo_simulator.errors import Fault, missing
from qbo_simulator.rules.lists import ListRules
from qbo_simulator.rules.names import set_currency
from qbo_simulator.wire import Json

CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Non-Posting": "Equity",
}
SUBTYPE_DEFAULTS = {
    "Bank": "Checking",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "OtherCurrentAssets",
    "Fixed Asset": "OtherFixedAssets",
    "Other Asset": "OtherLongTermAssets",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "OtherCurrentLiabilities",
    "Long Term Liability": "OtherLongTermLiabilities",
    "Equity": "RetainedEarnings",
    "Income": "SalesOfProductIncome",
    "Other Income": "OtherMiscellaneousIncome",
    "Cost of Goods Sold": "SuppliesMaterialsCogs",
    "Expense": "OtherMiscellaneousServiceCost",
    "Other Expense": "OtherMiscellaneousExpense",
    "Non-Posting": "RetainedEarnings",
}
TYPES_BY_SUBTYPE = {subtype: kind for kind, subtype in SUBTYPE_DEFAULTS.items() if kind != "Non-Posting"} | {
    "ServiceFeeIncome": "Income",
    "DiscountsRefundsGiven": "Income",
    "NonProfitIncome": "Income",
    "OtherPrimaryIncome": "Income",
    "UnappliedCashPaymentIncome": "Income",
    "UndepositedFunds": "Other Current Asset",
    "Inventory": "Other Current Asset",
    "Savings": "Bank",
    "SalesTaxPayable": "Other Current Liability",
    "GlobalTaxPayable": "Other Current Liability",
    "BadDebts": "Expense",
    "OfficeGeneralAdministrativeExpenses": "Expense",
    "OpeningBalanceEquity": "Equity",
}


class AccountRules(ListRules):
    """The chart of accounts."""

    kept_on_full_update = ("CurrencyRef", "CurrentBalance", "AccountType", "AccountSubType")
    forbidden_in_names = (":", '"')

    def prepare(self, books: Books, document: Json, old: Json | None) -> None:
        """Type from subtype or the other way round; classification from type."""
        if not document.get("Name"):
            raise missing("Name")
        before = old or {}
        kind = document.get("AccountType") or before.get("AccountType")
        subtype = document.get("AccountSubType") or before.get("AccountSubType")
        if not kind and not subtype:
            raise Fault("6010", "AccountType or AccountSubType is required.", element="AccountType")
        kind = kind or TYPES_BY_SUBTYPE.get(str(subtype))
        if kind not in CLASSIFICATIONS:
            raise Fault("6010", f"Invalid Account Type : {subtype}", element="AccountSubType")
        if document.get("OpeningBalance") and "OpeningBalanceDate" not in document:
            raise missing("OpeningBalanceDate")
        number = document.get("AcctNum", "")
        if ":" in number:
            raise Fault("2040", f"Invalid String : {number}", element="AcctNum")
        document["AccountType"] = kind
        document["AccountSubType"] = subtype or SUBTYPE_DEFAULTS[kind]
        document["Classification"] = CLASSIFICATIONS[kind]
        document["SubAccount"] = bool(document.get("ParentRef"))
        document.setdefault("CurrentBalance", wire.money(Decimal(document.pop("OpeningBalance", 0))))
        document["CurrentBalanceWithSubAccounts"] = document["CurrentBalance"]
        set_currency(books, document, old)
