"""How fast, how often, how long: the governor and the three pure questions about repeats."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from qbo_hook import (
    Limits,
    MemoryGovernor,
    QboAuthError,
    QboBadAnswer,
    QboBatchRefused,
    QboConfigError,
    QboError,
    QboNameLock,
    QboNotConnected,
    QboThrottled,
    QboTlsFailure,
    QboTokenExpired,
    QboTokenUnavailable,
    QboTooLate,
    QboUnknownOutcome,
    QboValidationError,
    Waits,
    classify,
    parse_fault,
)
from qbo_hook.retries import delay, may_retry
from tests.qbo_hook.conftest import Steady, Time


def governor_with(time_: Time, **limits: object) -> MemoryGovernor:
    return MemoryGovernor(replace(Limits(), **limits), time_.seconds, time_.sleep)  # type: ignore[arg-type]  # shorthand


def times_of(governor: MemoryGovernor, kind: str, number: int, operations: int = 1) -> list[float]:
    taken = []
    for _ in range(number):
        permit = governor.acquire(kind, operations)  # type: ignore[arg-type]  # both kinds are tried
        taken.append(permit.taken_at)
        governor.release(permit)
    return taken


def most_within(moments: list[float], seconds: float) -> int:
    return max(sum(start <= moment < start + seconds for moment in moments) for start in moments)


def test_requests_are_evenly_spaced_below_both_rates(time_: Time) -> None:
    """Never more than 500 a minute or 10 a second, and 97 % of it used."""
    moments = times_of(governor_with(time_), "request", 1500)

    assert most_within(moments, 60) <= 500
    assert most_within(moments, 1) <= 10
    assert (len(moments) - 1) / (moments[-1] - moments[0]) * 60 == pytest.approx(485, rel=0.01)


def test_batches_keep_to_40_a_minute_and_use_95_percent_of_it(time_: Time) -> None:
    """Over three minutes (the figure that the bench reads)."""
    moments = times_of(governor_with(time_), "batch", 117, operations=30)

    assert most_within(moments, 60) <= 40
    assert (len(moments) - 1) / (moments[-1] - moments[0]) * 60 >= 0.95 * 40


def test_with_items_counted_500_thirtieths_of_a_batch_go_out(time_: Time) -> None:
    """QBO's documents leave it open whether items count, so it is a setting."""
    moments = times_of(governor_with(time_, items_counted=True), "batch", 60, operations=30)

    assert most_within(moments, 60) * 30 <= 510
    assert (moments[-1] - moments[0]) / 59 == pytest.approx(30 * 60 / 500 / 0.97)


def test_a_slower_second_limits_more_than_the_minute(time_: Time) -> None:
    """The stricter of the two rates decides."""
    moments = times_of(governor_with(time_, requests_per_second=2), "request", 20)

    assert most_within(moments, 1) <= 2


def test_a_full_house_waits_for_somebody_to_leave(time_: Time) -> None:
    """Not more than so many calls are under way at one time; a permit given back twice frees one place."""
    governor = governor_with(time_, in_flight=2)
    first, _ = governor.acquire("request"), governor.acquire("request")
    waited: list[float] = []

    def leave(seconds: float) -> None:
        waited.append(seconds)
        time_.sleep(seconds)
        if len(waited) == 5:
            governor.release(first)
            governor.release(first)

    governor._sleep = leave
    governor.acquire("request")

    assert len(waited) == 5
    assert len(governor._in_flight) == 2


def test_a_pause_holds_back_everybody_for_exactly_that_long(time_: Time) -> None:
    """Retry-After is obeyed to the second, and a shorter pause does not shorten a longer one."""
    governor = governor_with(time_)
    start = time_.seconds()

    governor.pause(60, "429")
    governor.pause(5, "another")

    assert governor.acquire("request").taken_at == pytest.approx(start + 60)
    assert governor.paused_because == "429"


def test_reads_are_counted(time_: Time) -> None:
    """Intuit meters them by the month."""
    governor = governor_with(time_)

    governor.acquire("batch", 3, reads=2)
    governor.acquire("request", reads=1)

    assert governor.reads_taken == 3


@pytest.mark.parametrize(("kind", "operations"), [("batch", 31), ("request", 2)])
def test_a_batch_too_large_gets_no_permit(time_: Time, kind: str, operations: int) -> None:
    """It would never be allowed, however long it waited."""
    with pytest.raises(QboConfigError):
        governor_with(time_).acquire(kind, operations)  # type: ignore[arg-type]  # both kinds are tried


# Repeats

SYSTEM_FAULT = parse_fault(b'{"Fault":{"Error":[{"code":"10000"}],"type":"SystemFault"}}')
assert SYSTEM_FAULT is not None


@pytest.mark.row("X5", "F148")
@pytest.mark.parametrize(
    ("error", "for_write", "for_read"),
    [
        (QboNotConnected("x"), True, True),
        (QboTlsFailure("x"), False, False),
        (QboTokenUnavailable("x"), True, True),
        (QboAuthError("x"), True, True),
        (QboTokenExpired("x"), False, False),
        (QboThrottled("x"), True, True),
        (QboThrottled("x", retry_after=301), False, False),
        (QboNameLock("x"), True, True),
        (QboUnknownOutcome("x"), False, True),
        (QboUnknownOutcome("x", http_status=503), False, True),
        (QboUnknownOutcome("x", http_status=503, retry_after=3600), False, False),
        (QboUnknownOutcome("not made", http_status=501), False, False),
        (QboBadAnswer("torn", http_status=200), False, True),
        (QboBadAnswer("redirect", http_status=302), False, False),
        (QboBadAnswer("odd", http_status=404), False, False),
        (QboUnknownOutcome("x", http_status=400, fault=SYSTEM_FAULT, entry=classify(SYSTEM_FAULT)), False, True),
        (QboValidationError("x"), False, False),
        (QboBatchRefused("x"), False, False),
        (QboConfigError("x"), False, False),
        (QboTooLate("x"), False, False),
    ],
)
def test_what_may_be_repeated_at_once(error: QboError, for_write: bool, for_read: bool) -> None:
    """Reads, and writes that were surely not executed (DESIGN.md, section 5, rule 5)."""
    assert may_retry(error, 1, is_write=True) is for_write
    assert may_retry(error, 1, is_write=False) is for_read


def test_repeats_end() -> None:
    """A token is refreshed once, anything else repeated four times, by setting."""
    assert not may_retry(QboAuthError("x"), 2, is_write=False)
    assert may_retry(QboNameLock("x"), 4, is_write=True)
    assert not may_retry(QboNameLock("x"), 5, is_write=True)
    assert not may_retry(QboUnknownOutcome("x"), 3, is_write=False, waits=Waits(repeats=2))


@pytest.mark.row("F147")
def test_delays_double_and_differ() -> None:
    """Workers that failed together do not come back together; gaps grow up to a limit."""
    rng = random.Random(7)
    gaps = [delay(QboNotConnected("x"), attempt, rng) for attempt in range(1, 5)]

    assert gaps == sorted(gaps)
    assert gaps != [delay(QboNotConnected("x"), attempt, rng) for attempt in range(1, 5)]
    assert [delay(QboNotConnected("x"), attempt, Steady()) for attempt in (1, 2, 3, 9)] == [1.0, 2.0, 4.0, 30.0]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (QboThrottled("x"), 60.0),
        (QboThrottled("x", retry_after=7), 7.0),
        (QboThrottled("x", retry_after=0), 0.0),
        (QboAuthError("x"), 0.0),
        (QboTokenUnavailable("x"), 1.0),
        (QboUnknownOutcome("x", retry_after=20), 20.0),
    ],
)
def test_the_servers_wish_comes_first(error: QboError, seconds: float) -> None:
    """Retry-After to the second, without one 60 s after a 429, nothing after a refresh."""
    assert delay(error, 1, Steady()) == seconds
