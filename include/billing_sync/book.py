"""What the deciding part needs of a mapping book. The shape is all that counts: mapping.MappingBook fits it."""

from __future__ import annotations

from typing import Literal, Protocol

from include.billing_sync.documents import Line

CATCH_ALL = "*"
TAX_CATEGORY = "tax"
"""The category key that catches every tax sent as a line. The general ``*`` never does: it points to revenue."""
ROUNDING_CODE = "rounding"
"""The tax code key of a rounding line: outside the US it must lead to a QBO code without tax."""


class Target(Protocol):
    """One entry of a QuickBooks list. ``qbo_id`` may be ``@item:<service id>`` for one that the plan creates first."""

    @property
    def qbo_id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Book(Protocol):
    """Which item and which tax code a billing line gets. None means that nobody has mapped it."""

    def item(self, line: Line, /) -> Target | None: ...
    def tax_code(self, code: str | None, /) -> Target | None: ...
    def target(self, kind: Literal["category", "tax_code"], key: str | None, /) -> Target | None: ...


def line_item(line: Line, book: Book) -> Target | None:
    """The item of a line as it is sent.

    A tax sent as a line is mapped by jurisdiction: its category, else its tax code as a category key, else ``tax``.
    """
    if line.kind != "tax":
        return book.item(line)
    keys = (line.category, line.tax_code, TAX_CATEGORY)
    return next((found for key in keys if key and (found := book.target("category", key))), None)
