"""A database that cannot be opened: what no repeat cures is told from what may pass."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
import pytest
from airflow.sdk.definitions.retry_policy import RetryAction

from include.stores.rows import BillingError
from include.wiring import connections
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


def test_a_billing_file_that_cannot_be_read_is_for_a_person():
    """The same file gives the same error again."""
    assert (
        decision(BillingError("invoices.sql", "a document is returned more than once", "return each once"))
        is RetryAction.FAIL
    )
