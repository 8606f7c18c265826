"""Lines of what is bought: on an account or for an item, perhaps to be billed to a customer."""

from decimal import Decimal
from functools import partial

from qbo_simulator import wire
from qbo_simulator.books import Books
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.entities.shapes import ACCOUNT_EXPENSE_DETAIL, ITEM_EXPENSE_DETAIL
from qbo_simulator.errors import Fault, NotSimulated, business, missing
from qbo_simulator.openlines import CONTROL
from qbo_simulator.rules.groups import GROUP
from qbo_simulator.rules.lines import Lines, check_stock, identify, read_group
from qbo_simulator.rules.tracking import settle_tracking
from qbo_simulator.wire import Json

ACCOUNT_LINE, ITEM_LINE = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"
SHAPES = {ACCOUNT_LINE: ACCOUNT_EXPENSE_DETAIL, ITEM_LINE: ITEM_EXPENSE_DETAIL}
# References on a line that are looked up.
RESOLVED = ("AccountRef", "ItemRef", "CustomerRef", "ClassRef", "TaxCodeRef")
# Who has to be named when a line is on one of these accounts.
NEEDS_NAME = {
    "Accounts Receivable": "When you use Accounts Receivable, you must choose a customer in the Name field.",
    "Accounts Payable": "When you use Accounts Payable, you must choose a vendor in the Name field.",
}


def read_expense_lines(
    books: Books, given: list[Json], old: Json, last_id: int, date: str, is_numbered: bool, payee: str
) -> Lines:
    """Check the lines of a bill, vendor credit, expense or purchase order.

    :param payee: the list of the one who is paid; of an expense alone.
    """
    lines = Lines(last_id=last_id, date=date, payee=payee)
    before = {line["Id"]: line for line in old.get("Line", ()) if "Id" in line}
    for line in given:
        kind = line.get("DetailType")
        if kind is None:
            raise missing("Line.DetailType")
        if kind == GROUP:
            lines.items.append(
                read_group(books, line, before, lines, ITEM_LINE, partial(_member, books, is_numbered), is_numbered)
            )
            continue
        if kind not in SHAPES:
            raise Fault(
                "6440", f"Invalid Line Information : {kind} is not a line of a purchase.", element="Line.DetailType"
            )
        lines.items.append(_line(books, line, kind, before, lines, is_numbered))
    if not lines.items:
        raise missing("Line")
    lines.subtotal = sum((line["Amount"] for line in lines.items), 0)
    return lines


def _member(books: Books, is_numbered: bool, line: Json, before: dict[str, Json], inside: Lines) -> Json:
    return _line(books, line, ITEM_LINE, before, inside, is_numbered)


def _line(books: Books, line: Json, kind: str, before: dict[str, Json], lines: Lines, is_numbered: bool) -> Json:
    amount, detail = line.get("Amount"), line.get(kind)
    if amount is None:
        raise missing("Line.Amount")
    if detail is None:
        raise missing(f"Line.{kind}")
    line_id = identify(line, before, lines)
    known: Json = before.get(line_id, {}).get(kind, {})
    if kind == ACCOUNT_LINE:
        _account(books, detail, known, lines.payee)
    else:
        _item(books, detail, known, amount, lines.date)
    for name in detail:
        if name.endswith("Ref") and name not in RESOLVED:
            raise NotSimulated(f"{name} on lines of purchases")
    _billing(books, detail, known)
    settle_tracking(books, detail, known)
    if books.company.is_us:
        code = detail.setdefault("TaxCodeRef", {"value": "NON"})["value"]
        if code not in ("TAX", "NON"):
            raise Fault("6100", f"Line TaxCode is invalid. Supplied value:{code}", element="TaxCodeRef")
    result: Json = {"Id": line_id}
    if is_numbered:
        result["LineNum"] = len(lines.items) + 1
    for name in ("Description", "Amount", "LinkedTxn", "DetailType"):
        if name in line:
            result[name] = line[name]
    result[kind] = SHAPES[kind].arrange(detail)
    return result


def _account(books: Books, detail: Json, known: Json, payee: str) -> None:
    """An account; one that somebody owes on (or is owed) only when he is who is paid."""
    if "AccountRef" not in detail:
        raise missing("Line.AccountBasedExpenseLineDetail.AccountRef")
    account = books.refer("Account", detail["AccountRef"], was=known.get("AccountRef"))
    kind = account.document["AccountType"]
    if kind in CONTROL and payee != CONTROL[kind][0]:
        raise business(NEEDS_NAME[kind])


def _item(books: Books, detail: Json, known: Json, amount: Decimal | int, date: str) -> None:
    if "ItemRef" not in detail:
        raise missing("Line.ItemBasedExpenseLineDetail.ItemRef")
    item = books.refer("Item", detail["ItemRef"], was=known.get("ItemRef"))
    price, quantity = detail.get("UnitPrice"), detail.get("Qty")
    if price and quantity and wire.money(Decimal(price * quantity)) != amount:
        raise Fault(
            "6070",
            f"Amount is not equal to UnitPrice * Qty. Supplied value:{wire.plain(amount):,}",
            element="Line.Amount",
        )
    if item.document["Type"] == "Inventory":
        check_stock(item.document, quantity, date)


def _billing(books: Books, detail: Json, known: Json) -> None:
    if "CustomerRef" in detail:
        books.refer("Customer", detail["CustomerRef"], was=known.get("CustomerRef"))
    settle_billable(detail, known)


def settle_billable(detail: Json, known: Json) -> None:
    """What is billable needs a customer; only QBO itself says that something has been billed."""
    status = detail.setdefault("BillableStatus", "NotBillable")
    if status == "HasBeenBilled" and known.get("BillableStatus") != status:
        raise Fault("2170", "Invalid Enumeration : HAS_BEEN_BILLED", element="BillableStatus")
    if status == "Billable" and "CustomerRef" not in detail:
        raise Fault("6310", "CustomerRef is required when BillableStatus is Billable.", element="CustomerRef")


def open_payable(books: Books, reference: Json | None, old: Json | None) -> Json:
    """The accounts payable account of a form: given, kept, or the company's own."""
    if reference is None:
        row = books.database.execute(
            "select id from objects where company = ? and entity = 'Account' and active = 1 and "
            "json_extract(body, '$.AccountType') = 'Accounts Payable' order by id limit 1",
            (books.company.key,),
        ).fetchone()
        reference = {"value": str(row[0])} if row else None
    if reference is None:
        raise missing("APAccountRef")
    require_type(books, reference, ("Accounts Payable",), "APAccountRef", (old or {}).get("APAccountRef"))
    return reference


def require_type(books: Books, reference: Json, types: tuple[str, ...], element: str, was: Json | None) -> None:
    """The reference must lead to an account of one of the types (6430)."""
    account = books.refer("Account", reference, was=was)
    if types and account.document["AccountType"] not in types:
        raise Fault("6430", f"Invalid Account Type used : {account.name}", element=element)


def named(books: Books, reference: Json, kind: str) -> None:
    """A name of a kind that the reference or the line tells."""
    entity = {"customer": "Customer", "vendor": "Vendor", "employee": "Employee"}.get(kind.lower())
    if entity is None:
        raise Fault("2170", f"Invalid Enumeration : {kind}", element="Entity")
    books.refer(entity, reference)


def party_entity(books: Books, reference: Json) -> str:
    """Which list a name is in, by its id alone: all names share one sequence."""
    for name in ("Vendor", "Customer", "Employee"):
        value = reference["value"]
        if value.isdecimal() and books.find(ENTITIES[name], int(value)):
            return name
    return "Vendor"
