"""Opening balances: what an account holds, a customer owes or a vendor is owed when it is first written down."""

from decimal import Decimal

from qbo_simulator.books import Books
from qbo_simulator.ledger import system_account
from qbo_simulator.rules.table import FORM_RULES
from qbo_simulator.wire import Json

OTHER_SIDE = {"Debit": "Credit", "Credit": "Debit"}


def post_opening_balance(
    books: Books, detail: Json, side: str, amount: Decimal | int, date: str | None, currency: str
) -> None:
    """A journal entry against the equity account for it.

    :param detail: where the balance stands: ``AccountRef``, and in whose name (``Entity``).
    :param side: of a positive balance; a negative one stands on the other.
    :param date: of the entry; today when there is none.
    """
    side = side if amount > 0 else OTHER_SIDE[side]
    equity = {"AccountRef": {"value": str(system_account(books, "OpeningBalanceEquity"))}}
    lines = [
        {
            "Amount": abs(amount),
            "Description": "Opening Balance",
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": posting, **end},
        }
        for posting, end in ((side, detail), (OTHER_SIDE[side], equity))
    ]
    entry = {"TxnDate": date, "Line": lines, "CurrencyRef": {"value": currency}}
    FORM_RULES["JournalEntry"].create(books, entry, frozenset())
