"""A database that cannot be opened: what no repeat cures is told from what may pass."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
import pytest
from airflow.sdk.crypto import get_fernet
from airflow.sdk.definitions.retry_policy import RetryAction
from cryptography.fernet import Fernet

from include.stores.rows import BillingError
from include.wiring import connections
from include.wiring.cli import main
from include.wiring.retry import SyncRetryPolicy


@pytest.fixture
def refusal(pg, monkeypatch):
    """Opens billing with something else in its URL; returns the error."""
    parts = urlsplit(pg.dsn())

    def opened(user=parts.username, password=parts.password, port=parts.port, database="postgres"):
        monkeypatch.setenv("AIRFLOW_CONN_BILLING_DB", f"postgres://{user}:{password}@127.0.0.1:{port}/{database}")
        with pytest.raises(connections.UnreachableError) as caught:
            connections.connect_billing()
        return caught.value

    return opened


def decision(error):
    """What the retry policy says of a first try."""
    return SyncRetryPolicy().evaluate(error, 1, 3).action


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong"}, {"password": ""}, {"user": "nobody"}, {"database": "nowhere"}],
    ids=["wrong password", "no password", "no such user", "no such database"],
)
def test_who_is_not_let_in_is_told_at_once(refusal, wrong):
    """The task fails at its first try, and names the Connection to correct."""
    error = refusal(**wrong)

    assert isinstance(error, connections.RefusedError)
    assert "check host, port, database, user and password of Connection billing_db" in str(error)
    assert decision(error) is RetryAction.FAIL


def test_a_server_that_is_full_or_away_is_tried_again(pg, refusal):
    """Too many connections, and nobody behind the port: both may pass."""
    with psycopg.connect(pg.dsn(), autocommit=True) as connection:
        connection.execute("create role crowded login password 'right' connection limit 0")

    full, away = refusal(user="crowded", password="right"), refusal(port=1)

    assert "too many connections" in str(full)
    assert decision(full) is decision(away) is RetryAction.DEFAULT


def test_a_command_says_whether_the_database_is_away_or_refuses(pg, monkeypatch, capsys):
    """The first is waited for, the second is corrected."""
    port = urlsplit(pg.dsn()).port
    for asked in (port, 1):
        monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", f"postgres://postgres:wrong@127.0.0.1:{asked}/postgres")
        main(["summary"])

    refused, away = capsys.readouterr().err.strip().splitlines()
    assert refused.startswith("ledgerline: the database refuses the connection: ")
    assert away.startswith("ledgerline: the database does not answer: ")


def test_tokens_that_cannot_be_read_are_a_red_line_of_the_check(world, monkeypatch, capsys):
    """The check goes on, with the other companies and to its end."""
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    get_fernet.cache_clear()
    try:
        code = main(["check"])
    finally:
        monkeypatch.undo()
        get_fernet.cache_clear()

    said = capsys.readouterr().out.splitlines()
    assert code == 3
    assert [line for line in said if line.startswith("red") and "demo tokens: " in line and "another key" in line]
    assert said[-1] == "something is not ready: see the red lines"


def test_a_billing_file_that_cannot_be_read_is_for_a_person():
    """The same file gives the same error again."""
    assert (
        decision(BillingError("invoices.sql", "a document is returned more than once", "return each once"))
        is RetryAction.FAIL
    )
