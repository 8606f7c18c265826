"""The mapping book in the database: history, decisions of people, load and save (FEATURES.md F26, F28, F29, F49)."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Thread
from typing import Any

import psycopg
import pytest

from include.billing_sync.mapping import Kind, MappingRow, Target
from include.stores.decisions import decide, take_out
from include.stores.mappings import (
    ChangedByPersonError,
    load,
    mapping_book,
    put,
    remove,
    rows_to_save,
    stored_mappings,
)
from include.stores.statements import sql

Connection = psycopg.Connection[Any]
RECURRING = MappingRow("category", "recurring", "Monthly", "2", "Hours")
USAGE = MappingRow("category", "usage", None, "3", "Concrete")


def history(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select billing_key, operation, changed_by, before ->> 'qbo_id', after ->> 'qbo_id' "
        "from qbo_sync.mapping_history order by id"
    ).fetchall()


def counts(connection: Connection, realm: int, *rows: MappingRow, by: str = "ann") -> tuple[int, int, int, int]:
    files: dict[Kind, list[MappingRow]] = {"category": list(rows)}
    done = load(connection, realm, files, by)["category"]
    return done.added, done.changed, done.removed, done.unchanged


@pytest.mark.row("F26")
def test_a_load_makes_the_book_equal_to_the_file(connection: Connection, realm: int) -> None:
    """F26: rows are added, changed and removed as the file says, and each change is in the history with its author."""
    assert counts(connection, realm, RECURRING, USAGE) == (2, 0, 0, 0)
    assert counts(connection, realm, RECURRING, USAGE) == (0, 0, 0, 2)
    assert counts(connection, realm, MappingRow("category", "usage", None, "4", "Design"), by="bob") == (0, 1, 1, 0)

    assert mapping_book(connection, realm).target("category", "usage") == Target("4", "Design")
    assert mapping_book(connection, realm).target("category", "recurring") is None
    assert history(connection) == [
        ("recurring", "insert", "ann", None, "2"),
        ("usage", "insert", "ann", None, "3"),
        ("usage", "update", "bob", "3", "4"),
        ("recurring", "delete", "bob", "2", None),
    ]


def test_kinds_without_a_file_stay_as_they_are(connection: Connection, realm: int) -> None:
    """A folder that holds categories only says nothing about customers."""
    put(connection, realm, [MappingRow("customer", "42", "Acme", "5", "Acme")], "csv", "ann")

    counts(connection, realm, RECURRING)

    assert {stored.mapping.kind for stored in stored_mappings(connection, realm)} == {"category", "customer"}


def test_one_realm_does_not_see_the_book_of_another(connection: Connection, realm: int) -> None:
    """F23: each company has its own mappings."""
    west = other_realm(connection)

    counts(connection, realm, RECURRING)

    assert stored_mappings(connection, west) == []


@pytest.mark.parametrize("change", ["decide", "take_out", "load", "created by a push"])
def test_changes_of_a_book_are_in_its_history_in_the_order_in_which_they_are_committed(
    dsn: str, connection: Connection, realm: int, change: str
) -> None:
    """The second waits for the first: who has seen the highest id, which says whether the book is another, has seen all."""
    put(connection, realm, [RECURRING], "csv", "ann")
    seen_at = stored_mappings(connection, realm)[0].changed_at
    other = MappingRow("category", "recurring", None, "4", "Design")
    blue = {"mapping_kind": "customer", "billing_id": "43", "entity": "Customer", "qbo_id": "6", "name": "Blue"}
    created = [{**blue, "sync_token": "0", "payload": {}}]
    made = {"rows": json.dumps(created), "realm": realm, "run_id": "bob"}
    changes: dict[str, Callable[[Connection], object]] = {
        "decide": lambda one: decide(one, realm, other, seen_at=seen_at, origin="console", changed_by="bob"),
        "take_out": lambda one: take_out(one, realm, "category", "recurring", seen_at=seen_at, changed_by="bob"),
        "load": lambda one: load(one, realm, {"category": [RECURRING, USAGE]}, "bob"),
        "created by a push": lambda one: one.execute(sql("save_created_names"), made),
    }
    acme = MappingRow("customer", "42", "Acme", "5", "Acme")
    with psycopg.connect(dsn, autocommit=True) as first, psycopg.connect(dsn, autocommit=True) as second:
        waiting = Thread(target=changes[change], args=[second])

        with first.transaction():
            decide(first, realm, acme, seen_at=None, origin="console", changed_by="carol")
            waiting.start()
            has_waited = waits(connection, second, waiting)
            seen = [row[2] for row in history(connection)]
        waiting.join()

    assert has_waited
    assert seen == ["ann"]
    assert [row[2] for row in history(connection)] == ["ann", "carol", "bob"]


def other_realm(connection: Connection) -> int:
    """The row of another company."""
    row = connection.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment)"
        " values ('west', 'http://127.0.0.1:1', '2', 'sandbox') returning id"
    ).fetchone()
    assert row is not None
    return int(row[0])


def waits(connection: Connection, other: Connection, work: Thread) -> bool:
    """Whether the session waits for a lock before its work is done."""
    waiting = "select 1 from pg_locks where pid = %s and not granted"
    while work.is_alive():
        if connection.execute(waiting, (other.info.backend_pid,)).fetchone():
            return True
    return False


@pytest.mark.row("F28", "F29")
def test_a_decision_is_confirmed_at_once_with_who_and_when(connection: Connection, realm: int) -> None:
    """F28, F29: one write, and the book and its history tell."""
    put(connection, realm, [MappingRow("customer", "42", "House", is_excluded=True)], "console", "carol")

    (stored,) = stored_mappings(connection, realm)
    assert (stored.mapping.is_excluded, stored.origin, stored.changed_by) == (True, "console", "carol")
    assert history(connection) == [("42", "insert", "carol", None, None)]


def test_a_load_never_undoes_what_a_person_decided_later(connection: Connection, realm: int) -> None:
    """Changed, added or removed on a page since the last load: all of it is listed, and nothing is written."""
    counts(connection, realm, RECURRING, USAGE)
    put(connection, realm, [MappingRow("category", "usage", None, "9", "Trimming")], "console", "carol")
    put(connection, realm, [MappingRow("category", "fees", None, "8", "Pump")], "suggestion", "carol")
    remove(connection, realm, "category", ["recurring"], "dave")
    before = history(connection)

    with pytest.raises(ChangedByPersonError) as caught:
        counts(connection, realm, RECURRING, USAGE, MappingRow("category", "new", None, "7", "Rocks"))

    said = [str(conflict).split(" at ")[0] for conflict in caught.value.conflicts]
    assert said == [
        "category recurring: dave changed it",
        "category usage: carol changed it",
        "category fees: carol changed it",
    ]
    assert "to 9 'Trimming', the file says 3 'Concrete'" in str(caught.value)
    assert history(connection) == before


def test_saving_settles_what_a_person_decided(connection: Connection, realm: int) -> None:
    """After a save the file holds the decision, so a later edit of the file is the newer word."""
    counts(connection, realm, RECURRING)
    put(connection, realm, [MappingRow("category", "recurring", "Monthly", "9", "Trimming")], "console", "carol")

    with connection.transaction():
        saved = rows_to_save(connection, realm, ["category"])

    assert counts(connection, realm, *saved["category"]) == (0, 0, 0, 1)
    assert counts(connection, realm, RECURRING) == (0, 1, 0, 0)


def test_a_save_that_failed_does_not_count(connection: Connection, realm: int) -> None:
    """The mark moves with the transaction in which the files are written."""
    counts(connection, realm, RECURRING)
    put(connection, realm, [MappingRow("category", "recurring", "Monthly", "9", "Trimming")], "console", "carol")

    with connection.transaction():
        rows_to_save(connection, realm, ["category"])
        raise psycopg.Rollback

    with pytest.raises(ChangedByPersonError):
        counts(connection, realm, RECURRING)


def test_a_person_who_said_the_same_as_the_file_is_no_conflict(connection: Connection, realm: int) -> None:
    """Equal rows stay untouched, with the origin they have."""
    put(connection, realm, [RECURRING], "console", "carol")

    assert counts(connection, realm, RECURRING) == (0, 0, 0, 1)
    assert stored_mappings(connection, realm)[0].origin == "console"


def test_what_a_run_created_stays_although_no_file_names_it(connection: Connection, realm: int) -> None:
    """A customer or item that a run created is known from then on; a file may still overrule it."""
    put(connection, realm, [USAGE], "created", "run 7")

    assert counts(connection, realm, RECURRING) == (1, 0, 0, 0)
    assert counts(connection, realm, RECURRING) == (0, 0, 0, 1)
    assert counts(connection, realm, MappingRow("category", "usage", None, "4", "Design")) == (0, 1, 1, 0)


def test_an_empty_name_is_no_name(connection: Connection, realm: int) -> None:
    """A file cannot tell the two apart, so the book does not either."""
    put(connection, realm, [MappingRow("category", "usage", "", "3", "Concrete")], "created", "run 7")

    assert counts(connection, realm, USAGE) == (0, 0, 0, 1)
