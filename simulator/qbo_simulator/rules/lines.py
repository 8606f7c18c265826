"""Lines of sales forms: reading them, numbering them, adding the SubTotal line, and their arithmetic."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from qbo_simulator import wire
from qbo_simulator.books import Books
from qbo_simulator.errors import Fault, NotSimulated, business, missing
from qbo_simulator.rules.groups import GROUP, members_of, settle_group
from qbo_simulator.rules.tracking import settle_tracking
from qbo_simulator.wire import Json

LARGEST_NUMBER_OF_LINES = 750
# Legal pseudo item of QBO for the shipping charge.
SHIPPING_ITEM = "SHIPPING_ITEM_ID"
HUNDRED = Decimal(100)
# References of lines that nobody looks up.
NOT_SIMULATED = frozenset({"PriceLevelRef", "UOMRef", "InventorySiteRef", "TaxClassificationRef"})
# Lines that count towards the subtotal.
SOLD = ("SalesItemLineDetail", GROUP)


@dataclass(slots=True)
class Lines:
    """The lines of one form and what they add up to."""

    items: list[Json] = field(default_factory=list)
    discount: Json | None = None
    subtotal: Decimal | int = 0
    discount_amount: Decimal | int = 0
    last_id: int = 0
    date: str = ""
    # The list of the one who is paid, of an expense.
    payee: str = ""

    def printed(self) -> list[Json]:
        """All lines in QBO's order: items, SubTotal, discount."""
        subtotal: Json = {"Amount": self.subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
        return [*self.items, subtotal, *([self.discount] if self.discount else [])]


def read_lines(books: Books, given: list[Json], old: Iterable[Json], last_id: int, date: str) -> Lines:
    """Check the lines of a request against the books; tax codes are checked later, with the tax.

    :param old: the lines that the stored form has.
    :param last_id: the highest line id that the form ever had.
    :param date: TxnDate of the form.
    """
    lines = Lines(last_id=last_id, date=date)
    before = {line["Id"]: line for line in old if "Id" in line}
    for line in given:
        kind = line.get("DetailType")
        if kind == "SalesItemLineDetail":
            lines.items.append(_item_line(books, line, before, lines))
        elif kind == "DescriptionOnly":
            lines.items.append(_description_line(line, before, lines))
        elif kind == "DiscountLineDetail":
            if lines.discount is not None:
                raise Fault("6090", "Only one discount line is allowed in a transaction.", element="Line")
            lines.discount = line
        elif kind is None:
            raise missing("Line.DetailType")
        elif kind == "GroupLineDetail":
            lines.items.append(
                read_group(books, line, before, lines, "SalesItemLineDetail", partial(_item_line, books))
            )
        elif kind != "SubTotalLineDetail":
            raise Fault(
                "6440", f"Invalid Line Information : {kind} is not a line of a sales form.", element="Line.DetailType"
            )
    if not lines.items:
        raise missing("Line")
    if (
        sum(1 + len(members_of(line)) for line in lines.items) > LARGEST_NUMBER_OF_LINES
        and books.company.preferences["UsingSalesTax"]
    ):
        raise business(f"A taxable transaction can have at most {LARGEST_NUMBER_OF_LINES} lines.", "Line")
    lines.subtotal = sum((line["Amount"] for line in lines.items if line["DetailType"] in SOLD), 0)
    if lines.discount is not None:
        _settle_discount(books, lines)
    return lines


def identify(line: Json, before: dict[str, Json], lines: Lines) -> str:
    """The id of a known line, or the next one: ids are not used again."""
    line_id = line.get("Id")
    if line_id is not None and line_id in before:
        return str(line_id)
    lines.last_id += 1
    return str(lines.last_id)


def _item_line(books: Books, line: Json, before: dict[str, Json], lines: Lines) -> Json:
    amount = line.get("Amount")
    if amount is None:
        raise missing("Line.Amount")
    detail = line.get("SalesItemLineDetail")
    if detail is None:
        raise missing("Line.SalesItemLineDetail")
    price, quantity = detail.get("UnitPrice"), detail.get("Qty")
    if not NOT_SIMULATED.isdisjoint(detail):
        raise NotSimulated(f"{min(NOT_SIMULATED & set(detail))} on lines of sales forms")
    # Both zero counts as neither given: a public client always sends them so, and its live tests pass.
    if price is not None and quantity is not None and (price or quantity):
        product = price * quantity
        if product != amount and wire.money(Decimal(product)) != amount:
            raise Fault(
                "6070",
                f"Amount is not equal to UnitPrice * Qty. Supplied value:{wire.plain(amount):,}",
                element="Line.Amount",
            )
    line_id = identify(line, before, lines)
    known: Json = before.get(line_id, {}).get("SalesItemLineDetail", {})
    item_reference = detail.get("ItemRef")
    if item_reference is None:
        detail = {"ItemRef": default_item(books), **detail}
    elif item_reference["value"] != SHIPPING_ITEM:
        item = books.refer("Item", item_reference, was=known.get("ItemRef")).document
        if item["Type"] == "Inventory":
            check_stock(item, quantity, lines.date)
    if "ClassRef" in detail:
        settle_tracking(books, detail, known)
    number = len(lines.items) + 1
    if "Description" in line and "LinkedTxn" not in line:
        return {
            "Id": line_id,
            "LineNum": number,
            "Description": line["Description"],
            "Amount": amount,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }
    return _arranged(line, line_id, number, detail)


Member = Callable[[Json, dict[str, Json], Lines], Json]


def read_group(
    books: Books, line: Json, before: dict[str, Json], lines: Lines, kind: str, member: Member, is_numbered: bool = True
) -> Json:
    """A bundle: the lines in it are lines like any other, and their sum is its amount.

    :param kind: the lines that may be in it.
    :param member: reads one of them, as it would stand alone.
    """
    line_id = identify(line, before, lines)
    known = {one["Id"]: one for one in members_of(before.get(line_id, {}))}
    bundle, given = settle_group(books, line, kind)
    inside = Lines(last_id=lines.last_id, date=lines.date)
    for one in given:
        if one.get("DetailType") != kind:
            told = one.get("DetailType", "a line without DetailType")
            raise Fault(
                "6440", f"Invalid Line Information : {told} cannot be part of a bundle.", element="Line.DetailType"
            )
        inside.items.append(member(one, known, inside))
    lines.last_id = inside.last_id
    result: Json = {"Id": line_id, "LineNum": len(lines.items) + 1} if is_numbered else {"Id": line_id}
    if "Description" in line:
        result["Description"] = line["Description"]
    result |= {"Amount": sum((one["Amount"] for one in inside.items), 0), "DetailType": GROUP}
    result[GROUP] = {**bundle, "Line": inside.items}
    return result


def _arranged(line: Json, line_id: str, number: int, detail: Json) -> Json:
    result: Json = {"Id": line_id, "LineNum": number}
    for name in ("Description", "Amount", "LinkedTxn", "DetailType"):
        if name in line:
            result[name] = line[name]
    result["SalesItemLineDetail"] = detail
    return result


def check_stock(item: Json, quantity: Decimal | int | None, date: str) -> None:
    """Inventory needs a quantity, and a date on which it was already kept."""
    if quantity is None:
        raise Fault("6520", f"A quantity is required for the inventory item {item['Name']}.", element="Line.Qty")
    if date < item["InvStartDate"]:
        raise Fault("6270", "Transaction date is prior to start date for inventory item", element="TxnDate")


def default_item(books: Books) -> Json:
    """The item that QBO puts on a line that names none: Services, or the oldest item."""
    row = books.database.execute(
        "select id, name from objects where company = ? and entity = 'Item' and active = 1 "
        "order by name = 'Services' desc, id limit 1",
        (books.company.key,),
    ).fetchone()
    if row is None:
        raise missing("Line.SalesItemLineDetail.ItemRef")
    return {"value": str(row[0]), "name": row[1]}


def _description_line(line: Json, before: dict[str, Json], lines: Lines) -> Json:
    result: Json = {"Id": identify(line, before, lines), "LineNum": len(lines.items) + 1}
    if "Description" in line:
        result["Description"] = line["Description"]
    result["DetailType"] = "DescriptionOnly"
    result["DescriptionLineDetail"] = line.get("DescriptionLineDetail", {})
    return result


def _settle_discount(books: Books, lines: Lines) -> None:
    given = lines.discount or {}
    if not books.company.preferences["AllowDiscount"]:
        raise Fault("5030", "Feature Not Supported Error : Discounts are not enabled for this company.")
    detail: Json = dict(given.get("DiscountLineDetail", {}))
    percent = detail.get("DiscountPercent")
    if detail.get("PercentBased"):
        if percent is None:
            raise Fault(
                "6090", "DiscountPercent is required when PercentBased is true.", element="Line.DiscountLineDetail"
            )
        if not 0 <= percent <= HUNDRED:
            raise Fault(
                "2150",
                f"Percent must be between 0 and 100. Supplied value:{percent}",
                element="Line.DiscountLineDetail",
            )
        amount = wire.money(Decimal(lines.subtotal) * percent / HUNDRED)
    elif given.get("Amount") is None:
        raise Fault(
            "6090",
            "A discount line needs an Amount, or PercentBased with a DiscountPercent.",
            element="Line.DiscountLineDetail",
        )
    else:
        amount = given["Amount"]
        detail["PercentBased"] = False
        detail.pop("DiscountPercent", None)
    if amount > max(lines.subtotal, 0):
        raise business("The discount amount can't be greater than the subtotal.")
    account = detail.get("DiscountAccountRef")
    if account is None:
        account = default_discount_account(books)
    else:
        books.refer("Account", account)
    ordered: Json = {"PercentBased": detail["PercentBased"]}
    for name, value in (("DiscountPercent", detail.get("DiscountPercent")), ("DiscountAccountRef", account)):
        if value is not None:
            ordered[name] = value
    lines.discount = {"Amount": amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": ordered}
    lines.discount_amount = amount


def default_discount_account(books: Books) -> Json | None:
    """The account that the company's preferences name for discounts."""
    row = books.database.execute(
        "select id, name from objects where company = ? and entity = 'Account' and active = 1 "
        "and name like 'Discounts given%' limit 1",
        (books.company.key,),
    ).fetchone()
    return {"value": str(row[0]), "name": row[1]} if row else None
