"""The retail file as the bench and its test see it: known numbers, and what must come out of any part of it.

The expectation is computed from the CSV alone, by code that shares nothing with the pipeline or the loader.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

FILE = Path(__file__).resolve().parents[2].parent / "shared/data/online_retail/online_retail_2010-12_2011-05.csv.gz"
CENT = Decimal("0.01")
WHOLE_FILE = 10_783
"""Invoices of the whole file."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a run over a part of the file must end in. Money in GBP."""

    invoices: int
    synced: int
    total: Decimal
    negative: int
    without_customer: int
    customers: int
    both: int
    """Negative and without a customer: an Error that shows both reasons."""

    @property
    def by_status(self) -> dict[tuple[str, str], int]:
        """Invoices by status and reason; Synced ones without, since a warning may be their reason."""
        found = {
            ("Synced", ""): self.synced,
            ("Error", "negative_subtotal"): self.negative,
            ("Skipped", "customer_missing"): self.without_customer,
        }
        return {key: count for key, count in found.items() if count}


KNOWN = Expected(
    invoices=WHOLE_FILE,
    synced=7_410,
    total=Decimal("3332591.96"),
    negative=1_677,
    without_customer=1_696,
    customers=0,
    both=89,
)
"""The known numbers of the whole file; its customers are counted, not known."""


def expected(path: Path, limit: int | None = None) -> Expected:
    """What the file, or its first ``limit`` invoices, must end in."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    customers: dict[str, str] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            number = row["InvoiceNo"]
            amount = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
            # Half away from zero is what "half up" means for money on both sides of zero.
            totals[number] += amount.quantize(CENT, ROUND_HALF_UP)
            if row["CustomerID"]:
                customers[number] = row["CustomerID"]
    chosen = list(totals)[:limit]
    good = [number for number in chosen if totals[number] >= 0 and number in customers]
    negative = [number for number in chosen if totals[number] < 0]
    return Expected(
        invoices=len(chosen),
        synced=len(good),
        total=sum((totals[number] for number in good), Decimal(0)),
        negative=len(negative),
        without_customer=sum(number not in customers and totals[number] >= 0 for number in chosen),
        customers=len({customers[number] for number in good}),
        both=sum(number not in customers for number in negative),
    )
