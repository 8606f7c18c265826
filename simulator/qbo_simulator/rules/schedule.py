"""The days on which a template is due: daily, weekly, monthly or yearly, every so many."""

from calendar import day_name, month_name, monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from qbo_simulator.wire import Json

# A schedule is followed this many steps before it counts as endless in vain.
MOST_STEPS = 100_000
DAYS = {name.lower(): number for number, name in enumerate(day_name)}
MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}


def first_from(schedule: Json, day: str) -> str | None:
    """The first due day on or after ``day``; None when the schedule has ended by then."""
    last = schedule.get("EndDate", "9999-12-31")
    for due in _days(schedule):
        if due > last:
            return None
        if due >= day:
            return due
    return None


def _days(schedule: Json) -> Iterator[str]:
    """Due days from the start on, in their order."""
    start = date.fromisoformat(schedule["StartDate"])
    step = max(1, schedule.get("NumInterval", 1))
    for number in range(MOST_STEPS):
        try:
            due = _day(schedule, start, number * step)
        except (OverflowError, ValueError):
            return
        if due >= start:
            yield due.isoformat()


def _day(schedule: Json, start: date, steps: int) -> date:
    kind = schedule["IntervalType"]
    if kind == "Daily":
        return start + timedelta(days=steps)
    if kind == "Weekly":
        wanted = DAYS.get(str(schedule.get("DayOfWeek", "")).lower(), start.weekday())
        return start + timedelta(days=(wanted - start.weekday()) % 7 + 7 * steps)
    if kind == "Yearly":
        month = MONTHS.get(str(schedule.get("MonthOfYear", "")).lower(), start.month)
        return _of_month(schedule, start, start.year + steps, month)
    years, month = divmod(start.month - 1 + steps, 12)
    return _of_month(schedule, start, start.year + years, month + 1)


def _of_month(schedule: Json, start: date, year: int, month: int) -> date:
    """A day of the month (its last one where it is shorter), or the n-th of a day of the week (the last, where n is 5)."""
    first, length = monthrange(year, month)
    weekday = DAYS.get(str(schedule.get("DayOfWeek", "")).lower())
    if weekday is not None and "WeekOfMonth" in schedule:
        day = 1 + (weekday - first) % 7 + 7 * (schedule["WeekOfMonth"] - 1)
        return date(year, month, day if day <= length else day - 7)
    return date(year, month, min(schedule.get("DayOfMonth", start.day), length))
