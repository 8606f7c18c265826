"""What the accountant does in QuickBooks itself, through the same rules as the API."""

from typing import Any

from qbo_simulator import operations, wire
from qbo_simulator.books import Books
from qbo_simulator.entities.kinds import CREATE, DELETE, SEND, UPDATE, VOID, EntityType
from qbo_simulator.entities.registry import BY_FOLDED_NAME, ENTITIES
from qbo_simulator.errors import not_found
from qbo_simulator.rules import ITEMS
from qbo_simulator.rules.merge import merge
from qbo_simulator.wire import Json
from qbo_simulator.world import World

DEEDS: dict[str, tuple[str, ...]] = {
    "create": ("entity", "values"),
    "edit": ("entity", "id", "changes"),
    "delete": ("entity", "id"),
    "void": ("entity", "id"),
    "send": ("entity", "id", "to"),
    "deactivate": ("entity", "id"),
    "activate": ("entity", "id"),
    "merge": ("entity", "id", "into"),
    "receive_payment": ("customer", "amount", "invoices", "date"),
    "close_books": ("date",),
}


class UnknownDeed(ValueError):
    """The accountant does not know how."""


def act(world: World, books: Books, wanted: Json) -> Json:
    """Do one deed; returns what QuickBooks holds afterwards. Faults are raised as for any client."""
    deed = wanted.get("do", "")
    if deed not in DEEDS:
        raise UnknownDeed(f"'do' must be one of: {', '.join(DEEDS)}")
    if unknown := sorted(set(wanted) - {"do", "realm_id", *DEEDS[deed]}):
        raise UnknownDeed(f"{deed} takes {', '.join(DEEDS[deed])}; not {unknown[0]!r}")
    if deed == "close_books":
        books.company.preferences["BookCloseDate"] = wanted.get("date")
        world.save_company(books.company)
        return {"BookCloseDate": wanted.get("date")}
    if deed == "receive_payment":
        return _receive(books, wanted)
    entity = BY_FOLDED_NAME.get(str(wanted.get("entity", "")).lower())
    if entity is None:
        raise UnknownDeed(f"no entity {wanted.get('entity')!r}")
    if deed == "create" and entity.name == "Item" and wanted.get("values", {}).get("Type") == "Group":
        return {"Item": wire.parse(ITEMS.create_bundle(books, wanted["values"]).text)}
    if deed == "create":
        return _done(operations.write(books, entity, CREATE, wanted.get("values", {})))
    if deed == "merge":
        return _merged(books, entity, wanted)
    return _done(_change(books, entity, deed, wanted))


def _done(outcome: operations.Outcome) -> Json:
    result: Json = wire.parse(outcome.text)
    return result


def _current(books: Books, entity: EntityType, id: Any) -> Json:
    row = books.row(entity, int(str(id)))
    if row is None or row[5]:
        raise not_found()
    return {"Id": str(row[0]), "SyncToken": str(row[1])}


def _change(books: Books, entity: EntityType, deed: str, wanted: Json) -> operations.Outcome:
    body = _current(books, entity, wanted.get("id"))
    if deed == "edit":
        return operations.write(books, entity, UPDATE, {**wanted.get("changes", {}), **body, "sparse": True})
    if deed in ("activate", "deactivate"):
        return operations.write(books, entity, UPDATE, {**body, "sparse": True, "Active": deed == "activate"})
    if deed == "send":
        return operations.write(books, entity, SEND, body, send_to=wanted.get("to"))
    return operations.write(books, entity, DELETE if deed == "delete" else VOID, body)


def _receive(books: Books, wanted: Json) -> Json:
    """A payment over ``amount`` on the invoices named, in their order; without names on the oldest open ones."""
    customer = int(str(wanted.get("customer")))
    invoices = wanted.get("invoices")
    if invoices is None:
        rows = books.database.execute(
            "select id from objects where company = ? and entity = 'Invoice' and deleted = 0 and customer = ? and +balance > 0 "
            "order by txn_date, id",
            (books.company.key, customer),
        ).fetchall()
        invoices = [row[0] for row in rows]
    left = wire.decode(str(wanted.get("amount", "0")).encode())
    payment: Json = {"CustomerRef": {"value": str(customer)}, "TotalAmt": left, "Line": []}
    if wanted.get("date"):
        payment["TxnDate"] = wanted["date"]
    if books.company.is_multicurrency:
        payment["CurrencyRef"] = books.get(ENTITIES["Customer"], customer).document["CurrencyRef"]
    for number in invoices:
        applied = min(left, books.get(ENTITIES["Invoice"], int(str(number))).document["Balance"])
        if applied > 0:
            payment["Line"].append({"Amount": applied, "LinkedTxn": [{"TxnId": str(number), "TxnType": "Invoice"}]})
            left -= applied
    return _done(operations.write(books, ENTITIES["Payment"], CREATE, payment))


def _merged(books: Books, entity: EntityType, wanted: Json) -> Json:
    source, target = (books.get(entity, int(str(wanted.get(name)))) for name in ("id", "into"))
    merge(books, source, target)
    books.note(entity.name, target.id, "Merge", source.id)
    return {entity.name: wire.parse(books.text(entity, target.id)), "merged_away": str(source.id)}
