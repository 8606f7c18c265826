"""Rules of the chart of accounts."""

from decimal import Decimal

from qbo_simulator.books import Books, Record
from qbo_simulator.errors import Fault, NotSimulated, missing
from qbo_simulator.openlines import CONTROL
from qbo_simulator.rules.account_types import CLASSIFICATIONS, SUBTYPE_DEFAULTS, TYPES_BY_SUBTYPE
from qbo_simulator.rules.lists import ListRules
from qbo_simulator.rules.names import set_currency
from qbo_simulator.rules.opening import post_opening_balance
from qbo_simulator.wire import Json


class AccountRules(ListRules):
    """The chart of accounts."""

    gaps = ("of accounts receivable and payable: opening balances, and a change of type to or from these",)
    kept_on_full_update = ("CurrencyRef", "CurrentBalance", "AccountType", "AccountSubType")
    forbidden_in_names = (":", '"')

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """An opening balance is a journal entry of its own, against the equity account for it."""
        record = super().create(books, raw, flags)
        opening = record.document.pop("OpeningBalance", 0)
        date = record.document.pop("OpeningBalanceDate", None)
        if opening:
            record.text = ""
            books.replace(record, record.document, bump=False)
            _post_opening_balance(books, record, Decimal(opening), date)
        return record

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
        was = before.get("AccountType", kind)
        if kind != was and {kind, was} & set(CONTROL):
            raise NotSimulated("a change of an account's type to or from receivables and payables")
        if document.get("OpeningBalance") and "OpeningBalanceDate" not in document and old is None:
            raise Fault("6060", "OpeningBalanceDate is required with OpeningBalance.", element="OpeningBalanceDate")
        number = document.get("AcctNum", "")
        if ":" in number:
            raise Fault("2040", f"Invalid String : {number}", element="AcctNum")
        document["AccountType"] = kind
        document["AccountSubType"] = subtype or SUBTYPE_DEFAULTS[kind]
        document["Classification"] = CLASSIFICATIONS[kind]
        document["SubAccount"] = bool(document.get("ParentRef"))
        document["CurrentBalance"] = document["CurrentBalanceWithSubAccounts"] = -1
        set_currency(books, document, old)


def _post_opening_balance(books: Books, account: Record, amount: Decimal, date: str | None) -> None:
    if account.document["AccountType"] in CONTROL:
        raise NotSimulated("opening balances of accounts receivable and payable")
    side = "Debit" if account.document["Classification"] in ("Asset", "Expense") else "Credit"
    detail = {"AccountRef": {"value": str(account.id)}}
    post_opening_balance(books, detail, side, amount, date, account.document["CurrencyRef"]["value"])
