"""A part of the real retail file through the whole pipeline, against numbers that are counted from the CSV alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from demo.runner.postgres import EmbeddedPostgres
from qbo_simulator.testing import DEFAULT_REALM
from tests.bench.retail import FILE, expected
from tests.bench.site import Site, company, load_with, site

INVOICES = 300
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the retail file is not part of the project")


@pytest.fixture(scope="module")
def retail(pg: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A British company without customers, and the first invoices of the file in billing, pushed once."""
    folder: Path = tmp_path_factory.mktemp("retail")
    with company(folder, "retail") as qbo, site(pg, qbo, folder / "retail", load_with(FILE, INVOICES)) as at:
        at.world.run()
        yield at


def test_counts_and_sums_in_quickbooks_are_those_of_the_file(retail: Site) -> None:
    """QuickBooks holds every pushable invoice of the part, and their total to the cent."""
    wanted = expected(FILE, INVOICES)

    held = retail.simulator.totals("Invoice", DEFAULT_REALM)

    assert (held["count"], Decimal(held["total"])) == (wanted.synced, wanted.total)
    assert min(wanted.synced, wanted.negative, wanted.without_customer) > 0


def test_every_invoice_of_the_file_has_a_status(retail: Site) -> None:
    """Synced, Error for a negative total, Skipped without a customer: nothing is left out and nothing is anything else."""
    assert retail.statuses() == expected(FILE, INVOICES).by_status


def test_each_customer_is_created_once(retail: Site) -> None:
    """As many customers in QuickBooks as the pushed invoices name, no two of one name."""
    customers = retail.simulator.state("Customer")

    assert len(customers) == expected(FILE, INVOICES).customers
    assert max(Counter(one["DisplayName"] for one in customers).values()) == 1


def test_a_second_run_sends_nothing(retail: Site) -> None:
    """What is in QuickBooks and unchanged in billing is not written again."""
    again = retail.world.run()

    assert again["sent"] == 0
    assert retail.simulator.totals("Invoice")["count"] == expected(FILE, INVOICES).synced
