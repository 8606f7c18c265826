"""Planners and pushes at once write the statuses of the same documents, and wait for one another without a deadlock (rule 4)."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from include.billing_sync.planning import DocumentStatus
from include.billing_sync.statuses import Status
from include.stores.outbox import PostgresOutbox
from include.stores.plans import PlanStore

FIRST, LAST = "a", "b"


def pending(billing_id):
    """A document that waits for its push."""
    return DocumentStatus("invoice", billing_id, "Invoice", Status.PENDING, "planned", ())


@pytest.fixture
def plan(connection, realm):
    """A plan of two documents, stored with the last one first."""
    store = PlanStore(connection, realm=realm, environment="sandbox")
    plan_id = store.open(source="billing_db", dag_id="dag", run_id="run", mode="push", choices={})
    store.save_statuses(plan_id, "run", [pending(LAST), pending(FIRST)], "billing_db")
    for step, billing_id in enumerate((LAST, FIRST)):
        connection.execute(
            "insert into qbo_sync.plan_items (plan_id, step, realm, environment, source, kind, billing_id, entity, action,"
            " reason, state) values (%s, %s, %s, 'sandbox', 'billing_db', 'invoice', %s, 'Invoice', 'create', 'created',"
            " 'planned')",
            (plan_id, step, realm, billing_id),
        )
    store.finish(plan_id, totals={}, decision=None)
    return plan_id


def planner(connection, realm, plan_id):
    """A planner that met the last document first."""
    store = PlanStore(connection, realm=realm, environment="sandbox")
    store.save_statuses(plan_id, "run", [pending(LAST), pending(FIRST)], "billing_db")


def closed_company(connection, realm, plan_id):
    """A push that finds the company closed."""
    outbox = PostgresOutbox(connection, realm=realm, environment="sandbox", epoch=0, run_id="run")
    outbox.hold_up(plan_id, "token_expired", "sign on")


def rejection(connection, realm, plan_id):
    """A person who says no."""
    PlanStore(connection, realm=realm, environment="sandbox").decide(plan_id, is_approved=False, by="ann")


def too_many_changes(connection, realm, plan_id):
    """A planner whose changes have to wait for a person."""
    connection.execute("update qbo_sync.plan_items set action = 'update'")
    PlanStore(connection, realm=realm, environment="sandbox").hold_updates(plan_id)


@pytest.mark.parametrize("writer", [planner, closed_company, rejection, too_many_changes])
def test_whoever_waits_for_the_first_document_holds_no_later_one(dsn, admin_dsn, realm, plan, writer):
    """Somebody has the first document: the writer waits for it, and the last one is free meanwhile; so there is no circle."""
    with psycopg.connect(admin_dsn) as holder, psycopg.connect(dsn, autocommit=True) as writing:
        holder.execute("select from qbo_sync.statuses where billing_id = %s for update", (FIRST,))
        work = threading.Thread(target=writer, args=(writing, realm, plan))
        work.start()
        while not is_waiting(admin_dsn, writing.info.backend_pid):
            time.sleep(0.01)

        holder.execute("select from qbo_sync.statuses where billing_id = %s for update nowait", (LAST,))
        holder.rollback()
        work.join()

    with psycopg.connect(dsn) as reader:
        assert reader.execute("select count(*) from qbo_sync.statuses").fetchone() == (2,)


def is_waiting(dsn, pid):
    """Whether a session waits for a lock."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s", (pid,)
        ).fetchone() == (True,)
