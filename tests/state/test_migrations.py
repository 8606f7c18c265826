"""The migration, the two roles, and what the database refuses to whom."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from include.wiring import migrations
from include.wiring.migrations import (
    SCHEMA_VERSION,
    SchemaVersionError,
    require_current_schema,
    schema_version,
    schema_version_is_current,
)
from include.wiring.migrations.run import head, migrate, uninstall
from tests.state_fixture import RUN_PASSWORD, RUN_USER, as_run, started_postgres

REALM = (
    "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) values ('us', 'http://x', '1', 'sandbox')"
)
PLAN = "insert into qbo_sync.plans (realm, source, dag_id, run_id, mode) values (1, 'billing_db', 'd', 'r', 'push')"
ATTEMPT = (
    "insert into qbo_sync.attempts (at, realm, source, kind, billing_id, entity, action, event) "
    "values (coalesce(%s, now()), 1, 'billing_db', 'invoice', '1', 'Invoice', 'create', 'sent')"
)


def test_the_newest_revision_is_the_one_that_dags_expect():
    """The constant that tasks compare with is the head of the revisions."""
    assert head() == SCHEMA_VERSION


def test_a_migration_creates_the_schema_and_its_repetition_changes_nothing(pg):
    """The first call brings an empty database to the newest version; the second finds it there."""
    dsn = pg.create_database("twice")

    first = migrate(dsn)
    second = migrate(dsn)

    assert (first.before, first.after) == (None, SCHEMA_VERSION)
    assert (second.before, second.after) == (SCHEMA_VERSION, SCHEMA_VERSION)


def test_what_was_kept_before_version_2_is_kept_after_it(pg):
    """The CSV of a run's findings becomes its first part, and a reconciliation knows which DAG made it."""
    files = Path(migrations.__file__).resolve().parents[2] / "sql" / "state" / "migrations"
    with psycopg.connect(pg.create_database("older"), autocommit=True) as connection:
        connection.execute("create schema qbo_sync")
        connection.execute((files / "0001_first.sql").read_text())
        connection.execute(REALM)
        connection.execute("insert into qbo_sync.reconciliations (realm, run_id) values (1, 'night')")
        connection.execute(PLAN)
        connection.execute(
            "insert into qbo_sync.findings (plan_id, run_id, dag_id, page, csv, totals) values (1, 'r', 'd', '', 'a,b', '{}')"
        )

        connection.execute((files / "0002_reports.sql").read_text())

        assert connection.execute("select plan_id, part, csv from qbo_sync.findings_parts").fetchall() == [
            (1, 1, "a,b")
        ]
        assert connection.execute("select dag_id from qbo_sync.reconciliations").fetchall() == [("qbo_reconcile",)]


def test_everything_belongs_to_the_owner_role_and_nothing_to_the_running_one(admin_dsn):
    """No table, view, sequence or function of the schema belongs to another role than qbo_sync_owner."""
    owners = (
        "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'qbo_sync'::regnamespace "
        "union select distinct pg_get_userbyid(proowner) from pg_proc where pronamespace = 'qbo_sync'::regnamespace"
    )

    with psycopg.connect(admin_dsn) as connection:
        assert connection.execute(owners).fetchall() == [("qbo_sync_owner",)]


def test_a_connection_without_create_role_still_gets_the_schema(pg):
    """Where nobody may make roles and none exist for it, the user of the connection owns the schema."""
    pg.run_sql("create role plain login password 'plain'")
    dsn = pg.create_database("plain")
    pg.run_sql("grant create on database plain to plain")
    parts = urlsplit(dsn)
    plain = f"postgresql://plain:plain@{parts.hostname}:{parts.port}/plain"
    # The roles exist on this server from other tests; a user who is no member of the owner cannot use them.

    migrate(plain)

    with psycopg.connect(plain) as connection:
        assert schema_version_is_current(connection)
        owner = connection.execute("select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'qbo_sync'")
        assert owner.fetchone() == ("plain",)


def test_a_role_that_may_create_roles_needs_no_superuser(tmp_path):
    """On a new server a user with CREATEROLE and CREATE on the database makes schema, roles and login, and removes them."""
    with started_postgres(tmp_path / "pg") as server:
        server.run_sql("create role maker login createrole password 'maker'")
        dsn = server.create_database("made")
        server.run_sql("grant create on database made to maker")
        maker = dsn.replace(f"postgres:{server.password}", "maker:maker")

        done = migrate(maker, login=("made_run", "made"))

        assert done.has_roles
        assert done.login_is_ready
        with psycopg.connect(dsn.replace(f"postgres:{server.password}", "made_run:made")) as connection:
            connection.execute(REALM)
        assert uninstall(maker) == []
        assert server.run_sql("select rolname from pg_roles where rolname like 'qbo_sync_%'").strip() == ""


@pytest.mark.parametrize(
    "statement",
    [
        "update qbo_sync.attempts set detail = 'x'",
        "delete from qbo_sync.attempts",
        "truncate qbo_sync.attempts",
        "truncate qbo_sync.attempts_default",
        "delete from qbo_sync.attempts_default",
        "drop table qbo_sync.statuses",
        "drop schema qbo_sync cascade",
        "alter table qbo_sync.attempts disable trigger all",
        "create table qbo_sync.mine (n int)",
        "delete from qbo_sync.link_archive",
        "delete from qbo_sync.realms",
        "update qbo_sync.mapping_history set changed_by = 'x'",
    ],
)
def test_the_running_role_is_refused(dsn, statement):
    """It may neither change the audit and the history nor touch the shape of the schema."""
    with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize("when", [None, "2001-05-05", "2999-01-01"])
@pytest.mark.parametrize("change", ["update qbo_sync.attempts set detail = 'x'", "delete from qbo_sync.attempts"])
def test_the_audit_is_append_only_for_the_owner_and_superuser_too(admin_dsn, when, change):
    """An event is refused any change, whether it lies in a month's partition or in the default one."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(ATTEMPT, (when,))

        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(change)


def test_no_partition_of_the_audit_can_be_truncated(admin_dsn):
    """Parent, default partition and each month's partition refuse it, also to the superuser."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        parts = connection.execute(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'qbo_sync.attempts'::regclass"
        ).fetchall()
        assert len(parts) == 5

        for (table,) in [("qbo_sync.attempts",), *parts]:
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                connection.execute(f"truncate {table}")


def test_the_running_role_can_do_its_work(dsn):
    """It writes rows of every kind that the synchronisation writes, reads the views, and makes partitions."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(REALM)
        connection.execute(ATTEMPT, (None,))
        connection.execute(
            "insert into qbo_sync.mappings (realm, kind, billing_key, qbo_id, qbo_name, origin, changed_by) "
            "values (1, 'customer', '7', '1', 'Amy', 'csv', 'anna')"
        )
        connection.execute("delete from qbo_sync.mappings")
        connection.execute("select qbo_sync.make_attempt_partitions(5)")

        assert connection.execute("select operation from qbo_sync.mapping_history").fetchall() == [
            ("insert",),
            ("delete",),
        ]
        assert connection.execute("select status, detail from qbo_sync.sync_log").fetchall() == [
            ("Unknown", "sent, no answer yet")
        ]
        assert connection.execute("select count(*) from qbo_sync.document_status").fetchone() == (0,)


def test_the_identity_of_a_realm_never_changes(dsn):
    """Another realm id or base URL under the same row is refused; the label may change."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(REALM)
        connection.execute("update qbo_sync.realms set realm_key = 'other'")

        with pytest.raises(psycopg.errors.RaiseException, match="identity of realm other cannot change"):
            connection.execute("update qbo_sync.realms set realm_id = '2'")


def test_months_are_parted_at_midnight_utc_whatever_the_session_says(dsn):
    """Sessions in other time zones make partitions that fit those made before."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone = 'Pacific/Kiritimati'")
        connection.execute("select qbo_sync.make_attempt_partitions(6)")
        connection.execute("set timezone = 'Pacific/Pago_Pago'")

        assert connection.execute("select qbo_sync.make_attempt_partitions(8)").fetchone() == (2,)


def test_a_database_without_schema_is_refused_with_the_cure(pg):
    """The sentence names the command that creates the schema."""
    with psycopg.connect(pg.create_database("empty")) as connection:
        assert schema_version(connection) is None

        with pytest.raises(SchemaVersionError, match=r"'empty' has no schema qbo_sync: run `ledgerline migrate`"):
            require_current_schema(connection)


@pytest.mark.parametrize(
    ("version", "cure"), [("0000", "run `ledgerline migrate`"), ("9999", "install the release that wrote it")]
)
def test_another_schema_version_is_refused_with_the_cure(dsn, admin_dsn, version, cure):
    """An older schema has to be migrated, a newer one needs a newer release."""
    with psycopg.connect(admin_dsn) as connection:
        connection.execute("update qbo_sync.alembic_version set version_num = %s", (version,))

    with psycopg.connect(dsn) as connection, pytest.raises(SchemaVersionError, match=cure):
        require_current_schema(connection)


def test_the_current_schema_is_accepted(dsn):
    """The running role can read the version, and nothing is raised."""
    with psycopg.connect(dsn) as connection:
        require_current_schema(connection)

        assert schema_version_is_current(connection)


def test_uninstall_removes_schema_and_keeps_roles_that_are_needed_elsewhere(pg, dsn):
    """Nothing of ours is left in this database; roles go only with the last database that uses them."""
    other = pg.create_database("leaving")
    migrate(other, login=(RUN_USER, RUN_PASSWORD))

    kept = uninstall(other)

    assert kept == ["qbo_sync_run", "qbo_sync_owner"]
    assert pg.run_sql("select count(*) from pg_namespace where nspname = 'qbo_sync'", "leaving").strip() == "0"
    with psycopg.connect(as_run(dsn)) as connection:
        assert schema_version_is_current(connection)
