"""One run of the reconciliation after the other over a world, and what each found, read back from the database."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.world import World

DOCUMENTS = 60


@dataclass
class Night:
    """One run of ``qbo_reconcile`` after the other over a world, and its rows read back from the database."""

    world: World
    runs: int = 0

    def run(self, **params: Any) -> dict[str, Any]:
        """Compare and report, as the DAG's tasks do; returns what report says."""
        from include.wiring import reconcile_report, reconciling

        self.runs += 1
        kind = params.pop("kind", "manual")
        context = self.world.context(f"night_{self.runs}", kind, params)
        context["dag_run"].dag_id = "qbo_reconcile"
        reconciling.compare(self.world.realm_key, context)
        return reconcile_report.report(self.world.realm_key, context)

    def _rows(self, columns: str, condition: str = "true") -> list[tuple[Any, ...]]:
        return self.world.sql(
            f"select {columns} from qbo_sync.differences"
            f" where reconciliation_id = (select max(id) from qbo_sync.reconciliations) and {condition} order by id"
        )

    def drift(self) -> dict[str, set[str]]:
        """Number -> classes of what somebody has to look at."""
        found: dict[str, set[str]] = defaultdict(set)
        for number, drift in self._rows("doc_number, class", "resolution is null and class <> 'balance'"):
            found[number].add(drift)
        return dict(found)

    def explained(self) -> dict[str, str]:
        """Number -> the reason that explains what is different."""
        return dict(self._rows("doc_number, resolution", "resolution is not null and class <> 'balance'"))

    def row(self, number: str, drift: str) -> dict[str, Any]:
        """The one difference of that number and class."""
        names = ("field", "billing_value", "qbo_value", "amount", "proposed_repair", "billing_id", "qbo_id", "doc_date")
        found = self._rows(", ".join(names), f"doc_number = '{number}' and class = '{drift}'")
        assert len(found) == 1, found
        return dict(zip(names, found[0], strict=True))

    def sums(self) -> tuple[Decimal, Decimal]:
        """The amounts of all differences without payments, and with them."""
        rows = self._rows("amount, class")
        return sum((a for a, c in rows if c != "balance"), Decimal(0)), sum((a for a, _ in rows), Decimal(0))

    def by_month(self) -> dict[str, Decimal]:
        """Month -> the amounts of its differences without payments."""
        rows = self._rows("to_char(doc_date, 'YYYY-MM'), sum(amount)", "class <> 'balance' group by 1, id")
        found: dict[str, Decimal] = defaultdict(Decimal)
        for month, amount in rows:
            found[month] += amount
        return dict(found)

    def totals(self) -> dict[str, Any]:
        """What the night kept as its totals."""
        return self.world.sql("select totals from qbo_sync.reconciliations order by id desc limit 1")[0][0]

    def page(self) -> str:
        """The kept page."""
        return self.world.sql("select report from qbo_sync.reconciliations order by id desc limit 1")[0][0]
