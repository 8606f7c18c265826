"""Many invoices at once: the rules make one for each customer, and all others are printed after it.

A seeded invoice is what the rules would have made of the same request, to the byte; a test compares the two.
"""

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from qbo_simulator import ledger, wire
from qbo_simulator.books import Books, Record
from qbo_simulator.clock import add_days
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.entities.usual_line import print_line
from qbo_simulator.rules.lines import Lines
from qbo_simulator.rules.sales import InvoiceRules
from qbo_simulator.rules.tax import apply_tax
from qbo_simulator.rules.terms import due_date
from qbo_simulator.wire import Json

INVOICE = ENTITIES["Invoice"]
RULES = InvoiceRules(INVOICE)
ROWS_AT_ONCE = 5000
# What differs from one invoice of a customer to the next; in the pattern it stands between two of these.
MARK = "\x00"
TEXTS = ("Id", "DocNumber", "TxnDate", "DueDate")
TREES = ("Line", "TxnTaxDetail", "TotalAmt", "Balance")
INSERT = (
    "insert into objects (company, entity, id, sync_token, created, updated, active, deleted, name, full_name, doc_number, "
    "txn_date, due_date, customer, parent, total, balance, last_line, posted, body) "
    "values (?, 'Invoice', ?, 0, ?, ?, 1, 0, null, null, ?, ?, ?, ?, null, ?, ?, ?, 1, ?)"
)


@dataclass(slots=True)
class Pattern:
    """The printed invoice of a customer: fixed texts, and the names of what stands between them."""

    fixed: list[str]
    names: list[str]

    def printed(self, values: dict[str, str]) -> str:
        """The text of one invoice."""
        parts = [self.fixed[0]]
        for name, text in zip(self.names, self.fixed[1:], strict=True):
            parts.append(values[name])
            parts.append(text)
        return "".join(parts)


class Wish:
    """What the next invoice shall be: customer, day and lines, by chance."""

    __slots__ = ("customer", "days", "lines")

    def __init__(self, chance: random.Random, customers: list[int], lines: int) -> None:
        self.customer = chance.choice(customers)
        self.days = chance.randrange(365)
        # Quantity, price in cents, item.
        self.lines = [(chance.randint(1, 9), chance.randint(100, 99_999), chance.randint(1, 18)) for _ in range(lines)]


def request(books: Books, number: int, wish: Wish, tax: Json) -> Json:
    """The request that a client would send for a wish."""
    payload: Json = {
        "CustomerRef": {"value": str(wish.customer)},
        "DocNumber": f"S-{number:07}",
        "TxnDate": add_days(books.today, -wish.days),
        "Line": [_requested(*line, tax) for line in wish.lines],
    }
    if books.company.is_multicurrency:
        customer = books.get(ENTITIES["Customer"], wish.customer)
        payload["CurrencyRef"] = {"value": customer.document["CurrencyRef"]["value"]}
    return payload


def _requested(quantity: int, cents: int, item: int, tax: Json) -> Json:
    price = Decimal(cents).scaleb(-2)
    detail = {"ItemRef": {"value": str(item)}, "Qty": quantity, "UnitPrice": price, "TaxCodeRef": dict(tax)}
    return {"Amount": quantity * price, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


class BulkInvoices:
    """Writes the invoices of a seed, a few thousand rows at a time."""

    def __init__(self, books: Books, tax: Json) -> None:
        self.books = books
        self.tax = tax
        self.patterns: dict[int, Pattern] = {}
        self.days: dict[int, tuple[str, str]] = {}
        self.items: dict[int, tuple[Json, int]] = {}
        self.poster = ledger.Poster(books)
        self.owed: dict[int, int] = defaultdict(int)
        self.moved: dict[int, int] = defaultdict(int)
        self.rows: list[tuple[Any, ...]] = []
        self.postings: list[tuple[Any, ...]] = []

    def write(self, wishes: list[Wish]) -> None:
        """Store one invoice for each wish."""
        first = self.books.next_id(INVOICE.sequence, len(wishes))
        for place, wish in enumerate(wishes):
            self._add(first + place, place + 1, wish)
            if len(self.rows) >= ROWS_AT_ONCE:
                self._flush()
        self._flush()
        for customer, cents in self.owed.items():
            self.books.touch("Customer", customer, cents)
        ledger.move_balances(self.books, self.moved)

    def _add(self, row_id: int, number: int, wish: Wish) -> None:
        books = self.books
        txn_date, due = self._dates(wish.days)
        lines, entries = self._lines(wish)
        form: Json = {"CustomerRef": {"value": str(wish.customer)}}
        tax = 0
        if not books.company.is_us:
            tax = wire.cents(apply_tax(books, form, lines, None, None))
        net = wire.cents(lines.subtotal)
        total = net + tax
        money = wire.print_cents(total)
        body = self._pattern(wish.customer).printed(
            {
                "Id": str(row_id),
                "DocNumber": f"S-{number:07}",
                "TxnDate": txn_date,
                "DueDate": due,
                "Line": f"[{','.join([*map(print_line, lines.items), wire.encode(lines.printed()[-1])])}]",
                "TxnTaxDetail": wire.encode(form["TxnTaxDetail"]) if form.get("TxnTaxDetail") else '{"TotalTax":0}',
                "TotalAmt": money,
                "Balance": money,
            }
        )
        key, now = books.company.key, books.now
        self.rows.append(
            (key, row_id, now, now, f"S-{number:07}", txn_date, due, wish.customer, total, total, lines.last_id, body)
        )
        self._post(row_id, txn_date, total, tax, entries)
        self.owed[wish.customer] += total

    def _post(self, row_id: int, txn_date: str, total: int, tax: int, entries: dict[int, int]) -> None:
        entries[self.poster.system("AccountsReceivable")] = total
        if tax:
            entries[self.poster.system("SalesTaxPayable")] = -tax
        for account, cents in entries.items():
            self.postings.append((self.books.company.key, "Invoice", row_id, account, txn_date, cents))
            self.moved[account] += cents

    def _flush(self) -> None:
        self.books.database.executemany(INSERT, self.rows)
        self.books.database.executemany(
            "insert into postings (company, entity, id, account, txn_date, amount) values (?, ?, ?, ?, ?, ?)",
            self.postings,
        )
        self.rows.clear()
        self.postings.clear()

    def _lines(self, wish: Wish) -> tuple[Lines, dict[int, int]]:
        lines = Lines(last_id=len(wish.lines))
        entries: dict[int, int] = defaultdict(int)
        total = 0
        for place, (quantity, cents, item) in enumerate(wish.lines, 1):
            reference, account = self._item(item)
            total += quantity * cents
            entries[account] -= quantity * cents
            detail = {
                "ItemRef": reference,
                "UnitPrice": wire.plain(Decimal(cents).scaleb(-2)),
                "Qty": quantity,
                "TaxCodeRef": {"value": self.tax["value"]},
            }
            lines.items.append(
                {
                    "Id": str(place),
                    "LineNum": place,
                    "Amount": wire.from_cents(quantity * cents),
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": detail,
                }
            )
        lines.subtotal = wire.from_cents(total)
        return lines, entries

    def _item(self, item: int) -> tuple[Json, int]:
        if item not in self.items:
            reference = {"value": str(item)}
            self.books.refer("Item", reference)
            self.items[item] = reference, self.poster.of_item(reference, ledger.INCOME, "ServiceFeeIncome")
        return self.items[item]

    def _dates(self, days: int) -> tuple[str, str]:
        if days not in self.days:
            txn_date = add_days(self.books.today, -days)
            self.days[days] = txn_date, due_date(self.books, {"TxnDate": txn_date})
        return self.days[days]

    def _pattern(self, customer: int) -> Pattern:
        if customer not in self.patterns:
            self.patterns[customer] = self._made(customer)
        return self.patterns[customer]

    def _made(self, customer: int) -> Pattern:
        """Let the rules make an invoice of the customer, and cut out what will differ."""
        books = self.books
        wish = Wish(random.Random(0), [customer], 1)  # noqa: S311 - any line will do
        form = INVOICE.shape.read(request(books, 0, wish, self.tax))
        RULES.settle(books, form, None, frozenset())
        record = Record(INVOICE, 0, 0, books.now, books.now, True, form)
        books.finish(record)
        marked = {
            name: f"{MARK}{name}{MARK}" if name in (*TEXTS, *TREES) else value
            for name, value in record.document.items()
        }
        text = wire.encode(marked).replace("\\u0000", MARK)
        for name in TREES:
            text = text.replace(f'"{MARK}{name}{MARK}"', f"{MARK}{name}{MARK}")
        pieces = re.split(f"{MARK}(\\w+){MARK}", text)
        return Pattern(pieces[::2], pieces[1::2])
