"""The rate governor in PostgreSQL: limits, spacing, pauses, dead holders."""

from __future__ import annotations

import heapq
import itertools
import signal
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from include.billing_sync.settings import LimitSettings
from include.stores.permits import PostgresGovernor, ReadsSpentError

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = LimitSettings()
WIDE = LimitSettings(requests_per_minute=60_000, requests_per_second=1_000, batches_per_minute=60_000)


@dataclass(frozen=True)
class Permit:
    """What the wire gets."""

    id: str
    kind: str
    taken_at: float


class Worker:
    """A governor with a clock of its own that its sleep moves on; calls end after a while."""

    def __init__(self, dsn, realm, limits=LIMITS, **options):
        self.now = START
        self.governor = PostgresGovernor(
            lambda: psycopg.connect(dsn),
            realm,
            limits,
            Permit,
            clock=lambda: self.now,
            sleep=self.pass_time,
            **options,
        )

    def pass_time(self, seconds):
        self.now += timedelta(seconds=seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.governor.close()


@pytest.fixture
def worker(dsn, realm):
    """One worker under the default limits."""
    with Worker(dsn, realm) as one:
        yield one


def run_workers(dsn, realm, limits, minutes, workers, kind="request", operations=1, duration=0.3):
    """Let workers call as fast as they may, on simulated time in true order; return the times of all permits."""
    taken, ends = [], START + timedelta(minutes=minutes)
    take = "select * from qbo_sync.take_permit(%s, %s, %s, 0, %s::jsonb, 200, null, %s)"
    limits_json = (
        f'{{"requests_per_minute": {limits.requests_per_minute}, "requests_per_second": {limits.requests_per_second}, '
        f'"in_flight": {limits.in_flight}, "batches_per_minute": {limits.batches_per_minute}, '
        f'"items_counted": {str(limits.items_counted).lower()}, "share_used": {limits.share_used}}}'
    )
    queue = [(START + timedelta(milliseconds=number), number, None) for number in range(workers)]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        while queue:
            now, number, held = heapq.heappop(queue)
            if now >= ends:
                continue
            if held is not None:
                connection.execute("select qbo_sync.give_back_permit(%s, %s)", (held, now))
            permit, _, wait, waits_for = connection.execute(
                take, (realm, kind, operations, limits_json, now)
            ).fetchone()
            if permit is not None:
                taken.append(now)
                heapq.heappush(queue, (now + timedelta(seconds=duration), number, permit))
            else:
                # A real sleep always lasts a little longer than asked.
                wait = min(wait, 0.05) if waits_for == "in_flight" else wait
                heapq.heappush(queue, (now + timedelta(seconds=wait + 0.002), number, None))
    return taken


def most_within(times, seconds):
    """Return the largest number of times that lie in one sliding window."""
    span, first, most = timedelta(seconds=seconds), 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize(
    ("kind", "limits", "seconds", "most"),
    [
        ("request", replace(WIDE, requests_per_second=5), 1, 5),
        ("request", replace(WIDE, requests_per_minute=7), 60, 7),
        ("batch", replace(WIDE, batches_per_minute=6), 60, 6),
    ],
    ids=["second", "minute", "batches"],
)
def test_what_was_given_counts_although_the_pace_was_forgotten(dsn, admin_dsn, realm, kind, limits, seconds, most):
    """Somebody empties the table that spaces the calls, each time: in no window are more permits given than allowed."""
    taken = []
    with Worker(dsn, realm, limits) as worker, psycopg.connect(admin_dsn, autocommit=True) as admin:
        for _ in range(3 * most):
            admin.execute("delete from qbo_sync.throttle")
            worker.governor.release(worker.governor.acquire(kind))
            taken.append(worker.now)
            worker.pass_time(0.01)

    assert most_within(taken, seconds) == most


@pytest.mark.row("X9", "F143", "F144")
def test_four_workers_together_use_the_allowed_requests_and_never_more(dsn, realm):
    """No minute holds more than 500 permits, no second more than 10, and at least 95 % of the rate is used."""
    taken = run_workers(dsn, realm, LIMITS, minutes=3, workers=4)

    assert most_within(taken, 60) <= 500
    assert most_within(taken, 1) <= 10
    assert len(taken) >= 0.95 * 3 * 500


@pytest.mark.row("X9")
def test_batches_use_the_allowed_rate_and_never_more(dsn, realm):
    """No minute holds more than 40 batches, and over three minutes at least 95 % of 40 a minute go out."""
    taken = run_workers(dsn, realm, LIMITS, minutes=3, workers=4, kind="batch", operations=30, duration=2)

    assert most_within(taken, 60) <= 40
    assert len(taken) >= 0.95 * 3 * 40


def test_one_worker_alone_reaches_the_batch_rate(dsn, realm):
    """A single push whose calls take 1.4 seconds each is not slower than four."""
    taken = run_workers(dsn, realm, LIMITS, minutes=3, workers=1, kind="batch", operations=30, duration=1.4)

    assert len(taken) >= 0.95 * 3 * 40


@pytest.mark.row("X9")
def test_items_count_toward_the_minute_where_the_setting_says_so(dsn, realm):
    """With items counted, 500 requests a minute carry 16 batches of 30 in any minute, and no more."""
    counted = replace(LIMITS, items_counted=True)

    taken = run_workers(dsn, realm, counted, minutes=3, workers=4, kind="batch", operations=30, duration=2)

    assert most_within(taken, 60) == 16
    assert len(taken) >= 0.95 * 3 * 480 / 30


@pytest.mark.parametrize("rate", [1, 7, 59, 61])
def test_small_rates_are_kept_too(dsn, realm, rate):
    """Whatever the rate, no sliding minute exceeds it."""
    taken = run_workers(dsn, realm, replace(LIMITS, requests_per_minute=rate), minutes=4, workers=3)

    assert most_within(taken, 60) <= rate
    assert len(taken) >= 0.9 * 4 * rate - 1


def test_calls_are_spaced_evenly(dsn, realm):
    """Ten permits a second are not given in one burst: most gaps are the even one of 124 ms."""
    taken = run_workers(dsn, realm, LIMITS, minutes=1, workers=4)

    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(taken)]

    assert statistics.median(gaps) == pytest.approx(60 / 500 / 0.97, abs=0.01)
    assert max(gaps) < 0.3


@pytest.mark.row("X9")
def test_no_more_calls_are_under_way_than_allowed(dsn, realm):
    """With three places, the fourth worker waits until a permit comes back."""
    with Worker(dsn, realm, replace(WIDE, in_flight=3), lifetime=100) as worker:
        held = [worker.governor.acquire("request") for _ in range(3)]
        given_back = []

        def give_back():
            given_back.append(held[0])
            worker.governor.release(held[0])

        threading.Timer(0.2, give_back).start()
        worker.governor.acquire("request")

        assert given_back == [held[0]]
        assert worker.now < START + timedelta(seconds=100)


def test_a_permit_given_back_twice_or_lapsed_is_ignored(worker, connection):
    """Giving back is harmless at any time, and the first time counts."""
    permit = worker.governor.acquire("request")

    worker.governor.release(permit)
    first = connection.execute("select returned_at from qbo_sync.permits").fetchone()
    worker.pass_time(500)
    worker.governor.release(permit)

    assert connection.execute("select returned_at from qbo_sync.permits").fetchone() == first


@pytest.mark.row("F144")
def test_four_real_workers_keep_the_limits_together(dsn, realm, connection):
    """Four connections at once on the real clock, quick calls and slow ones: no second holds more, nor are four under way."""
    limits = replace(WIDE, requests_per_minute=6_000, requests_per_second=20, in_flight=3)

    def work():
        governor = PostgresGovernor(lambda: psycopg.connect(dsn), realm, limits, Permit)
        for how_often, duration in ((8, 0.01), (4, 0.3)):
            for _ in range(how_often):
                permit = governor.acquire("request")
                time.sleep(duration)
                governor.release(permit)
        governor.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = connection.execute("select taken_at, returned_at from qbo_sync.permits order by taken_at").fetchall()
    assert most_within([row["taken_at"] for row in rows], 1) <= 20
    under_way = [sum(other["taken_at"] <= row["taken_at"] < other["returned_at"] for other in rows) for row in rows]
    assert max(under_way) <= 3
    assert len(rows) == 48


def test_ten_killed_holders_leak_nothing(dsn, realm, connection):
    """Ten processes are killed while they hold all permits; when these have lapsed, all ten places are free."""
    program = (
        "import sys, time, psycopg\n"
        "from include.stores.permits import PostgresGovernor\n"
        "from include.billing_sync.settings import LimitSettings\n"
        "limits = LimitSettings(requests_per_minute=60000, requests_per_second=1000)\n"
        "governor = PostgresGovernor(lambda: psycopg.connect(sys.argv[1]), int(sys.argv[2]), limits,\n"
        "                            lambda *facts: facts, lifetime=4)\n"
        "governor.acquire('request'); print('taken', flush=True); time.sleep(60)\n"
    )
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", program, dsn, str(realm)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
        )
        for _ in range(10)
    ]
    for holder in holders:
        assert holder.stdout.readline() == b"taken\n"
    in_flight = (
        "select count(*) as n from qbo_sync.permits where returned_at is null and expires_at > clock_timestamp()"
    )
    before = connection.execute(in_flight).fetchone()["n"]
    for holder in holders:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()

    governor = PostgresGovernor(lambda: psycopg.connect(dsn), realm, replace(WIDE, in_flight=10), Permit)
    permits = [governor.acquire("request") for _ in range(10)]

    assert before > 0
    assert len(permits) == 10
    governor.close()


@pytest.mark.row("F146", "G13")
def test_a_pause_holds_for_every_worker_and_no_other_realm(dsn, realm, connection):
    """After a 429 nobody gets a permit of this company before the end of the pause; another company goes on."""
    other = connection.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) "
        "values ('gb', 'http://127.0.0.1:1', '2', 'sandbox') returning id"
    ).fetchone()["id"]
    with Worker(dsn, realm) as first, Worker(dsn, realm) as second, Worker(dsn, other) as stranger:
        first.governor.pause(30, "429 from QuickBooks")
        first.governor.pause(5, "a shorter one")

        first.governor.acquire("request")
        second.governor.acquire("batch", operations=30)
        stranger.governor.acquire("request")

        assert first.now == START + timedelta(seconds=30)
        assert second.now >= START + timedelta(seconds=30)
        assert stranger.now == START


def test_a_series_of_pauses_is_known_by_its_beginning(worker, connection):
    """Pauses less than a quarter of an hour apart are one episode; after an hour of quiet a new one begins."""
    for minutes in (0, 10, 10, 70):
        worker.pass_time(60 * minutes)
        worker.governor.pause(60, "429")
        since = connection.execute("select throttled_since, last_throttled_at from qbo_sync.throttle").fetchone()
        if minutes == 10:
            assert since["throttled_since"] == START

    assert since["throttled_since"] == since["last_throttled_at"] == worker.now


def test_reads_are_counted_and_capped_over_all_companies_of_the_app(dsn, realm, connection):
    """The cap is refused with an error, not slept on; writes go on, and a new month starts at zero."""
    connection.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) "
        "values ('gb', 'http://127.0.0.1:1', '2', 'sandbox')"
    )
    connection.execute("insert into qbo_sync.throttle (realm, reads_month, reads_used) values (2, '2026-11-01', 90)")
    with Worker(dsn, realm, WIDE, reads_per_month=100) as worker:
        worker.governor.acquire("batch", operations=30, reads=10)

        with pytest.raises(ReadsSpentError):
            worker.governor.acquire("request", reads=1)
        worker.governor.acquire("request")
        worker.now = datetime(2026, 12, 1, tzinfo=UTC)
        worker.governor.acquire("request", reads=1)

    used = connection.execute("select reads_month::text, reads_used from qbo_sync.throttle where realm = %s", (realm,))
    assert used.fetchone() == {"reads_month": "2026-12-01", "reads_used": 1}


def test_a_clock_set_back_does_not_stop_the_company(worker):
    """When the database's clock is set back by an hour, the next permit is given within seconds."""
    worker.governor.acquire("request")
    worker.now = START - timedelta(hours=1)

    worker.governor.acquire("request")

    assert worker.now < START - timedelta(hours=1) + timedelta(seconds=5)


def test_a_batch_that_can_never_fit_is_refused_at_once(dsn, realm):
    """With items counted, a batch larger than the requests of a minute is an error that names the setting."""
    with (
        Worker(dsn, realm, replace(LIMITS, items_counted=True, requests_per_minute=20)) as worker,
        pytest.raises(psycopg.errors.RaiseException, match=r"lower limits\.batch_size"),
    ):
        worker.governor.acquire("batch", operations=30)


def test_old_permits_are_swept(worker, connection):
    """Rows older than five minutes go, a few hundred permits later at the latest."""
    worker.governor.acquire("request")
    for _ in range(210):
        worker.pass_time(10)
        worker.governor.release(worker.governor.acquire("request"))

    rows = connection.execute("select count(*) as n from qbo_sync.permits").fetchone()
    assert rows["n"] < 60


def test_the_governor_survives_the_end_of_its_connection(worker, admin_dsn):
    """After the database ended its session, the next call opens a new one."""
    worker.governor.acquire("request")
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and query like '%_permit%' and pid <> pg_backend_pid()"
        )

    assert worker.governor.acquire("request").id


def test_a_permit_costs_little(dsn, realm):
    """Taking and giving back takes a few milliseconds at most, also with a full minute of permits behind it."""
    governor = PostgresGovernor(lambda: psycopg.connect(dsn), realm, WIDE, Permit)
    for _ in range(600):
        governor.release(governor.acquire("request"))

    costs = []
    for _ in range(100):
        began = time.perf_counter()
        permit = governor.acquire("request")
        costs.append(time.perf_counter() - began)
        governor.release(permit)

    governor.close()
    print(f"median cost of a permit: {statistics.median(costs) * 1000:.2f} ms")
    assert statistics.median(costs) < 0.01


@pytest.mark.row("F149")
def test_the_state_of_the_throttle_can_be_watched(dsn, realm, connection):
    """The view tells calls left in this minute, the next slot, the last 429, the pause and the reads of the month."""
    governor = PostgresGovernor(lambda: psycopg.connect(dsn), realm, LIMITS, Permit)
    governor.acquire("batch", operations=30, reads=2)
    governor.release(governor.acquire("request"))
    governor.pause(90, "429 from QuickBooks")

    state = connection.execute("select * from qbo_sync.throttle_state").fetchone()

    governor.close()
    assert (state["realm_key"], state["tokens_left"], state["batches_left"], state["in_flight"]) == ("us", 498, 39, 1)
    assert state["paused_until"] == state["next_slot_at"]
    assert (state["paused_why"], state["reads_this_month"]) == ("429 from QuickBooks", 2)
    assert datetime.now(UTC) - state["last_429_at"] < timedelta(seconds=30)


@pytest.mark.parametrize("share", ["0", "1.2"])
def test_a_senseless_share_is_refused(dsn, realm, share):
    """A share of none or of more than all is an error before any call."""
    with pytest.raises(ValueError, match="share_used"):
        Worker(dsn, realm, replace(LIMITS, share_used=share and type(LIMITS.share_used)(share)))
