"""How Airflow repeats the tasks: the decision table, and what the DAGs ask for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from airflow.sdk.definitions.retry_policy import RetryAction

from include.billing_sync.push import PushStopped
from include.stores.locks import LockLostError
from include.stores.plans import PlanError
from include.stores.realms import AnotherCompanyError
from include.stores.tokens import NoEncryptionError
from include.wiring import waits
from include.wiring.connections import ConnectionMissingError
from include.wiring.forms import ChoiceError
from include.wiring.pushing import RealmBusyError, RealmStoppedError
from include.wiring.retry import BUSY_RETRIES, RETRIES, WAIT_TRIES, SyncRetryPolicy
from include.wiring.runs import RealmsFailedError
from include.wiring.settings import SettingsError
from qbo_hook import errors

UNREACHABLE = RealmStoppedError(PushStopped("not_connected", "QuickBooks cannot be reached", is_passing=True))
THROTTLED = errors.QboThrottled("slow down")
THROTTLED.retry_after = 7


def tries(exception: BaseException) -> int:
    """How often a task would be run that fails with this exception each time, of at most sixty."""
    policy = SyncRetryPolicy()
    decided = (policy.evaluate(exception, number, 60) for number in range(1, 60))
    return 1 + next(count for count, decision in enumerate(decided) if decision.action is RetryAction.FAIL)


@pytest.mark.parametrize(
    "exception",
    [
        ChoiceError("'from_date' lies after 'to_date'"),
        SettingsError(["settings.yaml, line 4: customer: unknown setting"]),
        PlanError("plan 7 expired"),
        ConnectionMissingError("qbo_state_db", "Connection qbo_state_db is not defined in Airflow"),
        NoEncryptionError("Airflow has no Fernet key"),
        AnotherCompanyError(["the Connection names company 2, but the realm is company 1"]),
        RealmsFailedError("not done: texas"),
        RealmStoppedError(PushStopped("token_expired", "sign on again")),
        errors.QboTokenExpired("sign on again"),
        errors.QboValidationError("no"),
        TypeError("'NoneType' object is not subscriptable"),
        KeyError("total"),
        AttributeError("'Realm' object has no attribute 'x'"),
        NameError("name 'x' is not defined"),
        ZeroDivisionError(),
    ],
    ids=lambda exception: type(exception).__name__,
)
def test_what_a_repeat_cannot_cure_is_not_repeated(exception: BaseException) -> None:
    """A cause for a person, a refusal and a mistake in the program fail the task at its first try, with the reason."""
    decision = SyncRetryPolicy().evaluate(exception, 1, BUSY_RETRIES)

    assert decision.action is RetryAction.FAIL
    assert decision.reason


@pytest.mark.parametrize(
    "exception",
    [
        psycopg.OperationalError("the database system is starting up"),
        LockLostError("the lock's connection broke"),
        ConnectionResetError(),
        errors.QboNotConnected("connection refused"),
        errors.QboUnknownOutcome("reset"),
    ],
    ids=lambda exception: type(exception).__name__,
)
def test_what_may_pass_is_repeated_a_few_times(exception: BaseException) -> None:
    """A database or a network that fails is given three more tries, a minute apart, and no more."""
    assert SyncRetryPolicy().evaluate(exception, 1, BUSY_RETRIES).retry_delay is None
    assert tries(exception) == RETRIES + 1


@pytest.mark.row("F145")
def test_only_a_busy_company_is_waited_for_fifty_times() -> None:
    """Every two minutes, without end as far as the policy goes; the push's own limit of retries ends it."""
    busy = RealmBusyError("busy: texas: another run is pushing to this company")

    decisions = [SyncRetryPolicy().evaluate(busy, number, BUSY_RETRIES) for number in range(1, BUSY_RETRIES + 1)]

    assert {decision.action for decision in decisions} == {RetryAction.RETRY}
    assert {decision.retry_delay for decision in decisions} == {timedelta(minutes=2)}
    assert tries(UNREACHABLE) == WAIT_TRIES + 1


def test_a_throttled_company_is_asked_again_when_it_says() -> None:
    """QuickBooks' Retry-After is the delay."""
    assert SyncRetryPolicy().evaluate(THROTTLED, 1, RETRIES).retry_delay == timedelta(seconds=7)


def test_only_the_push_has_fifty_retries() -> None:
    """Of all tasks of all DAGs, first and last ones included; the others get by with few, and all decide by the policy."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(Path(__file__).resolve().parents[2] / "dags"))
    tasks = [task for dag in bag.dags.values() for task in dag.tasks]

    assert len(bag.dags) >= 4
    assert {task.task_id for task in tasks if task.retries == BUSY_RETRIES} == {"realm.push"}
    assert {task.retries for task in tasks} == {BUSY_RETRIES, RETRIES}
    assert {type(task.retry_policy).__name__ for task in tasks} == {"SyncRetryPolicy"}
    assert {task.retry_delay for task in tasks} == {timedelta(minutes=1)}


def test_a_wait_is_set_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """In seconds; nothing or an empty text is the default."""
    monkeypatch.setenv("LEDGERLINE_BUSY_DELAY", "2.5")

    assert waits.seconds("LEDGERLINE_BUSY_DELAY", 120) == 2.5
    monkeypatch.setenv("LEDGERLINE_BUSY_DELAY", "")
    assert waits.seconds("LEDGERLINE_BUSY_DELAY", 120) == 120


@pytest.mark.parametrize("text", ["two", "0", "-1", "nan", "1e9"])
def test_a_wait_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """With its variable and what is allowed."""
    monkeypatch.setenv("LEDGERLINE_BUSY_DELAY", text)

    with pytest.raises(waits.WaitError, match=f"LEDGERLINE_BUSY_DELAY={text}: write seconds, more than 0"):
        waits.seconds("LEDGERLINE_BUSY_DELAY", 600)


@pytest.mark.parametrize(("text", "days"), [("", 35), ("90", 90), ("7", 7)])
def test_how_long_things_are_kept_is_set_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, text: str, days: int
) -> None:
    """In whole days; an empty text is the default, as it is of a wait."""
    monkeypatch.setenv("LEDGERLINE_KEEP_DAYS", text)

    assert waits.days("LEDGERLINE_KEEP_DAYS", 35) == days


@pytest.mark.parametrize("text", ["a month", "6", "35.5", "4000"])
def test_days_that_cannot_be_are_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """With their variable and what is allowed, since every DAG of the project needs them."""
    monkeypatch.setenv("LEDGERLINE_KEEP_DAYS", text)

    with pytest.raises(waits.WaitError, match=f"LEDGERLINE_KEEP_DAYS={text}: write whole days, 7 to 3650"):
        waits.days("LEDGERLINE_KEEP_DAYS", 35)
