"""Which documents a sync takes up again although billing did not change them."""

from __future__ import annotations

import psycopg

from include.stores.watermarks import WatermarkStore

STATUS = (
    "insert into qbo_sync.statuses (source, kind, billing_id, entity, realm, status, reason, reasons) "
    "select 'billing_db', 'invoice', %s || n, 'Invoice', %s, %s, %s, jsonb_build_array(jsonb_build_object('reason', %s::text)) "
    "from generate_series(1, %s) as n"
)


def test_the_hourly_look_for_documents_that_wait_does_not_read_all_that_are_synced(dsn, admin_dsn, realm):
    """Of twenty thousand, one is pending, one waits for its mail, one was skipped: indexes lead to them, also at night."""
    with psycopg.connect(admin_dsn) as connection:
        for name, status, reason, count in (
            ("synced-", "Synced", "unchanged", 20_000),
            ("pending-", "Pending", "planned", 1),
            ("unmailed-", "Synced", "not_yet_sent", 1),
            ("skipped-", "Skipped", "customer_missing", 1),
            ("imported-", "Skipped", "qbo_origin", 1),
        ):
            connection.execute(STATUS, (name, realm, status, reason, reason, count))
        connection.execute("analyze qbo_sync.statuses")
    with psycopg.connect(dsn) as connection:
        marks = WatermarkStore(connection, realm)

        hourly = marks.waiting_documents("billing_db", "invoice", is_every=False)
        nightly = marks.waiting_documents("billing_db", "invoice", is_every=True)
        (touched,) = connection.execute(
            "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relname = 'statuses'"
        ).fetchone()

    assert hourly == ["pending-1", "unmailed-1"]
    assert nightly == ["pending-1", "skipped-1", "unmailed-1"]
    assert touched < 100
