"""The pages on settings and mappings say what the code does."""

from __future__ import annotations

from pathlib import Path

from include.billing_sync.mapping_files import COLUMNS, FILES
from include.wiring.settings import load_settings
from include.wiring.settings_model import ALLOWED

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_settings_lists_each_with_what_is_allowed() -> None:
    """docs/settings.md has one row per setting, with the words of the errors."""
    page = (DOCS / "settings.md").read_text()

    rows = [row.split(" | ")[:2] for row in page.splitlines() if row.startswith("| `")]

    assert [(row[0].strip("| `"), row[1]) for row in rows] == list(ALLOWED.items())


def test_the_page_of_mappings_names_all_files_and_columns() -> None:
    """docs/mappings.md has a row for each file and each column."""
    page = (DOCS / "mappings.md").read_text()

    assert all(f"| `{name}` |" in page for name in (*FILES.values(), *COLUMNS))


def test_the_settings_of_the_demo_are_good() -> None:
    """The folder that is shipped can be read."""
    assert load_settings("demo").connection == "qbo_demo"
