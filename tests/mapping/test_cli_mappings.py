"""`ledgerline mappings load|save|report` against a company in the simulator (issue: bad input; F26, F27, F31, F43, F53)."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import pytest

from include.wiring import cli_mappings, settings
from tests.world import World

HEADING = "billing_id,billing_name,qbo_id,qbo_name,excluded\n"
DEMO = Path(settings.__file__).resolve().parents[1] / "mappings" / "demo"


def ledgerline(*arguments: str) -> int:
    """Run the command as the entry point does."""
    parser = argparse.ArgumentParser()
    cli_mappings.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["mappings", *arguments, "--realm", "demo"])
    return int(parsed.run(parsed))


def write(world: World, name: str, rows: str) -> None:
    (world.mappings / "demo" / name).write_text(HEADING + rows)


def book(world: World, kind: str) -> list[tuple[object, ...]]:
    return world.sql(
        "select billing_key, qbo_id, qbo_name, is_excluded, origin, changed_by from qbo_sync.mappings "
        "where kind = %s order by billing_key",
        kind,
    )


@pytest.mark.row("F26")
def test_a_folder_is_loaded_and_saved_as_it_was(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """F26: all kinds into the database under a name, and back to the byte; a second load changes nothing."""
    for path in DEMO.glob("*.csv"):
        shutil.copy(path, world.mappings / "demo" / path.name)

    assert ledgerline("load", "--by", "ann") == 0
    assert ledgerline("save") == 0
    assert {path.name: path.read_bytes() for path in (world.mappings / "demo").glob("*.csv")} == {
        path.name: path.read_bytes() for path in DEMO.glob("*.csv")
    }
    capsys.readouterr()
    assert ledgerline("load") == 0
    assert "customers.csv: 0 added, 0 changed, 0 removed, 2 unchanged" in capsys.readouterr().out
    assert book(world, "subscription")[1] == ("S-1001-fiber-1000", "4", "Design", False, "csv", "ann")


def test_everything_that_is_wrong_with_a_folder_is_listed_and_nothing_is_loaded(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown column, duplicate key, unknown file: one line each with file and row, and the good file waits too."""
    write(world, "customers.csv", "42,Acme,1,Amy's Bird Sanctuary,\n42,Acme,2,Bill's Windsurf Shop,\n")
    write(world, "categories.csv", "usage,,2,Hours,\n")
    (world.mappings / "demo" / "services.csv").write_text("billing_id,qbo_id,qbo_name,colour\n")
    (world.mappings / "demo" / "customer.csv").write_text(HEADING)
    before = book(world, "category")

    assert ledgerline("load") == 1

    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("customer.csv: unknown file; allowed: customers.csv, ")
    assert lines[1].startswith("customers.csv, row 3: billing_id '42' stands in row 2 already")
    assert lines[2].startswith("services.csv, row 1: unknown column 'colour'")
    assert lines[3].endswith("nothing was loaded")
    assert book(world, "category") == before


def test_ids_that_do_not_agree_with_quickbooks_are_listed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """An id that QuickBooks does not have, and an id under another name."""
    write(world, "customers.csv", "42,Acme,999,Acme,\n43,Beta,1,Beta,\n")
    write(world, "tax_codes.csv", "S,,TAX,TAX,\nZ,,77,Zero,\n")

    assert ledgerline("load") == 1

    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == [
        "customers.csv, row 2: QuickBooks has no Customer with id 999; refresh the lists, or correct qbo_id",
        "customers.csv, row 3: Customer 1 is named \"Amy's Bird Sanctuary\" in QuickBooks, not 'Beta'; "
        "correct one of the two",
        "tax_codes.csv, row 3: QuickBooks has no TaxCode with id 77; refresh the lists, or correct qbo_id",
    ]


def test_a_new_entry_is_usable_after_a_refresh(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """F50, F168: made in QuickBooks a minute ago, read on demand, mapped at once."""
    payload = {"Name": "Fibre", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
    _, answer = world.qbo.call("POST", "item", payload)
    write(world, "categories.csv", f"recurring,,{answer['Item']['Id']},Fibre,\n")

    assert ledgerline("load") == 1
    assert ledgerline("load", "--refresh") == 0

    assert "Item: 19 read from QuickBooks" in capsys.readouterr().out
    assert book(world, "category")[0][2] == "Fibre"


def test_what_a_person_decided_since_is_not_undone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The key, the person and both values are listed, with the command that keeps the decision."""
    write(world, "customers.csv", "42,Acme,1,Amy's Bird Sanctuary,\n")
    assert ledgerline("load") == 0
    world.sql(
        "update qbo_sync.mappings set qbo_id = '2', qbo_name = 'Bill''s Windsurf Shop', origin = 'console', "
        "changed_by = 'carol', changed_at = clock_timestamp() where kind = 'customer'"
    )
    write(world, "customers.csv", "42,Acme,3,Cool Cars,\n")

    assert ledgerline("load") == 1

    error = capsys.readouterr().err
    assert "customer 42: carol changed it at " in error
    assert "to 2 \"Bill's Windsurf Shop\", the file says 3 'Cool Cars'" in error
    assert "ledgerline mappings save --realm demo" in error
    assert ledgerline("save") == 0
    assert "42,Acme,2,Bill's Windsurf Shop," in (world.mappings / "demo" / "customers.csv").read_text()


@pytest.mark.row("F27", "F43")
def test_the_report_shows_what_is_left_with_similar_names(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """F27, F43, F53: billing's keys that nobody mapped, and what they are like; a near miss is a suggestion only."""
    world.customer("c2", "Cool Cars ")
    world.customer("c3", "Rondonuwu Fruit and Veg")
    world.invoice("T-1", lines=[{"amount": 1, "category": "hours"}, {"amount": 1}])

    assert ledgerline("report") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "customers.csv: 3 not mapped, 0 mapped; the others take the customer of their name, or a new one"
    assert "  c2 'Cool Cars ': like Cool Cars (id 3, 100 %)" in lines
    assert any(
        line.startswith("  c3 'Rondonuwu Fruit and Veg': like Rondonuwu Fruit and Vegi (id 21, ") for line in lines
    )
    assert "categories.csv: 1 not mapped, 1 mapped" in lines
    assert "  hours 'hours': like Hours (id 2, 100 %)" in lines
    assert "1 categories lead to 1 items" in lines


def test_an_empty_folder_is_an_error(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to load is said, and is not a success."""
    assert ledgerline("load") == 1
    assert "holds none of customers.csv, categories.csv" in capsys.readouterr().err
