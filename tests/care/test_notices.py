"""What people are told of before it hurts, and from when on (F12, F15, F151; G8, G10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.billing_sync.company import Change
from include.billing_sync.notices import (
    SignOnAge,
    Stuck,
    Waiting,
    change_notices,
    forecast,
    reads_notices,
    sign_on_notices,
    stuck_notices,
)

NOW = datetime(2026, 11, 16, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def topics(age: SignOnAge) -> list[str]:
    """The topics that a sign-on is told of under."""
    return [one.topic for one in sign_on_notices(age, NOW)]


@pytest.mark.row("F12")
@pytest.mark.parametrize(
    ("left", "topic"),
    [
        (30 * DAY + SECOND, []),
        (30 * DAY, ["sign_on_ends_30_days"]),
        (7 * DAY + SECOND, ["sign_on_ends_30_days"]),
        (7 * DAY, ["sign_on_ends_7_days"]),
        (SECOND, ["sign_on_ends_7_days"]),
        (timedelta(0), ["sign_on_over"]),
    ],
)
def test_a_sign_on_is_told_of_30_and_7_days_ahead(left: timedelta, topic: list[str]) -> None:
    """The same for the token's own end and for the ceiling that no refresh moves."""
    assert topics(SignOnAge(NOW + left)) == topic
    assert topics(SignOnAge(NOW + 99 * DAY, NOW + left)) == topic


def test_a_sign_on_that_is_over_is_told_of_as_such() -> None:
    """Whatever its dates say; the subject is the moment, so that the next time is told of again."""
    (told,) = sign_on_notices(SignOnAge(NOW + 99 * DAY, None, "invalid_grant", NOW - DAY), NOW)

    assert (told.topic, told.subject) == ("sign_on_over", "2026-11-15T00:00:00+00:00")
    assert "invalid_grant" in told.text


def test_the_forecast_of_the_month_is_exact_for_a_steady_pace() -> None:
    """Half of November is over: twice as many. Before three days are over it says nothing."""
    assert forecast(1000, NOW) == 2000
    assert forecast(1000, datetime(2026, 11, 3, tzinfo=UTC)) is None
    assert forecast(31, datetime(2026, 12, 4, tzinfo=UTC)) == 320


@pytest.mark.row("G10")
@pytest.mark.parametrize(
    ("used", "topic"),
    [
        (500, []),
        (501, ["reads_running_out"]),
        (799, ["reads_running_out"]),
        (800, ["reads_nearly_used"]),
        (1000, ["reads_used_up"]),
    ],
)
def test_reads_are_told_of_before_they_run_out(used: int, topic: list[str]) -> None:
    """At half of the month: foreseen beyond the budget, four fifths used, all used."""
    assert [one.topic for one in reads_notices(used, 1000, NOW)] == topic


def test_a_change_names_both_values() -> None:
    """What it was, what it is, and what to do."""
    (closing, tax) = change_notices(
        [Change("closing_date", None, NOW.date()), Change("uses_sales_tax", True, False)], NOW
    )

    assert closing.text == "In QuickBooks, closing date was not set and is 2026-11-16."
    assert tax.text == "In QuickBooks, uses sales tax was on and is off."


def test_nothing_is_stuck_where_everything_moves() -> None:
    """Young work, a short throttling, fresh lists and a new plan are nobody's trouble."""
    stuck = Stuck(
        unsettled=3,
        unsettled_since=NOW - timedelta(minutes=59),
        pending=5,
        pending_since=NOW - DAY,
        throttled_since=NOW - timedelta(hours=2),
        throttled_until=NOW,
        lists_read_at=NOW - 2 * DAY,
        synced_at=NOW - timedelta(hours=6),
        reconciled_at=NOW - 3 * DAY,
        connected_at=NOW - 99 * DAY,
        waiting=[Waiting(1, "r", 7, NOW - DAY, NOW + 6 * DAY)],
    )

    assert list(stuck_notices(stuck, NOW)) == []


@pytest.mark.row("F151")
def test_what_stands_still_is_told_of() -> None:
    """Each with since when, and a subject that stays the same for as long as it is the same trouble."""
    stuck = Stuck(
        unsettled=3,
        unsettled_since=NOW - timedelta(hours=2),
        pending=5,
        pending_reason="throttled",
        pending_since=NOW - 3 * DAY,
        throttled_since=NOW - timedelta(hours=4),
        throttled_until=NOW,
        lists_read_at=NOW - 4 * DAY,
        synced_at=NOW - timedelta(hours=7),
        reconciled_at=NOW - 4 * DAY,
        waiting=[Waiting(1, "manual__1", 7, NOW - 3 * DAY, NOW + 4 * DAY)],
    )

    told = {one.topic: one for one in stuck_notices(stuck, NOW)}

    assert list(told) == [
        "unsettled",
        "pending",
        "throttled",
        "lists_old",
        "sync_silent",
        "reconcile_silent",
        "approval_waits",
    ]
    assert told["approval_waits"].text.startswith("Plan 1 with 7 documents waits for an approval since 2026-11-13")
    assert [one.subject for one in stuck_notices(stuck, NOW + timedelta(minutes=5))] == [
        one.subject for one in told.values()
    ]


def test_a_sync_that_never_ran_is_told_of_two_days_after_the_company_was_connected() -> None:
    """A schedule that was never unpaused leaves no trace; a company of yesterday is nobody's trouble."""
    (told,) = stuck_notices(Stuck(connected_at=NOW - 2 * DAY - SECOND), NOW)

    assert (told.topic, told.subject) == ("sync_silent", "never")
    assert "Unpause qbo_auto_sync" in told.cure
    assert list(stuck_notices(Stuck(connected_at=NOW - 2 * DAY), NOW)) == []
