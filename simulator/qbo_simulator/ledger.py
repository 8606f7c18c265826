"""The ledger: what every document debits and credits, in cents of the home currency, and the balances of accounts.

A document says by itself what it posts, so a write only marks it; the ledger is brought up to date when somebody looks at it
(an account, a report). That keeps the writing of invoices as fast as it was without a ledger.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal

from qbo_simulator import openlines, stock, wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.wire import Json

Entry = tuple[int, Decimal | int]
# Balances of income and expenses live in reports only; on the account itself QBO prints zero.
WITHOUT_BALANCE = ("Revenue", "Expense")
# Accounts that QBO makes by itself when they are first needed: subtype: (name, type).
SYSTEM_ACCOUNTS = {
    "AccountsReceivable": ("Accounts Receivable (A/R)", "Accounts Receivable"),
    "AccountsPayable": ("Accounts Payable (A/P)", "Accounts Payable"),
    "UndepositedFunds": ("Undeposited Funds", "Other Current Asset"),
    "SalesTaxPayable": ("Sales Tax Payable", "Other Current Liability"),
    "DiscountsRefundsGiven": ("Discounts given", "Income"),
    "SuppliesMaterialsCogs": ("Cost of Goods Sold", "Cost of Goods Sold"),
    "ServiceFeeIncome": ("Services", "Income"),
    "OpeningBalanceEquity": ("Opening Balance Equity", "Equity"),
    "ExchangeGainOrLoss": ("Exchange Gain or Loss", "Other Expense"),
}
# What settles others: (property and purpose of the account that it clears, sign of its posting there, what it settles,
# which of these counts the other way; of what has open lines it is the side of the line).
SETTLES = {
    "Payment": ("ARAccountRef", "AccountsReceivable", -1, ("Invoice", "CreditMemo", *openlines.HOLDERS), "CreditMemo"),
    "BillPayment": ("APAccountRef", "AccountsPayable", 1, ("Bill", "VendorCredit", *openlines.HOLDERS), "VendorCredit"),
    "Deposit": ("", "UndepositedFunds", -1, ("Payment", "SalesReceipt"), ""),
}
SETTLED = {name for rule in SETTLES.values() for name in rule[3]}


def system_account(books: Books, subtype: str) -> int:
    """The id of the company's own account for a purpose."""
    name, kind = SYSTEM_ACCOUNTS[subtype]
    row = books.database.execute(
        "select id from objects where company = ? and entity = 'Account' and "
        "json_extract(body, '$.AccountType') = ? and json_extract(body, '$.AccountSubType') = ? order by id limit 1",
        (books.company.key, kind, subtype),
    ).fetchone()
    if row:
        return int(row[0])
    # Imported here: the rules of documents know the ledger, and the ledger needs the rules of accounts for this alone.
    from qbo_simulator.rules import RULES

    wanted = {"Name": name, "AccountType": kind, "AccountSubType": subtype}
    return RULES["Account"].create(books, wanted, frozenset()).id


class Poster:
    """Reads the accounts of one company's documents; remembers what it looked up."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._system: dict[str, int] = {}
        self._of_item: dict[tuple[str, str], int] = {}

    def system(self, subtype: str) -> int:
        """A system account."""
        if subtype not in self._system:
            self._system[subtype] = system_account(self.books, subtype)
        return self._system[subtype]

    def account(self, reference: Json | None, subtype: str) -> int:
        """The account of a reference, else a system account."""
        return int(reference["value"]) if reference else self.system(subtype)

    def of_item(self, reference: Json | None, fields: tuple[str, ...], subtype: str) -> int:
        """The account of an item: the first of ``fields`` that it has."""
        value = (reference or {}).get("value", "")
        key = (value, fields[0])
        if key not in self._of_item:
            item = self.books.find(ENTITIES["Item"], int(value)) if value.isdecimal() else None
            found = next((item.document[name] for name in fields if name in item.document), None) if item else None
            self._of_item[key] = self.account(found, subtype)
        return self._of_item[key]

    def entries(self, name: str, document: Json) -> dict[int, int]:
        """Cents by account, debits positive; they add up to zero.

        In a foreign currency each posting is rounded by itself; the first, on the controlling account, takes what is left.
        """
        cents = self.at_rate(name, document, Decimal(document.get("ExchangeRate", 1)))
        if name in SETTLES and self.books.company.is_multicurrency:
            self._post_gains(name, document, cents)
        return {account: amount for account, amount in cents.items() if amount}

    def at_rate(self, name: str, document: Json, rate: Decimal) -> dict[int, int]:
        """Cents by account, every amount of the document at one rate."""
        cents: dict[int, int] = defaultdict(int)
        first = None
        for account, amount in POSTINGS[name](self, document) if name in POSTINGS else ():
            first = account if first is None else first
            cents[account] += wire.cents(wire.money(amount * rate)) if rate != 1 else int(amount * 100)
        if first is not None and rate != 1:
            cents[first] -= sum(cents.values())
        return cents

    def _post_gains(self, name: str, document: Json, cents: dict[int, int]) -> None:
        """What is paid leaves the control account at its own rate; what the payment's rate makes of it is gain or loss."""
        field, subtype, sign, _settled, credit = SETTLES[name]
        rate = Decimal(document.get("ExchangeRate", 1))
        for line, link in ((line, line["LinkedTxn"][0]) for line in document["Line"] if line.get("LinkedTxn")):
            kind = link["TxnType"]
            paid = self.books.find(openlines.entity_of(kind), int(link["TxnId"]))
            own_rate = Decimal(paid.document.get("ExchangeRate", 1)) if paid else rate
            side = -1 if kind == credit else 1
            if paid and kind in openlines.KINDS and name != "Deposit":
                side = openlines.sign_of(self.books, kind, paid.id, link.get("TxnLineId", ""))
            way = side * sign
            at_rates = [wire.cents(wire.money(line["Amount"] * one)) for one in (own_rate, rate)]
            if difference := way * (at_rates[0] - at_rates[1]):
                cents[self.account(document.get(field), subtype)] += difference
                cents[self.system("ExchangeGainOrLoss")] -= difference


def look(books: Books, entity: EntityType) -> None:
    """Called before objects are shown: balances of accounts, and what is in stock, must be those of now."""
    if entity.name == "Account" or (entity.name == "Item" and stock.is_kept(books)):
        settle(books)


def settle(books: Books) -> None:
    """Bring the ledger up to date with all documents."""
    rows = books.database.execute(
        "select entity, id, deleted, body from objects where company = ? and posted = 0", (books.company.key,)
    ).fetchall()
    if not rows:
        return
    poster = Poster(books)
    moved: dict[int, int] = defaultdict(int)
    keeps_stock, items = stock.is_kept(books), set[int]()
    for entity, row_id, is_deleted, body in [*rows, *_payments_of(books, rows)]:
        _forget(books, entity, row_id, moved)
        document = {} if is_deleted else wire.parse(body)
        post(
            books,
            entity,
            row_id,
            document.get("TxnDate", ""),
            {} if is_deleted else poster.entries(entity, document),
            moved,
        )
        if keeps_stock:
            items |= stock.follow(books, entity, row_id, document)
    for item in sorted(items):
        post_stock(books, poster, item, moved)
    books.database.execute("update objects set posted = 1 where company = ? and posted = 0", (books.company.key,))
    move_balances(books, moved)


def _payments_of(books: Books, rows: list[tuple[str, int, int, str]]) -> list[tuple[str, int, int, str]]:
    """The payments of documents in a foreign currency: another rate of what is paid is another gain."""
    if not books.company.is_multicurrency:
        return []
    known = {(entity, row_id) for entity, row_id, _is_deleted, _body in rows}
    payments = {
        (settling, int(link["TxnId"]))
        for entity, _row_id, _is_deleted, body in rows
        if entity in SETTLED
        for link in wire.parse(body).get("LinkedTxn", ())
        for settling in SETTLES
        if link["TxnType"].startswith(settling)
    }
    found = [(name, number, books.row(ENTITIES[name], number)) for name, number in sorted(payments - known)]
    return [(name, number, row[5], row[8]) for name, number, row in found if row]


def _forget(books: Books, entity: str, id: int, moved: dict[int, int]) -> None:
    key = (books.company.key, entity, id)
    known = "from postings where company = ? and entity = ? and id = ?"
    for account, amount in books.database.execute(f"select account, amount {known}", key).fetchall():
        moved[account] -= amount
    books.database.execute(f"delete {known}", key)


def open_stock(books: Books, item: Record) -> None:
    """A new inventory item: what there is of it stands against opening balance equity."""
    settle(books)
    moved: dict[int, int] = defaultdict(int)
    if stock.open_shelf(books, item):
        post_stock(books, Poster(books), item.id, moved)
        move_balances(books, moved)


def post_stock(books: Books, poster: Poster, item_id: int, moved: dict[int, int]) -> None:
    """Post anew what an item is worth: its first stock, and the cost of what left, day by day, in its own name."""
    opening, first_day, costs = stock.value(books, item_id)
    item = books.get(stock.ITEM, item_id).document
    asset, cost_of_sales = int(item["AssetAccountRef"]["value"]), int(item["ExpenseAccountRef"]["value"])
    _forget(books, stock.START, item_id, moved)
    if opening:
        entries = {asset: opening, poster.system("OpeningBalanceEquity"): -opening}
        post(books, stock.START, item_id, first_day, entries, moved)
    for (day, adjustment), cents in costs.items():
        against = _adjusted(books, adjustment) if adjustment else cost_of_sales
        if cents and against != asset:
            post(books, stock.START, item_id, day, {against: cents, asset: -cents}, moved)


def _adjusted(books: Books, adjustment: int) -> int:
    document = books.get(ENTITIES[stock.COUNTED], adjustment).document
    return int(document["AdjustAccountRef"]["value"])


def post(books: Books, entity: str, id: int, day: str, entries: dict[int, int], moved: dict[int, int]) -> None:
    """Store the postings of one document and add them to ``moved``."""
    books.database.executemany(
        "insert into postings (company, entity, id, account, txn_date, amount) values (?, ?, ?, ?, ?, ?)",
        [(books.company.key, entity, id, account, day, amount) for account, amount in entries.items()],
    )
    for account, amount in entries.items():
        moved[account] += amount


def move_balances(books: Books, moved: dict[int, int]) -> None:
    """Balances of balance-sheet accounts follow; what is owed on a credit card is printed as a positive number."""
    for account, amount in moved.items():
        record = books.find(ENTITIES["Account"], account) if amount else None
        if record is None or record.document["Classification"] in WITHOUT_BALANCE:
            continue
        # QBO prints what is owed on a credit card as a positive balance, and all other debts as negative ones.
        sign = -1 if record.document["AccountType"] == "Credit Card" else 1
        change, value = "balance + ?", sign * amount
        if (
            record.document.get("CurrencyRef", {}).get("value", books.company.home_currency)
            != books.company.home_currency
        ):
            change, value = "?", sign * _own_balance(books, account)
        books.database.execute(
            f"update objects set balance = {change} where company = ? and entity = 'Account' and id = ?",  # noqa: S608 - one of two constants
            (value, books.company.key, account),
        )


def _own_balance(books: Books, account: int) -> int:
    """Cents on an account in its own currency: what its documents say before their rates."""
    poster = Poster(books)
    rows = books.database.execute(
        "select entity, body from objects where (company, entity, id) in "
        "(select company, entity, id from postings where company = ? and account = ?)",
        (books.company.key, account),
    ).fetchall()
    return sum(poster.at_rate(name, wire.parse(body), Decimal(1)).get(account, 0) for name, body in rows)


def trial_balance(books: Books) -> Json:
    """For assertions: what was posted to each account, and the documents that are out of balance (there are none)."""
    settle(books)
    accounts = books.database.execute(
        "select account, sum(amount) from postings where company = ? group by account order by account",
        (books.company.key,),
    ).fetchall()
    unbalanced = books.database.execute(
        "select entity, id from postings where company = ? group by entity, id having sum(amount) <> 0",
        (books.company.key,),
    ).fetchall()
    return {
        "accounts": {str(account): f"{wire.from_cents(cents):.2f}" for account, cents in accounts},
        "unbalanced": [{"entity": entity, "id": str(number)} for entity, number in unbalanced],
    }


# -- what each document posts -----------------------------------------------------------------------------------------

INCOME = ("IncomeAccountRef",)
EXPENSE = ("AssetAccountRef", "ExpenseAccountRef")


def _sales_lines(poster: Poster, lines: list[Json], sign: int) -> Iterator[Entry]:
    for line in lines:
        kind = line["DetailType"]
        if kind == "SalesItemLineDetail":
            account = poster.of_item(line[kind].get("ItemRef"), INCOME, "ServiceFeeIncome")
            yield account, -sign * line.get("Amount", 0)
        elif kind == "GroupLineDetail":
            yield from _sales_lines(poster, line[kind].get("Line", []), sign)
        elif kind == "DiscountLineDetail":
            account = poster.account(line[kind].get("DiscountAccountRef"), "DiscountsRefundsGiven")
            yield account, sign * line["Amount"]


def _sale(sign: int, control: tuple[str, str]) -> Callable[[Poster, Json], Iterator[Entry]]:
    field, subtype = control

    def rule(poster: Poster, form: Json) -> Iterator[Entry]:
        paid = form.get("Deposit", 0)
        yield poster.account(form.get(field), subtype), sign * (form["TotalAmt"] - paid)
        if paid:
            yield poster.account(form.get("DepositToAccountRef"), "UndepositedFunds"), sign * paid
        yield from _sales_lines(poster, form["Line"], sign)
        yield poster.system("SalesTaxPayable"), -sign * form.get("TxnTaxDetail", {}).get("TotalTax", 0)

    return rule


def _purchase(sign: int, field: str) -> Callable[[Poster, Json], Iterator[Entry]]:
    def rule(poster: Poster, form: Json) -> Iterator[Entry]:
        way = -sign if form.get("Credit") else sign
        yield poster.account(form.get(field), "AccountsPayable"), -way * form["TotalAmt"]
        for line in stock.flat(form["Line"]):
            kind = line["DetailType"]
            if kind == "AccountBasedExpenseLineDetail":
                yield int(line[kind]["AccountRef"]["value"]), way * line["Amount"]
            elif kind == "ItemBasedExpenseLineDetail":
                yield poster.of_item(line[kind].get("ItemRef"), EXPENSE, "SuppliesMaterialsCogs"), way * line["Amount"]
        yield poster.system("SalesTaxPayable"), way * form.get("TxnTaxDetail", {}).get("TotalTax", 0)

    return rule


def _payment(poster: Poster, form: Json) -> Iterator[Entry]:
    yield poster.account(form.get("ARAccountRef"), "AccountsReceivable"), -form["TotalAmt"]
    yield poster.account(form.get("DepositToAccountRef"), "UndepositedFunds"), form["TotalAmt"]


def _bill_payment(poster: Poster, form: Json) -> Iterator[Entry]:
    yield poster.account(form.get("APAccountRef"), "AccountsPayable"), form["TotalAmt"]
    source = form.get("CheckPayment", {}).get("BankAccountRef") or form.get("CreditCardPayment", {}).get("CCAccountRef")
    yield int(source["value"]), -form["TotalAmt"]


def _journal(_poster: Poster, form: Json) -> Iterator[Entry]:
    for line in form["Line"]:
        detail = line.get("JournalEntryLineDetail")
        if detail:
            sign = 1 if detail["PostingType"] == "Debit" else -1
            yield int(detail["AccountRef"]["value"]), sign * line["Amount"]


def _deposit(poster: Poster, form: Json) -> Iterator[Entry]:
    back = form.get("CashBack", {})
    yield int(form["DepositToAccountRef"]["value"]), form["TotalAmt"]
    if back:
        yield int(back["AccountRef"]["value"]), back["Amount"]
    for line in form["Line"]:
        yield poster.account(line.get("DepositLineDetail", {}).get("AccountRef"), "UndepositedFunds"), -line["Amount"]


def _between(debited: str, credited: str) -> Callable[[Poster, Json], Iterator[Entry]]:
    def rule(_poster: Poster, form: Json) -> Iterator[Entry]:
        yield int(form[debited]["value"]), form["Amount"]
        yield int(form[credited]["value"]), -form["Amount"]

    return rule


RECEIVABLE, RECEIVED = ("ARAccountRef", "AccountsReceivable"), ("DepositToAccountRef", "UndepositedFunds")
POSTINGS: dict[str, Callable[[Poster, Json], Iterator[Entry]]] = {
    "Invoice": _sale(1, RECEIVABLE),
    "CreditMemo": _sale(-1, RECEIVABLE),
    "SalesReceipt": _sale(1, RECEIVED),
    "RefundReceipt": _sale(-1, RECEIVED),
    "Payment": _payment,
    "Bill": _purchase(1, "APAccountRef"),
    "VendorCredit": _purchase(-1, "APAccountRef"),
    "Purchase": _purchase(1, "AccountRef"),
    "BillPayment": _bill_payment,
    "JournalEntry": _journal,
    "Deposit": _deposit,
    "Transfer": _between("ToAccountRef", "FromAccountRef"),
    "CreditCardPayment": _between("CreditCardAccountRef", "BankAccountRef"),
}
