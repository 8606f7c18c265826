"""One push per realm: the lock, its epoch, and how its loss is noticed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from include.stores.locks import BusyError, LockLostError, RealmLock


@pytest.fixture
def lock(dsn, realm):
    """Makes locks that wait on a clock of their own."""
    made = []

    def make(of=realm, **options):
        time = [0.0]

        def sleep(seconds):
            time[0] += seconds

        made.append(RealmLock(lambda: psycopg.connect(dsn), of, clock=lambda: time[0], sleep=sleep, **options))
        made[-1].waited = time
        return made[-1]

    yield make
    for each in made:
        each.release()


@pytest.mark.row("F145")
def test_a_second_push_waits_ten_minutes_and_is_busy(lock, connection):
    """While one holds the lock another gets BusyError after its time, and the lock when the first is done."""
    told = []
    first, second = lock(on_wait=lambda: told.append("first")), lock(poll=1, on_wait=lambda: told.append("second"))
    first.acquire()

    with pytest.raises(BusyError, match="another run is pushing"):
        second.acquire()

    assert second.waited == [600.0]
    assert told == ["second"]
    first.release()
    second.acquire()
    assert holders(connection) == [pid_of(second)]


def test_each_acquisition_begins_a_new_epoch(lock, connection):
    """The epoch in the realm's row is the holder's."""
    with lock() as first:
        assert first.push_epoch == 1
    with lock() as second:
        assert second.push_epoch == 2

    assert connection.execute("select push_epoch from qbo_sync.realms").fetchone() == {"push_epoch": 2}


def test_realms_do_not_wait_for_each_other(lock, connection):
    """Two companies are pushed to at the same time."""
    other = connection.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) values ('gb', 'x', '2', 'sandbox') returning id"
    ).fetchone()["id"]

    with lock() as first, lock(of=other, timeout=0) as second:
        assert sorted(holders(connection)) == sorted([pid_of(first), pid_of(second)])


def test_a_lock_that_was_never_acquired_gives_no_connection(lock):
    """Nothing can be claimed without the lock."""
    with pytest.raises(LockLostError):
        _ = lock().connection


def test_an_ended_session_is_noticed(lock, admin_dsn):
    """When the database ended the holder's session, its next claim raises, and then there is no connection for another one."""
    holder = lock().acquire()
    end_session(admin_dsn, holder)

    with pytest.raises(psycopg.OperationalError):
        holder.connection.execute("select 1")
    with pytest.raises(LockLostError, match="nothing more may be sent"):
        _ = holder.connection


def test_a_killed_holder_gives_the_lock_up_at_once(dsn, realm, lock):
    """The lock lives as long as its session, and a killed process has none."""
    program = (
        "import sys, time, psycopg\n"
        "from include.stores.locks import RealmLock\n"
        "lock = RealmLock(lambda: psycopg.connect(sys.argv[1]), int(sys.argv[2])).acquire()\n"
        "print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, dsn, str(realm)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(BusyError):
        lock(timeout=0).acquire()

    holder.send_signal(signal.SIGKILL)
    holder.communicate()

    RealmLock(lambda: psycopg.connect(dsn), realm, timeout=10, poll=0.05).acquire().release()


def test_a_failed_acquisition_leaves_no_session(dsn, realm, connection, lock):
    """Neither a busy lock nor an unknown realm leaves a connection behind."""
    with pytest.raises(LookupError):
        lock(of=4711).acquire()

    RealmLock(lambda: psycopg.connect(dsn), realm, timeout=10, poll=0.05).acquire().release()
    rest = (
        "select count(*) as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
        "and backend_type = 'client backend'"  # autovacuum may be there as well
    )
    deadline = time.monotonic() + 10
    while connection.execute(rest).fetchone()["n"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert connection.execute(rest).fetchone() == {"n": 0}


def holders(connection):
    """The sessions that hold the right to push to a company."""
    rows = connection.execute(
        "select pid from pg_locks where locktype = 'advisory' and granted and classid = 7264001"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    return [row["pid"] for row in rows.fetchall()]


def pid_of(holder):
    return holder.connection.info.backend_pid


def end_session(admin_dsn, holder):
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        ended = admin.execute("select pg_terminate_backend(%s, 5000)", (holder.connection.info.backend_pid,)).fetchone()
    assert ended == (True,)
