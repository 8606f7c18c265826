"""Windows of local dates, also around changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from include.billing_sync.windows import local_date, local_window


def _daily(zone: str, first: date, days: int) -> list[tuple[datetime, datetime]]:
    """Intervals from local midnight to local midnight as a scheduler hands them over: in UTC."""
    midnights = [
        datetime.combine(first + timedelta(days=n), datetime.min.time(), ZoneInfo(zone)) for n in range(days + 1)
    ]
    instants = [midnight.astimezone(UTC) for midnight in midnights]
    return list(pairwise(instants))


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/Chicago", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]
)
@pytest.mark.parametrize("first", [date(2026, 3, 1), date(2026, 10, 1)])
def test_daily_intervals_give_each_local_date_once(zone, first):
    """Every date of two months comes once, in order, whether its day has 23, 24 or 25 hours."""
    windows = [local_window(start, end, zone) for start, end in _daily(zone, first, 61)]

    assert windows == [(first + timedelta(days=n),) * 2 for n in range(61)]


def test_the_day_after_the_clocks_go_forward_is_that_day():
    """30 March 2026 in London begins at 23:00 UTC of the 29th; the naive date would be the wrong one."""
    start = datetime(2026, 3, 29, 23, tzinfo=UTC)

    assert local_window(start, start + timedelta(days=1), "Europe/London") == (date(2026, 3, 30),) * 2


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Europe/London"])
def test_intervals_that_begin_elsewhere_in_the_day_leave_no_date_out(zone):
    """One schedule in UTC serves realms in all time zones: a year of intervals names every date."""
    named = set()
    for n in range(365):
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n)
        first, last = local_window(start, start + timedelta(days=1), zone)
        named |= {first + timedelta(days=day) for day in range((last - first).days + 1)}

    everything = {date(2026, 1, 1) + timedelta(days=n) for n in range(364)}
    assert everything <= named


def test_a_month_and_an_hour():
    """An interval of a month gives its first and last date, an hour the day it lies in."""
    zone = ZoneInfo("America/Chicago")
    month = local_window(datetime(2026, 11, 1, tzinfo=zone), datetime(2026, 12, 1, tzinfo=zone), "America/Chicago")
    hour = local_window(datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 1, 8, tzinfo=UTC), "America/Chicago")

    assert month == (date(2026, 11, 1), date(2026, 11, 30))
    assert hour == (date(2026, 11, 1), date(2026, 11, 1))


def test_an_instant_without_a_time_zone_is_refused():
    """Nobody can say which day it is."""
    with pytest.raises(ValueError, match="has no time zone"):
        local_date(datetime(2026, 3, 30), "Europe/London")  # noqa: DTZ001 - the naive instant is the point


@pytest.mark.parametrize("zone", ["Europe/Londn", "Europe", "", "../etc/passwd", "GMT+25"])
def test_an_unknown_time_zone_is_named(zone):
    """The message says what was written and what is wanted."""
    with pytest.raises(ValueError, match="is no IANA time zone; write one such as Europe/London"):
        local_date(datetime(2026, 3, 30, tzinfo=UTC), zone)


def test_an_interval_that_ends_before_it_starts_is_refused():
    """Neither is guessed to be the other."""
    start = datetime(2026, 3, 30, tzinfo=UTC)

    with pytest.raises(ValueError, match="before it starts"):
        local_window(start, start - timedelta(hours=1), "UTC")
