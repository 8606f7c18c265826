"""Reads a list that is longer than a page, although others may change it meanwhile (QBO.md, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from qbo_hook.errors import QboBadAnswer

Row = dict[str, Any]

# How many pages' worth of ids is remembered, so that a row read twice is given out once.
_REMEMBERED_PAGES = 3
_MAX_STEPS_BACK = 10


def all_rows(fetch_page: Callable[[int, int], list[Row]], size: int) -> Iterator[Row]:
    """Every row once, page after page.

    QBO pages by position, so a row that is removed meanwhile would move another one past the reader. Therefore each page begins
    with the last row of the one before; if something else stands there, reading steps back a page.

    :param fetch_page: gives the rows from a position on, at most so many
    :param size: rows per page, at least 2
    :raises QboBadAnswer: if the list moves faster than it can be read
    """
    start, steps_back = 1, 0
    last: str | None = None
    given: dict[str, None] = {}
    while True:
        rows = {str(row.get("Id")): row for row in fetch_page(start, size)}
        if last is not None and last != next(iter(rows), None):
            steps_back += 1
            if steps_back > _MAX_STEPS_BACK:
                raise QboBadAnswer("The list changes faster than it can be read")
            start, last = max(1, start - size), None
            continue
        yield from (row for key, row in rows.items() if key not in given)
        if len(rows) < size:
            return
        given |= dict.fromkeys(rows)
        given = dict.fromkeys(list(given)[-_REMEMBERED_PAGES * size :])
        start, last = start + len(rows) - 1, next(reversed(rows))
