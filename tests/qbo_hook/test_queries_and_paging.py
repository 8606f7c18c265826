"""Queries: no value can break out, and no row is missed while the list moves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from qbo_hook import QboBadAnswer, QboConfigError
from qbo_hook.paging import all_rows
from qbo_hook.queries import chunks_of, equals, is_in, literal, select, select_count


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "'plain'"),
        ("Amy's Bird Sanctuary", r"'Amy\'s Bird Sanctuary'"),
        ("back\\slash", r"'back\\slash'"),
        (r"\' OR Id = '1", r"'\\\' OR Id = \'1'"),
        (12, "'12'"),
        (Decimal("300.00"), "'300.00'"),
        (Decimal("1E+2"), "'100'"),
        (True, "true"),
        (False, "false"),
        (date(2026, 11, 22), "'2026-11-22'"),
        (datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "'2026-11-22T09:30:00+00:00'"),
    ],
)
def test_values_are_written_as_qbo_reads_them(value: Any, written: str) -> None:
    """Quotes escaped, numbers quoted, booleans bare (QBO.md, section 6)."""
    assert literal(value) == written


def test_a_time_without_offset_is_refused() -> None:
    """Its meaning would be a guess."""
    with pytest.raises(QboConfigError):
        literal(datetime(2026, 11, 22))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("value", [1.5, None, b"a"])
def test_other_values_are_refused(value: Any) -> None:
    """A float has no exact text."""
    with pytest.raises(TypeError):
        literal(value)


def test_conditions_are_built_from_parts() -> None:
    """One field, one or many values."""
    assert equals("DocNumber", "A'1") == r"DocNumber = 'A\'1'"
    assert is_in("Id", ["1", 2]) == "Id IN ('1', '2')"


@pytest.mark.parametrize("number", [0, 401])
def test_a_list_holds_one_to_400_values(number: int) -> None:
    """More would not fit one page of answers."""
    with pytest.raises(QboConfigError):
        is_in("DocNumber", ["x"] * number)


def test_values_come_in_lists_that_fit() -> None:
    """1,000 document numbers are three queries."""
    assert [len(chunk) for chunk in chunks_of(map(str, range(1000)))] == [400, 400, 200]


@pytest.mark.parametrize(
    ("order", "clause"),
    [((), "Id"), ("TxnDate DESC", "TxnDate DESC, Id"), (["TxnDate", "id desc"], "TxnDate, id desc"), ("Id", "Id")],
)
def test_every_page_is_ordered_with_id_breaking_ties(order: Any, clause: str) -> None:
    """Without a fixed order, pages repeat and miss rows."""
    assert select("Invoice", "Active = true", order, start=11, size=10) == (
        f"SELECT * FROM Invoice WHERE Active = true ORDERBY {clause} STARTPOSITION 11 MAXRESULTS 10"
    )


@pytest.mark.parametrize(("start", "size"), [(0, 10), (1, 0), (1, 1001)])
def test_a_page_keeps_to_qbos_bounds(start: int, size: int) -> None:
    """QBO refuses the rest with 4001."""
    with pytest.raises(QboConfigError):
        select("Invoice", start=start, size=size)


def test_counting_takes_the_same_conditions() -> None:
    """count(*) honours WHERE."""
    assert select_count("Invoice") == "SELECT count(*) FROM Invoice"
    assert select_count("Invoice", "Balance > '0'") == "SELECT count(*) FROM Invoice WHERE Balance > '0'"


class Listing:
    """A list on a server, which others change between two pages."""

    def __init__(self, ids: list[int], changes: dict[int, list[int]] | None = None) -> None:
        self.ids = ids
        self.changes = changes or {}
        self.pages = 0

    def page(self, start: int, size: int) -> list[dict[str, Any]]:
        self.pages += 1
        self.ids = self.changes.get(self.pages, self.ids)
        return [{"Id": str(number)} for number in self.ids[start - 1 : start - 1 + size]]


def read(listing: Listing, size: int) -> list[int]:
    return [int(row["Id"]) for row in all_rows(listing.page, size)]


@pytest.mark.parametrize("number", [0, 1, 3, 4, 5, 7, 8, 30])
def test_every_row_comes_once(number: int) -> None:
    """Whatever the length of the list, also at the borders of a page."""
    assert read(Listing(list(range(number))), 4) == list(range(number))


def test_a_row_removed_meanwhile_makes_no_other_row_vanish() -> None:
    """After row 0 is gone, every later row stands one place earlier: position alone would skip one."""
    remaining = list(range(1, 12))

    found = read(Listing(list(range(12)), {2: remaining}), 4)

    assert found == list(range(12))


def test_rows_removed_from_the_end_are_no_endless_search() -> None:
    """The row that the next page should begin with is gone for good."""
    assert read(Listing([0, 1, 2, 3, 4], {2: [0, 1]}), 4) == [0, 1, 2, 3]


def test_a_row_inserted_meanwhile_repeats_nothing() -> None:
    """Rows that move back are given out once."""
    assert read(Listing([1, 2, 3, 4, 5, 6, 7], {2: [0, 1, 2, 3, 4, 5, 6, 7]}), 4)[-3:] == [5, 6, 7]


def test_a_list_that_never_stands_still_is_given_up() -> None:
    """A server that ignores the start, or a list in full flight, is no endless loop."""
    with pytest.raises(QboBadAnswer, match="faster"):
        read(Listing(list(range(100)), {page: list(range(page * 7, 100 + page * 7)) for page in range(1, 99)}), 4)
