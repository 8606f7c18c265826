"""Addresses on names, documents and locations."""

from qbo_simulator.books import Books
from qbo_simulator.wire import Json


def number_address(books: Books, document: Json, old: Json | None, field: str) -> None:
    """An address gets an Id of its own and, not being looked up on a map, the coordinates INVALID."""
    address = document.get(field)
    if not address or "Id" in address:
        return
    before = (old or {}).get(field, {})
    if {name: value for name, value in before.items() if name not in ("Id", "Lat", "Long")} == address:
        document[field] = before
        return
    document[field] = {"Id": str(books.next_id("addresses")), **address, "Lat": "INVALID", "Long": "INVALID"}
