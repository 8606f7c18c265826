"""Two runs at the same moment over the same documents."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.e2e.site import Site, day

pytestmark = pytest.mark.e2e


def test_two_runs_at_once_write_each_invoice_once(site: Site) -> None:
    """Both plan the same creates; the second waits for the company, finds them done and is green as well."""
    on, series = day(55), site.series("T")
    amounts = {f"{series}-{number}": Decimal(number) + Decimal("0.25") for number in range(40)}
    for number, amount in amounts.items():
        site.texas.invoice(number, on, str(amount))

    runs = [site.trigger(realm="texas", from_date=str(on), to_date=str(on)) for _ in range(2)]

    assert [site.finished(run_id) for run_id in runs] == ["success", "success"], [site.why(run_id) for run_id in runs]
    assert site.texas.held(series) == amounts
    assert set(site.status(*(f"inv-{number}" for number in amounts)).values()) <= {
        ("Synced", "created"),
        ("Synced", "unchanged"),
    }
