"""docs/state.md agrees with the schema and with the command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from include.stores.locks import _NAMESPACE
from include.wiring.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "state.md").read_text()


def test_every_table_is_described(connection):
    """A new table needs a line on the page."""
    tables = connection.execute(
        "select relname from pg_class "
        "where relnamespace = 'qbo_sync'::regnamespace and relkind in ('r', 'p') and not relispartition"
    ).fetchall()

    assert [row["relname"] for row in tables if f"`{row['relname']}`" not in PAGE] == []


@pytest.mark.parametrize("view", ["contacts", "document_status", "sync_log", "throttle_state"])
def test_the_columns_of_the_views_are_those_on_the_page(connection, view):
    """Others build on these names and their order."""
    cursor = connection.execute(f"select * from qbo_sync.{view}")
    columns = ", ".join(column.name for column in cursor.description)

    assert f"| `{view}` | `{columns}` |" in PAGE


def test_the_commands_on_the_page_exist(capsys):
    """Each documented command is one that the help lists."""
    with pytest.raises(SystemExit):
        main(["--help"])
    offered = capsys.readouterr().out

    documented = set(re.findall(r"^\| `ledgerline ([a-z-]+)", PAGE, re.MULTILINE))
    assert {"migrate", "check", "tokens", "disconnect", "rotate-key", "summary", "uninstall"} <= documented
    assert [name for name in documented - {"mappings"} if not re.search(rf"^    {name}\b", offered, re.MULTILINE)] == []


def test_the_statement_that_ends_a_frozen_holder_names_our_locks():
    """The number on the page is the one that the lock uses."""
    assert f"classid = {_NAMESPACE}" in PAGE
