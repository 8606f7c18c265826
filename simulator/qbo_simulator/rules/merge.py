"""Merging two names of a list, as a person does in QuickBooks by giving one the name of the other."""

from typing import Any

from qbo_simulator import wire
from qbo_simulator.books import Books, Record
from qbo_simulator.errors import business
from qbo_simulator.rules.lists import DELETED
from qbo_simulator.rules.renames import OTHERS, REFERRING_PROPERTIES, anywhere


def merge(books: Books, source: Record, target: Record) -> None:
    """All documents of ``source`` now belong to ``target``; ``source`` is inactive and its name free."""
    if source.entity.kind != "name" or source.id == target.id:
        raise business("Only two different customers, vendors or employees can be merged.")
    if source.document.get("CurrencyRef") != target.document.get("CurrencyRef"):
        raise business("Names of different currencies cannot be merged.")
    properties = (*REFERRING_PROPERTIES[source.entity.name], "ParentRef")
    marks = ",".join("?" * len(OTHERS))
    on_lines, patterns = anywhere(source, properties)
    rows = books.database.execute(
        "select rowid, body from objects where company = ? and deleted = 0 "  # noqa: S608 - built from constants
        f"and (customer = ? or parent = ? or (entity in ({marks}) and {on_lines}))",
        (books.company.key, source.id, source.id, *OTHERS, *patterns),
    ).fetchall()
    for row_id, body in rows:
        document = wire.parse(body)
        _point(document, properties, str(source.id), target)
        books.database.execute(
            "update objects set body = ?, customer = iif(customer = ?, ?, customer), parent = iif(parent = ?, ?, parent), "
            "updated = ? where rowid = ?",
            (wire.encode(document), source.id, target.id, source.id, target.id, books.now, row_id),
        )
    row = books.row(source.entity, source.id)
    balance = (row[6] if row else 0) or 0
    books.touch(source.entity.name, source.id, -balance)
    books.touch(target.entity.name, target.id, balance)
    _retire(books, source)
    books.cache.clear()


def _point(node: Any, properties: tuple[str, ...], old_id: str, target: Record) -> None:
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _point(value, properties, old_id, target)
    if isinstance(node, dict):
        for name in properties:
            reference = node.get(name)
            if isinstance(reference, dict) and reference.get("value") == old_id:
                node[name] = {**reference, "value": str(target.id)}
                if "name" in reference:
                    node[name]["name"] = target.name


def _retire(books: Books, source: Record) -> None:
    document = dict(source.document)
    for name in (source.entity.name_field, "FullyQualifiedName"):
        if name in document:
            document[name] += DELETED
    document["Active"] = False
    books.database.execute(
        "delete from names where company = ? and space = ? and entity = ? and id = ?",
        (books.company.key, source.entity.name_space, source.entity.name, source.id),
    )
    books.replace(source, document)
