"""Whose name is it: the QuickBooks customer or item that a billing name certainly means, certainly none, or a stop.

QuickBooks keeps one namespace for customers, vendors and employees and does not tell upper from lower case in it.
Billing knows no such rule; so whatever is not certain is a stop with its cause, and never a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from include.billing_sync.documents import Customer
from include.billing_sync.name_rules import cleaned_name, customer_display_name, item_name, name_key, names_equal

LONGEST_SHOWN = 48
DELETED_SUFFIX = " (deleted)"
"""What QuickBooks appends to the name of an entry that was made inactive, which frees the name."""


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of a QuickBooks list."""

    qbo_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """One entry of the reference cache.

    ``kind`` is an item's Type or an account's AccountType; ``full_name`` begins with the parents.
    """

    entity: str
    qbo_id: str
    name: str
    full_name: str | None = None
    is_active: bool = True
    currency: str | None = None
    parent_id: str | None = None
    kind: str | None = None

    @property
    def target(self) -> Target:
        """The entry as a mapping names it."""
        return Target(self.qbo_id, self.name)

    def has_name(self, name: str) -> bool:
        """Whether ``name`` is its name, alone or with its parents ("Design:Fountains")."""
        return name in (self.name, self.full_name)


@dataclass(frozen=True, slots=True)
class Matched:
    """Certainly this entry. ``note`` says what is worth showing, such as a difference of case."""

    target: Target
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A stop: ``why`` names both sides, and nothing is linked or created before a person has decided."""

    why: str


@dataclass(frozen=True, slots=True)
class Absent:
    """QuickBooks holds no such name. ``name`` is the one to create, ``changes`` how it differs from billing's."""

    name: str
    changes: tuple[str, ...] = ()


class QboNames:
    """The shared namespace of customers, vendors and employees, as last read."""

    def __init__(self, rows: Iterable[ListRow]) -> None:
        """Index the rows; rows of other entities are left out."""
        self._rows: dict[str, list[ListRow]] = defaultdict(list)
        for row in rows:
            if row.entity in ("Customer", "Vendor", "Employee"):
                self._rows[name_key(row.name)].append(row)
                if not row.is_active and row.entity == "Customer" and row.name.endswith(DELETED_SUFFIX):
                    self._rows[name_key(row.name.removesuffix(DELETED_SUFFIX))].append(row)

    def find(self, *names: str) -> list[ListRow]:
        """The entries that bear one of the names, each once, active ones first."""
        found = {(row.entity, row.qbo_id): row for name in names for row in self._rows.get(name_key(name), ())}
        return sorted(found.values(), key=lambda row: (not row.is_active, row.entity, row.qbo_id))


class BillingNames:
    """The names that billing's customers would bear in QuickBooks.

    ``settled`` are the customers that need no name any more, because they are mapped, linked or excluded: no rivals.
    """

    def __init__(
        self, customers: Iterable[tuple[str, str]], name_length: int = 100, settled: Collection[str] = ()
    ) -> None:
        """Index pairs of billing id and name."""
        self._name_length = name_length
        self._bearers: dict[str, dict[str, str]] = defaultdict(dict)
        for customer_id, name in customers:
            if customer_id not in settled:
                self._bearers[name_key(customer_display_name(name, name_length)[0])][customer_id] = name

    def rivals(self, customer_id: str, name: str) -> dict[str, str]:
        """Id and billing name of every other unsettled customer that would bear the same name in QuickBooks."""
        bearers = self._bearers.get(name_key(customer_display_name(name, self._name_length)[0]), {})
        return {other: its_name for other, its_name in sorted(bearers.items()) if other != customer_id}


def match_customer(
    customer: Customer,
    names: QboNames,
    billing: BillingNames,
    taken: Mapping[str, str],
    currency: str | None,
    name_length: int = 100,
) -> Matched | Ambiguous | Absent:
    """Whose name a billing customer bears in QuickBooks (DESIGN.md section 5, rule 9).

    :param taken: QBO customer id → billing id of every QuickBooks customer that is linked or mapped.
    :param currency: the currency of the customer's documents; None where the company keeps one currency only.
    """
    wanted, changes = customer_display_name(customer.name, name_length)
    if not wanted:
        return Ambiguous(
            f"nothing of the name {customer.name!r} of customer {customer.customer_id} can be written in QuickBooks"
        )
    rivals = billing.rivals(customer.customer_id, customer.name)
    if rivals:
        alike = {customer.customer_id: customer.name, **rivals}
        shown = ", ".join(f"{key} {_in_short(name)!r}" for key, name in alike.items())
        return Ambiguous(f"customers {', '.join(alike)} of billing would bear one name in QuickBooks: {shown}")
    whole, _ = cleaned_name(customer.name)
    rows = [row for row in names.find(wanted, whole) if _is_in_the_way(row, wanted, whole)]
    if not rows:
        return Absent(wanted, changes)
    return _only_customer(customer, rows, taken, currency)


def _in_short(name: str) -> str:
    """Beginning and end of a name: what tells two long ones apart is often the end, and a detail has little room."""
    return name if len(name) <= LONGEST_SHOWN else f"{name[:25]}…{name[-20:]}"


def _is_in_the_way(row: ListRow, *names: str) -> bool:
    """A vendor's or employee's name that was freed is in nobody's way; a customer's is, because a person retired it."""
    return row.entity == "Customer" or any(names_equal(row.name, name) for name in names)


def _only_customer(
    customer: Customer, rows: list[ListRow], taken: Mapping[str, str], currency: str | None
) -> Matched | Ambiguous:
    for row in rows:
        if row.entity != "Customer":
            return Ambiguous(
                f"{row.name!r} is the name of {_article(row.entity)} in QuickBooks (id {row.qbo_id}), names are shared"
            )
    active = [row for row in rows if row.is_active]
    if not active:
        return Ambiguous(
            f"the QuickBooks customer {_called(rows[0])} is inactive: make it active again, or map the customer"
        )
    if len(active) > 1:
        return Ambiguous("several QuickBooks customers fit the name: " + ", ".join(_called(row) for row in active))
    row = active[0]
    why = _why_not(row, customer, taken, currency)
    if why:
        return Ambiguous(why)
    return Matched(
        row.target, "" if row.name == customer.name else f"billing writes {customer.name!r}, QuickBooks {row.name!r}"
    )


def _why_not(row: ListRow, customer: Customer, taken: Mapping[str, str], currency: str | None) -> str | None:
    holder = taken.get(row.qbo_id)
    if holder is not None and holder != customer.customer_id:
        return f"the QuickBooks customer {_called(row)} belongs to billing customer {holder} already"
    if row.parent_id is not None:
        return f"{_called(row)} is a sub-customer in QuickBooks: map the customer if it is meant"
    if currency is not None and row.currency is not None and row.currency != currency:
        return f"the QuickBooks customer {_called(row)} is kept in {row.currency}, the documents are in {currency}"
    return None


class ItemNames:
    """The products and services of QuickBooks by name, as last read."""

    def __init__(self, rows: Iterable[ListRow]) -> None:
        """Index the rows; rows of other entities are left out."""
        self._exact: dict[str, dict[str, ListRow]] = defaultdict(dict)
        self._near: dict[str, dict[str, ListRow]] = defaultdict(dict)
        for row in rows:
            if row.entity == "Item":
                self._add(row)

    def _add(self, row: ListRow) -> None:
        for name in filter(None, (row.name, row.full_name)):
            plain = name if row.is_active else name.removesuffix(DELETED_SUFFIX)
            self._exact[plain][row.qbo_id] = row
            self._near[name_key(plain)][row.qbo_id] = row

    def exact(self, name: str) -> list[ListRow]:
        """The items of exactly this name, to the letter; active ones first."""
        return sorted(self._exact.get(name, {}).values(), key=lambda row: (not row.is_active, row.qbo_id))

    def near(self, name: str) -> list[ListRow]:
        """The items whose name differs at most in case and outer spaces."""
        return sorted(self._near.get(name_key(name), {}).values(), key=lambda row: row.qbo_id)


def match_item(name: str, items: ItemNames) -> Matched | Ambiguous | Absent:
    """The item of exactly this name.

    A name that differs in case or outer spaces is a stop, for QuickBooks would refuse a second one.
    """
    wanted, changes = item_name(name)
    if not wanted:
        return Ambiguous(f"nothing of the name {name!r} can be written in QuickBooks")
    rows = items.exact(name) or (items.exact(wanted) if name == name.strip() else [])
    active = [row for row in rows if row.is_active]
    usable = [row for row in active if row.kind != "Category"]
    if len(active) > 1:
        return Ambiguous("several items in QuickBooks fit the name: " + ", ".join(_called(row) for row in active))
    if usable and (usable[0].has_name(name) or usable[0].has_name(wanted)):
        return Matched(usable[0].target)
    if active:
        return Ambiguous(f"{_called(active[0])} is a category in QuickBooks, which no line can name")
    if rows:
        return Ambiguous(
            f"the item {_called(rows[0])} is inactive in QuickBooks: make it active again, or map the service"
        )
    near = items.near(wanted)
    if near:
        return Ambiguous(
            f"QuickBooks holds {_called(near[0])}, billing writes {name!r}: map it, or make the two names equal"
        )
    return Absent(wanted, changes)


def _called(row: ListRow) -> str:
    return f"{row.full_name or row.name!s} (id {row.qbo_id})"


def _article(entity: str) -> str:
    return "an employee" if entity == "Employee" else "a vendor"
