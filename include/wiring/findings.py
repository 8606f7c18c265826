"""Makes the findings of a run: one page that opens offline, one CSV, and totals of both sides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

from include.billing_sync.findings import NEWS, Findings, RunDocument, Sum, Totals, collect, qbo_url
from include.billing_sync.money import for_people
from include.billing_sync.reasons import CATALOGUE
from include.stores.findings import FindingsStore, RunHeader


@dataclass(frozen=True, slots=True)
class FindingsResult:
    """What the report task needs to know: how many findings are new since the last run, and the totals."""

    new_count: int
    totals: Totals

    def summary(self) -> list[str]:
        """Lines for the task log: one per status, reason and currency, and the totals of each currency."""
        lines = [f"documents: {self.totals.documents}, new findings: {self.new_count}"]
        for one in self.totals.ordered():
            new = f" ({one.new} new)" if one.new and one.status in NEWS else ""
            lines.append(f"{one.status} {one.reason}: {one.count}{new}; {_both_sides(one)}")
        lines += [f"in all: {one.count}; {_both_sides(one)}" for one in self.totals.by_currency()]
        return lines


def _both_sides(one: Sum) -> str:
    sides = (("billing", one.billing), ("QuickBooks", one.qbo), ("difference", one.difference))
    return ", ".join(f"{name} {for_people(amount, one.currency)} {one.currency}".rstrip() for name, amount in sides)


def make_findings(
    state_connection: Connection[Any],
    plan_id: int,
    *,
    run: tuple[str, str] | None = None,
    now: datetime | None = None,
) -> FindingsResult:
    """Make and keep the findings of a plan in ``qbo_sync.findings``; a repeat replaces them.

    The documents are those of the run as they stand now, so this is called after the push (or after the plan, where
    nothing is pushed). Everything is read and written in one transaction, committed here unless the caller has one open.

    :param state_connection: to the database that holds schema ``qbo_sync``
    :param plan_id: the plan of this run and realm
    :param run: DAG id and run id under which the findings are shown, where another run pushed the stored plan
    :param now: the moment the page names; the default is the current one
    :raises LookupError: if there is no such plan
    """
    store = FindingsStore(state_connection)
    with state_connection.transaction():
        header = store.header(plan_id)
        if run is not None:
            header = replace(header, dag_id=run[0], run_id=run[1])
        store.forget_parts(plan_id)
        findings = collect(
            store.documents(plan_id),
            lambda document: link_to(header, document),
            lambda part: store.put_part(plan_id, part),
        )
        store.keep(header, _page(header, findings, now or datetime.now(UTC)), findings.totals)
    return FindingsResult(findings.totals.new_findings, findings.totals)


def link_to(header: RunHeader, document: RunDocument) -> str | None:
    """The page of a document in QuickBooks, where there is one."""
    return qbo_url(header.base_url, document.entity, document.qbo_id)


def _page(header: RunHeader, findings: Findings, now: datetime) -> str:
    # Jinja2 and the templates are needed only here, and every task process imports this module.
    from qbo_console.rendering import render

    return render(
        "findings.html",
        header=header,
        totals=findings.totals,
        groups=findings.ordered(),
        catalogue=CATALOGUE,
        news=NEWS,
        made_at=now,
        link_to=lambda document: link_to(header, document),
    )
