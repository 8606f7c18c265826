"""Tokens in PostgreSQL: encrypted, refreshed once, never lost, never overwritten by a failure."""

from __future__ import annotations

import json
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import psycopg
import pytest
from cryptography.fernet import Fernet

from include.stores.tokens import (
    NoEncryptionError,
    PostgresTokenStore,
    ReconnectError,
    TokensUnavailableError,
    WrongCompanyError,
    WrongKeyError,
    rotate_key,
)
from include.wiring.connections import AirflowCipher
from qbo_hook.tokens import TokenSet

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OLD = TokenSet(
    access_token="access-0",
    refresh_token="RT1-0",
    access_expires_at=NOW - timedelta(minutes=1),
    refresh_expires_at=NOW + timedelta(days=50),
    realm_id="9130000000000001",
    scope="com.intuit.quickbooks.accounting",
    hard_expires_at=NOW + timedelta(days=1000),
)


class Broken:
    """A cipher with a fault of its own."""

    def encrypt(self, msg):
        """Turn the bytes around."""
        return msg[::-1]

    def decrypt(self, msg):
        """Fail as a program does."""
        raise TypeError("a mistake in the program")


def new_cipher():
    """A cipher with a new key."""
    return AirflowCipher(Fernet(Fernet.generate_key()))


NEW = replace(OLD, access_token="access-1", refresh_token="RT1-1", access_expires_at=NOW + timedelta(hours=1))


@pytest.fixture
def cipher():
    """A real key."""
    return new_cipher()


@pytest.fixture
def make_store(dsn, realm, cipher):
    """Makes stores with connections of their own and closes them."""
    made = []

    def make(**options):
        made.append(PostgresTokenStore(lambda: psycopg.connect(dsn), realm, cipher, TokenSet, **options))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make_store):
    """A store that holds the old pair."""
    first = make_store()
    first.store(OLD)
    return first


@pytest.fixture
def intuit():
    """A token service on loopback that gives a new pair per call, takes its time, and counts."""

    class TokenService(BaseHTTPRequestHandler):
        def do_POST(self):
            with self.server.lock:
                self.server.calls += 1
                number = self.server.calls
            threading.Event().wait(0.2)
            body = json.dumps({"access_token": f"access-{number}", "refresh_token": f"RT1-{number}"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), TokenService)
    server.lock, server.calls = threading.Lock(), 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def never(_):
    """A refresh that must not be called."""
    raise AssertionError("Intuit was asked although nobody had to")


def test_what_was_stored_is_read_back(make_store):
    """Every field survives, and before the first sign-on there is nothing."""
    store = make_store()
    assert store.read() is None

    store.store(OLD)

    assert store.read() == OLD
    assert make_store().read() == OLD


def test_no_token_lies_in_the_clear(store, connection):
    """The row holds neither token, nor any part that could be used."""
    row = connection.execute("select to_jsonb(tokens)::text as text from qbo_sync.tokens").fetchone()

    assert "RT1-0" not in row["text"]
    assert "access-0" not in row["text"]


def test_a_cipher_that_does_not_encrypt_is_refused(dsn, realm):
    """Without a key Airflow's cipher returns what it is given; nothing can be stored with it."""

    class NullCipher:
        def encrypt(self, msg):
            return msg

        def decrypt(self, msg):
            return msg

    with pytest.raises(NoEncryptionError, match="AIRFLOW__CORE__FERNET_KEY"):
        PostgresTokenStore(lambda: psycopg.connect(dsn), realm, NullCipher(), TokenSet)


def test_ten_workers_meet_an_expired_token_and_one_refreshes(store, make_store, intuit):
    """Intuit is asked once; all ten go on with the pair that it gave, and that pair is stored."""

    def buy(stale):
        url = f"http://127.0.0.1:{intuit.server_port}/"
        with urllib.request.urlopen(urllib.request.Request(url, data=b"grant", method="POST"), timeout=10) as answer:
            pair = json.load(answer)
        return replace(NEW, **pair)

    workers = [make_store() for _ in range(10)]
    together = threading.Barrier(10)

    def work(worker):
        stale = worker.read()
        together.wait()
        return worker.refresh(stale, buy)

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(work, workers))

    assert intuit.calls == 1
    assert {tokens.access_token for tokens in results} == {"access-1"}
    assert store.read().refresh_token == "RT1-1"


def test_a_pair_that_was_replaced_meanwhile_is_returned_without_a_call(store):
    """Whoever comes with an older pair gets the stored one."""
    store.store(NEW)

    assert store.refresh(OLD, never) == NEW


def test_the_new_pair_is_committed_before_it_is_returned(store, dsn, connection):
    """Another session sees the new version as soon as refresh returns."""
    store.refresh(OLD, lambda _: NEW)

    assert connection.execute("select version from qbo_sync.tokens").fetchone() == {"version": 2}


def test_a_failed_refresh_leaves_the_stored_pair_as_it_is(store, make_store):
    """When the token service does not answer, the old pair stays, and the next process may try."""

    def fail(_):
        raise TokensUnavailableError("HTTP 503")

    with pytest.raises(TokensUnavailableError, match="503"):
        store.refresh(OLD, fail)

    assert store.read() == OLD
    assert store.needs_reconnect() is None
    assert make_store().refresh(OLD, lambda _: NEW) == NEW


def test_a_dead_refresh_token_is_remembered_and_never_tried_again(store, make_store):
    """After invalid_grant the pair stays stored, the reason is known to all, and nobody asks Intuit again."""

    def dead(_):
        raise ReconnectError("invalid_grant")

    with pytest.raises(ReconnectError):
        store.refresh(OLD, dead)

    assert store.read() == OLD
    assert make_store().needs_reconnect() == "invalid_grant"
    with pytest.raises(ReconnectError, match="invalid_grant"):
        make_store().refresh(OLD, never)


def test_a_new_sign_on_forgets_the_wish_to_reconnect(store):
    """The first reason stays until somebody connects again."""
    store.mark_needs_reconnect("the sign-on is over")
    store.mark_needs_reconnect("a later reason")
    assert store.needs_reconnect() == "the sign-on is over"

    store.store(NEW)

    assert store.needs_reconnect() is None


def test_tokens_of_another_company_are_not_stored(store):
    """A sign-on to another company than that of the row is refused and the stored pair stays."""
    with pytest.raises(WrongCompanyError, match="9130000000000002"):
        store.store(replace(NEW, realm_id="9130000000000002"))

    assert store.read() == OLD


def test_whoever_waits_too_long_for_the_lock_is_told_so(store, make_store):
    """A refresh that hangs in one process ends the others' wait after the lock's time, without a call of theirs."""
    waiting = make_store(lock_timeout=0.2)

    def hang(_):
        with pytest.raises(TokensUnavailableError, match="another process"):
            waiting.refresh(OLD, never)
        return NEW

    assert store.refresh(OLD, hang) == NEW


def test_the_new_pair_survives_a_break_of_the_connection(store, admin_dsn, make_store):
    """The session that holds the lock is ended between Intuit's answer and the commit: the pair is stored all the same."""
    patient = make_store(sleep=lambda _: None)

    def answer(_):
        with psycopg.connect(admin_dsn, autocommit=True) as admin:
            ended = admin.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                "where datname = current_database() and state = 'idle in transaction'"
            ).fetchall()
            assert ended == [(True,)]
        return NEW

    assert patient.refresh(OLD, answer) == NEW
    assert store.read() == NEW


def test_a_disconnect_during_a_refresh_is_not_undone(store, connection):
    """When the row is gone, the refresh ends as unavailable and stores nothing."""
    connection.execute("delete from qbo_sync.tokens")

    with pytest.raises(TokensUnavailableError, match="disconnected"):
        store.refresh(OLD, never)

    assert store.read() is None


def test_the_key_can_be_changed(store, cipher, dsn, realm):
    """After rotation the new key alone reads the tokens, and the old one no longer does."""
    new_key = new_cipher()

    with psycopg.connect(dsn) as connection:
        assert rotate_key(connection, SimpleNamespace(encrypt=new_key.encrypt, decrypt=cipher.decrypt)) == 1

    renewed = PostgresTokenStore(lambda: psycopg.connect(dsn), realm, new_key, TokenSet)
    assert renewed.read() == OLD
    renewed.close()
    with pytest.raises(WrongKeyError, match="AIRFLOW__CORE__FERNET_KEY"):
        store.read()


def test_a_key_that_does_not_fit_changes_nothing(store, dsn):
    """When one token cannot be read, the rotation stops and every token stays as it was."""
    with psycopg.connect(dsn) as connection, pytest.raises(WrongKeyError):
        rotate_key(connection, new_cipher())

    assert store.read() == OLD


def test_a_fault_of_the_cipher_is_no_wrong_key(store, dsn, realm):
    """Whoever is told to change keys must have a key to change: any other error stays what it is."""
    other = PostgresTokenStore(lambda: psycopg.connect(dsn), realm, Broken(), TokenSet)

    with closing(other), pytest.raises(TypeError, match="a mistake in the program"):
        other.read()
