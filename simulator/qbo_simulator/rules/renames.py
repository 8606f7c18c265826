"""QBO resolves references when it prints: after a rename, old documents show the new name."""

from typing import Any

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.entities.registry import ENTITIES

REFERRING_PROPERTIES = {
    "Customer": ("CustomerRef", "EntityRef", "Entity"),
    "Vendor": ("VendorRef", "EntityRef", "Entity"),
    "Employee": ("EmployeeRef", "EntityRef", "Entity"),
    "Class": ("ClassRef",),
    "Department": ("DepartmentRef",),
    "Item": ("ItemRef", "ParentRef", "GroupItemRef"),
    "Account": (
        "AccountRef",
        "AdjustAccountRef",
        "ItemAccountRef",
        "IncomeAccountRef",
        "ExpenseAccountRef",
        "AssetAccountRef",
        "DepositToAccountRef",
        "DiscountAccountRef",
        "APAccountRef",
        "BankAccountRef",
        "CCAccountRef",
        "CreditCardAccountRef",
        "FromAccountRef",
        "ToAccountRef",
    ),
    "Term": ("SalesTermRef", "TermRef"),
    "PaymentMethod": ("PaymentMethodRef",),
}

# Forms of a customer have it in a column of their own; on others it may stand on any line.
SALES = tuple(name for name, entity in ENTITIES.items() if entity.is_transaction and "CustomerRef" in entity.columns)
OTHERS = tuple(name for name, entity in ENTITIES.items() if entity.is_transaction and name not in SALES)


def rename_in_references(books: Books, record: Record) -> None:
    """Write the new name into every document that refers to the object, without touching SyncToken or LastUpdatedTime."""
    properties = REFERRING_PROPERTIES.get(record.entity.name, ())
    if not properties:
        return
    condition, values = _candidates(record, properties)
    rows = books.database.execute(
        f"select rowid, body from objects where company = ? and {condition}",  # noqa: S608 - built from constants
        (books.company.key, *values),
    ).fetchall()
    for row_id, body in rows:
        document = wire.parse(body)
        if _rename(document, properties, str(record.id), record.shown):
            books.database.execute("update objects set body = ? where rowid = ?", (wire.encode(document), row_id))
    books.cache.clear()


def _candidates(record: Record, properties: tuple[str, ...]) -> tuple[str, list[Any]]:
    on_lines, patterns = anywhere(record, properties)
    if record.entity.name == "Customer":
        own, others = (",".join("?" * len(names)) for names in (SALES, OTHERS))
        return (
            f"deleted = 0 and ((entity in ({own}) and customer = ?) or (entity in ({others}) and {on_lines}))",
            [*SALES, record.id, *OTHERS, *patterns],
        )
    return on_lines, patterns


def anywhere(record: Record, properties: tuple[str, ...]) -> tuple[str, list[str]]:
    """Condition and values that find the documents which refer to an object, wherever in them."""
    patterns = [f'%"{name}":{{"value":"{record.id}",%' for name in properties]
    return "(" + " or ".join("body like ?" for _ in patterns) + ")", patterns


def _rename(node: Any, properties: tuple[str, ...], id: str, name: str) -> bool:
    changed = False
    if isinstance(node, dict):
        for key, value in node.items():
            if key in properties and isinstance(value, dict) and value.get("value") == id and "name" in value:
                value["name"] = name
                changed = True
            else:
                changed |= _rename(value, properties, id, name)
    elif isinstance(node, list):
        for entry in node:
            changed |= _rename(entry, properties, id, name)
    return changed
