"""The pages of the nightly reconciliation, served under their run."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from include.billing_sync.pairs import Held, Pair
from include.billing_sync.reconcile import Rules, differences
from include.billing_sync.reconcile_totals import Totals
from include.stores.reconciliations import ReconciliationStore
from include.wiring import reconcile_report
from tests.console.run_fixture import add_realm

RUN = "scheduled__2026-11-22"
PATH = f"/qbo/runs/qbo_reconcile/{RUN}"


@pytest.fixture
def night(state) -> int:
    """A finished comparison that found one invoice nobody billed; its number."""
    realm = add_realm(state)
    store = ReconciliationStore(state, realm=realm, source="billing_db", dag_id="qbo_reconcile")
    opened = store.begin(RUN, date(2026, 8, 1), date(2026, 11, 30))
    money = Decimal("55.50")
    held = Held("Invoice", "9", "X-77", date(2026, 10, 5), "1", "Cool Cars", "USD", money, Decimal(0), money)
    pair = Pair(None, held)
    found, totals = differences(pair, Rules()), Totals()
    totals.add(pair, found)
    store.save(opened.id, found)
    store.finish(opened.id, totals)
    kept = store.of_run(RUN)
    assert kept is not None
    store.keep_report(opened.id, reconcile_report.page(kept, store.shown(opened.id, 200), datetime.now(UTC)))
    return opened.id


def test_a_viewer_reads_the_reconciliation_of_a_run(browser, night):
    """The run's page leads to every difference, and the page can be kept."""
    viewer = browser("VIEWER")

    run, page, file = (
        viewer.get(f"{PATH}{end}")
        for end in ("", f"/reconciliation/{night}", f"/reconciliation/{night}/reconciliation.html")
    )

    assert "1 drift" in run.text
    assert f"{PATH}/reconciliation/{night}" in run.text
    assert "X-77" in page.text
    assert "55.50 USD, Cool Cars" in page.text
    assert "https://sandbox.qbo.intuit.com/app/invoice?txnId=9" in page.text
    assert "All companies of this run" in page.text
    assert "<script" not in file.text
    assert file.headers["content-disposition"] == f'attachment; filename="reconciliation-demo-{RUN}.html"'


def test_all_differences_are_a_csv(browser, night):
    """One row with its class, both values, exact amount, currency and customer; a formula would begin with an apostrophe."""
    answer = browser("VIEWER").get(f"{PATH}/reconciliation/{night}/differences.csv")

    (row,) = csv.DictReader(answer.content.decode("utf-8-sig").splitlines())
    assert (row["class"], row["number"], row["amount"], row["currency"], row["customer"]) == (
        "extra_in_qbo", "X-77", "-55.50", "USD", "Cool Cars",
    )  # fmt: skip
    assert answer.headers["content-disposition"] == f'attachment; filename="differences-demo-{RUN}.csv"'


def test_nobody_reads_it_without_signing_in_or_under_another_run(browser, night):
    """The guard is that of the run; another DAG, another run or another number leads nowhere."""
    viewer = browser("VIEWER")

    assert browser().get(f"{PATH}/reconciliation/{night}").status_code == 401
    assert viewer.get(f"/qbo/runs/qbo_export_invoices/{RUN}/reconciliation/{night}").status_code == 404
    assert viewer.get(f"/qbo/runs/qbo_reconcile/another/reconciliation/{night}").status_code == 404
    assert viewer.get(f"{PATH}/reconciliation/999999/reconciliation.html").status_code == 404
