"""Inventory adjustments: what a count found more or less than the books, against an account that takes the difference."""

from qbo_simulator.books import Books, Record
from qbo_simulator.entities.stock import ADJUSTMENT_DETAIL
from qbo_simulator.errors import Fault, business, missing
from qbo_simulator.openlines import CONTROL
from qbo_simulator.rules.lines import Lines, check_stock, identify
from qbo_simulator.wire import Json

DETAIL = "ItemAdjustmentLineDetail"


def settle_adjustment(books: Books, document: Json, record: Record | None) -> int:
    """Lines of items of which stock is kept, each with a difference; the account is in the home currency and in nobody's name."""
    old = record.document if record else {}
    account = books.refer("Account", document["AdjustAccountRef"], was=old.get("AdjustAccountRef"))
    home = books.company.home_currency
    is_home = account.document.get("CurrencyRef", {}).get("value", home) == home
    if account.document["AccountType"] in CONTROL or not is_home:
        raise Fault("6430", f"Invalid Account Type used : {account.name}", element="AdjustAccountRef")
    given = document.get("Line")
    if not given:
        raise missing("Line")
    before = {line["Id"]: line for line in old.get("Line", ())}
    lines = Lines(last_id=record.last_line if record else 0, date=document["TxnDate"])
    for line in given:
        lines.items.append(_line(books, line, before, lines))
    document["Line"] = lines.items
    return lines.last_id


def _line(books: Books, line: Json, before: dict[str, Json], lines: Lines) -> Json:
    detail = line.get(DETAIL)
    if detail is None:
        raise missing(f"Line.{DETAIL}")
    for name in ("ItemRef", "QtyDiff"):
        if name not in detail:
            raise missing(f"Line.{DETAIL}.{name}")
    line_id = identify(line, before, lines)
    known: Json = before.get(line_id, {}).get(DETAIL, {})
    item = books.refer("Item", detail["ItemRef"], was=known.get("ItemRef"))
    if item.document["Type"] != "Inventory":
        raise business(f"The quantity of {item.name} is not tracked.", "ItemRef")
    check_stock(item.document, detail["QtyDiff"], lines.date)
    result: Json = {"Id": line_id, "LineNum": len(lines.items) + 1}
    if "Description" in line:
        result["Description"] = line["Description"]
    return result | {"DetailType": DETAIL, DETAIL: ADJUSTMENT_DETAIL.arrange(detail)}
