"""The hourly sync: switched on, and synchronised at once by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.e2e.site import LEDGERLINE, SYNC, Site, day

pytestmark = pytest.mark.e2e


@pytest.fixture
def first_run(site: Site) -> Iterator[list[str]]:
    """Off again after the test, so that no other hour begins in the middle of another one."""
    yield [run["dag_run_id"] for run in site.api.runs(SYNC)]
    site.pause(SYNC)


@pytest.mark.row("X4")
def test_the_sync_takes_everything_first_and_then_what_changed(site: Site, first_run: list[str]) -> None:
    """All that is no draft; then nothing with at most two calls; then one change; then all that one mapping had blocked."""
    on, series = day(4), site.series("S")
    plain = site.texas.invoice(f"{series}-1", on, "10.00")
    site.texas.invoice(f"{series}-2", on, "20.00")
    site.london.invoice(f"{series}-3", on, "30.00")
    draft = site.texas.invoice(f"{series}-4", on, "40.00", status="draft")
    unmapped = [{"amount": Decimal("50.00"), "category": series}]
    blocked = [site.texas.invoice(f"{series}-{number}", on, lines=unmapped) for number in (5, 6)]

    site.unpause(SYNC)
    started = site.wait_until(
        lambda: [run for run in site.api.runs(SYNC) if run["dag_run_id"] not in first_run], "a run"
    )
    assert site.finished(started[0]["dag_run_id"], dag_id=SYNC) == "success", site.why(
        started[0]["dag_run_id"], dag_id=SYNC
    )

    assert site.texas.held(series) == {f"{series}-1": Decimal("10.00"), f"{series}-2": Decimal("20.00")}
    assert site.london.held(series) == {f"{series}-3": Decimal("30.00")}
    assert {status for status, _ in site.status(draft, *blocked).values()} == {"Skipped"}
    assert everything_but_drafts(site) - with_a_status(site) == set()

    before = site.journal_end()
    site.run(dag_id=SYNC)
    for company in site.companies:
        assert len(site.calls(company, before)) <= 2

    site.texas.billing.change(plain, "11.00")
    before = site.journal_end()
    site.run(dag_id=SYNC, realm="texas")
    assert len([call for call in site.calls(site.texas, before) if call.is_write]) == 1
    assert site.texas.held(series) == {f"{series}-1": Decimal("11.00"), f"{series}-2": Decimal("20.00")}

    map_category(site, series)
    site.run(dag_id=SYNC, realm="texas")
    assert site.texas.held(series) == {
        f"{series}-1": Decimal("11.00"),
        f"{series}-2": Decimal("20.00"),
        f"{series}-5": Decimal("50.00"),
        f"{series}-6": Decimal("50.00"),
    }


def map_category(site: Site, category: str) -> None:
    """Add a row to the mapping book of Texas, and load it as an administrator does."""
    book = site.stack.mappings / "texas" / "categories.csv"
    book.write_text(f"{book.read_text()}{category},New charges,1,Services,\n")
    site.stack.run("mapping book", [LEDGERLINE, "mappings", "load", "--realm", "texas"])


def everything_but_drafts(site: Site) -> set[str]:
    """All invoices of billing from the start date on that are no draft."""
    rows = site.texas.billing.sql("select invoice_id from billing.invoices where status is distinct from 'draft'")
    return {row[0] for row in rows}


def with_a_status(site: Site) -> set[str]:
    """The documents of which the user sees that they are in QuickBooks, or why not."""
    rows = site.state("select billing_id from qbo_sync.document_status where status in ('Synced', 'Skipped', 'Error')")
    return {row[0] for row in rows}
