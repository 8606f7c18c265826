"""What is true of every entity that can be created, whatever it is."""

from typing import Any

import pytest

from qbo_simulator.entities.registry import ENTITIES
from tests.simulator.client import JSON_NAMES, Qbo
from tests.simulator.payloads import LISTS, TRANSACTIONS

SINCE = {"changedSince": "2020-01-01T00:00:00Z"}
CREATED = {**TRANSACTIONS, **LISTS}


def shown(entity: str) -> str:
    """The name under which JSON holds an entity."""
    return JSON_NAMES.get(entity, entity)


def create(qbo: Qbo, entity: str) -> dict[str, Any]:
    """One of the entity."""
    return qbo.post(entity.lower(), CREATED[entity])[entity]


def test_every_entity_with_a_create_is_tried_here() -> None:
    """The table of payloads is complete."""
    creatable = {name for name, entity in ENTITIES.items() if "create" in entity.operations}

    # They need more currencies, a bill, an item in stock, have no update, or wrap another; each has tests of its own.
    assert creatable - set(CREATED) == {
        "CompanyCurrency", "BillPayment", "TaxAgency", "Attachable", "RecurringTransaction", "InventoryAdjustment",
    }  # fmt: skip


@pytest.mark.parametrize("entity", CREATED)
def test_what_was_created_is_read_queried_and_captured(qbo: Qbo, entity: str) -> None:
    """Read, query and change data capture show the answer of the create; the query finds it by its Id."""
    made = create(qbo, entity)

    assert (made["SyncToken"], made["domain"], made["sparse"]) == ("0", "QBO", False)
    assert qbo.read(entity, made["Id"]) == made
    assert qbo.query(f"select * from {entity} where Id = '{made['Id']}'").rows == [made]
    assert qbo.query(f"select count(*) from {entity}").body["QueryResponse"]["totalCount"] >= 1
    if ENTITIES[entity].in_cdc:
        captured = qbo.get("cdc", entities=entity, **SINCE).body["CDCResponse"][0]["QueryResponse"][0][shown(entity)]
        assert made in captured


@pytest.mark.parametrize("entity", CREATED)
def test_an_update_needs_the_current_sync_token(qbo: Qbo, entity: str) -> None:
    """A sparse update raises it and keeps everything else; the old one is then stale (5010), a missing one 2020."""
    made = create(qbo, entity)
    note = {"Description": "n"} if entity in ("Account", "Item", "TimeActivity") else {"PrivateNote": "n"}
    if entity in LISTS and entity not in ("Account", "Item"):
        note = {"DisplayName": "Newer"} if "DisplayName" in made else {"Name": "Newer"}
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, **note}

    changed = qbo.post(entity.lower(), change)[entity]
    stale = qbo.post(entity.lower(), change)
    without = qbo.post(entity.lower(), {"Id": made["Id"], "sparse": True})

    assert changed["SyncToken"] == "1"
    kept = {name for name in made if made[name] == changed.get(name)}
    assert set(made) - kept <= {"SyncToken", "MetaData", "FullyQualifiedName", "PrintOnCheckName", *note}
    assert (stale.error["code"], without.error["code"]) == ("5010", "2020")


@pytest.mark.parametrize("entity", CREATED)
def test_unknown_properties_are_named_with_those_that_are_known(qbo: Qbo, entity: str) -> None:
    """2010 with the name of the class and the number of its properties."""
    refused = qbo.post(entity.lower(), {**CREATED[entity], "Colour": "red"})

    assert refused.error["code"] == "2010"
    assert f'Unrecognized field "Colour" (class com.intuit.schema.finance.v3.{entity}' in refused.error["Detail"]


@pytest.mark.parametrize("entity", TRANSACTIONS)
def test_a_deleted_transaction_is_gone(qbo: Qbo, entity: str) -> None:
    """The answer names it, reading and deleting again are 610, change data capture reports the deletion."""
    made = create(qbo, entity)

    deleted = qbo.post(entity.lower(), {"Id": made["Id"], "SyncToken": "0"}, operation="delete")

    assert deleted[entity] == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    assert qbo.get(f"{entity.lower()}/{made['Id']}").error["code"] == "610"
    assert qbo.post(entity.lower(), {"Id": made["Id"], "SyncToken": "0"}, operation="delete").error["code"] == "610"
    if ENTITIES[entity].in_cdc:
        [captured] = qbo.get("cdc", entities=entity, **SINCE).body["CDCResponse"][0]["QueryResponse"][0][shown(entity)]
        assert (captured["status"], captured["Id"]) == ("Deleted", made["Id"])


@pytest.mark.parametrize("entity", LISTS)
def test_a_list_entity_is_made_inactive_and_never_deleted(qbo: Qbo, entity: str) -> None:
    """Queries hide it, its name is free again, and delete is an unsupported operation."""
    made = create(qbo, entity)

    inactive = qbo.post(entity.lower(), {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})[entity]
    refused = qbo.post(entity.lower(), {"Id": made["Id"], "SyncToken": "1"}, operation="delete")

    name = "DisplayName" if "DisplayName" in made else "Name"
    assert inactive[name] == made[name] + " (deleted)"
    assert qbo.query(f"select * from {entity} where Id = '{made['Id']}'").rows == []
    assert qbo.query(f"select * from {entity} where Id = '{made['Id']}' and Active = false").rows == [inactive]
    assert refused.error["code"] == "500"
    assert qbo.post(entity.lower(), CREATED[entity]).status == 200


@pytest.mark.parametrize("entity", sorted(set(TRANSACTIONS) - {"TimeActivity"}))
def test_closed_books_cannot_be_changed(qbo: Qbo, entity: str) -> None:
    """6210 for a new document on the closing date, and for the change and the deletion of an old one."""
    made = qbo.post(entity.lower(), {**CREATED[entity], "TxnDate": "2026-01-31"})[entity]
    qbo.simulator.preferences(BookCloseDate="2026-01-31")

    answers = [
        qbo.post(entity.lower(), {**CREATED[entity], "TxnDate": "2026-01-31"}),
        qbo.post(entity.lower(), {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}),
        qbo.post(entity.lower(), {"Id": made["Id"], "SyncToken": "0"}, operation="delete"),
    ]

    assert [answer.error["code"] for answer in answers] == ["6210"] * 3


def test_a_batch_takes_every_entity(qbo: Qbo) -> None:
    """One item each; all are made, each under its own name."""
    items = [{"bId": name, "operation": "create", name: payload} for name, payload in CREATED.items()]

    answers = qbo.batch(*items)

    assert [next(iter(answer)) for answer in answers] == [shown(name) for name in CREATED]
