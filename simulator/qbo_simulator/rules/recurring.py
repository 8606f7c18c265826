"""Rules of templates: a template must be a transaction that QBO would take, and says how it recurs."""

from collections.abc import Callable
from typing import Any

from qbo_simulator.books import Books, Record
from qbo_simulator.entities.fields import PACKAGE, ill_typed, unknown
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.recurring import RECURRING_INFO, RECURRING_TRANSACTION, SCHEDULE, TEMPLATES
from qbo_simulator.errors import missing
from qbo_simulator.rules.base import SERVER_MADE, Rules, is_sparse
from qbo_simulator.wire import Json

# What a transaction has, and the template of one has not yet.
OF_A_TRANSACTION = ("DocNumber", "TxnDate", "DueDate", "LinkedTxn")
# What QBO works out again from the rest.
DERIVED = ("TxnTaxDetail", "HomeTotalAmt", "HomeBalance", "RecurDataRef", "MetaData")


def check_template(raw: Json) -> None:
    """A request holds one transaction under its name (2010, 2020)."""
    for name, body in raw.items():
        if name not in TEMPLATES:
            raise unknown(name, RECURRING_TRANSACTION.name, TEMPLATES)
        if not isinstance(body, dict):
            raise ill_typed(body, f"{PACKAGE}.{name}", name)
    if len(raw) != 1:
        raise missing("a single transaction")


class RecurringRules(Rules):
    """Templates are kept; nothing is made from them when their day comes.

    :param make: creates a transaction of an entity from a request, with all its rules.
    """

    gaps = ("nothing is made from a template when its day comes", "change data capture")

    def __init__(self, entity: EntityType, make: Callable[[str, Books, Json], Record]) -> None:
        super().__init__(entity)
        self.make = make

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Store a template."""
        ((name, body),) = raw.items()
        document, last_line = self._settled(books, name, body, None)
        number = books.next_id(self.entity.sequence)
        document["RecurDataRef"] = {"value": str(number)}
        return books.insert(self.entity, {name: document}, last_line=last_line, id=number)

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Store a new version; sparse keeps what is left out, how it recurs is always kept."""
        ((name, body),) = raw.items()
        if name not in record.document:
            raise missing(next(iter(record.document)))
        old = record.document[name]
        kept = {key: value for key, value in old.items() if key not in (*SERVER_MADE, *DERIVED)}
        wanted = {**kept, **body} if is_sparse(body) else {"RecurringInfo": old["RecurringInfo"], **body}
        document, last_line = self._settled(books, name, wanted, old)
        document["RecurDataRef"] = old["RecurDataRef"]
        return books.replace(record, {name: document}, last_line=last_line)

    def delete(self, books: Books, record: Record) -> None:
        """Remove a template."""
        books.delete(record)

    def _settled(self, books: Books, name: str, body: Json, old: Json | None) -> tuple[Json, int]:
        """The transaction that would be made today, which then is not made; and how it recurs."""
        info = self._info(books, body.get("RecurringInfo"), (old or {}).get("RecurringInfo"))
        request = {key: value for key, value in body.items() if key not in (*SERVER_MADE, *OF_A_TRANSACTION)}
        books.database.execute("savepoint template")
        try:
            made = self.make(name, books, request)
        finally:
            books.database.execute("rollback to template")
            books.database.execute("release template")
            books.cache.clear()
        document = {key: value for key, value in made.document.items() if key not in OF_A_TRANSACTION}
        return {**document, "RecurringInfo": info}, made.last_line

    def _info(self, books: Books, given: Any, old: Json | None) -> Json:
        info = RECURRING_INFO(given, "RecurringInfo") if given else dict(old or {})
        if not info or "Name" not in info:
            raise missing("RecurringInfo.Name")
        schedule = info.setdefault("ScheduleInfo", {})
        if info.setdefault("RecurType", "Automated") == "Automated" and "IntervalType" not in schedule:
            raise missing("RecurringInfo.ScheduleInfo.IntervalType")
        info.setdefault("Active", True)
        if "IntervalType" in schedule:
            schedule.setdefault("StartDate", books.today)
            schedule.setdefault("NumInterval", 1)
            schedule.setdefault("NextDate", schedule["StartDate"])
        return RECURRING_INFO.arrange({**info, "ScheduleInfo": SCHEDULE.arrange(schedule)})
