"""Lines of journal entries on receivables and payables: open like an invoice, a bill or a credit until payments use them up.

A journal entry shows no balance. What is open of a line is its amount less what the payments say that the entry is linked to.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import NotSimulated, business
from qbo_simulator.wire import Json

JOURNAL = "JournalEntry"
# Accounts on which a name owes (or is owed): type: (list, sign of a debit)
CONTROL = {"Accounts Receivable": ("Customer", 1), "Accounts Payable": ("Vendor", -1)}
# How a journal entry names what pays it: type of the link: entity.
PAID_BY = {"Payment": "Payment", "BillPaymentCheck": "BillPayment", "BillPaymentCreditCard": "BillPayment"}


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line in somebody's name; ``sign`` is 1 where it can be paid, -1 where it is a credit."""

    id: str
    account: str
    party: str
    name: int
    sign: int
    amount: Decimal


def lines_of(books: Books, journal: Json) -> dict[str, OpenLine]:
    """The lines of a journal entry on what names owe and are owed, by their ids."""
    found: dict[str, OpenLine] = {}
    for line in journal.get("Line", ()):
        detail = line.get("JournalEntryLineDetail", {})
        name = detail.get("Entity", {}).get("EntityRef", {}).get("value")
        account = books.find(ENTITIES["Account"], int(detail["AccountRef"]["value"])) if name else None
        if account is not None and account.document["AccountType"] in CONTROL:
            party, sign = CONTROL[account.document["AccountType"]]
            sign = sign if detail["PostingType"] == "Debit" else -sign
            found[line["Id"]] = OpenLine(line["Id"], str(account.id), party, int(name), sign, Decimal(line["Amount"]))
    return found


def line_at(lines: dict[str, OpenLine], line_id: str) -> OpenLine:
    """The line that a link is about. One of a loaded company may name none: then it is the first in somebody's name."""
    if line := lines.get(line_id) or next(iter(lines.values()), None):
        return line
    raise NotSimulated("a payment on a journal entry without a line in somebody's name")


def used_of(books: Books, journal: Record) -> dict[str, Decimal]:
    """What payments have taken of each line."""
    used: dict[str, Decimal] = defaultdict(Decimal)
    lines = lines_of(books, journal.document)
    links = [link for link in journal.document.get("LinkedTxn", ()) if link["TxnType"] in PAID_BY]
    for link in links if lines else ():
        payment = books.find(ENTITIES[PAID_BY[link["TxnType"]]], int(link["TxnId"]))
        for line in payment.document.get("Line", ()) if payment else ():
            target: Json = next(iter(line.get("LinkedTxn", ())), {})
            if (target.get("TxnType"), target.get("TxnId")) == (JOURNAL, str(journal.id)):
                used[line_at(lines, target.get("TxnLineId", "")).id] += line["Amount"]
    return used


def sign_of(books: Books, id: int, line_id: str) -> int:
    """1 for a line that is paid, -1 for one that pays as a credit."""
    return line_at(lines_of(books, books.get(ENTITIES[JOURNAL], id).document), line_id).sign


def open_amount(books: Books, journal: Record, line_id: str) -> Decimal:
    """What is left of a line; negative when too much was taken."""
    line = line_at(lines_of(books, journal.document), line_id)
    return line.amount - used_of(books, journal)[line.id]


def use(books: Books, id: int, line_id: str, payment: Json, amount: Decimal, keep_link: bool) -> None:
    """Take ``amount`` of a line (or give it back, when negative), and set the link to the payment, which is stored by now."""
    journal = books.get(ENTITIES[JOURNAL], id)
    document = dict(journal.document)
    others = [link for link in document.pop("LinkedTxn", ()) if link != payment]
    if keep_link or others:
        document["LinkedTxn"] = [*others, payment] if keep_link else others
    changed = books.replace(journal, document, bump=books.settings.payment_bumps_sync_token)
    if amount > 0 and open_amount(books, changed, line_id) < 0:
        raise business(books.settings.over_application_text)
    line = line_at(lines_of(books, document), line_id)
    books.touch(line.party, line.name, -line.sign * wire.cents(wire.money(amount)))


def settle_used(books: Books, document: Json, journal: Record) -> None:
    """Of a changed entry: no line falls below what payments have taken of it, nor becomes another's while they do."""
    before, after = lines_of(books, journal.document), lines_of(books, document)
    for line_id, used in used_of(books, journal).items():
        old, new = before[line_id], after.get(line_id)
        if new is None or (old.account, old.name, old.sign) != (new.account, new.name, new.sign):
            raise NotSimulated("another account, name or side of a journal entry's line that a payment is linked to")
        if new.amount < used:
            raise business("The amount of the transaction cannot be less than what has been applied to it.")


def open_of(books: Books, journal: Record) -> list[tuple[str, int, int]]:
    """What names owe by the lines that are still open: (list, id, cents; credits negative)."""
    used = used_of(books, journal)
    return [
        (line.party, line.name, line.sign * wire.cents(wire.money(line.amount - used[line.id])))
        for line in lines_of(books, journal.document).values()
    ]
