"""Time activities: who worked how long for whom."""

from datetime import datetime

from qbo_simulator.books import Books, Record
from qbo_simulator.errors import Fault, business
from qbo_simulator.rules.expenses import settle_billable
from qbo_simulator.wire import Json

LONGEST_MINUTES = 8760 * 60
WORKERS = {"Employee": "EmployeeRef", "Vendor": "VendorRef"}


def prepare_time(books: Books, document: Json, old: Json | None) -> None:
    """Who it is about."""
    name_of = document.get("NameOf")
    if name_of is None:
        raise Fault("6290", "NameOf is required: Employee or Vendor.", element="NameOf")
    field = WORKERS.get(name_of)
    if field is None or field not in document:
        raise Fault("6300", f"{field or 'EmployeeRef'} is required when NameOf is {name_of}.", element=field)
    for other in WORKERS.values():
        if other != field:
            document.pop(other, None)


def settle_time(books: Books, document: Json, record: Record | None) -> int:
    """Hours and minutes, or a start and an end: one of the two."""
    has_hours = "Hours" in document or "Minutes" in document
    has_span = "StartTime" in document or "EndTime" in document
    if has_hours and has_span:
        raise Fault("6390", "Hours and Minutes cannot be given together with StartTime and EndTime.", element="Hours")
    if has_span:
        _check_span(document)
    elif has_hours:
        _check_length(document)
    else:
        raise Fault("6350", "Hours and Minutes, or StartTime and EndTime, are required.", element="Hours")
    if "ItemRef" in document:
        item = books.refer("Item", document["ItemRef"], was=(record.document if record else {}).get("ItemRef"))
        if item.document["Type"] != "Service":
            raise business("The item of a time activity must be a service.", "ItemRef")
    settle_billable(document, record.document if record else {})
    if document["BillableStatus"] == "Billable" and "HourlyRate" not in document:
        raise Fault("6330", "HourlyRate is required when BillableStatus is Billable.", element="HourlyRate")
    document.setdefault("Taxable", False)
    document.setdefault("HourlyRate", 0)
    if not 0 <= document["HourlyRate"] <= 99_999_999_999:
        raise Fault(
            "2140", f"HourlyRate is out of range. Supplied value:{document['HourlyRate']}", element="HourlyRate"
        )
    return 0


def _check_span(document: Json) -> None:
    if "StartTime" not in document or "EndTime" not in document:
        raise Fault("6350", "StartTime and EndTime are required together.", element="EndTime")
    # Offsets do not count: QBO compares what the clock on the wall said.
    start, end = (datetime.fromisoformat(document[name]).replace(tzinfo=None) for name in ("StartTime", "EndTime"))
    if start >= end:
        raise Fault("6370", "StartTime must be before EndTime.", element="StartTime")
    rest = document.get("BreakHours", 0) * 60 + document.get("BreakMinutes", 0)
    worked = (end - start).total_seconds() / 60
    if rest < 0 or rest > worked:
        raise Fault("6360", "The break is longer than the time between StartTime and EndTime.", element="BreakHours")
    if worked > LONGEST_MINUTES:
        raise Fault("6380", "The duration cannot exceed 8760 hours.", element="EndTime")


def _check_length(document: Json) -> None:
    document.setdefault("Hours", 0)
    document.setdefault("Minutes", 0)
    hours, minutes = document["Hours"], document["Minutes"]
    if not 0 <= minutes <= 59 or hours < 0 or hours * 60 + minutes > LONGEST_MINUTES:
        raise Fault("6380", "The duration cannot exceed 8760 hours 59 minutes.", element="Hours")
