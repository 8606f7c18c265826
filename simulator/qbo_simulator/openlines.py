"""Lines of journal entries, expenses and deposits on receivables and payables: open until payments use them up.

None of these documents shows a balance. What is open of a line is its amount less what the payments say that the document is
linked to. Money that went out to a customer is a debt of his like an invoice, money that came in from him a credit like a credit
memo; of a vendor it is the other way round.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import NotSimulated, business
from qbo_simulator.wire import Json

# What has such lines, as links name it (an expense by the way it was paid): type of the link: entity.
KINDS = {
    "JournalEntry": "JournalEntry",
    "Deposit": "Deposit",
    "Expense": "Purchase",
    "Check": "Purchase",
    "CreditCardCredit": "Purchase",
}
HOLDERS = frozenset(KINDS.values())
# Accounts on which a name owes (or is owed): type: (list, sign of a debit)
CONTROL = {"Accounts Receivable": ("Customer", 1), "Accounts Payable": ("Vendor", -1)}
# How they name what pays them: type of the link: entity.
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


def entity_of(kind: str) -> EntityType:
    """The entity that a link of this type leads to."""
    return ENTITIES[KINDS.get(kind, kind)]


def kind_of(name: str, document: Json) -> str:
    """The type of a link to a document of an entity."""
    if name != "Purchase":
        return name
    if document.get("Credit"):
        return "CreditCardCredit"
    return "Check" if document.get("PaymentType") == "Check" else "Expense"


def find(books: Books, kind: str, id: int) -> Record | None:
    """The live document that a link of this type leads to; a check is none of the expenses."""
    record = books.find(entity_of(kind), id)
    return record if record is not None and kind_of(record.entity.name, record.document) == kind else None


def lines_of(books: Books, document: Json) -> dict[str, OpenLine]:
    """The lines of a document on what names owe and are owed, by their ids."""
    found: dict[str, OpenLine] = {}
    for line, detail, side, name in _postings(document):
        number = detail.get("AccountRef", {}).get("value")
        account = books.find(ENTITIES["Account"], int(number)) if number and "value" in name else None
        if account is not None and account.document["AccountType"] in CONTROL:
            party, debit = CONTROL[account.document["AccountType"]]
            amount, line_id = Decimal(line["Amount"]), line.get("Id", "")
            sign = side * debit if amount >= 0 else -side * debit
            found[line_id] = OpenLine(line_id, number, party, int(name["value"]), sign, abs(amount))
    return found


def _postings(document: Json) -> Iterator[tuple[Json, Json, int, Json]]:
    """Each line with its detail, 1 where it debits, and in whose name it is: of an expense always the payee's."""
    for line in document.get("Line", ()):
        if detail := line.get("JournalEntryLineDetail"):
            side = 1 if detail["PostingType"] == "Debit" else -1
            yield line, detail, side, detail.get("Entity", {}).get("EntityRef", {})
        elif detail := line.get("DepositLineDetail"):
            yield line, detail, -1, detail.get("Entity", {})
        elif detail := line.get("AccountBasedExpenseLineDetail"):
            yield line, detail, -1 if document.get("Credit") else 1, document.get("EntityRef", {})


def owed(books: Books, document: Json) -> dict[tuple[str, int], int]:
    """What a document adds to what names owe (and are owed), in cents, whatever of it is paid."""
    total: dict[tuple[str, int], int] = defaultdict(int)
    for line in lines_of(books, document).values():
        total[line.party, line.name] += line.sign * wire.cents(line.amount)
    return dict(total)


def line_at(lines: dict[str, OpenLine], line_id: str, record: Record) -> OpenLine:
    """The line that a link is about. One of a loaded company may name none: then it is the first in somebody's name."""
    if line := lines.get(line_id) or next(iter(lines.values()), None):
        return line
    raise NotSimulated(
        f"a payment on the {record.entity.label} {record.id}, which has no line on receivables or payables in somebody's name "
        "(load it with one, or the payment without its link)"
    )


def used_of(books: Books, record: Record) -> dict[str, Decimal]:
    """What payments have taken of each line."""
    used: dict[str, Decimal] = defaultdict(Decimal)
    lines = lines_of(books, record.document)
    links = [link for link in record.document.get("LinkedTxn", ()) if link["TxnType"] in PAID_BY]
    for link in links if lines else ():
        payment = books.find(ENTITIES[PAID_BY[link["TxnType"]]], int(link["TxnId"]))
        for line in payment.document.get("Line", ()) if payment else ():
            target: Json = next(iter(line.get("LinkedTxn", ())), {})
            if (KINDS.get(target.get("TxnType", "")), target.get("TxnId")) == (record.entity.name, str(record.id)):
                used[line_at(lines, target.get("TxnLineId", ""), record).id] += line["Amount"]
    return used


def sign_of(books: Books, kind: str, id: int, line_id: str) -> int:
    """1 for a line that is paid, -1 for one that pays as a credit, 0 where a loaded document has none in anybody's name."""
    record = books.get(entity_of(kind), id)
    lines = lines_of(books, record.document)
    return line_at(lines, line_id, record).sign if lines else 0


def open_amount(books: Books, record: Record, line_id: str) -> Decimal:
    """What is left of a line; negative when too much was taken."""
    line = line_at(lines_of(books, record.document), line_id, record)
    return line.amount - used_of(books, record)[line.id]


def use(books: Books, record: Record, line_id: str, payment: Json, amount: Decimal, keep_link: bool) -> None:
    """Take ``amount`` of a line (or give it back, when negative), and set the link to the payment, which is stored by now."""
    document = dict(record.document)
    others = [link for link in document.pop("LinkedTxn", ()) if link != payment]
    if keep_link or others:
        document["LinkedTxn"] = [*others, payment] if keep_link else others
    changed = books.replace(record, document, bump=books.settings.payment_bumps_sync_token)
    if amount > 0 and open_amount(books, changed, line_id) < 0:
        raise business(books.settings.over_application_text)
    line = line_at(lines_of(books, document), line_id, record)
    books.touch(line.party, line.name, -line.sign * wire.cents(wire.money(amount)))


def settle_used(books: Books, document: Json, record: Record) -> None:
    """Of a changed document: no line falls below what payments have taken of it, nor becomes another's while they do."""
    before, after = lines_of(books, record.document), lines_of(books, document)
    for line_id, used in used_of(books, record).items():
        old, new = before[line_id], after.get(line_id)
        if new is None or (old.account, old.name, old.sign) != (new.account, new.name, new.sign):
            raise NotSimulated("another account, name or side of a line that a payment is linked to")
        if kind_of(record.entity.name, document) != kind_of(record.entity.name, record.document):
            raise NotSimulated("another way to have paid an expense that a payment is linked to")
        if new.amount < used:
            raise business("The amount of the transaction cannot be less than what has been applied to it.")


def open_of(books: Books, record: Record) -> list[tuple[str, int, int]]:
    """What names owe by the lines that are still open: (list, id, cents; credits negative)."""
    used = used_of(books, record)
    return [
        (line.party, line.name, line.sign * wire.cents(wire.money(line.amount - used[line.id])))
        for line in lines_of(books, record.document).values()
    ]
