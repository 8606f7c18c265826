"""Closed books, reported periods, and where a document of a closed period may go."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from include.billing_sync.closing import days_after_closing, first_open_day, posting_date, reported_before
from tests.core.builders import SETTINGS, TODAY, US, settings

CLOSED = replace(US, closing_date=date(2026, 10, 31))
ON_THE_DAY, AFTER = date(2026, 10, 31), date(2026, 11, 1)


@pytest.mark.row("F83")
def test_the_day_after_closing_is_the_first_open_one():
    """It is also the start date to suggest (F83, F153); books that were never closed suggest nothing."""
    assert first_open_day(CLOSED) == AFTER
    assert first_open_day(US) is None


@pytest.mark.row("G6")
@pytest.mark.parametrize(("day", "expected"), [(ON_THE_DAY, 0), (AFTER, 1), (date(2026, 1, 1), -303)])
def test_a_date_on_the_closing_date_is_closed(day, expected):
    """QuickBooks locks the closing date itself; only the day after has one day to it."""
    assert days_after_closing((day,), CLOSED) == expected


def test_the_earlier_of_two_dates_counts():
    """For an update both billing's date and the one QuickBooks holds must be open."""
    assert days_after_closing((AFTER, ON_THE_DAY), CLOSED) == 0
    assert days_after_closing((AFTER, None), CLOSED) == 1
    assert days_after_closing((None,), CLOSED) is None
    assert days_after_closing((AFTER,), US) is None


@pytest.mark.row("X12")
def test_only_a_closed_date_moves_and_only_where_settings_say_so():
    """X12: by default nothing moves."""
    moving = settings(closed_period="move_date")

    assert posting_date(ON_THE_DAY, SETTINGS, CLOSED) == ON_THE_DAY
    assert posting_date(ON_THE_DAY, moving, CLOSED) == AFTER
    assert posting_date(AFTER, moving, CLOSED) == AFTER
    assert posting_date(ON_THE_DAY, moving, US) == ON_THE_DAY


@pytest.mark.parametrize(
    ("choice", "today", "expected"),
    [
        ("previous_month", TODAY, date(2026, 10, 1)),
        ("previous_month", date(2026, 1, 31), date(2025, 12, 1)),
        ("previous_month", date(2028, 3, 1), date(2028, 2, 1)),
        ("off", TODAY, None),
        (date(2026, 4, 1), TODAY, date(2026, 4, 1)),
    ],
)
def test_documents_are_locked_before_the_start_of_the_previous_month(choice, today, expected):
    """The default follows the calendar; a date stands; off locks nothing."""
    assert reported_before(settings(locked_before=choice), today) == expected
