"""What the outbox reads of a plan item, in several statements of which each names its columns."""

from __future__ import annotations

from dataclasses import fields

import psycopg
import pytest

from include.billing_sync.ports import Item
from include.stores.statements import NAMES, sql
from tests.state_fixture import migrated_database

VALUES = {
    "plan_id": 1,
    "limit": 1,
    "since": "now",
    "names": NAMES,
    "without": [],
    "ids": [1],
    "known": [],
    "realm": 1,
    "epoch": 1,
}
ELSEWHERE = {
    "request": {"unsettled_items"},
    "payload": {"lock_planned_items", "next_items", "next_send", "names_to_write", "unsettled_items"},
}
"""Fields that only some statements read: what was sent, of what is unsettled; and the longest one, where it is looked at."""


@pytest.fixture(scope="module")
def dsn(pg):
    """A migrated database."""
    return migrated_database(pg)


@pytest.mark.parametrize(
    "statement",
    ["names_to_write", "creates_not_looked_at", "next_items", "lock_planned_items", "next_send", "unsettled_items"],
)
def test_an_item_is_read_whole_by_every_statement(dsn, statement):
    """A field that one of them leaves out would be empty without a word, and what is decided by it wrong."""
    wanted = {each.name for each in fields(Item) if statement in ELSEWHERE.get(each.name, {statement})}

    with psycopg.connect(dsn) as connection:
        found = {column.name for column in connection.execute(sql(statement), VALUES).description}

    assert wanted - found == set()
