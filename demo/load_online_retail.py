"""Loads real invoices of a UK retailer into the billing contract: `python -m demo.load_online_retail --dsn DSN --file PATH`.

The file is "Online Retail" (UCI Machine Learning Repository, doi 10.24432/C5BW33, CC BY 4.0) as CSV, gzipped or not, with the
columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country. It is no part of this
project. A line's amount is Quantity x UnitPrice rounded half up to the cent; prices are outside the scope of VAT.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from demo.store import loading

VERSION = 1
_COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
_ALL = 2_000_000_000
_STATEMENTS = Path(__file__).with_name("online_retail.sql")
_BUFFER = """
create temporary table retail_rows (
    row_number integer,
    invoice_number text,
    stock_code text,
    description text,
    quantity numeric,
    invoiced_at timestamp,
    unit_price numeric,
    customer text,
    country text
) on commit drop
"""


def load(dsn: str, path: Path, limit: int | None = None) -> bool:
    """Load the file, or its first ``limit`` invoices. Returns False when it was there already.

    Raises ValueError when the file has other columns.
    """
    with loading(dsn, "online_retail", VERSION, _ALL if limit is None else limit) as connection:
        if connection is None:
            return False
        connection.execute(_BUFFER)
        with connection.cursor().copy("copy retail_rows from stdin") as copy:
            for row in read(path):
                copy.write_row(row)
        # Bound by the client, because a text of several statements takes no parameters on the server.
        psycopg.ClientCursor(connection).execute(_STATEMENTS.read_bytes(), {"most": limit})
    return True


def read(path: Path) -> Iterator[list[Any]]:
    """The rows of the file as they go into the buffer: numbered, empty cells as None."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        rows = csv.reader(line.decode("utf-8") for line in file)
        columns = next(rows, [])
        if columns != _COLUMNS:
            raise ValueError(f"{path}: the columns are {columns}, not {_COLUMNS}")
        for number, row in enumerate(rows):
            yield [number, *(cell or None for cell in row)]


_TOTALS = """
select
    case
        when total_amount < 0 and customer_id is null then 'negative, without customer'
        when total_amount < 0 then 'negative'
        when customer_id is null then 'without customer'
        else 'pushable'
    end as what,
    count(*) as invoices,
    count(*) filter (where total_amount = 0) as of_zero,
    sum(total_amount) as total
from billing.invoices
where currency = 'GBP'
group by what
order by what
"""


def print_totals(dsn: str) -> None:
    """Print the counts and sums by which the data can be recognised."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(_TOTALS).fetchall()
    print(f"{'what':<28} {'invoices':>8} {'of zero':>8} {'total GBP':>16}")
    for what, count, of_zero, total in rows:
        print(f"{what:<28} {count:>8} {of_zero:>8} {total:>16,}")


def main() -> None:
    """Run the command line; without the file it says so and ends well, for the data is optional."""
    parser = argparse.ArgumentParser(prog="python -m demo.load_online_retail", description=__doc__.splitlines()[0])
    parser.add_argument("--dsn", required=True, help="the billing database, as its owner")
    parser.add_argument("--file", required=True, type=Path, help="the CSV file, may end in .gz")
    parser.add_argument("--limit", type=int, help="load only the first so many invoices")
    choices = parser.parse_args()
    if not choices.file.exists():
        print(f"skipped: {choices.file} does not exist (see the head of demo/load_online_retail.py for what it is)")
        return
    print("loaded" if load(choices.dsn, choices.file, choices.limit) else "already loaded, nothing changed")
    print_totals(choices.dsn)


if __name__ == "__main__":
    main()
