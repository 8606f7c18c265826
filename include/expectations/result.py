"""What the checks of one run found: the counts of documents and of each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from include.billing_sync.reasons import CATALOGUE, Finding

SHOWN = 20
"""Document numbers named under one rule; the findings have all of them."""

NUMBER_SHOWN = 40

INDICTS = frozenset({"no_lines", "totals_do_not_match", "amount_precision", "currency_unknown", "date_out_of_range"})
"""Reasons that, found often, say something about the extract: types, and totals against lines. A null customer is data."""
INDICTING_SHARE = (1, 5)
INDICTING_LEAST = 50


@dataclass(slots=True)
class Rule:
    """One expectation with what it found."""

    reason: str
    severity: str
    detail: str
    checked: int = 0
    failed: int = 0
    shown: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The rule as JSON."""
        return {
            "reason": self.reason,
            "severity": self.severity,
            "detail": self.detail,
            "checked": self.checked,
            "failed": self.failed,
            "shown": self.shown,
        }


@dataclass(frozen=True, slots=True)
class Indictment:
    """Why the extract itself, and not its documents, is held to be wrong."""

    reason: str
    failed: int
    considered: int

    def __str__(self) -> str:
        return (
            f"{self.failed} of {self.considered} new or changed documents have the reason {self.reason}: "
            f"{CATALOGUE[self.reason].text} So many point to the extract; look at include/sql/billing first. "
            "The form can override this stop."
        )


@dataclass(slots=True)
class CheckResult:
    """The counts of one run: of documents, of those that stay out, and of each rule in the order of the suite."""

    documents: int = 0
    stopped: int = 0
    rules: dict[tuple[str, str, str], Rule] = field(default_factory=dict)
    considered: int = 0
    indicting: Counter[str] = field(default_factory=Counter)

    def count(self, meta: Mapping[str, Any], checked: int, numbers: Sequence[str]) -> None:
        """Add what one expectation found in one chunk."""
        key = (str(meta["reason"]), str(meta["severity"]), str(meta["detail"]))
        rule = self.rules.setdefault(key, Rule(*key))
        rule.checked += checked
        rule.failed += len(numbers)
        rule.shown += [number[:NUMBER_SHOWN] for number in numbers[: SHOWN - len(rule.shown)]]

    def add(self, findings: Sequence[Finding], *, is_new: bool) -> None:
        """Count one document with all its findings; ``is_new`` says that it is new or changed since the last run."""
        self.documents += 1
        stops = {finding.reason for finding in findings if finding.stops}
        self.stopped += bool(stops)
        self.considered += is_new
        self.indicting.update(stops & INDICTS if is_new else ())

    @property
    def indictment(self) -> Indictment | None:
        """Whether so many documents fail in types or totals that the extract must be wrong: then the realm stops.

        Only documents that are new or changed count, since what stood wrong before was reported before; and only when
        there are at least fifty of them. A fifth of them under one of the reasons in :data:`INDICTS` is no accident.
        """
        if self.considered < INDICTING_LEAST or not self.indicting:
            return None
        reason, failed = min(self.indicting.items(), key=lambda pair: (-pair[1], pair[0]))
        above, below = INDICTING_SHARE
        return Indictment(reason, failed, self.considered) if failed * below >= self.considered * above else None

    def to_json(self) -> dict[str, Any]:
        """The result as it is kept with the plan."""
        return {
            "documents": self.documents,
            "stopped": self.stopped,
            "indictment": str(self.indictment) if self.indictment else None,
            "rules": [rule.to_json() for rule in self.rules.values()],
        }
