"""docs/reconciliation.md against the code that it describes."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from demo.runner.postgres import EmbeddedPostgres
from include.billing_sync.pairs import DriftClass
from include.billing_sync.reconcile import CONFLICTS
from include.wiring.reconcile_report import MEANINGS
from tests.state_fixture import migrated_database

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reconciliation.md").read_text(encoding="utf-8")


def test_every_class_is_explained_to_people() -> None:
    """The page and the report have words for each class, and for no other."""
    table = PAGE.partition("## Classes")[2].partition("## Explained")[0]
    named = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }

    assert named == {str(one) for one in DriftClass}
    assert set(MEANINGS) == set(DriftClass)


def test_the_reasons_that_explain_nothing_are_listed() -> None:
    """What the page lists as conflicts is what the rules take for conflicts."""
    sentence = next(line for line in PAGE.splitlines() if "explain nothing" in line)

    assert set(re.findall(r"`(\w+)`", sentence)) == CONFLICTS


def test_the_statement_of_the_page_runs(pg: EmbeddedPostgres) -> None:
    """What people copy from the page works against the schema."""
    statement = PAGE.partition("```sql")[2].partition("```")[0]

    with psycopg.connect(migrated_database(pg)) as connection:
        assert connection.execute(statement.encode()).fetchall() == []
