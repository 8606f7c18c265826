"""The command `ledgerline`: what it does, what it says, and how it refuses."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from airflow.sdk.crypto import get_fernet
from cryptography.fernet import Fernet

from include.stores.realms import realm_by_key
from include.wiring.cli import main
from include.wiring.cli_summary import summary_lines
from include.wiring.migrations import SCHEMA_VERSION
from tests.world import SETTINGS, connections, write_settings

CHECKOUT = Path(__file__).resolve().parents[2]
BOOK = "https://sandbox-quickbooks.api.intuit.com"


@pytest.fixture
def place(admin_dsn, qbo, tmp_path):
    """Airflow's Connections to a fresh state and the simulator's company, and settings of one realm that nobody connected."""
    qbo.reset()
    write_settings(tmp_path, "demo", SETTINGS)
    with connections(admin_dsn, qbo, tmp_path):
        get_fernet.cache_clear()
        yield tmp_path
    get_fernet.cache_clear()


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs a command in this process; returns exit code, output and error output."""
    # The command sets both for its process; here they are to end with the test.
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    monkeypatch.setenv("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")

    def call(*arguments):
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def use_key(monkeypatch):
    """Gives Airflow another Fernet key, as a new process would see it."""

    def use(key):
        monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", key)
        get_fernet.cache_clear()

    return use


def connect(run):
    return run("tokens", "import", "--realm", "demo", "--refresh-token", "RT1-sim")


def test_migrate_makes_schema_roles_and_the_user_that_runs(run, pg, monkeypatch):
    """An administrator's DSN makes everything; the user of qbo_state_db exists afterwards, may run, and owns nothing."""
    dsn = pg.create_database("from_the_command")
    parts = urlsplit(dsn)
    runner = f"postgres://cli_run:secret@{parts.hostname}:{parts.port}/from_the_command"
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", runner)

    first, second = run("migrate", "--dsn", dsn), run("migrate", "--dsn", dsn)

    assert first == (0, f"schema qbo_sync has version {SCHEMA_VERSION} now\n", "")
    assert second == (0, f"schema qbo_sync has version {SCHEMA_VERSION} already\n", "")
    with psycopg.connect(runner.replace("postgres:", "postgresql:")) as connection:
        assert connection.execute("select count(*) from qbo_sync.document_status").fetchone() == (0,)
        owned = "select count(*) from pg_class where relowner = current_user::regrole"
        assert connection.execute(owned).fetchone() == (0,)


def test_migrate_uses_the_administrators_connection_where_there_is_one(run, pg, monkeypatch):
    """With qbo_state_admin_db defined no DSN has to be given."""
    dsn = pg.create_database("two_connections").replace("postgresql:", "postgres:")
    parts = urlsplit(dsn)
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_ADMIN_DB", dsn)
    monkeypatch.setenv(
        "AIRFLOW_CONN_QBO_STATE_DB", f"postgres://cli_run_2:secret@{parts.hostname}:{parts.port}/two_connections"
    )

    assert run("migrate")[0] == 0
    assert run("summary")[0] == 0


def test_migrate_can_let_the_running_role_read_billing(run, pg, monkeypatch):
    """Tables of the named schema can be read, those made later too, and none can be written."""
    dsn = pg.create_database("with_billing")
    parts = urlsplit(dsn)
    pg.run_sql("create schema billing; create table billing.invoices (n int)", "with_billing")
    monkeypatch.setenv(
        "AIRFLOW_CONN_QBO_STATE_DB", f"postgres://cli_run_3:s@{parts.hostname}:{parts.port}/with_billing"
    )

    assert run("migrate", "--dsn", dsn, "--billing-schema", "billing")[0] == 0

    pg.run_sql("create table billing.later (n int)", "with_billing")
    with psycopg.connect(f"postgresql://cli_run_3:s@{parts.hostname}:{parts.port}/with_billing") as connection:
        connection.execute("select * from billing.invoices, billing.later")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("insert into billing.invoices values (1)")
    code, _, errors = run("migrate", "--dsn", dsn, "--billing-schema", "biling")
    assert (code, errors) == (1, "ledgerline: --billing-schema: there is no schema biling in this database\n")


def test_a_missing_connection_is_one_line_with_its_cure(run, monkeypatch):
    """The line names the Connection, the place in the UI and the variable."""
    monkeypatch.delenv("AIRFLOW_CONN_QBO_STATE_DB", raising=False)

    code, _, errors = run("summary")

    assert code == 1
    assert errors.startswith("ledgerline: Connection qbo_state_db is not defined in Airflow")
    assert "Admin > Connections, or set AIRFLOW_CONN_QBO_STATE_DB" in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("mysql://a:b@127.0.0.1/c", "is of type mysql: it must be of type Postgres"),
        ("postgres://a:b@127.0.0.1", "names no database: fill in the field Database"),
        ("postgres://a:geheim@127.0.0.1:1/c", "user and password of Connection qbo_state_db"),
    ],
)
def test_a_wrong_connection_is_one_line_without_its_password(run, monkeypatch, value, says):
    """Type, missing database and an unreachable server are told apart."""
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", value)

    code, _, errors = run("summary")

    assert (code, errors.count("\n")) == (1, 1)
    assert errors.count(says) == 1
    assert "geheim" not in errors


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("postgresql://a:geheim@127.0.0.1:1/c", "ledgerline: the database does not answer: "),
        ("geheim", "ledgerline: --dsn is no connection string: write postgresql://user@host:5432/database"),
        ("postgresql://a:geheim@[/c", "ledgerline: --dsn is no connection string: write postgresql://"),
    ],
    ids=["nobody answers", "none at all", "cut off"],
)
@pytest.mark.parametrize("command", [("migrate",), ("uninstall", "--yes")], ids=["migrate", "uninstall"])
def test_a_migration_that_finds_no_database_is_one_line_as_well(run, monkeypatch, command, dsn, says):
    """The first command that anybody types: a wrong address or a slip of the hand is one line, without the password."""
    monkeypatch.delenv("AIRFLOW_CONN_QBO_STATE_DB", raising=False)

    code, _, errors = run(*command, "--dsn", dsn)

    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith(says)
    assert "geheim" not in errors


def test_an_unmigrated_database_is_refused_with_the_command_that_cures_it(run, pg, monkeypatch):
    """Commands refuse another schema version as DAGs do."""
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", pg.create_database("bare").replace("postgresql:", "postgres:"))

    assert run("summary") == (1, "", "ledgerline: database 'bare' has no schema qbo_sync: run `ledgerline migrate`\n")


def test_a_refresh_token_connects_the_company(place, connection):
    """The row of the realm, its facts and the renewed, encrypted tokens are there, and the command says nothing else."""
    done = ledgerline("tokens", "import", "--realm", "demo", "--refresh-token", "RT1-sim")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("demo: connected to ")
    assert done.stdout.count("\n") == 1
    row = realm_by_key(connection, "demo")
    assert (row.realm_id, row.country, row.home_currency, row.is_connected) == ("9130000000000001", "US", "USD", True)
    stored = connection.execute("select refresh_token from qbo_sync.tokens").fetchone()["refresh_token"]
    assert stored.startswith("gAAAA")


def test_a_dead_refresh_token_stores_nothing(run, place, connection):
    """Intuit's refusal is one line; no realm and no token appear."""
    code, _, errors = run("tokens", "import", "--realm", "demo", "--refresh-token", "RT1-wrong")

    assert (code, errors.count("\n")) == (1, 1)
    assert "sign-on to QuickBooks is over" in errors
    assert connection.execute("select count(*) as n from qbo_sync.realms").fetchone() == {"n": 0}


def test_an_unknown_realm_is_refused_with_the_known_ones(run, place):
    """The line names the file that is missing and the realms that exist."""
    code, _, errors = run("tokens", "import", "--realm", "nowhere", "--refresh-token", "x")

    assert code == 1
    assert "realm 'nowhere' is unknown" in errors
    assert "known realms: demo" in errors


def test_a_realm_that_is_another_company_is_left_alone_unless_the_label_moves(run, place, connection):
    """The token is not even used before the label is known to be free; with --move-label the other keeps its links."""
    connection.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment, connected_at) "
        "values ('demo', %s, '77', 'sandbox', now())",
        (BOOK,),
    )

    code, _, errors = connect(run)
    assert code == 1
    assert "realm demo is company 77 (sandbox)" in errors

    assert run("tokens", "import", "--realm", "demo", "--refresh-token", "RT1-sim", "--move-label")[0] == 0
    labels = connection.execute("select realm_key from qbo_sync.realms order by id").fetchall()
    assert [row["realm_key"] for row in labels] == ["demo-sandbox-77", "demo"]


def test_check_names_what_is_not_ready_and_says_when_all_is(run, place):
    """Before the sign-on the company is red; afterwards its tokens are told to be fresh."""
    code, said, _ = run("check", "--offline")
    assert code == 3
    assert "green state: database" in said
    assert "red   demo company: not connected: open the page" in said

    connect(run)
    code, said, _ = run("check", "--offline")

    assert code == 0
    assert "green demo tokens: refreshed 0 hours ago, the sign-on lasts 10" in said
    assert said.endswith("everything is ready\n")


def test_check_lets_the_company_doctor_speak(run, world):
    """For a connected realm each line of its preflight is shown under its key, and what is red decides the exit code."""
    _, said, _ = run("check")

    lines = said.splitlines()
    assert [line for line in lines if line.startswith("green demo company: ")]
    assert [line for line in lines if line.startswith("green tie-outs: all ")]
    spoken = [
        line for line in lines if " demo " in line and not line.startswith(("green demo company", "green demo tokens"))
    ]
    assert len(spoken) > 3
    assert all(line.partition(" ")[0] in ("red", "hint", "green") for line in spoken)

    world.settings(start_date=None)
    assert run("check", "--realm", "demo")[0] == 3


def test_check_finds_the_wrong_company(run, place, connection, admin_dsn, qbo):
    """A Connection that leads to another environment than the realm's row is red."""
    connect(run)
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute("alter table qbo_sync.realms disable trigger realms_identity")
        admin.execute("update qbo_sync.realms set environment = 'production'")

    code, said, _ = run("check", "--offline")

    assert code == 3
    assert "red   demo company: the Connection says environment sandbox, but the realm is in production" in said


def test_check_names_a_user_with_too_many_rights(run, place, admin_dsn, monkeypatch):
    """A superuser as the running user is a hint, not a stop."""
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", admin_dsn.replace("postgresql:", "postgres:"))

    _, said, _ = run("check", "--offline")

    assert "hint  state: " in said
    assert "give qbo_state_db a user of its own" in said


def test_check_names_the_right_to_make_temporary_tables(run, place, admin_dsn):
    """A database that took it from everybody is red with the statement that gives it to the running role."""
    database = urlsplit(admin_dsn).path.strip("/")
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(f'revoke temporary on database "{database}" from public')
        _, said, _ = run("check", "--offline")
        admin.execute(f'grant temporary on database "{database}" to qbo_sync_run')
        _, cured, _ = run("check", "--offline")

    assert f"grant temporary on database {database} to qbo_sync_run" in said
    assert "green state: database" in cured


def test_check_says_when_a_person_must_reconnect(run, place, connection):
    """The stored reason is shown."""
    connect(run)
    connection.execute("update qbo_sync.tokens set needs_reconnect = 'invalid_grant'")

    code, said, _ = run("check", "--offline")

    assert code == 3
    assert "red   demo tokens: invalid_grant. What to do: connect the company again" in said


def test_disconnect_forgets_tokens_and_says_what_was_archived(run, place, connection):
    """The company is disconnected here and its token is dead at Intuit; a second disconnect is refused."""
    connect(run)

    code, said, errors = run("disconnect", "--realm", "demo")

    assert (code, said, errors) == (0, "demo: disconnected, 0 links archived\n", "")
    assert realm_by_key(connection, "demo") is None
    assert connection.execute("select count(*) as n from qbo_sync.tokens").fetchone() == {"n": 0}
    code, _, errors = run("disconnect", "--realm", "demo")
    assert code == 1
    assert "not connected" in errors


def test_the_key_is_changed_from_the_command_line(run, place, connection, use_key):
    """With 'new,old' in Airflow's key the tokens are rewritten, and the new key alone reads them."""
    connect(run)
    new = Fernet.generate_key().decode()
    use_key(f"{new},{os.environ['AIRFLOW__CORE__FERNET_KEY']}")

    done = run("rotate-key")

    assert done == (0, "the tokens of 1 company are encrypted with the first key now\n", "")
    stored = connection.execute("select refresh_token from qbo_sync.tokens").fetchone()["refresh_token"]
    assert Fernet(new).decrypt(stored.encode()).startswith(b"RT1-")


def test_a_key_that_does_not_fit_is_refused(run, place, use_key):
    """Without the old key nothing is changed and the line says what to set."""
    connect(run)
    use_key(Fernet.generate_key().decode())

    code, _, errors = run("rotate-key")

    assert code == 1
    assert "set AIRFLOW__CORE__FERNET_KEY to 'new,old'" in errors


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_usable_key_no_token_is_stored(run, place, connection, use_key, key):
    """An empty or broken Fernet key stops the import before the token is used."""
    use_key(key)

    code, _, errors = connect(run)

    assert (code, errors.count("\n")) == (1, 1)
    assert "AIRFLOW__CORE__FERNET_KEY" in errors
    assert connection.execute("select count(*) as n from qbo_sync.tokens").fetchone() == {"n": 0}


class Terminal(io.StringIO):
    """A terminal at which somebody closes the input instead of answering."""

    def isatty(self):
        return True


def test_uninstall_asks_and_drops_everything(run, pg, monkeypatch):
    """Without a terminal it needs --yes, and no answer is no; then schema, links and audit are gone."""
    dsn = pg.create_database("to_be_left")
    monkeypatch.delenv("AIRFLOW_CONN_QBO_STATE_DB", raising=False)
    run("migrate", "--dsn", dsn)
    monkeypatch.setattr(sys, "stdin", io.StringIO("qbo_sync\n"))

    code, said, errors = run("uninstall", "--dsn", dsn)
    assert code == 1
    assert "holds 0 links to QuickBooks and 0 audit events" in said
    assert "nothing was dropped" in errors

    monkeypatch.setattr(sys, "stdin", Terminal())
    code, _, errors = run("uninstall", "--dsn", dsn)
    assert (code, errors) == (1, "ledgerline: nobody answered the question, and nothing was done\n")

    assert run("uninstall", "--dsn", dsn, "--yes")[0] == 0
    assert pg.run_sql("select count(*) from pg_namespace where nspname = 'qbo_sync'", "to_be_left").strip() == "0"


def test_the_summary_shows_counts_and_money_of_both_sides(run, place, connection):
    """One table per company and currency; amounts are exact, the sums below."""
    connect(run)
    for number, (status, reason, billing, qbo) in enumerate(
        [
            ("Synced", "created", "1100.10", "1100.10"),
            ("Synced", "created", "0.05", "0.05"),
            ("Skipped", "customer_unmapped", "7.00", None),
            ("Error", "amount_precision", "1.005", None),
        ]
    ):
        connection.execute(
            "insert into qbo_sync.statuses (source, kind, billing_id, entity, realm, status, reason, currency, billing_total, "
            "qbo_total) values ('billing_db', 'invoice', %s, 'Invoice', 1, %s, %s, 'USD', %s, %s)",
            (str(number), status, reason, billing, qbo),
        )

    code, said, _ = run("summary", "--realm", "demo")

    assert code == 0
    assert said.splitlines() == [
        "demo · Invoice · USD",
        "status   reason             documents    billing  QuickBooks",
        "-------  -----------------  ---------  ---------  ----------",
        "Synced   created                    2   1,100.15    1,100.15",
        "Skipped  customer_unmapped          1       7.00        0.00",
        "Error    amount_precision           1      1.005        0.00",
        "-------  -----------------  ---------  ---------  ----------",
        "all                                 4  1,108.155    1,100.15",
        "of them  Synced                     2   1,100.15    1,100.15",
    ]


def test_a_summary_of_nothing_says_so():
    """Before the first run there is one sentence."""
    assert summary_lines([]) == ["No document has a status yet: no run has looked at billing."]


def test_a_summary_of_a_company_that_is_not_set_up_names_those_that_are(run, place):
    """A slip in the realm key is not told as if no run had looked at billing."""
    code, said, _ = run("summary", "--realm", "dmeo")

    assert (code, said) == (0, "No document of dmeo has a status; set up are: demo\n")


def test_currencies_are_never_added_up():
    """Two currencies of one company are two tables, each with the digits of its own."""
    row = {"realm_key": "jp", "entity": "Invoice", "status": "Synced", "reason": "created", "documents": 1}
    money = {"billing_total": Decimal("1500"), "qbo_total": Decimal("1500")}

    lines = summary_lines([row | money | {"currency": "JPY"}, row | money | {"currency": "USD"}])

    assert [line for line in lines if "·" in line] == ["jp · Invoice · JPY", "jp · Invoice · USD"]
    assert [line.split()[-1] for line in lines if line.startswith("Synced")] == ["1,500", "1,500.00"]


def test_wrong_usage_is_told_apart_from_failure(run, capsys):
    """Exit code 2 is for a command that does not exist or lacks an argument."""
    with pytest.raises(SystemExit) as ended:
        main(["nonsense"])
    assert ended.value.code == 2

    with pytest.raises(SystemExit) as ended:
        main(["tokens", "import"])
    assert ended.value.code == 2


def test_connections_made_in_airflow_are_found(pg, dsn, tmp_path):
    """A Connection that only Airflow's own database knows, as after a click in the UI, is used by the command."""
    metadata = pg.create_database("airflow_metadata").replace("postgresql:", "postgresql+psycopg2:")
    environment = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata}
    environment["AIRFLOW__CORE__FERNET_KEY"] = Fernet.generate_key().decode()
    parts = urlsplit(dsn)
    made = {
        "conn_type": "postgres",
        "host": parts.hostname,
        "port": parts.port,
        "schema": parts.path[1:],
        "login": parts.username,
        "password": parts.password,
        "extra": json.dumps({"sslmode": "disable", "cursor": "dictcursor"}),
    }
    program = (
        "import json, sys\n"
        "from airflow import settings\n"
        "from airflow.models import Connection\n"
        "from airflow.utils.session import create_session\n"
        # The tables that the command reads of Airflow: all of them would take half a minute.
        "tables = [Connection.metadata.tables[name] for name in ('team', 'connection')]\n"
        "Connection.metadata.create_all(settings.engine, tables=tables)\n"
        "with create_session() as session:\n"
        "    session.add(Connection(conn_id='qbo_state_db', **json.loads(sys.argv[1])))\n"
    )
    click = python("-c", program, json.dumps(made), **environment)
    assert click.returncode == 0, click.stderr

    done = python("-m", "include.wiring.cli", "summary", **environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No document has a status yet: no run has looked at billing.\n"


def ledgerline(*arguments, **environment):
    return python("-m", "include.wiring.cli", *arguments, **environment)


def python(*arguments, **environment):
    path = os.pathsep.join(str(CHECKOUT / part) for part in (".", "plugins"))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": path, "AIRFLOW__CORE__UNIT_TEST_MODE": "False"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
