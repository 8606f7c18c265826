"""The mapping book: which QuickBooks customer, item and tax code a person chose for a billing key.

Looked up by id, never guessed: what the book does not hold is None, and the caller names the reason. Names, where
settings allow to match or create by them, are in :mod:`include.billing_sync.names` and exported here too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from include.billing_sync.documents import Line
from include.billing_sync.name_rules import customer_display_name, item_name, names_equal
from include.billing_sync.names import (
    Absent,
    Ambiguous,
    BillingNames,
    ItemNames,
    ListRow,
    Matched,
    QboNames,
    Target,
    match_customer,
    match_item,
)

__all__ = [
    "CATCH_ALL",
    "KINDS",
    "Absent",
    "Ambiguous",
    "BillingNames",
    "Coverage",
    "Excluded",
    "ItemNames",
    "Kind",
    "ListRow",
    "Mapped",
    "MappingBook",
    "MappingRow",
    "Matched",
    "QboNames",
    "Target",
    "customer_display_name",
    "item_name",
    "match_customer",
    "match_item",
    "names_equal",
]

Kind = Literal["customer", "category", "service", "subscription", "tax_code", "account"]
KINDS: tuple[Kind, ...] = ("customer", "category", "service", "subscription", "tax_code")
"""What people map, each in a file of its own. An ``account`` is kept beside them, once a run has created it for a setting."""

ACCOUNT: Kind = "account"
CATCH_ALL = "*"
"""The key of a kind's default row; subscriptions, categories and tax codes may have one."""


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One row of the book. An excluded customer is never synchronised, which is not the same as not yet mapped."""

    kind: Kind
    billing_key: str
    billing_name: str | None = None
    qbo_id: str | None = None
    qbo_name: str | None = None
    is_excluded: bool = False

    @property
    def target(self) -> Target | None:
        """What the row points to; None for an excluded key."""
        if self.is_excluded or self.qbo_id is None or self.qbo_name is None:
            return None
        return Target(self.qbo_id, self.qbo_name)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A person chose this QuickBooks customer."""

    target: Target


@dataclass(frozen=True, slots=True)
class Excluded:
    """A person said: never sync this customer (a house or test account)."""

    customer_id: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many keys of one kind lead to how many QuickBooks items. Equal numbers: the most detailed profit and loss."""

    keys: int
    targets: int
    shared: Mapping[str, tuple[str, ...]]
    """Item name → the keys that share it, where there are several."""


class MappingBook:
    """The rows of one realm, for looking up."""

    def __init__(self, rows: Iterable[MappingRow]) -> None:
        """Index the rows. Raises ValueError when a key is in the book twice."""
        self._rows: dict[Kind, dict[str, MappingRow]] = {kind: {} for kind in (*KINDS, ACCOUNT)}
        for row in rows:
            if row.billing_key in self._rows[row.kind]:
                raise ValueError(f"the mapping book holds {row.kind} {row.billing_key!r} twice")
            self._rows[row.kind][row.billing_key] = row

    def rows(self, kind: Kind) -> list[MappingRow]:
        """All rows of a kind, sorted by key."""
        return [self._rows[kind][key] for key in sorted(self._rows[kind])]

    def target(self, kind: Kind, key: str | None) -> Target | None:
        """What the key itself points to, without any default."""
        row = self._rows[kind].get(key) if key is not None else None
        return row.target if row is not None else None

    def customer(self, customer_id: str | None) -> Mapped | Excluded | None:
        """What a person decided for the customer; None when nothing is decided yet."""
        row = self._rows["customer"].get(customer_id) if customer_id is not None else None
        if row is None:
            return None
        target = row.target
        return Excluded(row.billing_key) if target is None else Mapped(target)

    def item(self, line: Line) -> Target | None:
        """The item of a line: its subscription's, its service's, its category's; then the defaults ``*``.

        The default of subscriptions serves lines with a subscription, that of categories lines with a category.
        """
        own = (
            self.target("subscription", line.subscription_id)
            or self.target("service", line.service_id)
            or self.target("category", line.category)
        )
        if own is not None:
            return own
        return (self.target("subscription", CATCH_ALL) if line.subscription_id is not None else None) or (
            self.target("category", CATCH_ALL) if line.category is not None else None
        )

    def tax_code(self, code: str | None) -> Target | None:
        """What a billing tax code points to, or the default ``*``. No code is no mapping, whatever the default."""
        if code is None:
            return None
        return self.target("tax_code", code) or self.target("tax_code", CATCH_ALL)

    def customers_by_qbo_id(self) -> dict[str, str]:
        """QBO customer id → billing id (the first where several share one): what a name match must not take."""
        taken: dict[str, str] = {}
        for row in self.rows("customer"):
            if row.target is not None:
                taken.setdefault(row.target.qbo_id, row.billing_key)
        return taken

    def settled_customers(self) -> frozenset[str]:
        """The customers on which a person has decided: mapped or excluded."""
        return frozenset(self._rows["customer"])

    def coverage(self, kind: Kind = "category") -> Coverage:
        """How detailed the profit and loss will be, and which keys share an item."""
        keys_of: dict[Target, list[str]] = defaultdict(list)
        for row in self.rows(kind):
            if row.target is not None and row.billing_key != CATCH_ALL:
                keys_of[row.target].append(row.billing_key)
        shared = {target.name: tuple(keys) for target, keys in keys_of.items() if len(keys) > 1}
        return Coverage(sum(len(keys) for keys in keys_of.values()), len(keys_of), shared)
