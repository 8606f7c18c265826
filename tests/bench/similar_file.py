"""A file in the form of the retail one, made up: it takes the place of the real data where that is absent.

The shape is that of the original: some twenty lines to an invoice, prices of two places and now and then three, one invoice in
six a cancellation below zero, one in six without a customer, a few of every customer. The same file comes out each time.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

_COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
_FIRST_DAY = datetime(2010, 12, 1, 8, 0, tzinfo=UTC)
_MOST_LINES = 60


def write_similar(path: Path, invoices: int) -> Path:
    """Write so many invoices and return where they are."""
    with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=1) as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for number in range(invoices):
            writer.writerows(_lines(number, invoices))
    return path


def _lines(number: int, invoices: int) -> Iterator[list[str]]:
    dice = random.Random(number)
    is_negative = number % 6 == 5
    customer = "" if number % 6 == 3 or number % 60 == 5 else str(12_346 + dice.randrange(max(1, invoices // 5)))
    at = _FIRST_DAY + timedelta(minutes=number * 24)
    for place in range(1 if is_negative else dice.randint(1, _MOST_LINES - 20) + dice.randint(0, 20) // 10):
        stock = dice.randrange(3_000)
        price = f"{dice.randint(10, 999)}" if place % 40 else f"{dice.randint(10, 999)}5"
        yield [
            f"{'C' if is_negative else ''}{600_000 + number}",
            str(20_000 + stock),
            f"ARTICLE {stock} OF THE BENCH",
            str(-dice.randint(1, 6) if is_negative else dice.randint(1, 24)),
            f"{at:%Y-%m-%d %H:%M:%S}",
            f"{price[:-2] or '0'}.{price[-2:]}" if place % 40 else f"{price[:-3] or '0'}.{price[-3:]}",
            customer,
            "United Kingdom",
        ]
