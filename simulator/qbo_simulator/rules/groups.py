"""Bundles on sales forms and purchases: one line that holds the lines of the items in it."""

from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.errors import Fault, missing
from qbo_simulator.wire import Json

GROUP = "GroupLineDetail"
# The item's price and tax code for each kind of line.
PRICES = {
    "SalesItemLineDetail": ("UnitPrice", "SalesTaxCodeRef"),
    "ItemBasedExpenseLineDetail": ("PurchaseCost", "PurchaseTaxCodeRef"),
}


def members_of(line: Json) -> list[Json]:
    """The lines inside a bundle; none for other lines."""
    members: list[Json] = line.get(GROUP, {}).get("Line", [])
    return members


def settle_group(books: Books, line: Json, kind: str) -> tuple[Json, list[Json]]:
    """What a bundle's line says of itself, and the lines in it: those given, else those of the bundle at their prices."""
    detail: Json = line.get(GROUP) or {}
    if "GroupItemRef" not in detail:
        raise missing("Line.GroupLineDetail.GroupItemRef")
    item = books.refer("Item", detail["GroupItemRef"])
    if item.document["Type"] != "Group":
        raise Fault("6440", f"Invalid Line Information : {item.name} is not a bundle.", element="GroupItemRef")
    quantity = detail.get("Quantity", 1)
    kept = {"GroupItemRef": detail["GroupItemRef"], "Quantity": quantity}
    if "ServiceDate" in detail:
        kept["ServiceDate"] = detail["ServiceDate"]
    return kept, detail.get("Line") or _parts(books, item, quantity, kind)


def _parts(books: Books, bundle: Record, quantity: Decimal | int, kind: str) -> list[Json]:
    price_field, code_field = PRICES[kind]
    lines = []
    for part in bundle.document["ItemGroupDetail"]["ItemGroupLine"]:
        item = books.get(ENTITIES["Item"], int(part["ItemRef"]["value"])).document
        price, count = item.get(price_field, 0), part.get("Qty", 1) * quantity
        detail: Json = {"ItemRef": {"value": part["ItemRef"]["value"]}, "UnitPrice": price, "Qty": wire.plain(count)}
        if books.company.is_us:
            detail["TaxCodeRef"] = {"value": "TAX" if item.get("Taxable") else "NON"}
        elif code_field in item:
            detail["TaxCodeRef"] = {"value": item[code_field]["value"]}
        line: Json = {"Amount": wire.money(Decimal(price) * count), "DetailType": kind}
        if "Description" in item:
            line["Description"] = item["Description"]
        lines.append({**line, kind: detail})
    return lines
