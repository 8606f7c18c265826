"""What the facts of a document are computed against."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Any, Literal, Protocol

from include.billing_sync.book import Book
from include.billing_sync.documents import Invoice, Line, plain
from include.billing_sync.settings import Company, RealmSettings
from include.billing_sync.tax import TaxPlan, TaxTable

Fact = int | bool | str | None

QBO_PLACES = 2
NAMES_SHOWN = 10
NAME_SHOWN = 320
LARGEST_SHOWN = Decimal(10) ** 15


class HeldLink(Protocol):
    """What is kept of a document that is in QuickBooks: its type, and QBO's answer to our last write."""

    @property
    def entity(self) -> str: ...
    @property
    def answer(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class CustomerMatch:
    """What mapping and names made of the document's customer.

    ``ref`` is the QBO id, or ``@customer:<billing id>`` for one that the plan creates; None when nobody could say.
    ``currency`` is that of the QBO customer. ``detail`` names the cause for people.
    """

    ref: str | None = None
    currency: str | None = None
    is_excluded: bool = False
    is_ambiguous: bool = False
    is_inactive: bool = False
    detail: str = ""

    @property
    def is_created(self) -> bool:
        """Whether the plan creates the customer."""
        return self.ref is not None and self.ref.startswith("@")


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What the facts of one document are computed against.

    ``today`` is the realm's local date. ``same_number_in_run`` and ``same_number_linked`` count *other* documents, of
    which ``same_number`` names a few.
    ``inactive`` holds (entity, QBO id) of list entries that are inactive; ``ambiguous_lines`` the cause by line id.
    """

    settings: RealmSettings
    company: Company
    book: Book
    today: date
    taxes: TaxTable = field(default_factory=dict)
    customer: CustomerMatch = CustomerMatch()
    mode: Literal["copy", "send"] = "copy"
    link: HeldLink | None = None
    same_number_in_run: int = 0
    same_number_linked: int = 0
    same_number: Sequence[str] = ()
    inactive: Collection[tuple[str, str]] = frozenset()
    ambiguous_lines: Mapping[str, str] = field(default_factory=dict)

    @property
    def held_date(self) -> date | None:
        """The date that QuickBooks holds for the document."""
        text = self.link.answer.get("TxnDate") if self.link else None
        return date.fromisoformat(str(text)) if text else None


@dataclass(frozen=True, slots=True)
class View:
    """A document with what several facts need of it."""

    invoice: Invoice
    context: CheckContext
    tax: TaxPlan

    @property
    def charges(self) -> list[Line]:
        """All lines but those of kind tax."""
        return [line for line in self.invoice.lines if line.kind != "tax"]


def hundredths(amount: Decimal) -> int:
    """The amount in whole hundredths; what is finer counts as a whole one, so that no difference rounds to none."""
    return int(amount.scaleb(QBO_PLACES).to_integral_value(rounding=ROUND_UP))


def in_words(amount: Decimal) -> str:
    """An amount for people; one that no ledger could hold is shown by its size alone."""
    return plain(amount) if abs(amount) < LARGEST_SHOWN else f"{amount:.2E}"


def listed(names: Iterable[str]) -> str:
    """Names for people, each once, with a count of those left out."""
    known = [name[:NAME_SHOWN] for name in dict.fromkeys(names)]
    more = f" and {len(known) - NAMES_SHOWN} more" if len(known) > NAMES_SHOWN else ""
    return ", ".join(known[:NAMES_SHOWN]) + more
