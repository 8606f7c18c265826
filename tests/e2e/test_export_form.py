"""The export, started from the trigger form through Airflow's API as the UI does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.e2e.site import Site, day

pytestmark = pytest.mark.e2e


def test_a_run_of_two_companies_writes_each_invoice_to_its_own_books(site: Site) -> None:
    """Both companies are pushed, every document has a line in the push's log, the findings are kept, and finish is green."""
    on = day(40)
    for company in site.companies:
        company.invoice(f"F-{company.key}-1", on, "100.00", "20.50")
        company.invoice(f"F-{company.key}-2", on, "0.01")
        company.invoice(f"F-{company.key}-3", on, "5.00", status="draft")
    site.texas.invoice("F-texas-4", on, "7.00", customer_id="nobody")

    run_id = site.run(from_date=str(on), to_date=str(on))

    for company in site.companies:
        assert company.held("F-") == {f"F-{company.key}-1": Decimal("120.50"), f"F-{company.key}-2": Decimal("0.01")}
