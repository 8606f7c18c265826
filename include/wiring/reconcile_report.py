"""Report of a reconciliation: a summary in the task log, and one page that opens offline."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from include.billing_sync.findings import qbo_url
from include.billing_sync.pairs import DriftClass
from include.billing_sync.reasons import CATALOGUE
from include.billing_sync.reconcile_totals import Sums, Totals
from include.stores.reconciliations import Reconciliation, ReconciliationStore, Shown
from include.wiring.realms import SOURCE, open_realm

log = logging.getLogger("ledgerline")

ROWS_SHOWN = 200
"""Differences of one class and explanation on the page; the table has all of them."""
ROWS_LOGGED = 50

MEANINGS: Mapping[DriftClass, str] = {
    DriftClass.MISSING_IN_QBO: "Billed, and not in QuickBooks",
    DriftClass.EXTRA_IN_QBO: "In QuickBooks, and not in billing",
    DriftClass.DUPLICATE: "Twice in QuickBooks",
    DriftClass.DELETED_IN_QBO: "Deleted in QuickBooks, and still billed",
    DriftClass.VOIDED_IN_QBO: "Voided in QuickBooks, and still billed",
    DriftClass.DELETED_IN_BILLING: "Deleted in billing, and still in QuickBooks",
    DriftClass.VOIDED_IN_BILLING: "Voided in billing, and still in QuickBooks",
    DriftClass.AMOUNT: "The total differs",
    DriftClass.TAX: "The tax differs",
    DriftClass.CURRENCY: "The currency differs",
    DriftClass.DATE: "The date differs",
    DriftClass.CUSTOMER: "The customer differs",
    DriftClass.NUMBER: "The number differs",
    DriftClass.EDITED_IN_QBO: "Edited in QuickBooks after our last write",
    DriftClass.BALANCE: "Payments that one side does not know yet",
}


@dataclass(frozen=True, slots=True)
class Group:
    """The differences of one class and explanation: how many, their money by currency, and the first of them."""

    drift: DriftClass
    explained: str
    rows: int
    amounts: Sequence[tuple[str, Decimal]]
    shown: Sequence[Shown]

    @property
    def title(self) -> str:
        """What the class means."""
        return MEANINGS[self.drift]

    @property
    def is_payment(self) -> bool:
        """Named, and no error."""
        return self.drift is DriftClass.BALANCE

    @property
    def hidden(self) -> int:
        """How many only the table shows."""
        return self.rows - len(self.shown)


@dataclass(frozen=True, slots=True)
class MonthBar:
    """One month of the chart: the width of both bars, in percent of the longest."""

    month: str
    sums: Sums
    billing: Decimal
    qbo: Decimal


def report(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Log the summary of this run's comparison and keep its page. Says whether the realm was compared."""
    from include.wiring.runs import run_of

    run = run_of(context)
    with open_realm(realm_key) as realm:
        store = ReconciliationStore(realm.state, realm=realm.id, source=SOURCE, dag_id=run.dag_id)
        found = store.of_run(run.run_id)
        if found is None:
            log.warning("%s: this run compared nothing: look at the task that failed", realm_key)
            return {"realm_key": realm_key, "is_done": False}
        shown = store.shown(found.id, ROWS_SHOWN)
        store.keep_report(found.id, page(found, shown, datetime.now(UTC)))
        for line in summary(found):
            log.info(line)
        log_drift(shown)
        return {
            "realm_key": realm_key,
            "is_done": True,
            "reconciliation_id": found.id,
            "drift_rows": found.totals.drift_rows,
        }


def summary(found: Reconciliation) -> Iterator[str]:
    """Lines for the task log: the counts, the classes with their money, the months with their difference."""
    totals = found.totals
    yield f"{found.realm_key}, dated {found.from_date or '…'} to {found.to_date or '…'}: {totals.in_words}"
    for one in totals.classes():
        words = f"explained by {one.explained}" if one.explained else MEANINGS[one.drift]
        yield f"{one.drift}: {one.rows} ({words}), {one.amount:,} {one.currency}"
    yield from month_table(totals)
    for currency, sums in totals.by_currency():
        yield (
            f"open in billing {sums.billing_open:,} {currency}, in QuickBooks {sums.qbo_open:,}: difference "
            f"{sums.difference_open:,}, of it {sums.payments:,} payments that one side does not know yet"
        )
    verdict = "no drift" if not totals.drift_rows else f"drift: {totals.drift_rows} differences to look at"
    yield f"{found.realm_key}: {verdict}"


def month_table(totals: Totals) -> Iterator[str]:
    """The months as a table of text, with a line of totals for each currency."""
    header = ("month", "", "billing", "QuickBooks", "difference", "explained", "drift")
    rows = [(month or "no date", currency, *_money(sums)) for month, currency, sums in totals.months()]
    rows += [("all", currency, *_money(sums)) for currency, sums in totals.by_currency()]
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]
    for row in (header, *rows):
        texts = (
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(texts).rstrip()


def log_drift(shown: Sequence[Shown]) -> None:
    """One line per difference that somebody has to look at, the first of them."""
    drift = [one for one in shown if not one.explained and one.drift is not DriftClass.BALANCE]
    for one in drift[:ROWS_LOGGED]:
        log.warning(
            "%s | %s | billing %s | QuickBooks %s | %s | id %s | %s",
            one.doc_number or one.billing_id or "(no number)", one.drift, one.billing_value or "nothing",
            one.qbo_value or "nothing", one.amount, one.qbo_id or "-", one.repair,
        )  # fmt: skip
    if len(drift) > ROWS_LOGGED:
        log.warning("… and more: all of them stand on the page and in qbo_sync.differences")


def page(found: Reconciliation, shown: Sequence[Shown], now: datetime) -> str:
    """The page: totals, months with a chart, and every class with its differences. No script, nothing fetched."""
    # Jinja2 and the templates are needed only here, and every task process imports this module.
    from qbo_console.rendering import render

    groups = groups_of(found.totals, shown)
    return render(
        "reconciliation.html",
        found=found,
        totals=found.totals,
        drift=[group for group in groups if not group.explained and not group.is_payment],
        payments=[group for group in groups if group.is_payment],
        explained=[group for group in groups if group.explained and not group.is_payment],
        charts=charts(found.totals),
        catalogue=CATALOGUE,
        made_at=now,
        link_to=lambda one: qbo_url(found.base_url, one.entity, one.qbo_id),
    )


def groups_of(totals: Totals, shown: Sequence[Shown]) -> list[Group]:
    """The differences by class and explanation, drift first."""
    keys = dict.fromkeys((one.drift, one.explained) for one in totals.classes())
    groups = []
    for drift, explained in keys:
        sums = [one for one in totals.classes() if (one.drift, one.explained) == (drift, explained)]
        rows = [one for one in shown if (one.drift, one.explained) == (drift, explained)]
        amounts = [(one.currency, one.amount) for one in sums]
        groups.append(Group(drift, explained, sum(one.rows for one in sums), amounts, rows))
    return groups


def charts(totals: Totals) -> list[tuple[str, list[MonthBar]]]:
    """The chart's bars per currency, one pair of bars for each month."""
    found: dict[str, list[tuple[str, Sums]]] = {}
    for month, currency, sums in totals.months():
        found.setdefault(currency, []).append((month or "no date", sums))
    return [(currency, _bars(months)) for currency, months in found.items()]


def _bars(months: Sequence[tuple[str, Sums]]) -> list[MonthBar]:
    longest = max(max(abs(sums.billing), abs(sums.qbo)) for _, sums in months) or Decimal(1)
    return [
        MonthBar(month, sums, round(abs(sums.billing) * 100 / longest, 2), round(abs(sums.qbo) * 100 / longest, 2))
        for month, sums in months
    ]


def _money(sums: Sums) -> list[str]:
    return [f"{amount:,}" for amount in (sums.billing, sums.qbo, sums.difference, sums.explained, sums.drift)]
