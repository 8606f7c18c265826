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


class Alike:
    """The active entries of a list, ready to be compared with many names."""

    def __init__(self, rows: Sequence[ListRow]) -> None:
        """Prepare their names once; entries that no document can name are left out."""
        self._active = [row for row in rows if row.is_active and row.kind != "Category"]
        self._names = [name_key(row.name) for row in self._active]

    def to(self, name: str, most: int = 3) -> list[Suggestion]:
        """Those whose names are most like this one, best first."""
        found = process.extract(
            name_key(name), self._names, scorer=fuzz.token_sort_ratio, limit=most, score_cutoff=LEAST_SCORE
        )
        return [Suggestion(self._active[place], score) for _, score, place in found]


def similar(name: str, rows: Sequence[ListRow], most: int = 3) -> list[Suggestion]:
    """The active entries whose names are most like this one, best first."""
    return Alike(rows).to(name, most)
