"""When a form is due."""

from qbo_simulator.books import Books
from qbo_simulator.clock import add_days
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.wire import Json

DAYS_UNTIL_DUE = 30


def due_date(books: Books, form: Json, days: int = DAYS_UNTIL_DUE) -> str:
    """From the term, else ``days`` after TxnDate."""
    reference = form.get("SalesTermRef")
    if reference is None:
        return add_days(form["TxnDate"], days)
    term = books.get(ENTITIES["Term"], int(reference["value"])).document
    if "DueDays" in term:
        return add_days(form["TxnDate"], int(term["DueDays"]))
    year, month, day = (int(part) for part in form["TxnDate"].split("-"))
    due_day = int(term["DayOfMonthDue"])
    months = 0 if day + int(term.get("DueNextMonthDays", 0)) <= due_day else 1
    month += months
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    first_of_next = f"{year + month // 12}-{month % 12 + 1:02}-01"
    last_day = int(add_days(first_of_next, -1)[-2:])
    return f"{year}-{month:02}-{min(due_day, last_day):02}"
