"""Similar names, for a person to confirm. Nothing is ever matched by likeness (FEATURES.md F43, F53)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from include.billing_sync.name_rules import name_key
from include.billing_sync.names import ListRow

LEAST_SCORE = 80.0
"""Below it two names are shown to nobody as similar (0 to 100)."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry whose name is like the one looked for; ``score`` 100 means equal but for case, outer spaces or order."""

    row: ListRow
    score: float

    def __str__(self) -> str:
        return f"{self.row.full_name or self.row.name} (id {self.row.qbo_id}, {self.score:.0f} %)"


def similar(name: str, rows: Sequence[ListRow], most: int = 3) -> list[Suggestion]:
    """The active entries whose names are most like this one, best first."""
    active = [row for row in rows if row.is_active and row.kind != "Category"]
    found = process.extract(
        name_key(name),
        [name_key(row.name) for row in active],
        scorer=fuzz.token_sort_ratio,
        limit=most,
        score_cutoff=LEAST_SCORE,
    )
    return [Suggestion(active[place], score) for _, score, place in found]
