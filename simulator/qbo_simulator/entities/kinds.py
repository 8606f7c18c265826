"""What an entity type is: its name, shape, operations and which of its properties can be asked for in a query."""

from dataclasses import dataclass, field
from typing import Any, Literal

from qbo_simulator.entities.fields import Shape

ColumnType = Literal["id", "text", "amount", "number", "date", "moment", "bool", "reference"]
CREATE, READ, UPDATE, DELETE, VOID, SEND, PDF = "create", "read", "update", "delete", "void", "send", "pdf"
CDC = "cdc"


@dataclass(frozen=True, slots=True)
class Column:
    """One queryable property: an SQL expression over ``objects`` and the type of its values."""

    expression: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class EntityType:
    """One QBO entity as the generic operations need to know it."""

    name: str
    shape: Shape
    kind: Literal["transaction", "name", "list", "singleton", "file"]
    operations: frozenset[str]
    sequence: str
    columns: dict[str, Column] = field(default_factory=dict)
    label: str = ""
    reference_kind: str = ""
    name_field: str = ""
    name_space: str = ""
    default_order: str = "id"
    # Properties that change without an edit of the object: its balance, and the one with all that is below it.
    balance_field: str = ""
    family_field: str = ""
    # Operations that QBO has and the simulator has not: 501.
    refused: frozenset[str] = frozenset()
    in_cdc: bool = True
    # Whether its documents move money between accounts.
    posts: bool = False
    # Its name in JSON, where that is not the name of its path and of queries.
    json_name: str = ""
    # What its documents hold one of: templates stand inside the name of what is made from them.
    wraps: frozenset[str] = frozenset()

    @property
    def is_transaction(self) -> bool:
        """Transactions (and files) can be deleted; list entities can only be made inactive."""
        return self.kind in ("transaction", "file")

    @property
    def shown_as(self) -> str:
        """The name under which JSON holds it."""
        return self.json_name or self.name

    @property
    def is_volatile(self) -> bool:
        """Its balance and LastUpdatedTime move with the transactions of others."""
        return bool(self.balance_field)

    @property
    def hides_inactive(self) -> bool:
        """Queries leave inactive rows out unless they ask for them."""
        return self.kind in ("name", "list")


META_COLUMNS = {
    "Id": Column("id", "id"),
    "MetaData.CreateTime": Column("created", "moment"),
    "MetaData.LastUpdatedTime": Column("updated", "moment"),
}
LIST_COLUMNS = {**META_COLUMNS, "Name": Column("name", "text"), "Active": Column("active", "bool")}
EDITABLE = frozenset({CREATE, READ, UPDATE})
NEWEST_FIRST = "txn_date desc, id desc"


def body_of(entity: EntityType, document: Any) -> Any:
    """The part of a document or request that has the Id: itself, or what it wraps."""
    if not entity.wraps or not isinstance(document, dict):
        return document
    return next((document[name] for name in document if name in entity.wraps), {})


def stored(path: str, type: ColumnType) -> Column:
    """A property without a column of its own, taken out of the document."""
    return Column(f"json_extract(body, '$.{path}')", type)
