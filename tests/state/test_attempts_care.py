"""What care makes, deletes, and never touches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from include.stores.attempts_care import drop_old_partitions, make_partitions, tidy
from tests.state.test_realms import count, write_plan

ATTEMPT = (
    "insert into qbo_sync.attempts (at, realm, source, kind, billing_id, entity, action, event) "
    "values (%s, 1, 'billing_db', 'invoice', '1', 'Invoice', 'create', 'sent')"
)


def now():
    return datetime.now(UTC)


def test_partitions_are_made_three_months_ahead(connection):
    """A migrated schema has this month and three more; care finds nothing to add until the month has changed."""
    assert make_partitions(connection) == 0
    assert make_partitions(connection, months_ahead=5) == 2


def test_an_event_of_a_month_without_partition_is_kept_all_the_same(connection):
    """It lands in the default partition, and the month's own partition is then left out instead of failing."""
    later = (now().replace(day=1) + timedelta(days=31 * 6)).replace(day=15)
    connection.execute(ATTEMPT, (later,))

    make_partitions(connection, months_ahead=8)

    assert count(connection, "attempts_default") == 1
    assert count(connection, "attempts") == 1


def test_only_months_older_than_seven_years_are_dropped(connection, admin_dsn):
    """Of two old months the one that ended seven years ago goes, the one that did not stays."""
    old, kept = now().year - 9, now().year - 6
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        for year in (old, kept):
            admin.execute(
                f"create table qbo_sync.attempts_{year}_01 partition of qbo_sync.attempts "
                f"for values from ('{year}-01-01 00:00+00') to ('{year}-02-01 00:00+00')"
            )
            admin.execute(f"alter table qbo_sync.attempts_{year}_01 owner to qbo_sync_owner")
            connection.execute(ATTEMPT, (f"{year}-01-10",))

    assert drop_old_partitions(connection, now()) == 1

    years = connection.execute("select extract(year from at)::int as year from qbo_sync.attempts").fetchall()
    assert years == [{"year": kept}]


def test_nobody_can_drop_younger_months(connection):
    """The function that drops refuses any time within the last seven years."""
    with pytest.raises(psycopg.errors.RaiseException, match="kept for seven years"):
        connection.execute("select qbo_sync.drop_attempt_partitions(now() - interval '6 years')")


def test_a_plan_that_nobody_pushed_expires_and_one_in_flight_does_not(connection, realm):
    """Its items are withdrawn; a plan with an unknown item waits to be settled."""
    left = write_plan(connection, realm, ["planned", "done"])
    in_flight = write_plan(connection, realm, ["unknown"])
    connection.execute("update qbo_sync.plans set state = 'planned', expires_at = now() - interval '1 day'")

    done = tidy(connection, now())

    assert done.plans_expired == 1
    states = connection.execute("select id, state from qbo_sync.plans order by id").fetchall()
    assert states == [{"id": left, "state": "expired"}, {"id": in_flight, "state": "planned"}]
    items = connection.execute("select state from qbo_sync.plan_items order by id").fetchall()
    assert [item["state"] for item in items] == ["stale", "done", "unknown"]


def test_old_work_is_deleted_and_what_tells_of_a_write_is_kept(connection, realm):
    """After 35 days candidates, findings, reports and plans without any sending go; the rest stays."""
    for states, plan_state in (
        (["stale"], "expired"),
        (["done"], "superseded"),
        (["unknown"], "superseded"),
        ([], "pushed"),
    ):
        plan = write_plan(connection, realm, states)
        connection.execute(
            "update qbo_sync.plans set state = %s, created_at = now() - interval '36 days' where id = %s",
            (plan_state, plan),
        )
        write_candidate(connection, plan)
    fresh = write_plan(connection, realm, [])
    write_candidate(connection, fresh)
    connection.execute(
        "insert into qbo_sync.findings (plan_id, run_id, dag_id, page, totals, made_at) "
        "values (%s, 'r', 'd', '<p>', '{}', now() - interval '36 days')",
        (fresh,),
    )
    connection.execute(
        "insert into qbo_sync.reconciliations (realm, dag_id, run_id, started_at, report, totals) "
        "values (%s, 'd', 'r', now() - interval '36 days', '<p>', '{}')",
        (realm,),
    )

    for resolution in ("draft", None):
        connection.execute(
            "insert into qbo_sync.differences (reconciliation_id, realm, class, resolution) "
            "select id, realm, 'missing_in_qbo', %s from qbo_sync.reconciliations",
            (resolution,),
        )

    done = tidy(connection, now())

    assert (done.candidates_deleted, done.plans_deleted, done.findings_deleted, done.reports_deleted) == (4, 1, 1, 1)
    assert done.explained_deleted == 1
    assert connection.execute("select resolution from qbo_sync.differences").fetchall() == [{"resolution": None}]
    assert count(connection, "plans") == 4
    assert count(connection, "candidates") == 1
    assert connection.execute("select report, totals from qbo_sync.reconciliations").fetchall() == [
        {"report": None, "totals": {}}
    ]
    assert tidy(connection, now()).plans_deleted == 0


def write_candidate(connection, plan):
    connection.execute(
        "insert into qbo_sync.candidates (plan_id, kind, billing_id, content, fingerprint, canon_version) "
        "values (%s, 'invoice', '1', '{}', 'f', 1)",
        (plan,),
    )
