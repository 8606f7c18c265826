"""Views and tie-outs over a state that a real push has written, and over states that somebody broke."""

from __future__ import annotations

import psycopg
import pytest

from include.stores.tie_outs import broken_tie_outs, tie_out_names
from tests.state.test_realms import write_links, write_plan
from tests.state_fixture import as_run

STATUS = (
    "insert into qbo_sync.statuses (source, kind, billing_id, entity, realm, status, reason, billing_total, qbo_total) "
    "values ('billing_db', 'invoice', %s, 'Invoice', %s, 'Synced', 'created', 10, 10)"
)


def names(connection):
    return [one.name for one in broken_tie_outs(connection)]


def test_after_a_push_every_statement_of_truth_holds(world):
    """Created, unchanged and skipped documents leave a state without contradiction, and a log without open ends."""
    world.invoice("T-1", amounts=["10.00", "5.55"])
    world.invoice("T-2", customer_id=None)
    world.run()
    world.invoice("T-3")
    world.run()

    with psycopg.connect(as_run(world.dsn), autocommit=True) as connection:
        assert names(connection) == []
        log = connection.execute(
            "select doc_number, action, status, reason, total::text from qbo_sync.sync_log where entity = 'Invoice' order by at"
        ).fetchall()
        seen = connection.execute(
            "select realm_key, doc_number, status, reason, billing_total, qbo_total from qbo_sync.document_status order by 2"
        ).fetchall()
    assert log == [("T-1", "create", "Synced", "created", "15.55"), ("T-3", "create", "Synced", "created", "100.00")]
    assert [row[:4] for row in seen] == [
        ("demo", "T-1", "Synced", "unchanged"),
        ("demo", "T-2", "Skipped", "customer_missing"),
        ("demo", "T-3", "Synced", "created"),
    ]
    assert all(billing == qbo for *_, status, _, billing, qbo in seen if status == "Synced")


@pytest.mark.parametrize(
    ("breaks", "name"),
    [
        ("delete from qbo_sync.links where billing_id = 'b0'", "synced_documents_are_linked"),
        ("delete from qbo_sync.statuses where billing_id = 'b0'", "linked_documents_have_a_status"),
        ("update qbo_sync.statuses set qbo_total = 9.99 where billing_id = 'b0'", "synced_totals_tie"),
        ("update qbo_sync.links set doc_number = 'T-1'", "document_numbers_are_linked_once"),
        ("update qbo_sync.plan_items set state = 'done', claimed_at = now()", "answers_follow_sendings"),
        ("update qbo_sync.plan_items set state = 'sending', claimed_at = now()", "claims_are_recorded"),
        (
            "update qbo_sync.plan_items set state = 'unknown', claimed_at = now() - interval '2 days'",
            "nothing_is_stuck_in_flight",
        ),
        (
            "update qbo_sync.plans set decision = 'rejected', decided_at = now() - interval '1 day'",
            "rejected_plans_sent_nothing",
        ),
        (
            "insert into qbo_sync.attempts (at, realm, source, kind, billing_id, entity, action, event) "
            "values ('2001-01-01', 1, 'billing_db', 'invoice', '1', 'Invoice', 'create', 'sent')",
            "audit_lies_in_its_months",
        ),
    ],
)
def test_each_contradiction_is_found_and_said(connection, realm, breaks, name):
    """One broken row is found by the tie-out of that name, with a sentence that leads to the document."""
    write_links(connection, realm, 2)
    write_plan(connection, realm, ["planned"])
    for billing_id in ("b0", "b1"):
        connection.execute(STATUS, (billing_id, realm))
    if name != "claims_are_recorded":
        connection.execute(
            "insert into qbo_sync.attempts (realm, plan_item, source, kind, billing_id, entity, action, event) "
            "select realm, id, source, kind, billing_id, entity, action, 'sent' from qbo_sync.plan_items"
        )
    assert names(connection) == []

    connection.execute(breaks)

    found = {one.name: one for one in broken_tie_outs(connection)}
    assert name in found
    assert len(found[name].examples[0]) > 20


def test_every_tie_out_returns_the_same_columns(connection):
    """Whoever shows them can rely on realm, document number, billing id and problem."""
    assert len(tie_out_names()) == 9
    for _ in broken_tie_outs(connection):
        raise AssertionError("an empty state contradicts itself")


def test_a_sending_without_answer_shows_in_the_log_until_it_is_answered(connection, realm):
    """The open end is Unknown; an answer under the same ids closes it, one under other ids does not."""
    sent = (
        "insert into qbo_sync.attempts "
        "(realm, plan_item, source, kind, billing_id, entity, action, event, batch_id, b_id, status) "
        "values (%s, 7, 'billing_db', 'invoice', '1', 'Invoice', 'create', %s, %s, 'x', %s)"
    )
    connection.execute(sent, (realm, "sent", "first", None))
    connection.execute(sent, (realm, "answered", "second", "Synced"))
    log = "select status from qbo_sync.sync_log order by at"
    assert [row["status"] for row in connection.execute(log)] == ["Unknown", "Synced"]

    connection.execute(sent, (realm, "answered", "first", "Synced"))

    assert [row["status"] for row in connection.execute(log)] == ["Synced", "Synced"]
