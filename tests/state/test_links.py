"""A link says what a document is in QuickBooks: it is written anew with each write, and never points at something else."""

from __future__ import annotations

import psycopg
import pytest

from include.billing_sync.outcomes import judge
from include.billing_sync.ports import Answer, AnswerKind, Claimed, Write
from include.stores.outbox import PostgresOutbox

LINK = (
    "insert into qbo_sync.links (realm, environment, source, kind, billing_id, entity, qbo_id, sync_token, answer, origin, "
    "written_at) values (%s, 'sandbox', 'billing_db', %s, 'one', %s, %s, '0', '{}', 'created', now())"
)
OTHER = (
    "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) "
    "values ('uk', 'http://127.0.0.1:1', '2', 'sandbox') returning id"
)


@pytest.fixture
def outbox(connection, realm):
    """The outbox of a push whose plan creates one invoice."""
    connection.execute(
        "with plan as (insert into qbo_sync.plans (realm, source, dag_id, run_id, mode) "
        "values (%(realm)s, 'billing_db', 'qbo_export_invoices', 'first', 'push') returning id) "
        "insert into qbo_sync.plan_items (plan_id, step, realm, environment, source, kind, billing_id, doc_number, entity, "
        "action, reason, payload, looked_at) select id, 1, %(realm)s, 'sandbox', 'billing_db', 'invoice', 'one', 'T-1', "
        "'Invoice', 'create', 'new', '{}', now() + interval '1 hour' from plan",
        {"realm": realm},
    )
    return PostgresOutbox(connection, realm=realm, environment="sandbox", epoch=0, run_id="first")


def push(outbox: PostgresOutbox, qbo_id: str, token: str):
    """Claim the invoice, let QuickBooks answer with this id, and settle."""
    (plan_id,) = outbox.connection.execute("select min(id) as id from qbo_sync.plans").fetchone().values()
    batch = outbox.next_group(plan_id, 30, [])
    (claimed,) = outbox.claim(batch, lambda item: Claimed(item, Write("Invoice", "create", "{}", "b1", "batch-b1")))
    entity = {"Id": qbo_id, "SyncToken": token, "TotalAmt": 0, "Line": []}
    (settled,) = outbox.settle([judge(claimed.item, Answer(AnswerKind.WRITTEN, entity=entity))])
    return settled


def held(connection):
    """All links, as id and version."""
    rows = connection.execute("select qbo_id, sync_token from qbo_sync.links order by id").fetchall()
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(
    "change", ["qbo_id = '2'", "entity = 'CreditMemo'", "realm = (select max(id) from qbo_sync.realms)"]
)
def test_no_statement_points_a_link_at_something_else(connection, realm, change):
    """Another id, another kind of entity, another company: the database refuses each, and takes a newer version."""
    connection.execute(OTHER)
    connection.execute(LINK, (realm, "invoice", "Invoice", "1"))

    with pytest.raises(psycopg.errors.UniqueViolation, match="invoice one is linked to Invoice id 1 already"):
        connection.execute(f"update qbo_sync.links set {change}")
    connection.execute("update qbo_sync.links set sync_token = '7'")

    assert held(connection) == [("1", "7")]


def test_a_write_to_what_is_linked_is_kept_in_the_same_link(connection, realm, outbox):
    """QuickBooks answered with the id of before and a newer version."""
    connection.execute(LINK, (realm, "invoice", "Invoice", "1"))

    settled = push(outbox, "1", "3")

    assert (settled.state, held(connection)) == ("done", [("1", "3")])


def test_a_write_elsewhere_leaves_the_link_and_is_left_to_a_person(connection, realm, outbox):
    """QuickBooks answered with another id than the one that the document is linked to: both stand in what the person reads."""
    connection.execute(LINK, (realm, "invoice", "Invoice", "1"))

    settled = push(outbox, "2", "0")

    assert (settled.status, settled.reason) == ("Error", "ambiguous")
    assert "id 2, while this document is linked to id 1 already" in settled.detail
    assert held(connection) == [("1", "0")]


def test_a_document_is_linked_once_among_all_companies_and_a_name_once_in_each(connection, realm):
    """Two companies may both have a customer one; an invoice one belongs to one of them."""
    other = connection.execute(OTHER).fetchone()["id"]
    for company in (realm, other):
        connection.execute(LINK, (company, "customer", "Customer", "1"))
    connection.execute(LINK, (realm, "invoice", "Invoice", "1"))

    with pytest.raises(psycopg.errors.UniqueViolation, match="links_document"):
        connection.execute(LINK, (other, "invoice", "Invoice", "1"))
    with pytest.raises(psycopg.errors.UniqueViolation, match="links_document"):
        connection.execute(LINK, (other, "customer", "Customer", "5"))
