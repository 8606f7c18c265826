"""Stock: how much of each inventory item is on hand, and what the sold part of it had cost, first in first out.

Every document that buys or sells an inventory item leaves a row per line. From the rows of one item, in the order of their days,
follow its quantity and its cost; both are worked out anew for every item that a document touches, as QBO does when the past is
changed.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.wire import Json

# What comes in (1) or goes out (-1) with a document.
DIRECTIONS = {
    "Invoice": -1,
    "SalesReceipt": -1,
    "CreditMemo": 1,
    "RefundReceipt": 1,
    "Bill": 1,
    "Purchase": 1,
    "VendorCredit": -1,
}
BOUGHT = "ItemBasedExpenseLineDetail"
COUNTED = "InventoryAdjustment"
ITEM = ENTITIES["Item"]
# The item's own row: what there was on its first day.
START = ITEM.name
# Why something left: the day, and the id of the adjustment that said so (0 where it was sold).
Cause = tuple[str, int]


@dataclass(slots=True)
class Shelf:
    """What lies on the shelf, oldest first, as [quantity, cents]; and what left before it was bought, as [quantity, why]."""

    unit_cents: Decimal
    layers: deque[tuple[Decimal, int]] = field(default_factory=deque)
    owed: deque[tuple[Decimal, Cause]] = field(default_factory=deque)
    # Cents that went from the asset to the cost of goods sold, or to the account of an adjustment.
    cost: dict[Cause, int] = field(default_factory=dict)

    def take_in(self, quantity: Decimal, cents: int | None, why: Cause) -> None:
        """Goods arrive; without ``cents`` they come back from a customer or were found, at the cost of the last ones."""
        if cents is None:
            cents = _whole(self.unit_cents * quantity)
            self._spend(why, -cents)
        elif quantity:
            self.unit_cents = Decimal(cents) / quantity
        while self.owed and quantity:
            wanted, gone_for = self.owed.popleft()
            used = min(wanted, quantity)
            part = _whole(Decimal(cents) * used / quantity)
            self._spend(gone_for, part)
            quantity, cents = quantity - used, cents - part
            if wanted > used:
                self.owed.appendleft((wanted - used, gone_for))
        if quantity or cents:
            self.layers.append((quantity, cents))

    def take_out(self, quantity: Decimal, credit: int | None, why: Cause) -> None:
        """Goods leave; ``credit`` is what a vendor gives back for them, else they were sold or are missing."""
        self._spend(why, -(credit or 0))
        while quantity and self.layers:
            held, cents = self.layers.popleft()
            used = min(held, quantity)
            part = _whole(Decimal(cents) * used / held) if held else cents
            if used:
                self.unit_cents = Decimal(part) / used
            self._spend(why, part)
            quantity -= used
            if held > used:
                self.layers.appendleft((held - used, cents - part))
        if quantity:
            self.owed.append((quantity, why))

    def close(self) -> None:
        """What was sold and never bought is valued at the last cost known."""
        for quantity, why in self.owed:
            self._spend(why, _whole(self.unit_cents * quantity))

    def _spend(self, why: Cause, cents: int) -> None:
        if cents:
            self.cost[why] = self.cost.get(why, 0) + cents


def _whole(cents: Decimal) -> int:
    return wire.cents(wire.money(cents.scaleb(-2)))


def is_kept(books: Books) -> bool:
    """Whether the company has inventory at all."""
    found = books.database.execute(
        "select 1 from objects where company = ? and entity = 'Item' and json_extract(body, '$.Type') = 'Inventory' limit 1",
        (books.company.key,),
    ).fetchone()
    return found is not None


def movements(books: Books, name: str, document: Json) -> Iterator[tuple[int, Decimal, int | None]]:
    """Item, quantity (what goes out is negative) and, of what is bought, its cents in the home currency."""
    if name == COUNTED:
        yield from _counted(document)
    direction = DIRECTIONS.get(name, 0)
    if not direction or not document:
        return
    way = -direction if document.get("Credit") else direction
    rate = Decimal(document.get("ExchangeRate", 1))
    for line in flat(document["Line"]):
        detail = line.get("SalesItemLineDetail") or line.get(BOUGHT) or {}
        quantity, number = Decimal(detail.get("Qty", 0)), detail.get("ItemRef", {}).get("value", "")
        item = books.find(ITEM, int(number)) if quantity and number.isdecimal() else None
        if item is not None and item.document["Type"] == "Inventory":
            cents = wire.cents(wire.money(line["Amount"] * rate)) if BOUGHT in line else None
            yield item.id, way * quantity, cents


def _counted(adjustment: Json) -> Iterator[tuple[int, Decimal, None]]:
    for detail in (line["ItemAdjustmentLineDetail"] for line in adjustment.get("Line", ())):
        if detail["QtyDiff"]:
            yield int(detail["ItemRef"]["value"]), Decimal(detail["QtyDiff"]), None


def flat(lines: list[Json]) -> Iterator[Json]:
    """All lines, those inside a bundle behind it."""
    for line in lines:
        yield line
        yield from line.get("GroupLineDetail", {}).get("Line", ())


def follow(books: Books, name: str, id: int, document: Json) -> set[int]:
    """Replace the rows of one document; returns the items that it touched before or touches now."""
    key = (books.company.key, name, id)
    touched = {item for (item,) in books.database.execute(f"select item {_OF_DOCUMENT}", key)}
    books.database.execute(f"delete {_OF_DOCUMENT}", key)
    for item, quantity, cents in list(movements(books, name, document)):
        open_shelf(books, books.get(ITEM, item))
        _add(books, name, id, item, document["TxnDate"], quantity, cents)
        touched.add(item)
    return touched


_OF_DOCUMENT = "from stock where company = ? and entity = ? and id = ?"


def _add(books: Books, name: str, id: int, item: int, day: str, quantity: Decimal, cents: int | None) -> None:
    books.database.execute(
        "insert into stock (company, entity, id, item, txn_date, quantity, cents) values (?, ?, ?, ?, ?, ?, ?)",
        (books.company.key, name, id, item, day, str(quantity), cents),
    )


def open_shelf(books: Books, item: Record) -> bool:
    """Note once what there was of an item on its first day; returns whether that was new."""
    key = (books.company.key, START, item.id)
    if books.database.execute(f"select 1 {_OF_DOCUMENT}", key).fetchone():
        return False
    quantity = Decimal(item.document.get("QtyOnHand", 0))
    cents = _whole(quantity * Decimal(item.document.get("PurchaseCost", 0)).scaleb(2))
    _add(books, START, item.id, item.id, item.document["InvStartDate"], quantity, cents)
    return True


def value(books: Books, item_id: int) -> tuple[int, str, dict[Cause, int]]:
    """Work an item out anew and store its quantity: cents on its first day, that day, and the cost of what left by its cause."""
    item = books.get(ITEM, item_id)
    rows = books.database.execute(
        "select entity = 'Item' as is_start, txn_date, iif(entity = 'InventoryAdjustment', id, 0), quantity, cents "
        "from stock where company = ? and item = ? "
        "order by is_start desc, txn_date, entity in ('Bill', 'Purchase') desc, rowid",
        (books.company.key, item_id),
    ).fetchall()
    shelf, on_hand = Shelf(Decimal(item.document.get("PurchaseCost", 0)).scaleb(2)), Decimal(0)
    for _is_start, day, adjustment, text, cents in rows:
        quantity = Decimal(text)
        on_hand += quantity
        if quantity < 0:
            shelf.take_out(-quantity, cents, (day, adjustment))
        else:
            shelf.take_in(quantity, cents, (day, adjustment))
    shelf.close()
    if item.document["QtyOnHand"] != on_hand:
        books.replace(item, {**item.document, "QtyOnHand": wire.plain(on_hand)}, bump=False)
    _is_start, first_day, _adjustment, _quantity, opening = rows[0]
    return opening, first_day, shelf.cost
