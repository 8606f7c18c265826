"""The mapping book: looked up, never guessed (FEATURES.md F29 to F40)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from include.billing_sync.documents import Line
from include.billing_sync.mapping import Excluded, Mapped, MappingBook, MappingRow, Target

SUBSCRIPTION = MappingRow("subscription", "S-1", None, "21", "Trunk 100")
SERVICE = MappingRow("service", "voip", None, "22", "Voice")
CATEGORY = MappingRow("category", "recurring", None, "23", "Monthly fees")
ANY_SUBSCRIPTION = MappingRow("subscription", "*", None, "24", "All subscriptions")
ANY_CATEGORY = MappingRow("category", "*", None, "25", "Everything else")
ALL = (SUBSCRIPTION, SERVICE, CATEGORY, ANY_SUBSCRIPTION, ANY_CATEGORY)


def line(category: str | None = "recurring", service: str | None = "voip", subscription: str | None = "S-1") -> Line:
    return Line("1", 1, "charge", "", Decimal(1), category=category, service_id=service, subscription_id=subscription)


def found(book: MappingBook, wanted: Line) -> str | None:
    target = book.item(wanted)
    return None if target is None else target.qbo_id


@pytest.mark.row("X3")
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ALL, "21"),
        ((SERVICE, CATEGORY, ANY_SUBSCRIPTION, ANY_CATEGORY), "22"),
        ((CATEGORY, ANY_SUBSCRIPTION, ANY_CATEGORY), "23"),
        ((ANY_SUBSCRIPTION, ANY_CATEGORY), "24"),
        ((ANY_CATEGORY,), "25"),
        ((), None),
    ],
    ids=["subscription", "service", "category", "any subscription", "any category", "nothing"],
)
def test_the_most_particular_row_wins(rows: tuple[MappingRow, ...], expected: str | None) -> None:
    """X3: subscription, then service, then category, then the two defaults."""
    assert found(MappingBook(rows), line()) == expected


@pytest.mark.row("F35")
def test_an_override_serves_its_subscription_only() -> None:
    """F35: the row of S-1 changes nothing for S-2, which takes the item of its category."""
    book = MappingBook(ALL)

    assert found(book, line(service=None, subscription="S-1")) == "21"
    assert found(book, line(service=None, subscription="S-2")) == "23"


@pytest.mark.row("F34")
def test_the_default_of_subscriptions_is_for_lines_with_a_subscription() -> None:
    """F34: a one-off charge of an unmapped category takes the default of categories."""
    book = MappingBook(ALL)

    assert found(book, line("one_off", None, "S-2")) == "24"
    assert found(book, line("one_off", None, None)) == "25"


@pytest.mark.row("F33")
def test_a_line_without_category_takes_no_default_of_categories() -> None:
    """F33: a charge without category is a finding, and no default hides it."""
    assert found(MappingBook(ALL), line(None, None, None)) is None


@pytest.mark.row("F31", "F32")
def test_several_categories_may_share_one_item_and_it_is_shown() -> None:
    """F31, F32: n categories lead to m items, and the shared ones are named."""
    book = MappingBook([CATEGORY, MappingRow("category", "usage", None, "23", "Monthly fees"), ANY_CATEGORY])

    coverage = book.coverage()

    assert (coverage.keys, coverage.targets) == (2, 1)
    assert coverage.shared == {"Monthly fees": ("recurring", "usage")}


@pytest.mark.row("F32")
def test_an_item_for_each_category_gives_the_detailed_profit_and_loss() -> None:
    """F32: as many items as categories, nothing shared, and the default row counts for neither."""
    book = MappingBook([CATEGORY, MappingRow("category", "usage", None, "7", "Usage"), ANY_CATEGORY])

    coverage = book.coverage()

    assert (coverage.keys, coverage.targets, coverage.shared) == (2, 2, {})


@pytest.mark.row("F29")
def test_excluded_and_not_yet_mapped_are_different_answers() -> None:
    """F29: an excluded customer is a decision, an unmapped one is work to do."""
    book = MappingBook(
        [MappingRow("customer", "1", "Acme", "5", "Acme"), MappingRow("customer", "2", "House", is_excluded=True)]
    )

    assert book.customer("1") == Mapped(Target("5", "Acme"))
    assert book.customer("2") == Excluded("2")
    assert book.customer("3") is None
    assert book.customer(None) is None
    assert book.settled_customers() == {"1", "2"}
    assert book.customers_by_qbo_id() == {"5": "1"}


@pytest.mark.row("F37")
def test_a_tax_code_has_its_own_row_or_the_default() -> None:
    """F37, F38: a jurisdiction without a row takes the default; a line without a code takes none."""
    book = MappingBook(
        [MappingRow("tax_code", "CA", None, "2", "California"), MappingRow("tax_code", "*", None, "3", "Tax")]
    )

    assert book.tax_code("CA") == Target("2", "California")
    assert book.tax_code("TX") == Target("3", "Tax")
    assert book.tax_code(None) is None
    assert MappingBook([]).tax_code("CA") is None


def test_one_key_twice_is_refused() -> None:
    """Two rows for one key would be a guess between them."""
    with pytest.raises(ValueError, match="category 'recurring' twice"):
        MappingBook([CATEGORY, CATEGORY])
