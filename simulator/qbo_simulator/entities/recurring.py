"""Templates of transactions that QBO makes again and again: RecurringTransaction."""

from qbo_simulator.clock import add_days
from qbo_simulator.entities.fields import Shape, boolean, choice, day, text, whole
from qbo_simulator.entities.kinds import (
    CDC,
    CREATE,
    DELETE,
    META_COLUMNS,
    READ,
    UPDATE,
    EntityType,
)
from qbo_simulator.wire import Json

# What a template may be of.
TEMPLATES = (
    "Bill",
    "Purchase",
    "CreditMemo",
    "Deposit",
    "Estimate",
    "Invoice",
    "JournalEntry",
    "RefundReceipt",
    "SalesReceipt",
    "Transfer",
    "VendorCredit",
    "PurchaseOrder",
)
SCHEDULE = Shape(
    "RecurringScheduleInfo",
    {
        "StartDate": day,
        "NextDate": day,
        "PreviousDate": day,
        "EndDate": day,
        "IntervalType": choice("Daily", "Weekly", "Monthly", "Yearly"),
        "NumInterval": whole,
        "DayOfMonth": whole,
        "DayOfWeek": text(30),
        "WeekOfMonth": whole,
        "MonthOfYear": text(30),
        "DaysBefore": whole,
        "RemindDays": whole,
        "MaxOccurrences": whole,
    },
)
RECURRING_INFO = Shape(
    "RecurringInfo",
    {
        "Name": text(100),
        "RecurType": choice("Automated", "Manual", "UnScheduled", "Reminded"),
        "Active": boolean,
        "ScheduleInfo": SCHEDULE,
    },
)
RECURRING_TRANSACTION = EntityType(
    name="RecurringTransaction",
    shape=Shape("RecurringTransaction", {name: lambda value, _element: value for name in TEMPLATES}),
    kind="transaction",
    operations=frozenset({CREATE, READ, UPDATE, DELETE}),
    sequence="transactions",
    label="Recurring Transaction",
    columns=META_COLUMNS,
    in_cdc=False,
    refused=frozenset({CDC}),
    wraps=frozenset(TEMPLATES),
)


def made_on(info: Json) -> str | None:
    """The day on which the next transaction of a template is made; None for those that a person makes."""
    schedule = info.get("ScheduleInfo", {})
    if "NextDate" not in schedule or info.get("RecurType") != "Automated" or not info.get("Active"):
        return None
    return add_days(schedule["NextDate"], -schedule.get("DaysBefore", 0))
