"""The days on which a template is due: daily, weekly, monthly or yearly, every so many."""

from calendar import day_name, month_name, monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

from qbo_simulator.errors import Fault
from qbo_simulator.wire import Json

# The numbers that a schedule may hold.
RANGES = {
    "NumInterval": (1, 1000),
    "DayOfMonth": (1, 31),
    "WeekOfMonth": (1, 5),
    "DaysBefore": (0, 366),
    "RemindDays": (0, 366),
    "MaxOccurrences": (1, 1_000_000),
}
# The longest that a step of each kind can be, in days.
LONGEST = {"Daily": 1, "Weekly": 7, "Monthly": 31, "Yearly": 366}
DAYS = {name.lower(): number for number, name in enumerate(day_name)}
MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}


def check_schedule(schedule: Json) -> None:
    """2070 for numbers out of range, 2170 for days and months that there are not."""
    for name, (least, most) in RANGES.items():
        if name in schedule and not least <= schedule[name] <= most:
            text = f"{name} must be between {least} and {most}. Supplied value:{schedule[name]}"
            raise Fault("2070", text, element=name)
    for name, known in (("DayOfWeek", DAYS), ("MonthOfYear", MONTHS)):
        if name in schedule and schedule[name].lower() not in known:
            raise Fault("2170", f"Invalid Enumeration : {schedule[name]}", element=name)


def first_from(schedule: Json, day: str) -> str | None:
    """The first due day on or after ``day``; None when the schedule has ended by then."""
    last = schedule.get("EndDate", "9999-12-31")
    for due in _days(schedule, day):
        if due > last:
            return None
        if due >= day:
            return due
    return None


def _days(schedule: Json, day: str) -> Iterator[str]:
    """Due days in their order, from not long before ``day`` on."""
    start, wanted = date.fromisoformat(schedule["StartDate"]), date.fromisoformat(day)
    step = schedule.get("NumInterval", 1)
    passed = (wanted - start).days // (LONGEST[schedule["IntervalType"]] * step)
    try:
        for number in count(max(0, passed - 1)):
            due = _day(schedule, start, number * step)
            if due >= start:
                yield due.isoformat()
    except (OverflowError, ValueError):
        # Behind the last day of the calendar.
        return


def _day(schedule: Json, start: date, steps: int) -> date:
    kind = schedule["IntervalType"]
    if kind == "Daily":
        return start + timedelta(days=steps)
    if kind == "Weekly":
        wanted = DAYS.get(schedule.get("DayOfWeek", "").lower(), start.weekday())
        return start + timedelta(days=(wanted - start.weekday()) % 7 + 7 * steps)
    if kind == "Yearly":
        month = MONTHS.get(schedule.get("MonthOfYear", "").lower(), start.month)
        return _of_month(schedule, start, start.year + steps, month)
    years, month = divmod(start.month - 1 + steps, 12)
    return _of_month(schedule, start, start.year + years, month + 1)


def _of_month(schedule: Json, start: date, year: int, month: int) -> date:
    """A day of the month (its last one where it is shorter), or the n-th of a day of the week (the last, where n is 5)."""
    first, length = monthrange(year, month)
    weekday = DAYS.get(schedule.get("DayOfWeek", "").lower())
    if weekday is not None and "WeekOfMonth" in schedule:
        day = 1 + (weekday - first) % 7 + 7 * (schedule["WeekOfMonth"] - 1)
        return date(year, month, day if day <= length else day - 7)
    return date(year, month, min(schedule.get("DayOfMonth", start.day), length))
