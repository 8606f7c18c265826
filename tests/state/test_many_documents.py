"""What is asked among however many documents: indexes lead to the few that matter."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from include.billing_sync.outcomes import judge
from include.billing_sync.pairs import Held
from include.billing_sync.ports import Answer, AnswerKind, Claimed, Write
from include.stores.candidates import save_findings
from include.stores.findings import FindingsStore
from include.stores.outbox import PostgresOutbox
from include.stores.reconciliations import ReconciliationStore
from include.stores.watermarks import WatermarkStore

PLAN = (
    "insert into qbo_sync.plans (realm, source, dag_id, run_id, mode) "
    "values (%s, 'billing_db', 'qbo_auto_sync', %s, 'push') returning id"
)
STATUS = (
    "insert into qbo_sync.statuses (source, kind, billing_id, entity, realm, status, reason, reasons, plan_id) "
    "select 'billing_db', 'invoice', %s || n, 'Invoice', %s, %s, %s, "
    "jsonb_build_array(jsonb_build_object('reason', %s::text)), %s from generate_series(1, %s) as n"
)
ITEMS = (
    "insert into qbo_sync.plan_items (plan_id, step, realm, environment, source, kind, billing_id, doc_number, entity, action, "
    "reason, explanation, payload, state, looked_at) select %s, n, %s, 'sandbox', 'billing_db', 'invoice', n::text, n::text, "
    "'Invoice', 'create', 'new', repeat(n::text, 200), '{}', 'planned', now() from generate_series(1, %s) as n"
)
LINKS = (
    "insert into qbo_sync.links (realm, environment, source, kind, billing_id, entity, qbo_id, sync_token, answer, origin, "
    "written_at) select %s, 'sandbox', 'billing_db', 'invoice', 'old-' || n, 'Invoice', 'old-' || n, '0', "
    "json_build_object('PrivateNote', repeat(n::text, 200)), 'created', now() from generate_series(1, %s) as n"
)


@pytest.fixture
def plan(admin_dsn, realm):
    """A plan of five documents; twenty thousand others were unchanged in the run before."""
    with psycopg.connect(admin_dsn) as connection:
        before, latest = (connection.execute(PLAN, (realm, run)).fetchone()[0] for run in ("night", "hour"))
        for name, status, reason, plan_id, count in (
            ("synced-", "Synced", "unchanged", before, 20_000),
            ("written-", "Synced", "updated", latest, 1),
            ("pending-", "Pending", "planned", latest, 1),
            ("unmailed-", "Synced", "not_yet_sent", latest, 1),
            ("skipped-", "Skipped", "customer_missing", latest, 1),
            ("imported-", "Skipped", "qbo_origin", latest, 1),
        ):
            connection.execute(STATUS, (name, realm, status, reason, reason, plan_id, count))
        connection.execute("analyze qbo_sync.statuses")
    return latest


def touched(connection, table="statuses"):
    """Rows of a table, its partitions included, that this transaction has read so far."""
    return connection.execute(
        "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int from pg_stat_xact_user_tables where relname ~ %s",
        (f"^{table}(_[0-9_]+|_default)?$",),
    ).fetchone()[0]


@pytest.mark.usefixtures("plan")
def test_the_look_for_documents_that_wait_does_not_read_all_that_are_synced(dsn, realm):
    """One is pending, one waits for its mail, and at night one that was skipped is tried again."""
    with psycopg.connect(dsn) as connection:
        marks = WatermarkStore(connection, realm)

        hourly = marks.waiting_documents("billing_db", "invoice", is_every=False)
        nightly = marks.waiting_documents("billing_db", "invoice", is_every=True)

        assert hourly == ["pending-1", "unmailed-1"]
        assert nightly == ["pending-1", "skipped-1", "unmailed-1"]
        assert touched(connection) < 100


def test_a_report_does_not_read_the_documents_of_other_runs(dsn, plan):
    """Its five documents are found by their plan."""
    with psycopg.connect(dsn) as connection:
        found = list(FindingsStore(connection).documents(plan))

        assert len(found) == 5
        assert touched(connection) < 100


def test_what_the_checks_found_is_put_beside_documents_stored_a_moment_ago(admin_dsn, dsn, plan):
    """PostgreSQL has not looked at the table yet and takes it for empty; each document is found by its key all the same."""
    with psycopg.connect(admin_dsn) as connection:
        connection.execute("alter table qbo_sync.candidates set (autovacuum_enabled = false)")
        connection.execute(
            "insert into qbo_sync.candidates (plan_id, kind, billing_id, content, fingerprint, canon_version) "
            "select %s, 'invoice', n::text, '{}', 'f', 1 from generate_series(1, 3000) as n",
            (plan,),
        )

    with psycopg.connect(dsn) as connection:
        done = save_findings(connection, plan, {str(number): [] for number in range(1, 1001)})

        assert done == 1000
        assert touched(connection, "candidates") <= 3000


def test_a_batch_of_a_push_reads_its_own_documents_and_links_alone(admin_dsn, dsn, realm):
    """Thirty of three thousand are claimed and settled, in tables of which PostgreSQL does not know yet what they hold."""
    with psycopg.connect(admin_dsn) as connection:
        for table in ("plan_items", "links"):
            connection.execute(f"alter table qbo_sync.{table} set (autovacuum_enabled = false)")
        (plan_id,) = connection.execute(PLAN, (realm, "first")).fetchone()
        connection.execute(ITEMS, (plan_id, realm, 3000))
        connection.execute(LINKS, (realm, 3000))

    with psycopg.connect(dsn) as connection:
        outbox = PostgresOutbox(connection, realm=realm, environment="sandbox", epoch=0, run_id="first")
        outbox.since = connection.execute("select now() - interval '1 hour'").fetchone()[0]
        batch = outbox.next_group(plan_id, 30, [])
        links = outbox.links_of(batch)
        claimed = outbox.claim(batch, claim)
        settled = outbox.settle([written(one) for one in claimed])

        assert (len(claimed), links, {one.state for one in settled}) == (30, {}, {"done"})
        assert len(outbox.links_of(batch)) == 30
        assert touched(connection, "plan_items") < 300
        assert touched(connection, "links") < 300
        connection.execute("select pg_stat_force_next_flush()")
    with psycopg.connect(admin_dsn) as connection:
        (entries,) = connection.execute(
            "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'plan_items_work'"
        ).fetchone()
        assert entries < 300


def claim(item):
    """Send it as it was planned."""
    return Claimed(item, Write("Invoice", "create", "{}", f"b{item.id}", f"batch-b{item.id}"))


def written(claimed):
    """QuickBooks wrote it under an id of its own."""
    entity = {"Id": f"new-{claimed.item.id}", "SyncToken": "0", "TotalAmt": 0, "Line": []}
    return judge(claimed.item, Answer(AnswerKind.WRITTEN, entity=entity))


@pytest.fixture
def sendings(admin_dsn, realm):
    """Twenty thousand creates were sent, one was answered late; each document is linked, two under another number since."""
    row = "(realm, source, kind, billing_id, doc_number, entity, action, event, outcome, qbo_id, total)"
    with psycopg.connect(admin_dsn) as connection:
        connection.execute(
            f"insert into qbo_sync.attempts {row} select %s, 'billing_db', 'invoice', n::text, 'T-' || n, 'Invoice',"
            " 'create', 'sent', null, null, 10 from generate_series(1, 20000) as n",
            (realm,),
        )
        connection.execute(
            f"insert into qbo_sync.attempts {row} values"
            " (%s, 'billing_db', 'invoice', '8', 'T-8', 'Invoice', 'create', 'answered', 'late', 'late-8', 10)",
            (realm,),
        )
        connection.execute(
            "insert into qbo_sync.links (realm, environment, source, kind, billing_id, entity, qbo_id, doc_number,"
            " sync_token, answer, origin, written_at) select %s, 'sandbox', 'billing_db', 'invoice', n::text, 'Invoice',"
            " 'id-' || n, case when n in (7, 8) then 'N-' else 'T-' end || n, '0', '{}', 'created', now()"
            " from generate_series(1, 5000) as n",
            (realm,),
        )
        connection.execute("analyze qbo_sync.attempts, qbo_sync.links")


def held(qbo_id, doc_number):
    """An invoice as QuickBooks shows it."""
    money = Decimal(10)
    return Held("Invoice", qbo_id, doc_number, date(2026, 10, 5), "1", "Acme", "USD", money, Decimal(0), money)


@pytest.mark.usefixtures("sendings")
def test_what_is_too_much_is_explained_without_reading_all_sendings(dsn, realm):
    """One bears the number of a sending, one is named by a late answer; both documents have another number by now."""
    with psycopg.connect(dsn) as connection:
        night = ReconciliationStore(connection, realm=realm, source="billing_db", dag_id="qbo_reconcile")
        night.begin("night", None, None)
        night.put_held([held(f"id-{n}", f"{'N' if n in (7, 8) else 'T'}-{n}") for n in range(1, 5001)])
        night.put_held([held("strayed", "T-7"), held("late-8", "X-8")])

        night.match_links()
        night.match_numbers()

        named = "select qbo_id, twin, twin_of, is_strayed from reconcile_held where twin is not null order by qbo_id"
        assert connection.execute(named).fetchall() == [("late-8", "id-8", "8", True), ("strayed", "id-7", "7", True)]
        assert touched(connection, "attempts") < 100
